#include "tests/sim/world/versions.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "schema/embedded.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::sim {
namespace {

using nlohmann::json;
using Registers = std::map<std::string, json>;

/// What every network has, and whose last field an office behind does not know.
constexpr std::string_view kEverywhere = "theme";
/// No other register refers to these: an office behind lacks the first of them that is there.
constexpr std::array<std::string_view, 4> kLeaves = {"achievement", "ledger_entry", "opportunity",
                                                     "project_party"};

Registers built_in() {
  Registers all;
  for (const auto& [name, text] : embedded_descriptions()) {
    const json document = json::parse(text);
    all[document["name"]] = document;
  }
  return all;
}

/// References to what is left out lead to a register that is there.
Registers some_of(const Registers& all, test::Dice& dice, const std::vector<std::string>& needed) {
  std::vector<std::string> names{std::string(kEverywhere), std::string(kLeaves[dice.below(kLeaves.size())])};
  while (names.size() < 4) {
    const auto any = std::next(all.begin(), static_cast<std::ptrdiff_t>(dice.below(all.size())));
    if (std::ranges::find(names, any->first) == names.end()) names.push_back(any->first);
  }
  for (const std::string& name : needed) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  Registers some;
  for (const std::string& name : names) some[name] = all.at(name);
  for (auto& [name, document] : some) {
    for (json& field : document["fields"]) {
      if (field.contains("target") && !some.contains(field["target"])) field["target"] = kEverywhere;
    }
  }
  return some;
}

Schema load(const Registers& registers) {
  std::map<std::string, std::string> files;
  for (const auto& [name, document] : registers) files[name + ".json"] = document.dump();
  return test::must(Schema::load(files));
}

Schema behind(Registers registers) {
  registers.erase(std::string(*std::ranges::find_if(
      kLeaves, [&](std::string_view leaf) { return registers.contains(std::string(leaf)); })));
  json& fields = registers.at(std::string(kEverywhere))["fields"];
  fields.erase(fields.size() - 1);
  return load(registers);
}

Schema ahead(Registers registers) {
  json& known = registers.at(std::string(kEverywhere));
  json field = known["fields"][1];  // a text under review
  field["number"] = 100;
  field["name"] = "motto";
  known["fields"].push_back(field);
  json novelty = known;
  novelty["number"] = 100;
  novelty["name"] = "novelty";
  registers["novelty"] = novelty;
  return load(registers);
}

}  // namespace

Versions any_versions(test::Dice& dice, const std::vector<std::string>& needed) {
  const Registers all = built_in();
  const Registers registers = dice.chance(0.1) ? all : some_of(all, dice, needed);
  return {load(registers), behind(registers), ahead(registers)};
}

}  // namespace wasl::sim
