// wasl-hub: arguments in, one document or words out.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "server/app/auditing.hpp"
#include "server/app/backup.hpp"
#include "server/app/bundles.hpp"
#include "server/app/compacting.hpp"
#include "server/app/desk.hpp"
#include "server/app/doctor.hpp"
#include "server/app/hub_settings.hpp"
#include "server/app/migrating.hpp"
#include "server/app/moving_files.hpp"
#include "server/app/qr.hpp"
#include "server/app/root_commands.hpp"
#include "server/app/section.hpp"
#include "server/app/serve.hpp"
#include "server/app/snapshots.hpp"
#include "server/app/times.hpp"
#include "server/app/words.hpp"
#include "shared/base/ending.hpp"
#include "shared/base/version.hpp"
#include "shared/crypto/passphrase.hpp"
#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"
#include "shared/manual/commands.hpp"
#include "shared/settings/options.hpp"

namespace {

using nlohmann::json;
using namespace std::string_literals;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 not done, see the error; 2 the command line is wrong.\n"
    "With --json exactly one document goes to standard output, errors too: "
    "{\"error\":{\"code\",\"message\",\"hint\"}}.";

struct Arguments {
  wasl::TypedSettings settings;
  bool as_json = false;
  std::string name, address, upstream;
  unsigned roots = 1, threshold = 1;
  std::vector<std::string> root_keys;
  std::string id, kind, parent, organisation, role = "officer", person;
  std::string device, reason, since, key, passphrase_file;
  std::string discard_reason = "unwanted";
  std::string record, erasure_reason;
  bool withdraw = false;
  std::vector<std::string> change_sets;
  std::string fingerprint, of_device;
  bool refused = false, confirm = false;
  std::vector<std::string> witnesses;
  std::string to;
  std::string file, png;
  bool qr = false, as_csv = false;
  wasl::AuditArguments audit;
  wasl::HubBundleArguments bundle;
  wasl::BackupArguments backup;
  std::vector<std::string> descriptions;
  bool all = false;
  bool dry_run = false;
};

std::string dump(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

int report(const Arguments& in, const std::string& command, const json& document) {
  const auto error = document.find("error");
  if (error != document.end()) {
    if (in.as_json) {
      std::cout << dump(document) << std::flush;
    } else {
      std::cerr << "wasl-hub: " << (*error)["message"].get<std::string>() << "\n";
      if (const auto hint = (*error)["hint"].get<std::string>(); !hint.empty()) std::cerr << hint << "\n";
    }
    return kFailed;
  }
  std::cout << (in.as_json ? dump(document) : wasl::in_words(command, document)) << std::flush;
  if (!std::cout) return kFailed;
  return kDone;
}

/// @param named the folder; of its store the file in it speaks from now on.
json init(const Arguments& in, const wasl::HubFolder& named) {
  if (in.upstream.empty() == in.name.empty()) {
    return wasl::to_json({wasl::Errc::invalid_value, "what is to be made?",
                          "give --name for a network, or --upstream INVITATION for a section's hub"});
  }
  if (!in.upstream.empty()) {
    wasl::HubFolder section;
    section.path = named.path;
    const auto joined = wasl::init_section(section, in.upstream, in.address);
    return joined ? *joined : wasl::to_json(joined.error());
  }
  wasl::HubFolder folder;
  folder.path = named.path;
  wasl::InitOptions options{in.name, in.address, in.roots, in.threshold, {}, in.witnesses, named.store};
  for (const std::string& root : in.root_keys) {
    const auto key = wasl::public_key_of(root, wasl::crypto::KeyKind::root);
    if (!key) return wasl::to_json(key.error());
    options.root_keys.push_back(*key);
  }
  const auto done = wasl::init_hub(folder, options);
  if (!done) return wasl::to_json(done.error());
  json document = {{"name", in.name}, {"data", folder.path.string()}};
  if (!options.root_keys.empty()) document["statement"] = folder.first_statement().string();
  return document;
}

json migrate(const Arguments& in, const wasl::HubFolder& folder) {
  const auto done = wasl::migrate_store(folder, in.to);
  return done ? *done : wasl::to_json(done.error());
}

json move(const Arguments& in, const wasl::HubFolder& folder, const wasl::Settings& settings) {
  const auto done = wasl::move_files(folder, settings, in.to);
  return done ? *done : wasl::to_json(done.error());
}

int serve(const Arguments& in, const wasl::HubFolder& folder, const wasl::Settings& settings) {
  const auto options = wasl::serve_options(settings);
  if (!options) return report(in, "serve", wasl::to_json(options.error()));
  const auto done = wasl::serve(folder, *options, [&](const std::string& url, std::uint16_t port) {
    if (in.as_json) {
      std::cout << dump({{"listening", url}, {"port", port}}) << std::flush;
    } else {
      std::cout << "listening on " << url << "\n" << std::flush;
    }
  });
  return done ? kDone : report(in, "serve", wasl::to_json(done.error()));
}

/// A file, or standard input for "-".
wasl::Result<std::string> read_named(const std::string& file, std::size_t most) {
  std::ifstream named;
  if (file != "-") {
    named.open(file, std::ios::binary);
    if (!named) return wasl::fail(wasl::Errc::not_found, "cannot read " + file);
  }
  std::istream& input = file == "-" ? std::cin : named;
  std::string text(most + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(input.gcount()));
  if (text.size() > most) {
    return wasl::fail(wasl::Errc::limit_exceeded,
                      file + " is longer than " + std::to_string(most) + " bytes");
  }
  return text;
}

/// Adds the invitation as a QR code, as asked.
json with_qr(const Arguments& in, json document) {
  if (document.contains("error") || (!in.qr && in.png.empty())) return document;
  const auto code = wasl::make_qr(document["invitation"].get<std::string>());
  if (!code) return wasl::to_json(code.error());
  if (in.qr) document["qr"] = wasl::in_half_blocks(*code, !in.as_json && ::isatty(STDOUT_FILENO) == 1);
  if (!in.png.empty()) {
    // The invitation is made by now: a picture that cannot be written must not hide it.
    if (const auto written = wasl::write_png(*code, in.png)) {
      document["png"] = in.png;
    } else {
      document["png_error"] = written.error().message;
    }
  }
  return document;
}

int audit(Arguments in, const wasl::HubFolder& folder) {
  in.audit.form = in.as_json  ? wasl::AuditForm::one_document
                  : in.as_csv ? wasl::AuditForm::csv
                              : wasl::AuditForm::table;
  bool begun = false;
  const auto done = wasl::print_audit(folder, in.audit, std::cout, begun);
  std::cout << std::flush;
  if (done) return std::cout ? kDone : kFailed;
  // A JSON document that has begun holds the error itself.
  return in.as_json && begun ? kFailed : report(in, "audit", wasl::to_json(done.error()));
}

json to_json(const wasl::Settings& settings) {
  json lines = json::array();
  for (const wasl::Settings::Line& line : settings.lines()) {
    lines.push_back({{"name", line.setting->name},
                     {"value", line.value},
                     {"from", to_word(line.origin)},
                     {"default", line.setting->fallback},
                     {"unit", line.setting->unit},
                     {"explanation", line.setting->explanation},
                     {"option", line.setting->option},
                     {"variable", line.variable}});
  }
  return {{"settings", std::move(lines)}};
}

int show_settings(const Arguments& in, const wasl::Settings& settings) {
  std::cout << (in.as_json ? dump(to_json(settings)) : settings.print()) << std::flush;
  return std::cout ? kDone : kFailed;
}

int examine(const Arguments& in, const wasl::HubFolder& folder, const wasl::Settings& settings) {
  const wasl::Findings findings = wasl::examine_hub(folder, settings);
  std::cout << (in.as_json ? dump(wasl::to_json(findings)) : wasl::in_words(findings) + "\n") << std::flush;
  return std::cout && wasl::worst_of(findings) != wasl::Health::fail ? kDone : kFailed;
}

int run(const Arguments& in, const std::string& command) {
  const auto settings = wasl::read_settings(wasl::hub_settings(), in.settings);
  if (!settings) return report(in, command, wasl::to_json(settings.error()));
  if (command == "config") return show_settings(in, *settings);
  const wasl::HubFolder folder{settings->path("data"), settings->text("store"),
                               wasl::retention_rules(*settings)};
  if (folder.path.empty()) {
    report(in, command,
           wasl::to_json({wasl::Errc::invalid_value, "no folder is named",
                          "name it with --data DIR, WASL_DATA, or data in a file of settings (--config)"}));
    return kUsage;
  }
  if (!wasl::crypto::start()) {
    return report(in, command,
                  wasl::to_json({wasl::Errc::storage_failed, "this machine gives no randomness", {}}));
  }
  if (command == "serve") return serve(in, folder, *settings);
  wasl::log::only_errors();
  if (command == "doctor") return examine(in, folder, *settings);
  if (command == "init") return report(in, command, init(in, folder));
  for (const char* of_networks :
       {"migrate-store", "snapshot", "backup", "restore", "bundle export", "bundle import"}) {
    if (command != of_networks || !folder.is_section()) continue;
    return report(in, command,
                  wasl::to_json({wasl::Errc::unsupported,
                                 "this is a section's hub: what it holds is the network's, and comes again",
                                 "run this at the network's hub"}));
  }
  if (command == "audit") return audit(in, folder);
  if (command == "migrate-store") return report(in, command, migrate(in, folder));
  if (command == "move-files") return report(in, command, move(in, folder, *settings));
  if (command == "snapshot") return report(in, command, wasl::snapshot_command(folder));
  if (command == "compact") return report(in, command, wasl::compact_command(folder, in.dry_run));
  if (command == "backup") return report(in, command, wasl::back_up(folder, in.backup));
  if (command == "restore") return report(in, command, wasl::restore(folder, in.backup));
  if (command == "bundle export") return report(in, command, wasl::export_bundle(folder, in.bundle));
  if (command == "bundle import") return report(in, command, wasl::import_bundles(folder, in.bundle));
  if (command == "bundle inspect") return report(in, command, wasl::inspect_bundles(folder, in.bundle));
  json request = {{"command", command}};
  if (command == "organisation add") {
    request.update({{"id", in.id}, {"name", in.name}, {"kind", in.kind}, {"parent", in.parent}});
  } else if (command == "invite") {
    request.update({{"organisation", in.organisation}, {"role", in.role}, {"confirm", in.confirm}});
  } else if (command == "confirm") {
    request["fingerprint"] = in.fingerprint;
  } else if (command == "revoke" || command == "wipe") {
    request.update({{"device", in.device}, {"reason", in.reason}});
    if (!in.since.empty()) {
      const auto since = wasl::parse_time(in.since);
      if (!since) return report(in, command, wasl::to_json(since.error()));
      request["since"] = *since;
    }
  } else if (command.starts_with("quarantine")) {
    request.update({{"change_sets", in.change_sets},
                    {"device", in.of_device},
                    {"refused", in.refused},
                    {"reason", in.discard_reason}});
    if (!in.change_sets.empty()) request["change_set"] = in.change_sets.front();
  }
  if (command == "erase")
    request.update({{"record", in.record}, {"reason", in.erasure_reason}, {"withdraw", in.withdraw}});
  if (command == "schema publish") {
    if (in.all == !in.descriptions.empty()) {
      return report(in, command,
                    wasl::to_json({wasl::Errc::invalid_value, "which descriptions?",
                                   "name files, or give --all for those of this program"}));
    }
    for (const std::string& file : in.descriptions) {
      const auto text = read_named(file, wasl::kDescriptionBytes);
      if (!text) return report(in, command, wasl::to_json(text.error()));
      request["files"][std::filesystem::path(file).filename().string()] = *text;
    }
  }
  if (command == "witness add") {
    const auto text = read_named(in.file, wasl::ledger::kNoteBytes);
    if (!text) return report(in, command, wasl::to_json(text.error()));
    request["text"] = *text;
  }
  if (command == "grant") {
    request.update({{"person", in.person}, {"organisation", in.organisation}, {"role", in.role}});
  }
  const bool by_person = command == "wipe" || command == "erase" || command == "quarantine adopt" ||
                         command == "quarantine discard" ||
                         ((command == "revoke" || command == "confirm") && !in.key.empty());
  if (!by_person) return report(in, command, with_qr(in, wasl::ask(folder, request)));
  const auto key = wasl::crypto::load_key(
      in.key.empty() ? folder.administrator_key() : std::filesystem::path(in.key),
      wasl::crypto::KeyKind::person,
      in.passphrase_file.empty() ? std::nullopt : std::optional<std::filesystem::path>(in.passphrase_file));
  if (!key) return report(in, command, wasl::to_json(key.error()));
  json done = wasl::ask_signed(folder, request, *key);
  // Of a device: an act a space, and no act names more than the protocol lets it.
  for (json more = done; more.value("left", 0U) > 0;) {
    more = wasl::ask_signed(folder, request, *key);
    if (more.contains("error")) {
      more["error"]["hint"] = "what came before is decided, the rest still waits: wasl-hub quarantine list";
      return report(in, command, more);
    }
    for (const char* list : {"adopted", "discarded"}) {
      if (more.contains(list)) done[list].insert(done[list].end(), more[list].begin(), more[list].end());
    }
  }
  done.erase("left");
  return report(in, command, done);
}

int run_root(const Arguments& in, const std::string& command, wasl::RootCommands& root) {
  if (!wasl::crypto::start()) {
    return report(in, command,
                  wasl::to_json({wasl::Errc::storage_failed, "this machine gives no randomness", {}}));
  }
  wasl::log::only_errors();
  return report(in, command, root.run());
}

/// Options that every command takes.
CLI::App* command(CLI::App& parent, Arguments& in, const char* name, const char* what,
                  const std::string& examples) {
  CLI::App* sub = parent.add_subcommand(name, what);
  wasl::add_settings_file(*sub, wasl::hub_settings(), in.settings);
  wasl::add_settings(*sub, wasl::hub_settings(), {"data", "store"}, in.settings);
  sub->add_flag("--json", in.as_json, "One JSON document on standard output");
  sub->footer("Examples:\n" + examples + "\n\n" + kFooter);
  return sub;
}

const wasl::ManualPage& page() {
  static const wasl::ManualPage it{
      std::string(wasl::program_version()),
      "the hub of a Wasl network",
      "wasl-hub orders, keeps and hands on what the offices of a network write. serve runs it; the other "
      "commands\n"
      "act on its folder, through the running hub where one runs.",
      {"DIR/snapshots\tWhat new offices begin from; made of the logs, and built again when it is missing.",
       "DIR/hub.db\tThe logs of all spaces, what is held, and what was decided. Back it up.",
       "DIR/section.db\tOf a section's hub: work that the network's hub has not placed yet. Its authors have "
       "it too.",
       "DIR/keys\tThe hub's log key, and on a trial hub the registrar's and root keys."},
      "wasl(1)"};
  return it;
}

int command_line(int argc, char** argv) {
  ::umask(077);  // keys, blinding keys and everybody's work: for the hub's user alone
  Arguments in;
  CLI::App app("The hub of a Wasl network: orders and keeps what offices send.", "wasl-hub");
  app.set_version_flag("--version", "wasl-hub "s + std::string(wasl::program_version()));
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  wasl-hub init --data hub --name \"World network\"\n"
      "  wasl-hub organisation add --data hub --id paris --name \"Paris section\" --kind section\n"
      "  wasl-hub invite --data hub --organisation paris\n"
      "  wasl-hub serve --data hub --listen 127.0.0.1:7707\n\n"s +
      kFooter);

  CLI::App* init = command(
      app, in, "init", "Makes a network: keys, statement, first entry",
      "  wasl-hub init --data hub --name \"World network\" --address wss://hub.example.org\n"
      "  wasl-hub init --data africa --upstream \"wasl:…\"     # a section's hub, which mirrors this one");
  init->add_option("--name", in.name, "The network's name");
  init->add_option(
      "--address", in.address,
      "The address that invitations carry; else what serve last listened on. Of a section's hub: "
      "another way to the network's than its invitation says");
  init->add_option(
      "--upstream", in.upstream,
      "Makes a section's hub instead: an invitation of the network's hub with the role section_hub");
  init->add_option("--roots", in.roots, "How many root keys are made here")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  init->add_option("--threshold", in.threshold, "How many root keys sign a network statement")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  init->add_option("--root", in.root_keys,
                   "A root key made elsewhere (64 hex digits, or its file): then none is made here");

  init->add_option(
          "--witness", in.witnesses,
          "A witness's key in 64 hex digits; more than half of them must cosign what offices call equal")
      ->allow_extra_args(false);

  CLI::App* migrate = command(app, in, "migrate-store",
                              "Moves the network from hub.db into PostgreSQL, or back, and proves it",
                              "  wasl-hub migrate-store --data hub --to "
                              "postgresql://wasl@db.example.org/wasl   # stop the hub first\n"
                              "  wasl-hub migrate-store --data hub --to sqlite");
  migrate
      ->add_option("--to", in.to,
                   "sqlite, or an empty PostgreSQL database; the old store is kept until you remove it")
      ->required();

  CLI::App* move_files = command(
      app, in, "move-files", "Moves the contents of files into the S3 store that settings name, or back",
      "  wasl-hub move-files --config hub.toml --to s3       # stop the hub first; each chunk is read back\n"
      "  wasl-hub move-files --config hub.toml --to folder\n"
      "A hub that serves with s3.bucket set brings them there by itself, in the background.");
  move_files->add_option("--to", in.to, "s3, or folder: into files.db")->required();

  CLI::App* serve =
      command(app, in, "serve", "Serves offices until SIGTERM or SIGINT",
              "  wasl-hub serve --data hub --listen 127.0.0.1:7707\n"
              "  wasl-hub serve --data hub --listen 127.0.0.1:0 --json   # picks a port, prints it\n"
              "  wasl-hub serve --data hub --listen 0.0.0.0:443 --tls-cert hub.pem --tls-key hub.key\n"
              "  wasl-hub serve --config hub.toml                      # see: wasl-hub config");
  CLI::App* config =
      command(app, in, "config", "Every setting explained, with its present value, as a file for --config",
              "  wasl-hub config > hub.toml\n"
              "  wasl-hub config --config hub.toml   # is it right?");
  CLI::App* doctor =
      command(app, in, "doctor", "Looks at disk, database, keys, clock and link, and says what to do",
              "  wasl-hub doctor --data hub\n  wasl-hub doctor --config hub.toml --json   # beside a hub "
              "that serves, too");
  for (const wasl::Setting& setting : wasl::hub_settings().settings) {
    if (setting.option.empty() || setting.name == "data" || setting.name == "store") continue;
    for (CLI::App* one : {serve, config, doctor})
      wasl::add_settings(*one, wasl::hub_settings(), {setting.name}, in.settings);
  }

  CLI::App* organisation = app.add_subcommand("organisation", "The tree of organisations");
  organisation->require_subcommand(1);
  CLI::App* add =
      command(*organisation, in, "add", "Adds an organisation; sections and associations bring a space",
              "  wasl-hub organisation add --data hub --id senegal --name \"Senegal\" --kind association "
              "--parent africa");
  add->add_option("--id", in.id, "1 to 32 of a-z, 0-9 and -; names its space")->required();
  add->add_option("--name", in.name, "The organisation's name")->required();
  add->add_option("--kind", in.kind, "As in the register of organisations: section, association, …")
      ->required();
  add->add_option("--parent", in.parent, "The organisation above it");

  CLI::App* invite = command(app, in, "invite", "Makes one invitation, usable once within 30 days",
                             "  wasl-hub invite --data hub --organisation senegal --role publisher");
  invite->add_option("--organisation", in.organisation, "Whose device it will be")->required();
  invite->add_option("--role", in.role, "officer, editor, reviewer, publisher, treasurer, administrator, …")
      ->capture_default_str();

  invite->add_flag("--confirm", in.confirm,
                   "Its rights begin once somebody has compared the device's fingerprint: for publishers and "
                   "administrators");
  CLI::App* confirm =
      command(app, in, "confirm", "Gives a device invited with --confirm its rights",
              "  wasl-hub confirm --data hub \"3f9a 02c1 77de 5b10 e4a8\"   # as its person reads it to you");
  confirm->add_option("FINGERPRINT", in.fingerprint, "As `wasl status` on that device shows it")->required();

  CLI::App* grant = command(app, in, "grant", "Gives a person's key a role, from where they grant further",
                            "  wasl-hub grant --data hub --person KEY --role president --organisation world");
  grant->add_option("--person", in.person, "Public key, as wasl key show prints it")->required();
  grant->add_option("--organisation", in.organisation, "Where they hold it")->required();
  grant->add_option("--role", in.role, "A role of schema/roles.json")->required();

  CLI::App* devices = command(app, in, "devices", "Devices, whose they are, and when they were last seen",
                              "  wasl-hub devices --data hub --json");
  CLI::App* revoke =
      command(app, in, "revoke", "Ends a key's rights: its work is held from then on",
              "  wasl-hub revoke --data hub 3f9a --reason lost\n"
              "  wasl-hub revoke --data hub 3f9a --reason compromised --since 2026-11-20T08:00:00Z\n"
              "     # voids what it wrote since; grants that it gave since fall");
  revoke->add_option("DEVICE", in.device, "The key, or as much of its beginning as is clear")->required();
  revoke->add_option("--reason", in.reason, "lost, left or compromised")
      ->required()
      ->check(CLI::IsMember({"lost", "left", "compromised"}));
  revoke->add_option(
      "--since", in.since,
      "compromised: since when somebody else may have had it; else nothing before now is voided");
  CLI::App* wipe =
      command(app, in, "wipe", "Orders a device to hand over what is unsent and to destroy its files",
              "  wasl-hub wipe --data hub 3f9a      # revokes it too; done at its next sync");
  wipe->add_option("DEVICE", in.device, "The key, or as much of its beginning as is clear")->required();
  CLI::App* gone = command(app, in, "erase",
                           "Destroys a record's personal values everywhere, 72 hours later unless withdrawn",
                           "  wasl-hub erase --data hub association/ampcc#ID --reason requested\n"
                           "  wasl-hub erase --data hub association/ampcc#ID --withdraw");
  gone->add_option("RECORD", in.record, "SPACE#ID, or an id that one space has")->required();
  CLI::Option* why_gone =
      gone->add_option("--reason", in.erasure_reason,
                       "requested, consent_withdrawn, no_longer_needed or unlawful")
          ->check(CLI::IsMember({"requested", "consent_withdrawn", "no_longer_needed", "unlawful"}));
  gone->add_flag("--withdraw", in.withdraw, "Takes back what is not in force yet")->excludes(why_gone);
  CLI::App* quarantine = app.add_subcommand("quarantine", "Work that waits for a person's decision");
  quarantine->require_subcommand(1);
  CLI::App* list = command(*quarantine, in, "list", "What is held, a line a record",
                           "  wasl-hub quarantine list --data hub\n"
                           "  wasl-hub quarantine list --data hub --refused     # refused work too");
  list->add_flag("--refused", in.refused, "What was refused as well");
  CLI::App* show = command(*quarantine, in, "show", "What a change set says and why it waits",
                           "  wasl-hub quarantine show --data hub 81c2");
  CLI::App* adopt =
      command(*quarantine, in, "adopt", "Lets it take effect under your own rights",
              "  wasl-hub quarantine adopt --data hub 81c2\n"
              "  wasl-hub quarantine adopt --data hub 81c2 9d07 --key /media/stick/my.key\n"
              "  wasl-hub quarantine adopt --data hub --device 3f9a    # all that is held of it");
  CLI::App* discard =
      command(*quarantine, in, "discard", "Ends its waiting; header and reason stay as evidence",
              "  wasl-hub quarantine discard --data hub 81c2 --reason duplicate");
  discard->add_option("--reason", in.discard_reason, "unwanted, duplicate, mistaken or harmful")
      ->capture_default_str()
      ->check(CLI::IsMember({"unwanted", "duplicate", "mistaken", "harmful"}));
  show->add_option("CHANGE_SET", in.change_sets, "Its name, or as much of its beginning as is clear")
      ->required()
      ->expected(1);
  for (CLI::App* one : {adopt, discard})
    one->add_option("CHANGE_SET", in.change_sets, "Names, or as much of their beginnings as is clear")
        ->excludes(one->add_option("--device", in.of_device, "All that is held of this device instead"));
  for (CLI::App* one : {revoke, wipe, adopt, discard, gone, confirm}) {
    one->add_option("--key", in.key,
                    "File with a person's key; on a trial hub keys/administrator.key serves");
    one->add_option("--passphrase-file", in.passphrase_file,
                    "Its first line opens the key; else the terminal is asked");
  }

  invite->add_flag("--qr", in.qr, "Also as a QR code in the terminal");
  invite->add_option("--png", in.png, "Also as a QR code in a new PNG file");

  CLI::App* audit = command(
      app, in, "audit", "Who did what, when, from which device, under which grant",
      "  wasl-hub audit --data hub --record project/p-1\n"
      "  wasl-hub audit --data hub --organisation senegal --from 2026-03-01 --until 2026-03-31 --csv");
  audit->add_option("--record", in.audit.record, "REGISTER/ID");
  audit->add_option("--device", in.audit.device, "A device's key, or the beginning of it");
  audit->add_option("--person", in.audit.person, "A person's key, or the beginning of it");
  audit->add_option("--organisation", in.audit.organisation, "Whose grants were used");
  audit->add_option("--from", in.audit.from, "A day or a time, in UTC");
  audit->add_option("--until", in.audit.until, "A day, which counts whole, or a time before which");
  audit->add_flag("--csv", in.as_csv, "Comma-separated, for spreadsheets")->excludes("--json");

  CLI::App* status =
      command(app, in, "status", "Network, keys, spaces, devices", "  wasl-hub status --data hub --json");

  CLI::App* snapshot =
      command(app, in, "snapshot", "Builds what new offices begin from, now; a hub may be serving meanwhile",
              "  wasl-hub snapshot --data hub");

  CLI::App* compacted = command(
      app, in, "compact", "Lets go of old values that nobody who is waited for can still ask for",
      "  wasl-hub compact --data hub --dry-run     # what would go, and what is waited for\n"
      "  wasl-hub compact --data hub               # headers and signatures stay: every proof holds\n"
      "An office is waited for as long as its lease runs: wasl-hub devices; lease_days, retention_days.");
  compacted->add_flag("--dry-run", in.dry_run, "Changes nothing");

  CLI::App* bundle = app.add_subcommand("bundle", "What a link would carry, in a file on a stick");
  bundle->require_subcommand(1);
  CLI::App* bundle_out = command(
      *bundle, in, "export", "Writes what an office lacks, with the hub's proof and its answers",
      "  wasl-hub bundle export --data hub STICK/answer.wasl --device 3f9a     # sealed to it\n"
      "  wasl-hub bundle export --data hub STICK/all.wasl --all                # each space to its readers\n"
      "  wasl-hub bundle export --data hub STICK/new.wasl --all --snapshot     # … to begin from\n"
      "  wasl-hub bundle export --data hub mail.wasl --device 3f9a --split 5M  # for e-mail, as attachments");
  bundle_out->add_option("FILE", in.bundle.file, "A new file")->required();
  bundle_out->add_option("--device", in.bundle.device, "Its key, or as much of its beginning as is clear");
  bundle_out->add_option("--space", in.bundle.space, "One space, for all who may read it");
  bundle_out->add_flag("--all", in.bundle.all, "Every space, each for those who may read it");
  bundle_out->add_flag("--snapshot", in.bundle.snapshot,
                       "For offices that hold nothing yet: snapshots where there are, and what follows");
  bundle_out->add_option("--since", in.bundle.since,
                         "Entries behind this position; else, for a device, what it lacks");
  bundle_out->add_option("--split", in.bundle.split, "Several files of at most so many bytes, such as 5M");
  CLI::Option* with_files = bundle_out->add_flag("--with-files", in.bundle.with_files,
                                                 "Files of records too, as far as they are here");
  bundle_out
      ->add_option("--up-to", in.bundle.files_up_to, "Of those, files of at most so many bytes, such as 2M")
      ->needs(with_files)
      ->transform(CLI::AsSizeValue(true));
  CLI::App* bundle_in = command(*bundle, in, "import", "Takes the work that offices' bundles bring",
                                "  wasl-hub bundle import --data hub STICK/dakar.wasl");
  CLI::App* bundle_look = command(*bundle, in, "inspect", "What a bundle is, without taking anything of it",
                                  "  wasl-hub bundle inspect --data hub STICK/dakar.wasl");
  for (CLI::App* one : {bundle_in, bundle_look})
    one->add_option("FILE", in.bundle.files, "Files that an export has written")->required();

  CLI::App* backup =
      command(app, in, "backup", "Copies the hub's databases as they are, beside a hub that serves",
              "  wasl-hub backup --data hub /backups/2026-11-29\n"
              "No key is in it: keep copies of keys elsewhere. See: wasl-hub restore --help");
  backup->add_option("FOLDER", in.backup.place, "A new folder")->required();
  backup->add_flag("--without-files", in.backup.without_files, "Without files.db: it is kept by other means");
  CLI::App* restore = command(
      app, in, "restore", "Puts a backup into a folder, and checks all of it against what the hub had signed",
      "  wasl-hub restore --data drill /backups/2026-11-29        # into a new folder: is the backup good?\n"
      "  wasl-hub restore --data hub /backups/2026-11-29          # hub.db is lost, keys and checkpoint are "
      "there\n"
      "  wasl-hub restore --data hub /backups/last --newest       # the hub was stopped before that backup\n"
      "Without a checkpoint in the folder the hub begins by taking back what offices hold: wasl-hub recover "
      "--help");
  restore->add_option("FOLDER", in.backup.place, "As wasl-hub backup has written it")->required();
  restore->add_flag("--newest", in.backup.is_newest,
                    "The hub has signed nothing since this backup: go on where it ends. When that is not so, "
                    "offices find that the hub changes its story");

  CLI::App* witness = app.add_subcommand("witness", "Who watches that the log only grows");
  witness->require_subcommand(1);
  CLI::App* add_witness =
      command(*witness, in, "add", "Takes the lines by which a witness has cosigned the newest checkpoint",
              "  curl --silent http://127.0.0.1:7707/log/heads/checkpoint   # what the witness signs\n"
              "  wasl-hub witness add --data hub cosigned.txt");
  add_witness
      ->add_option("FILE", in.file,
                   "The note with its cosignatures, or their lines alone; - reads standard input")
      ->required();

  CLI::App* key =
      command(app, in, "key", "The verifier key of the log `heads`, for whoever reads /log/heads/",
              "  wasl-hub key --data hub --json");
  CLI::App* recover =
      command(app, in, "recover", "hub.db is an old copy: take back what offices hold",
              "  wasl-hub recover --data hub        # stopped; then serve, and wait for the offices\n"
              "  wasl-hub root statement --data hub --new-epoch --out epoch.statement\n"
              "A hub that finds in its folder that it had signed more begins by itself.\n");
  CLI::App* schema = app.add_subcommand("schema", "The register descriptions in force");
  schema->require_subcommand(1);
  CLI::App* publish =
      command(*schema, in, "publish", "Puts register descriptions into force, for all to judge by",
              "  wasl-hub schema publish --data hub --all\n"
              "  wasl-hub schema publish --data hub need.json   # only adds: fields, codes, words\n"
              "The first time brings those of this program along, so that no register is without.\n");
  publish->add_option("FILE", in.descriptions, "Register descriptions");
  publish->add_flag("--all", in.all, "Those of this program that are not in force yet");
  CLI::App* list_schema =
      command(*schema, in, "list", "What is in force", "  wasl-hub schema list --data hub");
  wasl::RootCommands root(app);
  std::string manual;
  wasl::add_manual_commands(app, page(), [&manual](const std::string& text) { manual = text; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    const bool as_json = std::any_of(argv + 1, argv + argc, [](const char* a) { return a == "--json"s; });
    if (!as_json) {
      app.exit(error);
    } else {
      std::cout << dump(wasl::to_json({wasl::Errc::invalid_value, error.what(), "see: wasl-hub --help"}));
    }
    return kUsage;
  }
  if (!manual.empty()) {
    std::cout << manual << std::flush;
    return std::cout ? kDone : kFailed;
  }
  if (const std::string asked = root.parsed(); !asked.empty()) {
    in.as_json = root.as_json();
    return run_root(in, asked, root);
  }
  if (init->parsed()) return run(in, "init");
  if (serve->parsed()) return run(in, "serve");
  if (config->parsed()) return run(in, "config");
  if (migrate->parsed()) return run(in, "migrate-store");
  if (move_files->parsed()) return run(in, "move-files");
  if (doctor->parsed()) return run(in, "doctor");
  if (add->parsed()) return run(in, "organisation add");
  if (invite->parsed()) return run(in, "invite");
  if (confirm->parsed()) return run(in, "confirm");
  if (status->parsed()) return run(in, "status");
  if (snapshot->parsed()) return run(in, "snapshot");
  if (compacted->parsed()) return run(in, "compact");
  if (key->parsed()) return run(in, "key");
  if (audit->parsed()) return run(in, "audit");
  if (bundle_out->parsed()) return run(in, "bundle export");
  if (bundle_in->parsed()) return run(in, "bundle import");
  if (bundle_look->parsed()) return run(in, "bundle inspect");
  if (backup->parsed()) return run(in, "backup");
  if (restore->parsed()) return run(in, "restore");
  if (add_witness->parsed()) return run(in, "witness add");
  if (grant->parsed()) return run(in, "grant");
  if (recover->parsed()) return run(in, "recover");
  if (devices->parsed()) return run(in, "devices");
  if (revoke->parsed()) return run(in, "revoke");
  if (wipe->parsed()) return run(in, "wipe");
  if (gone->parsed()) return run(in, "erase");
  if (list->parsed()) return run(in, "quarantine list");
  if (show->parsed()) return run(in, "quarantine show");
  if (adopt->parsed()) return run(in, "quarantine adopt");
  if (discard->parsed()) return run(in, "quarantine discard");
  if (publish->parsed()) return run(in, "schema publish");
  if (list_schema->parsed()) return run(in, "schema list");
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  return wasl::run_to_the_end("wasl-hub", [&] { return command_line(argc, argv); });
}
