// What is found damaged or missing, and set right: all of it may be interrupted.
#include "tests/crash/act.hpp"
#include "tests/crash/steps.hpp"

namespace wasl::test {
namespace {

constexpr Machine kOffice = Machine::office, kSecond = Machine::second;

const std::string kOfAfrica = " space = (SELECT no FROM _wasl_space WHERE name = 'section/africa')";

Status receive(CrashWorld& world) { return sync(world, kOffice); }
/// Of what was found wrong the office is told; then it goes on.
Status receive_at_last(CrashWorld& world) {
  Status done = sync(world, kOffice);
  return done || world.office().must_reopen() ? done : sync(world, kOffice);
}
void try_to_receive(CrashWorld& world) {
  if (!receive_at_last(world)) must(receive(world));
}

void change(CrashWorld& world, const std::string& statement) {
  must(world.office().database().exec(statement));
}

/// Work that nobody sealed, in a file that cannot be used.
void damage(CrashWorld& world) {
  world.sql(kSecond, project("gone") + project("swap") +
                         "INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '6')");
  for (const Machine machine : {kSecond, kOffice}) must(sync(world, machine));
  write_unsent(world);
  world.sql(kOffice,
            "DELETE FROM project WHERE id = 'gone';"
            "REPLACE INTO project(id, space, title) VALUES('swap', 'section/africa', 'S');"
            "INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '13')");
  world.close(kOffice);
  world.sql(kOffice, "ALTER TABLE _wasl_pending RENAME COLUMN state TO stete");
}

Act repairing(const std::string& name, const std::string& damage) {
  return {.name = name,
          .prepare =
              [damage](CrashWorld& world) {
                send_from_second(world);
                must(sync(world, kOffice));
                change(world, damage);
                world.sql(kSecond, project("later"));
                must(sync(world, kSecond));
              },
          .run = receive_at_last,
          .resume = try_to_receive,
          .is_sound = false};
}

}  // namespace

std::vector<Act> acts_of_repair() {
  std::vector<Act> out;
  out.push_back({.name = "session-salvages",
                 .prepare =
                     [](CrashWorld& world) {
                       damage(world);
                       must(Replica::reopen("/office", world.ports()));
                       world.open(kOffice);
                     },
                 .run = receive,
                 .resume = try_to_receive});
  out.push_back({.name = "session-fetches-all",
                 .prepare =
                     [](CrashWorld& world) {
                       write_unsent(world);
                       must(sync(world, kOffice));
                       world.sql(kOffice, project("p2"));
                       must(world.office().seal());
                       world.close(kOffice);
                       for (const char* file : {"replica.db", "replica.db-wal"})
                         world.disk(kOffice).remove(file);
                       world.open(kOffice);
                     },
                 .run = receive_at_last,
                 .resume = try_to_receive});
  out.push_back(repairing("session-repairs-a-log",
                          "UPDATE _wasl_entry SET hash = zeroblob(32) WHERE position = 1 AND" + kOfAfrica));
  out.push_back(repairing("session-asks-for-a-head",
                          "UPDATE _wasl_space SET leaf = x'07' WHERE name = 'section/africa'"));
  out.push_back(
      {.name = "rebuild-a-lost-clock",
       .prepare =
           [](CrashWorld& world) {
             write_unsent(world);
             must(world.office().seal());
             change(world, "UPDATE project SET _clock = x'07' WHERE id = 'p0'");
           },
       .run = [](CrashWorld& world) { return only_status(world.office().rebuild("section/africa")); },
       .resume = [](CrashWorld& world) { must(world.office().rebuild("section/africa")); },
       .is_sound = false});
  out.push_back({.name = "verify-what-waits",
                 .prepare =
                     [](CrashWorld& world) {
                       write_unsent(world);
                       world.sql(kOffice,
                                 "INSERT INTO project_sdg(record, space, value) "
                                 "VALUES('p0', 'section/africa', '13')");
                       must(world.office().seal());
                     },
                 .run = [](CrashWorld& world) { return only_status(world.office().verify()); }});
  return out;
}

}  // namespace wasl::test
