#pragma once
// What a store has answered, and what a person can do about it. Pure.
#include <string>

#include "server/contents/s3_client.hpp"

namespace wasl {

struct S3Answer {
  long status = 0;      ///< of HTTP; 0: there was no answer
  Bytes body;           ///< the object, or the store's words
  std::string failure;  ///< why there was none

  [[nodiscard]] bool is_done() const { return status >= 200 && status < 300; }
  /// The store's own word, such as NoSuchKey; empty: it says none.
  [[nodiscard]] std::string code() const;
  [[nodiscard]] bool is_missing_object() const { return status == 404 && code() == "NoSuchKey"; }
  [[nodiscard]] bool may_be_better_soon() const {
    return status == 0 || status == 429 || (status >= 500 && status != 501 && status != 507);
  }
};

/// @pre it is neither done nor a missing object.
Error error_of(const S3Answer& answer, const S3Place& place);

}  // namespace wasl
