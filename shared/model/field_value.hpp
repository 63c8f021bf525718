#pragma once
// Whether a value is one of its field: what the triggers refuse when it is typed
// (shared/sql/value_rules.hpp), asked again of signed bytes, which may come from anybody.
#include <string_view>

#include "shared/model/description.hpp"
#include "shared/model/value.hpp"

namespace wasl {

/// A field's type never changes, so this is asked of every version's work. @return why not, in words; empty
/// when it is.
/// @pre is_canonical(value). NULL is one of every field; a type of a later version is carried.
std::string_view type_misfit(const Field& field, const Value& value);

/// Sizes, ranges and codes may change with the description: asked of work that was written under this one.
/// Retired codes stay valid. @pre type_misfit() is empty.
std::string_view range_misfit(const Field& field, const Value& value);

/// YYYY-MM-DD, a day that exists.
bool is_date(std::string_view text);
/// YYYY-MM-DDTHH:MM[:SS[.fff]] followed by Z or +HH:MM.
bool is_time(std::string_view text);

/// An element's place in its field: type byte, then the canonical bytes.
Bytes element_key(const Value& element);
/// @return NULL for bytes that are no element.
Value element_of(ByteView key);

}  // namespace wasl
