#include "client/cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "client/cli/attaching.hpp"
#include "client/cli/office_settings.hpp"
#include "client/cli/words.hpp"
#include "shared/base/version.hpp"
#include "shared/manual/commands.hpp"
#include "shared/settings/options.hpp"

namespace wasl::cli {
namespace {

constexpr const char* kFooter =
    "The folder is named by --data DIR, by WASL_DATA or in a file of settings (--config, WASL_CONFIG). With "
    "--json exactly one document goes to standard\n"
    "output, errors too.\n"
    "Exit codes: 0 done; 1 an error in words; 3 no link to the hub, or it was cut (nothing is lost);\n"
    "4 the sync ended but both sides are not proved equal; 5 the hub was caught showing another history.\n"
    "Other programs may write DIR/replica.db: sqlite3 -cmd '.timeout 5000' DIR/replica.db";

/// Everything that options write into; lives as long as the parser.
struct Parsed {
  CommandLine line;
  TypedSettings typed;
  std::optional<Settings> settings;
  JoinArguments join;
  SyncArguments sync;
  BudgetArguments budget;
  RecordArguments record;
  ListArguments list;
  RegistersArguments registers;
  ResolveArguments resolve;
  SearchArguments search;
  AttachArguments attach;
  FetchArguments fetch;
  AttachmentsArguments attachments;
  ReceiptArguments receipt;
  CheckReceiptArguments check_receipt;
  CompareArguments compare;
  VerifyArguments verify;
  std::string evidence_folder;
  std::string change_set;
  std::optional<std::string> log_register, log_id;
  PersonArguments person;
  GrantRequest grant;
  AcceptArguments accept;
  RevokeArguments revoke;
  GrantsArguments grants;
  SignArguments sign;
  EraseArguments erase;
  PublishArguments publish;
  BundleExportArguments bundle_export;
  BundleFilesArguments bundle_files;
};

using Run = std::function<Result<Answer>(const Office&)>;

CLI::App* command(CLI::App& app, Parsed& parsed, const std::string& name, const std::string& what,
                  const std::string& examples, Run run) {
  CLI::App* sub = app.add_subcommand(name, what);
  add_settings_file(*sub, office_settings(), parsed.typed);
  add_settings(*sub, office_settings(), {"data"}, parsed.typed);
  sub->add_flag("--json", parsed.line.json, "One JSON document on standard output");
  sub->footer("Examples:\n" + examples + "\n\n" + kFooter);
  sub->callback([&parsed, run = std::move(run)] { parsed.line.run = run; });
  return sub;
}

void add_record_options(CLI::App* sub, RecordArguments& record, bool with_id) {
  sub->add_option("REGISTER", record.register_name, "see: wasl registers")->required();
  if (with_id) sub->add_option("ID", record.id, "The record's id")->required();
  sub->add_option("--space", record.space,
                  with_id ? "Where the id is ambiguous" : "Where it stands; else the register's default");
}

void add_link_settings(CLI::App& sub, Parsed& p) {
  add_settings(sub, office_settings(), {"url", "section", "plain_text_on_an_open_network"}, p.typed);
}

void add_link_commands(CLI::App& app, Parsed& p) {
  CLI::App* join = command(app, p, "join", "Enters a network by an invitation, and syncs for the first time",
                           "  wasl join --data office --language fr INVITATION",
                           [&p](const Office& o) { return join_network(o, p.join); });
  join->add_option("INVITATION", p.join.invitation, "As the secretariat sent it")->required();
  join->add_option("--language", p.join.language,
                   "Language of plain text written by SQL, such as fr; else und");
  CLI::App* sync_now = command(app, p, "sync", "One round with the hub: sends, receives, proves",
                               "  wasl sync --data office\n  wasl sync --data office --estimate\n"
                               "  wasl sync --data office --url wss://hub.example --json",
                               [&p](const Office& o) { return sync(o, p.sync); });
  CLI::App* daemon =
      command(app, p, "daemon", "Keeps in touch with the hub until it is told to stop",
              "  wasl daemon --data office", [&p](const Office& o) { return keep_in_touch(o, p.sync); });
  for (CLI::App* sub : {join, sync_now, daemon}) add_link_settings(*sub, p);
  add_settings(*daemon, office_settings(), {"poll_seconds"}, p.typed);
  sync_now->add_flag("--estimate", p.sync.estimate, "Say what it would bring, take and cost, and do nothing");
  sync_now->add_flag("--over-budget", p.sync.over_budget, "This time whatever the budget says");
  CLI::App* budgeting = command(
      app, p, "budget", "How much may be sent and received, and when",
      "  wasl budget --data office\n"
      "  wasl budget --data office --day 10M --month 200M/50M --hours 20:00-06:00 --price \"0.05 USD\"\n"
      "  wasl budget --data office --metered auto   # only where the system calls the link metered",
      [&p](const Office& o) { return budget(o, p.budget); });
  budgeting->add_option("--session", p.budget.session, "Of one session: 500k, 2M, RECEIVED/SENT, or none");
  budgeting->add_option("--day", p.budget.day, "Of a day");
  budgeting->add_option("--month", p.budget.month, "Of a calendar month");
  budgeting->add_option("--hours", p.budget.hours,
                        "When links may begin: 20:00-06:00,12:00-13:00, or always");
  budgeting
      ->add_option("--metered", p.budget.metered,
                   "yes: every link counts; auto: those that the system calls metered; no: none")
      ->check(CLI::IsMember({"yes", "auto", "no"}));
  budgeting->add_option("--price", p.budget.price, "Of a megabyte, such as \"0.05 USD\"");
  command(app, p, "status", "What waits, what conflicts, and how fresh everything is",
          "  wasl status --data office", [](const Office& o) { return status(o); });
  CLI::App* config =
      command(app, p, "config", "Every setting explained, with its present value, as a file for --config",
              "  wasl config > wasl.toml\n  wasl config --config wasl.toml   # is it right?",
              [&p](const Office&) { return show_settings(*p.settings); });
  CLI::App* examine =
      command(app, p, "doctor", "Looks at disk, databases, keys, clock and link, and says what to do",
              "  wasl doctor --data office\n  wasl doctor --config wasl.toml --json",
              [&p](const Office& o) { return doctor(o, p.sync.link, *p.settings); });
  for (CLI::App* sub : {config, examine}) add_link_settings(*sub, p);
}

void add_record_commands(CLI::App& app, Parsed& p) {
  CLI::App* add_one =
      command(app, p, "add", "Adds a record",
              "  wasl add project --data office title=\"Water for all\" title.fr=\"L'eau pour tous\" "
              "status=pipeline theme=water,climate budget=\"1250000 XOF\"",
              [&p](const Office& o) { return add(o, p.record); });
  add_record_options(add_one, p.record, false);
  add_one->add_option("--id", p.record.id, "An id of your own; else one is made");
  add_one->add_option("FIELD=VALUE", p.record.assignments, "Any number; FIELD.fr=VALUE names a language");
  CLI::App* change =
      command(app, p, "set", "Changes fields of a record",
              "  wasl set project ID --data office status=closed website= theme+=water theme-=climate",
              [&p](const Office& o) { return set(o, p.record); });
  add_record_options(change, p.record, true);
  change
      ->add_option("FIELD=VALUE", p.record.assignments, "FIELD= clears; FIELD+=X and FIELD-=X change a list")
      ->required();
  add_record_options(command(app, p, "show", "Shows a record", "  wasl show project ID --data office",
                             [&p](const Office& o) { return show(o, p.record); }),
                     p.record, true);
  add_record_options(command(app, p, "delete", "Deletes a record; an edit that somebody makes meanwhile wins",
                             "  wasl delete project ID --data office",
                             [&p](const Office& o) { return remove(o, p.record); }),
                     p.record, true);
  CLI::App* all =
      command(app, p, "list", "Lists the records of a register",
              "  wasl list project --data office --where status=closed --where theme=water --limit 20",
              [&p](const Office& o) { return list(o, p.list); });
  all->add_option("REGISTER", p.list.register_name, "see: wasl registers")->required();
  all->add_option("--where", p.list.where, "FIELD=VALUE; FIELD= for those without a value")
      ->allow_extra_args(false);
  all->add_option("--space", p.list.space, "Only of this space");
  all->add_option("--limit", p.list.limit, "At most so many");
  CLI::App* words = command(app, p, "registers", "Lists registers and their fields",
                            "  wasl registers\n  wasl registers project --language ar",
                            [&p](const Office& o) { return registers(o, p.registers); });
  words->add_option("REGISTER", p.registers.register_name, "Only this one");
  words->add_option("--language", p.registers.language, "ar, en, fr, es or pt")
      ->check(CLI::IsMember({"ar", "en", "fr", "es", "pt"}));
  CLI::App* find = command(app, p, "search", "Finds records by words, in any language",
                           "  wasl search --data office \"eau potable\"\n  wasl search --data office المدن",
                           [&p](const Office& o) { return search(o, p.search); });
  find->add_option("TEXT", p.search.text, "Words; the last may be unfinished")->required();
  find->add_option("--limit", p.search.limit, "At most so many");
}

void add_file_place(CLI::App* sub, std::string& reg, std::string& id, std::string& field,
                    std::optional<std::string>& space) {
  sub->add_option("REGISTER", reg, "see: wasl registers")->required();
  sub->add_option("ID", id, "The record's id")->required();
  sub->add_option("FIELD", field, "A field of type attachment")->required();
  sub->add_option("--space", space, "Where the id is ambiguous");
}

void add_file_commands(CLI::App& app, Parsed& p) {
  CLI::App* add_file = command(app, p, "attach", "Puts a file into a field of a record",
                               "  wasl attach document ID file report.pdf --data office",
                               [&p](const Office& o) { return attach(o, p.attach); });
  add_file_place(add_file, p.attach.register_name, p.attach.id, p.attach.field, p.attach.space);
  add_file->add_option("FILE", p.attach.file, "Any file of at most 64 GiB")->required();
  add_file->add_option("--type", p.attach.type, "Its media type; else by the file's ending");
  CLI::App* get = command(app, p, "fetch", "Brings a file here, and writes it out",
                          "  wasl fetch document ID file --data office --out .",
                          [&p](const Office& o) { return fetch(o, p.fetch); });
  get->add_option("--out", p.fetch.out, "A folder, or a name that no file has yet");
  get->add_option("--url", p.fetch.url, "Another way to the hub, this time only");
  CLI::App* keep =
      command(app, p, "pin", "Brings a file here and keeps it, whatever policy and quota say",
              "  wasl pin document ID file --data office", [&p](const Office& o) { return pin(o, p.fetch); });
  keep->add_flag("--release", p.fetch.release, "No longer");
  for (CLI::App* sub : {get, keep})
    add_file_place(sub, p.fetch.register_name, p.fetch.id, p.fetch.field, p.fetch.space);
  CLI::App* all =
      command(app, p, "attachments", "Lists the files of records, and says which come by themselves",
              "  wasl attachments --data office\n"
              "  wasl attachments --data office --policy up-to 2M --quota 5G\n"
              "  wasl attachments --data office --policy on-demand",
              [&p](const Office& o) { return attachments(o, p.attachments); });
  all->add_option("--policy", p.attachments.policy, "all, up-to SIZE, or on-demand")->expected(1, 2);
  all->add_option("--quota", p.attachments.quota, "Bytes that files may take here: 500M, 5G, or none");
}

void add_merge_commands(CLI::App& app, Parsed& p) {
  command(app, p, "conflicts", "Fields that several offices set differently; all values are kept",
          "  wasl conflicts --data office", [](const Office& o) { return conflicts(o); });
  CLI::App* end =
      command(app, p, "resolve", "Ends a conflict, here and everywhere",
              "  wasl resolve project ID status --data office --take 0 --note \"agreed by telephone\"\n"
              "  wasl resolve project ID title.fr --data office --value \"Eau pour tous\"",
              [&p](const Office& o) { return resolve(o, p.resolve); });
  end->add_option("REGISTER", p.resolve.register_name, "As wasl conflicts lists it")->required();
  end->add_option("ID", p.resolve.id, "The record's id")->required();
  end->add_option("FIELD", p.resolve.field, "FIELD, or FIELD.fr for one language")->required();
  end->add_option("--take", p.resolve.take, "Number of the value, as wasl conflicts lists them, from 0");
  end->add_option("--value", p.resolve.value, "Another value");
  end->add_option("--note", p.resolve.note, "Why, for the others");
  end->add_option("--space", p.resolve.space, "Where the id is ambiguous");
  command(app, p, "proposals", "What others propose for fields that a mandate decides",
          "  wasl proposals --data office", [](const Office& o) { return proposals(o); });
  CLI::App* decide = command(app, p, "take", "Makes a proposal the decision, if you hold the mandate",
                             "  wasl take mandate ID status --data office",
                             [&p](const Office& o) { return take(o, p.resolve); });
  decide->add_option("REGISTER", p.resolve.register_name, "As wasl proposals lists it")->required();
  decide->add_option("ID", p.resolve.id, "The record's id")->required();
  decide->add_option("FIELD", p.resolve.field, "FIELD, or FIELD.fr for one language")->required();
  decide->add_option("--take", p.resolve.take, "Number of the value, where several are proposed");
  decide->add_option("--note", p.resolve.note, "Why, for the others");
  decide->add_option("--space", p.resolve.space, "Where the id is ambiguous");
  CLI::App* drop = command(
      app, p, "discard", "Takes an own change set that has no entry out of what is shown",
      "  wasl discard 3fa91c02 --data office", [&p](const Office& o) { return discard(o, p.change_set); });
  drop->add_option("CHANGE_SET", p.change_set, "Its name or the beginning of it; see wasl status")
      ->required();
  command(app, p, "attention", "Records with missing fields, broken rules, or brought back against a delete",
          "  wasl attention --data office", [](const Office& o) { return attention(o); });
}

void add_person_options(CLI::App* sub, PersonArguments& person) {
  sub->add_option("--key", person.key_file,
                  "File of the person's key; else person.key in the office's folder");
  sub->add_option("--passphrase-file", person.passphrase_file,
                  "Its first line is the passphrase; else it is asked");
}

void add_grant_options(CLI::App* sub, GrantRequest& grant) {
  sub->add_option("--to", grant.to, "Public key of a person, or of a device; 'device': this office's own")
      ->required();
  sub->add_option("--role", grant.role, "A role of schema/roles.json, or a name of your own");
  sub->add_option("--rights", grant.rights, "read,write,review,publish,grant,admin; else those of the role")
      ->delimiter(',');
  sub->add_option("--space", grant.spaces, "Such as network or section/africa; any number")->delimiter(',');
  sub->add_option("--register", grant.registers, "Only these registers; any number")->delimiter(',');
  sub->add_option("--label", grant.labels, "Only records where NAME=VALUE,VALUE; any number")
      ->allow_extra_args(false);
  sub->add_option("--organisation", grant.organisation,
                  "Of whoever receives it; else as known, or this office's");
  sub->add_option("--from", grant.from, "From this day or time on");
  sub->add_option("--until", grant.until, "Up to the end of this day, or before this time");
  sub->add_option("--depth", grant.depth, "How often it may be passed on");
  sub->add_option("--level", grant.level, "Rank of the mandate: 1 is the highest, 0 none");
  sub->add_option("--mandate", grant.mandate, "SPACE#ID of the record that describes it");
  sub->add_option("--reason", grant.reason, "A code: theme, region, absence, …");
}

std::pair<CLI::App*, CLI::App*> add_publish_commands(CLI::App& app, Parsed& p) {
  CLI::App* outward = command(app, p, "publish", "Shows a record to readers of an outer space, as an edition",
                              "  wasl publish project ID --to public --data office\n"
                              "  wasl publish project ID --to section/africa --fields title,status,theme\n"
                              "  wasl publish project ID --to public    # again: what has changed since",
                              [&p](const Office& o) { return publish(o, p.person, p.publish); });
  outward->add_option("--to", p.publish.outer, "public, network or section/ID")->required();
  outward
      ->add_option("--fields", p.publish.fields,
                   "Only these; else those that the edition has, the first time all. Never a person's data")
      ->delimiter(',');
  CLI::App* back = command(app, p, "withdraw", "Takes a published edition back",
                           "  wasl withdraw project ID --data office\n"
                           "  wasl withdraw project ID --from public --data office",
                           [&p](const Office& o) { return withdraw(o, p.person, p.publish); });
  back->add_option("--from", p.publish.outer, "Where it is published in several spaces");
  for (CLI::App* sub : {outward, back}) {
    sub->add_option("REGISTER", p.publish.register_name, "see: wasl registers")->required();
    sub->add_option("ID", p.publish.id, "The record's id")->required();
    sub->add_option("--space", p.publish.space, "Of the record, where the id is ambiguous");
  }
  return {outward, back};
}

void add_power_commands(CLI::App& app, Parsed& p) {
  CLI::App* key = app.add_subcommand("key", "The person's key of this office, for acts of power");
  key->require_subcommand(1);
  CLI::App* make = command(*key, p, "make", "Makes a person's key under a passphrase",
                           "  wasl key make --data office\n  wasl key make --key /media/usb/president.key",
                           [&p](const Office& o) { return make_key(o, p.person); });
  make->add_flag("--plain", p.person.plain, "Without a passphrase: for tests and trials");
  CLI::App* show =
      command(*key, p, "show", "Shows the public key, which others grant rights to",
              "  wasl key show --data office", [&p](const Office& o) { return show_key(o, p.person); });
  CLI::App* give_one = command(
      app, p, "grant", "Gives rights to a person's key or a device",
      "  wasl grant --data office --to KEY --role officer --organisation senegal\n"
      "  wasl grant --data office --to KEY --rights read,write --space section/africa --label theme=water\n"
      "  wasl grant --data office --to device        # hands your own rights on to this office's device",
      [&p](const Office& o) { return give(o, p.person, p.grant); });
  CLI::App* hand_over =
      command(app, p, "delegate", "Offers rights for as long as you hold yours; void until they are accepted",
              "  wasl delegate --data office --to KEY --rights read,write,grant --space section/africa "
              "--label theme=climate --until 2026-12-31 --depth 1",
              [&p](const Office& o) {
                GrantRequest request = p.grant;
                request.while_held = request.needs_acceptance = true;
                return give(o, p.person, request);
              });
  CLI::App* take_up = command(app, p, "accept", "Accepts a grant, and hands it on to this office's device",
                              "  wasl accept --data office\n  wasl accept 3fa91c02 --data office --no-device",
                              [&p](const Office& o) { return accept(o, p.person, p.accept); });
  take_up->add_option("GRANT", p.accept.grant, "Beginning of its name; else the only one that is offered");
  take_up->add_flag("--no-device", p.accept.no_device, "This office's device gets nothing of it");
  CLI::App* end = command(app, p, "revoke", "Ends a grant, or revokes a key",
                          "  wasl revoke 3fa91c02 --data office --reason mandate_over\n"
                          "  wasl revoke --data office --of KEY --reason lost",
                          [&p](const Office& o) { return revoke(o, p.person, p.revoke); });
  CLI::Option* ended = end->add_option("GRANT", p.revoke.grant, "Beginning of its name; see: wasl grants");
  CLI::Option* of = end->add_option("--of", p.revoke.key, "Revoke this public key instead");
  ended->excludes(of);
  end->add_option("--reason", p.revoke.reason,
                  "laid_down, withdrawn, replaced, mandate_over; of a key lost, left, compromised");
  end->add_option("--since", p.revoke.since, "Of a compromised key: the time from which its acts fall");
  CLI::App* all = command(app, p, "grants", "Who holds which rights, by whom, until when",
                          "  wasl grants --data office\n  wasl grants --data office --of KEY --json",
                          [&p](const Office& o) { return grants(o, p.grants); });
  all->add_option("--of", p.grants.key, "Only what this key holds or gave");
  all->add_flag("--all", p.grants.all, "Invitations too");
  CLI::App* drafts =
      command(app, p, "sign", "Shows drafts of acts in words, and signs one",
              "  sqlite3 office/replica.db \"INSERT INTO act_draft(act, content) VALUES('grant', "
              "'{\\\"to\\\": \\\"KEY\\\", \\\"role\\\": \\\"officer\\\"}')\"\n"
              "  wasl sign --data office\n  wasl sign 1 --data office",
              [&p](const Office& o) { return sign_drafts(o, p.person, p.sign); });
  drafts->add_option("DRAFT", p.sign.draft, "Its number");
  CLI::App* gone = command(
      app, p, "erase", "Destroys the personal values of a record everywhere, 72 hours later unless withdrawn",
      "  wasl erase ID --data office --reason requested\n"
      "  wasl erase association/ampcc#ID --data office --withdraw\n"
      "Whoever administers the record's space may, and the person whose grant names the record (--mandate).",
      [&p](const Office& o) { return erase(o, p.person, p.erase); });
  gone->add_option("RECORD", p.erase.record, "ID or SPACE#ID of the record")->required();
  gone->add_option("--register", p.erase.register_name, "Of the record")->capture_default_str();
  gone->add_option("--space", p.erase.space, "Where the id is ambiguous, or the record was deleted");
  CLI::Option* why_gone = gone->add_option("--reason", p.erase.reason,
                                           "requested, consent_withdrawn, no_longer_needed or unlawful");
  gone->add_flag("--withdraw", p.erase.withdraw, "Takes back what is not in force yet")->excludes(why_gone);
  const auto [outward, back] = add_publish_commands(app, p);
  for (CLI::App* sub : {make, show, give_one, hand_over, take_up, end, drafts, gone, outward, back})
    add_person_options(sub, p.person);
  for (CLI::App* sub : {give_one, hand_over}) add_grant_options(sub, p.grant);
  for (CLI::App* sub : {give_one, hand_over, end, gone, outward, back})
    sub->add_option("--under", p.person.under, "Beginning of the name of your grant to act under");
}

void add_history_commands(CLI::App& app, Parsed& p) {
  CLI::App* reasons =
      command(app, p, "why", "Who wrote what a record shows, under which grant, given by whom",
              "  wasl why project ID --data office", [&p](const Office& o) { return why(o, p.record); });
  add_record_options(reasons, p.record, true);
  CLI::App* log = command(app, p, "log", "Who wrote what when, from signed history",
                          "  wasl log --data office\n  wasl log project ID --data office",
                          [&p](const Office& o) { return history(o, p.log_register, p.log_id); });
  log->add_option("REGISTER", p.log_register, "Only of this register");
  log->add_option("ID", p.log_id, "Only of this record");
  CLI::App* check = command(app, p, "verify", "Checks everything held here, with no network",
                            "  wasl verify --data office\n  wasl verify --data office --fetch-history",
                            [&p](const Office& o) { return verify(o, p.verify); });
  check->add_flag("--fetch-history", p.verify.fetch_history,
                  "First fetches from the hub what of the history is not held here");
  add_link_settings(*check, p);
  command(app, p, "repair", "Computes everything shown again from signed history; own unsent work stays",
          "  wasl repair --data office", [](const Office& o) { return repair(o); });
}

void add_proof_commands(CLI::App& app, Parsed& p) {
  CLI::App* make =
      command(app, p, "receipt", "Proves to anybody what a record says, who wrote it and by which right",
              "  wasl receipt project ID --data office --out water.tlog-proof",
              [&p](const Office& o) { return receipt(o, p.receipt); });
  make->add_option("REGISTER", p.receipt.register_name, "see: wasl registers")->required();
  make->add_option("ID", p.receipt.id, "The record's id")->required();
  make->add_option("--out", p.receipt.out, "A new file; else the receipt goes to standard output");
  make->add_option("--space", p.receipt.space, "Where the id is ambiguous");
  CLI::App* check = command(app, p, "check-receipt", "Checks a receipt; needs no folder and no network",
                            "  wasl check-receipt water.tlog-proof --network 0f3c…",
                            [&p](const Office&) { return check_receipt_file(p.check_receipt); });
  check->add_option("FILE", p.check_receipt.file, "The receipt")->required();
  check
      ->add_option("--network", p.check_receipt.network,
                   "The network's hash, or a file with it or with a signed network statement")
      ->required();
}

void add_evidence_commands(CLI::App& app, Parsed& p) {
  CLI::App* proof = app.add_subcommand("proof", "Evidence against a hub that shows two histories");
  proof->require_subcommand(1);
  CLI::App* compare = command(
      *proof, p, "compare", "Whether one log can have both of two signed checkpoints; needs no folder",
      "  wasl proof compare mine.note theirs.note --vkey \"$(wasl-hub key --data hub)\"\n"
      "  wasl proof compare old.note new.note --vkey hub.vkey --tiles copy-of-log-heads",
      [&p](const Office&) { return compare_notes(p.compare); });
  compare->add_option("NOTE", p.compare.one, "A checkpoint, as served under /log/heads/checkpoint")
      ->required();
  compare->add_option("OTHER", p.compare.other, "Another")->required();
  compare->add_option("--vkey", p.compare.vkey, "The log's verifier key, or a file with it: wasl-hub key")
      ->required();
  compare->add_option("--tiles", p.compare.tiles,
                      "A folder with a copy of /log/heads/, for checkpoints of two sizes");
  CLI::App* evidence = command(*proof, p, "evidence", "What this office keeps against a hub, as files",
                               "  wasl proof evidence --data office --out evidence",
                               [&p](const Office& o) { return export_evidence(o, p.evidence_folder); });
  evidence->add_option("--out", p.evidence_folder, "A new folder; else they are only listed");
}

void add_bundle_commands(CLI::App& app, Parsed& p) {
  CLI::App* bundle = app.add_subcommand("bundle", "What a link would carry, in a file on a stick");
  bundle->require_subcommand(1);
  CLI::App* out = command(
      *bundle, p, "export", "Writes what is unsent for the hub, or what this office holds for others",
      "  wasl bundle export --data office STICK/dakar.wasl               # for the hub\n"
      "  wasl bundle export --data office STICK/benin.wasl --all         # for offices that read the same\n"
      "  wasl bundle export --data office STICK/dakar.wasl --with-files --up-to 2M\n"
      "  wasl bundle export --data office mail.wasl --split 5M           # files for e-mail, as attachments",
      [&p](const Office& o) { return export_bundle(o, p.bundle_export); });
  out->add_option("FILE", p.bundle_export.file, "A new file")->required();
  CLI::Option* space =
      out->add_option("--space", p.bundle_export.space, "For other offices: what is held of this space");
  out->add_flag("--all", p.bundle_export.all, "For other offices: of every space that this one reads")
      ->excludes(space);
  out->add_option("--since", p.bundle_export.since, "Entries behind this position of the log alone");
  out->add_option("--split", p.bundle_export.split, "Several files of at most so many bytes, such as 5M");
  CLI::Option* with_files = out->add_flag("--with-files", p.bundle_export.with_files,
                                          "Files of records too, as far as they are here");
  out->add_option("--up-to", p.bundle_export.up_to, "Of those, files of at most so many bytes, such as 2M")
      ->needs(with_files);
  CLI::App* in = command(*bundle, p, "import", "Takes in bundles, in any order, as often as you like",
                         "  wasl bundle import --data office STICK/answer.wasl\n"
                         "  wasl bundle import --data office STICK/answer.wasl.*",
                         [&p](const Office& o) { return import_bundles(o, p.bundle_files); });
  CLI::App* look = command(*bundle, p, "inspect", "What a bundle is, without taking anything of it",
                           "  wasl bundle inspect STICK/answer.wasl",
                           [&p](const Office& o) { return inspect_bundles(o, p.bundle_files); });
  for (CLI::App* one : {in, look})
    one->add_option("FILE", p.bundle_files.files, "Files that an export has written")->required();
}

const ManualPage& page() {
  static const ManualPage it{
      std::string(program_version()),
      "the office's program of a Wasl network",
      "wasl keeps an office's replica of what the offices of a network share: needs, projects, people,\n"
      "commitments, meetings, documents. Everything works without a network. Where there is a link, sync "
      "and\n"
      "daemon exchange signed change sets with the network's hub, and end with the proof that both hold the "
      "same.\n"
      "Where there is none, bundle carries them in files.\n\n"
      "The replica is an SQLite file with a table for each register, which any program may read and write.\n"
      "Nobody overwrites anybody: two edits of one field are both kept until somebody resolves them.",
      {"DIR/replica.db\tThe tables, and what is confirmed, unsent and in conflict.",
       "DIR/identity.db\tKeys and what the hub has proved. In no backup: a restored office enters by a new "
       "invitation.",
       "DIR/outbox.log\tUnsent work, once more."},
      "wasl-hub(1), sqlite3(1)"};
  return it;
}

void take_settings(Parsed& p) {
  auto settings = read_settings(office_settings(), p.typed);
  if (!settings) {
    p.line.error = settings.error();
    return;
  }
  p.line.folder = settings->path("data").string();
  const LinkSettings link{settings->text("url"), settings->text("section"),
                          settings->flag("plain_text_on_an_open_network")};
  p.join.link = p.sync.link = p.verify.link = link;
  p.sync.poll_seconds = static_cast<std::uint32_t>(settings->whole("poll_seconds"));
  p.settings.emplace(std::move(*settings));
}

/// The parser's own words for this would be "a subcommand is required".
std::optional<Error> unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return std::nullopt;
  return Error{Errc::not_found, std::string("there is no command ") + argv[1] + did_you_mean(argv[1], names),
               "list them with: wasl --help"};
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  static Parsed parsed;  // the functions in it refer to it
  parsed.typed = {};
  CLI::App app("Wasl, the office's program: works without a network and syncs when there is one.", "wasl");
  app.footer(kFooter);
  app.set_version_flag("--version", "wasl " + std::string(program_version()));
  app.require_subcommand(1);
  add_link_commands(app, parsed);
  add_file_commands(app, parsed);
  add_record_commands(app, parsed);
  add_merge_commands(app, parsed);
  add_power_commands(app, parsed);
  add_history_commands(app, parsed);
  add_bundle_commands(app, parsed);
  add_proof_commands(app, parsed);
  add_evidence_commands(app, parsed);
  add_manual_commands(app, page(), [](const std::string& text) { parsed.line.help = text; });
  for (int i = 1; i < argc; ++i) parsed.line.json = parsed.line.json || std::strcmp(argv[i], "--json") == 0;
  parsed.line.error = unknown_command(app, argc, argv);
  if (parsed.line.error) return parsed.line;
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    parsed.line.help = chosen.empty() ? app.help() : chosen.front()->help();
  } catch (const CLI::CallForVersion& version) {
    parsed.line.help = std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    parsed.line.error = Error{Errc::invalid_value, error.what(), "see: wasl --help, or wasl COMMAND --help"};
  }
  if (!parsed.line.help && !parsed.line.error) take_settings(parsed);
  return parsed.line;
}

}  // namespace wasl::cli
