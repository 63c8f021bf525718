// What persons decide: signed at an office, given its place at the hub, taken in by offices.
#include "server/hub/audit.hpp"
#include "tests/crash/act.hpp"
#include "tests/crash/steps.hpp"

namespace wasl::test {
namespace {

constexpr Machine kHub = Machine::hub, kOffice = Machine::office, kSecond = Machine::second;

const crypto::KeyPair& president() {
  static const crypto::KeyPair key = person(7);
  return key;
}
const crypto::KeyPair& thief() {
  static const crypto::KeyPair key = person(8);
  return key;
}

void know_the_president(CrashWorld& world) {
  enrol(world, president());
  must(sync(world, kOffice));
}

Status sign(CrashWorld& world) {
  WASL_LET(const auto signed_before, world.office().identity().acts());
  if (!signed_before.empty()) return {};
  const auto grant = [&](Byte number) {
    return GrantAct{GrantKind::person,
                    person(number).public_key(),
                    "senegal",
                    "secretary",
                    {{kRead | kWrite, {"association/senegal"}, {}}},
                    world.clock.now(),
                    0,
                    0};
  };
  return only_status(
      world.office().sign_acts(president(), grant_of(world, president()), {grant(9), grant(10)}));
}

/// The office's work that the hub refused for want of a right; its name is noted.
void refused(CrashWorld& world) {
  know_the_president(world);
  world.sql(kOffice, project("x1", "public"));
  world.sync(world.office());
  world.note = to_hex(must(world.office().status()).waiting.at(0).name.view());
}
/// Decides about it, unless an earlier try did.
Status decide_once(CrashWorld& world, const std::function<Status(std::vector<Hash>)>& decision) {
  const Hash name = *Hash::from(*from_hex(world.note));
  WASL_LET(const auto kept, world.store().kept_named(name));
  const bool waits = kept && (kept->state == KeptState::held || kept->state == KeptState::refused);
  return waits ? decision({name}) : Status();
}
Status adopt(CrashWorld& world) {
  return decide_once(world, [&](std::vector<Hash> names) {
    return decide(world, president(), AdoptAct{std::move(names)}, "public");
  });
}
Status discard(CrashWorld& world) {
  return decide_once(world, [&](std::vector<Hash> names) {
    return decide(world, president(), DiscardAct{"public", std::move(names), DiscardReason::duplicate});
  });
}
/// The second office's work instead, adopted; the first has not heard of it.
void adopted(CrashWorld& world) {
  know_the_president(world);
  world.sql(kSecond, project("x1", "public"));
  world.sync(world.second());
  world.note = to_hex(must(world.second().status()).waiting.at(0).name.view());
  must(adopt(world));
}

/// Both offices know what a stolen key wrote, and the office has built on it.
void invented(CrashWorld& world) {
  enrol(world, thief());
  Scribe scribe({world.store(), world.hub().committer(), world.ports().schema, world.clock, world.random,
                 [&] { return world.hub().commit(); }});
  const std::uint32_t number = world.ports().schema.find("project")->number;
  for (const char* id : {"v1", "v2"}) {
    Operation create;
    create.kind = OperationKind::create;
    create.register_number = number;
    create.id = id;
    must(scribe.write(thief(), "section/africa", grant_of(world, thief()), {create}));
  }
  for (const Machine machine : {kOffice, kSecond}) must(sync(world, machine));
  world.sql(kOffice, "UPDATE project SET reference = 'mine' WHERE id = 'v1'");
  must(sync(world, kOffice));
}
Status revoke_the_thief(CrashWorld& world) {
  if (!world.hub().authority().revocations().empty()) return {};
  return world.registrar().revoke({thief().public_key(), RevocationReason::compromised, 0});
}

Status receive(CrashWorld& world) { return sync(world, kOffice); }

const Register& project_register(CrashWorld& world) { return *world.ports().schema.find("project"); }

}  // namespace

std::vector<Act> acts_of_power() {
  std::vector<Act> out;
  out.push_back({.name = "sign-acts", .prepare = know_the_president, .run = sign});
  const auto with_acts = [](CrashWorld& world) {
    know_the_president(world);
    must(sign(world));
    world.sql(kOffice, project("p1"));
  };
  out.push_back({.name = "session-sends-acts", .prepare = with_acts, .run = receive});
  out.push_back({.name = "hub-session-sends-acts", .victim = kHub, .prepare = with_acts, .run = receive});
  out.push_back({.name = "status-with-acts", .prepare = with_acts, .run = [](CrashWorld& world) {
                   return only_status(world.office().status());
                 }});
  out.push_back({.name = "hub-adopts", .victim = kHub, .prepare = refused, .run = adopt});
  out.push_back({.name = "hub-discards", .victim = kHub, .prepare = refused, .run = discard});
  out.push_back({.name = "session-receives-adopted", .prepare = adopted, .run = receive});
  out.push_back({.name = "session-hears-of-adoption",
                 .prepare =
                     [](CrashWorld& world) {
                       refused(world);
                       must(adopt(world));
                     },
                 .run = receive});
  out.push_back({.name = "session-hears-of-discard",
                 .prepare =
                     [](CrashWorld& world) {
                       refused(world);
                       must(discard(world));
                     },
                 .run = receive});
  out.push_back({.name = "receipt-of-adopted",
                 .prepare =
                     [](CrashWorld& world) {
                       adopted(world);
                       must(sync(world, kOffice));
                     },
                 .run =
                     [](CrashWorld& world) {
                       return only_status(
                           world.office().receipt(project_register(world), "x1", std::nullopt));
                     }});
  out.push_back(
      {.name = "hub-revokes-a-stolen-key", .victim = kHub, .prepare = invented, .run = revoke_the_thief});
  out.push_back({.name = "session-takes-back-what-was-stolen",
                 .prepare =
                     [](CrashWorld& world) {
                       invented(world);
                       must(revoke_the_thief(world));
                     },
                 .run = receive});
  out.push_back({.name = "hub-audit", .victim = kHub, .prepare = invented, .run = [](CrashWorld& world) {
                   return audit(world.store(), world.ports().schema, {},
                                [](const AuditLine&) { return Status(); });
                 }});
  return out;
}

}  // namespace wasl::test
