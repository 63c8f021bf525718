#include "shared/net/wire.hpp"

namespace wasl {

void Wire::handshake(std::function<void(bool)> done) {
  run([](TlsEnd& tls) { return tls.handshake(); },
      [done = std::move(done)](error_code error, std::size_t) { done(!error); });
}

}  // namespace wasl
