#include "shared/base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace wasl {

std::string_view to_word(Errc code) {
  switch (code) {
    case Errc::invalid_value:
      return "invalid_value";
    case Errc::not_found:
      return "not_found";
    case Errc::malformed:
      return "malformed";
    case Errc::bad_signature:
      return "bad_signature";
    case Errc::unauthorised:
      return "unauthorised";
    case Errc::conflict:
      return "conflict";
    case Errc::no_link:
      return "no_link";
    case Errc::caught:
      return "caught";
    case Errc::wrong_network:
      return "wrong_network";
    case Errc::later:
      return "later";
    case Errc::locked:
      return "locked";
    case Errc::storage_failed:
      return "storage_failed";
    case Errc::corrupt:
      return "corrupt";
    case Errc::limit_exceeded:
      return "limit_exceeded";
    case Errc::unsupported:
      return "unsupported";
  }
  return "unknown";
}

Errc errc_of(std::string_view word) {
  for (int code = 0; code <= static_cast<int>(Errc::unsupported); ++code) {
    if (to_word(static_cast<Errc>(code)) == word) return static_cast<Errc>(code);
  }
  return Errc::no_link;
}

void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "wasl: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace wasl
