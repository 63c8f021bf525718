#include "server/app/open_hub.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "server/app/folder_store.hpp"
#include "server/app/section.hpp"
#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr std::string_view kAddressKey = "address";
constexpr std::string_view kListeningKey = "listening";
constexpr std::chrono::seconds kErasePause{60};  // a try copies the whole file
constexpr std::chrono::milliseconds kLookAtLead{20};
constexpr int kLooksAtLead = 100;
constexpr unsigned kRootsMost = 64;  // of one statement
constexpr std::string_view kDefaultAddress = "ws://127.0.0.1:7707";

/// What an init that was cut short left behind has signed nothing that anybody knows: it goes. A network
/// stays.
Status make_room(const HubFolder& folder) {
  if (std::filesystem::exists(folder.first_statement())) {
    return fail(
        Errc::conflict, "this folder holds a network whose first statement waits for signatures",
        "sign and place " + folder.first_statement().string() + ", or choose another folder with --data");
  }
  if (has_store(folder)) {
    WASL_LET(const auto store, open_folder_store(folder, StoreUse::write));
    WASL_LET(const SpaceInfo* const info, store->space(kAuthoritySpace));
    if (info->size > 0) {
      return fail(Errc::conflict, "this folder holds a network already", "choose another folder with --data");
    }
  }
  remove_store(folder);
  std::error_code error;
  std::vector<std::filesystem::path> keys{folder.registrar_key(), folder.administrator_key(),
                                          folder.log_key()};
  for (unsigned i = 0; i <= kRootsMost; ++i) keys.push_back(folder.root_key(i));
  for (const auto& key : keys) std::filesystem::remove(key, error);
  return {};
}

/// Before any key is made: a database that holds a network is not touched.
Status choose_store(const HubFolder& folder, const std::string& address) {
  if (address.empty()) return {};
  WASL_TRY(place_store(folder, address));
  const auto look = [&]() -> Status {
    WASL_LET(const auto store, open_folder_store(folder, StoreUse::create));
    WASL_LET(const SpaceInfo* const info, store->space(kAuthoritySpace));
    if (info->size == 0) return {};
    return fail(Errc::conflict, "this database holds a network already", "choose another one with --store");
  };
  const Status empty = look();
  if (!empty) remove_store(folder);
  return empty;
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

struct FirstKeys {
  const crypto::KeyPair& registrar;
  const crypto::KeyPair& administrator;
  const crypto::KeyPair& log;
};
/// The first entries of a network, inside one transaction.
Status found(HubStore& store, const SignedStatement& statement, const FirstKeys& keys, Clock& clock,
             Random& random) {
  Committer committer({store, built_in_schema(), keys.log, clock, random});
  WASL_TRY(committer.found(statement));
  return Registrar({store, committer, built_in_schema(), clock, random, [&] { return committer.commit(); }},
                   keys.registrar)
      .enrol_administrator(keys.administrator.public_key());
}

/// A network whose roots were made elsewhere, before they have signed.
bool waits_for_statement(const HubFolder& folder) {
  if (!std::filesystem::exists(folder.first_statement())) return false;
  const auto store = open_folder_store(folder, StoreUse::write);
  if (!store) return false;  // the caller opens it again and says why it cannot
  const auto info = (*store)->space(kAuthoritySpace);
  return info && (*info)->size == 0;
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
  WASL_TRY(choose_store(folder, options.store));
  SystemClock clock;
  crypto::SystemRandom random;
  std::vector<crypto::KeyPair> roots;
  for (unsigned i = 0; options.root_keys.empty() && i < options.roots; ++i)
    roots.push_back(crypto::KeyPair::generate(random));
  const auto registrar = crypto::KeyPair::generate(random);
  const auto administrator = crypto::KeyPair::generate(random);
  const auto log_key = crypto::KeyPair::generate(random);
  NetworkStatement statement;
  statement.name = options.name;
  statement.roots = options.root_keys;
  for (const crypto::KeyPair& root : roots) statement.roots.push_back(root.public_key());
  statement.threshold = options.threshold;
  statement.log_key = log_key.public_key();
  statement.registrars = {registrar.public_key()};
  statement.witnesses = witnesses;
  statement.schema = built_in_schema().hash();
  SignedStatement signed_statement{encode(statement), {}};
  for (const crypto::KeyPair& root : roots) add_signature(signed_statement, root);
  if (statement.threshold > statement.roots.size() || !decode_statement(signed_statement.bytes)) {
    return fail(Errc::invalid_value,
                std::to_string(options.threshold) + " of " + std::to_string(statement.roots.size()) +
                    " root keys can never sign",
                "give each root key once, and a threshold that they can reach");
  }
  const std::string of = " of the network \"" + options.name + "\".\n";
  const auto keep = [&](const std::filesystem::path& file, crypto::KeyKind kind, const crypto::KeyPair& key,
                        const std::string& words) {
    return crypto::write_key_file(file, crypto::KeyFile::plain(kind, key, words));
  };
  for (unsigned i = 0; i < roots.size(); ++i) {
    const std::string power = statement.threshold == 1
                                  ? "Who holds it can replace\nevery other key of the network"
                                  : std::to_string(statement.threshold) + " of " +
                                        std::to_string(roots.size()) +
                                        " such keys can replace\nevery other key of the network";
    WASL_TRY(keep(folder.root_key(roots.size() == 1 ? 0 : i + 1), crypto::KeyKind::root, roots[i],
                  "Root key" + of +
                      "It signs network statements and nothing else; the hub runs without it.\n"
                      "Move it off this machine now, on two media kept in two places. " +
                      power + "; without it none can be replaced."));
  }
  WASL_TRY(keep(folder.registrar_key(), crypto::KeyKind::registrar, registrar,
                "Registrar key" + of +
                    "It adds organisations and invites offices. On the hub's machine for a trial only."));
  WASL_TRY(
      keep(folder.administrator_key(), crypto::KeyKind::person, administrator,
           "Person's key of an administrator" + of +
               "It decides about held work, revokes and wipes, in every space. Without a passphrase and\n"
               "on the hub's machine for a trial only."));
  WASL_LET(auto store, open_folder_store(folder, StoreUse::create));
  WASL_TRY(keep(folder.log_key(), crypto::KeyKind::log, log_key,
                "Log key" + of +
                    "The hub signs with it what it has accepted. Never copy it to a second running hub,\n"
                    "but for hubs over one PostgreSQL database."));
  // All or nothing: an init that was cut short can be run again.
  Status begun = store->transact([&]() -> Status {
    if (!options.address.empty()) WASL_TRY(store->set_meta(kAddressKey, view(options.address)));
    if (roots.empty()) return {};
    return found(*store, signed_statement, {registrar, administrator, log_key}, clock, random);
  });
  if (!begun || !roots.empty()) return begun;
  return write_text(folder.first_statement(), to_text(StatementFile{{}, signed_statement}), true);
}

Result<bool> found_hub(const HubFolder& folder, const SignedStatement& statement) {
  if (!std::filesystem::exists(folder.first_statement())) return false;
  WASL_LET(const FolderLock lock, FolderLock::take(folder));
  WASL_LET(const auto log_key, read_unattended_key(folder.log_key(), crypto::KeyKind::log));
  if (!log_key) return fail(Errc::not_found, "keys/log.key is missing: without it nothing can be signed");
  WASL_LET(const NetworkStatement opened, open_statement(statement, nullptr, nullptr));
  if (opened.log_key != log_key->public_key()) {
    return fail(Errc::wrong_network, "this statement names another log key than the one of this folder",
                "place " + folder.first_statement().string());
  }
  WASL_LET(auto store, open_folder_store(folder, StoreUse::write));
  WASL_LET(const SpaceInfo* const info, store->space(kAuthoritySpace));
  if (info->size > 0) {  // a crash came between the first entry and this
    WASL_TRY(remove_file(folder.first_statement()));
    return false;
  }
  WASL_LET(const auto registrar, read_unattended_key(folder.registrar_key(), crypto::KeyKind::registrar));
  WASL_LET(const auto administrator,
           read_unattended_key(folder.administrator_key(), crypto::KeyKind::person));
  if (!registrar || !administrator)
    return fail(Errc::not_found, "keys/registrar.key and keys/administrator.key begin a network together");
  SystemClock clock;
  crypto::SystemRandom random;
  WASL_TRY(store->transact([&] {
    return found(*store, statement, {*registrar, *administrator, *log_key}, clock, random);
  }));
  WASL_TRY(remove_file(folder.first_statement()));
  return true;
}

Result<std::unique_ptr<OpenHub>> OpenHub::open(const HubFolder& folder, HubRole role, bool check) {
  std::unique_ptr<OpenHub> open(new OpenHub(folder));
  if (!has_store(folder)) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  if (waits_for_statement(folder)) {
    return fail(Errc::not_found, "the network in " + folder.path.string() + " waits for its first statement",
                "when enough roots have signed it, run: wasl-hub root place " +
                    folder.first_statement().string() + " --data " + folder.path.string());
  }
  if (folder.is_section()) {
    WASL_LET(open->store_, open_hub_store(folder.database(), StoreUse::write));
    if (check) WASL_TRY(open->store_->check());
    WASL_TRY(open->open_section());
    return open;
  }
  WASL_LET(open->log_key_, read_unattended_key(folder.log_key(), crypto::KeyKind::log));
  WASL_LET(open->next_log_key_, read_unattended_key(folder.next_log_key(), crypto::KeyKind::log));
  if (!open->log_key_ && open->next_log_key_) WASL_TRY(open->use_next_key());  // a crash between two renames
  if (!open->log_key_)
    return fail(Errc::not_found, "keys/log.key is missing: without it nothing can be signed");
  WASL_LET(open->registrar_key_, read_unattended_key(folder.registrar_key(), crypto::KeyKind::registrar));
  WASL_LET(auto store, role == HubRole::serve ? open_store_to_serve(folder) : open_store_to_act(folder));
  if (check) WASL_TRY(store->check());
  open->store_ = std::move(store);
  open->hub_ = std::make_unique<Hub>(
      Committer::Ports{*open->store_, built_in_schema(), *open->log_key_, open->clock_, open->random_});
  open->hub_->offer_snapshots(open->shelf_);
  open->compactor_.emplace(*open->hub_, open->shelf_, folder.retention);
  open->hub_->tell_keys([at = folder] { return keys_in(at); });
  WASL_TRY(open->start());
  if (open->hub_->follows()) return open;
  WASL_TRY(open->check_checkpoint());
  open->erase_due();
  return open;
}

/// It signs as a device, and follows in any case: nothing here gives a position.
Status OpenHub::open_section() {
  WASL_LET(const UpstreamFile upstream, read_upstream(folder_));
  WASL_LET(log_key_, read_unattended_key(folder_.section_key(), crypto::KeyKind::device));
  if (!log_key_)
    return fail(Errc::not_found, "keys/section.key is missing: offices would not know this hub",
                "put it back, or make the folder anew with another invitation");
  WASL_LET(kept_, KeptWork::open(folder_.kept()));
  kept_->tell_time(clock_);
  section_ = std::make_unique<SectionStore>(*store_, *kept_, upstream.network);
  store_->share_through(*section_);
  WASL_LET(const std::string note, section_->signed_note());
  if (note.empty())
    return fail(Errc::later, "this section's hub has mirrored nothing yet", "run: wasl-hub serve --data DIR");
  hub_ = std::make_unique<Hub>(Committer::Ports{*store_, built_in_schema(), *log_key_, clock_, random_});
  hub_->keep_in(*kept_);
  return hub_->committer().start();
}

Mirror::Ports OpenHub::mirror_ports() {
  return {*store_, *kept_,  *section_,       *log_key_,
          clock_,  random_, hub_->network(), hub_->authority().statement().log_key};
}

Status OpenHub::start() {
  Status started = hub_->committer().start();
  // Between a commit and its checkpoint, for a moment, nothing is shown to who follows.
  for (int i = 0; i < kLooksAtLead && !started && started.error().code == Errc::later; ++i) {
    std::this_thread::sleep_for(kLookAtLead);
    started = hub_->committer().start();
  }
  if (started || started.error().code != Errc::wrong_network) return started;
  if (next_log_key_) {
    // A crash came after the statement that names the next key, and before that key took its place.
    WASL_TRY(use_next_key());
    return hub_->committer().start();
  }
  if (hub_->follows()) return started;
  // The key is newer than the database: it signed what an old copy of that does not know.
  const auto noted = noted_checkpoint();
  if (!noted) return started;
  WASL_TRY(recover());
  return hub_->committer().start();
}

/// The old key stays beside: nothing that it signed is signed again, and nobody has to look for it.
Status OpenHub::use_next_key() {
  std::error_code error;
  if (log_key_) {
    const std::string name = "log.retired-" + to_hex(log_key_->public_key().view()).substr(0, 12) + ".key";
    std::filesystem::rename(folder_.log_key(), folder_.keys() / name, error);
  }
  if (!error) std::filesystem::rename(folder_.next_log_key(), folder_.log_key(), error);
  if (error) {
    return fail(Errc::storage_failed, "cannot put the next log key into place: " + error.message(),
                "rename keys/log.next.key to keys/log.key, and start the hub again");
  }
  WASL_TRY(sync_folder(folder_.keys()));
  log_key_ = std::move(next_log_key_);
  next_log_key_.reset();
  return {};
}

Status OpenHub::place(const SignedStatement& statement) {
  WASL_LET(next_log_key_, read_unattended_key(folder_.next_log_key(), crypto::KeyKind::log));
  const auto has_key = [&](const PublicKey& key) {
    return key == log_key_->public_key() || (next_log_key_ && key == next_log_key_->public_key());
  };
  WASL_TRY(hub_->place(statement, has_key, [&]() -> Status {
    const bool changes = hub_->authority().statement().log_key != log_key_->public_key();
    return changes ? use_next_key() : Status();
  }));
  note_checkpoint();
  return {};
}

/// By the log key that lies here, whichever the database knows: that may be the older of the two.
std::optional<ledger::Checkpoint> OpenHub::noted_checkpoint() const {
  const auto note = read_text(folder_.checkpoint());
  const auto text = note ? note->find("\n\n") : std::string::npos;
  if (!note || text == std::string::npos) return std::nullopt;  // torn by a crash: it is no proof of anything
  const auto parsed = ledger::Checkpoint::parse(std::string_view(*note).substr(0, text + 1));
  if (!parsed) return std::nullopt;
  const auto opened = ledger::open_checkpoint(*note, parsed->origin, log_key_->public_key());
  return opened ? std::optional(*opened) : std::nullopt;
}

namespace {

/// The number at the end of a log's name.
std::uint64_t epoch_of(const std::string& origin) {
  const std::string digits = origin.substr(origin.rfind('/') + 1);
  std::uint64_t epoch = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), epoch);
  return epoch;
}

}  // namespace

bool OpenHub::is_older_copy() const {
  const auto noted = noted_checkpoint();
  const std::uint64_t epoch = hub_->authority().statement().epoch;
  return noted && (epoch_of(noted->origin) > epoch ||
                   (epoch_of(noted->origin) == epoch && noted->size > hub_->heads().size));
}

Status OpenHub::check_checkpoint() {
  if (hub_->is_recovering()) return {};
  if (!is_older_copy()) {
    note_checkpoint();
    return {};
  }
  log::error("hub.recovering", {{"heads", hub_->heads().size}});
  return recover();
}

Status OpenHub::check_lead() {
  if (!hub_->is_recovering() && is_older_copy())
    return fail(Errc::conflict, "the storage is an older copy than what was signed here");
  note_checkpoint();
  return {};
}

Status OpenHub::recover() { return hub_->committer().begin_recovery(); }

void OpenHub::note_checkpoint() {
  if (hub_->follows()) return;        // who leads notes what it has signed
  if (hub_->is_recovering()) return;  // what was signed before is all that tells how old the copy is
  const Status written = write_text(folder_.checkpoint(), hub_->committer().heads().note());
  if (!written) log::error("hub.checkpoint_not_noted", {{"reason", written.error().message}});
}

void OpenHub::erase_due() {
  if (hub_->follows() && !hub_->is_section()) return;
  if (std::chrono::steady_clock::now() < erase_again_) return;
  Status erased = hub_->erase_due();
  if (erased && kept_) erased = erase_kept();
  if (!erased) erase_again_ = std::chrono::steady_clock::now() + kErasePause;
  const std::string reason = erased ? "" : erased.error().message;
  if (!erased && reason != not_erased_)
    log::error("hub.not_erased", {{"code", to_word(erased.error().code)}, {"reason", reason}});
  not_erased_ = reason;
}

Status OpenHub::erase_kept() {
  if (hub_->committer().erased() == kept_erased_) return {};
  WASL_TRY(kept_->erase(hub_->authority(), section_->seen_until(), hub_->network()));
  kept_erased_ = hub_->committer().erased();
  return {};
}

Result<Registrar*> OpenHub::registrar() {
  if (hub_->is_recovering()) {
    return fail(Errc::later, "this hub recovers from an old copy: nothing is added before a new epoch begins",
                "see: wasl-hub recover --help");
  }
  if (!registrar_key_) {
    return fail(Errc::not_found, "the registrar's key is not on this machine",
                "put registrar.key back into the folder keys, or act where it lies");
  }
  if (!hub_->authority().is_registrar(registrar_key_->public_key())) {
    return fail(Errc::unauthorised, "the registrar's key on this machine is none of the network's any more",
                "put the key that the network statement names into keys/registrar.key");
  }
  if (!registrar_) {
    registrar_.emplace(scribe_ports(), *registrar_key_);
  }
  return &*registrar_;
}

Scribe::Ports OpenHub::scribe_ports() {
  return {*store_, hub_->committer(), built_in_schema(), clock_, random_, [this] {
            auto committed = hub_->commit();
            note_checkpoint();
            return committed;
          }};
}

Scribe OpenHub::scribe() { return Scribe(scribe_ports()); }

Result<std::string> OpenHub::address() {
  for (const std::string_view key : {kAddressKey, kListeningKey}) {
    WASL_LET(const auto value, store_->meta(key));
    if (value && !value->empty()) return to_text(*value);
  }
  return std::string(kDefaultAddress);
}

Status OpenHub::set_listening(const std::string& url) { return store_->note_meta(kListeningKey, view(url)); }

}  // namespace wasl
