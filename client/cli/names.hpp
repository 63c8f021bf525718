#pragma once
// Registers and fields by the names that a person typed. Pure.
#include <string>
#include <string_view>
#include <utility>

#include "shared/model/description.hpp"

namespace wasl::cli {

/// Errors: not_found, with near names.
Result<const Register*> find_register(const Schema& schema, std::string_view name);
Result<const Field*> find_field(const Register& reg, std::string_view name);

/// "title.fr" is the field title and the key fr; the key is lower case, empty when there is none.
struct FieldName {
  const Field* field = nullptr;
  std::string key;
};
/// Errors: not_found; invalid_value for a language of a field that has none.
Result<FieldName> find_field_name(const Register& reg, std::string_view name);

}  // namespace wasl::cli
