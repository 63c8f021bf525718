#include "shared/net/refused.hpp"

#include <nlohmann/json.hpp>

namespace wasl {
namespace {

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Error error_of(const NoChannel& refused) {
  const auto document = nlohmann::json::parse(refused.body, nullptr, false);
  if (document.is_object() && document.contains("error") && document["error"].is_object()) {
    const auto& said = document["error"];
    return {errc_of(text_of(said, "code")), text_of(said, "message"), text_of(said, "hint")};
  }
  return refused.error;
}

bool is_answer_of_hub(const NoChannel& refused) {
  const auto document = nlohmann::json::parse(refused.body, nullptr, false);
  if (!document.is_object() || !document.contains("error") || !document["error"].is_object()) return false;
  const auto& said = document["error"];
  return !text_of(said, "code").empty() && !text_of(said, "message").empty();
}

bool asks_for_certificate(const NoChannel& refused) {
  const auto document = nlohmann::json::parse(refused.body, nullptr, false);
  return document.is_object() && text_of(document, "binding") == "certificate";
}

}  // namespace wasl
