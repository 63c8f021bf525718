#include "tests/sim/world/versions.hpp"

#include <nlohmann/json.hpp>

#include "schema/embedded.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::sim {
namespace {

using nlohmann::json;

Schema load(const std::map<std::string, json>& files) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, document] : files) texts[name] = document.dump();
  return test::must(Schema::load(texts));
}

std::map<std::string, json> built_in() {
  std::map<std::string, json> files;
  for (const auto& [name, text] : embedded_descriptions()) files[std::string(name)] = json::parse(text);
  return files;
}

}  // namespace

const Schema& schema_behind() {
  static const Schema schema = [] {
    auto files = built_in();
    std::erase_if(files, [](const auto& file) { return file.second["name"] == "achievement"; });
    for (auto& [name, document] : files) {
      if (document["name"] == "theme") document["fields"].erase(document["fields"].size() - 1);
    }
    return load(files);
  }();
  return schema;
}

const Schema& schema_ahead() {
  static const Schema schema = [] {
    auto files = built_in();
    json novelty;
    for (auto& [name, document] : files) {
      if (document["name"] != "theme") continue;
      json field = document["fields"][1];  // a text under review
      field["number"] = 100;
      field["name"] = "motto";
      document["fields"].push_back(field);
      novelty = document;
    }
    novelty["number"] = 100;
    novelty["name"] = "novelty";
    files["novelty.json"] = novelty;
    return load(files);
  }();
  return schema;
}

}  // namespace wasl::sim
