// After a crash, a lost replica.db or an old copy: what outbox.log and identity.db know and replica.db does
// not.
#include <algorithm>
#include <iterator>

#include "client/replica/replica.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

/// The operation as it was before its personal value was committed to.
Operation plain_operation(Operation op, const std::vector<OpeningItem>& openings) {
  if (op.value.type != ValueType::commitment) return op;
  const auto commitment = Hash::from(op.value.data);
  const auto it = std::find_if(openings.begin(), openings.end(),
                               [&](const OpeningItem& item) { return item.commitment == commitment; });
  if (it != openings.end()) op.value = it->opening.value;
  return op;
}

Status check_replica(const std::filesystem::path& file) {
  if (!file_exists(file)) return {};
  OpenOptions options;
  options.path = file;
  WASL_LET(Database db, Database::open(options));
  return db.check();
}

std::string damaged_name(Millis number) { return "replica.db.damaged-" + std::to_string(number); }

}  // namespace

Result<std::unique_ptr<Replica>> Replica::reopen(const std::filesystem::path& folder, Ports ports) {
  {
    WASL_LET(Identity identity, Identity::open(folder, false));
    WASL_TRY(identity.check());
  }
  Status sound = check_replica(folder / "replica.db");
  // SQLite says an error of the disk or of memory in the words of damage: only what is met twice is damage.
  if (!sound && sound.error().code == Errc::corrupt) sound = check_replica(folder / "replica.db");
  if (sound) {
    // Pages are whole; what they say need not be.
    auto opened = open_verified(folder, ports);
    if (!opened && opened.error().code == Errc::corrupt) opened = open_verified(folder, ports);
    if (opened || opened.error().code != Errc::corrupt) return opened;
    sound = tl::unexpected(opened.error());
  }
  if (sound.error().code != Errc::corrupt) return tl::unexpected(sound.error());
  WASL_TRY(set_aside(folder, ports.clock, sound.error()));
  return open(folder, ports);
}

Result<std::unique_ptr<Replica>> Replica::open_verified(const std::filesystem::path& folder, Ports ports) {
  WASL_LET(auto replica, open(folder, ports));
  WASL_LET(const VerifyReport report, replica->verify());
  if (!report.problems.empty()) return fail(Errc::corrupt, report.problems.front());
  return replica;
}

Status Replica::settle() {
  WASL_TRY(identity_.settle());
  return db_.settle();
}

Status Replica::drop_half_made(const std::filesystem::path& folder, std::vector<std::string>& copies) {
  for (const std::string& name : copies) {
    if (!file_exists(folder / name)) WASL_TRY(remove_file(folder / (name + "-wal")));
  }
  std::erase_if(copies, [&](const std::string& name) { return !file_exists(folder / name); });
  return {};
}

/// At every moment the file stands with all of its log under one of its names. It is copied and emptied, not
/// renamed: a program that has it open and has not read from it yet holds no lock that shows, and would write
/// beside the new one.
Status Replica::set_aside(const std::filesystem::path& folder, Clock& clock, const Error& damage) {
  const std::filesystem::path file = folder / "replica.db", log = folder / "replica.db-wal";
  WASL_LET(DiskFile alone, DiskFile::open(file, DiskFile::Mode::alone));
  WASL_LET(Identity identity, Identity::open(folder, false));
  WASL_LET(std::vector<std::string> copies, identity.damaged_copies());
  WASL_TRY(drop_half_made(folder, copies));
  Millis number = clock.now();
  while (file_exists(folder / damaged_name(number))) ++number;
  const std::string name = damaged_name(number);
  copies.push_back(name);
  WASL_TRY(identity.set_damaged_copies(copies));
  if (file_exists(log)) {
    WASL_LET(DiskFile source, DiskFile::open(log, DiskFile::Mode::read));
    WASL_TRY(source.duplicate(folder / (name + "-wal")));
  }
  WASL_TRY(alone.duplicate(folder / name));
  // In this order: SQLite drops the log of an empty file by itself.
  WASL_TRY(alone.truncate(0));
  WASL_TRY(alone.sync());
  WASL_TRY(remove_file(log));
  return identity.add_evidence("replica.db was damaged (" + damage.message + ") and is kept as " + name +
                                   "; what the hub has is fetched again, what was not sent is in outbox.log",
                               {}, view(name), clock.now());
}

/// A crash between outbox.log and the commit of replica.db, a replica.db from an old copy, or one with pages
/// of two times: what the outbox knows beyond the replica is done again. What programs wrote may stand in
/// both: it is said once. The chains of what comes back take nothing new, because an old copy cannot know how
/// far they went.
Status Replica::recover_outbox() {
  if (outbox_known_ || outbox_.is_empty()) return {};
  // Without the tables there is nowhere to show it; it is asked again when the network is known.
  if (authority_.organisation(anchor_.organisation) == nullptr) return {};
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(outbox_.drop_torn_tail());
  WASL_TRY(store_.refresh());
  WASL_TRY(follow_tables());
  WASL_LET(auto unknown, unknown_of_outbox());
  outbox_known_ = unknown.empty();
  if (outbox_known_) return {};
  SaidBefore said;
  for (const WaitingSet& waiting : unknown.missing) {
    const Header& header = waiting.sealed.set.header;
    WASL_TRY(retire(header));
    if (waiting.state == PendingState::discarded) continue;
    for (const Operation& op : waiting.sealed.set.operations)
      said.emplace(RecordPlace{header.space, op.register_number, op.id},
                   plain_operation(op, waiting.sealed.openings));
  }
  WASL_LET(const auto captured, seal_captured(true, said));
  // After the notes: what a program wrote over carries its old clock there, with what is taken out here.
  for (const auto& [set, state] : unknown.given_up) WASL_TRY(withdraw(set, state));
  for (const ChangeSet& set : unknown.replaced) {
    // Its chain ends before it: not even its header has a way to go.
    WASL_TRY(withdraw(set, PendingState::refused));
    WASL_TRY(retire(set.header));
  }
  WASL_LET(auto later, lift_later(unknown.missing));
  std::move(later.begin(), later.end(), std::back_inserter(unknown.missing));
  const auto stamp = [](const WaitingSet& one) { return one.sealed.set.header.stamp.bits; };
  std::stable_sort(unknown.missing.begin(), unknown.missing.end(),
                   [&](const WaitingSet& a, const WaitingSet& b) { return stamp(a) < stamp(b); });
  for (const WaitingSet& waiting : unknown.missing) WASL_TRY(take_in(waiting));
  WASL_TRY(commit(transaction, captured));
  outbox_known_ = true;
  return {};
}

/// Nothing waits and everything that was sealed has its entry, applied and durable: the second copy has done
/// its duty. It is looked through once more, because it may be the only one. @pre the write lock is held.
Status Replica::clear_outbox() {
  if (!tables_ready_ || outbox_.is_empty()) return {};
  WASL_LET(const auto unknown, unknown_of_outbox());
  outbox_known_ = unknown.empty();
  return outbox_known_ ? outbox_.clear() : Status();
}

Status Replica::retire(const Header& header) {
  WASL_LET(auto insert, db_.prepare("INSERT INTO _wasl_chain(chain, space, bulk, retired) VALUES(?, ?, 0, 1) "
                                    "ON CONFLICT DO UPDATE SET retired = 1"));
  insert.bind_all(header.source.chain, header.space);
  return insert.run();
}

/// Own change sets of the outbox that have no entry and do not wait here, and those that wait though the
/// outbox says that they were given up. Each is looked for by itself: where pages of two times stand in one
/// file, the end of a chain says nothing about what stands before it.
Result<Replica::UnknownOfOutbox> Replica::unknown_of_outbox() {
  WASL_LET(const auto items, outbox_.read());
  std::set<Hash> discarded;
  std::set<Hash> replaced;
  for (const OutboxItem& item : items) {
    if (item.body.empty()) discarded.insert(name_of(item.header));
    if (item.is_replaced()) replaced.insert(name_of(item.header));
  }
  std::map<Hash, PendingState> waiting;
  WASL_LET(auto select, db_.prepare("SELECT hash, state FROM _wasl_pending ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    waiting[Hash::from(select.blob(0)).value_or(Hash{})] = static_cast<PendingState>(select.int64(1));
  }
  UnknownOfOutbox unknown;
  std::set<Hash> seen;  // what came back with a new epoch was noted once more
  for (const OutboxItem& item : items) {
    if (item.body.empty() || item.is_replaced()) continue;
    auto set = decode_change_set(item.header, item.body);
    if (!set || !seen.insert(set->name).second) continue;
    const Header& header = set->header;
    if (header.source.author != device_.public_key() || header.network != anchor_.network) continue;
    WASL_LET(const auto entry, store_.find(header.source, header.sequence));
    WASL_LET(const SpaceInfo* const info, store_.space(header.space));
    const auto known = waiting.find(set->name);
    const bool waits = known != waiting.end();
    const bool stands = entry ? entry->entry.hash == set->name
                              : !waits && LogStore::stands_before(*info, header.source, header.sequence);
    if (stands) continue;
    const auto missing = [&](PendingState state) {
      unknown.missing.push_back({{std::move(*set), item.openings}, state, Reason::none, {}});
    };
    if (replaced.contains(set->name)) {
      if (waits) unknown.replaced.push_back(std::move(*set));
    } else if (!discarded.contains(set->name)) {
      if (!waits) missing(PendingState::unsent);
    } else if (waits) {
      if (known->second != PendingState::discarded && known->second != PendingState::accepted)
        unknown.given_up.emplace_back(std::move(*set), known->second);
    } else {
      // Its header has a way to go, unless it went already.
      WASL_LET(const Sequence end, own_chain_end(header.source));
      if (header.sequence > end) missing(PendingState::discarded);
    }
  }
  return unknown;
}

Result<Sequence> Replica::own_chain_end(const Source& source) {
  WASL_LET(const ChainEnd end, store_.chain_end(source));
  WASL_LET(auto select, db_.prepare("SELECT last FROM _wasl_chain WHERE chain = ?"));
  select.bind_all(source.chain);
  WASL_LET(const bool known, select.step());
  return std::max(end.last, known ? static_cast<Sequence>(select.int64(0)) : 0);
}

/// What waits here and was sealed after something that is missing is taken up, to be laid over it again:
/// chains are offered in their order, and an overlay write ends only what stands under it.
Result<std::vector<WaitingSet>> Replica::lift_later(const std::vector<WaitingSet>& missing) {
  std::vector<WaitingSet> lifted;
  std::optional<Stamp> first;
  for (const WaitingSet& one : missing) {
    const Stamp& stamp = one.sealed.set.header.stamp;
    if (!first || stamp.bits < first->bits) first = stamp;
  }
  if (!first) return lifted;
  {
    WASL_LET(auto select,
             db_.prepare("SELECT header, body, openings, state, reason, detail FROM _wasl_pending "
                         "ORDER BY no"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      auto set = decode_change_set(select.blob(0), select.blob(1));
      auto openings = decode_openings(select.blob(2));
      if (!set || !openings || set->header.stamp.bits < first->bits)
        continue;  // `verify` names what is damaged
      lifted.push_back({{std::move(*set), std::move(*openings)},
                        static_cast<PendingState>(select.int64(3)),
                        static_cast<Reason>(select.int64(4)),
                        std::string(select.text(5))});
    }
  }
  for (const WaitingSet& one : lifted) {
    WASL_LET(auto erase, db_.prepare("DELETE FROM _wasl_pending WHERE hash = ?"));
    erase.bind_all(one.sealed.set.name);
    WASL_TRY(erase.run());
  }
  return lifted;
}

/// Lays a change set over its records, and lists it as waiting; of a discarded one only the header has a way
/// to go.
Status Replica::take_in(const WaitingSet& waiting) {
  WASL_LET(const Millis now, proved_time());
  SealedSet sealed = waiting.sealed;
  drop_erased(authority_, sealed.set, now, sealed.openings);
  const Header& header = sealed.set.header;
  const bool discarded = waiting.state == PendingState::discarded;
  for (const OpeningItem& opening : sealed.openings) WASL_TRY(store_.put_opening(opening));
  for (std::size_t i = 0; i < sealed.set.operations.size() && !discarded; ++i) {
    const Operation& op = sealed.set.operations[i];
    WASL_LET(LoadedRecord loaded, records_.load(op.register_number, header.space, op.id));
    loaded.record.drop_overlay(
        sealed.set.dot(i));  // its row was newer than the list of what waits, or lifted
    loaded.record.overlay.push_back({op, sealed.set.dot(i), header.sequence, header.source, header.stamp,
                                     std::min(header.stamp.millis(), ports_.clock->now()),
                                     authority_.level_of(header.grant)});
    WASL_TRY(records_.save(loaded, ports_.clock->now(), {}));
  }
  WASL_TRY(insert_pending(sealed));
  if (waiting.state == PendingState::unsent) return {};
  WASL_LET(auto update,
           db_.prepare("UPDATE _wasl_pending SET state = ?, reason = ?, detail = ? WHERE hash = ?"));
  update.bind_all(static_cast<int>(waiting.state), static_cast<int>(waiting.reason), waiting.detail,
                  sealed.set.name);
  return update.run();
}

/// A replica that ends before what was already shown to somebody came from a backup or a copied disk: going
/// on with its chains would fork them. They are left, and new ones begun at the next seal.
Status Replica::check_restored() {
  WASL_LET(const auto shown, identity_.chains());
  for (const auto& chain : shown) {
    if (chain.last == 0) continue;
    WASL_LET(auto select, db_.prepare("SELECT last FROM _wasl_chain WHERE chain = ?"));
    select.bind_all(chain.chain);
    WASL_LET(const bool known, select.step());
    const auto last = known ? static_cast<Sequence>(select.int64(0)) : 0;
    select.reset();
    if (last >= chain.last) continue;
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_LET(auto update, db_.prepare("UPDATE _wasl_chain SET retired = 1 WHERE chain = ?"));
    update.bind_all(chain.chain);
    WASL_TRY(update.run());
    WASL_TRY(store_.set_meta("full", Bytes{1}));
    WASL_TRY(transaction.commit());
    // Last: what identity.db calls retired is not looked at again.
    WASL_TRY(identity_.add_evidence(
        "replica.db is older than what this device has already sent: it was restored or "
        "copied; new chains were begun and nothing is overwritten",
        {}, chain.name.view(), ports_.clock->now()));
    WASL_TRY(identity_.retire_chain(chain.chain));
  }
  return {};
}

}  // namespace wasl
