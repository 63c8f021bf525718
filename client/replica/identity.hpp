#pragma once
// identity.db: what an office must never lose or take from elsewhere, apart from the file that other tools
// may open: its key, the network it belongs to, how far its chains were shown to anybody, the last
// checkpoint. Thread: that of its owner. Every change is committed with FULL before the call returns.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/authority/authorise.hpp"
#include "shared/authority/statement.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/model/change_set.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl {

/// How far a change set of ours has come.
enum class PendingState : std::uint8_t { unsent = 0, held = 1, refused = 2, accepted = 3, discarded = 4 };

/// What an office knows of its network before it has any log.
struct NetworkAnchor {
  NetworkId network;
  Hash statement_hash;
  std::uint64_t statement_number = 1;
  PublicKey log_key;
  std::string url;
  std::string organisation;
  std::string language;     ///< of plain text written by SQL; empty: und
  std::uint64_t epoch = 0;  ///< of the hub's log; 0: not known before the statement itself is
};

struct CheckpointAnchor {
  Seen heads;
  std::string note;  ///< as signed; empty: none yet
};

/// An act of power, signed by a person's key, until its entry is here.
struct SignedAct {
  ChangeSet set;
  Signature signature;
  PendingState state = PendingState::unsent;
  Reason reason = Reason::none;
  std::string detail{};
};

class Identity {
 public:
  /// Opens or makes DIR/identity.db, mode 0600.
  static Result<Identity> open(const std::filesystem::path& folder, bool create);

  Result<std::optional<NetworkAnchor>> network();
  Status set_network(const NetworkAnchor& anchor);
  /// A newer network statement than the anchor's: from here on nothing older is believed.
  Status set_statement(const OpenedStatement& opened);
  Status set_url(std::string_view url);

  /// The device's key and its X25519 half; made once.
  Result<crypto::KeyPair> device_key(Random& random);
  Result<PublicKey> sealing_key(Random& random);
  /// Its secret half. Errors: not_found (none was made).
  Result<crypto::Seed> sealing_secret();
  Result<bool> is_enrolled();
  Status set_enrolled();

  /// A number that this key never used before in a hello.
  /// Follows the clock, so that a folder restored from a copy does not repeat what it said since.
  Result<std::uint64_t> next_counter(Millis now);
  /// The hub has seen a higher one: the next is ahead by a quarter of an hour, then by 16 times as much at
  /// each call, so that a folder from before a year in which the clock stood at 2099 gets in at the sixth.
  Status leap_counter();
  Status settle_counter();  ///< the hub let us in: the next leap is short again

  Result<CheckpointAnchor> checkpoint();
  /// The hub's log begins anew: the last checkpoint before is kept apart.
  Status begin_epoch(std::uint64_t epoch);
  /// Only while `from` still stands: another program of this office may have come first, and `to` does not
  /// go on from there.
  Status move_checkpoint(const CheckpointAnchor& from, const CheckpointAnchor& to);

  /// How far a chain of ours was shown to anybody; a replica that ends before it was restored from a copy.
  struct ShownChain {
    ChainId chain;
    std::string space;
    bool bulk = false;
    Sequence last = 0;
    Hash name;
  };
  Result<std::vector<ShownChain>> chains();
  Status add_chain(const ChainId& chain, std::string_view space, bool bulk);
  Status retire_chain(const ChainId& chain);
  Status set_shown(const ChainId& chain, Sequence last, const Hash& name);

  /// Where a person's chain in a space ends here; nothing: none was begun, or it cannot go on.
  struct ActChain {
    Source source;
    ChainEnd end;
  };
  Result<std::optional<ActChain>> act_chain(const PublicKey& person, std::string_view space);
  Status end_act_chain(const ChainId& chain);
  /// Keeps the act, and its chain with it.
  Status add_act(const SignedAct& act);
  /// In the order they were signed.
  Result<std::vector<SignedAct>> acts();
  Status rule_act(const Hash& name, PendingState state, Reason reason, std::string_view detail);
  Status forget_act(const Hash& name);

  /// The same thing once, however often it is met, and not without end.
  Status add_evidence(std::string_view what, ByteView ours, ByteView theirs, Millis at);
  Result<std::vector<std::string>> evidence();  ///< in words, each once
  struct Evidence {
    std::int64_t number = 0;
    Millis at = 0;
    std::string what;
    Bytes ours;    ///< what this office held
    Bytes theirs;  ///< what it was shown
  };
  /// One after the other, the oldest first.
  Status each_evidence(const std::function<Status(const Evidence&)>& tell);

  /// Of each piece, both sides as bytes that `change` may alter; then no free page holds what stood there.
  Status change_evidence(const std::function<bool(Bytes&)>& change);

  /// Names of damaged files kept aside, the oldest first, until what nobody had sealed in them is taken over.
  /// One whose file is not there was never made whole: its machine ended before, and what it was to hold was
  /// not moved.
  Result<std::vector<std::string>> damaged_copies();
  Status set_damaged_copies(const std::vector<std::string>& names);

  /// Overwrites the keys and all else that stands here.
  Status destroy();

  [[nodiscard]] bool must_reopen() const { return db_.must_reopen(); }
  Status check() { return db_.check(); }
  Status settle() { return db_.settle(); }

 private:
  explicit Identity(Database database) : db_(std::move(database)) {}
  Result<std::size_t> evidence_room();
  Result<std::optional<Bytes>> value(std::string_view key);
  Status set_value(std::string_view key, ByteView bytes);

  Database db_;
};

}  // namespace wasl
