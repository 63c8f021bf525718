#pragma once
// The hub behind its sessions: what they ask is answered from the committer, the logs and the store. No
// sockets. Thread: the hub's one thread.
#include <functional>
#include <memory>

#include "server/hub/committer.hpp"
#include "server/hub/log_pages.hpp"
#include "server/hub/log_reader.hpp"
#include "shared/wire/hub_session.hpp"

namespace wasl {

class Hub final : public HubPort {
 public:
  explicit Hub(const Committer::Ports& ports)
      : ports_(ports), committer_(ports), reader_(ports.store), pages_(ports.store, committer_.heads()) {}

  Committer& committer() { return committer_; }
  HubStore& store() { return ports_.store; }

  /// Commits what is queued and tells the sessions.
  Committer::Committed commit();
  struct Listener {
    std::function<void()> on_queued;  ///< something waits for the next commit()
    std::function<void(const Committer::Committed&)> on_committed;
  };
  void listen(Listener listener) { listener_ = std::move(listener); }

  /// Commits until little enough waits. Call it between messages.
  void make_room() {
    while (committer_.is_full()) commit();
  }

  /// What anybody may read of the logs over plain HTTP.
  Result<std::optional<LogPage>> page(std::string_view target) { return pages_.page(target); }

  // HubPort
  [[nodiscard]] const NetworkId& network() const override { return committer_.network(); }
  [[nodiscard]] const crypto::KeyPair& log_key() const override { return ports_.log_key; }
  [[nodiscard]] const AuthorityState& authority() const override { return committer_.authority(); }
  Millis hub_time() override { return committer_.hub_time(); }
  Result<bool> use_counter(const PublicKey& key, std::uint64_t counter) override;
  Result<std::optional<ledger::BlindingKey>> blinding_key(const std::string& space) override;
  std::vector<Staged> staged(const PublicKey& key) override { return committer_.staging().of(key); }
  Result<Position> size(const std::string& space) override;
  Result<EntriesFrame> entries(const std::string& space, Position from,
                               const std::optional<PublicKey>& own) override;
  void push(std::uint64_t session, Segment segment) override;
  Result<std::optional<NewestLeaf>> newest_leaf(const std::string& space) override;
  Seen heads() override { return committer_.heads().seen(); }
  bool is_witnessed() override { return committer_.heads().is_witnessed(authority().statement().witnesses); }
  Result<Proof> prove(const Seen& known, const std::vector<std::uint64_t>& leaves) override;
  Status note_done(const PublicKey& key, const Done& done) override;

 private:
  Committer::Ports ports_;
  Committer committer_;
  LogReader reader_;
  LogPages pages_;
  Listener listener_;
};

}  // namespace wasl
