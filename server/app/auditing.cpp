#include "server/app/auditing.hpp"

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "server/app/folder_store.hpp"
#include "server/hub/audit.hpp"
#include "shared/model/field_value.hpp"

namespace wasl {
namespace {

using Json = nlohmann::ordered_json;

constexpr Millis kDay = 24LL * 3600 * 1000;

std::string short_hex(ByteView bytes) { return to_hex(bytes).substr(0, 12); }

std::string iso_time(Millis time) {
  const std::time_t seconds = time / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char whole[48];
  std::snprintf(whole, sizeof whole, "%s.%03dZ", text, static_cast<int>(time % 1000));
  return whole;
}

std::string_view word_of(ledger::EntryKind kind) {
  switch (kind) {
    case ledger::EntryKind::accept:
      return "accept";
    case ledger::EntryKind::adopt:
      return "adopt";
    case ledger::EntryKind::void_:
      return "void";
    case ledger::EntryKind::unvoid:
      return "unvoid";
    case ledger::EntryKind::snapshot:
      return "snapshot";
    case ledger::EntryKind::statement:
      return "statement";
    case ledger::EntryKind::collect:
      return "collect";
  }
  return "";
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos && text.size() <= 64;
}

Result<AuditFilter> filter_of(const AuditArguments& in, const Schema& schema) {
  AuditFilter filter;
  if (!in.record.empty()) {
    const auto slash = in.record.find('/');
    const Register* reg = slash == std::string::npos ? nullptr : schema.find(in.record.substr(0, slash));
    if (reg == nullptr) {
      return fail(Errc::invalid_value, "'" + in.record + "' names no record",
                  "write it as REGISTER/ID: project/p-1");
    }
    filter.record = {reg->number, in.record.substr(slash + 1)};
  }
  for (const std::string* key : {&in.device, &in.person}) {
    if (!is_hex(*key))
      return fail(Errc::invalid_value, "'" + *key + "' is no key",
                  "write it in hex, or the beginning of it: see wasl-hub status");
  }
  filter.device = in.device;
  filter.person = in.person;
  filter.organisation = in.organisation;
  if (!in.from.empty()) {
    WASL_LET(filter.from, parse_moment(in.from, false));
  }
  if (!in.until.empty()) {
    WASL_LET(filter.until, parse_moment(in.until, true));
  }
  return filter;
}

/// The same values in every form, by name.
std::vector<std::pair<const char*, std::string>> columns_of(const AuditLine& line) {
  return {{"time", iso_time(line.time)},
          {"space", line.space},
          {"position", std::to_string(line.position)},
          {"entry", std::string(word_of(line.kind))},
          {"organisation", line.organisation},
          {"role", line.role},
          {"by", line.author_kind},
          {"key", line.author ? to_hex(line.author->view()) : ""},
          {"grant", line.grant ? to_hex(line.grant->view()) : ""},
          {"register", line.register_name},
          {"id", line.id},
          {"what", line.what},
          {"change_set", to_hex(line.change_set.view())}};
}

std::string csv_line(const std::vector<std::pair<const char*, std::string>>& columns, bool names) {
  std::string text;
  for (const auto& [name, value] : columns)
    text += (text.empty() ? "" : ",") + csv_field(names ? name : value);
  return text + "\r\n";
}

std::string json_object(const AuditLine& line) {
  Json out = Json::object();
  for (const auto& [name, value] : columns_of(line)) out[name] = value.empty() ? Json(nullptr) : Json(value);
  out["position"] = line.position;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string table_line(const AuditLine& line) {
  std::string who = line.author_kind.empty() ? "the network" : line.author_kind;
  if (line.author) who += " " + short_hex(line.author->view());
  if (!line.organisation.empty()) who = line.organisation + ", " + line.role + ", " + who;
  std::string record = line.register_name.empty() ? "" : line.register_name + " " + line.id + ": ";
  if (line.register_name == "authority") record.clear();
  return iso_time(line.time) + "  " + who + (line.grant ? " by grant " + short_hex(line.grant->view()) : "") +
         "  " + record + line.what + "  [" + line.space + " " + std::to_string(line.position) + "]\n";
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string value(text);
  if (!value.empty() && std::string_view("=+-@\t\r").find(value.front()) != std::string_view::npos)
    value.insert(0, "'");
  if (value.find_first_of(",\"\r\n") == std::string::npos) return value;
  std::string quoted = "\"";
  for (const char c : value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Result<Millis> parse_moment(std::string_view text, bool end) {
  const std::string copy(text);
  std::tm parts{};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const bool is_day = text.size() == 10;
  const int found = std::sscanf(copy.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &used);
  bool good = found == 3 && used == 10;
  if (good && !is_day) {
    used = 0;
    good = std::sscanf(copy.c_str() + 10, "T%2d:%2d:%2dZ%n", &hour, &minute, &second, &used) == 3 &&
           used == 10 && text.size() == 20;
  }
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  const std::tm asked = parts;
  const std::time_t seconds = good ? timegm(&parts) : -1;
  // timegm makes 3 March of 31 February: what comes back must be what was asked for.
  good = good && seconds >= 0 && parts.tm_mday == asked.tm_mday && parts.tm_mon == asked.tm_mon &&
         parts.tm_hour == asked.tm_hour && parts.tm_min == asked.tm_min && parts.tm_sec == asked.tm_sec;
  if (!good) {
    return fail(Errc::invalid_value, "'" + copy + "' is no day and no time",
                "write 2026-03-04, or 2026-03-04T05:06:07Z");
  }
  return static_cast<Millis>(seconds) * 1000 + (is_day && end ? kDay : 0);
}

Status print_audit(const HubFolder& folder, const AuditArguments& arguments, std::ostream& out, bool& begun) {
  if (!has_store(folder)) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  WASL_LET(const auto store, open_folder_store(folder, StoreUse::read));
  WASL_LET(const Schema schema, schema_of(*store, built_in_schema()));
  WASL_LET(const AuditFilter filter, filter_of(arguments, schema));
  std::uint64_t lines = 0;
  begun = true;
  if (arguments.form == AuditForm::csv) out << csv_line(columns_of(AuditLine{}), true);
  if (arguments.form == AuditForm::one_document) out << "{\"audit\":[";
  const Status done = audit(*store, schema, filter, [&](const AuditLine& line) -> Status {
    switch (arguments.form) {
      case AuditForm::table:
        out << table_line(line);
        break;
      case AuditForm::csv:
        out << csv_line(columns_of(line), false);
        break;
      case AuditForm::one_document:
        out << (lines == 0 ? "" : ",\n") << json_object(line);
        break;
    }
    ++lines;
    if (!out) return fail(Errc::storage_failed, "the output was closed");
    return {};
  });
  if (arguments.form == AuditForm::one_document) {
    out << "]";
    if (!done) {
      const Json error{{"code", to_word(done.error().code)},
                       {"message", done.error().message},
                       {"hint", done.error().hint}};
      out << ",\"error\":" << error.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    out << "}\n";
  }
  if (arguments.form == AuditForm::table && done && lines == 0) out << "Nothing was done that fits.\n";
  return done;
}

}  // namespace wasl
