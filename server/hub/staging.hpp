#pragma once
// Collects what devices push until it can be judged: a piece of a chain that ends where a signed run and a
// group end together. Pure memory: what is lost with it is pushed again. Thread: the committer's.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "server/store/shared_store.hpp"
#include "shared/wire/messages.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

/// A piece of one chain that can be judged on its own.
struct Unit {
  std::uint64_t ticket = 0;  ///< who pushed its last part
  std::string space;
  Source source;
  std::vector<SegmentItem>
      items;  ///< SetItem and StandInItem in chain order, each run's SignatureItem after it
  std::vector<OpeningItem> openings;
  std::size_t bytes = 0;
  std::size_t operations = 0;
  /// Another process has gathered it, and waits for the answer to this question.
  struct Asked {
    HubProcessId by;
    std::uint64_t number = 0;
  };
  std::optional<Asked> asked{};
};

class Staging {
 public:
  struct Added {
    std::vector<Unit> ready;
    std::vector<VerdictItem> answers;  ///< `later`, for what does not fit
  };
  /// @pre the push is signed (verify_runs) and every stand-in is covered by a signature after it.
  Added add(std::uint64_t ticket, Segment push);
  /// How far the key's chains are held here.
  [[nodiscard]] std::vector<Staged> of(const PublicKey& author) const;
  [[nodiscard]] bool holds(const PublicKey& author) const;

 private:
  struct Buffer {
    Unit unit;
    Sequence last = 0;
    Hash name;
    std::vector<Hash> names;  ///< of the unit's change sets, up to `last`
    bool open = false;        ///< parts of its last group are still to come
    [[nodiscard]] bool holds(Sequence sequence, const Hash& of) const;
  };
  void put(Buffer& buffer, SegmentItem item, const Header& header, const Hash& name);
  Unit drop(Buffer& buffer);
  [[nodiscard]] bool fits(const Buffer& buffer) const;

  std::map<Source, Buffer> buffers_;
  std::size_t bytes_ = 0;  ///< of all units here
  std::map<PublicKey, std::size_t> bytes_of_;
};

}  // namespace wasl
