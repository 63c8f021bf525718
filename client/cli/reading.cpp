// wasl show, wasl list, wasl registers
#include <nlohmann/json.hpp>

#include "client/attachments/office_files.hpp"
#include "client/cli/assignments.hpp"
#include "client/cli/commands.hpp"
#include "client/cli/erasure_view.hpp"
#include "client/cli/partial_view.hpp"
#include "client/cli/record_view.hpp"
#include "client/cli/words.hpp"
#include "shared/model/edition.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLinesForPeople = 100;
constexpr std::size_t kExcerptBytes = 1200;  // of a file's text: half a screen

Json record_json(const Register& reg, const RecordView& record) {
  return {{"register", reg.name},
          {"id", record.id},
          {"space", record.space},
          {"fields", fields_json(reg, record)}};
}

/// SQL that is true for records in which the field has this value.
Status add_condition(RecordFilter& filter, const Register& reg, const Assignment& one) {
  const Field& field = *one.name.field;
  if (!filter.condition.empty()) filter.condition += " AND ";
  if (field.is_set()) {
    const std::string elements = "(SELECT 1 FROM " + sql::set_table(reg, field) +
                                 " AS s WHERE s.record = " + reg.name + ".id AND s.space = " + reg.name +
                                 ".space";
    if (one.text.empty()) {
      filter.condition += "NOT EXISTS" + elements + ")";
      return {};
    }
    filter.condition += "EXISTS" + elements + " AND s.value = ?)";
  } else if (one.text.empty()) {
    filter.condition += field.name + " IS NULL";
    return {};
  } else if (field.type == FieldType::multilingual) {
    filter.condition += "(" + field.name + " = ? OR (json_valid(" + field.name +
                        ") AND EXISTS(SELECT 1 FROM json_each(" + field.name + ") AS t WHERE t.value = ?" +
                        (one.name.key.empty() ? "" : " AND t.key = " + sql::quoted(one.name.key)) + ")))";
    filter.values.insert(filter.values.end(), {one.text, one.text});
    return {};
  } else {
    filter.condition += field.name + " = ?";
    if (field.type == FieldType::money) filter.condition += " AND " + field.name + "_currency = ?";
  }
  WASL_LET(auto values, columns_of_text(field, one.text));
  for (SqlValue& value : values) filter.values.push_back(std::move(value));
  return {};
}

Result<RecordFilter> filter_of(const Register& reg, const ListArguments& arguments) {
  RecordFilter filter;
  WASL_LET(const auto where, parse_assignments(reg, arguments.where));
  for (const Assignment& one : where) WASL_TRY(add_condition(filter, reg, one));
  if (arguments.space) {
    filter.condition += std::string(filter.condition.empty() ? "" : " AND ") + "space = ?";
    filter.values.emplace_back(*arguments.space);
  }
  filter.most = arguments.limit.value_or(0);
  return filter;
}

std::string conflict_words(const std::vector<Conflict>& all, const Register& reg, const RecordView& record) {
  std::string out;
  for (const Conflict& conflict : all) {
    if (conflict.register_name != reg.name || conflict.id != record.id || conflict.space != record.space)
      continue;
    out += "\n  In conflict: " + conflict.field + (conflict.key.empty() ? "" : "." + conflict.key) +
           " (see: wasl conflicts)";
  }
  return out;
}

Json field_json(const Field& field, std::string_view language) {
  Json out{{"name", field.name},
           {"label", label(field.labels, language)},
           {"set", field.is_set()},
           {"required", field.required},
           {"personal", field.personal}};
  if (!field.target.empty()) out["target"] = field.target;
  if (!field.codes.empty()) {
    out["codes"] = Json::object();
    for (const CodeItem& item : field.codes) {
      if (!item.retired) out["codes"][item.code] = label(item.labels, language);
    }
  }
  return out;
}

std::string field_words(const Field& field, std::string_view language) {
  std::string out =
      "  " + field.name + (field.is_set() ? " (list)" : "") + ": " + label(field.labels, language);
  if (!field.target.empty()) out += ", a " + field.target;
  std::string codes;
  for (const CodeItem& item : field.codes) {
    if (!item.retired) codes += (codes.empty() ? "" : ", ") + item.code;
  }
  return codes.empty() ? out : out + ", one of " + codes;
}

struct EditionView {
  std::string space, id;
  bool published = false;
};
/// The editions of a record that this office knows.
Result<std::vector<EditionView>> editions_of(Replica& replica, const Register& reg,
                                             const RecordView& record) {
  std::vector<EditionView> out;
  const Field* mark = published_field(reg);
  if (mark == nullptr) return out;
  WASL_LET(const AuthorityState* const authority, replica.authority());
  for (const std::string& outer : authority->spaces()) {
    if (outwardness(outer) <= outwardness(record.space)) continue;
    const std::string id = edition_id(replica.network().network, record.space, record.id, outer);
    WASL_LET(auto select, replica.database().prepare("SELECT EXISTS(SELECT 1 FROM " + reg.name + "_" +
                                                     mark->name + " WHERE record = ?1 AND space = ?2) FROM " +
                                                     reg.name + " WHERE id = ?1 AND space = ?2"));
    select.bind_all(id, outer);
    WASL_LET(const bool found, select.step());
    if (found) out.push_back({outer, id, select.int64(0) != 0});
  }
  return out;
}

/// How the texts of a record's files begin, as far as they are here.
Status tell_texts(OfficeFiles& files, const Register& reg, const RecordView& record, Json& out,
                  std::string& words) {
  for (const Field& field : reg.fields) {
    const Field* const beside = field.type == kAttachmentField ? text_field(reg, field) : nullptr;
    if (beside == nullptr || field.retired) continue;
    const auto shown = files.find(reg.name, record.id, beside->name, record.space);
    if (!shown && shown.error().code == Errc::not_found) continue;
    if (!shown) return tl::unexpected(shown.error());
    WASL_LET(auto text, files.text(shown->file()));
    if (!text) continue;
    std::size_t end = std::min(text->size(), kExcerptBytes);
    while (end < text->size() && (static_cast<unsigned char>((*text)[end]) & 0xc0) == 0x80) --end;
    const bool cut = end < text->size();
    text->resize(end);
    out["texts"][field.name] = *text;
    words +=
        "\n  Text of " + field.name + ": " + *text +
        (cut ? "…\n  All of it: wasl fetch " + reg.name + " " + record.id + " " + beside->name + " --out DIR"
             : "");
  }
  return {};
}

}  // namespace

Result<Answer> show(const Office& office, const RecordArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_TRY(replica->seal());
  WASL_LET(const std::string space, replica->space_of(*reg, arguments.id, arguments.space));
  WASL_LET(const auto found,
           read_records(replica->database(), *reg, {"id = ? AND space = ?", {arguments.id, space}, 1}));
  if (found.empty()) return fail(Errc::not_found, "there is no " + reg->name + " " + arguments.id);
  const RecordView& record = found.front();
  WASL_LET(const auto conflicts_now, replica->conflicts());
  Json out = record_json(*reg, record);
  out["conflicts"] = Json::array();
  for (const Conflict& conflict : conflicts_now) {
    if (conflict.register_name == reg->name && conflict.id == record.id && conflict.space == record.space) {
      out["conflicts"].push_back(conflict.field);
    }
  }
  WASL_LET(const auto erasures, replica->erasures_of(record.space, record.id));
  out["erasures"] = erasures_json(erasures);
  WASL_LET(const auto editions, editions_of(*replica, *reg, record));
  out["editions"] = Json::array();
  std::string outward;
  for (const EditionView& one : editions) {
    out["editions"].push_back({{"space", one.space}, {"id", one.id}, {"published", one.published}});
    outward +=
        "\n  " + std::string(one.published ? "Published in " : "Withdrawn from ") + one.space + ": " + one.id;
  }
  const std::string& language = replica->network().language;
  std::string words = caption_of(*reg, record, language) + "\n  (" + reg->name + " " + record.id + " in " +
                      record.space + ")\n" + fields_words(*replica, *reg, record, language) +
                      conflict_words(conflicts_now, *reg, record) + outward +
                      erasures_words(erasures, language);
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_TRY(tell_texts(*files, *reg, record, out, words));
  WASL_TRY(tell_partial(*replica, record.space, out, words));
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> list(const Office& office, const ListArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(RecordFilter filter, filter_of(*reg, arguments));
  WASL_TRY(replica->seal());
  WASL_LET(const auto aside, replica->editions_aside(*reg));
  if (filter.most != 0) filter.most += aside.withdrawn.size() + aside.held.size();
  WASL_LET(auto found, read_records(replica->database(), *reg, filter));
  std::erase_if(found, [&](const RecordView& record) {
    const RecordPlace place{record.space, reg->number, record.id};
    // The innermost record is the one that a list shows; whoever names a space sees what stands there.
    return aside.withdrawn.contains(place) || (!arguments.space && aside.held.contains(place));
  });
  if (arguments.limit && found.size() > *arguments.limit) found.resize(*arguments.limit);
  Json out{{"register", reg->name}, {"records", Json::array()}};
  std::string words;
  std::size_t lines = 0;
  for (const RecordView& record : found) {
    Json one = record_json(*reg, record);
    one.erase("register");
    out["records"].push_back(std::move(one));
    if (lines++ >= kLinesForPeople) continue;
    words += record.id + "  " + caption_of(*reg, record, replica->network().language) + "  (" + record.space +
             ")\n";
  }
  if (lines > kLinesForPeople)
    words += "and " + std::to_string(lines - kLinesForPeople) + " more; narrow with --where\n";
  words += counted(lines, "record");
  WASL_TRY(tell_partial(*replica, arguments.space, out, words));
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> registers(const Office& office, const RegistersArguments& arguments) {
  const auto replica = office.open();  // without one: those of this program
  const Schema& schema = replica ? (*replica)->schema() : built_in_schema();
  const Register* only = nullptr;
  if (!arguments.register_name.empty()) {
    WASL_LET(only, find_register(schema, arguments.register_name));
  }
  Json out{{"registers", Json::array()}};
  std::string words;
  for (const Register& reg : schema.registers()) {
    if (only != nullptr && only != &reg) continue;
    Json fields = Json::array();
    words += (words.empty() ? "" : "\n") + reg.name + ": " + label(reg.labels, arguments.language);
    for (const Field& field : reg.fields) {
      if (field.retired) continue;
      fields.push_back(field_json(field, arguments.language));
      words += "\n" + field_words(field, arguments.language);
    }
    out["registers"].push_back({{"name", reg.name},
                                {"label", label(reg.labels, arguments.language)},
                                {"default_space", reg.default_space},
                                {"fields", std::move(fields)}});
  }
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
