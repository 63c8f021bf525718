#pragma once
// Expected outcomes. Programmer errors are WASL_ASSERT; exceptions stay inside third-party code.
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace wasl {

/// What the caller can do about it decides the code.
enum class Errc {
  invalid_value,   ///< the input breaks a rule named in the message: correct it
  not_found,       ///< no such thing here: check the name
  malformed,       ///< bytes that no honest program writes: drop them, name the sender
  bad_signature,   ///< a signature or a hash does not match: drop, keep as evidence
  unauthorised,    ///< the grant does not cover it: ask for the right
  conflict,        ///< somebody was first (invitation used, id taken): look again
  no_link,         ///< nobody answers or the link broke: try later, nothing is lost
  caught,          ///< the hub shows a history that contradicts what it signed before
  wrong_network,   ///< keys of another network
  later,           ///< the peer asks to wait: the same bytes again after a while
  locked,          ///< another process holds it: try again
  storage_failed,  ///< the disk refused (full, read-only, I/O): free it, run again
  corrupt,         ///< stored bytes do not prove themselves: rebuild from history
  limit_exceeded,  ///< too large or too many: split it
  unsupported,     ///< a newer version wrote this: update the program
};
std::string_view to_word(Errc code);
/// The code of a word that a peer sent; no_link for one that this version does not know.
Errc errc_of(std::string_view word);

struct Error {
  Errc code;
  std::string message;  ///< what failed and why, in words
  std::string hint;     ///< what the person can do now; may be empty
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};
using Status = Result<void>;

inline tl::unexpected<Error> fail(Errc code, std::string message, std::string hint = {}) {
  return tl::unexpected(Error{code, std::move(message), std::move(hint)});
}

[[noreturn]] void assertion_failed(const char* what, const char* file, int line);

}  // namespace wasl

/// A broken invariant of our own: stopping beats corrupting, so it stays on in release builds.
#define WASL_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::wasl::assertion_failed(#condition, __FILE__, __LINE__))

/// Returns the error of a Status or Result to the caller.
#define WASL_TRY(expression)                                 \
  do {                                                       \
    if (auto wasl_status = (expression); !wasl_status)       \
      return tl::unexpected(std::move(wasl_status).error()); \
  } while (false)

#define WASL_CONCAT_(a, b) a##b
#define WASL_CONCAT(a, b) WASL_CONCAT_(a, b)
/// WASL_LET(auto name, expression): binds the value or returns the error.
#define WASL_LET(declaration, expression)                                          \
  auto WASL_CONCAT(wasl_result_, __LINE__) = (expression);                         \
  if (!WASL_CONCAT(wasl_result_, __LINE__))                                        \
    return tl::unexpected(std::move(WASL_CONCAT(wasl_result_, __LINE__)).error()); \
  declaration = std::move(*WASL_CONCAT(wasl_result_, __LINE__))
