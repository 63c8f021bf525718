#pragma once
// A hub's folder opened for work: store, keys, hub and registrar with the machine's clock and randomness.
#include <memory>
#include <optional>
#include <string>

#include "server/app/hub_folder.hpp"
#include "server/hub/hub.hpp"
#include "server/hub/registrar.hpp"

namespace wasl {

class SystemClock final : public Clock {
 public:
  Millis now() override;
};

struct InitOptions {
  std::string name;
  std::string address;                   ///< that invitations carry; empty: where serve last listened
  std::vector<std::string> witnesses{};  ///< keys in hex, of who must cosign checkpoints
};
/// Makes keys, statement and the first entry. Errors: conflict (initialised before), storage_failed.
Status init_hub(const HubFolder& folder, const InitOptions& options);

class OpenHub {
 public:
  /// @pre the caller holds the folder's lock. Errors: not_found, corrupt, invalid_value (clock),
  /// storage_failed.
  /// @param check reads every page of hub.db first: after a disk that failed.
  static Result<std::unique_ptr<OpenHub>> open(const HubFolder& folder, bool check = false);

  [[nodiscard]] const HubFolder& folder() const { return folder_; }
  Hub& hub() { return *hub_; }
  Clock& clock() { return clock_; }
  /// Errors: not_found when the registrar's key is not on this machine.
  Result<Registrar*> registrar();
  /// Where offices find the hub.
  Result<std::string> address();
  Status set_listening(const std::string& url);
  /// Remembers, apart from the database, what was signed: an older database is noticed.
  void note_checkpoint();

 private:
  explicit OpenHub(HubFolder folder) : folder_(std::move(folder)) {}
  Status check_checkpoint();

  HubFolder folder_;
  SystemClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<HubStore> store_;
  std::optional<crypto::KeyPair> log_key_;
  std::optional<crypto::KeyPair> registrar_key_;
  std::unique_ptr<Hub> hub_;
  std::optional<Registrar> registrar_;
};

}  // namespace wasl
