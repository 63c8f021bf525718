#pragma once
// The JSON side of descriptions, used by Schema::load alone.
#include <string>
#include <vector>

#include "shared/model/description.hpp"

namespace wasl {

/// A register as read, still without its hash.
struct ReadDescription {
  std::string file;
  Register content;
};

/// Reads one file: its shape, keys, types and words. Numbers and names across fields are checked below.
Result<Register> read_description(const std::string& file, const std::string& text);

/// The number of a description, whatever else a later version may say in it. Errors: invalid_value.
Result<std::uint32_t> number_of_description(const std::string& file, const std::string& text);

/// What one file alone cannot show: numbers and tables used twice, references to nothing, rules of a policy.
/// @param whole every register that a reference points to must be among them.
Status check_descriptions(const std::vector<ReadDescription>& all, bool whole = true);

/// What a later description may do: add fields and codes, retire them, widen bounds, change words. Rights,
/// merges and what is stored rest on all else.
Status check_addition(const std::string& file, const Register& before, const Register& after);

/// Whether a register or field may be called so without quotes in SQLite and PostgreSQL.
bool is_description_name(std::string_view name);

/// Hash of what a description decides; see description_hash.cpp.
Hash description_hash(const Register& content);
Hash schema_hash(const std::vector<Register>& by_number);

inline tl::unexpected<Error> refuse_description(const std::string& file, const std::string& path,
                                                const std::string& what, std::string hint) {
  return fail(Errc::invalid_value, file + ": " + path + ": " + what, std::move(hint));
}

}  // namespace wasl
