// wasl log, wasl verify, wasl repair, wasl attention
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/names.hpp"
#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What is too damaged to be looked at is put aside first.
Result<VerifyReport> verified(const Office& office) {
  std::string damage;
  {
    auto replica = office.open();
    auto report = replica ? (*replica)->verify() : tl::unexpected(replica.error());
    if (report || report.error().code != Errc::corrupt) return report;
    damage = report.error().message;
  }
  WASL_LET(const auto replica, office.reopen());
  WASL_LET(VerifyReport report, replica->verify());
  report.ok = false;
  report.problems.insert(report.problems.begin(), damage);
  report.statements.emplace_back(
      "The damaged replica.db was put aside. Run: wasl sync; it fetches all again, and what was not sent is "
      "kept.");
  return report;
}

}  // namespace

Result<Answer> history(const Office& office, const std::optional<std::string>& register_name,
                       const std::optional<std::string>& id) {
  WASL_LET(const auto replica, office.open());
  if (register_name) WASL_TRY(find_register(replica->schema(), *register_name));
  WASL_LET(const auto lines, replica->history(register_name, id));
  Json out{{"history", Json::array()}};
  std::string words;
  for (const HistoryLine& line : lines) {
    out["history"].push_back({{"space", line.space},
                              {"position", line.position},
                              {"change_set", to_hex(line.change_set.view())},
                              {"author", to_hex(line.author.view())},
                              {"organisation", line.organisation},
                              {"time", iso_time(line.time)},
                              {"register", line.register_name},
                              {"id", line.id},
                              {"what", line.what}});
    words +=
        iso_time(line.time) + "  " +
        (line.organisation.empty() ? to_hex(line.author.view()).substr(0, 12) : line.organisation) + "  " +
        line.register_name + " " + line.id + ": " + line.what +
        (line.position == 0 ? "  [not accepted yet, " + to_hex(line.change_set.view()).substr(0, 12) + "]"
                            : "  [" + line.space + " " + std::to_string(line.position) + "]") +
        "\n";
  }
  words += counted(lines.size(), "line");
  WASL_LET(const auto begins, replica->history_begins());
  out["begins"] = Json::object();
  for (const auto& [space, position] : begins) {
    out["begins"][space] = position + 1;
    words += "\nThe history of " + space + " begins here at " + std::to_string(position + 1) +
             ": what was before came as a snapshot. Fetch it with: wasl verify --fetch-history";
  }
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> verify(const Office& office, const VerifyArguments& arguments) {
  Json fetched = nullptr;
  std::vector<std::string> whole;
  std::vector<std::pair<std::string, Position>> gone;  // of which the hub keeps headers alone
  if (arguments.fetch_history) {
    WASL_LET(Answer synced, sync(office, {arguments.link}));
    {
      WASL_LET(const auto replica, office.open());
      WASL_LET(whole, replica->want_whole_logs());
    }
    if (!whole.empty()) {  // the link has just worked: what is shown is gone for as long as the log takes
      WASL_LET(synced, sync(office, {arguments.link}));
      WASL_LET(const auto replica, office.open());
      WASL_LET(gone, replica->history_begins());
      for (const auto& [space, position] : gone) std::erase(whole, space);
    }
    fetched = Json::parse(synced.json, nullptr, false)["received"];
  }
  WASL_LET(const VerifyReport report, verified(office));
  Json out{{"ok", report.ok},
           {"change_sets", report.change_sets},
           {"problems", report.problems},
           {"statements", report.statements},
           {"spaces", Json::array()}};
  for (const VerifyReport::Space& space : report.spaces) {
    out["spaces"].push_back({{"space", space.space},
                             {"entries", space.entries},
                             {"proved_from", space.begun_at + 1},
                             {"proved", space.proved},
                             {"vouched", space.begun_at}});
  }
  if (arguments.fetch_history) {
    out["fetched"] = fetched;
    out["gone"] = Json::object();
    for (const auto& [space, position] : gone) out["gone"][space] = position;
  }
  std::string words = report.ok ? "All is well: " + counted(report.change_sets, "change set") + " checked."
                                : counted(report.problems.size(), "problem") + ":";
  for (const std::string& problem : report.problems) words += "\n  " + problem;
  for (const std::string& statement : report.statements) words += "\n" + statement;
  if (arguments.fetch_history) {
    if (whole.empty() && gone.empty())
      words +=
          "\nThe hub was asked for what is missing; every space is held here from its first entry on, so "
          "there "
          "was no older history to fetch.";
    if (!whole.empty()) words += "\nThe whole log was fetched of";
    for (const std::string& space : whole) words += " " + space;
    for (const auto& [space, position] : gone)
      words += "\nThe first " + std::to_string(position) + " entries of " + space +
               " cannot be had: the hub keeps their headers alone. What they gave came as a snapshot.";
  }
  return Answer{out.dump(), std::move(words), report.ok ? kDone : kFailed};
}

Result<Answer> repair(const Office& office) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const ReplicaStatus now, replica->status());
  Json repaired = Json::array();
  std::string words;
  for (const SpaceStatus& space : now.spaces) {
    WASL_LET(const auto changed, replica->rebuild(space.space));
    for (const std::string& record : changed) {
      repaired.push_back({{"space", space.space}, {"record", record}});
      words += "\n  " + space.space + " " + record;
    }
  }
  words = repaired.empty() ? "Everything was computed again from signed history; nothing differed."
                           : counted(repaired.size(), "record") + " differed and were put right:" + words;
  const Json out{{"repaired", repaired}};
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> attention(const Office& office) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto items, replica->attention());
  Json out{{"attention", Json::array()}};
  std::string words =
      items.empty() ? "Nothing needs attention." : counted(items.size(), "thing") + " to look at:";
  for (const AttentionItem& item : items) {
    out["attention"].push_back({{"register", item.register_name},
                                {"id", item.id},
                                {"space", item.space},
                                {"kind", item.kind},
                                {"words", item.words}});
    words += "\n  " + item.register_name + " " + item.id + " (" + item.space + "): " + item.words;
  }
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
