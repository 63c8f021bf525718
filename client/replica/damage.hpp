#pragma once
// What is said of a file that no longer says what signed history says.
#include <string>

#include "shared/base/result.hpp"

namespace wasl {

inline tl::unexpected<Error> damaged_here(const std::string& what) {
  return fail(Errc::corrupt, "replica.db is damaged: " + what,
              "start wasl daemon: it puts the file aside and fetches all again; what was not sent is in "
              "outbox.log");
}

}  // namespace wasl
