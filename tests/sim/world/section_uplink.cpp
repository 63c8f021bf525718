// The session of a section's hub with the network's: what the real program's Upstream does with sockets and
// timers.
#include <algorithm>

#include "tests/sim/world/section_machine.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kConnectLimit = 30'000;
constexpr Millis kBackoffMost = 60'000;
constexpr int kDraws = 5;
constexpr std::string_view kName = "section";

}  // namespace

/// Whatever began anew meanwhile makes it void.
void SectionMachine::of_this_attempt(Millis wait, const std::function<void()>& code) {
  in_.scheduler.after(wait, [this, code, id = process_->id, attempt = process_->attempt] {
    if (process_ != nullptr && process_->id == id && process_->attempt == attempt) work(code);
  });
}

void SectionMachine::dial() {
  process_->session.reset();
  process_->connection.reset();
  ++process_->attempt;
  auto hello = process_->mirror->make_hello(true, {});
  if (!hello) return retry();
  of_this_attempt(line_->latency * 2, [this, hello = std::move(*hello)] { upgrade(hello); });
}

/// An old copy of the network's hub is kept from it, as from offices that would believe it.
void SectionMachine::upgrade(const Bytes& hello) {
  const auto fail_with = [&](Millis wait, const Error& error) {
    of_this_attempt(wait, [this, error] { ended(error); });
  };
  const bool silent = in_.above.old_heads || !line_->passes(Side::office) || !line_->passes(Side::hub);
  if (silent) return fail_with(kConnectLimit, {Errc::no_link, "nobody answers", ""});
  if (!in_.above.is_up()) return fail_with(line_->latency, {Errc::no_link, "refused", ""});
  const auto connection = std::make_shared<Connection>(in_.scheduler, in_.faults, dice_, line_);
  Connection::watch(connection);
  const auto refused = in_.above.accept(hello, connection);
  if (refused && refused->code == Errc::conflict && process_->draws_left > 0) {
    --process_->draws_left;
    process_->mirror->on_counter_used();
    return of_this_attempt(line_->latency, [this] { dial(); });
  }
  if (refused) return fail_with(line_->latency, *refused);
  ClientSession::Options options;
  options.live = true;
  options.network = process_->mirror->network();
  options.log_key = process_->mirror->log_key();
  options.hello = hello_hash(hello);
  options.follow = process_->mirror->heads_size();
  process_->session =
      std::make_unique<ClientSession>(*process_->mirror, std::move(options), in_.scheduler.steady());
  attach(connection);
  take(process_->session->on_time(in_.scheduler.steady()));
}

void SectionMachine::attach(const std::shared_ptr<Connection>& connection) {
  process_->connection = connection;
  const auto of_it = [this, id = process_->id, attempt = process_->attempt] {
    return process_ != nullptr && process_->id == id && process_->attempt == attempt;
  };
  const auto frame_came = [this, of_it](ByteView frame) {
    if (!of_it() || process_->session == nullptr) return;
    work([&] {
      take(process_->session->on_frame(frame, in_.scheduler.steady()));
      settle();
    });
  };
  const auto closed = [this, of_it] {
    if (of_it()) work([this] { ended(Error{Errc::no_link, "the link broke", ""}); });
  };
  connection->attach(Side::office, {.frame = frame_came, .closed = closed});
}

/// What was mirrored is shown, and what was kept is answered.
void SectionMachine::settle() {
  Status done = serve(*process_);
  if (done && process_->hub != nullptr) done = process_->hub->look();
  if (!done) in_.trace.note(kName, "does not follow: " + done.error().message);
}

void SectionMachine::take(ClientSession::Output out) {
  if (out.wake_at && !out.close) {
    of_this_attempt(std::max<Millis>(0, *out.wake_at - in_.scheduler.steady()),
                    [this, timer = ++process_->timer] {
                      if (process_->timer == timer && process_->session != nullptr)
                        take(process_->session->on_time(in_.scheduler.steady()));
                    });
  }
  if (!out.frames.empty()) {  // what was queued leaves: the channel says that it can take more
    of_this_attempt(20, [this] {
      if (process_->session != nullptr) take(process_->session->on_writable(in_.scheduler.steady()));
    });
  }
  outgoing_.push_back(std::move(out));
}

void SectionMachine::ended(const std::optional<Error>& error) {
  in_.trace.note(kName, "session ended: " + (error ? error->message : std::string("well")));
  if (process_->session != nullptr && process_->session->summary().equal.has_value())
    process_->backoff = 1'000;
  if (error && error->code == Errc::caught)
    in_.trace.violation(kName, "an honest hub was caught: " + error->message);
  process_->session.reset();
  process_->connection.reset();
  if (process_->mirror->must_begin_anew()) return begin_anew();
  retry();
}

void SectionMachine::retry() {
  process_->draws_left = kDraws;
  const auto half = static_cast<std::uint64_t>(process_->backoff / 2);
  process_->backoff = std::min(process_->backoff * 2, kBackoffMost);
  of_this_attempt(static_cast<Millis>(half + dice_.below(half + 1)), [this] { dial(); });
}

/// A new epoch: the copy is of the one before. What is kept stays.
void SectionMachine::begin_anew() {
  in_.trace.note(kName, "takes a new copy");
  end_process(true);
  for (const char* name : {"hub.db", "hub.db-wal"}) disk_.remove(name);
  start_after(1'000);
}

}  // namespace wasl::sim
