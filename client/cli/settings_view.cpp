// wasl config
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "shared/settings/settings.hpp"

namespace wasl::cli {

Result<Answer> show_settings(const Settings& settings) {
  nlohmann::ordered_json out;
  out["settings"] = nlohmann::ordered_json::array();
  for (const Settings::Line& line : settings.lines()) {
    out["settings"].push_back({{"name", line.setting->name},
                               {"value", line.value},
                               {"from", to_word(line.origin)},
                               {"default", line.setting->fallback},
                               {"unit", line.setting->unit},
                               {"explanation", line.setting->explanation},
                               {"option", line.setting->option},
                               {"variable", line.variable}});
  }
  std::string words = settings.print();
  words.pop_back();  // its last end of line is the printer's
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
