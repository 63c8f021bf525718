// libFuzzer's two doors, before the one target of this program.
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) { return wasl::crypto::start() ? 0 : 1; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasl::fuzz::targets().begin()->second({data, size});
  return 0;
}
