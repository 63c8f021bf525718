#pragma once
// Keeps an office in touch: a live session while the hub can be reached, longer and longer waits while it
// cannot, and an eye on what other programs write into replica.db. Thread: the Loop's.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/engine/link_account.hpp"
#include "client/engine/sync_run.hpp"

namespace wasl {

class Daemon {
 public:
  using Opener = std::function<Result<std::unique_ptr<Replica>>()>;
  /// Where a link goes by HTTP POSTs nothing comes unasked: how often it is asked.
  static constexpr std::chrono::seconds kPollEvery{60};
  /// Loop and random must outlive the daemon. @param urls of a section's hub, if there is one, and of the hub
  /// behind it: where the first gives no session, the other is called next. @param reopen after a disk that
  /// failed under the replica.
  Daemon(Loop& loop, std::unique_ptr<Replica> replica, Opener reopen, Random& random,
         std::vector<std::string> urls, std::filesystem::path folder,
         std::chrono::milliseconds poll_every = kPollEvery);

  /// Runs until SIGTERM or SIGINT. Errors: what no later attempt can mend (caught, wrong_network,
  /// unauthorised, unsupported, corrupt).
  Status run();

 private:
  [[nodiscard]] const std::string& url() const { return urls_[at_]; }
  [[nodiscard]] bool is_near() const { return at_ + 1 < urls_.size(); }
  void connect();
  /// Opens the replica again when its disk has failed. @return false: not yet; it is tried again later.
  bool is_sound();
  void on_ended(const SyncOutcome& outcome);
  void poll_later();
  void on_progress(const SessionSummary& summary);
  void watch();
  void start_over();
  void drop_session();
  /// What it used is counted; the next link begins at nothing.
  void leave_session();
  Status send_what_is_new();
  void look_for_erasures();
  void open_files();
  void mind_the_files();
  /// @return whether the link may be used now; else when it is looked at again stands.
  bool may_connect();
  void mind_the_budget();
  void stop();

  Loop& loop_;
  std::unique_ptr<Replica> replica_;  ///< none while its disk fails
  Opener reopen_;
  std::vector<std::string> urls_;
  std::size_t at_ = 0;  ///< the one that is called
  std::filesystem::path folder_;
  std::chrono::milliseconds poll_every_;
  BackoffTimer retry_;
  Timer poll_;
  Timer watch_;
  std::unique_ptr<OfficeFiles> files_;  ///< none without a folder, or while its disk fails
  std::unique_ptr<SyncRun> session_;
  std::unique_ptr<SyncRun> ended_;  ///< kept until the loop is out of its calls
  SessionSummary logged_;
  std::int64_t data_version_ = -1;
  Millis erasures_at_ = 0;  ///< when to look for them next, steady
  Millis budget_at_ = 0;    ///< when to look at the budget next, steady
  Millis files_at_ = 0;     ///< when to give back room of files next, steady
  std::size_t wrong_logged_ = 0;
  bool pauses_ = false;     ///< by the budget
  bool kept_back_ = false;  ///< the session sends nothing more, by the budget
  std::unique_ptr<Clock> clock_;
  std::optional<LinkAccount> account_;
  Millis drift_ = 0;       ///< of the clock when the session began
  std::string trouble_;    ///< of the last look, in words; empty: none
  bool unasked_ = false;   ///< something was sealed that the session under way may not have sent
  bool damaged_ = false;   ///< replica.db is to be opened again and put aside if it is damaged
  bool reopened_ = false;  ///< for that reason, since the start
  bool stopping_ = false;
  Status result_;
};

}  // namespace wasl
