#include "tests/sim/world/section_machine.hpp"

#include "server/store/open_store.hpp"
#include "tests/sim/world/enrolment.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kEraseEvery = 60'000;
constexpr Millis kGather = 2;  // the hub's own: pushes that come together share a commit
constexpr std::string_view kName = "section";

}  // namespace

SectionMachine::SectionMachine(const Ports& ports, std::string organisation, std::uint64_t seed)
    : in_(ports),
      organisation_(std::move(organisation)),
      dice_(seed),
      clock_(ports.scheduler),
      disk_(std::string(kName), clock_, dice_.next()),
      random_(dice_.next()),
      device_(crypto::KeyPair::generate(random_)) {}

SectionMachine::~SectionMachine() { end_process(false); }

std::optional<Error> SectionMachine::join(const Invitation& invitation) {
  {
    Process filling;
    if (const Status opened = open(filling); !opened) return opened.error();
    if (auto error = enrol({in_.above, *filling.mirror, in_.scheduler.steady()}, invitation)) return error;
  }
  start();
  return std::nullopt;
}

Status SectionMachine::open(Process& process) {
  WASL_LET(process.store, open_hub_store(disk_.folder() + "/hub.db", StoreUse::create));
  WASL_LET(process.kept, KeptWork::open(disk_.folder() + "/section.db"));
  process.kept->tell_time(clock_);
  process.section.emplace(*process.store, *process.kept, in_.above.network());
  process.mirror.emplace(Mirror::Ports{*process.store, *process.kept, *process.section, device_, clock_,
                                       random_, in_.above.network(), in_.above.log_key()});
  return process.mirror->start();
}

/// From the first checkpoint on under which everything is here.
Status SectionMachine::serve(Process& process) {
  WASL_LET(const std::string note, process.section->signed_note());
  if (note.empty() || process.hub != nullptr) return {};
  process.store->share_through(*process.section);
  process.hub = std::make_unique<Hub>(Committer::Ports{*process.store, in_.schema, device_, clock_, random_});
  process.hub->keep_in(*process.kept);
  process.links = std::make_shared<HubLinks>(
      HubLinks::Ports{in_.scheduler, in_.trace, std::string(kName), *process.hub, nullptr,
                      [this](const std::function<void()>& code) { work(code); }});
  process.hub->listen(
      {.on_queued =
           [this, &process] {
             if (std::exchange(process.commit_planned, true)) return;
             in_.scheduler.after(kGather, [this, id = process.id] {
               if (process_ != nullptr && process_->id == id) commit();
             });
           },
       .on_committed =
           [&process](const Committer::Committed& committed) { process.links->tell(committed); }});
  return process.hub->committer().start();
}

void SectionMachine::start() {
  if (process_ != nullptr) return;
  process_ = std::make_unique<Process>();
  process_->id = ++last_id_;
  Status started = open(*process_);
  if (started) started = serve(*process_);
  if (!started || disk_.killed()) {
    in_.trace.note(kName, "does not start: " + (started ? "killed" : started.error().message));
    if (!started && !disk_.killed() && disk_.failed() == 0)
      in_.trace.violation(kName, "does not start: " + started.error().message);
    end_process(true);
    disk_.revive();
    return start_after(10'000);
  }
  in_.trace.note(kName, is_serving() ? "serves" : "has nothing to serve yet");
  erase_due(process_->id);
  of_this_attempt(10, [this] { dial(); });
}

/// At the start and every now and then, as the real program.
void SectionMachine::erase_due(std::uint64_t id) {
  if (process_ == nullptr || process_->id != id) return;
  work([this] {
    if (!is_serving()) return;
    Process& p = *process_;
    Status erased = p.hub->erase_due();
    if (erased && p.hub->committer().erased() != p.erased) {
      erased = p.kept->erase(p.hub->authority(), p.section->seen_until(), p.hub->network());
      if (erased) p.erased = p.hub->committer().erased();
    }
    if (!erased) in_.trace.note(kName, "cannot erase: " + erased.error().message);
    if (p.session == nullptr) return;
    if (p.mirror->retry_gaps()) take(p.session->on_local_commit(in_.scheduler.steady()));
    if (!p.mirror->awaits_time()) return;
    p.connection->die(Side::office, true);
    dial();
  });
  in_.scheduler.after(kEraseEvery, [this, id] { erase_due(id); });
}

void SectionMachine::start_after(Millis wait) {
  in_.scheduler.after(wait, [this] { start(); });
}

std::optional<Error> SectionMachine::accept(ByteView hello, const std::shared_ptr<Connection>& connection) {
  const auto links = process_->links;
  return links->accept(hello, connection);
}

/// What is pushed has its answer at the next look.
void SectionMachine::commit() {
  process_->commit_planned = false;
  work([this] {
    process_->hub->commit();
    settle();
    if (process_->session != nullptr) take(process_->session->on_local_commit(in_.scheduler.steady()));
  });
}

void SectionMachine::work(const std::function<void()>& code) {
  if (process_ == nullptr) return;
  outgoing_.clear();
  if (process_->links) process_->links->forget_answers();
  code();
  if (disk_.killed()) {
    in_.trace.note(kName, "killed at a write");
    in_.faults.fired(Fault::section_killed);
    kill();
    return start_after(500 + static_cast<Millis>(dice_.below(20'000)));
  }
  if (process_ == nullptr) return;
  if (process_->links) process_->links->send();
  for (ClientSession::Output& out : std::exchange(outgoing_, {})) {
    if (process_ == nullptr || process_->connection == nullptr) return;
    for (const Bytes& frame : out.frames) process_->connection->send(Side::office, frame);
    if (!out.close) continue;
    process_->connection->close(Side::office);
    return ended(process_->session->error());
  }
}

void SectionMachine::end_process(bool tells) {
  if (process_ == nullptr) return;
  if (process_->hub != nullptr) process_->hub->listen({});
  if (process_->links) process_->links->die(tells);
  if (process_->connection) process_->connection->die(Side::office, tells);
  process_.reset();
  outgoing_.clear();
}

void SectionMachine::kill() {
  end_process(true);
  disk_.revive();
}

void SectionMachine::cut_power(test::SimDisk::Tear tear) {
  end_process(false);
  disk_.cut_power(tear);
}

void SectionMachine::lose_disk() {
  end_process(true);
  disk_.revive();
  for (const char* name : {"hub.db", "hub.db-wal", "section.db", "section.db-wal"}) disk_.remove(name);
  start_after(1'000);
}

}  // namespace wasl::sim
