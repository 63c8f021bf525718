#pragma once
// What an office reads when the hub does not open a session.
#include "shared/base/result.hpp"
#include "shared/net/listener.hpp"

namespace wasl {

/// {"error":{"code","message","hint"}} with the HTTP status that fits.
RefuseLink refusal(const Error& error);

}  // namespace wasl
