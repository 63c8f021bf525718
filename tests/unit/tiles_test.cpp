// Paths and widths of c2sp.org/tlog-tiles.
#include "shared/ledger/tiles.hpp"

#include <gtest/gtest.h>

namespace wasl::ledger {
namespace {

TEST(TilePath, HasOneSpelling) {
  EXPECT_EQ(parse_tile_path("tile/0/x001/x234/067"), (Tile{.index = 1234067}));
  EXPECT_EQ(parse_tile_path("tile/63/000"), (Tile{.level = 63}));
  EXPECT_EQ(parse_tile_path("tile/entries/x001/000.p/255"),
            (Tile{.entries = true, .index = 1000, .width = 255}));
  for (const char* other : {"",
                            "tile",
                            "tile/",
                            "tile/0",
                            "tile/0/",
                            "tile/0/0",
                            "tile/0/00",
                            "tile/0/0000",
                            "tile/00/000",
                            "tile/01/000",
                            "tile/64/000",
                            "tile/-1/000",
                            "tile/+1/000",
                            "tile/0/x000/001",
                            "tile/0/001/001",
                            "tile/0/x001",
                            "tile/0/x001/",
                            "tile/0/001/",
                            "tile/0/000.p/0",
                            "tile/0/000.p/256",
                            "tile/0/000.p/01",
                            "tile/0/000.p/",
                            "tile/0/000.p",
                            "tile/0/000.p/1/",
                            "tile/0/000.p/1.p/1",
                            "tile/0/000?",
                            "/tile/0/000",
                            "tile/entries/",
                            "tile/entries/0/000",
                            "tile/entries/000.p/300",
                            "tile/0/x1/000",
                            "tile/0/x999/x999/x999/x999/x999/x999/x999/999"})
    EXPECT_EQ(parse_tile_path(other), std::nullopt) << other;
}

TEST(TilePath, ComesBackAsItWent) {
  for (const std::uint64_t index : {0ULL, 1ULL, 999ULL, 1000ULL, 1234067ULL, 36028797018963967ULL}) {
    for (const unsigned width : {1U, 255U, kTileWidth}) {
      const Tile hashes{false, 7, index, width};
      const Tile entries{true, 0, index, width};
      EXPECT_EQ(parse_tile_path(tile_path(hashes)), hashes);
      EXPECT_EQ(parse_tile_path(tile_path(entries)), entries);
    }
  }
}

TEST(TileWidth, IsThatOfTheStandardsExample) {  // a tree of 70,000
  EXPECT_EQ(width_at({.level = 0, .index = 272}, 70'000), 256U);
  EXPECT_EQ(width_at({.level = 0, .index = 273}, 70'000), 112U);
  EXPECT_EQ(width_at({.level = 0, .index = 274}, 70'000), 0U);
  EXPECT_EQ(width_at({.level = 1, .index = 0}, 70'000), 256U);
  EXPECT_EQ(width_at({.level = 1, .index = 1}, 70'000), 17U);
  EXPECT_EQ(width_at({.level = 2, .index = 0}, 70'000), 1U);
  EXPECT_EQ(width_at({.level = 3, .index = 0}, 70'000), 0U);
  EXPECT_EQ(width_at({.level = 63, .index = 0}, UINT64_MAX / 2), 0U);
}

}  // namespace
}  // namespace wasl::ledger
