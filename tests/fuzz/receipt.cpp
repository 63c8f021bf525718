// Receipts from strangers, and cosigned notes: text that a person was handed.
#include "shared/receipt/receipt.hpp"

#include "shared/ledger/note.hpp"
#include "shared/receipt/checking.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(receipt) {
  const std::string_view text = text_view(input);
  const auto read = decode_receipt(text);
  if (!read) return;
  expect_same(encode(*read), text);
  for (const Hash& anchor : {Hash{}, Hash{read->network.bytes}}) {
    const auto checked = check_receipt(*read, anchor);
    WASL_ASSERT(checked || !checked.error().message.empty());
  }
}

}  // namespace
}  // namespace wasl::fuzz
