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

  /// Reads both files again, and forgets what the system said: a command may have written, the office moved.
  /// Errors: as open().
  Status refresh();

  /// Asks the system about the link where the budget says so.
  [[nodiscard]] Allowance allowance() const;
  [[nodiscard]] bool is_thin() const { return wasl::is_thin(budget_, usage_, counts()); }
  [[nodiscard]] const Budget& budget() const { return budget_; }
  [[nodiscard]] const Usage& usage() const { return usage_; }
  [[nodiscard]] LocalTime now() const;

  /// Of a link that goes on: what it used since the last call. @param traffic since the link began.
  Status note(const LinkTraffic& traffic) { return add(traffic, 0); }
  /// Of one that has ended: the next begins at nothing. @param took of a session that was busy from its
  /// beginning to its end, which tells how fast the line is.
  Status close(const LinkTraffic& traffic, Millis took = 0);

 private:
  LinkAccount(std::filesystem::path folder, Clock& clock) : folder_(std::move(folder)), clock_(&clock) {}
  [[nodiscard]] bool counts() const;
  Status add(const LinkTraffic& traffic, Millis took);

  std::filesystem::path folder_;
  Clock* clock_;
  Budget budget_;
  Usage usage_;
  ByteCounts noted_;                     ///< of the link that is open
  mutable std::optional<bool> metered_;  ///< by the system, since refresh()
};

}  // namespace wasl
