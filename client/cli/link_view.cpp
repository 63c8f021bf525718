#include "client/cli/link_view.hpp"

#include <nlohmann/json.hpp>

#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

ByteCounts today(const LinkAccount& account) {
  return account.usage().day == account.now().day ? account.usage().of_day : ByteCounts();
}

ByteCounts this_month(const LinkAccount& account) {
  return account.usage().month == account.now().month ? account.usage().of_month : ByteCounts();
}

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
           {"used", {{"day", counts(today(account))}, {"month", counts(this_month(account))}}},
           {"hours", to_text(budget.hours)},
           {"metered", budget.metered == Metered::no          ? "no"
                       : budget.metered == Metered::automatic ? "auto"
                                                              : "yes"},
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
  out += used_words("Today", today(account), budget.day);
  out += used_words("This month", this_month(account), budget.month);
  out += "\nHours: " + to_text(budget.hours);
  if (budget.metered == Metered::no) out += "\nNo link counts (--metered no).";
  if (budget.metered == Metered::automatic)
    out += "\nLinks count that the system calls metered (--metered auto).";
  const std::string cost = cost_words(budget, this_month(account).down + this_month(account).up);
  if (!cost.empty()) out += "\nCost of this month so far: about " + cost;
  return out;
}

}  // namespace wasl::cli
