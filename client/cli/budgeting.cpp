// wasl budget
#include <nlohmann/json.hpp>

#include <charconv>

#include "client/cli/commands.hpp"
#include "client/cli/link_view.hpp"
#include "client/engine/budget_files.hpp"
#include "client/engine/link_account.hpp"

namespace wasl::cli {
namespace {

Status take_price(const std::string& text, Budget& budget) {
  const auto space = text.find(' ');
  const std::string amount = text.substr(0, space);
  double value = 0;
  const auto [end, wrong] = std::from_chars(amount.data(), amount.data() + amount.size(), value);
  if (wrong != std::errc() || end != amount.data() + amount.size() || !(value >= 0) || value > 1e9) {
    return fail(Errc::invalid_value, "'" + text + "' is no price",
                "write --price \"0.05 USD\", of a megabyte");
  }
  budget.price = value == 0 ? "" : amount;
  budget.currency = space == std::string::npos ? "" : text.substr(space + 1);
  return {};
}

}  // namespace

Result<Answer> budget(const Office& office, const BudgetArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  auto read = read_budget(office.folder());
  const bool sets = arguments.session || arguments.day || arguments.month || arguments.hours ||
                    arguments.metered || arguments.price;
  // What nobody understands is written anew by whoever sets something.
  if (!read && (!sets || read.error().code != Errc::invalid_value)) return tl::unexpected(read.error());
  Budget wanted = read.value_or(Budget());
  for (const auto& [said, limits] : {std::pair{&arguments.session, &wanted.session},
                                     {&arguments.day, &wanted.day},
                                     {&arguments.month, &wanted.month}}) {
    if (!*said) continue;
    WASL_LET(*limits, parse_limits(**said));
  }
  if (arguments.hours) {
    WASL_LET(wanted.hours, parse_hours(*arguments.hours));
  }
  if (arguments.metered) wanted.metered = parse_metered(*arguments.metered).value_or(wanted.metered);
  if (arguments.price) WASL_TRY(take_price(*arguments.price, wanted));
  if (sets) WASL_TRY(write_budget(office.folder(), wanted));
  WASL_LET(const LinkAccount account, LinkAccount::open(office.folder(), office.clock()));
  return Answer{link_json(account).dump(), link_words(account), kDone};
}

}  // namespace wasl::cli
