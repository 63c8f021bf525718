#pragma once
// One name for a session that both ends know without telling it: what joins the logs of office and hub.
#include <string>

#include "shared/base/bytes.hpp"

namespace wasl {

/// @param hello its hash, as hello_hash() says. @return eight hex digits.
inline std::string session_id(const Hash& hello) { return to_hex(hello.view()).substr(0, 8); }

}  // namespace wasl
