#pragma once
// field=value as typed, and their way into the tables. The triggers check again and note what changed.
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/names.hpp"
#include "client/replica/row_codec.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl::cli {

struct Assignment {
  enum class Kind { put, add, remove };
  FieldName name;
  Kind kind = Kind::put;
  std::string text;  ///< empty with `put`: the field is cleared
};

/// "title=…", "title.fr=…", "theme+=X", "theme-=X", "theme=a,b", "budget=1250000 XOF", "urgency=".
/// Errors: not_found, invalid_value.
Result<std::vector<Assignment>> parse_assignments(const Register& reg, const std::vector<std::string>& words);

/// One value of a field that is not text in several languages, as its columns. Errors: invalid_value.
Result<std::vector<SqlValue>> columns_of_text(const Field& field, std::string_view text);

/// Inside the caller's transaction, with triggers on. @param language of plain text of this office.
/// @param space empty: the register's default. @return the record's space.
Result<std::string> insert_record(Database& db, const Register& reg, std::string_view id,
                                  std::string_view space, const std::vector<Assignment>& assignments,
                                  std::string_view language);
Status update_record(Database& db, const Register& reg, std::string_view id, std::string_view space,
                     const std::vector<Assignment>& assignments, std::string_view language);

}  // namespace wasl::cli
