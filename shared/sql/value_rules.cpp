#include "shared/sql/value_rules.hpp"

#include "shared/base/limits.hpp"
#include "shared/model/attachment.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl::sql {
namespace {

std::size_t most_bytes_of(const Field& field) {
  if (field.most_bytes != 0) return field.most_bytes;
  return field.is_set() ? limits::kKeyBytes : limits::kValueBytes;
}

// length(x) counts characters up to the first NUL, so bytes are counted on the blob.
std::string bytes_of(const std::string& value) { return "length(CAST(" + value + " AS BLOB))"; }

// A TEXT column holds NULL, text or a blob, and only a blob is not below the empty blob. Comparing is an
// instruction where typeof() would be a call. Of NULL these conditions are NULL, which refuses nothing.
std::string is_blob(const std::string& value) { return value + ">=x''"; }

std::string text_wrong(const std::string& value, std::size_t most_bytes) {
  return is_blob(value) + " OR " + bytes_of(value) + ">" + std::to_string(most_bytes);
}

/// [a-z]{2,8}(-[a-z0-9]{1,8})*
std::string language_tag_wrong(const std::string& tag) {
  const std::string nine = "[^-][^-][^-][^-][^-][^-][^-][^-][^-]";
  return tag + " NOT GLOB '[a-z][a-z]*' OR " + tag + " GLOB '*[^a-z0-9-]*' OR " + tag + " GLOB '*--*' OR " +
         tag + " GLOB '*-' OR " + tag + " GLOB '*" + nine + "*' OR substr(" + tag + ",1,instr(" + tag +
         "||'-','-')) GLOB '*[0-9]*'";
}

std::string multilingual_wrong(const std::string& value, std::size_t most_bytes) {
  const std::string most = std::to_string(most_bytes);
  return is_blob(value) + " OR CASE WHEN " + value + " IS NULL THEN 0 WHEN substr(" + value +
         ",1,1)<>'{' THEN " + bytes_of(value) + ">" + most + " WHEN NOT json_valid(" + value +
         ") THEN 1 ELSE (SELECT count(*)<>count(DISTINCT key) OR max(" + "type NOT IN ('text','null') OR " +
         bytes_of("value") + ">" + most + " OR " + language_tag_wrong("key") + ") FROM json_each(" + value +
         ")) END";
}

// A chain of comparisons: SQLite would build a small table for an IN list at every firing.
std::string code_wrong(const Field& field, const std::string& value) {
  std::string out = "CASE " + value;
  for (const CodeItem& item : field.codes)
    if (!item.retired) out += " WHEN " + quoted(item.code) + " THEN 0";
  return out + " ELSE " + value + " IS NOT NULL END";
}

std::string code_list(const Field& field) {
  std::string out;
  for (const CodeItem& item : field.codes)
    if (!item.retired) out += (out.empty() ? "" : ", ") + item.code;
  return out;
}

std::string reference_wrong(const std::string& value) {
  const std::string hash = "instr(" + value + ",'#')";
  const std::string slash = "instr(" + value + ",'/')";
  const std::string most = std::to_string(limits::kIdBytes);
  return is_blob(value) + " OR instr(" + value + ",char(0)) OR CASE WHEN " + hash + "=0 THEN " +
         bytes_of(value) + " NOT BETWEEN 1 AND " + most + " ELSE " +
         bytes_of("substr(" + value + "," + hash + "+1)") + " NOT BETWEEN 1 AND " + most +
         " OR instr(substr(" + value + "," + hash + "+1),'#') OR NOT(" + value + " GLOB 'network#*' OR " +
         value + " GLOB 'public#*' OR ((" + value + " GLOB 'association/*' OR " + value +
         " GLOB 'section/*' OR " + value + " GLOB 'committee/*') AND substr(" + value + ",1," + hash +
         "-1) NOT GLOB '*/*[^a-z0-9-]*' AND " + hash + "-" + slash + " BETWEEN 2 AND 33)) END";
}

// A modifier makes date() compute: alone it gives 30 February back. What is no day in that very form differs.
std::string is_other_day(const std::string& value) { return "date(" + value + ",'+0 days') IS NOT " + value; }

std::string date_wrong(const std::string& value) { return value + " IS NOT NULL AND " + is_other_day(value); }

std::string time_wrong(const std::string& value) {
  const std::string day = "substr(" + value + ",1,10)";
  return value + " IS NOT NULL AND (" + is_blob(value) + " OR " + is_other_day(day) + " OR substr(" + value +
         ",11) NOT GLOB 'T[0-2][0-9]:[0-5][0-9]*' OR substr(" + value + ",12,2)>'23' OR (" + value +
         " NOT GLOB '*Z' AND " + value + " NOT GLOB '*[+-][0-9][0-9]:[0-9][0-9]') OR " + value +
         " GLOB '*[^0-9TZ:.+-]*' OR julianday(" + value + ") IS NULL)";
}

/// -?D+(.D{1,7})? of at most `most`.
std::string coordinate_wrong(const std::string& part, int most) {
  const std::string digits = "ltrim(" + part + ",'-')";
  const std::string point = "instr(" + part + ",'.')";
  return part + " NOT GLOB '*[0-9]' OR " + digits + " NOT GLOB '[0-9]*' OR " + digits +
         " GLOB '*[^0-9.]*' OR " + part + " GLOB '--*' OR " + part + " GLOB '*.*.*' OR length(" + part +
         ")>12 OR (" + point + ">0 AND length(" + part + ")-" + point + ">7) OR abs(CAST(" + part +
         " AS REAL))>" + std::to_string(most);
}

std::string point_wrong(const std::string& value) {
  const std::string comma = "instr(" + value + ",',')";
  return value + " IS NOT NULL AND (" + is_blob(value) + " OR " + comma + "=0 OR " +
         coordinate_wrong("substr(" + value + ",1," + comma + "-1)", 90) + " OR " +
         coordinate_wrong("substr(" + value + "," + comma + "+1)", 180) + ")";
}

std::string range_wrong(const Field& field, const std::string& value) {
  std::string out;
  if (field.least) out += " OR " + value + "<" + std::to_string(*field.least);
  if (field.most) out += " OR " + value + ">" + std::to_string(*field.most);
  return out;
}

std::string range_words(const Field& field) {
  if (field.least && field.most)
    return " between " + std::to_string(*field.least) + " and " + std::to_string(*field.most);
  if (field.least) return " of at least " + std::to_string(*field.least);
  if (field.most) return " of at most " + std::to_string(*field.most);
  return {};
}

std::string integer_wrong(const Field& field, const std::string& value) {
  return value + " IS NOT CAST(" + value + " AS INTEGER)" + range_wrong(field, value);
}

// A REAL stands for its 15 significant digits (Value::decimal), so it may be neither too large nor too small.
std::string number_wrong(const Field& field, const std::string& value) {
  return "CASE typeof(" + value + ") WHEN 'integer' THEN 0 WHEN 'null' THEN 0 WHEN 'real' THEN abs(" + value +
         ") NOT BETWEEN 1e-15 AND 999999999999999.9 AND " + value + "<>0 ELSE 1 END" +
         range_wrong(field, value);
}

std::string file_name_wrong(const std::string& name) {
  const std::string stem = "upper(substr(" + name + ",1,instr(" + name + "||'.','.')-1))";
  return bytes_of(name) + " NOT BETWEEN 1 AND " + std::to_string(kFileNameBytes) + " OR instr(" + name +
         ",char(0)) OR " + name +
         " GLOB '*['||char(1)||'-'||char(31)||'\"*/:<>?|'||char(92,127)||'-'||char(159)||" +
         "char(1564,8203,8206,8207,8232)||'-'||char(8238)||char(8294)||'-'||char(8297)||char(65279)||']*' "
         "OR " +
         name + " GLOB ' *' OR " + name + " GLOB '*[ .]' OR rtrim(" + stem +
         ") IN ('CON','PRN','AUX','NUL') OR rtrim(" + stem + ") GLOB 'COM[1-9]' OR rtrim(" + stem +
         ") GLOB 'LPT[1-9]'";
}

// Every key once and of its type; the rest of what a value must be is asked again when it is sealed.
std::string attachment_wrong(const std::string& value) {
  const std::string of_key =
      "CASE key WHEN 'name' THEN type<>'text' OR " + file_name_wrong("value") +
      " WHEN 'type' THEN type<>'text' OR value NOT GLOB '[a-z0-9]*/[a-z0-9]*' OR value "
      "GLOB '*[^a-z0-9!#$&^_.+/-]*' OR value GLOB '*/*/*' OR length(value)>" +
      std::to_string(kMediaTypeBytes) + " WHEN 'size' THEN type<>'integer' OR value NOT BETWEEN 0 AND " +
      std::to_string(kFileBytesMost) +
      " WHEN 'file' THEN type<>'text' OR length(value)<>64 OR value GLOB "
      "'*[^0-9a-f]*' ELSE 1 END";
  return is_blob(value) + " OR CASE WHEN " + value + " IS NULL THEN 0 WHEN NOT json_valid(" + value +
         ") THEN 1 WHEN json_type(" + value +
         ")<>'object' THEN 1 ELSE (SELECT count(*)<>4 OR count(DISTINCT key)<>4 OR max(" + of_key +
         ") FROM json_each(" + value + ")) END";
}

std::string currency_wrong(const std::string& currency) { return currency + " NOT GLOB '[A-Z][A-Z][A-Z]'"; }

Refusal money_refusal(const Field& field, std::string name, const std::string& value) {
  const std::string currency = value + "_currency";
  return {"(" + value + " IS NOT NULL OR " + currency + " IS NOT NULL) AND (" + value + " IS NULL OR " +
              currency + " IS NULL OR " + integer_wrong(field, value) + " OR " + currency_wrong(currency) +
              ")",
          name + ": must be whole minor units" + range_words(field) + ", with " + field.name +
              "_currency of three capital letters (ISO 4217); both or none"};
}

}  // namespace

Refusal value_refusal(const Field& field, std::string_view name_view, const std::string& value) {
  const std::string name(name_view);
  const std::string most = std::to_string(most_bytes_of(field));
  if (field.retired) return {value + " IS NOT NULL", name + ": this field is retired and takes no new value"};
  const auto refusal = [&](const std::string& wrong, const std::string& words) {
    return Refusal{wrong, name + ": must be " + words};
  };
  if (field.type == kAttachmentField) {
    return refusal(attachment_wrong(value),
                   "a JSON object of name (of a file, no path), type (such as application/pdf), size (bytes) "
                   "and file (64 hex digits), as wasl attach writes it");
  }
  switch (field.type) {
    case FieldType::text:
      return refusal(text_wrong(value, most_bytes_of(field)), "text of at most " + most + " bytes");
    case FieldType::multilingual:
      return refusal(
          multilingual_wrong(value, most_bytes_of(field)),
          "plain text, or a JSON object from language tags in lower case to texts; each text of at "
          "most " +
              most + " bytes");
    case FieldType::code:
      return refusal(code_wrong(field, value), "one of " + code_list(field));
    case FieldType::reference:
      return refusal(reference_wrong(value), "the id of a record of " + field.target + ", or SPACE#ID");
    case FieldType::money:
      return money_refusal(field, name, value);
    case FieldType::date:
      return refusal(date_wrong(value), "a date YYYY-MM-DD");
    case FieldType::time:
      return refusal(time_wrong(value),
                     "a time YYYY-MM-DDTHH:MM:SS followed by Z or an offset such as +01:00");
    case FieldType::point:
      return refusal(point_wrong(value),
                     "LATITUDE,LONGITUDE in degrees with at most seven decimals, such as 48.8566,2.3522");
    case FieldType::number:
      return refusal(number_wrong(field, value),
                     "a decimal number of at most 15 decimals" + range_words(field));
    case FieldType::integer:
      return refusal(integer_wrong(field, value), "a whole number" + range_words(field));
    case FieldType::flag:
      return refusal(value + " NOT IN (0,1)", "0 or 1");
  }
  return {"0", ""};
}

std::string is_record_space(const std::string& value) {
  return "(" + value + "='network' OR " + value + "='public' OR ((" + value + " GLOB 'association/?*' OR " +
         value + " GLOB 'section/?*' OR " + value + " GLOB 'committee/?*') AND " + value +
         " NOT GLOB '*/*[^a-z0-9-]*' AND length(" + value + ")-instr(" + value + ",'/')<=32))";
}

}  // namespace wasl::sql
