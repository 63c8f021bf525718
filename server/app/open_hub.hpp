#pragma once
// A hub's folder opened for work: store, keys, hub and registrar with the machine's clock and randomness.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "server/app/hub_folder.hpp"
#include "server/hub/compaction.hpp"
#include "server/hub/hub.hpp"
#include "server/hub/registrar.hpp"
#include "server/section/upstream.hpp"
#include "shared/ledger/note.hpp"

namespace wasl {

class SystemClock final : public Clock {
 public:
  Millis now() override;
};

struct InitOptions {
  std::string name;
  std::string address;     ///< that invitations carry; empty: where serve last listened
  unsigned roots = 1;      ///< root keys to make here
  unsigned threshold = 1;  ///< how many of them sign
  /// Public keys of roots that were made elsewhere: then none is made here, and the first statement waits in
  /// HubFolder::first_statement() until enough of them have signed it.
  std::vector<PublicKey> root_keys{};
  std::vector<std::string> witnesses{};  ///< keys in hex, of who must cosign checkpoints
  std::string store{};                   ///< address of a PostgreSQL database; empty: hub.db
};
/// Makes keys, statement and the first entry. Errors: conflict (initialised before), invalid_value,
/// storage_failed.
Status init_hub(const HubFolder& folder, const InitOptions& options);
/// Places the first statement of a folder whose roots were made elsewhere. @return false: the folder holds a
/// network already.
Result<bool> found_hub(const HubFolder& folder, const SignedStatement& statement);

/// How a hub's store is opened, where several processes may serve it; hub.db has one in any case.
enum class HubRole {
  act,    ///< alone, for a moment: for commands
  serve,  ///< it leads if nobody does, else it follows
};

class OpenHub {
 public:
  /// @pre the caller holds the folder's lock, if its store is hub.db. Errors: not_found, corrupt,
  /// invalid_value (clock), storage_failed; of PostgreSQL locked (`act`: a hub serves), later (`serve`: the
  /// one that leads has only begun), no_link.
  /// @param check reads every page of hub.db first: after a disk that failed.
  static Result<std::unique_ptr<OpenHub>> open(const HubFolder& folder, HubRole role = HubRole::act,
                                               bool check = false);

  [[nodiscard]] const HubFolder& folder() const { return folder_; }
  Hub& hub() { return *hub_; }
  /// Of a section's hub; null otherwise.
  SectionStore* section() { return section_.get(); }
  KeptWork* kept() { return kept_ ? &*kept_ : nullptr; }
  /// @pre it is a section's.
  Mirror::Ports mirror_ports();
  /// Whose state `status` tells while it serves.
  void tell_upstream(const Upstream* upstream) { upstream_ = upstream; }
  [[nodiscard]] const Upstream* upstream() const { return upstream_; }
  Clock& clock() { return clock_; }
  /// Errors: not_found when the registrar's key is not on this machine.
  Result<Registrar*> registrar();
  /// Puts the next network statement into force, and the log key that it names into place. Sessions go on.
  Status place(const SignedStatement& statement);
  /// Told that hub.db is an old copy: see Committer::begin_recovery().
  Status recover();
  [[nodiscard]] bool has_registrar() const { return registrar_key_.has_value(); }
  Scribe scribe();
  /// Where offices find the hub.
  Result<std::string> address();
  Status set_listening(const std::string& url);
  /// After it has begun to lead: errors conflict, when the storage is older than what this folder has signed.
  Status check_lead();
  /// Carries out what is to be erased by now. What cannot be done is logged, once, and tried again.
  void erase_due();
  /// Lets go of what is not needed any more, in small pieces.
  Compactor& compactor() { return *compactor_; }
  /// Remembers, apart from the database, what was signed: an older database is noticed.
  void note_checkpoint();

 private:
  explicit OpenHub(HubFolder folder) : folder_(std::move(folder)), shelf_(folder_.snapshots()) {}
  /// What this hub noted of its newest checkpoint, if it did sign that.
  [[nodiscard]] std::optional<ledger::Checkpoint> noted_checkpoint() const;
  [[nodiscard]] bool is_older_copy() const;
  Status check_checkpoint();
  Status open_section();
  Status start();
  Status use_next_key();
  Status erase_kept();
  Scribe::Ports scribe_ports();

  HubFolder folder_;
  SnapshotShelf shelf_;
  SystemClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<HubStore> store_;
  std::optional<KeptWork> kept_;           ///< of a section's hub
  std::unique_ptr<SectionStore> section_;  ///< likewise
  const Upstream* upstream_ = nullptr;
  std::optional<crypto::KeyPair> log_key_;       ///< the object stays, whatever key it holds
  std::optional<crypto::KeyPair> next_log_key_;  ///< waits for the statement that names it
  std::optional<crypto::KeyPair> registrar_key_;
  std::unique_ptr<Hub> hub_;
  std::optional<Registrar> registrar_;
  std::optional<Compactor> compactor_;
  std::string not_erased_;  ///< why, as it was logged
  std::chrono::steady_clock::time_point erase_again_{};
  Position kept_erased_ = 0;  ///< up to which erasure work without entries was looked through
};

}  // namespace wasl
