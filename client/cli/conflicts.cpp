// wasl conflicts, wasl resolve, wasl discard
#include <nlohmann/json.hpp>

#include "client/cli/assignments.hpp"
#include "client/cli/commands.hpp"
#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

Json conflict_json(const Conflict& conflict) {
  Json out{{"register", conflict.register_name},
           {"id", conflict.id},
           {"space", conflict.space},
           {"field", conflict.field}};
  if (!conflict.key.empty()) out["key"] = conflict.key;
  out["values"] = Json::array();
  for (const ConflictValue& value : conflict.values) {
    Json one;
    one["value"] = value.deleted ? Json(nullptr) : Json(value.value);
    one["author"] = to_hex(value.author.view());
    one["organisation"] = value.organisation;
    one["time"] = iso_time(value.time);
    one["shown"] = value.shown;
    one["level"] = value.level;
    out["values"].push_back(std::move(one));
  }
  return out;
}

std::string conflict_words(const Conflict& conflict, Millis now) {
  std::string out = conflict.register_name + " " + conflict.id + ", " + conflict.field +
                    (conflict.key.empty() ? "" : "." + conflict.key) + " (" + conflict.space + ")";
  for (std::size_t i = 0; i < conflict.values.size(); ++i) {
    const ConflictValue& value = conflict.values[i];
    out += "\n  [" + std::to_string(i) + "] " + (value.deleted ? "(no value)" : value.value) + "  by " +
           (value.organisation.empty() ? to_hex(value.author.view()).substr(0, 12) : value.organisation) +
           ", " + (value.level == 0 ? "" : "level " + std::to_string(value.level) + ", ") +
           time_words(value.time, now) + (value.shown ? "  <- shown" : "");
  }
  return out;
}

}  // namespace

Result<Answer> conflicts(const Office& office) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto all, replica->conflicts());
  Json out{{"conflicts", Json::array()}};
  std::string words =
      all.empty() ? "No conflicts."
                  : counted(all.size(), "conflict") + ". All values are kept until somebody resolves them:";
  for (const Conflict& conflict : all) {
    out["conflicts"].push_back(conflict_json(conflict));
    words += "\n" + conflict_words(conflict, office.clock().now());
  }
  if (!all.empty())
    words += "\nTake one with: wasl resolve REGISTER ID FIELD --take N, or write another with --value V";
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> resolve(const Office& office, const ResolveArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const FieldName name, find_field_name(*reg, arguments.field));
  if (arguments.take.has_value() == arguments.value.has_value()) {
    return fail(Errc::invalid_value, "a resolution needs either --take N or --value V",
                "the values are numbered by: wasl conflicts");
  }
  Replica::Resolution resolution;
  resolution.register_name = reg->name;
  resolution.id = arguments.id;
  resolution.field = name.field->name;
  resolution.key = name.key;
  resolution.space = arguments.space;
  resolution.take = arguments.take;
  resolution.note = arguments.note;
  if (arguments.value) {
    resolution.value = SqlValue();
    if (!arguments.value->empty() && name.field->type != FieldType::money) {
      WASL_LET(auto columns, columns_of_text(*name.field, *arguments.value));
      resolution.value = std::move(columns[0]);
    }
  }
  WASL_TRY(replica->resolve(resolution));
  const Json out{{"resolved", {{"register", reg->name}, {"id", arguments.id}, {"field", arguments.field}}}};
  return Answer{out.dump(), "Resolved. The others see it at their next sync.", kDone};
}

Result<Answer> proposals(const Office& office) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto all, replica->proposals());
  Json out{{"proposals", Json::array()}};
  std::string words =
      all.empty() ? "No proposals."
                  : counted(all.size(), "field") + " with proposals; the holder of the mandate decides:";
  for (const Conflict& field : all) {
    out["proposals"].push_back(conflict_json(field));
    words += "\n" + conflict_words(field, office.clock().now());
  }
  if (!all.empty())
    words += "\nTake one with: wasl take REGISTER ID FIELD, and --take N where there are several";
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> take(const Office& office, const ResolveArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const FieldName name, find_field_name(*reg, arguments.field));
  ResolveArguments chosen = arguments;
  {
    WASL_LET(const auto all, replica->proposals());
    for (const Conflict& field : all) {
      if (field.register_name != reg->name || field.id != arguments.id || field.field != name.field->name)
        continue;
      if (!name.key.empty() && field.key != name.key) continue;
      if (arguments.space && field.space != *arguments.space) continue;
      for (std::size_t i = 0; i < field.values.size() && !arguments.take; ++i) {
        if (field.values[i].shown) continue;
        if (chosen.take)
          return fail(Errc::conflict, "there are several proposals",
                      "name one with --take N; see: wasl proposals");
        chosen.take = i;
      }
    }
  }
  if (!chosen.take)
    return fail(Errc::not_found,
                "nothing is proposed for " + reg->name + " " + arguments.id + " " + arguments.field,
                "list what is with: wasl proposals");
  return resolve(office, chosen);
}

Result<Answer> discard(const Office& office, const std::string& change_set) {
  WASL_LET(const auto replica, office.open());
  WASL_TRY(replica->seal());
  WASL_LET(const Hash name, replica->find_pending(change_set));
  WASL_TRY(replica->discard(name));
  const Json out{{"discarded", to_hex(name.view())}};
  return Answer{out.dump(), "Taken out. The tables show again what was confirmed.", kDone};
}

}  // namespace wasl::cli
