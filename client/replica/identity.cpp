#include "client/replica/identity.hpp"

#include <algorithm>
#include <sstream>

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

constexpr std::string_view kIdentityTables = R"sql(
CREATE TABLE IF NOT EXISTS value(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chain(chain BLOB PRIMARY KEY, space TEXT NOT NULL, bulk INTEGER NOT NULL,
  last INTEGER NOT NULL DEFAULT 0, name BLOB, retired INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS evidence(no INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL,
  ours BLOB NOT NULL, theirs BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS person_chain(person BLOB NOT NULL, space TEXT NOT NULL, chain BLOB NOT NULL,
  last INTEGER NOT NULL, name BLOB NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY(person, space)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS act(no INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, header BLOB NOT NULL,
  body BLOB NOT NULL, signature BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0, reason INTEGER NOT NULL DEFAULT 0,
  detail TEXT NOT NULL DEFAULT '');
)sql";

// Who lies at every session must not fill the disk.
constexpr int kEvidenceMost = 1'000;
constexpr std::size_t kEvidenceBytes = 16 * 1024 * 1024;  // of what was received; the words are kept still

tl::unexpected<Error> damaged() {
  return fail(Errc::corrupt, "identity.db holds something that this program did not write",
              "restore it from nowhere: ask the secretariat for a new invitation");
}

Bytes encode_number(std::uint64_t n) {
  Writer out;
  out.varint(n);
  return out.take();
}

}  // namespace

Result<Identity> Identity::open(const std::filesystem::path& folder, bool create) {
  const auto path = folder / "identity.db";
  OpenOptions options;
  options.path = path;
  options.create = create;
  WASL_LET(Database database, Database::open(options));
  std::error_code ignored;  // a file system without modes keeps its own
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                               ignored);
  WASL_TRY(database.exec(kIdentityTables));
  return Identity(std::move(database));
}

Result<std::optional<Bytes>> Identity::value(std::string_view key) {
  WASL_LET(auto select, db_.prepare("SELECT value FROM value WHERE key = ?"));
  select.bind_all(key);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<Bytes>();
  return std::optional(to_bytes(select.blob(0)));
}

Status Identity::set_value(std::string_view key, ByteView bytes) {
  WASL_LET(auto insert,
           db_.prepare("INSERT INTO value VALUES(?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"));
  insert.bind_all(key, bytes);
  return insert.run();
}

Result<std::optional<NetworkAnchor>> Identity::network() {
  WASL_LET(const auto bytes, value("network"));
  if (!bytes) return std::optional<NetworkAnchor>();
  Reader in(*bytes);
  NetworkAnchor anchor;
  anchor.network = in.fixed<NetworkId>();
  anchor.statement_hash = in.fixed<Hash>();
  anchor.statement_number = in.varint();
  anchor.log_key = in.fixed<PublicKey>();
  anchor.epoch = in.varint();
  anchor.url = in.text(1024);
  anchor.organisation = in.text(64);
  anchor.language = in.text(64);
  if (!in.finished()) return damaged();
  return std::optional(std::move(anchor));
}

Status Identity::set_network(const NetworkAnchor& anchor) {
  Writer out;
  out.fixed(anchor.network);
  out.fixed(anchor.statement_hash);
  out.varint(anchor.statement_number);
  out.fixed(anchor.log_key);
  out.varint(anchor.epoch);
  out.sized(anchor.url);
  out.sized(anchor.organisation);
  out.sized(anchor.language);
  return set_value("network", out.bytes());
}

Status Identity::set_statement(const OpenedStatement& opened) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(auto anchor, network());
  if (!anchor) return damaged();
  if (opened.statement.number < anchor->statement_number) return {};
  anchor->statement_hash = opened.hash;
  anchor->statement_number = opened.statement.number;
  anchor->log_key = opened.statement.log_key;
  anchor->epoch = opened.statement.epoch;
  WASL_TRY(set_network(*anchor));
  return transaction.commit();
}

Status Identity::set_url(std::string_view url) {
  WASL_LET(auto anchor, network());
  if (!anchor) return damaged();
  anchor->url = url;
  return set_network(*anchor);
}

Result<crypto::KeyPair> Identity::device_key(Random& random) {
  WASL_LET(const auto stored, value("device key"));
  if (stored) {
    const auto seed = crypto::Seed::from(*stored);
    if (!seed) return damaged();
    return crypto::KeyPair::from_seed(*seed);
  }
  crypto::KeyPair pair = crypto::KeyPair::generate(random);
  WASL_TRY(set_value("device key", pair.seed().view()));
  return pair;
}

Result<PublicKey> Identity::sealing_key(Random& random) {
  WASL_LET(auto stored, value("sealing key"));
  if (!stored) {
    stored = to_bytes(random.fixed<crypto::Seed>().view());
    WASL_TRY(set_value("sealing key", *stored));
  }
  const auto secret = crypto::Seed::from(*stored);
  if (!secret) return damaged();
  return crypto::sealing_public_key(*secret);
}

Result<crypto::Seed> Identity::sealing_secret() {
  WASL_LET(const auto stored, value("sealing key"));
  if (!stored) return fail(Errc::not_found, "this device has no key to which bundles are sealed");
  const auto secret = crypto::Seed::from(*stored);
  if (!secret) return damaged();
  return *secret;
}

Result<bool> Identity::is_enrolled() {
  WASL_LET(const auto stored, value("enrolled"));
  return stored.has_value();
}

Status Identity::set_enrolled() { return set_value("enrolled", Bytes{1}); }

Result<std::uint64_t> Identity::next_counter(Millis now) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(const auto stored, value("counter"));
  std::uint64_t counter = static_cast<std::uint64_t>(std::max<Millis>(1, now));
  if (stored) {
    Reader in(*stored);
    counter = std::max(counter, in.varint() + 1);
    if (!in.finished()) return damaged();
  }
  WASL_TRY(set_value("counter", encode_number(counter)));
  WASL_TRY(transaction.commit());
  return counter;
}

namespace {

constexpr std::uint64_t kFirstLeap = 1 << 20;  // milliseconds
constexpr std::uint64_t kLongestLeap = 1ULL << 44;

}  // namespace

Status Identity::leap_counter() {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(const auto counter, value("counter"));
  WASL_LET(const auto leap, value("leap"));
  const std::uint64_t step = leap ? Reader(*leap).varint() : kFirstLeap;
  const std::uint64_t last = counter ? Reader(*counter).varint() : 0;
  if (last < limits::kNumberMost - step) WASL_TRY(set_value("counter", encode_number(last + step)));
  WASL_TRY(set_value("leap", encode_number(std::min(step * 16, kLongestLeap))));
  return transaction.commit();
}

Status Identity::settle_counter() {
  WASL_LET(auto erase, db_.prepare("DELETE FROM value WHERE key = 'leap'"));
  return erase.run();
}

Result<CheckpointAnchor> Identity::checkpoint() {
  WASL_LET(const auto stored, value("checkpoint"));
  CheckpointAnchor out;
  if (!stored) return out;
  Reader in(*stored);
  out.heads.size = in.varint();
  out.heads.root = in.fixed<Hash>();
  out.note = in.text(64 * 1024);
  if (!in.finished()) return damaged();
  return out;
}

Status Identity::begin_epoch(std::uint64_t epoch) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(const auto last, value("checkpoint"));
  if (!last) return {};
  WASL_TRY(set_value("checkpoint before epoch " + std::to_string(epoch), *last));
  WASL_TRY(db_.exec("DELETE FROM value WHERE key = 'checkpoint'"));
  return transaction.commit();
}

Status Identity::move_checkpoint(const CheckpointAnchor& from, const CheckpointAnchor& to) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(const CheckpointAnchor now, checkpoint());
  if (now.heads != from.heads) return {};
  Writer out;
  out.varint(to.heads.size);
  out.fixed(to.heads.root);
  out.sized(to.note);
  WASL_TRY(set_value("checkpoint", out.bytes()));
  return transaction.commit();
}

Result<std::vector<Identity::ShownChain>> Identity::chains() {
  std::vector<ShownChain> out;
  WASL_LET(auto select,
           db_.prepare("SELECT chain, space, bulk, last, name FROM chain WHERE retired = 0 ORDER BY rowid"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    const auto chain = ChainId::from(select.blob(0));
    if (!chain) return damaged();
    ShownChain shown{*chain,
                     std::string(select.text(1)),
                     select.int64(2) != 0,
                     static_cast<Sequence>(select.int64(3)),
                     {}};
    if (!select.is_null(4)) shown.name = Hash::from(select.blob(4)).value_or(Hash{});
    out.push_back(std::move(shown));
  }
}

Status Identity::add_chain(const ChainId& chain, std::string_view space, bool bulk) {
  WASL_LET(auto insert, db_.prepare("INSERT INTO chain(chain, space, bulk) VALUES(?, ?, ?)"));
  insert.bind_all(chain, space, bulk ? 1 : 0);
  return insert.run();
}

Status Identity::retire_chain(const ChainId& chain) {
  WASL_LET(auto update, db_.prepare("UPDATE chain SET retired = 1 WHERE chain = ?"));
  update.bind_all(chain);
  return update.run();
}

Status Identity::set_shown(const ChainId& chain, Sequence last, const Hash& name) {
  WASL_LET(auto update, db_.prepare("UPDATE chain SET last = ?, name = ? WHERE chain = ? AND last < ?1"));
  update.bind_all(last, name, chain);
  return update.run();
}

Result<std::optional<Identity::ActChain>> Identity::act_chain(const PublicKey& person,
                                                              std::string_view space) {
  // The stamp rises along all chains of an author.
  WASL_LET(auto select,
           db_.prepare("SELECT chain, last, name, (SELECT max(stamp) FROM person_chain WHERE person = "
                       "?1) FROM person_chain WHERE person = ?1 AND space = ?2"));
  select.bind_all(person, space);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<ActChain>();
  const auto chain = ChainId::from(select.blob(0));
  const auto name = Hash::from(select.blob(2));
  if (!chain || !name) return damaged();
  ActChain out{{person, *chain}, {static_cast<Sequence>(select.int64(1)), *name, std::string(space), {}}};
  out.end.stamp.bits = static_cast<std::uint64_t>(select.int64(3));
  return std::optional(std::move(out));
}

Status Identity::end_act_chain(const ChainId& chain) {
  WASL_LET(auto erase, db_.prepare("DELETE FROM person_chain WHERE chain = ?"));
  erase.bind_all(chain);
  return erase.run();
}

Status Identity::add_act(const SignedAct& act) {
  const Header& header = act.set.header;
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(auto chain,
           db_.prepare("INSERT INTO person_chain VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
                       "chain = ?3, last = ?4, name = ?5, stamp = ?6"));
  chain.bind_all(header.source.author, header.space, header.source.chain, header.sequence, act.set.name,
                 static_cast<std::int64_t>(header.stamp.bits));
  WASL_TRY(chain.run());
  WASL_LET(auto insert, db_.prepare("INSERT INTO act(name, header, body, signature) VALUES(?, ?, ?, ?)"));
  insert.bind_all(act.set.name, ByteView(act.set.header_bytes), ByteView(act.set.body_bytes), act.signature);
  WASL_TRY(insert.run());
  return transaction.commit();
}

Result<std::vector<SignedAct>> Identity::acts() {
  std::vector<SignedAct> out;
  WASL_LET(auto select,
           db_.prepare("SELECT header, body, signature, state, reason, detail FROM act ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    auto set = decode_change_set(select.blob(0), select.blob(1));
    const auto signature = Signature::from(select.blob(2));
    if (!set || !signature) return damaged();
    out.push_back({*std::move(set), *signature, static_cast<PendingState>(select.int64(3)),
                   static_cast<Reason>(select.int64(4)), std::string(select.text(5))});
  }
}

Status Identity::rule_act(const Hash& name, PendingState state, Reason reason, std::string_view detail) {
  WASL_LET(auto update, db_.prepare("UPDATE act SET state = ?, reason = ?, detail = ? WHERE name = ?"));
  update.bind_all(static_cast<int>(state), static_cast<int>(reason), detail, name);
  return update.run();
}

Status Identity::forget_act(const Hash& name) {
  WASL_LET(auto erase, db_.prepare("DELETE FROM act WHERE name = ?"));
  erase.bind_all(name);
  return erase.run();
}

Status Identity::add_evidence(std::string_view what, ByteView ours, ByteView theirs, Millis at) {
  WASL_LET(auto insert,
           db_.prepare("INSERT INTO evidence(at, what, ours, theirs) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS "
                       "(SELECT 1 FROM evidence WHERE what = ?2 AND ours = ?3 AND theirs = ?4) AND "
                       "(SELECT count(*) FROM evidence) < ?5"));
  WASL_LET(const std::size_t room, evidence_room());
  if (theirs.size() > room) theirs = {};
  insert.bind_all(at, what, ours, theirs, kEvidenceMost);
  return insert.run();
}

/// Bytes that may still be kept.
Result<std::size_t> Identity::evidence_room() {
  WASL_LET(auto select, db_.prepare("SELECT coalesce(sum(length(theirs)), 0) FROM evidence"));
  WASL_TRY(select.step());
  const auto used = static_cast<std::size_t>(select.int64(0));
  return used < kEvidenceBytes ? kEvidenceBytes - used : 0;
}

Result<std::vector<std::string>> Identity::evidence() {
  std::vector<std::string> out;
  WASL_LET(auto select, db_.prepare("SELECT what FROM evidence GROUP BY what ORDER BY min(no)"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    out.emplace_back(select.text(0));
  }
}

Status Identity::each_evidence(const std::function<Status(const Evidence&)>& tell) {
  WASL_LET(auto select, db_.prepare("SELECT no, at, what, ours, theirs FROM evidence ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return {};
    WASL_TRY(tell({select.int64(0), select.int64(1), std::string(select.text(2)), to_bytes(select.blob(3)),
                   to_bytes(select.blob(4))}));
  }
}

Status Identity::change_evidence(const std::function<bool(Bytes&)>& change) {
  std::vector<Evidence> changed;
  WASL_TRY(each_evidence([&](const Evidence& one) -> Status {
    Evidence copy = one;
    const bool ours = change(copy.ours);
    const bool theirs = change(copy.theirs);
    if (ours || theirs) changed.push_back(std::move(copy));
    return {};
  }));
  for (const Evidence& one : changed) {
    WASL_LET(auto update, db_.prepare("UPDATE evidence SET ours = ?, theirs = ? WHERE no = ?"));
    update.bind_all(ByteView(one.ours), ByteView(one.theirs), one.number);
    WASL_TRY(update.run());
  }
  return db_.rewrite();
}

Result<std::vector<std::string>> Identity::damaged_copies() {
  std::vector<std::string> names;
  WASL_LET(const auto stored, value("damaged copies"));
  std::istringstream lines(stored ? to_text(*stored) : std::string());
  for (std::string name; std::getline(lines, name);) names.push_back(std::move(name));
  return names;
}

Status Identity::set_damaged_copies(const std::vector<std::string>& names) {
  std::string lines;
  for (const std::string& name : names) lines += name + '\n';
  return set_value("damaged copies", view(lines));
}

Status Identity::destroy() {
  WASL_TRY(db_.exec("PRAGMA secure_delete = ON"));
  WASL_TRY(db_.exec("DELETE FROM value; DELETE FROM chain; DELETE FROM evidence"));
  return db_.settle();
}

}  // namespace wasl
