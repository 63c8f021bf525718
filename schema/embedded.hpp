#pragma once
// The register descriptions that this program was built with. Generated from schema/registers/*.json.
#include <map>
#include <string>

namespace wasl {

/// File name ("project.json") → its text. Thread: immutable, from any thread.
const std::map<std::string, std::string>& embedded_descriptions();

}  // namespace wasl
