#include "tests/crash/steps.hpp"

namespace wasl::test {

std::string project(const std::string& id, const std::string& space) {
  return "INSERT INTO project(id, space, title, status) VALUES('" + id + "', '" + space +
         "', 'T', 'pipeline');";
}

Status sync(CrashWorld& world, Machine machine) {
  Replica& replica = machine == Machine::office ? world.office() : world.second();
  world.clock.time += 1000;
  WASL_TRY(replica.seal());
  WASL_LET(const Bytes hello, replica.make_hello(false, {}));
  const CarriedSession session = carry(world.hub(), replica, hello, {}, world.clock.now());
  if (session.error) return tl::unexpected(*session.error);
  if (session.summary.equal != true) return fail(Errc::later, "not equal yet");
  return {};
}

void write_unsent(CrashWorld& world) {
  world.sql(Machine::office, project("p1") + project("q1", "association/senegal") +
                                 "UPDATE project SET website = 'w' WHERE id = 'p0';"
                                 "INSERT INTO person(id, space, name) VALUES('m1', 'association/senegal', "
                                 "'Awa')");
}

void send_from_second(CrashWorld& world) {
  world.sql(Machine::second,
            project("s1") + project("s2") + "UPDATE project SET reference = 'R1' WHERE id = 'p0'");
  must(sync(world, Machine::second));
}

Status unless(Status done, Errc harmless) {
  if (!done && done.error().code == harmless) return {};
  return done;
}

crypto::KeyPair person(Byte number) {
  crypto::Seed seed;
  seed.bytes.fill(number);
  return crypto::KeyPair::from_seed(seed);
}

void enrol(CrashWorld& world, const crypto::KeyPair& person) {
  must(world.registrar().enrol_administrator(person.public_key()));
}

Hash grant_of(CrashWorld& world, const crypto::KeyPair& person) {
  const Person* known = world.hub().authority().person(person.public_key());
  return known == nullptr ? Hash{} : known->grants.front();
}

Status decide(CrashWorld& world, const crypto::KeyPair& person, const wasl::Act& act,
              const std::string& space) {
  Scribe scribe({world.store(), world.hub().committer(), world.ports().schema, world.clock, world.random,
                 [&] { return world.hub().commit(); }});
  return only_status(scribe.write(person, space, grant_of(world, person), {scribe.act_operation(act)}));
}

}  // namespace wasl::test
