#pragma once
// What an office reads when the hub does not open a session.
#include "shared/base/result.hpp"
#include "shared/net/listener.hpp"

namespace wasl {

/// {"error":{"code","message","hint"}} with the HTTP status that fits. @param behind_proxy adds
/// "binding":"certificate": what a hello must be bound to where a proxy ends TLS.
RefuseLink refusal(const Error& error, bool behind_proxy);

}  // namespace wasl
