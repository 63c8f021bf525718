#include "server/hub/retention.hpp"

#include <algorithm>

namespace wasl {
namespace {

/// The last entry that is older than this: hub time never falls along a log.
Result<Position> last_before(HubStore& store, const std::string& space, Position size, Millis time) {
  Position low = 0;
  for (Position high = size; low < high;) {
    const Position middle = high - (high - low) / 2;
    WASL_LET(const auto rows, store.entries(space, middle, middle));
    if (rows.size() != 1) return fail(Errc::corrupt, "the hub's log of " + space + " has a gap");
    if (rows.front().entry.hub_time < time) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

Position acknowledged(const DeviceNote& note, const std::string& space) {
  for (const Cursor& cursor : note.applied) {
    if (cursor.space == space) return cursor.position;
  }
  return 0;
}

}  // namespace

Result<std::optional<Millis>> leased_until(Hub& hub, const PublicKey& key,
                                           const ledger::RetentionRules& rules) {
  const Device* const device = hub.authority().device(key);
  WASL_LET(const auto note, hub.store().device(key));
  if (device == nullptr || device->revoked || !note || note->last_seen == 0) return std::optional<Millis>();
  return std::optional(ledger::lease_end(note->last_seen, rules));
}

Result<SpaceFloor> floor_of(Hub& hub, const SnapshotShelf& shelf, const std::string& space,
                            const ledger::RetentionRules& rules) {
  const auto newest = shelf.newest(space);
  return floor_of(hub, newest ? newest->position : 0, space, rules);
}

Result<SpaceFloor> floor_of(Hub& hub, Position snapshot, const std::string& space,
                            const ledger::RetentionRules& rules) {
  const Millis now = hub.hub_time();
  SpaceFloor out;
  WASL_LET(const Position size, hub.size(space));
  WASL_LET(out.old, last_before(hub.store(), space, size, now - rules.age));
  std::vector<ledger::Reader> readers;
  std::vector<PublicKey> keys;
  for (const auto& [key, device] : hub.authority().devices()) {
    if (device.revoked || !hub.authority().reads(key, space)) continue;
    WASL_LET(const auto note, hub.store().device(key));
    if (!note) continue;
    readers.push_back({note->last_seen, acknowledged(*note, space)});
    keys.push_back(key);
  }
  out.floor = ledger::retention_floor(readers, out.old, snapshot, now, rules);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    if (out.floor < out.old && readers[i].holds_back(now, rules) && readers[i].acknowledged == out.floor)
      out.held_by.push_back(keys[i]);
  }
  return out;
}

}  // namespace wasl
