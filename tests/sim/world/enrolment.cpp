#include "tests/sim/world/enrolment.hpp"

#include <deque>

namespace wasl::sim {
namespace {

/// A whole session by hand, without a network between.
std::optional<Error> carry(HubMachine& machine, ClientPort& port, const Bytes& hello_bytes, Millis now,
                           std::optional<Segment> extra, bool push) {
  Hub& hub = machine.hub();
  auto hello = HubSession::admit(hub, hello_bytes);
  if (!hello) return hello.error();
  constexpr std::uint64_t kId = 1ULL << 40;
  HubSession server(hub, kId, std::move(*hello), hello_hash(hello_bytes), now);
  ClientSession::Options options;
  options.network = hub.network();
  options.log_key = hub.log_key().public_key();
  options.hello = hello_hash(hello_bytes);
  options.push = push;
  options.extra = std::move(extra);
  ClientSession client(port, std::move(options), now);
  std::deque<std::shared_ptr<const Bytes>> down;
  std::deque<Bytes> up;
  const auto from_hub = [&](HubSession::Output out) {
    for (auto& frame : out.frames) down.push_back(std::move(frame));
  };
  from_hub(server.start(now));
  for (;;) {
    if (!down.empty()) {
      const auto frame = down.front();
      down.pop_front();
      for (Bytes& answer : client.on_frame(*frame, now).frames) up.push_back(std::move(answer));
      if (down.empty()) from_hub(server.on_writable(now));
    } else if (!up.empty()) {
      const Bytes frame = std::move(up.front());
      up.pop_front();
      from_hub(server.on_frame(frame, now));
      if (!up.empty()) continue;
      for (Bytes& more : client.on_writable(now).frames) up.push_back(std::move(more));
    } else if (!hub.committer().is_idle()) {
      const auto committed = machine.commit_now();
      for (const auto& ruling : committed.rulings) {
        if (ruling.ticket == kId) from_hub(server.on_ruling(ruling.verdicts, ruling.taken, now));
      }
      from_hub(server.on_commit(committed.grown, now));
    } else {
      break;
    }
  }
  if (client.error()) return client.error();
  const auto& verdict = client.extra_verdict();
  if (verdict && verdict->outcome != Outcome::accepted) {
    return Error{Errc::conflict, std::string(explain(verdict->reason)), ""};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> enrol(const Newcomer& newcomer, const Invitation& invitation) {
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  const NetworkAnchor anchor{invitation.network,
                             invitation.statement,
                             invitation.statement_number,
                             invitation.log_key,
                             invitation.url,
                             invitation.organisation,
                             "en"};
  auto replica = Replica::create(newcomer.folder, anchor, newcomer.ports);
  if (!replica) return replica.error();
  Replica& r = **replica;
  const auto step = [&](const Result<Bytes>& hello, std::optional<Segment> extra,
                        bool push) -> std::optional<Error> {
    if (!hello) return hello.error();
    return carry(newcomer.hub, r, *hello, newcomer.now, std::move(extra), push);
  };
  if (auto error = step(r.make_invitation_hello(key, {}), std::nullopt, false)) return error;
  auto enrolment = r.make_enrolment(key);
  if (!enrolment) return enrolment.error();
  if (auto error = step(r.make_invitation_hello(key, {}), std::move(*enrolment), false)) return error;
  if (const Status noted = r.note_enrolled(); !noted) return noted.error();
  if (const Status prepared = r.prepare_tables(); !prepared) return prepared.error();
  return step(r.make_hello(false, {}), std::nullopt, true);
}

std::optional<Error> enrol(const NewSection& newcomer, const Invitation& invitation) {
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  std::optional<Segment> extra;
  for (int session = 0; session < 2; ++session) {
    const auto hello = newcomer.mirror.make_hello(false, {}, &key);
    if (!hello) return hello.error();
    if (auto error =
            carry(newcomer.hub, newcomer.mirror, *hello, newcomer.now, std::exchange(extra, {}), false))
      return error;
    if (session > 0) break;
    auto enrolment = newcomer.mirror.make_enrolment(key);
    if (!enrolment) return enrolment.error();
    extra = std::move(*enrolment);
  }
  return std::nullopt;
}

}  // namespace wasl::sim
