#pragma once
// Turns stored blocks into frames. A frame is encoded once and shared by every reader that stands at the same
// place; only who wrote a good part of it gets a frame of its own, out of blocks that are read and decoded
// once for all. Thread: the hub's.
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
  /// Where a reader stands. A log that has grown may give more from the same position on.
  struct Place {
    std::string space;
    Position from = 0;
    Position size = 0;
    auto operator<=>(const Place&) const = default;
  };
  /// What a reader can take.
  struct Form {
    bool alone = false;
    Byte dictionary = 0;
    bool plain = false;
    auto operator<=>(const Form&) const = default;
  };
  struct Known {
    Segment segment;        ///< without items when they have taken too much room
    std::size_t cost = 0;   ///< of the items: their number and that of their operations
    std::size_t bytes = 0;  ///< of all change sets
    std::map<PublicKey, std::size_t> bytes_of_author;
    Position last = 0;
    std::map<Form, std::shared_ptr<const Bytes>> frames;  ///< shared ones
  };
  Result<Known*> at(const Place& place, const NetworkId& network);
  Status decode(Known& known, const Place& place, const NetworkId& network);
  Result<Segment> read(const Place& place, const NetworkId& network);
  Result<Bytes> encode(Segment& segment, const Form& form);
  static bool is_good_part(const Known& known, const PublicKey& author);
  void make_room();

  HubStore& store_;
  KnownLogs& logs_;
  std::map<Place, Known> known_;
  std::deque<Place> order_;    ///< oldest first
  std::deque<Place> decoded_;  ///< those whose items are here, oldest first
  std::size_t bytes_ = 0;      ///< of frames
  std::size_t cost_ = 0;       ///< of items
};

/// Leaves out what `own` wrote: an OwnItem stands for each of its change sets.
void take_out_own(Segment& segment, const PublicKey& own);

}  // namespace wasl
