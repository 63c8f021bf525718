#pragma once
// The hub's end of a session as a state machine: frames, commits and time in; frames, closing and timers out.
// No socket, thread, clock or randomness. One object a connection; a new connection makes a new one.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/wire/messages.hpp"

namespace wasl {

/// What the session asks of the hub. Nothing here blocks for longer than a read of the store.
class HubPort {
 public:
  virtual ~HubPort() = default;
  [[nodiscard]] virtual const NetworkId& network() const = 0;
  [[nodiscard]] virtual const crypto::KeyPair& log_key() const = 0;
  [[nodiscard]] virtual const AuthorityState& authority() const = 0;
  /// All network statements, from number 1 on.
  [[nodiscard]] virtual const std::vector<SignedStatement>& statements() const = 0;
  [[nodiscard]] virtual KeysAtHub keys() const = 0;
  virtual Millis hub_time() = 0;

  /// Takes the counter, durably. @return false when this key used it, or a higher one, before.
  virtual Result<bool> use_counter(const PublicKey& key, std::uint64_t counter) = 0;
  virtual Result<std::optional<ledger::BlindingKey>> blinding_key(const std::string& space) = 0;
  virtual std::vector<Staged> staged(const PublicKey& key) = 0;

  virtual Result<Position> size(const std::string& space) = 0;
  /// Bytes of what stands behind the first `size` entries, as stored.
  virtual Result<std::uint64_t> bytes_behind(const std::string& space, Position size) = 0;
  struct EntriesFrame {
    std::shared_ptr<const Bytes> frame;
    Position last = 0;
  };
  /// For whom a frame of entries is made.
  struct Reader {
    std::optional<PublicKey> own;  ///< an OwnItem stands for each change set of this key
    bool alone = false;            ///< it refers to nothing that stands before it in the logs
    Byte dictionary = 0;           ///< newest that it knows
    bool plain = false;            ///< its items are not compressed: a stream will
  };
  /// Whole stored blocks from this position on, about limits::kSegmentTargetBytes, as one frame.
  virtual Result<EntriesFrame> entries(const std::string& space, Position from, const Reader& reader) = 0;
  /// What may be taken in the place of a space's entries.
  struct SnapshotOffer {
    std::shared_ptr<const Bytes> frame;
    Position position = 0;
    std::uint64_t bytes = 0;  ///< of its pieces
    bool only_way = false;    ///< the entries cannot be had any more
  };
  /// Where it may be cheaper than the entries behind the first `from`. Nothing: it is not, or there is none.
  virtual Result<std::optional<SnapshotOffer>> snapshot(const std::string& /*space*/, Position /*from*/) {
    return std::optional<SnapshotOffer>();
  }
  /// The frames that bring a piece. Errors: later (it was replaced by now).
  virtual Result<std::vector<Bytes>> snapshot_piece(const std::string& space, const Hash& /*name*/) {
    return fail(Errc::later, "there is no snapshot of " + space + " any more", "sync again");
  }
  /// What pushes may refer to; null: nothing.
  virtual KnownLogs* known_logs() { return nullptr; }
  /// Where backlogs find places for streams; null: every frame stands alone.
  virtual const StreamRooms* stream_rooms() { return nullptr; }
  /// Hands a push to the committer; the answer comes by HubSession::on_ruling.
  virtual void push(std::uint64_t session, Segment segment) = 0;

  struct NewestLeaf {
    std::uint64_t index = 0;
    std::uint64_t size = 0;
    bool digest_is_current = false;
  };
  virtual Result<std::optional<NewestLeaf>> newest_leaf(const std::string& space) = 0;
  /// What the hub signed last.
  virtual Seen heads() = 0;
  /// Whether so many witnesses as the network asks for have cosigned what the hub signed last.
  virtual bool is_witnessed() = 0;
  virtual Result<Proof> prove(const Seen& known, const std::vector<std::uint64_t>& leaves) = 0;
  virtual Status note_done(const PublicKey& key, const Done& done) = 0;

  // A hub restored from an old copy takes back what it had signed, from whoever holds it and can prove it.
  [[nodiscard]] virtual bool is_recovering() const { return false; }
  /// Of the first `size` entries. @pre the space has them.
  virtual Result<Hash> root(const std::string& space, Position size) = 0;
  virtual Status take_back(std::vector<Segment> segments, const Vouched& vouched) = 0;
  /// What persons decided about the key's held and refused work, for as long as it is kept.
  virtual Result<std::vector<VerdictItem>> decided(const PublicKey& key) = 0;
  /// The order to wipe the device, with the grants that it rests on; nothing when there is none.
  virtual Result<std::optional<Segment>> wipe_order(const PublicKey& key) = 0;
  virtual Status note_wiped(const PublicKey& key) = 0;

  // A section's hub gives no positions: it shows what the network's hub has signed, and keeps work without
  // entries. What it signs, it signs as a device.
  [[nodiscard]] virtual bool is_section() const { return false; }
  /// What the key may read, as far as it is here; `authority` first.
  virtual std::vector<std::string> readable(const PublicKey& key) {
    return authority().readable(key, hub_time());
  }
  struct KeptFrame {
    std::uint64_t number = 0;
    std::shared_ptr<const Bytes> frame;
  };
  /// The next behind this number of what is kept in these spaces and is not the reader's own; nothing: that
  /// was all.
  virtual Result<std::optional<KeptFrame>> next_kept(std::uint64_t /*after*/, const PublicKey& /*reader*/,
                                                     const std::vector<std::string>& /*spaces*/) {
    return std::optional<KeptFrame>();
  }
  /// So many leaves of `heads`. @pre the log has them.
  virtual Result<std::vector<Bytes>> heads_leaves(std::uint64_t /*first*/, std::size_t /*count*/) {
    return fail(Errc::unsupported, "this hub gives no leaves of heads");
  }
};

/// What an office is told of an error at the hub: what failed inside the hub is for its log; the office
/// learns that it must come again.
Error words_for_office(const Error& error);

class HubSession {
 public:
  /// Decides about the upgrade. Errors: malformed, unsupported, bad_signature, wrong_network, unauthorised,
  /// conflict (a counter used twice: a copied folder; an invitation used before).
  /// @param bindings what the hello may be bound to on this connection; plain loopback: 32 zero bytes.
  static Result<Hello> admit(HubPort& port, ByteView hello_bytes,
                             const std::vector<Hash>& bindings = {Hash{}});

  struct Close {
    bool proper = true;  ///< false: the peer broke the protocol
    std::string reason;
  };
  /// What to do next, in order.
  struct Output {
    std::vector<std::shared_ptr<const Bytes>> frames;
    std::optional<Close> close;
    std::optional<Millis> wake_at;  ///< call on_time then; replaces what was asked before
  };

  /// @param id names the session towards HubPort::push.
  HubSession(HubPort& port, std::uint64_t id, Hello hello, const Hash& hello_hash, Millis now);

  Output start(Millis now);  ///< the first frames: they leave with the answer to the upgrade
  Output on_frame(ByteView frame, Millis now);
  /// The committer has answered. @param taken pushes of this session that it took (none, when another brought
  /// the rest of a group).
  Output on_ruling(const std::vector<VerdictItem>& verdicts, std::uint64_t taken, Millis now);
  /// What was held or refused before has another verdict now.
  Output on_decided(const std::vector<VerdictItem>& verdicts, Millis now);
  /// Logs have grown.
  Output on_commit(const std::vector<std::string>& grown, Millis now);
  /// Work without an entry is kept here, that was not before.
  Output on_kept(Millis now);
  /// Little waits in the channel: send more.
  Output on_writable(Millis now);
  Output on_time(Millis now);

  [[nodiscard]] const PublicKey& key() const { return hello_.device; }
  [[nodiscard]] bool is_live() const { return (hello_.flags & Hello::kLive) != 0; }
  [[nodiscard]] std::uint64_t pushed_sets() const { return pushed_sets_; }

 private:
  /// What the office may read, in the order of need.
  std::vector<std::string> readable();
  Status welcome(Output& out, Millis now);
  Status take(ByteView frame, Millis now);
  Status take_push(ByteView frame);
  Status take_returned(ByteView frame);
  Status take_vouched(ByteView frame);
  Result<std::vector<CommonLog>> common_logs();
  Status advance(Output& out, Millis now);
  Status take_begun(ByteView frame);
  Status take_wanted_pieces(ByteView frame);
  Result<std::optional<HubPort::SnapshotOffer>> snapshot_for(const std::string& space, Position from);
  Status send_entries(Output& out, bool& all_sent);
  Status send_pieces(Output& out);
  Result<HubPort::EntriesFrame> next_entries(const std::string& space, Position size);
  Result<bool> waits_behind(const std::string& space);
  Status send_kept(Output& out);
  Status send_leaves(Output& out, bool& all_sent);
  Status send_proof(Output& out, bool final);
  Status send_estimate(Output& out, Millis now);
  Result<bool> digests_are_current();
  Status tell_decided(Output& out);
  Status dismiss(Output& out);
  Output finish(Status status, Output&& out, Millis now);

  HubPort& port_;
  std::uint64_t id_;
  Hello hello_;
  Hash hello_hash_;
  std::vector<std::string> spaces_;          ///< readable, `authority` first
  std::map<std::string, Position> sent_;     ///< entries of each that have left
  std::set<std::string> may_skip_;           ///< spaces of which a snapshot may be offered, until one looks
  std::map<std::string, Position> offered_;  ///< snapshots: the entries wait until the office has begun
  std::deque<std::pair<std::string, Hash>> pieces_owed_;
  bool began_ = false;         ///< from a snapshot: frames refer to no log that the office now holds in part
  HubPort::Reader reader_;     ///< whose change sets need not travel back, and how others do
  Seen known_;                 ///< the checkpoint both know
  std::size_t room_;           ///< bytes of entries that may be queued now
  StreamSender backlog_out_;   ///< of entries
  StreamReceiver backlog_in_;  ///< of pushes
  std::uint64_t kept_sent_ = 0;             ///< of what a section's hub keeps
  std::optional<std::uint64_t> follows_;    ///< the next leaf of `heads` for who asked for all of them
  bool is_behind_ = true;                   ///< entries wait for room, or nothing was sent yet
  std::deque<std::size_t> pushes_waiting_;  ///< bytes of each
  std::size_t bytes_waiting_ = 0;           ///< of them together
  std::uint64_t pushed_sets_ = 0;
  bool proved_ = false;           ///< the first proof has left
  bool proved_witnessed_ = true;  ///< … under a note that the witnesses had cosigned
  bool revoked_ = false;          ///< it may push what then is held, and learns what was decided
  bool over_ = false;
  bool not_rebuilt_ = false;  ///< a push that the office has to say again, in frames that stand alone
  Welcome::State state_ = Welcome::State::serving;
  std::vector<Segment> returned_;  ///< of one space, until the word for it comes
  std::size_t returned_bytes_ = 0;
  std::optional<Millis> asked_at_;  ///< `finish` came and has no answer yet
  std::optional<Millis> quiet_at_;  ///< live: when to prove what has come since
  std::optional<Millis> done_at_;
  Millis started_;
  Millis last_progress_;
};

}  // namespace wasl
