#include "server/app/compacting.hpp"

#include <nlohmann/json.hpp>

#include "server/app/desk.hpp"
#include "shared/log/log.hpp"

namespace wasl {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kMoment{50};   // of a hub that serves: sessions wait for no longer
constexpr std::chrono::milliseconds kBetween{25};  // two pieces of work
constexpr std::chrono::minutes kFirst{2};          // a hub that has just started has other things to do

json to_json(const CompactionView& view) {
  json held_by = json::array();
  for (const PublicKey& key : view.floor.held_by) held_by.push_back(to_hex(key.view()).substr(0, 12));
  return {{"space", view.space},
          {"entries", view.size},
          {"floor", view.floor.floor},
          {"old", view.floor.old},
          {"held_by", std::move(held_by)},
          {"let_go", view.let_go},
          {"goes", view.goes},
          {"bytes", view.bytes},
          {"waits", view.waits},
          {"collected", view.collected},
          {"dead", view.dead ? json(*view.dead) : json(nullptr)}};
}

Result<json> look(OpenHub& open, bool counts) {
  WASL_LET(const auto views, open.compactor().look(true, counts));
  json list = json::array();
  for (const CompactionView& view : views) list.push_back(to_json(view));
  return json{{"spaces", std::move(list)}};
}

}  // namespace

Result<json> compact(OpenHub& open, const json& request, bool serving) {
  if (open.hub().is_recovering())
    return fail(Errc::later,
                "this hub recovers from an old copy: nothing is let go before a new epoch begins",
                "see: wasl-hub recover --help");
  if (request.value("dry_run", false)) return look(open, true);
  const auto end = steady_clock::now() + kMoment;
  bool more = true;
  while (more && (!serving || steady_clock::now() < end)) {
    WASL_LET(more, open.compactor().step(true));
  }
  WASL_LET(json now, look(open, false));
  now["left"] = more;
  return now;
}

json compact_command(const HubFolder& folder, bool dry_run) {
  json before = ask(folder, {{"command", "compact"}, {"dry_run", true}});
  if (dry_run || before.contains("error")) {
    before["dry_run"] = true;
    return before;
  }
  json now;
  do {
    now = ask(folder, {{"command", "compact"}});
    if (now.contains("error")) return now;
  } while (now.value("left", false));
  now.erase("left");
  for (json& space : now["spaces"]) {
    for (const json& was : before["spaces"])
      if (was["space"] == space["space"]) {
        space["before"] = was["let_go"];
        space["collected_before"] = was["collected"];
      }
  }
  return now;
}

CompactionKeeper::CompactionKeeper(Loop& loop, OpenHub& open, std::chrono::hours every)
    : open_(open), every_(every), timer_(loop) {
  if (every_ > std::chrono::hours(0)) timer_.start(kFirst, [this] { work(); });
}

void CompactionKeeper::work() {
  const auto more = open_.compactor().step(false);
  const std::string words = more ? "" : more.error().message;
  if (!more && words != told_)
    log::error("hub.not_compacted", {{"code", to_word(more.error().code)}, {"reason", words}});
  told_ = words;
  const bool goes_on = more && *more;
  timer_.start(goes_on ? std::chrono::milliseconds(kBetween) : std::chrono::milliseconds(every_),
               [this] { work(); });
}

}  // namespace wasl
