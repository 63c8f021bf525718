#pragma once
// How long a certificate is valid: of a file, and of what a port shows now. For looking only: nobody is
// believed by it.
#include <chrono>
#include <filesystem>

#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"
#include "shared/net/connect.hpp"

namespace wasl {

/// The first certificate of a PEM file. Errors: not_found, invalid_value.
Result<Millis> certificate_end(const std::filesystem::path& file);
/// Connects, shakes hands and hangs up. Blocks the calling thread: never on the Loop. @pre url.tls.
/// Errors: no_link (nobody answers, or not with TLS 1.3).
Result<Millis> shown_certificate_end(const LinkUrl& url, std::chrono::milliseconds timeout);
/// Whether somebody takes a TCP connection there. Blocks as above. Errors: no_link.
Status port_answers(const LinkUrl& url, std::chrono::milliseconds timeout);

}  // namespace wasl
