#pragma once
// What a hub said when it did not upgrade, as an Error. Pure.
#include "shared/base/result.hpp"
#include "shared/net/connect.hpp"

namespace wasl {

/// A hub answers {"error":{"code","message","hint"}}; anything else is a link that did not come about.
Error error_of(const NoChannel& refused);
/// Else somebody between answered.
bool is_answer_of_hub(const NoChannel& refused);
/// The hub stands behind a proxy that ends TLS: {"binding":"certificate"} beside the error.
bool asks_for_certificate(const NoChannel& refused);

}  // namespace wasl
