// field=value as a person types it, into tables with their triggers, twice into the same record.
#include "client/cli/assignments.hpp"

#include "shared/base/limits.hpp"
#include "shared/sql/table_ddl.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::string_view kSpace = "section/asia";

Database& database() {
  static Database db = [] {
    auto opened = Database::open({.path = ":memory:", .create = true});
    WASL_ASSERT(opened.has_value() && opened->set_applying(false).has_value());
    WASL_ASSERT(opened->exec(sql::capture_table().sql).has_value());
    for (const Register& reg : built_in_schema().registers()) {
      for (const auto& part : {sql::table_statements(reg, kSpace), sql::trigger_statements(reg, kSpace)}) {
        for (const sql::Statement& statement : part) WASL_ASSERT(opened->exec(statement.sql).has_value());
      }
    }
    return std::move(*opened);
  }();
  return db;
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

WASL_FUZZ(assignments) {
  Feed feed(input);
  const Register& reg = feed.one_of(built_in_schema().registers());
  const std::string language = feed.flag() ? "ar" : "";
  const auto words = lines(text_view(feed.rest()));
  const std::span<const std::string> all(words);
  const auto first =
      cli::parse_assignments(reg, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2)});
  const auto second = cli::parse_assignments(reg, words);
  if (!first || !second) return;
  auto transaction = Transaction::begin(database());
  WASL_ASSERT(transaction.has_value());
  const auto made = cli::insert_record(database(), reg, "r", "", *first, language);
  WASL_ASSERT(made ? *made == kSpace : !made.error().message.empty());
  if (made) static_cast<void>(cli::update_record(database(), reg, "r", kSpace, *second, language));
}

}  // namespace
}  // namespace wasl::fuzz
