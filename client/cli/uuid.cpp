#include "client/cli/uuid.hpp"

#include <array>

namespace wasl::cli {

std::string make_uuid(Clock& clock, Random& random) {
  std::array<Byte, 16> bytes{};
  random.fill(bytes);
  const auto time = static_cast<std::uint64_t>(clock.now());
  for (unsigned i = 0; i < 6; ++i) bytes[i] = static_cast<Byte>(time >> (40 - 8 * i));
  bytes[6] = static_cast<Byte>(0x70 | (bytes[6] & 0x0f));
  bytes[8] = static_cast<Byte>(0x80 | (bytes[8] & 0x3f));
  std::string out = to_hex(bytes);
  for (const std::size_t dash : {std::size_t{8}, std::size_t{13}, std::size_t{18}, std::size_t{23}})
    out.insert(dash, 1, '-');
  return out;
}

}  // namespace wasl::cli
