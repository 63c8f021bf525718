#include "tests/crash/world.hpp"

#include <sqlite3.h>

#include <stdexcept>

namespace wasl::test {
namespace {

constexpr std::uint64_t kSeed = 20'260'101;

constexpr std::string_view kProject = R"({"number": 7, "name": "project", LABELS, "caption": "title",
  "default_space": "own", "fields": [
  {"number": 1, "name": "reference", "type": "text", "policy": "latest", LABELS},
  {"number": 2, "name": "title", "type": "multilingual", "policy": "latest", "required": true, LABELS},
  {"number": 3, "name": "status", "type": "code", "policy": "review", LABELS,
   "codes": [{"code": "pipeline", LABELS}, {"code": "closed", LABELS}]},
  {"number": 4, "name": "website", "type": "text", "policy": "latest", LABELS},
  {"number": 5, "name": "note", "type": "multilingual", "policy": "latest", "most_bytes": 16384, LABELS},
  {"number": 6, "name": "sdg", "type": "text", "policy": "set", LABELS}]})";
constexpr std::string_view kPerson = R"({"number": 9, "name": "person", LABELS, "caption": "name",
  "default_space": "own", "fields": [
  {"number": 1, "name": "name", "type": "text", "policy": "review", "personal": true, LABELS},
  {"number": 2, "name": "email", "type": "text", "policy": "latest", "personal": true, LABELS}]})";

/// Two registers instead of all: every opening of a file parses its tables and triggers.
const Schema& schema() {
  static const Schema small = [] {
    const auto labelled = [](std::string text) {
      constexpr std::string_view kLabels =
          R"("labels": {"ar": "x", "en": "x", "fr": "x", "es": "x", "pt": "x"})";
      for (std::size_t at = 0; (at = text.find("LABELS", at)) != std::string::npos; at += kLabels.size())
        text.replace(at, 6, kLabels);
      return text;
    };
    return must(Schema::load({{"project.json", labelled(std::string(kProject))},
                              {"person.json", labelled(std::string(kPerson))}}));
  }();
  return small;
}

std::string path_of(Machine machine) {
  switch (machine) {
    case Machine::hub:
      return "/hub/hub.db";
    case Machine::office:
      return "/office/replica.db";
    case Machine::second:
      return "/second/replica.db";
  }
  return {};
}

std::string rows_of(sqlite3* db, const std::string& statements) {
  std::string out;
  const auto append = [](void* to, int count, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    for (int i = 0; i < count; ++i) text += (i > 0 ? "|" : "") + std::string(values[i] ? values[i] : "NULL");
    text += '\n';
    return 0;
  };
  if (sqlite3_exec(db, statements.c_str(), append, &out, nullptr) != SQLITE_OK)
    throw std::runtime_error(std::string("sql: ") + sqlite3_errmsg(db));
  return out;
}

/// A connection as a foreign program has it.
class Foreign {
 public:
  explicit Foreign(Machine machine) {
    if (sqlite3_open_v2(path_of(machine).c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string("sql: ") + sqlite3_errmsg(db_));
  }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;
  ~Foreign() { sqlite3_close(db_); }

  std::string run(const std::string& statements) { return rows_of(db_, statements); }

 private:
  sqlite3* db_ = nullptr;
};

void need(const CarriedSession& session) {
  if (session.error) throw std::runtime_error("session: " + session.error->message);
  if (session.extra && session.extra->outcome != Outcome::accepted)
    throw std::runtime_error("session: " + session.extra->detail);
}

}  // namespace

CrashWorld::CrashWorld()
    : disks_(std::in_place, kSeed),
      hub_disk_("hub", clock, kSeed),
      office_disk_("office", clock, kSeed + 1),
      second_disk_("second", clock, kSeed + 2),
      root_(crypto::KeyPair::generate(random)),
      registrar_key_(crypto::KeyPair::generate(random)),
      log_key_(crypto::KeyPair::generate(random)) {
  found();
  must(registrar().add_organisation({"africa", "section", "", "Africa"}));
  must(registrar().add_organisation({"senegal", "association", "africa", "Senegal"}));
  must(registrar().add_organisation({"mali", "association", "africa", "Mali"}));
  for (const auto& [machine, organisation] :
       {std::pair{Machine::office, "senegal"}, std::pair{Machine::second, "mali"}}) {
    const Invitation invitation = invite(organisation, "administrator");
    make_office(machine, invitation);
    Replica& replica = machine == Machine::office ? office() : second();
    need(speak(replica, invitation, std::nullopt));
    need(speak(replica, invitation,
               must(replica.make_enrolment(crypto::KeyPair::from_seed(invitation.seed)))));
    need(sync(replica));
    must(replica.note_enrolled());
  }
  sql(Machine::office,
      "INSERT INTO project(id, space, title, reference, status) "
      "VALUES('p0', 'section/africa', 'Water', 'R0', 'pipeline')");
  need(sync(office()));
  need(sync(second()));
}

CrashWorld::~CrashWorld() { close_all(); }

CrashWorld::Saved CrashWorld::save() {
  close_all();
  return {hub_disk_.image(), office_disk_.image(), second_disk_.image(), clock.time, note};
}

void CrashWorld::restore(const Saved& saved, std::uint64_t seed) {
  disks_.emplace(seed);
  hub_disk_.restore(saved.hub);
  office_disk_.restore(saved.office);
  second_disk_.restore(saved.second);
  for (SimDisk* disk : {&hub_disk_, &office_disk_, &second_disk_}) disk->reseed(seed);
  clock.time = saved.time;
  note = saved.note;
  random.state = TestRandom().state ^ (seed * 0x9E3779B97F4A7C15ULL);
}

std::size_t CrashWorld::fingerprint() const {
  std::size_t all = 0;
  for (const SimDisk* disk : {&hub_disk_, &office_disk_, &second_disk_}) {
    for (const auto& [name, bytes] : disk->image()) {
      for (const std::string_view part :
           {std::string_view(name),
            std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())})
        all = all * 0x9E3779B97F4A7C15ULL + std::hash<std::string_view>()(part);
    }
  }
  return all;
}

SimDisk& CrashWorld::disk(Machine machine) {
  if (machine == Machine::hub) return hub_disk_;
  return machine == Machine::office ? office_disk_ : second_disk_;
}

void CrashWorld::found() {
  NetworkStatement statement;
  statement.name = "Test network";
  statement.roots = {root_.public_key()};
  statement.log_key = log_key_.public_key();
  statement.registrars = {registrar_key_.public_key()};
  statement.schema = schema().hash();
  SignedStatement signed_statement{encode(statement), {}};
  add_signature(signed_statement, root_);
  {
    auto store = must(open_hub_store(path_of(Machine::hub), StoreUse::create));
    Committer committer({*store, schema(), log_key_, clock, random});
    const Status founded = committer.found(signed_statement);
    if (!founded && founded.error().code != Errc::conflict) must(founded);
  }
  open(Machine::hub);
}

Status CrashWorld::place(const std::function<void(NetworkStatement&)>& change) {
  NetworkStatement next = hub_->authority().statement();
  ++next.number;
  next.previous = hub_->authority().statement_hash();
  change(next);
  SignedStatement statement{encode(next), {}};
  add_signature(statement, root_);
  const auto has_key = [&](const PublicKey& key) { return key == log_key_.public_key(); };
  return hub_->place(statement, has_key, [] { return Status(); });
}

Status CrashWorld::try_open_hub() {
  close(Machine::hub);
  WASL_LET(store_, open_hub_store(path_of(Machine::hub), StoreUse::write));
  hub_ = std::make_unique<Hub>(Committer::Ports{*store_, schema(), log_key_, clock, random});
  WASL_TRY(hub_->committer().start());
  registrar_.emplace(Registrar::Ports{*store_, hub_->committer(), schema(), clock, random,
                                      [this] { return hub_->commit(); }},
                     registrar_key_);
  return {};
}

Replica::Ports CrashWorld::ports() { return {clock, random, schema()}; }

Status CrashWorld::try_open_office() {
  close(Machine::office);
  WASL_LET(office_, Replica::open("/office", ports()));
  return {};
}

void CrashWorld::open(Machine machine) {
  switch (machine) {
    case Machine::hub:
      return must(try_open_hub());
    case Machine::office:
      return must(try_open_office());
    case Machine::second:
      second_ = must(Replica::open("/second", ports()));
  }
}

void CrashWorld::close(Machine machine) {
  switch (machine) {
    case Machine::hub:
      registrar_.reset();
      hub_.reset();
      store_.reset();
      return;
    case Machine::office:
      office_.reset();
      return;
    case Machine::second:
      second_.reset();
  }
}

void CrashWorld::close_all() {
  for (const Machine machine : {Machine::hub, Machine::office, Machine::second}) close(machine);
}

void CrashWorld::abandon() {
  (void)hub_.release();
  (void)store_.release();
  (void)office_.release();
  (void)second_.release();
  for (SimDisk* disk : {&hub_disk_, &office_disk_, &second_disk_}) disk->abandon();
}

void CrashWorld::make_office(Machine machine, const Invitation& invitation) {
  const NetworkAnchor anchor{invitation.network,
                             invitation.statement,
                             invitation.statement_number,
                             invitation.log_key,
                             invitation.url,
                             invitation.organisation,
                             ""};
  auto& replica = machine == Machine::office ? office_ : second_;
  replica = must(Replica::create(disk(machine).folder(), anchor, ports()));
}

void CrashWorld::sql(Machine machine, const std::string& statements) {
  Foreign(machine).run("BEGIN IMMEDIATE;" + statements + ";COMMIT");
}

std::string CrashWorld::rows(Machine machine, const std::string& query) {
  const auto& replica = machine == Machine::office ? office_ : second_;
  if (machine == Machine::hub || replica == nullptr) return Foreign(machine).run(query);
  return rows_of(replica->database().handle(), query);
}

CarriedSession CrashWorld::sync(Replica& replica, CarryOptions options) {
  clock.time += 1000;
  must(replica.seal());
  const Bytes hello = must(replica.make_hello(false, {}));
  return carry(hub(), replica, hello, std::move(options), clock.now());
}

CarriedSession CrashWorld::speak(Replica& replica, const Invitation& invitation, std::optional<Segment> extra,
                                 CarryOptions options) {
  clock.time += 1000;
  options.push = false;
  options.extra = std::move(extra);
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  const Bytes hello = must(replica.make_invitation_hello(key, {}));
  return carry(hub(), replica, hello, std::move(options), clock.now());
}

Invitation CrashWorld::invite(const std::string& organisation, const std::string& role) {
  return must(registrar().invite({organisation, role, "ws://test"}));
}

}  // namespace wasl::test
