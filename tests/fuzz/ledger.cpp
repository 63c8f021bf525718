// What the ledger stores and sends as bytes: each of its decoders is given the same ones.
#include "shared/ledger/digest.hpp"
#include "shared/ledger/entry.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/merkle.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

template <class T>
void check(ByteView input) {
  if (const auto decoded = T::decode(input)) expect_same(decoded->encode(), input);
}

WASL_FUZZ(ledger) {
  check<ledger::Entry>(input);
  check<ledger::HeadsLeaf>(input);
  check<ledger::Bucket>(input);
  check<ledger::DigestTree>(input);
  check<ledger::Frontier>(input);
  if (const auto frontier = ledger::Frontier::decode(input)) {
    static_cast<void>(frontier->root());
    WASL_ASSERT(frontier->size() <= ledger::kTreeSizeMax);
  }
}

}  // namespace
}  // namespace wasl::fuzz
