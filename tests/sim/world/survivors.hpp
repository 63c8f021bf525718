#pragma once
// What people were told is saved, kept outside every simulated disk: each piece of text is unique, so at the
// end it is either found in signed history, in what waits at an office, or it was lost. Thread: one.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace wasl::sim {

class Survivors {
 public:
  /// A text that nobody wrote before.
  std::string token();

  struct Place {
    std::string office, register_name, id, field;
    auto operator<=>(const Place&) const = default;
  };
  /// The office was told that this text is saved. What it wrote there before and nobody sealed is history
  /// that need not be kept.
  void saved(const Place& place, const std::string& token);
  /// @param whole the record; else the element of a set that `place.field` names.
  void deleted(const Place& place, bool whole);
  /// Everything the office has saved so far is sealed.
  void sealed(const std::string& office);
  /// Something took away what was not sealed: a file was lost or damaged.
  void excuse_unsealed(const std::string& office);
  /// An operator put an older copy in place: what came after it may be gone where it was not sent.
  void excuse(const std::string& office, std::uint64_t after);
  [[nodiscard]] std::uint64_t now() const { return count_; }
  /// A person threw this work away.
  void discarded(const std::set<std::string>& tokens);

  /// Who expects what is not in `found`, in words.
  [[nodiscard]] std::vector<std::string> missing(const std::set<std::string>& found) const;
  [[nodiscard]] std::size_t expected() const { return kept_.size(); }

 private:
  struct Kept {
    Place place;
    std::uint64_t number = 0;
  };
  std::uint64_t count_ = 0;
  std::map<std::string, Kept> kept_;  ///< sealed, by token
  std::map<Place, std::pair<std::string, std::uint64_t>>
      open_;  ///< not known to be sealed: the newest of each place
};

/// Every token that stands somewhere in these bytes.
void find_tokens(std::string_view bytes, std::set<std::string>& found);

}  // namespace wasl::sim
