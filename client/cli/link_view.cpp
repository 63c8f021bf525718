#include "client/cli/link_view.hpp"

#include <nlohmann/json.hpp>

#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

Json counts(const ByteCounts& used) { return {{"received", used.down}, {"sent", used.up}}; }

Json limits(const ByteLimits& most) {
  const auto one = [](const std::optional<std::uint64_t>& bytes) {
    return bytes ? Json(*bytes) : Json(nullptr);
  };
  return {{"received", one(most.down)}, {"sent", one(most.up)}};
}

std::string used_words(const char* when, const ByteCounts& used, const ByteLimits& most) {
  return std::string("\n") + when + ": received " + bytes_words(used.down) + ", sent " +
         bytes_words(used.up) + " of " + to_text(most);
}

/// By POSTs, because its address says so.
bool was_asked_for(const LastLink& last) {
  const auto url = parse_url(last.url);
  return url && url->posts;
}

/// When a WebSocket is tried first again, in the network that this was; nothing: at the next link.
std::optional<Millis> websocket_again(const CarrierMemory& memory) {
  if (first_carrier(memory, memory.since, memory.network) == Carrier::web_socket) return std::nullopt;
  return memory.since + kPostsFor;
}

}  // namespace

std::string_view carrier_word(Carrier carrier) { return carrier == Carrier::posts ? "posts" : "websocket"; }

Json carrier_json(const LastLink& last) {
  const CarrierMemory& memory = last.memory.carrier;
  if (was_asked_for(last))
    return {
        {"by", carrier_word(Carrier::posts)}, {"why", "the address begins with http"}, {"until", nullptr}};
  if (memory.obstacle == Obstacle::none)
    return {{"by", carrier_word(Carrier::web_socket)}, {"why", nullptr}, {"until", nullptr}};
  const auto again = websocket_again(memory);
  return {{"by", carrier_word(Carrier::posts)},
          {"why", why_words(memory)},
          {"until", again ? Json(iso_time(*again)) : Json(nullptr)}};
}

std::string carrier_words(const LastLink& last) {
  const CarrierMemory& memory = last.memory.carrier;
  if (was_asked_for(last)) return "The link went by HTTP POSTs: its address begins with http.";
  if (memory.obstacle == Obstacle::none) return "";
  const auto again = websocket_again(memory);
  return "The link went by HTTP POSTs: " + why_words(memory) + ". A WebSocket is tried again " +
         (again ? "after " + iso_time(*again) + ", or in another network." : "at the next sync.");
}

Json link_json(const LinkAccount& account) {
  const Budget& budget = account.budget();
  const Allowance now = account.allowance();
  Json out{{"session", limits(budget.session)},
           {"day", limits(budget.day)},
           {"month", limits(budget.month)},
           {"used",
            {{"day", counts(used_today(account.usage(), account.now()))},
             {"month", counts(used_this_month(account.usage(), account.now()))}}},
           {"hours", to_text(budget.hours)},
           {"metered", to_word(budget.metered)},
           {"price", budget.price.empty() ? Json(nullptr) : Json(budget.price)},
           {"currency", budget.currency},
           {"bits_per_second", account.usage().bits_per_second},
           {"allowed", now.may_start},
           {"why", now.may_start ? Json(nullptr) : Json(now.why)}};
  return out;
}

std::string link_words(const LinkAccount& account) {
  const Budget& budget = account.budget();
  const Allowance now = account.allowance();
  std::string out = now.may_start ? "The link may be used now." : "Not now: " + now.why;
  out += "\nA session: " + to_text(budget.session);
  out += used_words("Today", used_today(account.usage(), account.now()), budget.day);
  out += used_words("This month", used_this_month(account.usage(), account.now()), budget.month);
  out += "\nHours: " + to_text(budget.hours);
  if (budget.metered == Metered::no) out += "\nNo link counts (--metered no).";
  if (budget.metered == Metered::automatic)
    out += "\nLinks count that the system calls metered (--metered auto).";
  const std::string cost = cost_words(budget, used_this_month(account.usage(), account.now()).down +
                                                  used_this_month(account.usage(), account.now()).up);
  if (!cost.empty()) out += "\nCost of this month so far: about " + cost;
  return out;
}

}  // namespace wasl::cli
