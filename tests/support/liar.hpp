#pragma once
// A hub that holds the network's log key and lies: what the real hub would answer, altered on its way. Each
// lie is a function that a test sets.
#include <functional>

#include "tests/support/hub_world.hpp"

namespace wasl::test {

class Liar final : public HubPeer, private HubPort {
 public:
  explicit Liar(HubWorld& world) : HubPeer(world.hub()), world_(world) {}

  /// Entries on their way, decoded.
  std::function<void(Segment&)> entries_lie;
  /// All leaves of `heads`: signed anew, with the real key.
  std::function<void(std::vector<ledger::HeadsLeaf>&)> heads_lie;
  /// How much of a space's log there is said to be.
  std::function<Position(const std::string& space, Position size)> size_lie;
  std::function<void(Proof&)> proof_lie;
  std::function<std::vector<VerdictItem>(const Segment& push)> verdict_lie;  ///< instead of the committer
  std::function<Bytes(const Bytes& frame)> frame_lie;
  std::string_view
      entries_source;  ///< a space of which a frame is sent whatever the log holds; see frame_lie

  // HubPeer
  HubPort& port() override { return *this; }
  bool is_idle() override { return rulings_.empty() && HubPeer::is_idle(); }
  Committer::Committed commit() override;
  std::shared_ptr<const Bytes> alter(std::shared_ptr<const Bytes> frame) override;

 private:
  const NetworkId& network() const override { return hub_.network(); }
  const crypto::KeyPair& log_key() const override { return hub_.log_key(); }
  const AuthorityState& authority() const override { return hub_.authority(); }
  const std::vector<SignedStatement>& statements() const override { return hub_.statements(); }
  KeysAtHub keys() const override { return hub_.keys(); }
  Millis hub_time() override { return hub_.hub_time(); }
  Result<bool> use_counter(const PublicKey& key, std::uint64_t counter) override {
    return hub_.use_counter(key, counter);
  }
  Result<std::optional<ledger::BlindingKey>> blinding_key(const std::string& space) override {
    return hub_.blinding_key(space);
  }
  std::vector<Staged> staged(const PublicKey& key) override { return hub_.staged(key); }
  Result<std::vector<Bytes>> heads_leaves(std::uint64_t first, std::size_t count) override {
    return hub_.heads_leaves(first, count);
  }
  Result<Position> size(const std::string& space) override;
  Result<std::uint64_t> bytes_behind(const std::string& space, Position size) override {
    return hub_.bytes_behind(space, size);
  }
  Result<EntriesFrame> entries(const std::string& space, Position from, const Reader& reader) override;
  KnownLogs* known_logs() override { return hub_.known_logs(); }
  void push(std::uint64_t session, Segment segment) override;
  Result<std::optional<NewestLeaf>> newest_leaf(const std::string& space) override;
  Seen heads() override;
  bool is_witnessed() override { return hub_.is_witnessed(); }
  Result<Proof> prove(const Seen& known, const std::vector<std::uint64_t>& leaves) override;
  Status note_done(const PublicKey&, const Done&) override { return {}; }
  bool is_recovering() const override { return hub_.is_recovering(); }
  Result<Hash> root(const std::string& space, Position size) override { return hub_.root(space, size); }
  Status take_back(std::vector<Segment> segments, const Vouched& vouched) override {
    return hub_.take_back(std::move(segments), vouched);
  }
  Result<std::vector<VerdictItem>> decided(const PublicKey& key) override { return hub_.decided(key); }
  Result<std::optional<Segment>> wipe_order(const PublicKey& key) override { return hub_.wipe_order(key); }
  Status note_wiped(const PublicKey& key) override { return hub_.note_wiped(key); }

  std::vector<ledger::HeadsLeaf> leaves();

  HubWorld& world_;
  std::vector<Committer::Ruling> rulings_;
};

}  // namespace wasl::test
