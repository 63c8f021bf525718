#include "client/replica/replay.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/store/ranking.hpp"
#include "shared/store/voiding.hpp"

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

/// What is known of a log on the way through it.
struct Walked {
  Ranking ranking;
  std::map<Source, ChainEnd> chains;
  std::map<std::pair<Source, Sequence>, Hash> stand_ins;
  std::map<Position, Hash> names;  ///< of what took effect
  std::set<Position> voided;
};

using Visit = std::function<Status(Position, const ChangeSet&)>;

Status replay_segment(LogStore& store, const Segment& segment, const SpaceInfo& info,
                      const NetworkId& network, const Visit& visit, Walked& walked, Replay& out) {
  WASL_TRY(verify_runs(segment, network));
  const auto follow = [&](const Header& header, const Hash& name) -> Status {
    ChainEnd& end = walked.chains[header.source];
    if (const Status next = check_next(end, header); !next) return fail(Errc::corrupt, next.error().message);
    end = end_after(header, name);
    return {};
  };
  const auto key = is_private_space(segment.space) ? info.key : std::nullopt;
  for (const SegmentItem& item : segment.items) {
    if (const Header* header = header_of(item)) WASL_TRY(follow(*header, name_of(item)));
    if (const auto* stand_in = std::get_if<StandInItem>(&item))
      walked.stand_ins[{stand_in->header.source, stand_in->header.sequence}] = stand_in->name;
    const ledger::Entry* entry = entry_of(item);
    if (entry == nullptr) continue;
    out.frontier.append(ledger::leaf_hash(*entry, key));
    const Position position = out.frontier.size();
    if (const ChangeSet* set = effect_of(item)) {
      const Source& source = set->header.source;
      WASL_LET(const auto place, store.find(source, set->header.sequence));
      if (!place || place->position != position || place->entry != *entry)
        return fail(Errc::corrupt, "a change set is not found where it stands");
      if (std::holds_alternative<LateItem>(item) &&
          walked.stand_ins[{source, set->header.sequence}] != set->name)
        return fail(Errc::corrupt, "a change set takes effect whose header does not stand in its chain");
      walked.names[position] = set->name;
      WASL_TRY(visit(position, *set));
      if (position <= info.applied) out.apply(*set, *entry, walked.ranking.of(item));
    } else if (const auto* other = std::get_if<EntryItem>(&item);
               other != nullptr && entry->kind == ledger::EntryKind::void_) {
      const auto voided = walked.names.find(voided_position(*other));
      if (voided == walked.names.end() || voided->second != entry->hash)
        return fail(Errc::corrupt, "a void names what does not stand in the log");
      if (position <= info.applied) walked.voided.insert(voided->first);
    } else if (const auto collection = collection_of(item); collection && position <= info.applied) {
      for (const auto& record : collection->records) out.records.erase(record.second);
    }
  }
  return {};
}

/// The records that voided entries touched, as they are without them.
Status take_back(LogStore& store, const SpaceInfo& info, const AuthorityState& authority,
                 const NetworkId& network, const Walked& walked, Replay& out) {
  std::vector<FallenEntry> fallen;
  for (const Position position : walked.voided) fallen.push_back({position, walked.names.at(position)});
  WASL_LET(TouchedRecords records, records_without(store, info, authority, fallen, info.applied, network));
  for (const auto& [place, state] : records) out.records.erase(place.second);
  for (auto& [place, state] : records) {
    if (state.exists()) out.records[place.second] = std::move(state);
  }
  return {};
}

}  // namespace

Result<Replay> replay_space(LogStore& store, const SpaceInfo& info, const NetworkId& network,
                            const AuthorityState& authority, const Visit& visit) {
  Replay out;
  Walked walked{Ranking(authority), {}, {}, {}, {}};
  if (info.start) {
    out.frontier = info.start->ground.frontier;
    walked.chains = info.start->ground.ends;
    walked.stand_ins = info.start->ground.stand_ins;
    WASL_TRY(store.each_start_record(info, [&](const std::string& id, RecordState& state) -> Status {
      out.records[id] = std::move(state);
      return {};
    }));
  }
  while (out.frontier.size() < info.size) {
    WASL_LET(const auto segments,
             store.read(info.name, out.frontier.size() + 1, limits::kSegmentTargetBytes, network));
    if (segments.empty())
      return fail(Errc::corrupt,
                  "entries are missing from position " + std::to_string(out.frontier.size() + 1));
    for (const Segment& segment : segments) {
      if (segment.first != out.frontier.size() + 1) return fail(Errc::corrupt, "the log has a gap");
      WASL_TRY(replay_segment(store, segment, info, network, visit, walked, out));
    }
  }
  WASL_TRY(take_back(store, info, authority, network, walked, out));
  for (const auto& [source, end] : walked.chains) {
    WASL_LET(const ChainEnd kept, store.chain_end(source));
    if (kept != end) return fail(Errc::corrupt, "a chain does not end where the list of chains says");
  }
  return out;
}

Result<Hash> root_of_history(LogStore& store, const SpaceInfo& info, Position size,
                             const NetworkId& network) {
  ledger::Frontier frontier = info.start ? info.start->ground.frontier : ledger::Frontier();
  const auto key = is_private_space(info.name) ? info.key : std::nullopt;
  while (frontier.size() < size) {
    WASL_LET(const auto segments,
             store.read(info.name, frontier.size() + 1, limits::kSegmentTargetBytes, network));
    if (segments.empty() || segments.front().first != frontier.size() + 1)
      return fail(Errc::corrupt, "the log of " + info.name + " has a gap", "run: wasl verify");
    for (const Segment& segment : segments) {
      for (const SegmentItem& item : segment.items) {
        const ledger::Entry* entry = entry_of(item);
        if (frontier.size() < size && entry != nullptr) frontier.append(ledger::leaf_hash(*entry, key));
      }
    }
  }
  return frontier.root();
}

}  // namespace wasl
