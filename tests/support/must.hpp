#pragma once
// The value, or a failed test with the error's words.
#include <stdexcept>

#include "shared/base/result.hpp"

namespace wasl::test {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message + " / " + result.error().hint);
  return std::move(*result);
}
inline void must(Status status) {
  if (!status) throw std::runtime_error(status.error().message + " / " + status.error().hint);
}

}  // namespace wasl::test
