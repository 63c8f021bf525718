#include "client/replica/replay.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {

void Replay::apply(const ChangeSet& set, const ledger::Entry& entry, Level level) {
  const Millis effective = std::min(set.header.stamp.millis(), entry.hub_time);
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    records[op.id].apply(op, {set.dot(i), set.header.stamp, effective, level});
  }
  ++change_sets;
}

Hash Replay::digest() const {
  ledger::DigestTree tree;
  std::map<unsigned, ledger::Bucket> buckets;
  for (const auto& [id, state] : records) {
    const Hash hash = ledger::id_hash(id);
    buckets[ledger::bucket_of(hash)].set(hash, record_hash(id, state));
  }
  for (const auto& [number, bucket] : buckets) tree.set(number, bucket.hash());
  return tree.root();
}

namespace {

Status replay_segment(LogStore& store, const Segment& segment, const SpaceInfo& info,
                      const NetworkId& network, const AuthorityState& authority,
                      std::map<Source, ChainEnd>& chains, Replay& out) {
  WASL_TRY(verify_runs(segment, network));
  const auto follow = [&](const Header& header, const Hash& name) -> Status {
    ChainEnd& end = chains[header.source];
    if (const Status next = check_next(end, header); !next) return fail(Errc::corrupt, next.error().message);
    end = end_after(header, name);
    return {};
  };
  const auto key = is_private_space(segment.space) ? info.key : std::nullopt;
  for (const SegmentItem& item : segment.items) {
    if (const auto* set = std::get_if<SetItem>(&item)) {
      WASL_TRY(follow(set->set.header, set->set.name));
      if (!set->entry) continue;
      out.frontier.append(ledger::leaf_hash(*set->entry, key));
      WASL_LET(const auto place, store.find(set->set.header.source, set->set.header.sequence));
      if (!place || place->position != out.frontier.size())
        return fail(Errc::corrupt, "a change set is not found where it stands");
      if (out.frontier.size() <= info.applied) {
        out.apply(set->set, *set->entry, authority.level_of(set->set.header.grant));
      }
    } else if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      WASL_TRY(follow(stand_in->header, stand_in->name));
    } else if (const auto* other = std::get_if<EntryItem>(&item)) {
      out.frontier.append(ledger::leaf_hash(other->entry, key));
    }
  }
  return {};
}

}  // namespace

Result<Replay> replay_space(LogStore& store, const SpaceInfo& info, const NetworkId& network,
                            const AuthorityState& authority) {
  Replay out;
  std::map<Source, ChainEnd> chains;
  while (out.frontier.size() < info.size) {
    WASL_LET(const auto segments,
             store.read(info.name, out.frontier.size() + 1, limits::kSegmentTargetBytes, network));
    if (segments.empty())
      return fail(Errc::corrupt,
                  "entries are missing from position " + std::to_string(out.frontier.size() + 1));
    for (const Segment& segment : segments) {
      if (segment.first != out.frontier.size() + 1) return fail(Errc::corrupt, "the log has a gap");
      WASL_TRY(replay_segment(store, segment, info, network, authority, chains, out));
    }
  }
  for (const auto& [source, end] : chains) {
    WASL_LET(const ChainEnd kept, store.chain_end(source));
    if (kept != end) return fail(Errc::corrupt, "a chain does not end where the list of chains says");
  }
  return out;
}

Result<Hash> root_of_history(LogStore& store, const SpaceInfo& info, Position size,
                             const NetworkId& network) {
  ledger::Frontier frontier;
  const auto key = is_private_space(info.name) ? info.key : std::nullopt;
  while (frontier.size() < size) {
    WASL_LET(const auto segments,
             store.read(info.name, frontier.size() + 1, limits::kSegmentTargetBytes, network));
    if (segments.empty() || segments.front().first != frontier.size() + 1)
      return fail(Errc::corrupt, "the log of " + info.name + " has a gap", "run: wasl verify");
    for (const Segment& segment : segments) {
      for (const SegmentItem& item : segment.items) {
        const auto* set = std::get_if<SetItem>(&item);
        const auto* other = std::get_if<EntryItem>(&item);
        if (frontier.size() == size || (other == nullptr && (set == nullptr || !set->entry))) continue;
        frontier.append(ledger::leaf_hash(other != nullptr ? other->entry : *set->entry, key));
      }
    }
  }
  return frontier.root();
}

}  // namespace wasl
