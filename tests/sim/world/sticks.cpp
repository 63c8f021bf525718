#include "tests/sim/world/sticks.hpp"

#include <algorithm>

#include "server/hub/bundling.hpp"
#include "shared/bundle/frames.hpp"

namespace wasl::sim {
namespace {

constexpr double kSticks = 0.04;  // of one, beside each piece of work
constexpr std::size_t kOldMost = 6;
constexpr std::size_t kPushBytes = 1 << 18;
const std::vector<Fault> kStickFaults = {Fault::bundle_to_hub, Fault::bundle_to_office, Fault::bundle_again,
                                         Fault::bundle_damaged};

std::optional<std::set<PublicKey>> who_opens(const std::string& space, bool has_openings,
                                             const std::map<std::string, SealedTo>& readers) {
  if (stands_plain(space, has_openings)) return std::nullopt;
  std::set<PublicKey> out;
  if (const auto who = readers.find(space); who != readers.end()) {
    for (const SealedTo::Key& key : who->second.keys) out.insert(key.key);
  }
  return out;
}

/// What cannot be read of a frame is left, as the real program leaves it.
Status take_frame(Replica& replica, const Bytes& frame, bool first) {
  const auto into = [&](auto decoded, auto taking) -> Status {
    if (!decoded) return {};
    WASL_LET(const auto arrival, (replica.*taking)(*decoded));
    static_cast<void>(arrival);
    return {};
  };
  const NetworkAnchor& network = replica.network();
  if (frame.empty()) return {};
  if (frame[0] == kCoveredFrame) return into(decode_covered(frame), &Replica::take_covered);
  if (frame[0] == kAnswerFrame)
    return into(decode_answer(frame, network.network, network.log_key), &Replica::take_answer);
  if (frame[0] == static_cast<Byte>(FrameKind::vouched))
    return into(decode_vouched(frame), &Replica::take_vouched);
  if (frame[0] == static_cast<Byte>(FrameKind::statements))
    return into(decode_statements(frame), &Replica::take_statements);
  if (frame[0] == static_cast<Byte>(FrameKind::push) && first)
    return into(decode_segment(frame, network.network), &Replica::take_push);
  return {};
}

}  // namespace

Status Sticks::add_pushes(Replica& replica, const Readers& readers, Frames& frames) {
  replica.rewind_push();
  for (;;) {
    WASL_LET(const auto push, replica.next_push(kPushBytes));
    if (!push) return {};
    frames.push_back(
        {encode_segment(FrameKind::push, *push), who_opens(push->space, !push->openings.empty(), readers)});
  }
}

Status Sticks::add_entries(Replica& replica, const std::string& space, const Readers& readers,
                           Frames& frames) {
  WASL_LET(const auto vouched, replica.vouched(space));
  if (!vouched) return {};
  for (Position from = 1;;) {
    WASL_LET(const auto part, replica.next_covered(space, from));
    if (!part) break;
    frames.push_back({encode(part->covered), who_opens(space, part->has_openings, readers)});
    from = part->last + 1;
  }
  frames.push_back({encode(*vouched), who_opens(space, false, readers)});
  return {};
}

Status Sticks::take_all(Replica& replica, const Frames& frames) {
  WASL_TRY(replica.begin_import());
  for (const bool first : {true, false}) {
    for (const Frame& frame : frames) {
      if (!frame.readers || frame.readers->contains(replica.device()))
        WASL_TRY(take_frame(replica, frame.bytes, first));
    }
  }
  WASL_LET(const auto equal, replica.end_import());
  static_cast<void>(equal);
  return {};
}

void Sticks::step() {
  if (!dice_.chance(kSticks)) return;
  OfficeMachine& office = *world_.offices[dice_.below(world_.offices.size())];
  const auto fault = world_.faults.choose(dice_, kStickFaults);
  if (!fault || !carry(*fault, office)) return;
  world_.trace.note(office.setting().name, "sticks: " + std::string(to_word(*fault)));
  world_.faults.fired(*fault);
}

bool Sticks::carry(Fault fault, OfficeMachine& office) {
  if (fault == Fault::bundle_again) {
    if (old_.empty()) return false;
    const Stick& stick = old_[dice_.below(old_.size())];
    return stick.for_hub ? bring_to_hub(stick) : bring(stick.frames, office);
  }
  OfficeMachine& from = *world_.offices[dice_.below(world_.offices.size())];
  const bool to_hub = fault == Fault::bundle_to_hub || (fault == Fault::bundle_damaged && dice_.chance(0.5));
  auto stick = to_hub ? for_hub(from) : for_offices(from);
  if (!stick) return false;
  if (fault == Fault::bundle_damaged) {
    damage(stick->frames);
  } else if (old_.size() < kOldMost) {
    old_.push_back(*stick);
  } else {
    old_[dice_.below(kOldMost)] = *stick;
  }
  return to_hub ? bring_to_hub(*stick) : bring(stick->frames, office);
}

void Sticks::note(OfficeMachine& office, const std::string& what, const Error& error) {
  world_.trace.note(office.setting().name,
                    "cannot " + what + ": " + std::string(to_word(error.code)) + " " + error.message);
  if (error.code == Errc::caught && !office.may_be_caught)
    world_.trace.violation(office.setting().name, "an honest stick was caught: " + error.message);
}

std::optional<Sticks::Stick> Sticks::for_hub(OfficeMachine& office) {
  Stick stick{office.setting().name, true, {}};
  const auto done = office.command([&](Replica& replica) -> Status {
    WASL_LET(const Bytes hello, replica.make_bundle_hello());
    stick.frames.push_back({encode_hello_frame(hello), std::set<PublicKey>{}});
    return add_pushes(replica, {}, stick.frames);
  });
  if (done && !*done) note(office, "export for the hub", done->error());
  return done && *done ? std::optional(std::move(stick)) : std::nullopt;
}

std::optional<Sticks::Stick> Sticks::for_offices(OfficeMachine& office) {
  Stick stick{office.setting().name, false, {}};
  const auto done = office.command([&](Replica& replica) -> Status {
    WASL_LET(const std::size_t sealed, replica.seal());
    static_cast<void>(sealed);
    WASL_LET(const auto statements, replica.signed_statements());
    if (!statements.empty()) stick.frames.push_back({encode(statements), std::nullopt});
    WASL_LET(const AuthorityState* const authority, replica.authority());
    WASL_LET(const Millis now, replica.hub_time());
    auto spaces = authority->readable(replica.device(), now);
    std::ranges::stable_partition(spaces, [](const auto& space) { return space == kAuthoritySpace; });
    const Readers who = readers(*authority, now);
    for (const std::string& space : spaces) WASL_TRY(add_entries(replica, space, who, stick.frames));
    return add_pushes(replica, who, stick.frames);
  });
  if (done && !*done) note(office, "export for offices", done->error());
  return done && *done ? std::optional(std::move(stick)) : std::nullopt;
}

/// Bytes here and there; what is changed stands in for nothing else.
void Sticks::damage(Frames& frames) {
  for (Frame& frame : frames) {
    if (frame.bytes.size() < 2 || !dice_.chance(0.4)) continue;
    Byte& one = frame.bytes[1 + dice_.below(frame.bytes.size() - 1)];
    one = static_cast<Byte>(one ^ (1U << dice_.below(8)));
  }
}

bool Sticks::bring(const Frames& frames, OfficeMachine& office) {
  const auto done = office.command([&](Replica& replica) { return take_all(replica, frames); });
  if (done && !*done) note(office, "import", done->error());
  return done && *done;
}

bool Sticks::bring_to_hub(const Stick& stick) {
  if (!world_.hub.is_in_charge()) return false;
  const auto from = std::ranges::find_if(
      world_.offices, [&](const auto& office) { return office->setting().name == stick.from; });
  if (from == world_.offices.end()) return false;
  const auto device = [&]() -> std::optional<PublicKey> {
    std::optional<PublicKey> key;
    (*from)->command([&](Replica& replica) -> Status {
      key = replica.device();
      return {};
    });
    return key;
  }();
  if (!device) return false;
  Frames back;
  world_.hub.command([&](Hub& hub) -> Status {
    for (const auto& [bytes, who] : stick.frames) {
      if (bytes[0] == kHelloFrame) {
        const auto noted = note_bundled_hello(hub, bytes);
        static_cast<void>(noted);
      } else if (bytes[0] == static_cast<Byte>(FrameKind::push)) {
        const auto taken = take_bundled_push(hub, bytes);
        static_cast<void>(taken);  // in words for who brought it; each frame stands alone
      }
    }
    if (hub.authority().device(*device) == nullptr) return {};
    for (const std::string& space : hub.authority().readable(*device, hub.hub_time())) {
      WASL_LET(const Position size, hub.size(space));
      WASL_LET(const Position let_go, hub.store().let_go(space));
      for (Position at = let_go + 1; at <= size;) {
        WASL_LET(CoveredFrame frame, covered_frame(hub, space, at));
        back.push_back({std::move(frame.frame), std::nullopt});
        at = frame.last + 1;
      }
      WASL_LET(auto vouched, vouched_frame(hub, space));
      if (vouched) back.push_back({*std::move(vouched), std::nullopt});
    }
    WASL_LET(auto answers, answer_frames(hub, *device));
    for (Bytes& answer : answers) back.push_back({std::move(answer), std::nullopt});
    return {};
  });
  if (dice_.chance(0.7)) bring(back, **from);  // else the way back was too long
  return true;
}

}  // namespace wasl::sim
