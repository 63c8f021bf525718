#include "tests/crash/settling.hpp"

#include <algorithm>
#include <set>

namespace wasl::test {
namespace {

void need_sound_files(CrashWorld& world, Machine machine) {
  const std::string report = world.rows(machine, "PRAGMA integrity_check");
  if (report != "ok\n") throw Unsound(world.disk(machine).folder() + ": " + report);
}

void need_proof(Replica& replica, const std::string& whose) {
  const VerifyReport report = must(replica.verify());
  if (report.ok) return;
  std::string words = whose + " is not what its history says";
  for (const std::string& problem : report.problems) words += "\n  " + problem;
  throw Unsound(words);
}

/// @return whether the hub accepted something new.
bool need_equal(CrashWorld& world, Replica& replica, const std::string& whose) {
  CarriedSession session = world.sync(replica);
  if (session.error && session.error->code == Errc::locked) session = world.sync(replica);  // as `wasl sync`
  if (session.error) throw Unsound(whose + " cannot sync: " + session.error->message);
  if (session.summary.equal != true) throw Unsound(whose + " is not equal with the hub");
  return session.summary.accepted > 0;
}

std::string rows_of(CrashWorld& world, Machine machine) {
  std::string out;
  if (world.rows(machine, "SELECT 1 FROM sqlite_schema WHERE name = 'project'").empty()) return out;
  for (const char* query :
       {"SELECT id, space, title, reference, status, website, length(note) FROM project ORDER BY id, space",
        "SELECT id, space, name, email FROM person ORDER BY id, space"}) {
    out += world.rows(machine, query);
  }
  return out;
}

std::string history_of(Replica& replica) {
  std::vector<std::string> lines;
  for (const HistoryLine& line : must(replica.history(std::nullopt, std::nullopt))) {
    const bool is_act = line.register_name == "authority";  // an act's id is chance
    lines.push_back(line.space + " " + line.register_name + " " + (is_act ? "" : line.id) + " " +
                    line.what.substr(0, 60) + " of " + line.organisation +
                    (line.position > 0 ? "" : ", not accepted"));
  }
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string state_of(CrashWorld& world, Machine machine, Replica& replica) {
  const ReplicaStatus status = must(replica.status());
  std::string out = rows_of(world, machine);
  out += "unsent " + std::to_string(status.unsent) + ", held " + std::to_string(status.held) + ", refused " +
         std::to_string(status.refused) + ", conflicts " + std::to_string(status.conflicts) + "\n";
  for (const std::string& notice : status.notices) out += "notice: " + notice + "\n";
  for (const Conflict& conflict : must(replica.conflicts())) {
    out += "conflict: " + conflict.id + "." + conflict.field;
    for (const ConflictValue& value : conflict.values) out += " " + value.value;
    out += "\n";
  }
  return out + history_of(replica);
}

}  // namespace

std::string settle(CrashWorld& world, const Scenario& scenario) {
  world.open(Machine::hub);
  Status office = world.try_open_office();
  if (!office && office.error().code != Errc::not_found) must(std::move(office));
  scenario.resume(world);
  world.open(Machine::second);
  for (const Machine machine : {Machine::hub, Machine::office}) need_sound_files(world, machine);
  need_proof(world.office(), "the office");
  std::string out = "before syncing:\n" + rows_of(world, Machine::office);
  need_equal(world, world.office(), "the office");
  if (need_equal(world, world.second(), "the second office"))
    need_equal(world, world.office(), "the office, again,");
  need_proof(world.office(), "the office after syncing");
  need_sound_files(world, Machine::hub);
  out += "the office:\n" + state_of(world, Machine::office, world.office());
  out += "the second office:\n" + state_of(world, Machine::second, world.second());
  out += "kept at the hub: " +
         world.rows(Machine::hub, "SELECT fork, state, count(*) FROM hub_kept GROUP BY 1, 2");
  return out;
}

std::string difference(const std::string& expected, const std::string& got) {
  const auto lines = [](const std::string& text) {
    std::multiset<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out.insert(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  };
  auto missing = lines(expected);
  std::string out;
  for (const std::string& line : lines(got)) {
    if (const auto it = missing.find(line); it != missing.end()) {
      missing.erase(it);
    } else {
      out += "  + " + line + "\n";
    }
  }
  for (const std::string& line : missing) out += "  - " + line + "\n";
  return out;
}

}  // namespace wasl::test
