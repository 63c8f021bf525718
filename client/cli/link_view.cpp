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

}  // namespace

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
