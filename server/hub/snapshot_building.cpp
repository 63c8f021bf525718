#include "server/hub/snapshot_building.hpp"

#include <algorithm>

#include "shared/ledger/heads.hpp"
#include "shared/log/log.hpp"
#include "shared/snapshot/pieces.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kLeastLogBytes = 64 * 1024;  // less is a few frames: nobody begins otherwise
constexpr std::uint64_t kGrowthPart = 8;  // a log that has grown by so small a part of a snapshot waits

/// Collects names, and writes what no snapshot before had.
class Collector {
 public:
  Collector(SnapshotShelf& shelf, std::string space, const std::atomic<bool>* stop)
      : shelf_(shelf), stop_(stop) {
    built.space = std::move(space);
  }

  Status add(ByteView raw, std::vector<snapshot::Part>& parts) {
    if (stop_ != nullptr && *stop_) return fail(Errc::later, "the hub stops");
    const Hash name = snapshot::piece_name(raw);
    ++built.pieces;
    if (parts.size() >= snapshot::kPiecesMost)
      return fail(Errc::limit_exceeded, "the state has more pieces than a manifest can name");
    const auto known = shelf_.piece(built.space, name);
    std::uint64_t bytes = known ? known->size() : 0;
    if (!known) {
      ++built.fresh;
      WASL_LET(bytes, shelf_.add(built.space, name, raw));
    }
    built.bytes += bytes;
    parts.push_back({name, bytes});
    return {};
  }

  BuiltSnapshot built;

 private:
  SnapshotShelf& shelf_;
  const std::atomic<bool>* stop_;
};

/// Whoever lacks entries that were let go can go on from a snapshot alone, and from none under which one was
/// voided.
Result<bool> is_needed(HubStore& store, const std::string& space,
                       const std::optional<snapshot::Manifest>& before, Position size) {
  WASL_LET(const Position let_go, store.let_go(space));
  if (let_go == 0 || !before || before->position < let_go) return let_go > 0;
  WASL_LET(const auto then, store.voided(space, before->position));
  WASL_LET(const auto now, store.voided(space, size));
  return std::any_of(now.begin(), now.end(),
                     [&](Position one) { return one <= before->position && !then.contains(one); });
}

bool is_worth_it(const std::optional<snapshot::Manifest>& before, Position size, std::uint64_t log_bytes,
                 std::uint64_t since, bool all) {
  if (before && before->position == size) return false;
  if (all || (before && before->position > size)) return true;  // that one is of a log that was lost
  return log_bytes >= kLeastLogBytes && (!before || since * kGrowthPart > before->bytes());
}

Result<std::optional<BuiltSnapshot>> build(HubStore& store, SnapshotShelf& shelf, const std::string& space,
                                           const BuildOptions& options) {
  WASL_LET(const SpaceInfo* const info, store.space(space));
  const auto leaf = ledger::HeadsLeaf::decode(info->leaf);
  if (info->size == 0 || !leaf || leaf->size != info->size || leaf->digest_position != info->size)
    return std::optional<BuiltSnapshot>();
  const auto before = shelf.newest(space);
  WASL_LET(const std::uint64_t log_bytes, store.bytes_behind(space, 0));
  WASL_LET(const std::uint64_t since, store.bytes_behind(space, before ? before->position : 0));
  WASL_LET(const bool needed, is_needed(store, space, before, info->size));
  if (!is_worth_it(before, info->size, log_bytes, since, options.all || needed))
    return std::optional<BuiltSnapshot>();
  snapshot::Manifest manifest;
  manifest.space = space;
  manifest.position = info->size;
  manifest.leaf = info->leaf_index;
  Collector collector(shelf, space, options.stop);
  WASL_LET(const snapshot::Ground ground, store.ground(space));
  const Bytes ground_bytes = encode(ground);
  for (std::size_t at = 0; at < ground_bytes.size(); at += snapshot::kPieceBytes) {
    const std::size_t size = std::min(snapshot::kPieceBytes, ground_bytes.size() - at);
    WASL_TRY(collector.add(ByteView(ground_bytes).subspan(at, size), manifest.ground));
  }
  snapshot::Cutter cutter([&](const Bytes& raw) { return collector.add(raw, manifest.pieces); });
  WASL_TRY(store.each_record(info->number, [&](const std::string& id, RecordState& state) {
    return state.exists() ? cutter.add(id, std::move(state)) : Status();
  }));
  WASL_TRY(cutter.finish());
  WASL_TRY(shelf.place(manifest));
  collector.built.position = manifest.position;
  collector.built.log_bytes = log_bytes;
  return std::optional(std::move(collector.built));
}

}  // namespace

Result<std::vector<BuiltSnapshot>> build_snapshots(HubStore& store, SnapshotShelf& shelf,
                                                   const BuildOptions& options) {
  std::vector<BuiltSnapshot> out;
  WASL_LET(const auto spaces, store.space_names());
  for (const std::string& space : spaces) {
    if (space == kAuthoritySpace) continue;  // always taken as a log
    Status done = store.read_moment([&]() -> Status {
      WASL_LET(auto built, build(store, shelf, space, options));
      if (built) out.push_back(*std::move(built));
      return {};
    });
    if (!done && done.error().code != Errc::limit_exceeded) return tl::unexpected(std::move(done).error());
    if (!done) log::error("hub.no_snapshot", {{"space", space}, {"reason", done.error().message}});
  }
  return out;
}

}  // namespace wasl
