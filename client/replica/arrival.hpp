#pragma once
// What became of a frame that came in a bundle.
#include <string>

#include "shared/model/ids.hpp"

namespace wasl {

struct Arrival {
  enum class What {
    taken,
    known,     ///< it was here before, or something newer
    gap,       ///< entries before it are missing: nothing is lost, it is asked for again
    not_ours,  ///< of a space that this office does not read, or for another device
    altered,   ///< it does not prove itself: whoever carried it, or a bad medium, changed it
    kept,      ///< another's work without an entry: offered to the hub with the own
  };
  What what = What::taken;
  std::string space{};
  Position first = 0;  ///< of its entries
  Position last = 0;
  Position held = 0;  ///< entries of the space that are here; of a gap, behind what is missing
  std::uint64_t sets = 0;
  std::string words{};
};

}  // namespace wasl
