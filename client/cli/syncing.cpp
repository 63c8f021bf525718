// wasl sync, wasl daemon
#include <nlohmann/json.hpp>

#include "client/cli/calling.hpp"
#include "client/cli/files_view.hpp"
#include "client/cli/link_view.hpp"
#include "client/cli/progress.hpp"
#include "client/cli/words.hpp"
#include "client/engine/daemon.hpp"
#include "client/engine/daemon_lock.hpp"
#include "client/engine/link_account.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

Json equal_json(const std::optional<bool>& equal) { return equal ? Json(*equal) : Json(nullptr); }

Answer answer_of(const SyncOutcome& outcome, const ReplicaStatus& now, const FilesSummary& files) {
  const SessionSummary& summary = outcome.summary;
  const LinkTraffic& traffic = outcome.traffic;
  Json out;
  out["sent"] = {{"change_sets", summary.sent_sets},
                 {"bytes", traffic.payload_out},
                 {"upgrade_bytes", traffic.upgrade_out}};
  out["received"] = {{"change_sets", summary.received_sets},
                     {"bytes", traffic.payload_in},
                     {"upgrade_bytes", traffic.upgrade_in}};
  out["upgrade_bytes"] = traffic.upgrade_out + traffic.upgrade_in;
  out["round_trips"] = summary.round_trips;
  out["carrier"] = carrier_word(outcome.carrier);
  out["equal"] = equal_json(summary.equal);
  out["accepted"] = summary.accepted;
  out["held"] = now.held;
  out["refused"] = now.refused;
  out["unsent"] = now.unsent;
  out["by_section"] = summary.by_section;
  out["with_section"] = now.with_section;
  out["kept_back"] = summary.kept_back && now.unsent > 0;
  out["conflicts"] = now.conflicts;
  out["files"] = files_json(files);

  std::string words = "Sent " + counted(summary.sent_sets, "change set") + " (" +
                      bytes_words(traffic.payload_out) + "), received " +
                      std::to_string(summary.received_sets) + " (" + bytes_words(traffic.payload_in) +
                      ") in " + counted(summary.round_trips, "round trip") + ".\n";
  if (summary.by_section && summary.equal == true) {
    words +=
        "Proved: this office and its section's hub hold the same history and state, as far as the section "
        "has heard of the network's hub.";
  } else if (summary.by_section && !summary.equal) {
    words += "The section's hub has seen less than this office; what it keeps was exchanged.";
  } else if (summary.equal == true) {
    words += "Proved: this office and the hub hold the same history and state.";
  } else if (summary.equal == false) {
    words += "This office and the hub differ. Run: wasl verify; if it names problems, run: wasl repair";
  } else {
    words += "It is not known yet whether both sides are equal. Sync again in a moment.";
  }
  if (now.held > 0 || now.refused > 0) {
    words += "\n" + std::to_string(now.held) + " held and " + std::to_string(now.refused) +
             " refused by the hub; they stay here. See: wasl status";
  }
  if (now.with_section > 0) words += "\n" + with_section_words(now.with_section);
  if (summary.kept_back && now.unsent > 0)
    words += "\nAs much was sent as the budget allows for now; " + std::to_string(now.unsent) +
             " wait. See: wasl budget";
  if (now.conflicts > 0)
    words += "\n" + counted(now.conflicts, "conflict") + " to look at. See: wasl conflicts";
  words += files_words(files);
  return {out.dump(), std::move(words), summary.equal == true ? kDone : kNotEqual};
}

/// What a person wants to know first when a sync fails: is my work safe?
Error with_comfort(Error error, Replica& replica) {
  const auto now = replica.status();
  if (!now || error.code == Errc::caught) return error;
  const bool said = error.hint.find("nothing is lost") != std::string::npos;
  error.hint += std::string(error.hint.empty() ? "" : "; ") + (said ? "" : "nothing is lost: ") +
                (now->unsent == 0 ? std::string("no change set waits to be sent")
                                  : counted(now->unsent, "change set") + " wait here to be sent");
  return error;
}

constexpr int kTriesMore = 3;
constexpr std::uint64_t kSlowLine = 64'000;  // bit/s, until a session was measured

/// What the next session mends: a daemon of this folder took in more than this session was shown, so that it
/// could prove nothing, or a copy of this folder has written what the hub took to be known here.
bool is_disturbed(const SyncOutcome& outcome) {
  if (!outcome.error) return !outcome.summary.equal.has_value();
  return outcome.error->code == Errc::locked || outcome.error->code == Errc::conflict;
}

constexpr std::uint64_t kSmallestSession = 1'500;  // hello, welcome and proof, with TCP's own

/// One question and its answer; nothing is sent or received.
Result<Answer> estimate(Replica& replica, Loop& loop, SyncRun::Options options, LinkAccount& account) {
  options.estimate = true;
  const SyncOutcome outcome = run_session(loop, replica, std::move(options));
  (void)account.close(outcome.traffic);
  if (outcome.error) return tl::unexpected(with_comfort(*outcome.error, replica));
  if (!outcome.summary.estimate)
    return fail(Errc::unsupported, "the hub does not estimate",
                "sync; it sends what is new and nothing twice");
  WASL_LET(const ReplicaStatus now, replica.status());
  std::uint64_t down = 0;
  Json spaces = Json::array();
  std::string words;
  for (const Estimate::Space& one : outcome.summary.estimate->spaces) {
    down += one.bytes;
    spaces.push_back({{"space", one.space}, {"entries", one.entries}, {"bytes", one.bytes}});
    words += "\n  " + one.space + ": " + std::to_string(one.entries) +
             (one.entries == 1 ? " entry" : " entries") + ", about " + bytes_words(one.bytes);
  }
  const std::uint64_t all = down + now.unsent_bytes + kSmallestSession;
  const std::uint64_t speed = account.usage().bits_per_second;
  const std::uint64_t seconds = all * 8 / (speed == 0 ? kSlowLine : speed);
  const std::string cost = cost_words(account.budget(), all);
  const Allowance allowed = account.allowance();
  Json out{{"send", {{"change_sets", now.unsent}, {"bytes", now.unsent_bytes}}},
           {"receive", {{"bytes", down}, {"spaces", std::move(spaces)}}},
           {"bytes", all},
           {"bits_per_second", speed == 0 ? kSlowLine : speed},
           {"speed_is_measured", speed != 0},
           {"seconds", seconds},
           {"cost", cost.empty() ? Json(nullptr) : Json(cost)},
           {"allowed", allowed.may_start}};
  if (!allowed.may_start) out["why"] = allowed.why;
  words = "To send: " + counted(now.unsent, "change set") + ", about " + bytes_words(now.unsent_bytes) +
          "\nTo receive: about " + bytes_words(down) + words + "\nTogether about " + bytes_words(all) + ", " +
          counted(std::max<std::uint64_t>(1, seconds), "second") + " at " +
          std::to_string((speed == 0 ? kSlowLine : speed) / 1000) + " kbit/s " +
          (speed == 0 ? "(no session was long enough to measure the line)" : "(as measured)");
  words += cost.empty() ? "\nWhat it costs is not known: wasl budget --price \"0.05 USD\" (a megabyte)"
                        : "\nCost: about " + cost;
  if (!allowed.may_start) words += "\nNot now: " + allowed.why;
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace

Result<Answer> sync(const Office& office, const SyncArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto urls, urls_of(*replica, arguments.link));
  WASL_TRY(replica->seal());
  WASL_LET(LinkAccount account, LinkAccount::open(office.folder(), office.clock()));
  Loop loop;
  SyncRun::Options options;
  options.url = urls.front();
  options.memory = office.folder();
  options.thin = account.is_thin();
  if (arguments.estimate) return estimate(*replica, loop, std::move(options), account);
  if (!arguments.over_budget) {
    const Allowance allowed = account.allowance();
    if (!allowed.may_start) {
      return tl::unexpected(with_comfort(
          Error{Errc::later, allowed.why, "now all the same: wasl sync --over-budget"}, *replica));
    }
    options.receive_most = allowed.down;
    options.send_most = allowed.up;
  }
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  options.files = files.get();
  Progress progress;
  options.on_progress = [&](const SessionSummary& summary) { progress.session(summary); };
  SyncOutcome outcome = run_session(loop, *replica, options);
  Status counted_all = account.close(outcome.traffic, outcome.took);
  if (outcome.error && urls.size() > 1) {  // the section's hub is no link, or none to believe: the other way
    const Error near = *outcome.error;
    options.url = urls.back();
    outcome = run_session(loop, *replica, options);
    if (Status counted_one = account.close(outcome.traffic, outcome.took); !counted_one)
      counted_all = std::move(counted_one);
    if (outcome.error) outcome.error->hint += "; the section's hub: " + near.message;
  }
  for (int again = 0; again < kTriesMore && is_disturbed(outcome); ++again) {
    SyncOutcome next = run_session(loop, *replica, options);
    if (Status counted_one = account.close(next.traffic, next.took); !counted_one)
      counted_all = std::move(counted_one);
    next.summary.sent_sets += outcome.summary.sent_sets;
    next.summary.received_sets += outcome.summary.received_sets;
    next.summary.round_trips += outcome.summary.round_trips;
    outcome = std::move(next);
  }
  if (outcome.error) return tl::unexpected(with_comfort(std::move(*outcome.error), *replica));
  WASL_LET(const ReplicaStatus now, replica->status());
  WASL_LET(const FilesSummary of_files, summary_of(*files, outcome.files));
  Answer answer = answer_of(outcome, now, of_files);
  if (!counted_all) answer.words += "\nWhat was used could not be counted: " + counted_all.error().message;
  return answer;
}

Result<Answer> keep_in_touch(const Office& office, const SyncArguments& arguments) {
  auto replica = office.open();
  if (!replica && replica.error().code == Errc::corrupt) replica = office.reopen();
  if (!replica) return tl::unexpected(replica.error());
  WASL_LET(auto urls, urls_of(**replica, arguments.link));
  WASL_LET(const DaemonLock lock, DaemonLock::take(office.folder()));
  WASL_TRY(LinkAccount::open(office.folder(), office.clock()));
  Loop loop;
  Daemon daemon(
      loop, std::move(*replica), [&] { return office.reopen(); }, office.random(), std::move(urls),
      office.folder(), std::chrono::seconds(arguments.poll_seconds));
  WASL_TRY(daemon.run());
  return Answer{R"({"stopped":true})", "Stopped.", kDone};
}

}  // namespace wasl::cli
