#include "server/app/asking.hpp"

#include <nlohmann/json.hpp>

#include "server/app/desk.hpp"
#include "server/app/drafts.hpp"
#include "server/app/folder_store.hpp"

namespace wasl {

using nlohmann::json;

Asking::Asking(HubFolder folder, std::optional<FolderLock> lock, std::unique_ptr<OpenHub> hub)
    : folder_(std::move(folder)), lock_(std::move(lock)), hub_(std::move(hub)) {}

Result<Asking> Asking::open(const HubFolder& folder) {
  if (!has_store(folder)) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  if (store_address(folder)) {
    auto hub = OpenHub::open(folder);
    if (!hub && hub.error().code == Errc::locked) return Asking(folder, std::nullopt, nullptr);
    if (!hub) return tl::unexpected(hub.error());
    return Asking(folder, std::nullopt, std::move(*hub));
  }
  auto lock = FolderLock::take(folder);
  if (!lock && lock.error().code == Errc::locked) return Asking(folder, std::nullopt, nullptr);
  if (!lock) return tl::unexpected(lock.error());
  WASL_LET(auto hub, OpenHub::open(folder));
  return Asking(folder, std::move(*lock), std::move(hub));
}

Result<json> Asking::ask(const json& request) {
  if (hub_) WASL_TRY(hub_->hub().store().renew());
  json document = hub_ ? answer(*hub_, request, false) : wasl::ask(folder_, request);
  const auto error = document.find("error");
  if (error == document.end()) return document;
  return fail(errc_of(text_of(*error, "code")), text_of(*error, "message"), text_of(*error, "hint"));
}

}  // namespace wasl
