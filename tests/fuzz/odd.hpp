#pragma once
// What an author might write, honest or not, out of an input: values, operations, SQL.
#include "shared/model/change_set.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {

/// Of any type; mostly in its canonical form.
Value odd_value(Feed& feed);

/// On a few records, so that operations meet. @param known dots that it may name.
Operation odd_operation(Feed& feed, const std::vector<Dot>& known);

/// Sorted by record, at least one.
std::vector<Operation> odd_operations(Feed& feed, const std::vector<Dot>& known);

/// The bytes with some of them changed, cut or doubled; or as they are.
Bytes damaged(Feed& feed, ByteView bytes);

/// One statement on the tables of the small schema, as a foreign program might run it.
std::string odd_sql(Feed& feed);

}  // namespace wasl::fuzz
