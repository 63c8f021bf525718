#pragma once
// What a section's hub keeps of work that has no entry: signed runs in section.db, each until it has its
// entry, or a verdict that its author knows. Who wrote it still has it, so that a lost file costs the way
// alone. Thread: one at a time.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/authority/authority_state.hpp"
#include "shared/sqlite/database.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {

constexpr std::uint64_t kKeptOfAuthor = 64 * 1024 * 1024;  // bytes of runs; then `later`
constexpr std::uint64_t kKeptOfAll = 1024 * 1024 * 1024;

class KeptWork {
 public:
  /// Makes the file if it is missing. Errors: locked, storage_failed, corrupt.
  static Result<KeptWork> open(const std::filesystem::path& file);

  struct Run {
    std::uint64_t number = 0;           ///< rises with what is new to readers
    Segment segment;                    ///< of one source, with its signature
    std::vector<VerdictItem> verdicts;  ///< held and refused, as the network's hub has answered
    /// For readers: what was held or refused is shown no more, its header stands in its place.
    [[nodiscard]] Segment shown() const;
  };

  /// What the logs hold at a place of a chain; nothing: no entry.
  using Placed = std::function<Result<std::optional<Hash>>(const Source&, Sequence)>;
  struct Taken {
    std::vector<VerdictItem> verdicts;
    bool is_new = false;
  };
  /// Keeps a piece of a chain that can be judged on its own, durably, and answers it: what the network's hub
  /// has said already, else `with_section`. Errors: storage_failed.
  Result<Taken> take(const Segment& unit, const Placed& placed);

  /// For the network's hub: the next behind `after`, in the order in which it came, that has no place yet.
  Result<std::optional<Run>> next_to_carry(std::uint64_t after, const NetworkId& network);
  using Decided = std::map<PublicKey, std::vector<VerdictItem>>;
  /// What the network's hub has answered. @return what is news to the authors.
  Result<Decided> note(const std::vector<VerdictItem>& verdicts, const NetworkId& network);
  /// Forgets what has its entry by now, and verdicts that were kept for long. @return how many runs.
  Result<std::size_t> settle(const Placed& placed, const NetworkId& network);
  /// Drops the openings of what is erased by then.
  Status erase(const AuthorityState& authority, Millis hub_time, const NetworkId& network);

  /// For a reader: the next of these spaces behind `after` that is not its own.
  Result<std::optional<Run>> next(std::uint64_t after, const PublicKey& reader,
                                  const std::vector<std::string>& spaces, const NetworkId& network);
  /// Up to where chains are kept without a gap: it need not be sent again.
  Result<std::vector<Staged>> staged(const std::vector<std::string>& spaces);
  /// Held and refused, of this author.
  Result<std::vector<VerdictItem>> verdicts_of(const PublicKey& author);

  struct Totals {
    std::uint64_t runs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t waiting = 0;  ///< runs without an answer of the network's hub
    Millis oldest = 0;          ///< of these, when it came; 0: there is none
  };
  Result<Totals> totals();
  /// What takes out of a run that comes what is erased by then; none: nothing is.
  void tell_drops(std::function<void(Segment&)> drops) { drops_ = std::move(drops); }
  /// The clock by which `Totals::oldest` is told.
  void tell_time(Clock& clock) { clock_ = &clock; }

 private:
  explicit KeptWork(Database db) : db_(std::move(db)) {}
  Result<bool> insert(const Segment& run);
  Result<bool> has_room(const Author& author, std::size_t bytes);

  [[nodiscard]] Millis now() const;

  Database db_;
  std::function<void(Segment&)> drops_;
  std::optional<std::map<Author, std::uint64_t>> bytes_;  ///< of each; nothing: to be counted
  Clock* clock_ = nullptr;
};

}  // namespace wasl
