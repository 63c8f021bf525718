#include "client/search/search_index.hpp"
#include "tests/crash/act.hpp"
#include "tests/crash/steps.hpp"

namespace wasl::test {
namespace {

constexpr Machine kHub = Machine::hub, kOffice = Machine::office, kSecond = Machine::second;

void conflict(CrashWorld& world) {
  world.sql(kOffice, "UPDATE project SET reference = 'A' WHERE id = 'p0'");
  world.sql(kSecond, "UPDATE project SET reference = 'B' WHERE id = 'p0'");
  for (const Machine machine : {kOffice, kSecond, kOffice}) must(sync(world, machine));
}

Act reading(const std::string& name, std::function<Status(Replica&)> read) {
  return {.name = name, .prepare = conflict, .run = [read = std::move(read)](CrashWorld& world) {
            return read(world.office());
          }};
}

std::vector<Act> of_the_replica() {
  std::vector<Act> out;
  out.push_back({.name = "open", .prepare = write_unsent, .open = {kHub}, .run = [](CrashWorld& world) {
                   return world.try_open_office();
                 }});
  out.push_back({.name = "reopen", .prepare = write_unsent, .open = {kHub}, .run = [](CrashWorld& world) {
                   return only_status(Replica::reopen("/office", world.ports()));
                 }});
  out.push_back({.name = "seal", .prepare = write_unsent, .run = [](CrashWorld& world) {
                   return only_status(world.office().seal());
                 }});
  out.push_back({.name = "write", .prepare = write_unsent, .run = [](CrashWorld& world) {
                   return world.office().write([](Database& db) {
                     return db.exec("UPDATE project SET reference = 'R1' WHERE id = 'p0'");
                   });
                 }});
  out.push_back({.name = "resolve", .prepare = conflict, .run = [](CrashWorld& world) {
                   return unless(
                       world.office().resolve({"project", "p0", "reference", "", {}, 0, {}, "agreed"}),
                       Errc::not_found);
                 }});
  out.push_back(
      {.name = "discard",
       .prepare =
           [](CrashWorld& world) {
             write_unsent(world);
             must(world.office().seal());
             world.note = world.rows(kOffice, "SELECT hex(hash) FROM _wasl_pending LIMIT 1").substr(0, 64);
           },
       .run =
           [](CrashWorld& world) {
             return unless(world.office().discard(*Hash::from(*from_hex(world.note))), Errc::not_found);
           }});
  out.push_back({.name = "rebuild", .prepare = send_from_second, .run = [](CrashWorld& world) {
                   return only_status(world.office().rebuild("section/africa"));
                 }});
  out.push_back(reading("conflicts", [](Replica& r) { return only_status(r.conflicts()); }));
  out.push_back(reading("status", [](Replica& r) { return only_status(r.status()); }));
  out.push_back(reading("attention", [](Replica& r) { return only_status(r.attention()); }));
  out.push_back(reading("history", [](Replica& r) { return only_status(r.history({}, {})); }));
  out.push_back(reading("proposals", [](Replica& r) { return only_status(r.proposals()); }));
  out.push_back(reading("why", [](Replica& r) { return only_status(r.why("project", "p0", {})); }));
  out.push_back(reading("find-pending",
                        [](Replica& r) { return unless(only_status(r.find_pending("")), Errc::not_found); }));
  out.push_back(reading("receipt", [](Replica& r) {
    return only_status(r.receipt(*r.schema().find("project"), "p0", std::nullopt));
  }));
  out.push_back(reading("verify", [](Replica& r) {
    const auto report = r.verify();
    if (report && !report->ok) return Status(fail(Errc::corrupt, report->problems.at(0)));
    return only_status(report);
  }));
  out.push_back({.name = "search", .prepare = send_from_second, .run = [](CrashWorld& world) -> Status {
                   WASL_LET(auto index, SearchIndex::open("/office"));
                   WASL_TRY(index.update(world.office().database(), world.office().schema()));
                   return only_status(index.find("T", 10));
                 }});
  return out;
}

/// Every kind of work that sealing tells apart.
void all_kinds(CrashWorld& world) {
  world.sql(kSecond, project("gone") +
                         "INSERT INTO project_sdg(record, space, value) VALUES"
                         "('p0', 'section/africa', '6'), ('p0', 'section/africa', '7');"
                         "INSERT INTO person(id, space, name, email) "
                         "VALUES('m2', 'section/africa', 'Awa', 'a@example.org')");
  for (const Machine machine : {kSecond, kOffice}) must(sync(world, machine));
  world.sql(kOffice,
            project("p1") +
                "DELETE FROM project WHERE id = 'gone';"
                "DELETE FROM project_sdg WHERE value = '6';"
                "INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '13');"
                "REPLACE INTO project(id, space, title, note) VALUES('p0', 'section/africa', 'Well', 'deep');"
                "UPDATE person SET email = 'b@example.org', name = NULL WHERE id = 'm2'");
}

/// A replica.db of an hour ago beside today's identity.db and outbox.log.
void go_back(CrashWorld& world, const SimDisk::Image& before) {
  world.close(kOffice);
  SimDisk::Image mixed = world.disk(kOffice).image();
  mixed.erase("replica.db-wal");
  mixed["replica.db"] = before.at("replica.db");
  world.disk(kOffice).restore(mixed);
}
SimDisk::Image now_of(CrashWorld& world) {
  world.rows(kOffice, "PRAGMA wal_checkpoint(TRUNCATE)");
  world.close(kOffice);
  SimDisk::Image image = world.disk(kOffice).image();
  world.open(kOffice);
  return image;
}
std::vector<VerdictItem> forks(CrashWorld& world) {
  std::vector<VerdictItem> items;
  auto select = must(world.office().database().prepare(
      "SELECT chain, min(sequence), count(*) FROM _wasl_pending WHERE state = 0 GROUP BY chain"));
  while (must(select.step())) {
    items.push_back({*ChainId::from(select.blob(0)), static_cast<Sequence>(select.int64(1)),
                     static_cast<std::uint64_t>(select.int64(2)), Verdict::refuse(Reason::fork), 0});
  }
  return items;
}

/// What is found wrong when an office opens or syncs, and set right.
std::vector<Act> of_recovering() {
  std::vector<Act> out;
  out.push_back({.name = "seal-all-kinds", .prepare = all_kinds, .run = [](CrashWorld& world) {
                   return only_status(world.office().seal());
                 }});
  out.push_back(
      {.name = "resolve-personal",
       .prepare =
           [](CrashWorld& world) {
             world.sql(kOffice, "INSERT INTO person(id, space, name) VALUES('m3', 'section/africa', 'A')");
             for (const Machine machine : {kOffice, kSecond}) must(sync(world, machine));
             world.sql(kOffice, "UPDATE person SET name = 'B' WHERE id = 'm3'");
             world.sql(kSecond, "UPDATE person SET name = 'C' WHERE id = 'm3'");
             for (const Machine machine : {kOffice, kSecond, kOffice}) must(sync(world, machine));
           },
       .run =
           [](CrashWorld& world) {
             return unless(world.office().resolve({"person", "m3", "name", "", {}, 0, {}, "agreed"}),
                           Errc::not_found);
           }});
  out.push_back({.name = "receive-all-kinds",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, project("gone") + project("back") +
                                              "INSERT INTO person(id, space, name, email) "
                                              "VALUES('m4', 'section/africa', 'Awa', 'a@example.org')");
                       for (const Machine machine : {kOffice, kSecond}) must(sync(world, machine));
                       world.sql(kOffice, "UPDATE project SET reference = 'kept' WHERE id = 'back'");
                       must(sync(world, kOffice));
                       world.sql(kSecond,  // which has not heard of the edit
                                 "DELETE FROM project WHERE id IN ('gone', 'back');"
                                 "UPDATE person SET email = 'b@example.org' WHERE id = 'm4';"
                                 "INSERT INTO project_sdg(record, space, value) "
                                 "VALUES('p0', 'section/africa', '6')");
                       must(sync(world, kSecond));
                       must(world.registrar().add_organisation({"kenya", "association", "africa", "Kenya"}));
                     },
                 .run = [](CrashWorld& world) { return sync(world, kOffice); }});
  out.push_back({.name = "status-of-what-is-refused",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, project("x1", "section/nowhere"));
                       must(sync(world, kOffice));
                     },
                 .run = [](CrashWorld& world) { return only_status(world.office().status()); }});
  out.push_back({.name = "open-older-replica",
                 .prepare =
                     [](CrashWorld& world) {
                       world.sql(kOffice, project("p1"));
                       must(world.office().seal());
                       world.sql(kOffice, "UPDATE project SET website = 'w' WHERE id = 'p0'");
                       must(world.office().seal());
                       const SimDisk::Image before = now_of(world);
                       const std::string first =
                           world.rows(kOffice, "SELECT lower(hex(hash)) FROM _wasl_pending ORDER BY no");
                       must(world.office().discard(*Hash::from(*from_hex(first.substr(0, 64)))));
                       must(world.office().on_verdicts(forks(world)));
                       world.sql(kOffice,
                                 "INSERT INTO person(id, space, name) "
                                 "VALUES('m5', 'association/senegal', 'Awa')");
                       must(world.office().seal());
                       go_back(world, before);
                     },
                 .open = {kHub},
                 .run = [](CrashWorld& world) { return world.try_open_office(); }});
  out.push_back({.name = "seal-again-after-a-fork",
                 .prepare =
                     [](CrashWorld& world) {
                       const SimDisk::Image before = now_of(world);
                       world.sql(kOffice, project("c1"));
                       must(sync(world, kOffice));
                       world.close(kOffice);
                       world.disk(kOffice).restore(before);
                       world.clock.time += 60'000;
                       world.open(kOffice);
                       write_unsent(world);
                       must(world.office().seal());
                       world.sql(kOffice, "UPDATE project SET website = 'w' WHERE id = 'p1'");
                       must(world.office().seal());
                       world.note = to_hex(encode(forks(world)));
                     },
                 .run = [](CrashWorld& world) -> Status {
                   WASL_LET(const auto verdicts, decode_verdicts(*from_hex(world.note)));
                   return world.office().on_verdicts(verdicts);
                 }});
  out.push_back({.name = "go-back-to-what-was-proved",
                 .prepare =
                     [](CrashWorld& world) {
                       const auto unproved = [&] {
                         return world.rows(kOffice, "SELECT 1 FROM _wasl_space WHERE size > proved") != "";
                       };
                       for (std::size_t frames = 1; !unproved(); ++frames) {
                         world.sql(kOffice, project("u" + std::to_string(frames)));
                         CarryOptions options;
                         options.cut_after = frames;
                         world.sync(world.office(), std::move(options));
                         if (frames == 20) throw std::logic_error("nothing is unproved");
                       }
                     },
                 .run =
                     [](CrashWorld& world) {
                       const Error seen{Errc::caught, "the hub lied", ""};
                       return world.office().on_lie(seen, Bytes{1, 2, 3});
                     }});
  return out;
}

std::vector<Act> of_a_session() {
  std::vector<Act> out;
  for (const Machine victim : {kOffice, kHub}) {
    const std::string at = victim == kHub ? "hub-" : "";
    const auto run = [](CrashWorld& world) { return sync(world, kOffice); };
    out.push_back({.name = at + "session-sends", .victim = victim, .prepare = write_unsent, .run = run});
    out.push_back(
        {.name = at + "session-receives", .victim = victim, .prepare = send_from_second, .run = run});
    out.push_back({.name = at + "session-idle", .victim = victim, .run = run});
  }
  out.push_back({.name = "make-hello",
                 .run = [](CrashWorld& world) { return only_status(world.office().make_hello(false, {})); }});
  out.push_back({.name = "next-push", .prepare = write_unsent, .run = [](CrashWorld& world) -> Status {
                   WASL_TRY(world.office().seal());
                   WASL_TRY(world.office().make_hello(false, {}));
                   return only_status(world.office().next_push(1 << 16));
                 }});
  out.push_back({.name = "create",
                 .prepare =
                     [](CrashWorld& world) {
                       const Invitation invitation = world.invite("senegal", "administrator");
                       world.note = encode(invitation);
                     },
                 .open = {kHub},
                 .run = [](CrashWorld& world) -> Status {
                   WASL_LET(const Invitation invitation, decode_invitation(world.note));
                   const NetworkAnchor anchor{
                       invitation.network, invitation.statement, 1, invitation.log_key, "", "senegal", ""};
                   return only_status(Replica::create("/office", anchor, world.ports()));
                 }});
  return out;
}

std::vector<Act> of_the_hub() {
  std::vector<Act> out;
  out.push_back({.name = "hub-open", .victim = kHub, .open = {kOffice}, .run = [](CrashWorld& world) {
                   return world.try_open_hub();
                 }});
  out.push_back({.name = "hub-commit",
                 .victim = kHub,
                 .prepare =
                     [](CrashWorld& world) {
                       write_unsent(world);
                       must(world.office().seal());
                     },
                 .run = [](CrashWorld& world) -> Status {
                   WASL_TRY(world.office().make_hello(false, {}));
                   WASL_LET(const auto push, world.office().next_push(1 << 16));
                   if (!push) return {};
                   const Bytes frame = encode_segment(FrameKind::push, *push);
                   WASL_LET(Segment segment, decode_segment(frame, world.hub().network()));
                   world.hub().push(1, std::move(segment));
                   for (const auto& ruling : world.hub().commit().rulings) {
                     for (const VerdictItem& item : ruling.verdicts) {
                       if (item.verdict.outcome == Outcome::later)
                         return fail(Errc::later, "the disk refused");
                     }
                     WASL_TRY(world.office().on_verdicts(ruling.verdicts));
                   }
                   return {};
                 }});
  out.push_back({.name = "hub-adds-organisation", .victim = kHub, .run = [](CrashWorld& world) {
                   return unless(
                       world.registrar().add_organisation({"kenya", "association", "africa", "Kenya"}),
                       Errc::conflict);
                 }});
  out.push_back({.name = "hub-invites", .victim = kHub, .run = [](CrashWorld& world) {
                   return only_status(world.registrar().invite({"mali", "officer", "ws://test"}));
                 }});
  out.push_back(
      {.name = "hub-entries", .victim = kHub, .prepare = send_from_second, .run = [](CrashWorld& world) {
         return only_status(world.hub().entries("section/africa", 1, HubPort::Reader{}));
       }});
  out.push_back({.name = "hub-proves",
                 .victim = kHub,
                 .prepare = send_from_second,
                 .run = [](CrashWorld& world) -> Status {
                   WASL_LET(const auto leaf, world.hub().newest_leaf("section/africa"));
                   return only_status(world.hub().prove({}, {leaf->index}));
                 }});
  return out;
}

}  // namespace

const std::vector<Act>& acts() {
  static const std::vector<Act> all = [] {
    std::vector<Act> list;
    for (auto* part : {&of_the_replica, &of_recovering, &of_a_session, &of_the_hub, &acts_of_power,
                       &acts_of_epochs, &acts_of_repair}) {
      for (Act& one : (*part)()) list.push_back(std::move(one));
    }
    return list;
  }();
  return all;
}

}  // namespace wasl::test
