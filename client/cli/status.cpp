// wasl status
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/files_view.hpp"
#include "client/cli/link_view.hpp"
#include "client/cli/partial_view.hpp"
#include "client/cli/words.hpp"
#include "client/engine/daemon_lock.hpp"
#include "shared/authority/reason_words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

Json time_json(Millis time) { return time > 0 ? Json(iso_time(time)) : Json(nullptr); }

std::string_view state_word(PendingState state) {
  switch (state) {
    case PendingState::unsent:
      return "unsent";
    case PendingState::held:
      return "held";
    case PendingState::refused:
      return "refused";
    case PendingState::accepted:
      return "accepted";
    case PendingState::discarded:
      return "discarded";
  }
  return "";
}

Json status_json(const ReplicaStatus& now, bool daemon, const std::string& language) {
  Json out;
  out["network"] = now.network;
  out["organisation"] = now.organisation;
  out["role"] = now.role;
  out["device"] = now.device;
  out["hub"] = now.hub;
  if (!now.fingerprint.empty()) out["fingerprint"] = now.fingerprint;
  out["daemon"] = daemon;
  out["unsent"] = now.unsent;
  out["with_section"] = now.with_section;
  out["unacknowledged"] = now.unacknowledged;
  out["held"] = now.held;
  out["refused"] = now.refused;
  out["conflicts"] = now.conflicts;
  out["attention"] = now.attention;
  out["last_sync"] = time_json(now.last_sync);
  out["spaces"] = Json::array();
  for (const SpaceStatus& space : now.spaces) {
    out["spaces"].push_back({{"space", space.space},
                             {"position", space.position},
                             {"as_of", time_json(space.as_of)},
                             {"proved_from", space.begun_at + 1}});
    if (space.partial) out["spaces"].back()["partial"] = partial_json(*space.partial);
  }
  out["waiting"] = Json::array();
  for (const PendingSet& set : now.waiting) {
    Json one{{"change_set", to_hex(set.name.view())},
             {"space", set.space},
             {"state", state_word(set.state)},
             {"reason", to_word(set.reason)},
             {"explanation", label(explain_in_five(set.reason), language)},
             {"detail", set.detail},
             {"records", Json::array()}};
    for (const auto& [reg, id] : set.records) one["records"].push_back({{"register", reg}, {"id", id}});
    out["waiting"].push_back(std::move(one));
  }
  out["notices"] = now.notices;
  out["keys"] = now.keys;
  return out;
}

std::string waiting_words(const ReplicaStatus& now, const std::string& language) {
  std::string out;
  for (const PendingSet& set : now.waiting) {
    out += "\n  " + to_hex(set.name.view()).substr(0, 12) + " " + std::string(state_word(set.state)) + ": " +
           label(explain_in_five(set.reason), language);
    if (!set.detail.empty()) out += " (" + set.detail + ")";
    for (const auto& [reg, id] : set.records) out += "\n    " + reg + " " + id;
  }
  if (!now.waiting.empty()) out += "\n  Take one out of what is shown with: wasl discard CHANGE_SET";
  return out;
}

std::string status_words(const ReplicaStatus& now, bool daemon, Millis clock, const std::string& language) {
  std::string out = now.network + ", " + now.organisation + " (" + now.role + "), hub " +
                    (now.hub.empty() ? "not known" : now.hub) +
                    "\nLast complete sync: " + time_words(now.last_sync, clock) +
                    (daemon ? "; a daemon keeps in touch" : "");
  if (!now.fingerprint.empty()) out += "\n" + confirmation_words(now.fingerprint, language);
  out += "\nNot sent yet: " + counted(now.unsent, "change set");
  if (now.with_section > 0) out += "\n" + with_section_words(now.with_section);
  if (now.unacknowledged > 0)
    out += "; accepted and on their way back: " + std::to_string(now.unacknowledged);
  if (now.held + now.refused > 0) {
    out += "\nHeld by the hub: " + std::to_string(now.held) + ", refused: " + std::to_string(now.refused) +
           waiting_words(now, language);
  }
  out +=
      "\nConflicts: " + std::to_string(now.conflicts) + (now.conflicts > 0 ? " (see: wasl conflicts)" : "");
  out += "\nNeeds attention: " + std::to_string(now.attention) +
         (now.attention > 0 ? " (see: wasl attention)" : "");
  out += "\nHow fresh each space is:";
  for (const SpaceStatus& space : now.spaces) {
    out += "\n  " + space.space + ": as of " + time_words(space.as_of, clock) + ", position " +
           std::to_string(space.position);
    if (space.begun_at > 0)
      out += "; begun from a snapshot: proof begins at " + std::to_string(space.begun_at + 1) +
             ", the hub vouches for what was before";
    if (space.partial) out += "; " + partial_words(*space.partial);
  }
  out += "\nKeys:";
  for (const std::string& words : now.keys) out += "\n  " + words;
  for (const std::string& notice : now.notices) out += "\nNote: " + notice;
  return out;
}

}  // namespace

Result<Answer> status(const Office& office) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const ReplicaStatus now, replica->status());
  const bool daemon = daemon_runs(office.folder());
  const auto account = LinkAccount::open(office.folder(), office.clock());
  const std::string language = replica->network().language;  // English for any other
  Json document = status_json(now, daemon, language);
  document["unsent_bytes"] = now.unsent_bytes;
  std::string words = status_words(now, daemon, office.clock().now(), language);
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const FilesSummary summary, summary_of(*files, {}));
  document["files"] = files_json(summary);
  words += files_words(summary);
  if (!account) {
    const std::string why = account.error().message + "; " + account.error().hint;
    document["link"] = {{"allowed", false}, {"why", why}};
    words += "\nNothing is sent or received: " + why;
  } else {
    document["link"] = link_json(*account);
    if (account->budget() != Budget()) words += "\n" + link_words(*account);
  }
  const LastLink last = recall_last_link(office.folder());
  document["link"]["carrier"] = carrier_json(last);
  if (const std::string carried = carrier_words(last); !carried.empty()) words += "\n" + carried;
  return Answer{document.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
