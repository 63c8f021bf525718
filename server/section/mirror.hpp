#pragma once
// A section's hub as a reader of the network's: it takes logs and `heads` down as they were signed, believes
// nothing that the hub has not signed, and carries up what has no entry. Thread: the hub's.
#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/hub/authority_log.hpp"
#include "server/hub/heads_log.hpp"
#include "server/section/section_store.hpp"
#include "shared/store/stored_logs.hpp"
#include "shared/wire/client_session.hpp"

namespace wasl {

class Mirror final : public ClientPort {
 public:
  struct Ports {
    HubStore& store;
    KeptWork& kept;
    SectionStore& section;
    const crypto::KeyPair& device;
    Clock& clock;
    Random& random;
    NetworkId network;
    PublicKey log_key;  ///< as it was known first
  };
  explicit Mirror(const Ports& ports);
  ~Mirror() override { ports_.kept.tell_drops({}); }
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// Reads where it stands. Errors: corrupt, storage_failed.
  Status start();

  /// From the next hello on: files are exchanged beside live sessions.
  void speak_of_files() { speaks_of_files_ = true; }
  /// @param invitation speak as this key, which reads `authority` alone.
  Result<Bytes> make_hello(bool live, const Hash& binding, const crypto::KeyPair* invitation = nullptr);
  /// The network's hub knows a later number of this key: further ahead at each call.
  void on_counter_used() { leap_ = leap_ == 0 ? 1 << 16 : leap_ * 16; }
  Result<Segment> make_enrolment(const crypto::KeyPair& invitation);
  [[nodiscard]] bool is_enrolled() const {
    return authority_.state().device(ports_.device.public_key()) != nullptr;
  }
  [[nodiscard]] const NetworkId& network() const { return network_; }
  [[nodiscard]] PublicKey log_key() const {
    return authority_.is_empty() ? ports_.log_key : authority_.state().statement().log_key;
  }
  [[nodiscard]] std::uint64_t heads_size() const { return heads_.size(); }
  /// An erasure would be in force by this machine's clock, and the network's hub has not been heard since: a
  /// new session says what time it is there.
  [[nodiscard]] bool awaits_time() const;
  /// Call it every few minutes. @return something that stood behind a gap is to be pushed once more.
  bool retry_gaps();
  /// The network's hub has begun a new epoch of its log: what is here belongs to the one before.
  [[nodiscard]] bool must_begin_anew() const { return begins_anew_; }

  Result<PublicKey> on_statements(const std::vector<SignedStatement>& statements) override;
  Status on_welcome(const Welcome& welcome) override;
  Result<std::optional<Return>> next_return() override { return std::optional<Return>(); }
  Result<std::optional<Segment>> next_push(std::size_t most_bytes) override;
  void rewind_push() override { carried_ = 0; }
  Status on_verdicts(const std::vector<VerdictItem>& verdicts) override;
  Status on_entries(Segment segment) override;
  Status on_leaves(const Leaves& leaves) override;
  Result<std::optional<bool>> on_proof(const Proof& proof) override;
  std::vector<Cursor> applied_cursors() override;
  Status on_order(const Segment& order) override;
  Status wipe() override { return {}; }
  Status on_session_end(std::optional<bool> equal) override;
  Status on_lie(const Error& seen, ByteView frame) override;
  KnownLogs* known_logs() override { return frames_alone_ ? nullptr : &logs_; }
  void on_not_rebuilt() override { ask_alone_ = true; }

 private:
  Result<std::optional<bool>> settle();
  Result<std::map<std::string, std::pair<std::uint64_t, ledger::HeadsLeaf>>> new_leaves(
      std::uint64_t until, const std::vector<std::string>& spaces);

  Ports ports_;
  NetworkId network_{ports_.network};
  HeadsLog heads_;
  StoredLogs logs_;
  AuthorityLog authority_;
  std::string note_;                    ///< the newest under which everything is here
  std::uint64_t settled_ = 0;           ///< its size
  std::optional<std::string> pending_;  ///< a newer one: leaves or entries under it are still to come
  std::set<std::string> offered_;       ///< spaces that this session brings
  std::optional<Millis> welcomed_at_;
  std::uint64_t newest_carried_ = 0;  ///< in this session
  std::set<ChainId> gaps_;            ///< chains of which the network's hub lacks something before
  std::uint64_t carried_ = 0;         ///< how far what is kept was handed out in this session
  std::uint64_t leap_ = 0;
  bool speaks_of_files_ = false;
  bool by_invitation_ = false;
  bool begins_anew_ = false;
  bool ask_alone_ = false;
  bool frames_alone_ = false;
};

}  // namespace wasl
