// After a crash, a lost replica.db or an old copy: what outbox.log and identity.db know and replica.db does
// not.
#include <algorithm>

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
    auto opened = open(folder, ports);
    if (!opened && opened.error().code != Errc::corrupt) return opened;
    // Pages are whole; what they say need not be, and shows when what programs wrote is sealed.
    const auto sealed = opened ? (*opened)->seal() : tl::unexpected(opened.error());
    if (sealed || sealed.error().code != Errc::corrupt) return opened;
    sound = tl::unexpected(sealed.error());
  }
  if (sound.error().code != Errc::corrupt) return tl::unexpected(sound.error());
  WASL_TRY(set_aside(folder, ports.clock, sound.error()));
  return open(folder, ports);
}

Status Replica::settle() {
  WASL_TRY(identity_.settle());
  return db_.settle();
}

Status Replica::set_aside(const std::filesystem::path& folder, Clock& clock, const Error& damage) {
  WASL_LET(Identity identity, Identity::open(folder, false));
  const std::string name = "replica.db.damaged-" + std::to_string(clock.now());
  WASL_TRY(identity.set_damaged_copy(name));
  // The log first: beside a new file it would be taken for that one's.
  if (file_exists(folder / "replica.db-wal"))
    WASL_TRY(rename_file(folder / "replica.db-wal", folder / (name + "-wal")));
  if (file_exists(folder / "replica.db")) WASL_TRY(rename_file(folder / "replica.db", folder / name));
  return identity.add_evidence("replica.db was damaged (" + damage.message + ") and is kept as " + name +
                                   "; what the hub has is fetched again, what was not sent is in outbox.log",
                               {}, view(name), clock.now());
}

/// A crash between outbox.log and the commit of replica.db, or a replica.db from an old copy: what the outbox
/// knows beyond the replica is taken in as overlay. What programs wrote may stand in both: it is said once.
/// The chains take nothing new, because an old copy cannot know how far they went.
Status Replica::recover_outbox() {
  if (outbox_.is_empty()) return {};
  // Without the tables there is nowhere to show it; it is asked again when the network is known.
  if (authority_.organisation(anchor_.organisation) == nullptr) return {};
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(outbox_.drop_torn_tail());
  WASL_TRY(store_.refresh());
  std::set<Hash> discarded;
  WASL_LET(const auto missing, missing_from_outbox(discarded));
  if (missing.empty()) return {};
  SaidBefore said;
  for (const SealedSet& sealed : missing) {
    const Header& header = sealed.set.header;
    WASL_LET(auto insert,
             db_.prepare("INSERT INTO _wasl_chain(chain, space, bulk, retired) VALUES(?, ?, 0, 1) "
                         "ON CONFLICT DO UPDATE SET retired = 1"));
    insert.bind_all(header.source.chain, header.space);
    WASL_TRY(insert.run());
    if (discarded.contains(sealed.set.name)) continue;
    for (const Operation& op : sealed.set.operations)
      said.emplace(RecordPlace{header.space, op.register_number, op.id},
                   plain_operation(op, sealed.openings));
  }
  WASL_LET(const auto captured, seal_captured(true, said));
  for (const SealedSet& sealed : missing) WASL_TRY(take_in(sealed, discarded.contains(sealed.set.name)));
  return commit(transaction, captured);
}

/// Own change sets of the outbox that continue their chains beyond what the replica knows.
/// @param discarded gets the names of those that were discarded since.
Result<std::vector<SealedSet>> Replica::missing_from_outbox(std::set<Hash>& discarded) {
  WASL_LET(const auto items, outbox_.read());
  std::vector<SealedSet> missing;
  std::map<ChainId, ChainEnd> ends;
  for (const OutboxItem& item : items) {
    if (item.body.empty()) discarded.insert(name_of(item.header));
    auto set = decode_change_set(item.header, item.body);
    if (!set) continue;
    const Header& header = set->header;
    const ChainId& chain = header.source.chain;
    if (header.source.author != device_.public_key() || header.network != anchor_.network) continue;
    if (!ends.contains(chain)) {
      WASL_LET(auto select, db_.prepare("SELECT last, name FROM _wasl_chain WHERE chain = ?"));
      select.bind_all(chain);
      WASL_LET(const bool known, select.step());
      WASL_LET(ChainEnd end, store_.chain_end(header.source));
      if (known && select.int64(0) > static_cast<std::int64_t>(end.last)) {
        end = {static_cast<Sequence>(select.int64(0)), Hash::from(select.blob(1)).value_or(Hash{})};
      }
      ends[chain] = end;
    }
    ChainEnd& end = ends[chain];
    // What lies between was sent and is gone from the file, or the replica is an older copy: the hub knows.
    if (header.sequence <= end.last) continue;
    end = {header.sequence, set->name};
    missing.push_back({std::move(*set), item.openings});
  }
  return missing;
}

/// Lays a change set of the outbox over its records, and lists it as waiting; of a discarded one only the
/// header has a way to go.
Status Replica::take_in(const SealedSet& sealed, bool discarded) {
  const Header& header = sealed.set.header;
  for (const OpeningItem& opening : sealed.openings) WASL_TRY(store_.put_opening(opening));
  for (std::size_t i = 0; i < sealed.set.operations.size() && !discarded; ++i) {
    const Operation& op = sealed.set.operations[i];
    WASL_LET(LoadedRecord loaded, records_.load(op.register_number, header.space, op.id));
    loaded.record.overlay.push_back({op, sealed.set.dot(i), header.sequence, header.source, header.stamp,
                                     std::min(header.stamp.millis(), ports_.clock->now())});
    WASL_TRY(records_.save(loaded, ports_.clock->now(), {}));
  }
  WASL_TRY(insert_pending(sealed));
  if (!discarded) return {};
  WASL_LET(auto update, db_.prepare("UPDATE _wasl_pending SET state = 4 WHERE hash = ?"));
  update.bind_all(sealed.set.name);
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
