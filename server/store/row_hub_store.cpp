#include "server/store/row_hub_store.hpp"

#include <algorithm>

#include "server/store/store_marks.hpp"

namespace wasl {

void ByAge::add(const ByAge& more) {
  day += more.day;
  week += more.week;
  month += more.month;
  older += more.older;
  if (oldest == 0 || (more.oldest != 0 && more.oldest < oldest)) oldest = more.oldest;
}

Status RowHubStore::transact(const std::function<Status()>& work) {
  if (inside_) return work();  // part of the transaction around it
  if (must_reopen())
    return fail(Errc::storage_failed, "the hub's storage has failed", "the hub opens it again and checks it");
  WASL_LET(const auto transaction, log_.rows().begin());
  inside_ = true;
  Status done = log_.refresh();
  if (done) done = work();
  if (done) done = log_.flush_digest();
  if (done) done = transaction->commit();
  inside_ = false;
  if (!done) forget();  // what it remembers was rolled back
  return done;
}

Status RowHubStore::check_in_force() {
  WASL_LET(const auto moved, meta(kMovedMark));
  if (moved && !moved->empty()) {
    return fail(Errc::conflict, "the network of this store " + to_text(*moved),
                "serve that one; this one is kept until you remove it");
  }
  WASL_LET(const auto arrival, meta(kArrivalMark));
  if (!arrival || *arrival != Bytes{kArriving}) return {};
  return fail(Errc::conflict, "a network was being moved into this store, and not all of it has come",
              "the old store is in force; run wasl-hub migrate-store again, or drop this one");
}

Status RowHubStore::settle_in() {
  WASL_LET(const auto arrival, meta(kArrivalMark));
  if (!arrival || *arrival != Bytes{kArrived}) return {};
  return transact([&] { return set_meta(kArrivalMark, {}); });
}

Status RowHubStore::read_moment(const std::function<Status()>& work) {
  WASL_ASSERT(!inside_);
  WASL_LET(const auto moment, log_.rows().begin_reading());
  log_.forget();  // what it remembers may be of another moment
  return work();
}

Result<std::set<Position>> RowHubStore::voided(std::string_view space, Position until) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return log_.voided(info->number, until);
}

Status RowHubStore::each_base_record(std::string_view space, const LogStore::RecordVisit& visit) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  WASL_LET(const auto base, base_of(log_, space));
  return base ? wasl::each_base_record(log_, *info, *base, visit) : Status();
}

Status RowHubStore::add_base_piece(std::string_view space, const Hash& name, ByteView packed) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return log_.rows().add_piece(info->number, name, packed);
}

Result<std::optional<Bytes>> RowHubStore::base_piece(std::string_view space, const Hash& name) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return log_.piece(info->number, name);
}

Result<std::vector<Hash>> RowHubStore::base_pieces(std::string_view space) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return log_.rows().piece_names(info->number);
}

Status RowHubStore::drop_base_piece(std::string_view space, const Hash& name) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return log_.rows().drop_piece(info->number, name);
}

Result<bool> RowHubStore::let_block_go(std::string_view space, const NetworkId& network,
                                       const std::function<bool(const Hash&)>& stays) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  WASL_LET(const auto base, base_of(log_, space));
  if (!base) return false;
  return wasl::let_block_go(log_, *info, *base, network, stays,
                            [&](const StoredBlock& block) { return replace_block(info->number, block); });
}

Status RowHubStore::save_record(SpaceNumber space, std::string_view id, const RecordState& state) {
  WASL_TRY(log_.park(space, id, state));
  log_.note_record(space, id, record_hash(id, state));
  return {};
}

Status RowHubStore::note_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) {
  if (!conflicts_) {
    WASL_LET(conflicts_, conflicts());
  }
  RecordName record{space, std::string(id)};
  const auto it = conflicts_->find(record);
  if (it == conflicts_->end() ? !since : since == it->second) return {};
  WASL_TRY(save_conflict(space, id, since));
  if (since)
    conflicts_->insert_or_assign(std::move(record), *since);
  else
    conflicts_->erase(it);
  return {};
}

Status RowHubStore::remove_record(SpaceNumber space, std::string_view id) {
  WASL_TRY(note_conflict(space, id, std::nullopt));
  WASL_TRY(log_.unpark(space, id));
  log_.note_gone(space, id);
  return {};
}

Result<std::vector<FallenEntry>> RowHubStore::fallen(std::string_view space, const AuthorityState& authority,
                                                     Position at, const NetworkId& network) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return fallen_entries(log_, *info, authority, at, info->size, network);
}

Result<TouchedRecords> RowHubStore::records_without(std::string_view space, const AuthorityState& authority,
                                                    const std::vector<FallenEntry>& fallen,
                                                    const NetworkId& network) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return wasl::records_without(log_, *info, authority, fallen, info->size, network);
}

Result<Bytes> RowHubStore::heads_leaf(std::uint64_t index) {
  WASL_LET(auto leaves, heads_leaves(index, 1));
  return std::move(leaves.front());
}

Result<Hash> RowHubStore::heads_node(unsigned level, std::uint64_t index) {
  WASL_LET(const auto nodes, heads_nodes(level, index, 1));
  return nodes.front();
}

Status RowHubStore::erase_openings(std::string_view space, const ErasedList& list, const NetworkId& network) {
  WASL_LET(const bool has_log, log_.has_space(space));  // what waits may be of one that nobody has
  if (has_log) {
    WASL_LET(const SpaceInfo* const info, log_.space(space));
    WASL_LET(const auto touched, wasl::erase_openings(log_, *info, list, network));
    static_cast<void>(touched);  // a hub shows no rows
  }
  WASL_LET(auto kept, kept_with_openings(space));
  for (KeptSet& one : kept) {
    const auto set = decode_change_set(one.header_bytes, one.body);
    if (!set) continue;
    const auto gone = listed_openings(list, *set, one.openings);
    if (gone.empty()) continue;
    std::erase_if(one.openings, [&](const OpeningItem& item) {
      return std::find(gone.begin(), gone.end(), item.commitment) != gone.end();
    });
    WASL_TRY(save_openings(one.name, one.openings));
  }
  return {};
}

Result<std::set<Hash>> RowHubStore::commitments_of(std::string_view space, std::string_view id,
                                                   const NetworkId& network) {
  std::set<Hash> out;
  WASL_LET(const bool has_log, log_.has_space(space));
  if (has_log) {
    WASL_LET(const SpaceInfo* const info, log_.space(space));
    WASL_LET(out, wasl::commitments_of(log_, *info, id, network));
  }
  WASL_LET(const auto kept, kept_with_openings(space));
  for (const KeptSet& one : kept) {
    if (const auto set = decode_change_set(one.header_bytes, one.body)) add_commitments(*set, id, out);
  }
  return out;
}

}  // namespace wasl
