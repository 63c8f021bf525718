#pragma once
// What anybody may read of the logs over plain HTTP (PROTOCOL.md section 15): `heads`, and the entries of
// `public`, as C2SP tiles. Nothing that the hub has not signed. Thread: the hub's; a page takes at most 256
// rows.
#include <optional>
#include <string>
#include <string_view>

#include "server/hub/heads_log.hpp"
#include "server/store/hub_store.hpp"
#include "shared/ledger/tiles.hpp"

namespace wasl {

struct LogPage {
  std::string body;
  bool is_text = false;
  bool is_fixed = true;  ///< never changes: may be kept for ever
};

class LogPages {
 public:
  LogPages(HubStore& store, HeadsLog& heads) : store_(store), heads_(heads) {}

  /// @param target of the request, such as "/log/heads/checkpoint". @return nothing for what is not there and
  /// for what nobody may see: the two must not differ. Errors: storage_failed, corrupt.
  Result<std::optional<LogPage>> page(std::string_view target);

 private:
  Result<std::optional<LogPage>> heads_tile(const ledger::Tile& tile);
  Result<std::optional<LogPage>> public_tile(const ledger::Tile& tile);
  /// Entries of `public` under the newest signed leaf.
  Result<Position> public_size();

  HubStore& store_;
  HeadsLog& heads_;
};

}  // namespace wasl
