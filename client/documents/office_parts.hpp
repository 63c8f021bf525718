#pragma once
// The parts of an Office Open XML archive by what is in them.
#include <string>
#include <string_view>
#include <vector>

#include "client/documents/zip_archive.hpp"

namespace wasl {

struct OfficeParts {
  Reading reading = Reading::whole;
  std::vector<std::string> names;  ///< by kind, then by number
};

/// Those whose content type ends in one of the kinds. Damaged: none is of the first kind.
OfficeParts find_parts(ZipArchive& archive, const std::vector<std::string_view>& kinds);

}  // namespace wasl
