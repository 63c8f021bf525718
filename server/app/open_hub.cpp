#include "server/app/open_hub.hpp"

#include <algorithm>
#include <chrono>

#include "server/store/sqlite_hub_store.hpp"
#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr std::string_view kAddressKey = "address";
constexpr std::string_view kListeningKey = "listening";
constexpr std::string_view kDefaultAddress = "ws://127.0.0.1:7707";

/// What an init that was cut short left behind has signed nothing that anybody knows: it goes. A network
/// stays.
Status make_room(const HubFolder& folder) {
  if (std::filesystem::exists(folder.database())) {
    WASL_LET(const auto store, SqliteHubStore::open(folder.database(), false));
    WASL_LET(const SpaceInfo* const info, store->space(kAuthoritySpace));
    if (info->size > 0) {
      return fail(Errc::conflict, "this folder holds a network already", "choose another folder with --data");
    }
  }
  std::error_code error;
  for (const char* end : {"", "-wal", "-shm"})
    std::filesystem::remove(folder.database().string() + end, error);
  for (const auto& key : {folder.root_key(), folder.registrar_key(), folder.log_key()}) {
    std::filesystem::remove(key, error);
  }
  return {};
}

Result<std::vector<PublicKey>> parse_witnesses(const std::vector<std::string>& texts) {
  std::vector<PublicKey> keys;
  for (const std::string& text : texts) {
    const auto bytes = from_hex(text);
    const auto key = bytes ? PublicKey::from(*bytes) : std::nullopt;
    if (!key || !crypto::is_valid_key(*key) || std::find(keys.begin(), keys.end(), *key) != keys.end()) {
      return fail(Errc::invalid_value, "'" + text + "' is not the key of another witness",
                  "an Ed25519 public key is written in 64 hex digits");
    }
    keys.push_back(*key);
  }
  return keys;
}

}  // namespace

Millis SystemClock::now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Status init_hub(const HubFolder& folder, const InitOptions& options) {
  if (options.name.empty() || options.name.size() > 200 || !is_utf8(view(options.name))) {
    return fail(Errc::invalid_value, "a network needs a name of at most 200 bytes");
  }
  WASL_LET(const std::vector<PublicKey> witnesses, parse_witnesses(options.witnesses));
  std::error_code error;
  std::filesystem::create_directories(folder.keys(), error);
  if (!error) std::filesystem::permissions(folder.keys(), std::filesystem::perms::owner_all, error);
  if (error)
    return fail(Errc::storage_failed, "cannot make " + folder.keys().string() + ": " + error.message());
  WASL_TRY(sync_folder(folder.path));
  WASL_TRY(sync_folder(std::filesystem::absolute(folder.path).parent_path()));
  WASL_LET(const FolderLock lock, FolderLock::take(folder));
  WASL_TRY(make_room(folder));
  SystemClock clock;
  crypto::SystemRandom random;
  const auto root = crypto::KeyPair::generate(random);
  const auto registrar = crypto::KeyPair::generate(random);
  const auto log_key = crypto::KeyPair::generate(random);
  NetworkStatement statement;
  statement.name = options.name;
  statement.roots = {root.public_key()};
  statement.log_key = log_key.public_key();
  statement.registrars = {registrar.public_key()};
  statement.witnesses = witnesses;
  statement.schema = built_in_schema().hash();
  SignedStatement signed_statement{encode(statement), {}};
  add_signature(signed_statement, root);

  WASL_TRY(write_key(
      folder.root_key(), root,
      "Root key of the network \"" + options.name +
          "\".\n"
          "It signs network statements and nothing else; the hub runs without it.\n"
          "Move it off this machine now, on two media kept in two places. Who holds it can replace\n"
          "every other key of the network; without it none can be replaced."));
  WASL_TRY(
      write_key(folder.registrar_key(), registrar,
                "Registrar key of the network \"" + options.name +
                    "\".\n"
                    "It adds organisations and invites offices. On the hub's machine for a trial only."));
  WASL_LET(auto store, SqliteHubStore::open(folder.database(), true));
  WASL_TRY(
      write_key(folder.log_key(), log_key,
                "Log key of the network \"" + options.name +
                    "\".\n"
                    "The hub signs with it what it has accepted. Never copy it to a second running hub."));
  if (!options.address.empty()) {
    Status saved = store->transact([&] { return store->set_meta(kAddressKey, view(options.address)); });
    if (!saved) return saved;
  }
  Committer committer({*store, built_in_schema(), log_key, clock, random});
  return committer.found(signed_statement);
}

Result<std::unique_ptr<OpenHub>> OpenHub::open(const HubFolder& folder, bool check) {
  std::unique_ptr<OpenHub> open(new OpenHub(folder));
  if (!std::filesystem::exists(folder.database())) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  WASL_LET(open->log_key_, read_key(folder.log_key()));
  if (!open->log_key_)
    return fail(Errc::not_found, "keys/log.key is missing: without it nothing can be signed");
  WASL_LET(open->registrar_key_, read_key(folder.registrar_key()));
  WASL_LET(auto store, SqliteHubStore::open(folder.database(), false));
  if (check) WASL_TRY(store->check());
  open->store_ = std::move(store);
  open->hub_ = std::make_unique<Hub>(
      Committer::Ports{*open->store_, built_in_schema(), *open->log_key_, open->clock_, open->random_});
  WASL_TRY(open->hub_->committer().start());
  WASL_TRY(open->check_checkpoint());
  return open;
}

Status OpenHub::check_checkpoint() {
  const auto note = read_text(folder_.checkpoint());
  if (!note) {
    note_checkpoint();
    return {};
  }
  const AuthorityState& authority = hub_->authority();
  const auto signed_before =
      ledger::open_checkpoint(*note, ledger::heads_origin(hub_->network(), authority.statement().epoch),
                              authority.statement().log_key);
  if (!signed_before) return {};  // torn by a crash: it is no proof of anything
  if (signed_before->size > hub_->heads().size) {
    return fail(Errc::corrupt,
                "hub.db is older than what this hub has signed: " + std::to_string(hub_->heads().size) +
                    " of " + std::to_string(signed_before->size) + " heads",
                "restore the newest copy of hub.db; serving this one would be caught by every office");
  }
  note_checkpoint();
  return {};
}

void OpenHub::note_checkpoint() {
  const Status written = write_text(folder_.checkpoint(), hub_->committer().heads().note());
  if (!written) log::error("hub.checkpoint_not_noted", {{"reason", written.error().message}});
}

Result<Registrar*> OpenHub::registrar() {
  if (!registrar_key_) {
    return fail(Errc::not_found, "the registrar's key is not on this machine",
                "put registrar.key back into the folder keys, or act where it lies");
  }
  if (!registrar_) {
    registrar_.emplace(Registrar::Ports{*store_, hub_->committer(), built_in_schema(), clock_, random_,
                                        [this] {
                                          auto committed = hub_->commit();
                                          note_checkpoint();
                                          return committed;
                                        }},
                       *registrar_key_);
  }
  return &*registrar_;
}

Result<std::string> OpenHub::address() {
  for (const std::string_view key : {kAddressKey, kListeningKey}) {
    WASL_LET(const auto value, store_->meta(key));
    if (value && !value->empty()) return to_text(*value);
  }
  return std::string(kDefaultAddress);
}

Status OpenHub::set_listening(const std::string& url) {
  return store_->transact([&] { return store_->set_meta(kListeningKey, view(url)); });
}

}  // namespace wasl
