#pragma once
// One session with the hub: connects, feeds a ClientSession with frames and time, and tells how it ended. A
// new connection makes a new SyncRun. Thread: the Loop's.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/attachments/office_files.hpp"
#include "client/engine/link_memory.hpp"
#include "client/replica/replica.hpp"
#include "shared/net/connect.hpp"
#include "shared/net/loop.hpp"
#include "shared/wire/client_session.hpp"

namespace wasl {

/// What became of files beside a session.
struct FilesOutcome {
  std::uint64_t chunks_in = 0;
  std::uint64_t chunks_out = 0;
  std::optional<Error> error;  ///< why the exchange ended early; the session went on
};

struct SyncOutcome {
  SessionSummary summary;
  LinkTraffic traffic;
  FilesOutcome files;
  std::optional<Verdict> extra_verdict;
  std::optional<Error> error;
  bool welcomed = false;  ///< the hub proved who it is
  Carrier carrier = Carrier::web_socket;
  std::string session;  ///< its name in the logs of both sides; empty: no hello was said
  Millis took = 0;      ///< with a link
};

class SyncRun final : private ChannelHandler {
 public:
  struct Options {
    std::string url;
    std::filesystem::path memory;  ///< folder for what the next link may know of this one; empty: nowhere
    bool live = false;             ///< as a WebSocket; by HTTP POSTs a session ends when all is said
    bool push = true;
    bool thin = false;      ///< bytes are dearer than time: backlogs are packed as short as can be
    bool estimate = false;  ///< ask what a sync would bring, and that is all
    std::optional<std::uint64_t> receive_most, send_most;  ///< bytes; what is under way is taken whole
    const crypto::KeyPair* invitation = nullptr;           ///< speak as this key; must outlive the run
    std::optional<Segment> extra;                          ///< pushed first (an enrolment)
    OfficeFiles* files = nullptr;  ///< fetched and sent behind the change sets; must outlive the run
    std::function<void(const SessionSummary&)> on_progress;  ///< after each frame
  };
  using Done = std::function<void(SyncOutcome)>;

  /// Loop and replica must outlive the run. `done` is called once, last; the run may be destroyed inside it.
  /// Destroying it earlier ends the link at once.
  SyncRun(Loop& loop, Replica& replica, Options options, Done done);
  ~SyncRun() override;

  void start();
  /// Something was sealed: a live session sends it now.
  void on_local_commit();
  /// Call it every now and then: files that are wanted by now are asked for.
  void look_for_files();
  /// Says goodbye; `done` follows.
  void close();
  /// Its name in the logs of both sides; empty before a hello was said.
  [[nodiscard]] std::string name() const;
  /// So far. Zeros without a link.
  [[nodiscard]] LinkTraffic traffic() const;

 private:
  void dial();
  void on_no_channel(const NoChannel& refused);
  bool goes_otherwise(Obstacle met, int status, const Error& error);
  [[nodiscard]] bool is_live() const { return options_.live && carrier_ == Carrier::web_socket; }
  void wait_for_first_word();
  void on_first_word();
  void note_carrier();
  Result<Bytes> make_hello(const Hash& binding);
  bool is_overtaken(const Error& error);
  bool is_bound_otherwise(const NoChannel& refused, bool is_hub);
  void on_connected(std::unique_ptr<Channel> channel);
  void take(ClientSession::Output output);
  void arm(std::optional<Millis> wake_at);
  // Files: behind the change sets, on the same channel.
  void take_files(ByteView message);
  void send_files(Result<FileExchange::Frames> frames);
  /// At most one chunk is in the channel: what a person has just written waits for no more than that.
  void pump_files();
  void stop_files(std::optional<Error> error);
  [[nodiscard]] bool files_may_go() const;
  void finish(std::optional<Error> error);

  void on_message(ByteView message) override;
  void on_writable() override;
  void on_closed(const LinkEnd& end) override;

  Loop& loop_;
  Replica& replica_;
  Options options_;
  Done done_;
  Timer timer_;
  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<ClientSession> session_;
  std::optional<FileExchange> exchange_;
  std::optional<ClientSession::Output> ending_;  ///< of a session that is over, until the files are through
  FilesOutcome files_outcome_;
  std::shared_ptr<LinkMemory> link_memory_;  ///< a TLS session may come when the run is gone
  bool chooses_ = true;                      ///< the carrier; else the address says it
  Carrier carrier_ = Carrier::web_socket;    ///< of this attempt
  Timer first_word_;                         ///< how long the hub may take for it
  bool heard_ = false;                       ///< a frame came on this connection
  bool noted_ = false;                       ///< what the next link may know of this one
  std::optional<Error> first_error_;         ///< of the carrier that was tried before this one
  Obstacle met_ = Obstacle::none;            ///< by a WebSocket in this run
  int met_status_ = 0;
  Millis began_at_ = 0;
  std::optional<Hash> hello_;  ///< of this connection
  Millis connected_at_ = 0;
  int draws_left_ = 5;
  bool bound_anew_ = false;  ///< the hello was made for the other kind of binding already
  bool closing_ = false;
};

/// Runs one session to its end on this thread.
SyncOutcome run_session(Loop& loop, Replica& replica, SyncRun::Options options);

}  // namespace wasl
