#pragma once
namespace wasl {

/// In the office's folder: secrets of the last TLS link. A wipe takes it too.
constexpr const char* kLinkFile = "link.memory";

}  // namespace wasl
