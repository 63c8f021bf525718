#pragma once
// Who did what, when, from which device, under which grant: read from the logs, a block of each space at a
// time. Works beside a hub that serves. Thread: one.
#include <functional>
#include <optional>
#include <string>

#include "server/store/hub_store.hpp"
#include "shared/authority/authority_state.hpp"

namespace wasl {

struct AuditFilter {
  std::optional<std::pair<std::uint32_t, std::string>> record{};  ///< register, id
  std::string device{};        ///< beginning of a device's key in hex; empty: all
  std::string person{};        ///< beginning of a person's key in hex; empty: all
  std::string organisation{};  ///< empty: all
  Millis from = 0;
  Millis until = 0;  ///< before this; 0: no end
};

/// One operation, or one entry without any.
struct AuditLine {
  Millis time = 0;  ///< of the hub, when it took its place
  std::string space;
  Position position = 0;
  ledger::EntryKind kind = ledger::EntryKind::accept;
  Hash change_set;  ///< or what else the entry names
  std::optional<PublicKey> author;
  std::string author_kind;  ///< "device", "person", "invitation" or "registrar"
  std::string organisation;
  std::string role;
  std::optional<Hash> grant;  ///< nothing: a registrar needs none
  std::string register_name;
  std::string id;
  std::string what;
};

/// The descriptions in force, and those of this program beyond them.
Result<Schema> schema_of(HubStore& store, const Schema& own);

/// Calls `tell` for every line that passes, by time. Memory: a block of each space, and `authority` added up.
/// Errors: those of the store, and what `tell` returns.
Status audit(HubStore& store, const Schema& schema, const AuditFilter& filter,
             const std::function<Status(const AuditLine&)>& tell);

}  // namespace wasl
