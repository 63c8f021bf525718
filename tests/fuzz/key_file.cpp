// Key files as they lie on sticks and disks. None is opened: what a passphrase costs stands in the file.
#include "shared/crypto/key_file.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(key_file) {
  const auto file = crypto::KeyFile::decode(text_view(input));
  if (!file) return;
  expect_same(file->encode(), text_view(input));
  if (file->is_sealed()) return;
  const auto key = file->open();
  WASL_ASSERT(!key || key->public_key() == file->public_key());
}

}  // namespace
}  // namespace wasl::fuzz
