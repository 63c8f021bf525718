#include "tests/fuzz/small_schema.hpp"

namespace wasl::fuzz {
namespace {

/// {"name": …} with the words that every description must have.
std::string labelled(const std::string& name, const std::string& rest) {
  return R"({"name": ")" + name +
         R"(", "labels": {"ar": "x", "en": "x", "fr": "x", "es": "x", "pt": "x"}, )" + rest + "}";
}

std::string field(int number, const std::string& name, const std::string& type, const std::string& policy,
                  const std::string& more = {}) {
  return labelled(name, R"("number": )" + std::to_string(number) + R"(, "type": ")" + type +
                            R"(", "policy": ")" + policy + '"' + more);
}

std::string code(const std::string& name) {
  return R"({"code": ")" + name + R"(", "labels": {"ar": "x", "en": "x", "fr": "x", "es": "x", "pt": "x"}})";
}

std::string thing() {
  const std::string codes = R"(, "codes": [)" + code("a") + ", " + code("b") + "]";
  const std::string fields =
      field(1, "name", "text", "latest", R"(, "required": true)") + ", " +
      field(2, "title", "multilingual", "review") + ", " + field(3, "kind", "code", "latest", codes) + ", " +
      field(4, "parent", "reference", "latest", R"(, "target": "thing")") + ", " +
      field(5, "budget", "money", "review") + ", " + field(6, "starts", "date", "latest") + ", " +
      field(7, "seen", "time", "latest") + ", " + field(8, "place", "point", "latest") + ", " +
      field(9, "share", "number", "latest") + ", " + field(10, "count", "integer", "latest") + ", " +
      field(11, "open", "flag", "latest") + ", " +
      field(12, "phone", "text", "latest", R"(, "personal": true)") + ", " +
      field(13, "tag", "code", "set", codes) + ", " +
      field(14, "part", "reference", "set", R"(, "target": "thing")");
  return labelled("thing",
                  R"("number": 1, "caption": "name", "default_space": "own", "fields": [)" + fields + "]");
}

std::string line() {
  const std::string fields =
      field(1, "amount", "money", "ledger") + ", " + field(2, "note", "text", "ledger");
  return labelled(
      "line", R"("number": 2, "caption": "note", "default_space": "network", "fields": [)" + fields + "]");
}

}  // namespace

const Schema& small_schema() {
  static const Schema schema = [] {
    auto loaded = Schema::load({{"thing.json", thing()}, {"line.json", line()}});
    if (!loaded) assertion_failed(loaded.error().message.c_str(), __FILE__, __LINE__);
    return std::move(*loaded);
  }();
  return schema;
}

}  // namespace wasl::fuzz
