#pragma once
// An invitation as a person passes it on (text or QR): where the hub is, which network it must be, and a key
// that enrols one device once.
#include <string>
#include <string_view>

#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {

struct Invitation {
  static constexpr Byte kVersion = 1;

  NetworkId network;
  std::uint64_t statement_number = 1;
  Hash statement;  ///< hash of the network statement in force when it was made
  PublicKey log_key;
  std::string url;  ///< of the hub
  std::string organisation;
  std::string role;
  Millis until = 0;   ///< usable before this time; 0: no end
  crypto::Seed seed;  ///< of the invitation's key
};

/// Of a device's key, to be compared by voice: 80 bits of its hash as five groups of four hex digits.
std::string fingerprint(const PublicKey& key);
/// As somebody typed it. @return without spaces and in lower case.
std::string plain_fingerprint(std::string_view typed);

/// "wasl:" and base64url, one line.
std::string encode(const Invitation& invitation);
/// White space around it is allowed. Errors: malformed (not one, or cut short), unsupported.
Result<Invitation> decode_invitation(std::string_view text);

}  // namespace wasl
