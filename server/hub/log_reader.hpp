#pragma once
// Turns stored blocks into frames. A frame is encoded once and shared by every reader that stands at the same
// place and wrote nothing of it. Thread: the hub's.
#include <deque>
#include <map>
#include <string>

#include "server/store/hub_store.hpp"
#include "shared/wire/hub_session.hpp"

namespace wasl {

class LogReader {
 public:
  LogReader(HubStore& store, KnownLogs& logs) : store_(store), logs_(logs) {}

  /// @pre the space has entries from `from` on. `size`: of its log now.
  Result<HubPort::EntriesFrame> frame(const std::string& space, Position from, Position size,
                                      const HubPort::Reader& reader, const NetworkId& network);
  /// What was encoded before holds what was erased since.
  void forget();

 private:
  struct Key {
    std::string space;
    Position from = 0;
    Position size = 0;  ///< a log that has grown may give a longer frame
    bool alone = false;
    Byte dictionary = 0;
    bool plain = false;
    auto operator<=>(const Key&) const = default;
  };
  struct Encoded {
    HubPort::EntriesFrame frame;
    std::vector<PublicKey> authors;
  };
  Result<Segment> read(const std::string& space, Position from, Position size, const NetworkId& network);
  Status add_openings(Segment& segment);
  void remember(Key key, Encoded encoded);

  HubStore& store_;
  KnownLogs& logs_;
  std::map<Key, Encoded> known_;
  std::deque<Key> order_;  ///< oldest first
  std::size_t bytes_ = 0;
};

/// Leaves out what `own` wrote: an OwnItem stands for each of its change sets.
void take_out_own(Segment& segment, const PublicKey& own);

}  // namespace wasl
