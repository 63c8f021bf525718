#include "tests/support/hub_world.hpp"

#include <sqlite3.h>
#include <stdlib.h>

#include <deque>

namespace wasl::test {
namespace {

std::filesystem::path temporary_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-hub-XXXXXX").string();
  return mkdtemp(pattern.data());
}

std::filesystem::path copy_of(const std::filesystem::path& folder) {
  auto copy = temporary_folder();
  std::filesystem::copy(folder, copy, std::filesystem::copy_options::recursive);
  return copy;
}

}  // namespace

HubWorld::HubWorld(const Schema& schema, StoreKind kind)
    : schema_(schema),
      folder_(temporary_folder()),
      place_(folder_, kind),
      root_(crypto::KeyPair::generate(random_)),
      registrar_key_(crypto::KeyPair::generate(random_)),
      log_key_(crypto::KeyPair::generate(random_)) {
  NetworkStatement statement;
  statement.name = "Test network";
  statement.roots = {root_.public_key()};
  statement.log_key = log_key_.public_key();
  statement.registrars = {registrar_key_.public_key()};
  statement.schema = schema_.hash();
  SignedStatement signed_statement{encode(statement), {}};
  add_signature(signed_statement, root_);
  auto store = must(place_.open(StoreUse::create));
  Committer committer({*store, schema_, log_key_, clock_, random_});
  must(committer.found(signed_statement));
  store.reset();
  reopen();
}

HubWorld::HubWorld(const HubWorld& other)
    : schema_(other.schema_),
      folder_(copy_of(other.folder_)),
      place_(folder_, StoreKind::sqlite),
      clock_(other.clock_),
      random_(other.random_),
      root_(crypto::KeyPair::from_seed(other.root_.seed())),
      registrar_key_(crypto::KeyPair::from_seed(other.registrar_key_.seed())),
      log_key_(crypto::KeyPair::from_seed(other.log_key_.seed())) {
  reopen();
}

HubWorld::~HubWorld() {
  registrar_.reset();
  hub_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void HubWorld::reopen() {
  registrar_.reset();
  hub_.reset();
  store_.reset();
  store_ = must(place_.open(StoreUse::write));
  hub_ = std::make_unique<Hub>(Committer::Ports{*store_, schema_, log_key_, clock_, random_});
  must(hub_->committer().start());
  registrar_.emplace(Registrar::Ports{*store_, hub_->committer(), schema_, clock_, random_,
                                      [this] { return hub_->commit(); }},
                     registrar_key_);
}

SignedStatement HubWorld::next_statement(const std::function<void(NetworkStatement&)>& change) const {
  NetworkStatement next = hub_->authority().statement();
  ++next.number;
  next.previous = hub_->authority().statement_hash();
  change(next);
  SignedStatement out{encode(next), {}};
  add_signature(out, root_);
  return out;
}

Status HubWorld::place(const SignedStatement& statement, std::optional<crypto::KeyPair> log_key) {
  const auto has_key = [&](const PublicKey& key) {
    return key == log_key_.public_key() || (log_key && key == log_key->public_key());
  };
  return hub_->place(statement, has_key, [&]() -> Status {
    if (log_key) log_key_ = *std::move(log_key);
    return {};
  });
}

void HubWorld::rotate() {
  auto key = crypto::KeyPair::generate(random_);
  const auto statement = next_statement([&](NetworkStatement& next) { next.log_key = key.public_key(); });
  must(place(statement, std::move(key)));
}

const crypto::KeyPair& HubWorld::administrator() {
  if (!administrator_) {
    administrator_ = crypto::KeyPair::generate(random_);
    must(registrar_->enrol_administrator(administrator_->public_key()));
  }
  return *administrator_;
}

Status HubWorld::act(const crypto::KeyPair& key, const std::vector<Act>& acts, const std::string& space) {
  Scribe scribe({*store_, hub_->committer(), schema_, clock_, random_, [this] { return hub_->commit(); }});
  const Person* person = hub_->authority().person(key.public_key());
  std::vector<Operation> operations;
  for (const Act& one : acts) operations.push_back(scribe.act_operation(one));
  sort_by_record(operations);
  WASL_TRY(
      scribe.write(key, space, person == nullptr ? Hash{} : person->grants.front(), std::move(operations)));
  return {};
}

Hash HubWorld::enrol(const crypto::KeyPair& device, const std::string& organisation,
                     const std::string& role) {
  return enrol(device, invite(organisation, role));
}

Hash HubWorld::enrol(const crypto::KeyPair& device, const Invitation& invitation) {
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  const Grant* grant = hub_->authority().invitation(key.public_key());
  EnrolAct enrol;
  enrol.device = device.public_key();
  enrol.proof = device.sign(enrol_message(network(), key.public_key(), enrol.sealing_key));
  GrantAct pass = grant->act;
  pass.kind = GrantKind::device;
  pass.grantee = device.public_key();
  pass.until = 0;
  pass.depth = 0;
  Pen pen(*this, key, std::string(kAuthoritySpace), grant->name);
  std::vector<Operation> operations;
  for (const Act& act : {Act(enrol), Act(pass)}) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = to_hex(random_.fixed<GroupId>().view());
    op.value = encode_act(act);
    operations.push_back(std::move(op));
  }
  const auto verdicts = push(pen.run({pen.write(std::move(operations))}));
  if (verdicts.at(0).verdict.outcome != Outcome::accepted)
    throw std::runtime_error(verdicts[0].verdict.detail);
  return hub_->authority().device(device.public_key())->grant;
}

std::vector<VerdictItem> HubWorld::push(Segment segment) {
  must(verify_runs(segment, network()));
  hub_->push(1, std::move(segment));
  std::vector<VerdictItem> verdicts;
  for (auto& ruling : hub_->commit().rulings) {
    if (ruling.ticket == 1) verdicts = std::move(ruling.verdicts);
  }
  return verdicts;
}

Pen::Pen(HubWorld& world, const crypto::KeyPair& key, std::string space, const Hash& grant)
    : world_(world),
      key_(key),
      space_(std::move(space)),
      grant_(grant),
      source_{key.public_key(), world.random().fixed<ChainId>()} {}

ChangeSet Pen::write(std::vector<Operation> operations, std::uint32_t part, std::uint32_t parts) {
  if (part == 1) group_ = world_.random().fixed<GroupId>();
  sort_by_record(operations);
  Header header;
  header.network = world_.network();
  header.space = space_;
  header.source = source_;
  header.sequence = ++last_;
  header.previous = name_;
  header.schema = world_.schema().hash();
  header.grant = grant_;
  header.stamp = stamp_ = Stamp::next(stamp_, world_.clock().now());
  header.group = group_;
  header.part = part;
  header.parts = parts;
  ChangeSet set = make_change_set(std::move(header), std::move(operations));
  name_ = set.name;
  return set;
}

Segment Pen::run(const std::vector<ChangeSet>& sets) const {
  Segment segment{space_, 0, {}, {}};
  for (const ChangeSet& set : sets) segment.items.emplace_back(SetItem{std::nullopt, set});
  const Signature signature = key_.sign(run_message(world_.network(), sets.back().name));
  segment.items.emplace_back(SignatureItem{source_, sets.back().header.sequence, signature});
  return segment;
}

Segment Pen::take_back(const ChangeSet& set) const {
  Segment segment = run({set});
  segment.items.front() = StandInItem{set.header, set.header_bytes, set.name,
                                      key_.sign(taken_back_message(world_.network(), set.name))};
  return segment;
}

void Pen::rewind(Sequence last, const Hash& name) {
  last_ = last;
  name_ = name;
}

Operation Pen::create(const std::string& register_name, const std::string& id) {
  Operation op;
  op.kind = OperationKind::create;
  op.register_number = built_in_schema().find(register_name)->number;
  op.id = id;
  return op;
}

Operation Pen::write_text(const std::string& register_name, const std::string& id, const std::string& field,
                          const std::string& text, std::vector<Dot> names) {
  Operation op = create(register_name, id);
  op.kind = OperationKind::write;
  op.address.field = built_in_schema().find(register_name)->field(field)->number;
  op.value = Value::text(text);
  op.names = std::move(names);
  return op;
}

HubOffice::HubOffice(HubWorld& world, const Invitation& invitation)
    : world_(world), folder_(temporary_folder()) {
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  const NetworkAnchor anchor{invitation.network,
                             invitation.statement,
                             invitation.statement_number,
                             invitation.log_key,
                             invitation.url,
                             invitation.organisation,
                             ""};
  replica_ = must(Replica::create(folder_, anchor, {world.clock(), world.random(), world.schema()}));
  const auto hello = [&] {
    ++world_.clock().time;  // an invitation's counter is the clock
    return must(replica_->make_invitation_hello(key, {}));
  };
  const auto need = [](const Session& session) {
    if (session.error) throw std::runtime_error(session.error->message);
    if (session.extra && session.extra->outcome != Outcome::accepted) {
      throw std::runtime_error(std::string(explain(session.extra->reason)) + " " + session.extra->detail);
    }
  };
  const auto speak = [&](std::optional<Segment> extra) {
    CarryOptions options;
    options.extra = std::move(extra);
    options.push = false;
    const Bytes said = hello();
    need(carry(world_.hub(), *replica_, said, std::move(options), world_.clock().now()));
  };
  speak(std::nullopt);
  speak(must(replica_->make_enrolment(key)));
  must(replica_->note_enrolled());
  need(sync());
}

HubOffice::HubOffice(HubWorld& world, const HubOffice& other)
    : world_(world), folder_(copy_of(other.folder_)) {
  reopen();
}

HubOffice::~HubOffice() {
  replica_.reset();
  std::filesystem::remove_all(folder_);
}

void HubOffice::reopen() {
  replica_.reset();
  replica_ = must(Replica::open(folder_, {world_.clock(), world_.random(), world_.schema()}));
}

HubOffice::Session HubOffice::sync(std::size_t cut_after) {
  must(replica_->seal());
  CarryOptions options;
  options.cut_after = cut_after;
  return carry(world_.hub(), *replica_, must(replica_->make_hello(false, {})), std::move(options),
               world_.clock().now());
}

HubOffice::Session HubOffice::sync_with(HubPeer& peer) {
  must(replica_->seal());
  return carry(peer, *replica_, must(replica_->make_hello(false, {})), {}, world_.clock().now());
}

namespace {

/// Both ends of one session, with what is on its way between them.
class Carrier {
 public:
  Carrier(HubPeer& peer, Replica& replica, const Bytes& hello, CarryOptions options, Millis now)
      : peer_(peer), replica_(replica), hello_(hello), options_(std::move(options)), now_(now) {}

  CarriedSession run() {
    const auto admitted = HubSession::admit(peer_.port(), hello_);
    if (options_.is_cut()) return std::move(result_);
    if (!admitted) {
      result_.error = admitted.error();
      return std::move(result_);
    }
    server_.emplace(peer_.port(), kId, *admitted, hello_hash(hello_), now_);
    ClientSession::Options options;
    options.network = replica_.network().network;
    options.log_key = replica_.network().log_key;
    options.hello = hello_hash(hello_);
    options.push = options_.push;
    options.extra = std::move(options_.extra);
    client_.emplace(peer_.office(replica_), std::move(options), now_);
    from_hub(server_->start(now_));
    while (!cut_ && step()) {
    }
    result_.summary = client_->summary();
    result_.error = client_->error();
    result_.extra = client_->extra_verdict();
    return std::move(result_);
  }

 private:
  static constexpr std::uint64_t kId = 7;
  static constexpr Byte kInStream = 4;  // PROTOCOL.md section 5.4
  static constexpr Byte kBeginsStream = 8;

  bool step() {
    if (!down_.empty() || !up_.empty()) {
      if (frames_++ == options_.cut_after) return false;
      down_.empty() ? to_hub() : to_office();
      return true;
    }
    if (peer_.is_idle()) return false;
    const auto committed = peer_.commit();
    cut_ = options_.is_cut();
    for (const auto& ruling : committed.rulings) {
      if (!cut_ && ruling.ticket == kId) from_hub(server_->on_ruling(ruling.verdicts, ruling.taken, now_));
    }
    if (!cut_) from_hub(server_->on_commit(committed.grown, now_));
    return true;
  }
  void from_hub(HubSession::Output out) {
    cut_ = cut_ || options_.is_cut();
    if (cut_) return;
    for (auto& frame : out.frames) down_.push_back(peer_.alter(std::move(frame)));
  }
  void to_hub() {
    const Bytes frame = std::move(up_.front());
    up_.pop_front();
    if (frame_kind(frame) == FrameKind::push && refers_to_logs(frame)) ++result_.referring_pushes;
    if (frame_kind(frame) == FrameKind::push && (frame[1] & kInStream) != 0) ++result_.streamed_up;
    from_hub(server_->on_frame(frame, now_));
    if (!up_.empty() || cut_) return;
    auto more = client_->on_writable(now_).frames;
    cut_ = cut_ || options_.is_cut();
    if (!cut_) std::move(more.begin(), more.end(), std::back_inserter(up_));
  }
  void to_office() {
    const auto frame = down_.front();
    down_.pop_front();
    result_.bytes_down += frame->size();
    if (frame_kind(*frame) == FrameKind::entries) {
      if (((*frame)[1] & kInStream) != 0) ++result_.streamed_down;
      if (((*frame)[1] & kBeginsStream) != 0) ++result_.streams_down;
      const auto segment =
          decode_segment(*frame, peer_.port().network(), peer_.port().known_logs(), &backlog_);
      for (const SegmentItem& item : segment ? segment->items : std::vector<SegmentItem>()) {
        result_.own_items += std::holds_alternative<OwnItem>(item) ? 1 : 0;
      }
    }
    auto answers = client_->on_frame(*frame, now_).frames;
    cut_ = cut_ || options_.is_cut();
    if (cut_) return;
    for (Bytes& answer : answers) up_.push_back(std::move(answer));
    if (down_.empty()) from_hub(server_->on_writable(now_));
  }

  HubPeer& peer_;
  Replica& replica_;
  const Bytes& hello_;
  CarryOptions options_;
  Millis now_;
  std::optional<HubSession> server_;
  std::optional<ClientSession> client_;
  StreamRoom room_{1};
  StreamReceiver backlog_{&room_};  // as the office unpacks it
  std::deque<std::shared_ptr<const Bytes>> down_;
  std::deque<Bytes> up_;
  std::size_t frames_ = 0;
  bool cut_ = false;
  CarriedSession result_;
};

}  // namespace

CarriedSession carry(HubPeer& peer, Replica& replica, const Bytes& hello, CarryOptions options, Millis now) {
  return Carrier(peer, replica, hello, std::move(options), now).run();
}

CarriedSession carry(Hub& hub, Replica& replica, const Bytes& hello, CarryOptions options, Millis now) {
  HubPeer honest(hub);
  return carry(honest, replica, hello, std::move(options), now);
}

void HubOffice::sql(const std::string& statement) {
  sqlite3* db = nullptr;
  sqlite3_open((folder_ / "replica.db").c_str(), &db);
  sqlite3_busy_timeout(db, 5000);
  char* error = nullptr;
  const int code = sqlite3_exec(db, statement.c_str(), nullptr, nullptr, &error);
  const std::string words = error == nullptr ? "" : error;
  sqlite3_free(error);
  sqlite3_close(db);
  if (code != SQLITE_OK) throw std::runtime_error(words);
}

std::string HubOffice::rows(const std::string& query) {
  auto select = must(replica_->database().prepare(query));
  std::string out;
  while (must(select.step())) {
    if (!out.empty()) out += '\n';
    for (int column = 0; column < select.column_count(); ++column) {
      out += (column == 0 ? "" : "|") + std::string(select.text(column));
    }
  }
  return out;
}

}  // namespace wasl::test
