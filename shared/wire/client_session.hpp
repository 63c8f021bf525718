#pragma once
// The office's end of a session as a state machine: frames and time in, frames out. No socket, thread, clock
// or randomness. One object a connection; a new connection makes a new one.
#include <optional>
#include <vector>

#include "shared/wire/messages.hpp"

namespace wasl {

enum class SnapshotFrameKind : Byte;

/// What the session asks of the replica. Every call returns when its effect is durable.
class ClientPort {
 public:
  virtual ~ClientPort() = default;
  /// The hub's log key is another by now. @return the one that signs the welcome. Errors: as for a lie.
  virtual Result<PublicKey> on_statements(const std::vector<SignedStatement>& statements) = 0;
  virtual Status on_welcome(const Welcome& welcome) = 0;
  /// What the hub has lost of one space and this office can prove, in parts that fit into frames.
  struct Return {
    std::vector<Segment> parts;
    Vouched vouched;
  };
  /// The next space of which something is to be brought back to a hub that recovers.
  virtual Result<std::optional<Return>> next_return() = 0;
  /// The next push of what is unsent, at most about `most_bytes`; nothing when all was handed out.
  virtual Result<std::optional<Segment>> next_push(std::size_t most_bytes) = 0;
  /// Hands out again, from the start, what has no verdict.
  virtual void rewind_push() = 0;
  virtual Status on_verdicts(const std::vector<VerdictItem>& verdicts) = 0;
  virtual Status on_entries(Segment segment) = 0;
  /// Of those by which a space is begun from a snapshot. @return what to answer. Errors: as of entries.
  virtual Result<std::vector<Bytes>> on_snapshot_frame(ByteView /*frame*/) {
    return fail(Errc::malformed, "the hub sent a snapshot that nobody asked for");
  }
  /// @return equal, not equal, or unknown (the hub's digest lags, or something is still on its way).
  virtual Result<std::optional<bool>> on_proof(const Proof& proof) = 0;
  virtual std::vector<Cursor> applied_cursors() = 0;
  /// The hub orders this device to be wiped: checks who signed that. Errors: unauthorised.
  virtual Status on_order(const Segment& order) = 0;
  /// Destroys the keys, then the files. @pre on_order() found the order right.
  virtual Status wipe() = 0;
  virtual Status on_session_end(std::optional<bool> equal) = 0;
  /// The hub sent what no honest hub sends: keep it as evidence, and nothing of what it has not signed.
  virtual Status on_lie(const Error& seen, ByteView frame) = 0;
  /// Whoever answers says that it is a section's hub, with this device's key: whether it is of the network.
  /// What it can do is withhold. Errors: wrong_network, unauthorised.
  virtual Status on_section(const PublicKey& /*device*/) {
    return fail(Errc::wrong_network, "a section's hub answered where the network's was asked",
                "check the address");
  }
  /// Others' work that a section's hub keeps, and that has no entry.
  virtual Status on_kept(const Segment& /*work*/) { return {}; }
  /// Leaves of `heads` that were asked for. Errors: as of entries.
  virtual Status on_leaves(const Leaves& /*leaves*/) {
    return fail(Errc::malformed, "the hub sent leaves that nobody asked for");
  }
  /// What frames may refer to; null: nothing, as the hello said.
  virtual KnownLogs* known_logs() { return nullptr; }
  /// One end could not rebuild a frame of the other: the next hello asks for frames that stand alone.
  virtual void on_not_rebuilt() {}
};

struct SessionSummary {
  std::uint64_t sent_sets = 0;
  std::uint64_t received_sets = 0;
  std::uint64_t received_pieces = 0;  ///< of snapshots
  std::uint64_t round_trips = 1;      ///< the upgrade, then each time we ask and wait
  std::uint64_t accepted = 0, held = 0, refused = 0;
  std::uint64_t with_section = 0;  ///< kept by a section's hub, on their way
  bool by_section = false;         ///< it was a section's hub that answered
  bool kept_back = false;          ///< something was not sent: `push_most` was reached
  std::optional<Estimate> estimate;
  std::optional<bool> equal;
};

class ClientSession {
 public:
  struct Options {
    bool live = false;
    NetworkId network;
    PublicKey log_key;
    Hash hello;                              ///< hash of the hello that this connection carried
    bool push = true;                        ///< offer what is unsent
    bool thin = false;                       ///< a backlog is packed as short as can be
    bool estimate = false;                   ///< the hello asked for an estimate, and that is all
    std::optional<std::uint64_t> push_most;  ///< bytes; the frame that reaches it is the last
    std::optional<std::uint64_t> follow;     ///< ask for all leaves of `heads`, from this one on
    std::optional<Segment> extra;            ///< pushed before anything else (an enrolment)
  };
  /// What to do next, in order.
  struct Output {
    std::vector<Bytes> frames;
    std::optional<Millis> wake_at;  ///< call on_time then
    bool close = false;             ///< the session is over: see error() and summary()
  };

  ClientSession(ClientPort& port, Options options, Millis now);

  Output on_frame(ByteView frame, Millis now);
  /// The replica has sealed something new (live sessions).
  Output on_local_commit(Millis now);
  /// Little waits in the channel: send more.
  Output on_writable(Millis now);
  Output on_time(Millis now);

  [[nodiscard]] bool is_over() const { return over_; }
  /// The hub has proved who it is.
  [[nodiscard]] bool is_welcomed() const { return welcomed_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const SessionSummary& summary() const { return summary_; }
  /// The office had to put right what it holds first, or asks for whole frames: the same sync begins again.
  [[nodiscard]] bool begins_again() const { return begins_again_; }
  /// Verdicts on `extra`.
  [[nodiscard]] const std::optional<Verdict>& extra_verdict() const { return extra_verdict_; }

 private:
  Status take(ByteView frame, Millis now, Output& out);
  Status take_verdicts(ByteView frame, Millis now, Output& out);
  Status take_proof(ByteView frame, Output& out);
  Status not_rebuilt();
  Status take_snapshot_frame(SnapshotFrameKind kind, ByteView frame, Output& out);
  Status take_entries(ByteView frame, Output& out);
  Status obey(ByteView frame, Output& out);
  Status push(Output& out);
  Bytes packed(const Segment& segment);
  [[nodiscard]] std::size_t room_to_push() const;
  Status bring_back(Output& out);
  void ask(Output& out, Bytes frame);
  void end(Output& out);
  [[nodiscard]] bool expects() const;  ///< an answer: its deadline runs
  Output finish(Status status, Output&& out);

  ClientPort& port_;
  Options options_;
  SessionSummary summary_;
  std::optional<Error> error_;
  std::optional<Verdict> extra_verdict_;
  bool walked_ = false;  ///< the statements came
  bool welcomed_ = false;
  bool over_ = false;
  bool begins_again_ = false;
  bool recovering_ = false;  ///< the hub takes back and gives nothing
  bool waiting_ = true;      ///< for an answer to the last thing asked
  bool pushed_ = false;
  bool finish_sent_ = false;
  bool revoked_ = false;  ///< nothing may be read any more; what is unsent is handed over
  std::optional<ClientPort::Return> returning_;  ///< under way to a hub that recovers
  std::size_t returned_ = 0;                     ///< parts of it that have left
  std::size_t room_;  ///< bytes that may be queued now: what comes later waits behind them
  Welcome::Packing packing_;
  StreamRooms streams_{StreamRoom(1), StreamRoom(1)};
  StreamSender backlog_out_;                        ///< of pushes
  StreamReceiver backlog_in_{&streams_.unpacking};  ///< of entries
  std::uint64_t credit_ = 0;
  std::uint64_t in_flight_ = 0;
  std::uint64_t pushed_bytes_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> flights_;  ///< change sets and bytes of each push
  std::optional<Millis> retry_at_;
  Millis last_progress_ = 0;
  Millis started_ = 0;
};

}  // namespace wasl
