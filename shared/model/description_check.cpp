#include <algorithm>
#include <map>
#include <set>

#include "shared/model/attachment.hpp"
#include "shared/model/description_reader.hpp"

namespace wasl {
namespace {

constexpr std::size_t kNameBytes = 48;  // PostgreSQL cuts names at 63, and set tables join two
constexpr std::size_t kColumns = 62;    // a capture note holds a bit for each column in 64 signed bits

// Words that SQLite or PostgreSQL does not take as a name without quotes, sorted.
constexpr std::string_view kKeywords[] = {
    "add",
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "autoincrement",
    "between",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "commit",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "do",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "glob",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "index",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "regexp",
    "returning",
    "right",
    "select",
    "session_user",
    "set",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
};
constexpr std::string_view kTaken[] = {"id", "space", "record", "value", "rowid", "oid"};

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

class Check {
 public:
  Check(const std::string& file, const Register& content) : file_(file), content_(content) {}

  Status run(const std::set<std::string>& registers) const {
    WASL_TRY(numbers_and_names());
    for (const Field& field : content_.fields) {
      WASL_TRY(policy(field));
      WASL_TRY(personal(field));
      WASL_TRY(bounds(field));
      WASL_TRY(codes(field));
      if (!field.target.empty() && !registers.contains(field.target))
        return refuse(path(field) + ".target", "there is no register '" + field.target + "'",
                      "name a register that has a file of its own");
    }
    WASL_TRY(editions());
    WASL_TRY(caption());
    return rules();
  }

 private:
  [[nodiscard]] tl::unexpected<Error> refuse(const std::string& path, const std::string& what,
                                             std::string hint) const {
    return refuse_description(file_, path, what, std::move(hint));
  }
  static std::string path(const Field& field) { return "fields." + field.name; }

  [[nodiscard]] Status numbers_and_names() const {
    std::set<std::uint32_t> numbers;
    std::set<std::string> names, columns;
    for (const Field& field : content_.fields) {
      if (!numbers.insert(field.number).second)
        return refuse(path(field) + ".number", std::to_string(field.number) + " is used twice",
                      "give the new field the next free number");
      if (!names.insert(field.name).second)
        return refuse(path(field) + ".name", "is used twice", "give one of the two another name");
      for (const std::string& column : field.columns())
        if (!columns.insert(column).second)
          return refuse(path(field) + ".name", "the column " + column + " would exist twice",
                        "give the field another name");
    }
    if (columns.size() > kColumns)
      return refuse("fields", "more than " + std::to_string(kColumns) + " columns", "make a second register");
    return {};
  }

  [[nodiscard]] Status policy(const Field& field) const {
    const bool ledger = field.policy == Policy::ledger;
    if (ledger != (content_.fields.front().policy == Policy::ledger))
      return refuse(path(field) + ".policy", "ledger and other policies in one register",
                    "give every field the policy ledger, or none");
    const bool may_be_set = field.type == FieldType::text || field.type == FieldType::code ||
                            field.type == FieldType::reference || field.type == FieldType::date ||
                            field.type == FieldType::integer;
    if (field.is_set() && !may_be_set)
      return refuse(path(field) + ".policy", "a set cannot hold this type",
                    "use text, code, reference, date or integer");
    if (field.is_set() && field.required)
      return refuse(path(field) + ".required", "a set may always be empty", "remove the key");
    return {};
  }

  [[nodiscard]] Status personal(const Field& field) const {
    const std::string where = path(field) + ".personal";
    const std::string hint = "make it another field, or not personal";
    if (field.label && field.type != FieldType::code && field.type != FieldType::reference)
      return refuse(path(field) + ".label", "only a code or a reference can limit rights", "remove the key");
    if (!field.personal) return {};
    if (field.is_set()) return refuse(where, "a set cannot be personal", hint);
    if (field.label) return refuse(where, "a label cannot be personal", hint);
    if (field.type == FieldType::reference) return refuse(where, "a reference cannot be personal", hint);
    if (field.type == kAttachmentField)
      return refuse(where, "an attachment cannot be personal: its bytes could not be destroyed everywhere",
                    hint);
    return {};
  }

  [[nodiscard]] Status bounds(const Field& field) const {
    if (field.least && field.most && *field.most < *field.least)
      return refuse(path(field) + ".most", "is below `least`", "exchange the two");
    return {};
  }

  [[nodiscard]] Status codes(const Field& field) const {
    std::set<std::string> seen;
    for (const CodeItem& item : field.codes)
      if (!seen.insert(item.code).second)
        return refuse(path(field) + ".codes", "'" + item.code + "' stands twice", "remove one of the two");
    const bool all_retired = !field.codes.empty() && std::all_of(field.codes.begin(), field.codes.end(),
                                                                 [](const CodeItem& c) { return c.retired; });
    if (all_retired && !field.retired)
      return refuse(path(field) + ".codes", "every code is retired", "retire the field instead");
    return {};
  }

  /// Both marks or none: one says whether an edition is published, the other what it shows.
  [[nodiscard]] Status editions() const {
    std::size_t marks = 0;
    for (const Field& field : content_.fields) {
      if (!field.publication) continue;
      ++marks;
      const bool published = field.name == "published" && field.type == FieldType::code &&
                             field.removal_wins() && field.codes.size() == 1 && field.codes[0].code == "yes";
      const bool edition_of =
          field.name == "edition_of" && field.type == FieldType::text && field.policy == Policy::set;
      if (!published && !edition_of)
        return refuse(path(field) + ".publication", "marks `published` and `edition_of` alone",
                      "see schema/README.md");
    }
    if (marks == 1) return refuse("fields", "`published` and `edition_of` come together", "add the other");
    return {};
  }

  [[nodiscard]] Status caption() const {
    const Field* field = content_.field(content_.caption);
    if (field == nullptr || field->is_set())
      return refuse("caption", "'" + content_.caption + "' is no field of this register that has a column",
                    "name a field that is not a set");
    return {};
  }

  [[nodiscard]] Status rules() const {
    std::set<std::string> names;
    for (const Rule& rule : content_.rules) {
      const std::string where = "rules." + rule.name;
      if (!names.insert(rule.name).second)
        return refuse(where, "the name is used twice", "give one another name");
      const Field* before = content_.field(rule.before);
      const Field* after = content_.field(rule.after);
      for (const Field* field : {before, after})
        if (field == nullptr || field->is_set() || !is_ordered(field->type))
          return refuse(
              where, "`before` and `after` must be dates, times, integers, numbers or money of this register",
              "name two fields that can be compared");
      if (before->type != after->type || before == after)
        return refuse(where, "compares what cannot be compared", "name two fields of one type");
    }
    return {};
  }

  static bool is_ordered(FieldType type) {
    return type == FieldType::date || type == FieldType::time || type == FieldType::integer ||
           type == FieldType::number || type == FieldType::money;
  }

  const std::string& file_;
  const Register& content_;
};

/// Registers' and sets' tables live side by side.
Status check_tables(const std::vector<ReadDescription>& all) {
  std::map<std::uint32_t, std::string> numbers;
  std::map<std::string, std::string> tables;
  for (const auto& [file, content] : all) {
    const auto [number, number_is_new] = numbers.emplace(content.number, file);
    if (!number_is_new)
      return refuse_description(file, "number",
                                std::to_string(content.number) + " is used by " + number->second,
                                "take the next free number");
    std::vector<std::string> names{content.name};
    for (const Field& field : content.fields)
      if (field.is_set()) names.push_back(content.name + '_' + field.name);
    for (const std::string& name : names) {
      const auto [table, table_is_new] = tables.emplace(name, file);
      if (!table_is_new)
        return refuse_description(file, "name",
                                  "the table " + name + " comes from " + table->second + " already",
                                  "choose another name for the register or the set");
    }
  }
  return {};
}

}  // namespace

bool is_description_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytes || name.front() < 'a' || name.front() > 'z') return false;
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return letters && !name.starts_with("sqlite_") && !name.starts_with("pg_") && !contains(kTaken, name) &&
         !contains(kKeywords, name);
}

Status check_descriptions(const std::vector<ReadDescription>& all, bool whole) {
  WASL_TRY(check_tables(all));
  std::set<std::string> registers;
  for (const ReadDescription& one : all) {
    registers.insert(one.content.name);
    for (const Field& field : one.content.fields) {
      if (!whole && !field.target.empty()) registers.insert(field.target);
    }
  }
  for (const ReadDescription& one : all) WASL_TRY(Check(one.file, one.content).run(registers));
  return {};
}

namespace {

/// 0 stands for the general limit, which nothing exceeds.
std::size_t bytes_of(const Field& field) { return field.most_bytes == 0 ? SIZE_MAX : field.most_bytes; }

bool bounds_widen(const Field& before, const Field& after) {
  const bool least = !after.least || (before.least && *after.least <= *before.least);
  const bool most = !after.most || (before.most && *after.most >= *before.most);
  return least && most && bytes_of(after) >= bytes_of(before);
}

}  // namespace

Status check_addition(const std::string& file, const Register& before, const Register& after) {
  const std::string hint = "retire the field, and add a new one";
  if (before.name != after.name || before.default_space != after.default_space)
    return refuse_description(file, "name", "the register's name and its default space never change", hint);
  for (const Field& old : before.fields) {
    const Field* now = after.field(old.number);
    const std::string path = "fields." + old.name;
    if (now == nullptr) return refuse_description(file, path, "is missing: a field stays for ever", hint);
    const bool same = now->name == old.name && now->type == old.type && now->policy == old.policy &&
                      now->personal == old.personal && now->label == old.label && now->target == old.target &&
                      now->publication == old.publication;
    if (!same)
      return refuse_description(
          file, path, "name, type, policy, target, `personal`, `label` and `publication` never change", hint);
    if (!bounds_widen(old, *now)) return refuse_description(file, path, "its bounds may only widen", hint);
    if (old.codes.empty() && !now->codes.empty())
      return refuse_description(file, path + ".codes", "any code was allowed before", hint);
    for (const CodeItem& code : old.codes) {
      const bool stays = std::any_of(now->codes.begin(), now->codes.end(),
                                     [&](const CodeItem& one) { return one.code == code.code; });
      if (!stays)
        return refuse_description(file, path + ".codes", "'" + code.code + "' is missing",
                                  "retire it instead");
    }
  }
  for (const Field& now : after.fields) {
    // Columns stand by number: what programs wrote and nobody sealed yet counts them.
    if (before.field(now.number) == nullptr && now.number < before.fields.back().number)
      return refuse_description(file, "fields." + now.name + ".number",
                                "stands before a field that was there",
                                "give the new field the next free number");
  }
  return {};
}

}  // namespace wasl
