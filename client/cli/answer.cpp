#include "client/cli/answer.hpp"

namespace wasl::cli {

int exit_code_of(Errc code) {
  switch (code) {
    case Errc::no_link:
    case Errc::later:
      return kNoLink;
    case Errc::caught:
      return kCaught;
    default:
      return kFailed;
  }
}

}  // namespace wasl::cli
