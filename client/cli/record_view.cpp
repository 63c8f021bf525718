#include "client/cli/record_view.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "client/cli/words.hpp"
#include "shared/model/attachment.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string plain_words(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return Json(*real).dump();
  return {};
}

std::optional<Json> languages(const SqlValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->empty() || text->front() != '{') return std::nullopt;
  auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

/// "ID (caption)", or that this office does not hold it.
std::string reference_words(Replica& replica, const Field& field, const SqlValue& value,
                            std::string_view language) {
  const std::string id = plain_words(value);
  const Register* target = replica.schema().find(field.target);
  if (target == nullptr) return id;
  const auto found = read_records(replica.database(), *target, {"id = ?", {id.substr(id.find('#') + 1)}, 1});
  if (!found || found->empty()) return id + " (not held by this office)";
  return id + " (" + caption_of(*target, found->front(), language) + ")";
}

std::string value_words(Replica& replica, const Field& field, const SqlValue& value,
                        std::string_view language) {
  if (field.type == FieldType::reference) return reference_words(replica, field, value, language);
  if (field.type == FieldType::flag) return plain_words(value) == "1" ? "yes" : "no";
  if (field.type == kAttachmentField) {
    const auto file = parse_attachment(plain_words(value));
    return file ? file->to_display() : plain_words(value);
  }
  if (field.type == FieldType::code) {
    const std::string code = plain_words(value);
    for (const CodeItem& item : field.codes) {
      if (item.code == code) return code + " (" + label(item.labels, language) + ")";
    }
  }
  return plain_words(value);
}

}  // namespace

Result<std::vector<RecordView>> read_records(Database& db, const Register& reg, const RecordFilter& filter) {
  std::string names;
  const auto columns = columns_of(reg);
  for (const Column& column : columns) names += ", " + column.name;
  std::string sql = "SELECT id, space" + names + " FROM " + reg.name;
  if (!filter.condition.empty()) sql += " WHERE " + filter.condition;
  sql += " ORDER BY rowid";
  if (filter.most > 0) sql += " LIMIT " + std::to_string(filter.most);
  std::vector<RecordView> out;
  {
    WASL_LET(auto select, db.prepare(sql));
    for (std::size_t i = 0; i < filter.values.size(); ++i) {
      bind_value(select, static_cast<int>(i) + 1, filter.values[i]);
    }
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      RecordView record{std::string(select.text(0)), std::string(select.text(1)), {}, {}};
      for (std::size_t i = 0; i < columns.size(); ++i) {
        record.row.push_back(column_value(select, static_cast<int>(i) + 2));
      }
      out.push_back(std::move(record));
    }
  }
  for (const Field& field : reg.fields) {
    if (!field.is_set()) continue;
    WASL_LET(auto select, db.prepare("SELECT value FROM " + sql::set_table(reg, field) +
                                     " WHERE record = ? AND space = ? ORDER BY value"));
    for (RecordView& record : out) {
      select.bind_all(record.id, record.space);
      std::vector<SqlValue> elements;
      for (;;) {
        WASL_LET(const bool found, select.step());
        if (!found) break;
        elements.push_back(column_value(select, 0));
      }
      record.sets.emplace_back(&field, std::move(elements));
    }
  }
  return out;
}

Json value_json(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return nullptr;
}

Json fields_json(const Register& reg, const RecordView& record) {
  Json out = Json::object();
  const auto columns = columns_of(reg);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Field& field = *columns[i].field;
    const SqlValue& value = record.row[i];
    Json& place = out[field.name];
    if (field.type == FieldType::money) {
      if (columns[i].is_currency || std::holds_alternative<std::monostate>(value)) continue;
      place = {{"minor_units", value_json(value)}, {"currency", value_json(record.row[i + 1])}};
    } else if (field.type == FieldType::multilingual || field.type == kAttachmentField) {
      const auto texts = languages(value);
      place = texts ? *texts : value_json(value);
    } else if (field.type == FieldType::flag && std::holds_alternative<std::int64_t>(value)) {
      place = std::get<std::int64_t>(value) == 1;
    } else {
      place = value_json(value);
    }
  }
  for (const auto& [field, elements] : record.sets) {
    Json list = Json::array();
    for (const SqlValue& element : elements) list.push_back(value_json(element));
    out[field->name] = std::move(list);
  }
  return out;
}

std::string text_in(const SqlValue& column, std::string_view language) {
  const auto texts = languages(column);
  if (!texts) return plain_words(column);
  for (const std::string& tag : {std::string(language), std::string("en"), std::string("und")}) {
    if (texts->contains(tag) && (*texts)[tag].is_string()) return (*texts)[tag].get<std::string>();
  }
  for (const auto& [tag, text] : texts->items()) {
    if (text.is_string()) return text.get<std::string>();
  }
  return {};
}

std::string caption_of(const Register& reg, const RecordView& record, std::string_view language) {
  const auto columns = columns_of(reg);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field->name != reg.caption) continue;
    std::string text = text_in(record.row[i], language);
    if (!text.empty()) return text;
  }
  return record.id;
}

std::string fields_words(Replica& replica, const Register& reg, const RecordView& record,
                         std::string_view language) {
  std::string out;
  const auto line = [&](const std::string& name, const std::string& words) {
    out += (out.empty() ? "  " : "\n  ") + name + ": " + words;
  };
  const auto columns = columns_of(reg);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Field& field = *columns[i].field;
    const SqlValue& value = record.row[i];
    if (columns[i].is_currency || std::holds_alternative<std::monostate>(value)) continue;
    if (const auto texts = field.type == FieldType::multilingual ? languages(value) : std::nullopt) {
      for (const auto& [tag, text] : texts->items())
        line(field.name + "." + tag, text.is_string() ? text.get<std::string>() : "");
    } else if (field.type == FieldType::money) {
      line(field.name, plain_words(value) + " " + plain_words(record.row[i + 1]));
    } else {
      line(field.name, value_words(replica, field, value, language));
    }
  }
  for (const auto& [field, elements] : record.sets) {
    std::string list;
    for (const SqlValue& element : elements)
      list += (list.empty() ? "" : ", ") + value_words(replica, *field, element, language);
    if (!list.empty()) line(field->name, list);
  }
  return out.empty() ? "  (no field has a value)" : out;
}

}  // namespace wasl::cli
