#pragma once
// What a replica notes of a snapshot that it takes in the place of entries, and of the logs that it wants
// otherwise than usual: small values of its store. Inside the caller's transaction.
#include <optional>
#include <string_view>

#include "shared/ledger/heads.hpp"
#include "shared/snapshot/manifest.hpp"
#include "shared/store/log_store.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {

/// How far a snapshot is taken over.
struct Way {
  Hash manifest;         ///< its name
  Position from = 0;     ///< size of the log here when it was taken in
  bool showing = false;  ///< some records are those of the snapshot by now, others are not yet

  [[nodiscard]] bool is_of(const Way& other) const {
    return manifest == other.manifest && from == other.from;
  }
};
Result<std::optional<Way>> way_to_snapshot(LogStore& store, std::string_view space);
Status note_way(LogStore& store, std::string_view space, const Way& way);

/// As it was taken in; its signature and proof were checked then.
struct KeptOffer {
  SnapshotFrame frame;
  snapshot::Manifest manifest;
  ledger::HeadsLeaf leaf;
  Way way;
};
/// Nothing: none is kept, or it is damaged and is taken in anew.
Result<std::optional<KeptOffer>> kept_offer(LogStore& store, std::string_view space);
Status keep_offer(LogStore& store, std::string_view space, const SnapshotFrame& frame, Position from);
Status drop_offer(LogStore& store, std::string_view space);

/// The ground's bytes; nothing: a part of it is still to come.
Result<std::optional<Bytes>> ground_of(LogStore& store, SpaceNumber space,
                                       const snapshot::Manifest& manifest);

/// Whether a space's log is wanted where a snapshot would be cheaper.
enum class WholeLog : Byte {
  no = 0,
  once = 1,  ///< until both sides are equal: it says what became of this office's work
  ever = 2,  ///< somebody asked for the history
};
Result<WholeLog> whole_log(LogStore& store, std::string_view space);
Status want_whole_log(LogStore& store, std::string_view space, WholeLog wanted);

/// Whether what is here of the space is to be replaced: it is damaged, or cannot be told any further.
Result<bool> is_given_up(LogStore& store, std::string_view space);
Status give_up(LogStore& store, std::string_view space, bool given_up = true);

}  // namespace wasl
