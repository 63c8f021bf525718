#include "tests/sim/world/hub_machine.hpp"

#include "tests/support/mini_network.hpp"

namespace wasl::sim {
namespace {

using test::must;

constexpr Millis kGather = 2;  // the hub's own: pushes that come together share a commit
constexpr Millis kEraseEvery = 60'000;
constexpr std::string_view kName = "hub";

/// No dice: what a seed means for all else stays as it was.
crypto::Seed administrator_seed() {
  crypto::Seed seed;
  seed.bytes.fill(0xAD);
  return seed;
}

}  // namespace

HubMachine::HubMachine(Scheduler& scheduler, const Schema& schema, Faults& faults, test::Dice& dice,
                       Trace& trace)
    : scheduler_(scheduler),
      schema_(schema),
      faults_(faults),
      dice_(dice),
      trace_(trace),
      clock_(scheduler),
      disk_(std::string(kName), clock_, dice.next()),
      random_(dice.next()),
      root_(crypto::KeyPair::generate(random_)),
      registrar_key_(crypto::KeyPair::generate(random_)),
      log_key_(crypto::KeyPair::generate(random_)),
      administrator_(crypto::KeyPair::from_seed(administrator_seed())) {
  found();
  start();
}

HubMachine::~HubMachine() { end_process(false); }

void HubMachine::found() {
  NetworkStatement statement;
  statement.name = "Simulated network";
  statement.roots = {root_.public_key()};
  statement.log_key = log_key_.public_key();
  statement.registrars = {registrar_key_.public_key()};
  statement.schema = schema_.hash();
  SignedStatement signed_statement{encode(statement), {}};
  add_signature(signed_statement, root_);
  network_ = network_id(signed_statement.hash());
  auto store = must(open_hub_store(disk_.folder() + "/hub.db", StoreUse::create));
  Committer committer({*store, schema_, log_key_, clock_, random_});
  must(committer.found(signed_statement));
}

void HubMachine::start() {
  if (process_ != nullptr) return;
  auto store = open_hub_store(disk_.folder() + "/hub.db", StoreUse::write);
  if (store && std::exchange(failed_, false)) {
    if (const Status sound = (*store)->check(); !sound) store = tl::unexpected(sound.error());
  }
  if (!store) {
    trace_.note(kName, "does not open: " + store.error().message);
    disk_.revive();
    return start_after(10'000);
  }
  HubStore& opened = **store;
  process_ = std::make_unique<Process>(std::move(*store),
                                       Committer::Ports{opened, schema_, log_key_, clock_, random_});
  Status started = process_->hub.committer().start();
  if (started) started = open_files();
  process_->links = std::make_shared<HubLinks>(HubLinks::Ports{
      scheduler_, trace_, std::string(kName), process_->hub, process_->files.get(),
      [this](const std::function<void()>& code) { work(code); }, [this] { files_damaged_ = true; }});
  if (started && told_to_recover_) started = process_->hub.committer().begin_recovery();
  if (started && !disk_.killed()) told_to_recover_ = false;
  if (!started || disk_.killed()) {
    trace_.note(kName, "does not start: " + (started ? "killed" : started.error().message));
    if (!started && started.error().code == Errc::corrupt) trace_.violation(kName, started.error().message);
    if (!started && started.error().code == Errc::invalid_value) clock_.set_right();  // the operator reads it
    end_process(true);
    disk_.revive();
    return start_after(10'000);
  }
  process_->registrar.emplace(Registrar::Ports{opened, process_->hub.committer(), schema_, clock_, random_,
                                               [this] { return commit_now(); }},
                              registrar_key_);
  process_->hub.listen(
      {.on_queued =
           [this] {
             if (std::exchange(process_->commit_planned, true)) return;
             scheduler_.after(kGather, [this, process = process_.get()] {
               if (process_.get() == process) commit();
             });
           },
       .on_committed = [this](const Committer::Committed& committed) { process_->links->tell(committed); }});
  trace_.note(kName, "started with " + std::to_string(process_->hub.heads().size) + " heads");
  erase_due(++starts_);
}

/// At the start and every now and then, as the real program.
void HubMachine::erase_due(std::uint64_t start) {
  if (process_ == nullptr || starts_ != start) return;
  work([this] {
    const Status erased = process_->hub.erase_due();
    if (!erased) trace_.note(kName, "cannot erase: " + erased.error().message);
    process_->links->look_for_files();
  });
  scheduler_.after(kEraseEvery, [this, start] { erase_due(start); });
}

void HubMachine::start_after(Millis wait) {
  scheduler_.after(wait, [this] { start(); });
}

Committer::Committed HubMachine::commit_now() {
  auto committed = process_->hub.commit();
  if (!disk_.killed()) process_->links->send();
  return committed;
}

Result<Invitation> HubMachine::invite(const std::string& organisation, const std::string& role,
                                      bool confirm) {
  return process_->registrar->invite({organisation, role, "ws://hub", confirm});
}

Status HubMachine::confirm(const PublicKey& device) {
  const Device* enrolled = process_->hub.authority().device(device);
  if (enrolled == nullptr) return fail(Errc::not_found, "no such device");
  return process_->registrar->confirm({enrolled->grant});
}

Status HubMachine::publish(const Schema& descriptions) {
  std::map<std::string, std::string> files;
  for (const Register& reg : descriptions.registers()) files[reg.name + ".json"] = reg.text;
  const auto published = process_->registrar->publish(files);
  return published ? Status() : tl::unexpected(published.error());
}

void HubMachine::add_organisation(const std::string& id, const std::string& kind, const std::string& parent) {
  must(process_->registrar->add_organisation({id, kind, parent, id}));
}

Status HubMachine::decide(const Act& act, const std::string& space) {
  const AuthorityState& authority = process_->hub.authority();
  if (authority.person(administrator_.public_key()) == nullptr)
    WASL_TRY(process_->registrar->enrol_administrator(administrator_.public_key()));
  const Person* person = authority.person(administrator_.public_key());
  if (person == nullptr) return fail(Errc::not_found, "no administrator");
  Scribe scribe({*process_->store, process_->hub.committer(), schema_, clock_, random_,
                 [this] { return commit_now(); }});
  WASL_TRY(scribe.write(administrator_, space, person->grants.front(), {scribe.act_operation(act)}));
  return {};
}

bool HubMachine::is_idle() const { return process_ != nullptr && process_->hub.committer().is_idle(); }

void HubMachine::command(const std::function<Status(Hub&)>& code) {
  work([&] {
    const Status done = code(process_->hub);
    if (!done) trace_.note(kName, "a command fails: " + done.error().message);
    ++commits_;
  });
}

Result<std::size_t> HubMachine::collect(const std::string& space, Position floor) {
  Result<std::size_t> count = std::size_t{0};
  work([&] {
    std::set<std::pair<std::uint32_t, std::string>> dead;
    const auto look = [&](const std::string& id, RecordState& state) -> Status {
      if (!state.is_alive()) dead.emplace(state.register_number, id);
      return {};
    };
    const Status read = process_->store->read_moment([&]() -> Status {
      WASL_LET(const SpaceInfo* const info, process_->store->space(space));
      return process_->store->each_record(info->number, look);
    });
    if (!read) {
      count = tl::unexpected(read.error());
      return;
    }
    count = process_->hub.collect(space, floor, dead);
  });
  return count;
}

void HubMachine::commit() {
  process_->commit_planned = false;
  work([this] {
    process_->hub.commit();
    ++commits_;
  });
  if (process_ != nullptr && !process_->hub.committer().is_idle() && !process_->commit_planned) {
    process_->commit_planned = true;
    scheduler_.after(kGather, [this, process = process_.get()] {
      if (process_.get() == process) commit();
    });
  }
}

std::optional<Error> HubMachine::accept(ByteView hello, const std::shared_ptr<Connection>& connection) {
  const auto links = process_->links;
  return links->accept(hello, connection);
}

void HubMachine::work(const std::function<void()>& code) {
  if (process_ == nullptr) return;
  process_->links->forget_answers();
  const std::uint64_t failed = disk_.failed();
  code();
  if (disk_.killed()) {
    trace_.note(kName, "killed at a write");
    faults_.fired(Fault::kill_hub_at_write);
    kill();
    return start_after(500 + static_cast<Millis>(dice_.below(20'000)));
  }
  const bool answers = process_->links->has_answers();
  if (answers && faults_.strikes(Fault::kill_before_answer, dice_, 0.004)) {
    trace_.note(kName, "killed between durable and answered");
    kill();
    return start_after(500);
  }
  process_->links->send();
  if (answers && process_ != nullptr && faults_.strikes(Fault::kill_after_answer, dice_, 0.004)) {
    trace_.note(kName, "killed after its answer");
    kill();
    return start_after(500);
  }
  if (std::exchange(files_damaged_, false) && process_ != nullptr) {
    trace_.note(kName, "files.db is put aside");
    return lose_files();
  }
  // After an I/O error nothing in memory is trusted: stop, reopen, check, go on.
  if (process_ != nullptr && (disk_.failed() != failed || process_->store->must_reopen())) {
    trace_.note(kName, "stops after an I/O error");
    kill();
    failed_ = true;
    start_after(1'000);
  }
}

void HubMachine::end_process(bool tells) {
  if (process_ == nullptr) return;
  process_->hub.listen({});
  process_->links->die(tells);
  process_.reset();
}

/// A files.db that cannot be read is put aside: offices bring its chunks again.
Status HubMachine::open_files() {
  if (!faults_.is_on(Fault::file_attached)) return {};
  auto files = HubFiles::open(disk_.folder(), process_->hub);
  if (!files && files.error().code == Errc::corrupt) {
    trace_.note(kName, "files.db is put aside");
    for (const char* name : {"files.db", "files.db-wal"}) disk_.remove(name);
    files = HubFiles::open(disk_.folder(), process_->hub);
  }
  if (!files) return tl::unexpected(files.error());
  process_->files = *std::move(files);
  return {};
}

void HubMachine::lose_files() {
  end_process(true);
  disk_.revive();
  for (const char* name : {"files.db", "files.db-wal"}) disk_.remove(name);
  start_after(500);
}

void HubMachine::kill() {
  end_process(true);
  disk_.revive();
}

void HubMachine::cut_power(test::SimDisk::Tear tear) {
  end_process(false);
  disk_.cut_power(tear);
}

void HubMachine::recover(const test::SimDisk::Image& image) {
  restore(image);
  told_to_recover_ = true;
}

bool HubMachine::open_epoch() {
  if (!is_up() || !process_->hub.is_recovering()) return false;
  bool opened = false;
  work([&] {
    Hub& hub = process_->hub;
    NetworkStatement next = hub.authority().statement();
    ++next.number;
    next.previous = hub.authority().statement_hash();
    ++next.epoch;
    SignedStatement statement{encode(next), {}};
    add_signature(statement, root_);
    const Status placed = hub.place(
        statement, [&](const PublicKey& key) { return key == log_key_.public_key(); },
        [] { return Status(); });
    opened = placed.has_value();
    trace_.note(kName, opened ? "a new epoch begins" : "no new epoch: " + placed.error().message);
  });
  return opened && process_ != nullptr;
}

void HubMachine::restore(const test::SimDisk::Image& image) {
  end_process(true);
  disk_.restore(image);
}

}  // namespace wasl::sim
