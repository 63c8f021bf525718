#include "server/app/root_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/app/desk.hpp"
#include "shared/crypto/passphrase.hpp"

namespace wasl {
namespace {

using nlohmann::json;
using std::filesystem::path;

std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, 12); }

bool holds(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

void describe_list(const char* what, const std::vector<PublicKey>& before, const std::vector<PublicKey>& now,
                   json& changes) {
  for (const PublicKey& key : now) {
    if (!holds(before, key)) changes.push_back("adds the " + std::string(what) + " " + short_key(key));
  }
  for (const PublicKey& key : before) {
    if (!holds(now, key)) changes.push_back("removes the " + std::string(what) + " " + short_key(key));
  }
}

json changes_of(const NetworkStatement* before, const NetworkStatement& now) {
  json changes = json::array();
  const NetworkStatement none;
  const NetworkStatement& old = before != nullptr ? *before : none;
  if (now.name != old.name) changes.push_back("names the network \"" + now.name + "\"");
  describe_list("root key", old.roots, now.roots, changes);
  if (before == nullptr || now.threshold != old.threshold) {
    changes.push_back("asks for " + std::to_string(now.threshold) + " of " +
                      std::to_string(now.roots.size()) + " root keys");
  }
  if (now.log_key != old.log_key) {
    changes.push_back("makes " + short_key(now.log_key) + " the hub's log key" +
                      (before != nullptr ? " instead of " + short_key(old.log_key) : std::string()));
  }
  describe_list("registrar key", old.registrars, now.registrars, changes);
  describe_list("witness key", old.witnesses, now.witnesses, changes);
  if (before != nullptr && now.schema != old.schema) {
    changes.push_back("puts the register descriptions " + to_hex(now.schema.view()).substr(0, 12) +
                      " in force");
  }
  if (before != nullptr && now.epoch != old.epoch) {
    changes.push_back("opens epoch " + std::to_string(now.epoch) + " of the hub's log, after a restore");
  }
  if (changes.empty()) changes.push_back("changes nothing");
  return changes;
}

/// Of one set of roots: who has signed, who has not, how many are wanted.
json signing(const SignedStatement& statement, const NetworkStatement& by) {
  const auto there = signers(statement, by.roots);
  json out = {{"threshold", by.threshold}, {"signed", json::array()}, {"missing", json::array()}};
  for (const PublicKey& root : by.roots) {
    out[holds(there, root) ? "signed" : "missing"].push_back(to_hex(root.view()));
  }
  out["complete"] = there.size() >= by.threshold;
  return out;
}

Status change(std::vector<PublicKey>& keys, const std::vector<std::string>& add,
              const std::vector<std::string>& remove, crypto::KeyKind kind, const char* what) {
  for (const std::string& named : remove) {
    WASL_LET(const PublicKey key, public_key_of(named, kind));
    if (std::erase(keys, key) == 0) {
      return fail(Errc::not_found, short_key(key) + " is no " + what + " of the network");
    }
  }
  for (const std::string& named : add) {
    WASL_LET(const PublicKey key, public_key_of(named, kind));
    if (holds(keys, key)) return fail(Errc::conflict, short_key(key) + " is a " + what + " already");
    keys.push_back(key);
  }
  return {};
}

}  // namespace

Result<PublicKey> public_key_of(const std::string& named, crypto::KeyKind kind) {
  if (const auto bytes = from_hex(named)) {
    const auto key = PublicKey::from(*bytes);
    if (key && crypto::is_valid_key(*key)) return *key;
  }
  if (!std::filesystem::exists(named)) {
    return fail(Errc::invalid_value, "'" + named + "' is no public key and no key file",
                "give the 64 hex digits of a public key, or the name of a key file");
  }
  WASL_LET(const crypto::KeyFile file, crypto::read_key_file(named, kind));
  return file.public_key();
}

Result<json> describe(const StatementFile& file) {
  WASL_LET(const NetworkStatement now, decode_statement(file.draft.bytes));
  std::optional<NetworkStatement> before;
  if (file.before) {
    WASL_LET(before, decode_statement(file.before->bytes));
    if (now.number != before->number + 1 || now.previous != file.before->hash() ||
        now.epoch < before->epoch) {
      return fail(Errc::malformed, "the statement does not follow the one that came with it");
    }
  } else if (now.number != 1) {
    return fail(Errc::malformed, "the statement before it is missing");
  }
  json out = {{"network", now.name},
              {"number", now.number},
              {"hash", to_hex(file.draft.hash().view())},
              {"changes", changes_of(before ? &*before : nullptr, now)},
              {"roots", signing(file.draft, now)}};
  bool complete = out["roots"]["complete"].get<bool>();
  if (before) {
    out["roots_before"] = signing(file.draft, *before);
    complete = complete && out["roots_before"]["complete"].get<bool>();
  }
  out["complete"] = complete;
  return out;
}

Result<NetworkStatement> next_statement(const OpenedStatement& in_force, const StatementChanges& changes) {
  NetworkStatement next = in_force.statement;
  ++next.number;
  next.previous = in_force.hash;
  using crypto::KeyKind;
  WASL_TRY(change(next.roots, changes.add_roots, changes.remove_roots, KeyKind::root, "root key"));
  WASL_TRY(change(next.registrars, changes.add_registrars, changes.remove_registrars, KeyKind::registrar,
                  "registrar key"));
  WASL_TRY(
      change(next.witnesses, changes.add_witnesses, changes.remove_witnesses, KeyKind::log, "witness key"));
  if (!changes.name.empty()) next.name = changes.name;
  if (changes.threshold != 0) next.threshold = changes.threshold;
  if (next.roots.empty() || next.threshold > next.roots.size()) {
    return fail(Errc::invalid_value,
                std::to_string(next.threshold) + " of " + std::to_string(next.roots.size()) +
                    " root keys can never sign",
                "lower --threshold, or add root keys");
  }
  if (!changes.log_key.empty()) {
    WASL_LET(next.log_key, public_key_of(changes.log_key, KeyKind::log));
  }
  if (!changes.schema.empty()) {
    const auto bytes = from_hex(changes.schema);
    const auto hash = bytes ? Hash::from(*bytes) : std::nullopt;
    if (!hash)
      return fail(Errc::invalid_value, "'" + changes.schema + "' is no schema hash", "64 hex digits");
    next.schema = *hash;
  }
  if (changes.new_epoch) ++next.epoch;
  if (const auto sound = decode_statement(encode(next)); !sound) return tl::unexpected(sound.error());
  return next;
}

Result<StatementFile> read_statement_file(const path& file) {
  const auto text = read_text(file);
  if (!text) return fail(Errc::not_found, "cannot read " + file.string(), "check the name");
  auto parsed = parse_statement_file(*text);
  if (!parsed)
    return fail(parsed.error().code, file.string() + ": " + parsed.error().message, parsed.error().hint);
  return parsed;
}

Status write_statement_file(const path& file, const StatementFile& statement) {
  return write_text(file, to_text(statement), true);
}

struct RootCommands::State {
  CLI::App* root = nullptr;
  std::string data, store, file, out, key, words;
  std::string passphrase_file;
  bool plain = false, as_json = false;
  StatementChanges changes;

  [[nodiscard]] HubFolder folder() const { return HubFolder{path(data), store, {}}; }
  [[nodiscard]] std::optional<path> passphrases() const {
    return passphrase_file.empty() ? std::nullopt : std::optional<path>(passphrase_file);
  }
  [[nodiscard]] CLI::App* sub() const {
    const auto parsed = root->get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  }

  Result<json> make() const {
    crypto::SystemRandom random;
    const auto pair = crypto::KeyPair::generate(random);
    const std::string about = (words.empty() ? std::string() : words + "\n") +
                              "Root key. It signs network statements and nothing else.\n"
                              "Keep it away from every machine with a network, on two media in two places.";
    if (plain) {
      WASL_TRY(crypto::write_key_file(out, crypto::KeyFile::plain(crypto::KeyKind::root, pair, about)));
    } else {
      WASL_LET(const auto passphrase,
               crypto::ask_new_passphrase("A new passphrase for " + out, passphrases()));
      WASL_LET(const auto sealed,
               crypto::KeyFile::sealed(crypto::KeyKind::root, pair, about, passphrase.view(), random));
      WASL_TRY(crypto::write_key_file(out, sealed));
    }
    return json{{"file", out}, {"public", to_hex(pair.public_key().view())}, {"sealed", !plain}};
  }

  Result<json> log_key() const {
    if (!std::filesystem::exists(folder().log_key())) {
      return fail(Errc::not_found, "there is no hub in " + data, "run: wasl-hub init --data DIR --name NAME");
    }
    crypto::SystemRandom random;
    const auto pair = crypto::KeyPair::generate(random);
    WASL_TRY(crypto::write_key_file(
        folder().next_log_key(),
        crypto::KeyFile::plain(crypto::KeyKind::log, pair,
                               "The next log key of the hub. It takes the place of log.key with the network\n"
                               "statement that names it.")));
    return json{{"file", folder().next_log_key().string()}, {"public", to_hex(pair.public_key().view())}};
  }

  Result<json> statement() const {
    const json answered = ask(folder(), {{"command", "statement"}});
    if (answered.contains("error")) return answered;
    const auto bytes = from_hex(answered["statement"].get<std::string>());
    WASL_LET(SignedStatement in_force, decode_signed_statement(bytes.value_or(Bytes{})));
    WASL_LET(const NetworkStatement opened, decode_statement(in_force.bytes));
    WASL_LET(const NetworkStatement next, next_statement({opened, in_force.hash()}, changes));
    if (std::filesystem::exists(out)) {
      return fail(Errc::conflict, out + " exists already", "choose another name: it may hold signatures");
    }
    const StatementFile drafted{std::move(in_force), {encode(next), {}}};
    WASL_TRY(write_statement_file(out, drafted));
    return with_file(out, drafted);
  }

  Result<json> sign() const {
    WASL_LET(StatementFile statement, read_statement_file(file));
    WASL_TRY(describe(statement));
    WASL_LET(const auto pair, crypto::load_key(key, crypto::KeyKind::root, passphrases()));
    WASL_LET(const NetworkStatement now, decode_statement(statement.draft.bytes));
    bool is_root = holds(now.roots, pair.public_key());
    if (statement.before) {
      WASL_LET(const NetworkStatement before, decode_statement(statement.before->bytes));
      is_root = is_root || holds(before.roots, pair.public_key());
    }
    if (!is_root) {
      return fail(Errc::unauthorised, key + " holds no root key of this statement or of the one before",
                  "name the right key; see: wasl-hub root show");
    }
    add_signature(statement.draft, pair);
    WASL_TRY(write_statement_file(file, statement));
    return with_file(file, statement);
  }

  Result<json> show() const {
    WASL_LET(const StatementFile statement, read_statement_file(file));
    return with_file(file, statement);
  }

  Result<json> place() const {
    WASL_LET(const StatementFile statement, read_statement_file(file));
    WASL_LET(const json described, describe(statement));
    if (!described["complete"].get<bool>()) {
      return fail(Errc::unauthorised, "too few roots have signed this statement",
                  "see who is missing with: wasl-hub root show " + file);
    }
    WASL_LET(const bool founded, found_hub(folder(), statement.draft));
    if (founded) return json{{"number", 1}, {"founded", true}};
    return ask(folder(), {{"command", "root place"}, {"statement", to_hex(encode(statement.draft))}});
  }

  static Result<json> with_file(const std::string& name, const StatementFile& statement) {
    WASL_LET(json out, describe(statement));
    out["file"] = name;
    return out;
  }
};

RootCommands::RootCommands(CLI::App& app) : state_(std::make_unique<State>()) {
  State& in = *state_;
  in.root = app.add_subcommand("root", "Root keys, and the network statements that they sign");
  in.root->require_subcommand(1);
  in.root->footer(
      "Several people each hold a root key. One drafts a statement, the file goes from one to the next, "
      "each\n"
      "signs it with their own key, and who runs the hub places it.\n\nExamples:\n"
      "  wasl-hub root make --out root-anna.key\n"
      "  wasl-hub root statement --data hub --out next.statement --add-root <64 hex digits> --threshold 2\n"
      "  wasl-hub root show next.statement\n"
      "  wasl-hub root sign next.statement --key root-anna.key\n"
      "  wasl-hub root place next.statement --data hub");
  const auto command = [&](const char* name, const char* what) {
    CLI::App* sub = in.root->add_subcommand(name, what);
    sub->add_flag("--json", in.as_json, "One JSON document on standard output");
    return sub;
  };
  const auto with_data = [&](CLI::App* sub) {
    sub->add_option("--data", in.data, "The hub's folder")->envname("WASL_DATA")->required();
    sub->add_option("--store", in.store, "A PostgreSQL database; else what the folder names, or its hub.db")
        ->envname("WASL_HUB_STORE");
  };
  const auto with_file = [&](CLI::App* sub) {
    sub->add_option("file", in.file, "The statement's file")->required();
  };
  const auto with_passphrase = [&](CLI::App* sub) {
    sub->add_option("--passphrase-file", in.passphrase_file,
                    "A file whose first line is the passphrase; else it is asked for");
  };
  CLI::App* make = command("make", "Makes a root key, sealed under a passphrase");
  make->add_option("--out", in.out, "The key file")->required();
  make->add_option("--words", in.words, "Whose it is, for people");
  make->add_flag("--plain", in.plain, "Without a passphrase: whoever has the file has the key");
  with_passphrase(make);

  CLI::App* log_key = command("log-key", "Makes the next log key of the hub, for a statement to name");
  with_data(log_key);

  CLI::App* statement = command("statement", "Drafts the statement that follows the one in force");
  with_data(statement);
  StatementChanges& to = in.changes;
  statement->add_option("--out", in.out, "The statement's file")->required();
  statement->add_option("--name", to.name, "The network's name");
  statement->add_option("--add-root", to.add_roots, "A root key: 64 hex digits, or its file");
  statement->add_option("--remove-root", to.remove_roots, "");
  statement->add_option("--threshold", to.threshold, "How many roots sign from now on");
  statement->add_option("--log-key", to.log_key, "The hub's log key from now on; see: wasl-hub root log-key");
  statement->add_option("--add-registrar", to.add_registrars, "");
  statement->add_option("--remove-registrar", to.remove_registrars, "");
  statement->add_option("--add-witness", to.add_witnesses, "");
  statement->add_option("--remove-witness", to.remove_witnesses, "");
  statement->add_option("--schema", to.schema, "Hash of the register descriptions to begin with");
  statement->add_flag("--new-epoch", to.new_epoch,
                      "The hub was restored from an old copy; see: wasl-hub recover");

  with_file(command("show", "Says in words what a statement changes, who has signed and who is missing"));
  CLI::App* sign = command("sign", "Adds one signature to a statement");
  with_file(sign);
  sign->add_option("--key", in.key, "Your root key's file")->required();
  with_passphrase(sign);
  CLI::App* place = command("place", "Puts a statement into force; a hub that serves goes on serving");
  with_file(place);
  with_data(place);
}

RootCommands::~RootCommands() = default;

std::string RootCommands::parsed() const {
  const CLI::App* sub = state_->root->parsed() ? state_->sub() : nullptr;
  return sub == nullptr ? std::string() : "root " + sub->get_name();
}

bool RootCommands::as_json() const { return state_->as_json; }

json RootCommands::run() {
  const std::string name = state_->sub()->get_name();
  const auto done = name == "make"        ? state_->make()
                    : name == "log-key"   ? state_->log_key()
                    : name == "statement" ? state_->statement()
                    : name == "sign"      ? state_->sign()
                    : name == "show"      ? state_->show()
                                          : state_->place();
  return done ? *done : to_json(done.error());
}

}  // namespace wasl
