#pragma once
// Which network this machine is in, as far as its own addresses tell.
#include <string>

namespace wasl {

/// The same as long as the machine's addresses are (of IPv6 the first half, since the rest changes by
/// itself); empty: none, or it cannot be told. Not kept secret, not sent.
std::string network_mark();

}  // namespace wasl
