// Others' work that has no entry, shown over what is confirmed: it came in a bundle or from a section's hub,
// and goes when its entry comes, or its refusal.
#include <algorithm>
#include <utility>

#include "client/replica/replica.hpp"
#include "shared/wire/runs.hpp"

namespace wasl {

/// By the rules by which it will be judged, as far as what is known here lets one say: what will surely be
/// refused is not shown. What builds on other work without an entry is.
Result<bool> Replica::may_show(const ChangeSet& set) {
  const Header& header = set.header;
  std::map<std::string, LoadedRecord> records;
  std::map<std::string, RecordState> elsewhere;
  for (const Operation& op : set.operations) {
    if (op.register_number == 0) return false;
    if (records.contains(op.id)) continue;
    WASL_LET(LoadedRecord loaded, records_.load(op.register_number, header.space, op.id));
    if (!loaded.record.confirmed.exists()) {
      WASL_LET(auto other, records_.confirmed_elsewhere(loaded));
      if (other) elsewhere.emplace(op.id, *std::move(other));
    }
    records.emplace(op.id, std::move(loaded));
  }
  WASL_LET(const SpaceInfo* const info, store_.space(header.space));
  WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
  // Its author was shown more than is here: that is for the hub to judge.
  if (header.seen.size > info->size || header.seen_authority.size > authority->applied) return true;
  WASL_LET(const Millis now, hub_time());
  const ledger::Entry entry{ledger::EntryKind::accept, set.name, authority->applied, now};
  WASL_LET(const Verdict verdict, judge(set, entry, info->size + 1, records, elsewhere, nullptr));
  return verdict.outcome == Outcome::accepted || verdict.reason == Reason::depends ||
         verdict.reason == Reason::gone;
}

Status Replica::lay_over(const ChangeSet& set, const Segment& run, const std::string& name) {
  const Header& header = set.header;
  const auto place = place_of(run);
  const Millis now = ports_.clock->now();
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    WASL_LET(LoadedRecord loaded, records_.load(op.register_number, header.space, op.id));
    loaded.record.drop_overlay(set.dot(i));
    loaded.record.overlay.push_back({op, set.dot(i), header.sequence, header.source, header.stamp,
                                     std::min(header.stamp.millis(), now),
                                     authority_.level_of(header.grant)});
    WASL_TRY(records_.save(loaded, now, {}));
    WASL_LET(auto note, db_.prepare("INSERT OR IGNORE INTO _wasl_carried(run, author, chain, first, last, "
                                    "space, register, id) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
    note.bind_all(name, header.source.author, header.source.chain, place->first, place->last, header.space,
                  op.register_number, op.id);
    WASL_TRY(note.run());
  }
  return {};
}

Status Replica::show_carried(const Segment& run) {
  if (run.space == kAuthoritySpace || !authority_.reads(device_.public_key(), run.space)) return {};
  const std::string name = CarriedWork::name_of(run);
  if (name.empty()) return {};
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  WASL_LET(auto select, db_.prepare("SELECT 1 FROM _wasl_carried WHERE run = ?"));
  select.bind_all(name);
  WASL_LET(const bool shown, select.step());
  select.reset();
  if (shown) return commit(transaction, captured);
  for (const OpeningItem& opening : run.openings) WASL_TRY(store_.put_opening(opening));
  for (const SegmentItem& item : run.items) {
    const auto* const with_body = std::get_if<SetItem>(&item);
    if (with_body == nullptr) continue;
    const Header& header = with_body->set.header;
    WASL_LET(const bool entry, store_.has_entry(run.space, header.source, header.sequence));
    if (entry) continue;
    WASL_LET(const bool may, may_show(with_body->set));
    if (may) WASL_TRY(lay_over(with_body->set, run, name));
  }
  return commit(transaction, captured);
}

/// Inside a transaction.
Status Replica::hide_carried(const std::string& name) {
  struct Place {
    Source source;
    Sequence first, last;
    std::string space;
    std::uint32_t register_number;
    std::string id;
  };
  std::vector<Place> places;
  WASL_LET(auto select,
           db_.prepare("SELECT author, chain, first, last, space, register, id FROM _wasl_carried "
                       "WHERE run = ?"));
  select.bind_all(name);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto author = Author::from(select.blob(0));
    const auto chain = ChainId::from(select.blob(1));
    if (!author || !chain) continue;
    places.push_back({{*author, *chain},
                      static_cast<Sequence>(select.int64(2)),
                      static_cast<Sequence>(select.int64(3)),
                      std::string(select.text(4)),
                      static_cast<std::uint32_t>(select.int64(5)),
                      std::string(select.text(6))});
  }
  select.reset();
  for (const Place& place : places) {
    WASL_LET(LoadedRecord loaded, records_.load(place.register_number, place.space, place.id));
    const auto is_of_run = [&](const OverlayOperation& one) {
      return one.source == place.source && one.sequence >= place.first && one.sequence <= place.last;
    };
    for (const OverlayOperation& one : loaded.record.overlay) {
      if (is_of_run(one) && one.operation.value.type == ValueType::commitment)
        WASL_TRY(store_.forget_opening(Hash::from(one.operation.value.data).value_or(Hash{})));
    }
    std::erase_if(loaded.record.overlay, is_of_run);
    WASL_TRY(loaded.record.exists() ? records_.save(loaded, ports_.clock->now(), {})
                                    : records_.remove(loaded));
  }
  WASL_LET(auto erase, db_.prepare("DELETE FROM _wasl_carried WHERE run = ?"));
  erase.bind_all(name);
  return erase.run();
}

/// What has its place in a log by now is confirmed, or will never be.
Status Replica::settle_shown() {
  std::vector<std::string> over = std::exchange(hidden_soon_, {});
  {
    WASL_LET(auto select, db_.prepare("SELECT DISTINCT run, author, chain, last FROM _wasl_carried"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      const auto author = Author::from(select.blob(1));
      const auto chain = ChainId::from(select.blob(2));
      if (!author || !chain) continue;
      WASL_LET(const ChainEnd end, store_.chain_end({*author, *chain}));
      if (end.last >= static_cast<Sequence>(select.int64(3))) over.emplace_back(select.text(0));
    }
  }
  if (over.empty()) return {};
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  for (const std::string& name : over) WASL_TRY(hide_carried(name));
  WASL_TRY(commit(transaction, captured));
  for (const std::string& name : over) WASL_TRY(carried_.forget(name));
  return {};
}

/// What a section's hub shows without a body is held or refused: it is shown no more, and carried no further,
/// for a header alone is what an author's own discarding looks like.
Status Replica::on_kept(const Segment& work) {
  WASL_TRY(verify_runs(work, anchor_.network));
  for (const Segment& run : runs_of(work)) {
    const bool whole = std::ranges::none_of(
        run.items, [](const SegmentItem& item) { return std::holds_alternative<StandInItem>(item); });
    if (whole) {
      WASL_LET(const auto arrivals, take_push(run));
      static_cast<void>(arrivals);  // what is not taken stays with its author and with the section
      continue;
    }
    const std::string name = CarriedWork::name_of(run);
    const Header* const header = header_of(run.items.front());
    if (header == nullptr || header->source.author == device_.public_key()) continue;
    {
      WASL_LET(auto transaction, Transaction::begin(db_));
      WASL_TRY(store_.refresh());
      WASL_TRY(catch_up_authority());
      WASL_LET(const auto captured, seal_captured(true));
      WASL_TRY(hide_carried(name));
      WASL_TRY(commit(transaction, captured));
    }
    WASL_TRY(carried_.forget(name));
    const bool is_member = authority_.device(header->source.author) != nullptr ||
                           authority_.person(header->source.author) != nullptr;
    if (is_member && opens_truly(run, anchor_.network)) WASL_TRY(show_carried(run));
  }
  return {};
}

}  // namespace wasl
