#include "client/cli/names.hpp"

#include "client/cli/words.hpp"

namespace wasl::cli {

Result<const Register*> find_register(const Schema& schema, std::string_view name) {
  if (const Register* found = schema.find(name)) return found;
  std::vector<std::string> names;
  for (const Register& reg : schema.registers()) names.push_back(reg.name);
  return fail(Errc::not_found, "there is no register " + std::string(name) + did_you_mean(name, names),
              "list them with: wasl registers");
}

Result<const Field*> find_field(const Register& reg, std::string_view name) {
  if (const Field* found = reg.field(name)) return found;
  std::vector<std::string> names;
  for (const Field& field : reg.fields) names.push_back(field.name);
  return fail(Errc::not_found, reg.name + " has no field " + std::string(name) + did_you_mean(name, names),
              "list its fields with: wasl registers " + reg.name);
}

Result<FieldName> find_field_name(const Register& reg, std::string_view name) {
  const auto dot = name.find('.');
  FieldName out;
  WASL_LET(out.field, find_field(reg, name.substr(0, dot)));
  if (dot == std::string_view::npos) return out;
  out.key = name.substr(dot + 1);
  for (char& c : out.key) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (out.field->type != FieldType::multilingual || out.key.empty()) {
    return fail(Errc::invalid_value, reg.name + "." + out.field->name + " is not text in several languages",
                "write " + out.field->name + "=VALUE");
  }
  return out;
}

}  // namespace wasl::cli
