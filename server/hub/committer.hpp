#pragma once
// Gives positions. What devices push is collected for a moment and becomes one durable transaction; verdicts
// come out only after it. Thread: the hub's one thread; nothing here waits but for the disk.
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "server/hub/batch.hpp"
#include "server/hub/heads_log.hpp"
#include "server/hub/staging.hpp"
#include "server/store/hub_store.hpp"

namespace wasl {

class Committer {
 public:
  struct Ports {
    HubStore& store;
    const Schema& schema;
    const crypto::KeyPair& log_key;
    Clock& clock;
    Random& random;
  };
  explicit Committer(const Ports& ports) : ports_(ports), heads_(ports.store) {}

  /// For a folder without a log: places the first statement as entry 1 of `authority`.
  Status found(const SignedStatement& statement);
  /// Replays `authority` and checks the clock. Errors: not_found (no network here), corrupt, invalid_value
  /// (the clock stands before the last entry).
  Status start();

  /// Queues a push of a device. @pre checked by the session: signatures, author, network, no entries.
  void submit(std::uint64_t ticket, Segment push);
  [[nodiscard]] bool is_idle() const { return queue_.empty(); }

  struct Ruling {
    std::uint64_t ticket = 0;
    std::vector<VerdictItem> verdicts;
    std::uint64_t taken = 0;  ///< pushes of this ticket taken from the queue, whatever is staged of them
  };
  struct Committed {
    std::vector<Ruling> rulings;
    std::vector<std::string> grown;  ///< spaces with new entries, `authority` first
  };
  /// Commits what is queued, up to a bound. A disk that refuses costs a `later` for each change set.
  Committed commit();

  [[nodiscard]] const AuthorityState& authority() const { return authority_; }
  [[nodiscard]] const NetworkId& network() const { return network_; }
  [[nodiscard]] HeadsLog& heads() { return heads_; }
  /// Signs what a commit made durable and could not sign, if there is such: nobody is shown a leaf before.
  Status sign_what_is_left();
  [[nodiscard]] const Staging& staging() const { return staging_; }
  /// Never falls, whatever the clock does.
  [[nodiscard]] Millis hub_time();

 private:
  Status load_authority();
  Status sign();
  Batch make_batch(Millis hub_time);

  Ports ports_;
  HeadsLog heads_;
  Staging staging_;
  AuthorityState authority_;
  NetworkId network_;
  Millis last_time_ = 0;
  std::deque<std::pair<std::uint64_t, Segment>> queue_;
};

}  // namespace wasl
