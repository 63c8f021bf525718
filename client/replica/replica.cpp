#include "client/replica/replica.hpp"

#include <algorithm>

#include "client/replica/objects.hpp"
#include "shared/authority/person_acts.hpp"
#include "shared/sql/table_ddl.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/store/sqlite_rows.hpp"

namespace wasl {
namespace {

// Without rowid the key comes first: else integrity_check of SQLite 3.40 looks at other columns and finds
// NULL.
constexpr std::string_view kReplicaTables = R"sql(
CREATE TABLE IF NOT EXISTS _wasl_chain(chain BLOB PRIMARY KEY, space TEXT NOT NULL, bulk INTEGER NOT NULL,
  last INTEGER NOT NULL DEFAULT 0, name BLOB, stamp INTEGER NOT NULL DEFAULT 0, retired INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS _wasl_pending(no INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL, space TEXT NOT NULL,
  chain BLOB NOT NULL, sequence INTEGER NOT NULL, header BLOB NOT NULL, body BLOB NOT NULL, openings BLOB NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, reason INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL DEFAULT '',
  came_in INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS _wasl_pending_place ON _wasl_pending(chain, sequence);
CREATE TABLE IF NOT EXISTS _wasl_carried(run TEXT NOT NULL, space TEXT NOT NULL, register INTEGER NOT NULL,
  id TEXT NOT NULL, author BLOB NOT NULL, chain BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY(run, space, register, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS act_draft(no INTEGER PRIMARY KEY, act TEXT NOT NULL CHECK(act IN
  ('grant', 'accept', 'revoke', 'publish', 'withdraw')),
  content TEXT NOT NULL, signed TEXT);
)sql";

Result<bool> has_table(Database& db, std::string_view name) {
  WASL_LET(auto select, db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"));
  select.bind_all(name);
  return select.step();
}

Status make_own_tables(Database& db) {
  WASL_TRY(create_log_tables(db));
  WASL_TRY(RecordTable::create_tables(db));
  WASL_TRY(db.exec(kReplicaTables));
  return db.exec(sql::capture_table().sql);
}

/// As sqlite_schema has them once they are made.
Result<Objects> own_tables() {
  OpenOptions options;
  options.path = ":memory:";
  WASL_LET(Database db, Database::open(options));
  WASL_TRY(make_own_tables(db));
  return objects_of(db);
}

/// A table of drafts made before publications could be drafted: what waits in it goes along.
Status widen_drafts(Database& db) {
  {
    WASL_LET(auto select, db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'act_draft' AND "
                                     "instr(sql, '''revoke'')),')"));
    WASL_LET(const bool found, select.step());
    if (!found) return {};
  }
  WASL_LET(auto transaction, Transaction::begin(db));
  WASL_TRY(db.exec("ALTER TABLE act_draft RENAME TO act_draft_before"));
  WASL_TRY(db.exec(kReplicaTables));
  WASL_TRY(db.exec("INSERT INTO act_draft SELECT no, act, content, signed FROM act_draft_before"));
  WASL_TRY(db.exec("DROP TABLE act_draft_before"));
  return transaction.commit();
}

/// A bit that flipped in a column's name is found here, before a statement meets it in the middle of work.
Status check_own_tables(Database& db) {
  thread_local std::optional<Objects> expected;
  if (!expected) {
    WASL_LET(expected, own_tables());
  }
  WASL_LET(const Objects there, objects_of(db));
  for (const auto& [object, sql] : *expected) {
    const auto found = there.find(object);
    if (found == there.end() || found->second != sql)
      return fail(Errc::corrupt, "replica.db: " + object.second + " is not as it was made");
  }
  return {};
}

}  // namespace

Replica::Replica(std::filesystem::path folder, Ports ports, Identity identity, Database db,
                 NetworkAnchor anchor, crypto::KeyPair device)
    : folder_(std::move(folder)),
      ports_{&ports.clock, &ports.random, &ports.schema},
      schema_(&ports.schema),
      identity_(std::move(identity)),
      db_(std::move(db)),
      store_(sqlite_rows(db_)),
      records_(db_, store_, ports.schema),
      outbox_(folder_ / "outbox.log"),
      carried_(folder_ / "carried.db"),
      anchor_(std::move(anchor)),
      device_(std::move(device)) {}

Replica::~Replica() = default;

Result<std::unique_ptr<Replica>> Replica::create(const std::filesystem::path& folder,
                                                 const NetworkAnchor& anchor, Ports ports) {
  WASL_LET(Identity identity, Identity::open(folder, true));
  WASL_LET(const auto known, identity.network());
  if (known && known->network != anchor.network) {
    return fail(Errc::conflict, folder.string() + " belongs to another network",
                "choose another folder with --data");
  }
  WASL_TRY(identity.set_network(anchor));
  WASL_TRY(identity.device_key(ports.random));
  OpenOptions options;
  options.path = folder / "replica.db";
  options.create = true;
  {
    WASL_LET(Database db, Database::open(options));
    WASL_LET(auto transaction, Transaction::begin(db));
    WASL_TRY(create_log_tables(db));
    WASL_TRY(transaction.commit());
  }
  return open(folder, ports);
}

Result<std::unique_ptr<Replica>> Replica::open(const std::filesystem::path& folder, Ports ports) {
  if (!file_exists(folder / "identity.db")) {
    return fail(Errc::not_found, folder.string() + " holds no replica",
                "join a network first: wasl join --data DIR INVITATION");
  }
  WASL_LET(Identity identity, Identity::open(folder, false));
  WASL_LET(auto anchor, identity.network());
  if (!anchor) return fail(Errc::not_found, folder.string() + " never joined a network", "run: wasl join");
  WASL_LET(crypto::KeyPair device, identity.device_key(ports.random));
  OpenOptions options;
  options.path = folder / "replica.db";
  options.create = true;  // a lost replica.db is made anew and fetched again; unsent work is in outbox.log
  WASL_LET(Database db, Database::open(options));
  std::unique_ptr<Replica> replica(
      new Replica(folder, ports, std::move(identity), std::move(db), std::move(*anchor), std::move(device)));
  WASL_TRY(replica->prepare());
  return replica;
}

Status Replica::prepare() {
  WASL_TRY(check_stored_format(db_));
  WASL_TRY(db_.set_applying(true));
  WASL_LET(const bool complete, has_table(db_, "_wasl_pending"));
  if (!complete) {
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(make_own_tables(db_));
    WASL_TRY(transaction.commit());
  }
  WASL_TRY(widen_drafts(db_));
  WASL_TRY(create_piece_table(db_));  // a replica that was made before snapshots were
  WASL_LET(const bool shows_carried, has_table(db_, "_wasl_carried"));
  if (!shows_carried)
    WASL_TRY(db_.exec(kReplicaTables));  // … or before others' work was shown without an entry
  WASL_TRY(check_own_tables(db_));
  WASL_TRY(catch_up_authority());
  WASL_TRY(prepare_tables());
  WASL_TRY(check_restored());
  WASL_TRY(recover_outbox());
  WASL_TRY(apply_stored());
  return try_erasing();
}

/// Takes up what is stored and not applied: a crash or a full disk came in between. `authority` first: it
/// says where the office stands, and with that which tables the others need.
Status Replica::apply_stored() {
  WASL_LET(auto spaces, store_.space_names());
  std::stable_partition(spaces.begin(), spaces.end(),
                        [](const std::string& space) { return space == kAuthoritySpace; });
  for (const std::string& space : spaces) {
    Status applied = apply_space(space, nullptr);
    if (!applied && applied.error().code != Errc::caught) return applied;
    // What a caught hub signed stays unapplied, with its evidence; the office goes on working.
    if (!applied) WASL_TRY(drop_unproved());
    WASL_TRY(settle_in());
  }
  WASL_TRY(finish_begun());
  evidence_is_settled_ = false;
  return {};
}

/// The office's place in the network decides where its registers write by default.
Status Replica::settle_in() {
  if (authority_.organisation(anchor_.organisation) == nullptr) return {};
  if (!tables_ready_ || authority_.newest_schema() != described_by_) WASL_TRY(prepare_tables());
  WASL_TRY(recover_outbox());
  if (notes_wait_) WASL_TRY(seal());
  return {};
}

Status Replica::catch_up_authority() {
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(kAuthoritySpace));
  if (info->applied < authority_applied_) {  // the file was replaced under us
    authority_ = AuthorityState();
    authority_applied_ = 0;
  }
  while (authority_applied_ < info->applied) {
    WASL_LET(const auto segments, store_.read(kAuthoritySpace, authority_applied_ + 1,
                                              limits::kSegmentTargetBytes, anchor_.network));
    if (segments.empty()) return fail(Errc::corrupt, "the log of authority has a gap", "run: wasl verify");
    for (const Segment& segment : segments) {
      Position position = segment.first - 1;
      for (const SegmentItem& item : segment.items) {
        if (std::holds_alternative<SignatureItem>(item) || std::holds_alternative<StandInItem>(item))
          continue;
        if (++position <= authority_applied_ || position > info->applied) continue;
        WASL_TRY(apply_authority_item(item, position));
        authority_applied_ = position;
      }
    }
  }
  return follow_tables();
}

Status Replica::apply_authority_item(const SegmentItem& item, Position position) {
  if (const auto* set = std::get_if<SetItem>(&item))
    return authority_.apply(set->set, position, set->entry->hub_time);
  const auto* other = std::get_if<EntryItem>(&item);
  if (other == nullptr || other->entry.kind != ledger::EntryKind::statement) return {};
  WASL_LET(const SignedStatement statement, decode_signed_statement(other->bytes));
  const bool first = position == 1;
  const NetworkStatement before = authority_.statement();
  const Hash before_hash = authority_.statement_hash();
  WASL_LET(const NetworkStatement opened,
           open_statement(statement, first ? nullptr : &before, first ? nullptr : &before_hash));
  if (statement.hash() != other->entry.hash || (first && network_id(statement.hash()) != anchor_.network)) {
    return fail(Errc::wrong_network, "the hub's first statement is not this network's",
                "check the hub's address; ask the secretariat");
  }
  authority_.apply_statement(opened, statement.hash(), position);
  return note_statement({opened, statement.hash()});
}

Status Replica::note_statement(const OpenedStatement& opened) {
  const std::uint64_t number = opened.statement.number;
  if (number == anchor_.statement_number && opened.hash != anchor_.statement_hash) {
    return accuse("there are two network statements of number " + std::to_string(number) +
                      ": the one that this office knows, and another",
                  anchor_.statement_hash.view(), opened.hash.view());
  }
  const bool fresh =
      number > anchor_.statement_number || (number == anchor_.statement_number && anchor_.epoch == 0);
  if (!fresh) return {};
  WASL_TRY(identity_.set_statement(opened));
  return refresh_anchor();
}

Status Replica::refresh_anchor() {
  WASL_LET(auto known, identity_.network());
  if (known) anchor_ = *std::move(known);
  return {};
}

Result<const AuthorityState*> Replica::authority() {
  WASL_TRY(catch_up_authority());
  return &authority_;
}

Status Replica::set_url(std::string_view url) {
  anchor_.url = url;
  return identity_.set_url(url);
}

Status Replica::note_enrolled() { return identity_.set_enrolled(); }

Result<const Grant*> Replica::own_grant() {
  WASL_TRY(catch_up_authority());
  const Device* device = authority_.device(device_.public_key());
  const Grant* grant = device == nullptr ? nullptr : authority_.grant(device->grant);
  if (grant == nullptr) {
    return fail(Errc::unauthorised, "this device is not enrolled", "run: wasl join --data DIR INVITATION");
  }
  return grant;
}

/// Enrolled, but the log that says so is not here: it was taken back when the hub was caught before it had
/// proved any of it. What programs write waits until it comes again.
Result<bool> Replica::waits_for_grant() {
  if (authority_.device(device_.public_key()) != nullptr) return false;
  return identity_.is_enrolled();
}

/// Its rights begin when somebody has compared its fingerprint: until then it writes, and sends nothing.
Result<bool> Replica::is_unconfirmed() {
  WASL_TRY(catch_up_authority());
  const Device* device = authority_.device(device_.public_key());
  return device != nullptr && waits_for_confirmation(authority_, device->grant);
}

std::string Replica::organisation_of(const Author& author) const {
  return authority_.organisation_of(author);
}

/// By the hub's time as the last welcome told it: our own clock may stand anywhere.
Result<std::vector<std::string>> Replica::readable_spaces() {
  WASL_TRY(catch_up_authority());
  WASL_LET(const Millis now, hub_time());
  auto spaces = authority_.readable(device_.public_key(), now);
  if (spaces.empty()) spaces.emplace_back(kAuthoritySpace);
  return spaces;
}

/// What may be read and what is here already: the hub decides what of it goes on.
Result<std::vector<std::string>> Replica::spoken_spaces() {
  WASL_LET(auto spaces, readable_spaces());
  WASL_LET(const auto stored, store_.space_names());
  for (const std::string& space : stored) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->size > 0 && std::find(spaces.begin(), spaces.end(), space) == spaces.end())
      spaces.push_back(space);
  }
  return spaces;
}

Result<std::string> Replica::space_of(const Register& reg, std::string_view id,
                                      const std::optional<std::string>& space) {
  WASL_LET(const auto spaces, records_.spaces_of(reg, id));
  if (space) {
    if (std::find(spaces.begin(), spaces.end(), *space) != spaces.end()) return *space;
  } else if (spaces.size() == 1) {
    return spaces[0];
  } else if (spaces.size() > 1) {
    return fail(Errc::conflict, reg.name + " " + std::string(id) + " stands in several spaces",
                "name one with --space");
  }
  return fail(Errc::not_found,
              "there is no " + reg.name + " " + std::string(id) + (space ? " in " + *space : ""),
              "list them with: wasl list " + reg.name);
}

Status Replica::write(const std::function<Status(Database&)>& write) {
  std::vector<SealedSet> sealed;
  {
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(store_.refresh());
    WASL_TRY(catch_up_authority());
    WASL_LET(auto before, seal_captured(true));
    for (auto& one : before) sealed.push_back(std::move(one));
    WASL_TRY(db_.set_applying(false));
    Status written = write(db_);
    WASL_TRY(db_.set_applying(true));
    if (!written) return written;
    WASL_LET(auto own, seal_captured(false));
    for (auto& one : own) sealed.push_back(std::move(one));
    WASL_TRY(commit(transaction, sealed));
  }
  return {};
}

Result<std::size_t> Replica::seal() {
  std::size_t count = 0;
  for (;;) {
    // Asked before the write lock is taken: an idle daemon must not disturb who is writing.
    WASL_LET(auto select, db_.prepare("SELECT 1 FROM _wasl_capture LIMIT 1"));
    WASL_LET(const bool pending, select.step());
    select.reset();
    if (!pending) return count;
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(store_.refresh());
    WASL_TRY(catch_up_authority());
    WASL_LET(const auto sealed, seal_captured(true));
    if (notes_wait_) return count;
    WASL_TRY(commit(transaction, sealed));
    count += sealed.size();
  }
}

}  // namespace wasl
