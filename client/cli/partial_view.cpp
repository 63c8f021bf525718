#include "client/cli/partial_view.hpp"

#include <nlohmann/json.hpp>

#include "client/cli/words.hpp"

namespace wasl::cli {

nlohmann::ordered_json partial_json(const SpaceStatus::Partial& partial) {
  return {{"pieces", partial.pieces},
          {"here", partial.here},
          {"bytes_to_come", partial.bytes},
          {"older_shown", partial.older}};
}

std::string partial_words(const SpaceStatus::Partial& partial) {
  if (partial.pieces == 0) return "not all of it is here yet; sync to go on";
  return std::string(partial.older ? "an older state is shown" : "not shown yet") + ": " +
         std::to_string(partial.here) + " of " + counted(partial.pieces, "piece") +
         " of its snapshot are here, " + std::to_string(partial.bytes) + " bytes are to come; sync to go on";
}

Status tell_partial(Replica& replica, const std::optional<std::string>& space, nlohmann::ordered_json& out,
                    std::string& words) {
  WASL_LET(const auto partial, replica.partial_spaces());
  for (const auto& [name, one] : partial) {
    if (space && *space != name) continue;
    out["partial"][name] = partial_json(one);
    words += "\nNote: " + name + ": " + partial_words(one);
  }
  return {};
}

}  // namespace wasl::cli
