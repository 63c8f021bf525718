#pragma once
// The hub behind its sessions: what they ask is answered from the committer, the logs and the store. No
// sockets. Thread: the hub's one thread.
#include <functional>
#include <memory>

#include "server/hub/committer.hpp"
#include "server/hub/log_pages.hpp"
#include "server/hub/log_reader.hpp"
#include "server/store/kept_work.hpp"
#include "server/store/snapshot_shelf.hpp"
#include "shared/base/limits.hpp"
#include "shared/store/stored_logs.hpp"
#include "shared/wire/hub_session.hpp"

namespace wasl {

class Hub final : public HubPort {
 public:
  explicit Hub(const Committer::Ports& ports)
      : ports_(ports),
        committer_(ports),
        logs_(ports.store, committer_.network()),
        reader_(ports.store, logs_),
        pages_(ports.store, committer_.heads()) {}

  Committer& committer() { return committer_; }
  HubStore& store() { return ports_.store; }

  /// Commits what is queued and tells the sessions.
  Committer::Committed commit();
  /// Places the next network statement. @param use_key puts the log key that it names into place, before
  /// anything is signed with it. Sessions go on: they are told like of any other entry.
  Status place(const SignedStatement& statement, const std::function<bool(const PublicKey&)>& has_key,
               const std::function<Status()>& use_key);
  /// Who says which keys lie on this machine. Without, none is said to.
  void tell_keys(std::function<KeysAtHub()> keys) { keys_ = std::move(keys); }
  struct Listener {
    std::function<void()> on_queued;  ///< something waits for the next commit()
    std::function<void(const Committer::Committed&)> on_committed;
  };
  void listen(Listener listener) { listener_ = std::move(listener); }

  // ── Several processes over one storage ──
  [[nodiscard]] bool follows() const { return committer_.follows(); }
  /// Committer::look(), and tells the sessions.
  Status look();
  /// Committer::try_lead(), and tells the sessions. @return whether it began to lead.
  Result<bool> try_lead();
  Status resign() { return committer_.resign(); }

  /// Carries out the erasures that have come into force; call it at the start and every now and then. See
  /// Committer::erase_due().
  Status erase_due();

  /// Committer::collect(), and tells the sessions.
  Result<std::size_t> collect(const std::string& space, Position floor,
                              const std::set<std::pair<std::uint32_t, std::string>>& records);

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
  [[nodiscard]] const std::vector<SignedStatement>& statements() const override {
    return committer_.statements();
  }
  [[nodiscard]] KeysAtHub keys() const override { return keys_ ? keys_() : KeysAtHub{0}; }
  Millis hub_time() override { return committer_.hub_time(); }
  Result<bool> use_counter(const PublicKey& key, std::uint64_t counter) override;
  Result<std::optional<ledger::BlindingKey>> blinding_key(const std::string& space) override;
  std::vector<Staged> staged(const PublicKey& key) override;
  Result<Position> size(const std::string& space) override;
  Result<std::uint64_t> bytes_behind(const std::string& space, Position size) override {
    return ports_.store.bytes_behind(space, size);
  }
  Result<EntriesFrame> entries(const std::string& space, Position from, const Reader& reader) override;
  /// Offices without anything of a space may begin from what lies there. @pre it outlives this.
  void offer_snapshots(SnapshotShelf& shelf) { shelf_ = &shelf; }
  Result<std::optional<SnapshotOffer>> snapshot(const std::string& space, Position from) override;
  Result<std::vector<Bytes>> snapshot_piece(const std::string& space, const Hash& name) override;
  KnownLogs* known_logs() override { return &logs_; }
  const StreamRooms* stream_rooms() override { return &stream_rooms_; }
  void push(std::uint64_t session, Segment segment) override;
  Result<std::optional<NewestLeaf>> newest_leaf(const std::string& space) override;
  Seen heads() override { return committer_.heads().seen(); }
  bool is_witnessed() override { return committer_.heads().is_witnessed(authority().statement().witnesses); }
  Result<Proof> prove(const Seen& known, const std::vector<std::uint64_t>& leaves) override;
  Status note_done(const PublicKey& key, const Done& done) override;
  [[nodiscard]] bool is_recovering() const override { return committer_.is_recovering(); }
  Result<Hash> root(const std::string& space, Position size) override {
    return ports_.store.root(space, size);
  }
  Status take_back(std::vector<Segment> segments, const Vouched& vouched) override {
    return committer_.take_back(segments, vouched);
  }
  Result<std::vector<VerdictItem>> decided(const PublicKey& key) override;
  Result<std::optional<Segment>> wipe_order(const PublicKey& key) override;
  Status note_wiped(const PublicKey& key) override;
  Result<std::vector<Bytes>> heads_leaves(std::uint64_t first, std::size_t count) override {
    return ports_.store.heads_leaves(first, count);
  }

  // Of a section's hub.
  [[nodiscard]] bool is_section() const override { return committer_.is_section(); }
  /// @pre it outlives this.
  void keep_in(KeptWork& kept) { kept_ = &kept; }
  std::vector<std::string> readable(const PublicKey& key) override;
  Result<std::optional<KeptFrame>> next_kept(std::uint64_t after, const PublicKey& reader,
                                             const std::vector<std::string>& spaces) override;

 private:
  Result<std::vector<SegmentItem>> act_at(Position position);
  void tell(const Committer::Committed& committed, Position erased);

  Committer::Ports ports_;
  Committer committer_;
  StoredLogs logs_;
  LogReader reader_;
  StreamRooms stream_rooms_{StreamRoom(limits::kStreamsPacked), StreamRoom(limits::kStreamsUnpacked)};
  LogPages pages_;
  Listener listener_;
  std::function<KeysAtHub()> keys_;
  SnapshotShelf* shelf_ = nullptr;
  KeptWork* kept_ = nullptr;
};

}  // namespace wasl
