// Dead records leave the state of a space: whoever is waited for knows that they are dead (PROTOCOL.md 21.5).
#include <algorithm>
#include <set>

#include "server/hub/hub.hpp"
#include "shared/log/log.hpp"
#include "shared/store/collecting.hpp"

namespace wasl {
namespace {

/// What waits for a person could be about a record that is not there any more.
Result<std::set<std::string>> ids_of_held_work(HubStore& store, const std::string& space) {
  std::set<std::string> ids;
  WASL_LET(const auto held, store.kept_list(false));
  for (const KeptSet& kept : held) {
    if (kept.header.space != space) continue;
    const auto set = decode_change_set(kept.header_bytes, kept.body);
    if (!set) continue;
    for (const Operation& op : set->operations) ids.insert(op.id);
  }
  return ids;
}

}  // namespace

Result<std::size_t> Batch::collect(const std::string& space, Position floor,
                                   std::set<std::pair<std::uint32_t, std::string>> records) {
  WASL_LET(const SpaceInfo* const info, in_.store.space(space));
  WASL_LET(const auto held, ids_of_held_work(in_.store, space));
  std::vector<ledger::Collection> lists;
  for (const auto& record : records) {
    WASL_LET(const auto state, in_.store.record(info->number, record.second));
    if (!state || state->register_number != record.first || held.contains(record.second)) continue;
    WASL_LET(const bool goes, may_be_collected(in_.store, *info, *state, floor));
    if (!goes) continue;
    if (lists.empty() || lists.back().records.size() == ledger::Collection::kRecordsMost)
      lists.push_back({floor, {}});
    lists.back().records.push_back(record);
  }
  std::size_t count = 0;
  for (const ledger::Collection& list : lists) {
    for (const auto& [register_number, id] : list.records)
      WASL_TRY(in_.store.remove_record(info->number, id));
    count += list.records.size();
    WovenRun run;
    run.items.emplace_back(
        collect_item({ledger::EntryKind::collect, {}, authority_size_, in_.hub_time}, list));
    WASL_LET(BlockBuilder* const builder, block(space));
    builder->promise();
    WASL_TRY(builder->add(in_.store, std::move(run)));
  }
  return count;
}

Result<std::size_t> Committer::collect(const std::string& space, Position floor,
                                       const std::set<std::pair<std::uint32_t, std::string>>& records) {
  if (recovering_ || follows()) return fail(Errc::later, "another hub gives positions, or this one recovers");
  const Millis time = hub_time();
  std::size_t count = 0;
  const Status done = ports_.store.transact([&]() -> Status {
    Batch batch = make_batch(time);
    WASL_TRY(batch.begin());
    WASL_LET(count, batch.collect(space, floor, records));
    return count == 0 ? Status() : batch.finish();
  });
  if (!done) {
    heads_.take_back();
    return tl::unexpected(done.error());
  }
  if (count == 0) return count;
  heads_.keep();
  last_time_ = time;
  log::info("hub.collected", {{"space", space}, {"floor", floor}, {"records", std::uint64_t{count}}});
  if (const Status signing = sign(); !signing)
    log::error("hub.sign_failed", {{"reason", signing.error().message}});
  return count;
}

Result<std::size_t> Hub::collect(const std::string& space, Position floor,
                                 const std::set<std::pair<std::uint32_t, std::string>>& records) {
  WASL_LET(const std::size_t count, committer_.collect(space, floor, records));
  Committer::Committed committed;
  committed.grown.push_back(space);
  if (count > 0 && listener_.on_committed) listener_.on_committed(committed);
  return count;
}

}  // namespace wasl
