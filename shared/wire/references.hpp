#pragma once
// References of one frame to the logs that both ends hold (PROTOCOL.md section 5.3). Pure.
#include <map>
#include <memory>
#include <string>

#include "shared/wire/known_logs.hpp"

namespace wasl {

class References {
 public:
  /// @param upto entries of the space that the other end holds too.
  References(KnownLogs& logs, std::string space, Position upto)
      : logs_(logs), space_(std::move(space)), upto_(upto) {}

  // ── Writing: 0 and nothing say that it must be spelled out ──
  Position to(const Source& source, Sequence sequence);
  /// To the operation that a dot names. @param of which must be about the same record and address.
  Position to(const Dot& dot, const Operation& of);
  [[nodiscard]] bool is_known(const Seen& seen, std::string_view of_space);

  // ── Reading: null and nothing say that the frame refers to what is not here ──
  /// Also null beyond limits::kReferences different ones: each may cost a block of the log.
  const LoggedSet* at(Position position);
  std::optional<Hash> root(std::string_view of_space, Position size);

  [[nodiscard]] const std::string& space() const { return space_; }
  [[nodiscard]] bool empty() const { return sets_.empty(); }

 private:
  KnownLogs& logs_;
  std::string space_;
  Position upto_;
  std::map<std::pair<Source, Sequence>, Position> found_;
  std::map<Position, std::shared_ptr<const LoggedSet>> sets_;
};

}  // namespace wasl
