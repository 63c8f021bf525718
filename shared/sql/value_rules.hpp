#pragma once
// What a trigger refuses in a field's columns, as SQL conditions.
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/description.hpp"

namespace wasl::sql {

/// `when` is true exactly if the value must be refused; NULL values never are.
struct Refusal {
  std::string when;
  std::string message;  ///< names the field and the rule
};

/// @param name what the message names, "project.status"; @param value SQL of the value, "new.status" (money:
/// its amount; the currency is `value`_currency).
Refusal value_refusal(const Field& field, std::string_view name, const std::string& value);

/// SQL that is true when `value` names a space in which records may stand.
std::string is_record_space(const std::string& value);

}  // namespace wasl::sql
