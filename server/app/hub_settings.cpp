#include "server/app/hub_settings.hpp"

#include <algorithm>

#include "server/app/folder_store.hpp"
#include "server/contents/s3_client.hpp"
#include "shared/net/connect.hpp"
#include "shared/net/open_network.hpp"

namespace wasl {
namespace {

Status check_upstream(const std::string& address) {
  WASL_TRY(parse_url(address));
  return {};
}

/// What a path of a URL takes as it is, so that a signature is of what was sent.
Status check_object_name(const std::string& text, std::string_view more) {
  const auto is_plain = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  };
  if (std::all_of(text.begin(), text.end(), is_plain) && !text.starts_with('/') &&
      text.find("//") == std::string::npos && text.find("..") == std::string::npos)
    return {};
  return fail(Errc::invalid_value, "letters, digits and any of " + std::string(more));
}

Status check_bucket(const std::string& text) { return check_object_name(text, "-."); }
Status check_region(const std::string& text) { return check_object_name(text, "-"); }
Status check_prefix(const std::string& text) { return check_object_name(text, "-._/"); }

}  // namespace

const SettingsTable& hub_settings() {
  static const SettingsTable table{
      "wasl-hub",
      "WASL_HUB_",
      {{.name = "data",
        .kind = SettingKind::path,
        .explanation = "The hub's folder: its database and its keys",
        .option = "--data",
        .example = "/var/lib/wasl-hub",
        .environment = "WASL_DATA"},
       {.name = "store",
        .explanation =
            "A PostgreSQL database for all but keys and files; else what the folder names, or its hub.db",
        .option = "--store",
        .example = "postgresql://wasl@db.example.org/wasl",
        .check = check_store_address},
       {.name = "listen",
        .explanation = "Where offices connect: HOST:PORT in numbers; port 0 picks a free one",
        .fallback = "127.0.0.1:7707",
        .option = "--listen",
        .check = check_listen_address},
       {.name = "upstream",
        .explanation = "Of a section's hub: where the network's hub is; else as its invitation said",
        .option = "--upstream",
        .example = "wss://hub.example.org",
        .check = check_upstream},
       {.name = "plain_text_on_an_open_network",
        .kind = SettingKind::flag,
        .explanation = "Listen beyond this machine without TLS: whoever carries it reads and changes it",
        .fallback = "false",
        .option = "--plain-text-on-an-open-network"},
       {.name = "metrics_listen",
        .explanation =
            "Where /metrics, /healthz and /readyz are served, for this machine and its monitoring alone",
        .option = "--metrics-listen",
        .example = "127.0.0.1:7708",
        .check = check_listen_address},
       {.name = "drain_seconds",
        .kind = SettingKind::whole,
        .explanation = "How long offices have to say goodbye when the hub stops",
        .fallback = "3",
        .unit = "seconds",
        .least = 1,
        .most = 60},
       {.name = "snapshot_minutes",
        .kind = SettingKind::whole,
        .explanation =
            "How often snapshots are built for new offices, where logs have grown enough; 0 is never",
        .fallback = "60",
        .unit = "minutes",
        .most = 100'000},
       {.name = "lease_days",
        .kind = SettingKind::whole,
        .explanation = "How long the hub keeps for a device that does not sync what it may not know yet",
        .fallback = "180",
        .unit = "days",
        .least = 30,
        .most = 3'650},
       {.name = "retention_days",
        .kind = SettingKind::whole,
        .explanation = "How old the values of an entry are at least before the hub lets them go",
        .fallback = "90",
        .unit = "days",
        .least = 30,
        .most = 36'500},
       {.name = "collect_deleted",
        .kind = SettingKind::flag,
        .explanation = "Deleted records go for good with the old values; programs that do not know it yet "
                       "stop at the entry that says so",
        .fallback = "false"},
       {.name = "compact_hours",
        .kind = SettingKind::whole,
        .explanation = "How often the hub looks whether old values may go and much is won by it; 0 is never",
        .fallback = "24",
        .unit = "hours",
        .most = 100'000},
       {.name = "strangers",
        .kind = SettingKind::whole,
        .explanation =
            "Connections that have not said who they are, at once; then the oldest of whoever has most goes",
        .fallback = "256",
        .unit = "connections",
        .least = 8,
        .most = 65'536},
       {.name = "tls.certificate",
        .kind = SettingKind::path,
        .explanation =
            "PEM: the certificate to speak TLS 1.3 with, and those that sign it; read again when it changes",
        .option = "--tls-cert",
        .example = "/etc/wasl-hub/hub.pem"},
       {.name = "tls.key",
        .kind = SettingKind::path,
        .explanation = "PEM: its key, without a passphrase",
        .option = "--tls-key",
        .example = "/etc/wasl-hub/hub.key"},
       {.name = "tls.proxy_certificate",
        .kind = SettingKind::path,
        .explanation = "PEM: the certificate of a proxy on this machine that ends TLS before the hub",
        .option = "--tls-proxy-cert",
        .example = "/etc/letsencrypt/live/hub.example.org/fullchain.pem"},
       {.name = "s3.endpoint",
        .explanation =
            "Of an S3-compatible store for the contents of files, with s3.bucket; else they lie in files.db",
        .example = "https://s3.example.org",
        .check = check_s3_endpoint},
       {.name = "s3.region",
        .explanation = "The region that requests are signed for; many stores take any",
        .fallback = "us-east-1",
        .check = check_region},
       {.name = "s3.bucket",
        .explanation =
            "The bucket; it has to be there. Keep versions or a replica of it: it is not in a backup",
        .example = "wasl-files",
        .check = check_bucket},
       {.name = "s3.prefix",
        .explanation = "Before the names of objects: one for each network that shares a bucket",
        .example = "world-network",
        .check = check_prefix},
       {.name = "s3.key_file",
        .kind = SettingKind::path,
        .explanation = "Two lines, the access key's id and its secret; else AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY",
        .example = "/etc/wasl-hub/s3.key"},
       {.name = "s3.waiting_megabytes",
        .kind = SettingKind::whole,
        .explanation = "How much of files may wait in files.db while the store does not answer; then none is "
                       "taken",
        .fallback = "1024",
        .unit = "megabytes",
        .least = 1,
        .most = 1'000'000'000},
       {.name = "doctor.free_megabytes",
        .kind = SettingKind::whole,
        .explanation = "wasl-hub doctor and /metrics warn when the disk has less room than this",
        .fallback = "1024",
        .unit = "megabytes",
        .most = 1'000'000'000},
       {.name = "doctor.certificate_days",
        .kind = SettingKind::whole,
        .explanation = "wasl-hub doctor warns when the certificate ends sooner than this",
        .fallback = "21",
        .unit = "days",
        .most = 3'650}}};
  return table;
}

ledger::RetentionRules retention_rules(const Settings& settings) {
  return {settings.whole("lease_days") * ledger::kDay, settings.whole("retention_days") * ledger::kDay,
          settings.flag("collect_deleted")};
}

}  // namespace wasl
