#pragma once
// What frames may refer to, out of stored logs. Keeps what it has read: what is referred to once is so again.
// Thread: that of its store.
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "shared/store/log_rows.hpp"
#include "shared/wire/known_logs.hpp"

namespace wasl {

class StoredLogs final : public KnownLogs {
 public:
  /// @param network looked at when a log is read: a folder may learn it later.
  StoredLogs(LogRows& rows, const NetworkId& network) : rows_(rows), network_(network) {}

  Position find(std::string_view space, const Source& source, Sequence sequence) override;
  std::shared_ptr<const LoggedSet> at(std::string_view space, Position position) override;
  std::optional<Hash> root(std::string_view space, Position size) override;
  /// Entries that stood stand no more, or may.
  void forget();

 private:
  using Key = std::pair<std::string, Position>;
  /// Null where it does not exist: nobody's word makes one.
  SpaceInfo* existing(std::string_view space);
  void keep(Key key, const ChangeSet& set);

  LogRows& rows_;
  const NetworkId& network_;
  std::set<std::string, std::less<>> spaces_;
  std::map<Key, std::shared_ptr<const LoggedSet>> sets_;
  std::deque<Key> order_;  ///< oldest first
  std::size_t bytes_ = 0;
};

}  // namespace wasl
