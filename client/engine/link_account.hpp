#pragma once
// An office's link as it is paid for: what may be used now, and what was. Thread: the Loop's.
#include <filesystem>

#include "client/engine/budget.hpp"
#include "client/engine/sync_run.hpp"

namespace wasl {

class LinkAccount {
 public:
  /// Errors: as read_budget.
  static Result<LinkAccount> open(std::filesystem::path folder, Clock& clock);

  /// Reads both files again: a command may have written them. Errors: as open().
  Status refresh();

  /// Asks the system about the link where the budget says so.
  [[nodiscard]] Allowance allowance() const;
  [[nodiscard]] const Budget& budget() const { return budget_; }
  [[nodiscard]] const Usage& usage() const { return usage_; }
  [[nodiscard]] LocalTime now() const;

  /// Of a link that goes on: what it used since the last call. @param traffic since the link began.
  Status note(const LinkTraffic& traffic);
  /// Of one that has ended.
  Status close(const LinkTraffic& traffic);
  /// A session that was busy from its beginning to its end tells how fast the line is.
  void learn_speed(const SyncOutcome& outcome);

 private:
  LinkAccount(std::filesystem::path folder, Clock& clock) : folder_(std::move(folder)), clock_(&clock) {}
  [[nodiscard]] bool counts() const;

  std::filesystem::path folder_;
  Clock* clock_;
  Budget budget_;
  Usage usage_;
  ByteCounts noted_;  ///< of the link that is open
};

}  // namespace wasl
