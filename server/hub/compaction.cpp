#include "server/hub/compaction.hpp"

#include <algorithm>

#include "shared/ledger/heads.hpp"
#include "shared/log/log.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/store/collecting.hpp"
#include "shared/wire/compression.hpp"

namespace wasl {
namespace {

constexpr std::size_t kPiecesAtOnce = 8;  // some 2 MiB unpacked: a few milliseconds of the hub's thread

Status stands_or_fails(bool stands, const std::string& space) {
  return stands ? Status()
                : fail(Errc::corrupt, "the snapshot from which " + space + " would be kept is damaged");
}

}  // namespace

Result<bool> Compactor::is_voided_since(const std::string& space, Position position) {
  WASL_LET(const Position size, hub_.size(space));
  WASL_LET(const auto before, hub_.store().voided(space, position));
  WASL_LET(const auto now, hub_.store().voided(space, size));
  return std::any_of(now.begin(), now.end(),
                     [&](Position one) { return one <= position && !before.contains(one); });
}

/// The snapshot that becomes the base now, or what is waited for.
Result<Compactor::Due> Compactor::due(const std::string& space, const SpaceFloor& floor, bool all) {
  auto manifest = shelf_.awaited(space);
  WASL_LET(const auto base, hub_.store().base(space));
  WASL_LET(const Position size, hub_.size(space));
  if (!manifest || (base && manifest->position <= base->position) || manifest->position > size)
    return Due{{}, base ? "the next snapshot" : "a snapshot: wasl-hub snapshot"};
  if (manifest->position > floor.floor) {
    return Due{{},
               "the snapshot at " + std::to_string(manifest->position) +
                   (floor.held_by.empty() ? " to be old enough"
                                          : " to be known to " + std::to_string(floor.held_by.size()) +
                                                " devices that are waited for")};
  }
  WASL_LET(const bool voided, is_voided_since(space, manifest->position));
  if (voided) return Due{{}, "another snapshot: a revocation took back what is in that one"};
  WASL_LET(const std::uint64_t all_bytes, hub_.store().bytes_behind(space, base ? base->position : 0));
  WASL_LET(const std::uint64_t kept_bytes, hub_.store().bytes_behind(space, manifest->position));
  const std::uint64_t now = all_bytes - std::min(all_bytes, kept_bytes) + (base ? base->bytes : 0);
  if (!all && manifest->bytes() * 2 > now)
    return Due{{}, "more to be won: the state takes half of what would go"};
  return Due{std::move(manifest), {}};
}

Result<std::vector<CompactionView>> Compactor::look(bool all, bool counts) {
  std::vector<CompactionView> out;
  for (const std::string& space : hub_.authority().spaces()) {
    if (space == kAuthoritySpace) continue;
    CompactionView view;
    view.space = space;
    WASL_LET(view.size, hub_.size(space));
    if (view.size == 0) continue;
    WASL_LET(view.floor, floor_of(hub_, shelf_, space, rules_));
    WASL_LET(view.let_go, hub_.store().let_go(space));
    WASL_LET(const auto base, hub_.store().base(space));
    WASL_LET(const Due next, due(space, view.floor, all));
    view.goes = std::max(view.let_go, next.manifest ? next.manifest->position : base ? base->position : 0);
    view.waits = view.goes > view.let_go ? "" : next.waits;
    WASL_LET(const std::uint64_t behind, hub_.store().bytes_behind(space, view.let_go));
    WASL_LET(const std::uint64_t rest, hub_.store().bytes_behind(space, view.goes));
    view.bytes = behind - std::min(behind, rest);
    WASL_LET(const auto stored, hub_.store().meta(collected_key(space)));
    WASL_LET(const Collected collected, decode_collected(stored));
    view.collected = collected.records;
    if (counts && rules_.collects) {
      WASL_LET(view.dead, count_dead(space, next, base));
    }
    out.push_back(std::move(view));
  }
  return out;
}

Result<bool> Compactor::step(bool all) {
  if (hub_.follows() || hub_.is_recovering()) return false;
  if (copying_) return copy_some();
  for (const std::string& space : hub_.authority().spaces()) {
    if (space == kAuthoritySpace) continue;
    WASL_LET(const bool more, step_of(space, all));
    if (more) return true;
  }
  return false;
}

Result<bool> Compactor::step_of(const std::string& space, bool all) {
  WASL_LET(const auto base, hub_.store().base(space));
  if (base) {
    WASL_LET(const bool more, finish(space, *base));
    if (more) return true;
    WASL_LET(const bool collected, collect_some(space, *base));
    if (collected) return true;
  }
  WASL_LET(const SpaceFloor floor, floor_of(hub_, shelf_, space, rules_));
  WASL_LET(Due next, due(space, floor, all));
  if (!next.manifest) {
    const auto old = shelf_.awaited(space);
    if (old && old->position <= floor.floor)
      WASL_TRY(shelf_.await_newest(space));  // the next may be worth it
    return false;
  }
  copying_ = Copying{*std::move(next.manifest), 0, std::vector<ledger::Bucket>(ledger::kDigestBuckets)};
  return true;
}

Result<bool> Compactor::copy_some() {
  const snapshot::Manifest& manifest = copying_->manifest;
  const std::size_t end = std::min(manifest.pieces.size(), copying_->next + kPiecesAtOnce);
  const Status copied = hub_.store().transact([&]() -> Status {
    for (std::size_t i = copying_->next; i < end; ++i) {
      const Hash& name = manifest.pieces[i].name;
      const auto packed = shelf_.piece(manifest.space, name);
      WASL_TRY(stands_or_fails(packed.has_value(), manifest.space));
      WASL_LET(const Bytes raw, decompress(*packed, limits::kFrameRoomBytes));
      WASL_LET(const auto records, snapshot::decode_piece(raw));
      for (const auto& [id, state] : records) {
        const Hash hash = ledger::id_hash(id);
        copying_->buckets[ledger::bucket_of(hash)].set(hash, record_hash(id, state));
      }
      WASL_TRY(hub_.store().add_base_piece(manifest.space, name, *packed));
    }
    return {};
  });
  copying_->next = end;
  const Status done = copied && end == manifest.pieces.size() ? lay() : copied;
  const std::string space = manifest.space;
  if (!done || end == manifest.pieces.size()) copying_.reset();
  // A damaged one is not tried again.
  if (!done && done.error().code == Errc::corrupt) WASL_TRY(shelf_.await_newest(space));
  if (!done) return tl::unexpected(done.error());
  return true;
}

/// It is the state that the hub had signed there, and nothing has happened meanwhile that it must not stand
/// under.
Status Compactor::lay() {
  const snapshot::Manifest& manifest = copying_->manifest;
  ledger::DigestTree tree;
  for (unsigned bucket = 0; bucket < ledger::kDigestBuckets; ++bucket)
    tree.set(bucket, copying_->buckets[bucket].hash());
  WASL_LET(const Bytes stored, hub_.store().heads_leaf(manifest.leaf));
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(stored));
  WASL_LET(const Hash root, hub_.store().root(manifest.space, manifest.position));
  WASL_TRY(stands_or_fails(leaf.size == manifest.position && leaf.digest_position == manifest.position &&
                               leaf.root == root && leaf.digest == tree.root(),
                           manifest.space));
  WASL_LET(const bool voided, is_voided_since(manifest.space, manifest.position));
  if (voided) return {};
  WASL_TRY(hub_.store().transact([&] {
    return hub_.store().lay_base(
        manifest.space, {manifest.position, manifest.leaf, manifest.bytes(), names_of(manifest.pieces)});
  }));
  log::info("hub.base", {{"space", manifest.space}, {"position", manifest.position}});
  return shelf_.await_newest(manifest.space);
}

/// What a base that was laid makes superfluous.
Result<bool> Compactor::finish(const std::string& space, const LogBase& base) {
  WASL_LET(const Position let_go, hub_.store().let_go(space));
  WASL_LET(auto others, hub_.store().base_pieces(space));
  const std::set<Hash> named(base.pieces.begin(), base.pieces.end());
  std::erase_if(others, [&](const Hash& name) { return named.contains(name); });
  if (others.empty() && let_go >= base.position) return false;
  if (!values_ || values_->space != space || values_->position != base.position)
    values_ = Values{space, base.position, 0, {}};
  if (values_->next < base.pieces.size()) {
    WASL_TRY(look_through(space, base));
    return true;
  }
  if (!others.empty()) {
    others.resize(std::min(others.size(), kPiecesAtOnce));
    WASL_TRY(drop_pieces(space, base, others));
    return true;
  }
  bool more = false;
  WASL_TRY(hub_.store().transact([&]() -> Status {
    WASL_LET(more, hub_.store().let_block_go(space, hub_.network(), [&](const Hash& commitment) {
      return values_->commitments.contains(commitment);
    }));
    return {};
  }));
  if (!more) return false;
  WASL_LET(const Position now, hub_.store().let_go(space));
  if (now >= base.position) log::info("hub.let_go", {{"space", space}, {"position", now}});
  return true;
}

Status Compactor::look_through(const std::string& space, const LogBase& base) {
  const std::size_t end = std::min(base.pieces.size(), values_->next + kPiecesAtOnce);
  for (; values_->next < end; ++values_->next) {
    WASL_LET(const auto raw, hub_.store().base_piece(space, base.pieces[values_->next]));
    if (!raw) return fail(Errc::corrupt, "the base of the hub's log of " + space + " is damaged");
    WASL_LET(const auto records, snapshot::decode_piece(*raw));
    for (const auto& [id, state] : records) {
      for (const snapshot::PersonalValue& value : snapshot::personal_values(state))
        values_->commitments.insert(value.commitment);
    }
  }
  return {};
}

/// Of an older base, or of one that was never laid. What was superseded between two bases has its body no
/// more: nobody would find its opening again to erase it.
Status Compactor::drop_pieces(const std::string& space, const LogBase& base, const std::vector<Hash>& names) {
  return hub_.store().transact([&]() -> Status {
    for (const Hash& name : names) {
      WASL_LET(const auto raw, hub_.store().base_piece(space, name));
      WASL_LET(const auto records, raw ? snapshot::decode_piece(*raw) : snapshot::Records());
      for (const auto& [id, state] : records) {
        for (const snapshot::PersonalValue& value : snapshot::personal_values(state)) {
          if (values_->commitments.contains(value.commitment)) continue;
          WASL_LET(const auto entry, hub_.store().find(value.dot.source, value.dot.sequence));
          if (entry && entry->position <= base.position)
            WASL_TRY(hub_.store().forget_opening(value.commitment));
        }
      }
      WASL_TRY(hub_.store().drop_base_piece(space, name));
    }
    return {};
  });
}

/// Of a piece: those that nobody has brought back since.
Result<Compactor::RecordNames> Compactor::dead_of(const std::string& space, const Bytes& piece) {
  WASL_LET(const auto records, snapshot::decode_piece(piece));
  WASL_LET(const SpaceInfo* const info, hub_.store().space(space));
  RecordNames dead;
  for (const auto& [id, state] : records) {
    if (state.is_alive()) continue;
    WASL_LET(const auto now, hub_.store().record(info->number, id));
    if (now && *now == state) dead.emplace(state.register_number, id);
  }
  return dead;
}

Result<bool> Compactor::collect_some(const std::string& space, const LogBase& base) {
  if (!rules_.collects || looked_through_[space] == base.position) return false;
  if (!collecting_ || collecting_->space != space) collecting_ = Collecting{space, 0};
  const std::size_t end = std::min(base.pieces.size(), collecting_->next + kPiecesAtOnce);
  RecordNames dead;
  for (std::size_t i = collecting_->next; i < end; ++i) {
    WASL_LET(const auto raw, hub_.store().base_piece(space, base.pieces[i]));
    WASL_TRY(stands_or_fails(raw.has_value(), space));
    WASL_LET(RecordNames more, dead_of(space, *raw));
    dead.merge(more);
  }
  if (!dead.empty()) WASL_TRY(hub_.collect(space, base.position, dead));
  collecting_->next = end;
  if (end == base.pieces.size()) {
    looked_through_[space] = base.position;
    collecting_.reset();
  }
  return true;
}

/// Of the base, or of the snapshot that would become it.
Result<std::uint64_t> Compactor::count_dead(const std::string& space, const Due& next,
                                            const std::optional<LogBase>& base) {
  std::vector<Hash> pieces = base ? base->pieces : std::vector<Hash>();
  if (next.manifest) pieces = names_of(next.manifest->pieces);
  std::uint64_t count = 0;
  for (const Hash& name : pieces) {
    std::optional<Bytes> raw;
    if (next.manifest) {
      const auto packed = shelf_.piece(space, name);
      WASL_TRY(stands_or_fails(packed.has_value(), space));
      WASL_LET(raw, decompress(*packed, limits::kFrameRoomBytes));
    } else {
      WASL_LET(raw, hub_.store().base_piece(space, name));
      WASL_TRY(stands_or_fails(raw.has_value(), space));
    }
    WASL_LET(const RecordNames dead, dead_of(space, *raw));
    count += dead.size();
  }
  return count;
}

}  // namespace wasl
