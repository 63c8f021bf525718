#include "server/app/moving_files.hpp"

#include <nlohmann/json.hpp>

#include "server/app/folder_store.hpp"
#include "server/app/object_store.hpp"
#include "server/app/open_hub.hpp"
#include "server/contents/moving.hpp"
#include "server/hub/hub_files.hpp"
#include "shared/settings/settings.hpp"

namespace wasl {

using nlohmann::json;

Result<json> move_files(const HubFolder& folder, const Settings& settings, const std::string& to) {
  const bool is_away = to == "s3";
  if (!is_away && to != "folder")
    return fail(Errc::invalid_value, "files are moved to s3 or to folder", "say --to s3, or --to folder");
  WASL_LET(const auto store, object_store(settings));
  if (!store)
    return fail(Errc::invalid_value, "no object store is named",
                "set s3.endpoint and s3.bucket: wasl-hub config");
  WASL_LET(const S3Key key, key_of(*store));
  std::optional<FolderLock> lock;
  if (!store_address(folder)) {
    auto taken = FolderLock::take(folder);
    if (!taken && taken.error().code == Errc::locked)
      return fail(Errc::locked, "a hub serves this folder", "stop it, then run the same command again");
    if (!taken) return tl::unexpected(taken.error());
    lock.emplace(std::move(*taken));
  }
  WASL_LET(const auto open, OpenHub::open(folder, HubRole::act));
  WASL_LET(const auto files, HubFiles::open(folder.path, open->hub()));
  WASL_TRY(files->totals());  // reads on in the logs: which files are whole is known by that
  const Moving moving{files->store(), [&] { return open_contents(*store, key); },
                      [&](const std::string& space) { return files->key(space); },
                      to_hex(open->hub().network().view()), store->place.in_words()};
  const auto moved = is_away ? move_away(moving) : move_back(moving);
  if (!moved) return tl::unexpected(moved.error());
  if (is_away) WASL_TRY(files->store().database().rewrite());  // gives the room back
  return json{{"to", to},
              {"place", store->place.in_words()},
              {"chunks", moved->chunks},
              {"bytes", moved->bytes},
              {"damaged", moved->damaged}};
}

}  // namespace wasl
