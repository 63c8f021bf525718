#include "client/cli/office_settings.hpp"

#include "shared/net/open_network.hpp"

namespace wasl::cli {

const SettingsTable& office_settings() {
  static const SettingsTable table{
      "wasl",
      "WASL_",
      {{.name = "data",
        .kind = SettingKind::path,
        .explanation = "The office's folder",
        .option = "--data",
        .example = "/var/lib/wasl"},
       {.name = "url",
        .explanation = "Another way to the hub than the invitation's (a relay, a tunnel)",
        .option = "--url",
        .example = "wss://hub.example:7707",
        .check = check_hub_url},
       {.name = "section",
        .explanation =
            "A section's hub near this office: asked first, and the hub where that does not answer",
        .option = "--section",
        .example = "ws://10.0.0.7:7707",
        .check = check_hub_url},
       {.name = "plain_text_on_an_open_network",
        .kind = SettingKind::flag,
        .explanation = "Call a hub beyond this machine without TLS: whoever carries it reads and changes it",
        .fallback = "false",
        .option = "--plain-text-on-an-open-network"},
       {.name = "poll_seconds",
        .kind = SettingKind::whole,
        .explanation =
            "Between two rounds of a daemon whose link goes by HTTP POSTs: then nothing comes unasked",
        .fallback = "60",
        .option = "--poll",
        .unit = "seconds",
        .least = 1,
        .most = 86'400},
       {.name = "doctor.free_megabytes",
        .kind = SettingKind::whole,
        .explanation = "wasl doctor warns when the disk has less room than this",
        .fallback = "200",
        .unit = "megabytes",
        .most = 1'000'000'000},
       {.name = "doctor.certificate_days",
        .kind = SettingKind::whole,
        .explanation = "wasl doctor warns when the hub's certificate ends sooner than this",
        .fallback = "14",
        .unit = "days",
        .most = 3'650}}};
  return table;
}

}  // namespace wasl::cli
