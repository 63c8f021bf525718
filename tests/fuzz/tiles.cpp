// Paths below /log/: text from strangers.
#include "shared/ledger/tiles.hpp"

#include "shared/base/result.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(tiles) {
  const std::string_view text = text_view(input);
  const auto tile = ledger::parse_tile_path(text);
  if (!tile) return;
  expect_same(ledger::tile_path(*tile), text);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{70'000}, std::uint64_t{INT64_MAX}})
    WASL_ASSERT(ledger::width_at(*tile, size) <= ledger::kTileWidth);
}

}  // namespace
}  // namespace wasl::fuzz
