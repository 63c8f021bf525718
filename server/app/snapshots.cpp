#include "server/app/snapshots.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "server/app/desk.hpp"
#include "server/app/folder_store.hpp"
#include "shared/log/log.hpp"

namespace wasl {
namespace {

constexpr std::chrono::minutes kFirst{1};  // a hub that has just started has other things to do
constexpr int kNice = 10;                  // sessions come first

}  // namespace

Result<std::vector<BuiltSnapshot>> build_now(const HubFolder& folder, bool all,
                                             const std::atomic<bool>* stop) {
  if (!has_store(folder)) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  std::error_code error;
  std::filesystem::create_directories(folder.snapshots(), error);
  if (error) return fail(Errc::storage_failed, "cannot make " + folder.snapshots().string());
  auto lock = FolderLock::take(HubFolder{folder.snapshots(), {}, {}});
  if (!lock && lock.error().code == Errc::locked)
    return fail(Errc::locked, "snapshots of this hub are being built already", "wait for them");
  if (!lock) return tl::unexpected(lock.error());
  WASL_LET(const auto store, open_folder_store(folder, StoreUse::read));
  SnapshotShelf shelf(folder.snapshots());
  return build_snapshots(*store, shelf, {all, stop});
}

nlohmann::json snapshot_command(const HubFolder& folder) {
  const auto built = build_now(folder, true);
  if (!built) return to_json(built.error());
  nlohmann::json list = nlohmann::json::array();
  for (const BuiltSnapshot& one : *built) {
    list.push_back({{"space", one.space},
                    {"position", one.position},
                    {"pieces", one.pieces},
                    {"new_pieces", one.fresh},
                    {"bytes", one.bytes},
                    {"log_bytes", one.log_bytes}});
  }
  return {{"snapshots", std::move(list)}};
}

SnapshotKeeper::SnapshotKeeper(HubFolder folder, std::chrono::minutes every)
    : folder_(std::move(folder)), every_(every) {
  if (every_ > std::chrono::minutes(0)) thread_ = std::thread([this] { work(); });
}

SnapshotKeeper::~SnapshotKeeper() {
  {
    const std::lock_guard guard(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SnapshotKeeper::work() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  std::string told;  // a failure is logged once
  for (auto pause = kFirst;; pause = every_) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, pause, [this] { return stop_.load(); })) return;
    }
    const auto begun = std::chrono::steady_clock::now();
    const auto built = build_now(folder_, false, &stop_);
    if (stop_) return;
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    if (!built && built.error().message != told)
      log::error("hub.no_snapshots",
                 {{"code", to_word(built.error().code)}, {"reason", built.error().message}});
    told = built ? "" : built.error().message;
    if (!built) continue;
    for (const BuiltSnapshot& one : *built) {
      log::info("hub.snapshot", {{"space", one.space},
                                 {"position", one.position},
                                 {"bytes", one.bytes},
                                 {"new_pieces", std::uint64_t{one.fresh}},
                                 {"milliseconds", std::int64_t{took.count()}}});
    }
  }
}

}  // namespace wasl
