#pragma once
// The register descriptions and roles that this program was built with. Generated from schema/.
#include <map>
#include <string>

namespace wasl {

/// File name ("project.json") → its text. Thread: immutable, from any thread.
const std::map<std::string, std::string>& embedded_descriptions();
/// The text of roles.json. Thread: immutable, from any thread.
const std::string& embedded_roles();

}  // namespace wasl
