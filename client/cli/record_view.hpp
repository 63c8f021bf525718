#pragma once
// A record as the tables show it, for machines and for people.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "client/replica/replica.hpp"

namespace wasl::cli {

struct RecordView {
  std::string id;
  std::string space;
  Row row;  ///< in the order of `columns_of`
  std::vector<std::pair<const Field*, std::vector<SqlValue>>> sets;
};

struct RecordFilter {
  std::string condition;         ///< SQL after WHERE; empty: all
  std::vector<SqlValue> values;  ///< of its parameters
  std::size_t most = 0;          ///< 0: all
};
/// Rows in the order in which they came into the table. Errors: storage_failed, locked.
Result<std::vector<RecordView>> read_records(Database& db, const Register& reg, const RecordFilter& filter);

/// Field name → value; missing ones are null. Texts in several languages are objects, money and sets too.
nlohmann::ordered_json fields_json(const Register& reg, const RecordView& record);
nlohmann::ordered_json value_json(const SqlValue& value);

/// One line a field that has a value: "  Title: …". @param language of the text shown first.
std::string fields_words(Replica& replica, const Register& reg, const RecordView& record,
                         std::string_view language);
/// What names the record to a person: its caption, else its id.
std::string caption_of(const Register& reg, const RecordView& record, std::string_view language);

/// The text in this language, else English, else any. @param column plain text or a JSON object.
std::string text_in(const SqlValue& column, std::string_view language);

}  // namespace wasl::cli
