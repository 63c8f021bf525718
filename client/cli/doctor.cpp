// wasl doctor
#include <nlohmann/json.hpp>

#include "client/cli/calling.hpp"
#include "client/cli/words.hpp"
#include "client/engine/daemon_lock.hpp"
#include "client/engine/link_account.hpp"
#include "shared/base/version.hpp"
#include "shared/checkup/checkup.hpp"
#include "shared/crypto/key_file.hpp"
#include "shared/net/certificate_dates.hpp"
#include "shared/settings/settings.hpp"

namespace wasl::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};
constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr Millis kMinute = 60'000;
constexpr Millis kSilence = 7 * 24 * 60 * kMinute;

Finding look_at_clock(const ReplicaStatus& now) {
  const Millis away = std::abs(now.clock_offset);
  if (now.last_sync == 0 || away < kMinute) return look_at_clock_setting();
  return {"clock", away < 60 * kMinute ? Health::warn : Health::fail,
          "at the last sync this machine's clock was " +
              counted(static_cast<std::uint64_t>(away / kMinute), "minute") +
              (now.clock_offset > 0 ? " ahead of" : " behind") + " the hub's",
          "set it right: times that people read here come from it"};
}

Finding look_at_person_key(const std::filesystem::path& folder) {
  const auto file = folder / "person.key";
  const auto key = crypto::read_key_file(file);
  if (!key && key.error().code == Errc::not_found)
    return {"keys", Health::ok, "the device's key is here; no person's key lies in the folder"};
  if (!key) return failed("keys", key.error());
  if (key->is_sealed()) return {"keys", Health::ok, "the person's key is sealed under a passphrase"};
  return {"keys", Health::warn, "person.key has no passphrase: whoever has the file acts as its person",
          "make one with a passphrase (wasl key make --key FILE), and have rights given to it"};
}

void look_at_work(const ReplicaStatus& now, Millis clock, Findings& out) {
  if (!now.fingerprint.empty())
    out.push_back({"rights", Health::warn, "this device waits until somebody has compared its fingerprint",
                   "read it to the secretariat: " + now.fingerprint});
  if (now.held + now.refused > 0)
    out.push_back(
        {"work", Health::warn,
         std::to_string(now.held) + " held and " + std::to_string(now.refused) + " refused by the hub",
         "see: wasl status"});
  for (const std::string& notice : now.notices) out.push_back({"work", Health::warn, notice});
  const std::string words = "last complete sync: " + time_words(now.last_sync, clock) + "; " +
                            counted(now.unsent, "change set") + " not sent";
  const bool silent = now.last_sync == 0 || clock - now.last_sync > kSilence;
  out.push_back({"sync", silent ? Health::warn : Health::ok, words, silent ? "wasl sync" : ""});
}

/// One question to the hub, within the budget: about 1,500 bytes.
Finding look_at_link(const Office& office, Replica& replica, const std::string& url) {
  auto account = LinkAccount::open(office.folder(), office.clock());
  if (!account) return failed("link", account.error());
  const Allowance allowed = account->allowance();
  if (!allowed.may_start) return {"link", Health::warn, "not tried: " + allowed.why, "see: wasl budget"};
  Loop loop;
  SyncRun::Options options;
  options.url = url;
  options.memory = office.folder();
  options.estimate = true;
  const SyncOutcome outcome = run_session(loop, replica, std::move(options));
  (void)account->close(outcome.traffic);
  if (outcome.error) return failed("link", *outcome.error);
  return {"link", Health::ok, "the hub answers at " + url + " and knows this device"};
}

void look_at_certificate(const std::string& address, Millis now, std::int64_t days, Findings& out) {
  const auto url = parse_url(address);
  if (!url || !url->tls) return;
  if (url->pin) {
    out.push_back({"certificate", Health::ok, "the hub is known by its key (pin), whatever its dates"});
    return;
  }
  const auto until = shown_certificate_end(*url, kPatience);
  out.push_back(until ? judge_certificate("the hub's certificate", *until, now, days)
                      : failed("certificate", until.error()));
}

void look_inside(const Office& office, Replica& replica, const LinkSettings& link, const Settings& settings,
                 Findings& out) {
  const Millis clock = office.clock().now();
  const auto now = replica.status();
  if (!now) {
    out.push_back(failed("replica", now.error()));
    return;
  }
  out.push_back(look_at_clock(*now));
  out.push_back(look_at_person_key(office.folder()));
  look_at_work(*now, clock, out);
  const auto url = url_of(replica, link);
  if (!url) {
    out.push_back(failed("link", url.error()));
    return;
  }
  out.push_back(look_at_link(office, replica, *url));
  if (out.back().health != Health::ok) return;
  look_at_certificate(*url, clock, settings.whole("doctor.certificate_days"), out);
}

}  // namespace

Result<Answer> doctor(const Office& office, const LinkSettings& link, const Settings& settings) {
  const std::filesystem::path& folder = office.folder();
  if (folder.empty())
    return fail(Errc::not_found, "no folder is named", "name it with --data DIR, or set WASL_DATA");
  Findings out{
      look_at_room(folder, static_cast<std::uint64_t>(settings.whole("doctor.free_megabytes")) * kMegabyte),
      look_at_writing(folder), look_at_privacy({folder / "identity.db", folder / "person.key"}),
      look_at_database("replica", folder / "replica.db"),
      look_at_database("identity", folder / "identity.db")};
  if (const auto replica = office.open()) {
    look_inside(office, **replica, link, settings, out);
  } else {
    out.push_back(failed("office", replica.error()));
  }
  out.push_back({"daemon", Health::ok,
                 daemon_runs(folder) ? "a daemon keeps this folder in touch"
                                     : "no daemon runs; wasl sync does as well"});
  out.push_back({"versions", Health::ok, "wasl " + std::string(program_version()) + ", protocol wasl.1"});
  return Answer{to_json(out).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), in_words(out),
                worst_of(out) == Health::fail ? kFailed : kDone};
}

}  // namespace wasl::cli
