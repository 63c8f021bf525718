// wasl join
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/progress.hpp"
#include "client/cli/words.hpp"
#include "client/engine/join.hpp"
#include "client/engine/link_account.hpp"
#include "shared/net/open_network.hpp"

namespace wasl::cli {

Result<Answer> join_network(const Office& office, const JoinArguments& arguments) {
  if (office.folder().empty()) {
    return fail(Errc::not_found, "no folder is named", "name it with --data DIR, or set WASL_DATA");
  }
  JoinOptions options;
  options.folder = office.folder();
  WASL_LET(options.invitation, decode_invitation(arguments.invitation));
  options.language = arguments.language;
  options.url = arguments.link.url;
  WASL_TRY(may_call_in_plain(options.url.empty() ? options.invitation.url : options.url,
                             arguments.link.plain_text_on_an_open_network));
  Progress progress;
  options.tell = [&](std::string_view step) { progress.step(step); };
  options.on_progress = [&](const SessionSummary& summary) { progress.session(summary); };
  Loop loop;
  WASL_LET(const Joined joined, join(loop, office.ports(), options));
  if (auto account = LinkAccount::open(office.folder(), office.clock()))
    (void)account->close(joined.first_sync.traffic, joined.first_sync.took);
  WASL_LET(const ReplicaStatus now, joined.replica->status());
  if (joined.first_sync.error) {
    const Error& error = *joined.first_sync.error;
    return fail(error.code, "this device has joined, but the first sync did not end: " + error.message,
                "run: wasl sync --data " + office.folder().string());
  }
  nlohmann::ordered_json out;
  out["network"] = now.network;
  out["organisation"] = now.organisation;
  out["role"] = now.role;
  out["device"] = now.device;
  out["hub"] = now.hub;
  if (!now.fingerprint.empty()) out["fingerprint"] = now.fingerprint;
  out["already_joined"] = joined.was_enrolled;
  out["spaces"] = nlohmann::ordered_json::array();
  std::string spaces;
  for (const SpaceStatus& space : now.spaces) {
    out["spaces"].push_back(space.space);
    spaces += (spaces.empty() ? "" : ", ") + space.space;
  }
  const auto& summary = joined.first_sync.summary;
  out["received"] = {{"change_sets", summary.received_sets}};
  out["equal"] = nullptr;
  if (summary.equal) out["equal"] = *summary.equal;
  std::string words = (joined.was_enrolled ? "This folder had joined already: " : "Joined ") + now.network +
                      " as " + now.role + " of " + now.organisation + ".\nIt reads " + spaces +
                      ".\nReceived " + counted(summary.received_sets, "change set") + ".";
  if (!now.fingerprint.empty())
    words += "\n" + confirmation_words(now.fingerprint, joined.replica->network().language);
  if (summary.equal != true) words += " The first sync is not complete yet; run: wasl sync";
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
