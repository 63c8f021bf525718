#include "server/app/doctor.hpp"

#include <nlohmann/json.hpp>

#include "server/app/desk.hpp"
#include "server/app/object_store.hpp"
#include "server/app/status.hpp"
#include "shared/base/version.hpp"
#include "shared/net/certificate_dates.hpp"
#include "shared/settings/settings.hpp"

namespace wasl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPatience{5'000};
constexpr std::uint64_t kMegabyte = 1'000'000;

std::vector<std::filesystem::path> secrets_of(const HubFolder& folder) {
  std::vector<std::filesystem::path> out{folder.database(), folder.keys()};
  std::error_code unreadable;  // then the look at the keys says so
  for (const auto& entry : std::filesystem::directory_iterator(folder.keys(), unreadable))
    out.push_back(entry.path());
  return out;
}

Finding look_at_versions(const json& inside) {
  const std::string here(program_version());
  const std::string there = inside["version"].get<std::string>();
  if (here == there) return {"versions", Health::ok, "wasl-hub " + here + ", protocol wasl.1"};
  return {"versions", Health::warn, "this is wasl-hub " + here + ", and " + there + " serves",
          "restart the hub that serves"};
}

Finding look_at_clock(const json& inside) {
  const Millis behind = inside["clock_behind"].get<Millis>();
  if (behind <= 0) return look_at_clock_setting();
  return {"clock", Health::fail,
          "this machine's clock stands " + std::to_string(behind / 1000) + " s before the last entry",
          "set it right: date, or systemctl restart systemd-timesyncd"};
}

void look_at_keys(const json& inside, Findings& out) {
  const json& words = inside["keys"];
  out.push_back({"keys", Health::ok, words[0].get<std::string>()});
  for (std::size_t i = 1; i < words.size(); ++i)
    out.push_back(
        {"keys", Health::warn, words[i].get<std::string>(), "move it to a stick that is kept elsewhere"});
}

void look_at_certificate(const std::filesystem::path& file, bool by_pin, Millis now, const Settings& settings,
                         Findings& out) {
  if (file.empty()) return;
  const auto until = certificate_end(file);
  if (!until) {
    out.push_back(failed("certificate", until.error()));
  } else if (by_pin && *until > now) {
    out.push_back({"certificate", Health::ok, "offices know it by its key (pin), whatever its dates"});
  } else {
    out.push_back(judge_certificate("the certificate " + file.filename().string(), *until, now,
                                    settings.whole("doctor.certificate_days")));
  }
}

void look_at_files(const Settings& settings, Findings& out) {
  const auto store = object_store(settings);
  if (!store) {
    out.push_back(failed("files", store.error()));
  } else if (*store) {
    out.push_back(look_at_object_store(**store));
    if (!(*store)->key_file.empty()) out.push_back(look_at_privacy({(*store)->key_file}));
  }
}

/// Of a section's hub: whether it is in touch with the network's.
Finding look_at_upstream(const json& section) {
  const std::string url = section["upstream"].get<std::string>();
  const json& link = section["link"];
  if (link.is_null()) return {"upstream", Health::ok, "mirrors " + url + " while it serves"};
  const std::string since = std::to_string(link["seconds"].get<Millis>()) + " s";
  if (link["up"].get<bool>()) return {"upstream", Health::ok, "linked to " + url + " for " + since};
  const std::string why = link["trouble"].is_null() ? "" : ": " + link["trouble"].get<std::string>();
  return {
      "upstream", Health::warn, "no link to " + url + " for " + since + why,
      "offices of the section go on with each other; what they write waits here and at their own machines"};
}

/// As an office would find it.
Finding look_at_link(const json& inside) {
  const std::string address = inside["address"].get<std::string>();
  if (!inside["serving"].get<bool>())
    return {"link", Health::warn, "no hub serves this folder now",
            "wasl-hub serve, or systemctl start wasl-hub"};
  const auto url = parse_url(address);
  if (!url) return failed("link", url.error());
  const Status answers = url->tls ? [&]() -> Status {
    WASL_TRY(shown_certificate_end(*url, kPatience));
    return {};
  }()
      : port_answers(*url, kPatience);
  if (answers) return {"link", Health::ok, "answers at " + address};
  Finding out = failed("link", answers.error());
  out.advice = "that is the address which invitations carry: does a proxy or a firewall stand before it?";
  return out;
}

}  // namespace

Result<json> examine_open(OpenHub& open, bool serving) {
  WASL_LET(const std::string address, open.address());
  WASL_LET(json section, section_status(open));
  return json{{"clock_behind", open.hub().hub_time() - open.clock().now()},
              {"keys", keys_in_words(open.folder(), open.hub().authority().statement())},
              {"address", address},
              {"serving", serving},
              {"recovering", open.hub().is_recovering()},
              {"section", std::move(section)},
              {"version", program_version()}};
}

Findings examine_hub(const HubFolder& folder, const Settings& settings) {
  Findings out{look_at_room(folder.path,
                            static_cast<std::uint64_t>(settings.whole("doctor.free_megabytes")) * kMegabyte),
               look_at_writing(folder.path), look_at_privacy(secrets_of(folder)),
               look_at_database("database", folder.database())};
  look_at_files(settings, out);
  const json inside = ask(folder, {{"command", "doctor"}});
  if (const auto error = inside.find("error"); error != inside.end()) {
    out.push_back(
        {"hub", Health::fail, (*error)["message"].get<std::string>(), (*error)["hint"].get<std::string>()});
    return out;
  }
  if (inside["recovering"].get<bool>()) {
    out.push_back({"hub", Health::warn, "it recovers from an old copy, and gives nothing",
                   "when every office that can come has come: wasl-hub root statement --new-epoch"});
  }
  out.push_back(look_at_clock(inside));
  look_at_keys(inside, out);
  SystemClock clock;
  const bool by_pin = inside["address"].get<std::string>().find("#pin=") != std::string::npos;
  look_at_certificate(settings.path("tls.certificate"), by_pin, clock.now(), settings, out);
  look_at_certificate(settings.path("tls.proxy_certificate"), false, clock.now(), settings, out);
  out.push_back(look_at_link(inside));
  if (!inside["section"].is_null()) out.push_back(look_at_upstream(inside["section"]));
  out.push_back(look_at_versions(inside));
  return out;
}

}  // namespace wasl
