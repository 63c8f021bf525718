#include "shared/model/description_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/model/attachment.hpp"

namespace wasl {
namespace {

using nlohmann::json;

template <class T>
struct Word {
  std::string_view word;
  T meaning;
};

constexpr Word<FieldType> kTypes[] = {
    {"text", FieldType::text},     {"multilingual", FieldType::multilingual},
    {"code", FieldType::code},     {"reference", FieldType::reference},
    {"money", FieldType::money},   {"date", FieldType::date},
    {"time", FieldType::time},     {"point", FieldType::point},
    {"number", FieldType::number}, {"integer", FieldType::integer},
    {"flag", FieldType::flag},     {"attachment", kAttachmentField},
};
constexpr Word<Policy> kPolicies[] = {
    {"latest", Policy::latest}, {"review", Policy::review}, {"authority", Policy::authority},
    {"set", Policy::set},       {"ledger", Policy::ledger}, {"set_removal", Policy::set_removal},
};
constexpr std::string_view kSpaces[] = {"own", "section", "network", "public"};
constexpr std::string_view kSearches[] = {"title", "text"};

/// One JSON object of a description. It remembers the first thing that is wrong; after it, reads yield
/// empty values, so that a whole object is read and asked once.
class Object {
 public:
  Object(const json& content, std::string path, std::optional<Error>& error, const std::string& file)
      : content_(content), path_(std::move(path)), error_(error), file_(file) {
    if (!content_.is_object()) refuse("", "is not an object", "write { \"key\": value, … }");
  }

  std::string text(const char* key, bool required = true) {
    const json* found = get(key, required);
    if (found == nullptr) return {};
    if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
      refuse(key, "is not a text", "write a text that is not empty, in quotes");
      return {};
    }
    return found->get<std::string>();
  }

  std::optional<std::int64_t> integer(const char* key, bool required = false) {
    const json* found = get(key, required);
    if (found == nullptr) return std::nullopt;
    const bool fits = found->is_number_integer() &&
                      (!found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX);
    if (fits) return found->get<std::int64_t>();
    refuse(key, "is not a whole number", "write a whole number without quotes");
    return std::nullopt;
  }

  std::int64_t integer_between(const char* key, bool required, std::int64_t least, std::int64_t most) {
    const auto n = integer(key, required);
    if (!n) return 0;
    if (*n < least || *n > most)
      refuse(key, "is out of range",
             "write a number from " + std::to_string(least) + " to " + std::to_string(most));
    return *n;
  }

  bool flag(const char* key) {
    const json* found = get(key, false);
    if (found == nullptr) return false;
    if (found->is_boolean()) return found->get<bool>();
    refuse(key, "is neither true nor false", "write true, or leave the key out");
    return false;
  }

  template <class T, std::size_t N>
  T word(const char* key, const Word<T> (&words)[N]) {
    const std::string given = text(key);
    std::string known;
    for (const auto& [word, meaning] : words) {
      if (word == given) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    if (!given.empty()) refuse(key, "'" + given + "' is unknown", "write one of " + known);
    return {};
  }

  template <std::size_t N>
  std::string one_of(const char* key, const std::string_view (&words)[N], bool required) {
    const std::string given = text(key, required);
    std::string known;
    for (const std::string_view word : words) known += (known.empty() ? "" : ", ") + std::string(word);
    if (!given.empty() && std::find(std::begin(words), std::end(words), given) == std::end(words))
      refuse(key, "'" + given + "' is unknown", "write one of " + known);
    return given;
  }

  Labels labels() {
    Object in = object("labels");
    Labels out{in.text("ar"), in.text("en"), in.text("fr"), in.text("es"), in.text("pt")};
    in.finish();
    return out;
  }

  /// Calls `read` with each object of a list.
  template <class F>
  void list(const char* key, bool required, F read) {
    const json* found = get(key, required);
    if (found == nullptr) return;
    if (!found->is_array() || found->empty()) {
      refuse(key, "is not a list with something in it", "write [ … ], or leave an optional key out");
      return;
    }
    for (std::size_t i = 0; i < found->size(); ++i) {
      Object item((*found)[i], path_of(key) + '[' + std::to_string(i) + ']', error_, file_);
      if (error_) return;
      read(item);
      item.finish();
    }
  }

  void refuse(const std::string& key, const std::string& what, std::string hint) {
    if (!error_) error_ = refuse_description(file_, path_of(key), what, std::move(hint)).value();
  }

  /// To be called once everything known has been read: what is left is a mistake.
  void finish() {
    if (!content_.is_object()) return;
    for (const auto& item : content_.items())
      if (!used_.contains(item.key()))
        refuse(item.key(), "unknown key",
               "remove it, or correct its spelling (schema/README.md lists the keys)");
  }

  [[nodiscard]] bool has(const char* key) const { return content_.is_object() && content_.contains(key); }

 private:
  [[nodiscard]] std::string path_of(const std::string& key) const {
    if (key.empty()) return path_.empty() ? "(file)" : path_;
    return path_.empty() ? key : path_ + '.' + key;
  }

  const json* get(const char* key, bool required) {
    if (!content_.is_object()) return nullptr;
    used_.insert(key);
    const auto found = content_.find(key);
    if (found != content_.end()) return &*found;
    if (required) refuse(key, "is missing", "add it (schema/README.md says what it holds)");
    return nullptr;
  }

  Object object(const char* key) {
    static const json kEmpty = json::object();
    const json* found = get(key, true);
    return {found == nullptr ? kEmpty : *found, path_of(key), error_, file_};
  }

  const json& content_;
  std::string path_;
  std::optional<Error>& error_;
  const std::string& file_;
  std::set<std::string> used_;
};

bool is_code(std::string_view code) {
  return !code.empty() && code.size() <= 64 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

std::string read_name(Object& in) {
  std::string name = in.text("name");
  if (!name.empty() && !is_description_name(name))
    in.refuse(
        "name", "'" + name + "' cannot be a name in SQL",
        "write [a-z][a-z0-9_]*, at most 48 letters, no SQL keyword, not id, space, record, value or rowid");
  return name;
}

std::uint32_t read_number(Object& in) {
  return static_cast<std::uint32_t>(in.integer_between("number", true, 1, INT32_MAX));
}

CodeItem read_code(Object& in) {
  CodeItem out{in.text("code"), in.labels(), in.flag("retired")};
  if (!out.code.empty() && !is_code(out.code))
    in.refuse("code", "'" + out.code + "' cannot be a code", "write at most 64 of A-Z, a-z, 0-9, _, . and -");
  return out;
}

/// Keys that belong to some types only.
void check_keys_of_type(Object& in, FieldType type) {
  const bool has_size = type == FieldType::text || type == FieldType::multilingual;
  const bool has_range = type == FieldType::integer || type == FieldType::number || type == FieldType::money;
  const auto only = [&](const char* key, bool allowed, const char* types) {
    if (in.has(key) && !allowed)
      in.refuse(key, "does not belong to this type", std::string("remove it; only for ") + types);
  };
  only("codes", type == FieldType::code, "code");
  only("target", type == FieldType::reference, "reference");
  only("least", has_range, "integer, number and money");
  only("most", has_range, "integer, number and money");
  only("most_bytes", has_size, "text and multilingual");
  only("search", has_size, "text and multilingual");
}

Field read_field(Object& in) {
  Field out;
  out.number = read_number(in);
  out.name = read_name(in);
  out.type = in.word("type", kTypes);
  out.policy = in.word("policy", kPolicies);
  out.labels = in.labels();
  out.required = in.flag("required");
  out.personal = in.flag("personal");
  out.label = in.flag("label");
  out.retired = in.flag("retired");
  out.publication = in.flag("publication");
  check_keys_of_type(in, out.type);
  in.list("codes", out.type == FieldType::code, [&](Object& item) { out.codes.push_back(read_code(item)); });
  out.target = in.text("target", out.type == FieldType::reference);
  out.least = in.integer("least");
  out.most = in.integer("most");
  const std::size_t most_bytes = out.is_set() ? limits::kKeyBytes : limits::kValueBytes;
  out.most_bytes = static_cast<std::size_t>(
      in.integer_between("most_bytes", false, 1, static_cast<std::int64_t>(most_bytes)));
  out.search = in.one_of("search", kSearches, false);
  return out;
}

Register read_register(Object& in) {
  Register out;
  out.number = read_number(in);
  out.name = read_name(in);
  out.labels = in.labels();
  out.caption = in.text("caption");
  out.default_space = in.one_of("default_space", kSpaces, true);
  in.list("fields", true, [&](Object& item) { out.fields.push_back(read_field(item)); });
  in.list("rules", false, [&](Object& item) {
    out.rules.push_back({item.text("name"), item.text("before"), item.text("after"), item.labels()});
  });
  in.finish();
  std::stable_sort(out.fields.begin(), out.fields.end(),
                   [](const Field& a, const Field& b) { return a.number < b.number; });
  return out;
}

/// JSON whose objects name a key once: the parser alone would keep the last of two silently.
json parse(const std::string& text, std::string& twice) {
  std::vector<std::set<std::string>> open;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  };
  return json::parse(text, watch);
}

}  // namespace

Result<Register> read_description(const std::string& file, const std::string& text) {
  std::string twice;
  json content;
  try {
    content = parse(text, twice);
  } catch (const json::exception& problem) {
    return refuse_description(file, "(file)", std::string("is not JSON: ") + problem.what(),
                              "correct the text at the place named");
  }
  if (!twice.empty())
    return refuse_description(file, twice, "the key stands twice in one object", "remove one of the two");
  std::optional<Error> error;
  Object in(content, "", error, file);
  Register out = read_register(in);
  if (error) return tl::unexpected(*std::move(error));
  out.text = text;
  return out;
}

Result<std::uint32_t> number_of_description(const std::string& file, const std::string& text) {
  const json content = json::parse(text, nullptr, false);
  const auto number = content.is_object() ? content.find("number") : content.end();
  if (!content.is_object() || number == content.end() || !number->is_number_unsigned() || *number == 0u ||
      *number > UINT32_MAX) {
    return refuse_description(file, "number", "is no register's number", "name one from 1 on");
  }
  return number->get<std::uint32_t>();
}

}  // namespace wasl
