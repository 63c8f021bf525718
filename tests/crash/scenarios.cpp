#include "tests/crash/scenario.hpp"

namespace wasl::test {
namespace {

constexpr Machine kHub = Machine::hub, kOffice = Machine::office, kSecond = Machine::second;

std::string project(const std::string& id, const std::string& space = "section/africa",
                    const std::string& reference = "R") {
  return "INSERT INTO project(id, space, title, reference, status) VALUES('" + id + "', '" + space +
         "', 'Title " + id + "', '" + reference + "', 'pipeline');";
}
std::string write(const std::string& id, const std::string& field, const std::string& value) {
  return "UPDATE project SET " + field + " = '" + value + "' WHERE id = '" + id + "';";
}

Status program(Database& db, const std::string& statements) { return db.exec(statements); }

/// A session in which every call of either side is a step.
void session(CrashWorld& world, Replica& replica, SimDisk& victim, const Mark& mark) {
  CarryOptions options;
  options.is_cut = [&] {
    if (!victim.killed()) mark();
    return victim.killed();
  };
  CarriedSession done = world.sync(replica, options);
  if (done.error && done.error->code == Errc::locked) done = world.sync(replica, options);  // as `wasl sync`
  if (done.error) throw std::runtime_error(done.error->message);
}

void clean_sync(CrashWorld& world, Machine machine) {
  Replica& replica = machine == kOffice ? world.office() : world.second();
  const CarriedSession done = world.sync(replica);
  if (done.error) throw std::runtime_error(done.error->message);
}

std::vector<Scenario> writing() {
  std::vector<Scenario> out;
  out.push_back({.name = "plain-sql", .run = [](CrashWorld& world, const Mark& mark) {
                   world.sql(kOffice, project("p1"));
                   mark();
                   world.sql(kOffice, project("p2") + write("p2", "website", "w") + write("p0", "note", "n"));
                   mark();
                   world.sql(kOffice, "DELETE FROM project WHERE id = 'p1'");
                   mark();
                 }});
  out.push_back({.name = "seal-one",
                 .prepare = [](CrashWorld& world) { world.sql(kOffice, project("p1")); },
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       must(world.office().seal());
                       mark();
                       world.sql(kOffice, write("p1", "reference", "R2"));
                       mark();
                       must(world.office().seal());
                       mark();
                     }});
  out.push_back({.name = "seal-group",
                 .prepare =
                     [](CrashWorld& world) {
                       std::string all;
                       for (int i = 0; i < 10; ++i) {
                         const std::string id = "g" + std::to_string(i);
                         all +=
                             project(id) + write(id, "note", std::string(9'000, static_cast<char>('a' + i)));
                       }
                       world.sql(kOffice, all);
                     },
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       must(world.office().seal());
                       mark();
                     }});
  out.push_back({.name = "seal-two-spaces",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, project("p1") + project("q1", "association/senegal") +
                                              write("p0", "reference", "R1"));
                     },
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       must(world.office().seal());
                       mark();
                     }});
  out.push_back({.name = "replica-write", .run = [](CrashWorld& world, const Mark& mark) {
                   world.sql(kOffice, project("p1"));
                   mark();
                   must(world.office().write([](Database& db) { return program(db, project("p2")); }));
                   mark();
                   must(world.office().write([](Database& db) {
                     return program(db, write("p1", "website", "w") + write("p2", "website", "w"));
                   }));
                   mark();
                 }});
  out.push_back({.name = "personal-values", .run = [](CrashWorld& world, const Mark& mark) {
                   must(world.office().write([](Database& db) {
                     return program(db,
                                    "INSERT INTO person(id, space, name, email) VALUES('m1', "
                                    "'association/senegal', 'Awa', 'awa@example.org')");
                   }));
                   mark();
                   world.sql(kOffice, "UPDATE person SET email = 'a@example.org' WHERE id = 'm1'");
                   mark();
                   must(world.office().seal());
                   mark();
                 }});
  return out;
}

std::vector<Scenario> receiving() {
  std::vector<Scenario> out;
  out.push_back({.name = "receive-small",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kSecond, project("s1") + write("p0", "reference", "R1"));
                       clean_sync(world, kSecond);
                     },
                 .run = [](CrashWorld& world,
                           const Mark& mark) { session(world, world.office(), world.disk(kOffice), mark); }});
  out.push_back({.name = "receive-slices",
                 .prepare =
                     [](CrashWorld& world) {
                       for (int run = 0; run < 2; ++run) {
                         std::string all;
                         for (int i = 0; i < 90; ++i) {
                           const std::string id = "s" + std::to_string(run) + "-" + std::to_string(i);
                           all += project(id);
                           if (i % 3 == 0) all += write(id, "note", std::string(700, 'n'));
                         }
                         world.sql(kSecond, all);
                         must(world.second().seal());
                       }
                       clean_sync(world, kSecond);
                     },
                 .run = [](CrashWorld& world,
                           const Mark& mark) { session(world, world.office(), world.disk(kOffice), mark); }});
  out.push_back({.name = "receive-over-unsealed",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kSecond, write("p0", "reference", "R1") + project("s1"));
                       clean_sync(world, kSecond);
                       world.sql(kOffice, write("p0", "website", "w") + project("p1"));
                     },
                 .run = [](CrashWorld& world,
                           const Mark& mark) { session(world, world.office(), world.disk(kOffice), mark); }});
  return out;
}

/// Two projects that the hub refuses and one edit that it holds, all sealed.
void make_unwelcome(CrashWorld& world) {
  world.sql(kOffice, project("x1", "section/nowhere"));
  must(world.office().seal());
  world.sql(kOffice, project("h1"));
  must(world.office().seal());
  world.sql(kOffice, write("h1", "reference", "R2"));
  must(world.office().seal());
  const std::string first =
      world.rows(kOffice, "SELECT lower(hex(hash)) FROM _wasl_pending ORDER BY no LIMIT 1 OFFSET 1");
  must(world.office().discard(must(world.office().find_pending(first.substr(0, 64)))));
  world.sql(kOffice, project("p1"));
}

std::vector<Scenario> sessions() {
  std::vector<Scenario> out;
  const auto both_ways = [](CrashWorld& world) {
    world.sql(kSecond, project("s1") + write("p0", "reference", "R1"));
    clean_sync(world, kSecond);
    for (int i = 0; i < 4; ++i) {
      world.sql(kOffice, project("p" + std::to_string(i + 1)));
      must(world.office().seal());
    }
    world.sql(kOffice, project("q1", "association/senegal") + write("p0", "website", "w"));
  };
  for (const Machine victim : {kOffice, kHub}) {
    const std::string at = victim == kHub ? "hub-" : "";
    const auto whole = [victim](CrashWorld& world, const Mark& mark) {
      session(world, world.office(), world.disk(victim), mark);
    };
    out.push_back({.name = at + "session", .victim = victim, .prepare = both_ways, .run = whole});
    out.push_back(
        {.name = at + "verdicts-held-refused", .victim = victim, .prepare = make_unwelcome, .run = whole});
    out.push_back({.name = at + "fork",
                   .victim = victim,
                   .prepare =
                       [](CrashWorld& world) {
                         // A copy of the folder goes on, then the folder from before it does.
                         const SimDisk::Image before = world.save().office;
                         for (const Machine machine : {kHub, kOffice}) world.open(machine);
                         world.sql(kOffice, project("c1"));
                         clean_sync(world, kOffice);
                         world.close(kOffice);
                         world.disk(kOffice).restore(before);
                         world.clock.time += 60'000;
                         world.open(kOffice);
                         world.sql(kOffice, project("p1") + write("p0", "reference", "R1"));
                         must(world.office().seal());
                         world.sql(kOffice, write("p1", "website", "w"));
                         must(world.office().seal());
                       },
                   .run =
                       [whole](CrashWorld& world, const Mark& mark) {
                         whole(world, mark);
                         whole(world, mark);  // what was sealed again leaves with the next session
                       }});
  }
  return out;
}

std::vector<Scenario> deciding() {
  std::vector<Scenario> out;
  out.push_back({.name = "resolve",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, write("p0", "reference", "A"));
                       world.sql(kSecond, write("p0", "reference", "B"));
                       clean_sync(world, kOffice);
                       clean_sync(world, kSecond);
                       clean_sync(world, kOffice);
                       if (must(world.office().conflicts()).size() != 1)
                         throw std::logic_error("no conflict");
                     },
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       must(world.office().resolve({"project", "p0", "reference", "", {}, 0, {}, "agreed"}));
                       mark();
                     }});
  out.push_back(
      {.name = "discard",
       .prepare =
           [](CrashWorld& world) {
             world.sql(kOffice, project("x1", "section/nowhere"));
             clean_sync(world, kOffice);
             world.sql(kOffice, project("p1"));
             must(world.office().seal());
             world.sql(kOffice, project("p2"));
             must(world.office().seal());
           },
       .run =
           [](CrashWorld& world, const Mark& mark) {
             for (int i = 0; i < 2; ++i) {  // the refused one, then the first unsent one
               const std::string name = world.rows(
                   kOffice,
                   "SELECT lower(hex(hash)) FROM _wasl_pending WHERE state <> 4 ORDER BY no LIMIT 1");
               must(world.office().discard(must(world.office().find_pending(name.substr(0, 64)))));
               mark();
             }
           }});
  out.push_back({.name = "verify-and-rebuild",
                 .prepare =
                     [](CrashWorld& world) {
                       std::string all;
                       for (int i = 0; i < 20; ++i) all += project("s" + std::to_string(i));
                       world.sql(kSecond, all);
                       clean_sync(world, kSecond);
                       clean_sync(world, kOffice);
                       world.sql(kOffice, write("p0", "reference", "R1"));
                     },
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       if (!must(world.office().verify()).ok) throw std::runtime_error("not verified");
                       mark();
                       must(world.office().rebuild("section/africa"));
                       mark();
                     }});
  return out;
}

std::vector<Scenario> opening() {
  std::vector<Scenario> out;
  out.push_back({.name = "open-after-lost-replica",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, project("p1"));
                       clean_sync(world, kOffice);
                       world.sql(kOffice, project("p2") + write("p0", "reference", "R1"));
                       must(world.office().seal());
                       world.close(kOffice);
                       world.disk(kOffice).remove("replica.db");
                       world.disk(kOffice).remove("replica.db-wal");
                     },
                 .open = {kHub},
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       world.open(kOffice);
                       mark();
                       session(world, world.office(), world.disk(kOffice), mark);
                     }});
  out.push_back({.name = "open-restored-folder",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, write("p0", "website", "w"));
                       const SimDisk::Image before = world.save().office;
                       for (const Machine machine : {kHub, kOffice}) world.open(machine);
                       world.sql(kOffice, project("p1"));
                       clean_sync(world, kOffice);
                       const SimDisk::Image after = world.save().office;
                       SimDisk::Image mixed = after;  // an old replica.db beside today's identity.db
                       mixed["replica.db"] = before.at("replica.db");
                       world.disk(kOffice).restore(mixed);
                     },
                 .open = {kHub},
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       world.open(kOffice);
                       mark();
                       session(world, world.office(), world.disk(kOffice), mark);
                     }});
  out.push_back({.name = "checkpoints", .run = [](CrashWorld& world, const Mark& mark) {
                   must(world.office().database().exec("PRAGMA wal_autocheckpoint = 30"));
                   for (int i = 1; i <= 6; ++i) {
                     const std::string id = "p" + std::to_string(i);
                     must(world.office().write([&](Database& db) { return program(db, project(id)); }));
                     mark();
                   }
                   world.close(kOffice);
                   mark();
                 }});
  out.push_back({.name = "outbox-clear",
                 .prepare =
                     [](CrashWorld& world) {
                       for (int i = 1; i <= 3; ++i) {
                         world.sql(kOffice, project("p" + std::to_string(i)));
                         must(world.office().seal());
                       }
                       CarryOptions options;  // all is accepted and back; the session's end is still to come
                       const std::size_t before_its_end = 7;
                       options.cut_after = before_its_end;
                       world.sync(world.office(), std::move(options));
                     },
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       session(world, world.office(), world.disk(kOffice), mark);
                       must(world.office().write([](Database& db) { return program(db, project("p5")); }));
                       mark();
                       must(world.office().write([](Database& db) { return program(db, project("p6")); }));
                       mark();
                     }});
  return out;
}

/// Joining, step by step, each of which the same command repeats after a crash.
void join(CrashWorld& world, const Mark& mark) {
  const Invitation invitation = must(decode_invitation(world.note));
  SimDisk& victim = world.disk(kOffice);
  world.make_office(kOffice, invitation);
  mark();
  Replica& replica = world.office();
  CarryOptions options;
  options.is_cut = [&] { return victim.killed(); };
  const auto knows_us = [&] { return must(replica.authority())->device(replica.device()) != nullptr; };
  if (!knows_us()) {
    const CarriedSession asked = world.speak(replica, invitation, std::nullopt, options);
    if (asked.error) world.sync(replica, options);  // used already: by this device, when its answer was lost
    must(replica.prepare_tables());
  }
  mark();
  if (!knows_us()) {
    const auto key = crypto::KeyPair::from_seed(invitation.seed);
    const CarriedSession enrolled =
        world.speak(replica, invitation, must(replica.make_enrolment(key)), options);
    if (enrolled.error) throw std::runtime_error(enrolled.error->message);
  }
  mark();
  must(replica.note_enrolled());
  must(replica.prepare_tables());
  mark();
  const CarriedSession first = world.sync(replica, options);
  if (first.error) throw std::runtime_error(first.error->message);
  mark();
}

std::vector<Scenario> joining() {
  std::vector<Scenario> out;
  out.push_back({.name = "join",
                 .prepare =
                     [](CrashWorld& world) {
                       world.close(kOffice);
                       world.disk(kOffice).restore({});
                       world.note = encode(world.invite("senegal", "administrator"));
                     },
                 .open = {kHub},
                 .run = join,
                 .resume = [](CrashWorld& world) { join(world, [] {}); }});
  return out;
}

std::vector<Scenario> hub_work() {
  std::vector<Scenario> out;
  out.push_back({.name = "hub-authority-acts",
                 .victim = kHub,
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       must(world.registrar().add_organisation({"kenya", "association", "africa", "Kenya"}));
                       mark();
                       world.invite("kenya");
                       mark();
                     },
                 .resume =
                     [](CrashWorld& world) {
                       const Status added =
                           world.registrar().add_organisation({"kenya", "association", "africa", "Kenya"});
                       if (!added && added.error().code != Errc::conflict) must(added);
                     }});
  out.push_back({.name = "hub-two-offices-at-once",
                 .victim = kHub,
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kSecond, project("s1") + write("p0", "reference", "R1"));
                       must(world.second().seal());
                       world.sql(kOffice, project("p1") + write("p0", "website", "w"));
                       must(world.office().seal());
                     },
                 .open = {kHub, kOffice, kSecond},
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       std::uint64_t ticket = 1;
                       for (Replica* replica : {&world.office(), &world.second()}) {
                         must(replica->make_hello(false, {}));
                         auto push = must(replica->next_push(64 * 1024));
                         const Bytes frame = encode_segment(FrameKind::push, *push);
                         world.hub().push(ticket++, must(decode_segment(frame, world.hub().network())));
                       }
                       const auto committed = world.hub().commit();
                       mark();
                       for (const auto& ruling : committed.rulings) {
                         Replica& replica = ruling.ticket == 1 ? world.office() : world.second();
                         must(replica.on_verdicts(ruling.verdicts));
                       }
                       mark();
                     }});
  out.push_back({.name = "hub-start",
                 .victim = kHub,
                 .prepare = [](CrashWorld& world) { world.sql(kOffice, project("p1")); },
                 .open = {kOffice},
                 .run =
                     [](CrashWorld& world, const Mark& mark) {
                       world.open(kHub);
                       mark();
                       session(world, world.office(), world.disk(kHub), mark);
                       world.close(kHub);
                       mark();
                     }});
  return out;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = [] {
    std::vector<Scenario> list;
    for (auto* part : {&writing, &receiving, &sessions, &deciding, &opening, &joining, &hub_work}) {
      for (Scenario& one : (*part)()) list.push_back(std::move(one));
    }
    return list;
  }();
  return all;
}

}  // namespace wasl::test
