// Two signed checkpoints: one history, or the proof of a lie.
#include "shared/ledger/comparing.hpp"

#include <gtest/gtest.h>

#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

struct Log {
  std::vector<Hash> leaves;
  explicit Log(std::size_t size, std::size_t forged = SIZE_MAX) {
    for (std::size_t i = 0; i < size; ++i)
      leaves.push_back(leaf_hash(to_bytes((i == forged ? "other " : "leaf ") + std::to_string(i))));
  }
  [[nodiscard]] Checkpoint at(std::size_t size) const {
    Frontier tree;
    for (std::size_t i = 0; i < size; ++i) tree.append(leaves[i]);
    return {"log", size, tree.root()};
  }
  [[nodiscard]] TileAt tiles() const {
    return [this](const Tile& tile) -> Result<std::optional<Bytes>> {
      Bytes bytes;
      for (std::uint64_t i = tile.first(); i < leaves.size() && i < tile.first() + kTileWidth; ++i)
        append(bytes, leaves[i].view());
      if (bytes.empty()) return std::optional<Bytes>();
      return std::optional(std::move(bytes));
    };
  }
};

TEST(Compare, EqualSizesNeedNothingElse) {
  const Log one(300), other(300, 7);
  EXPECT_EQ(*compare(one.at(300), one.at(300), {}), Comparison::one_history);
  EXPECT_EQ(*compare(one.at(300), other.at(300), {}), Comparison::two_histories);
  EXPECT_EQ(*compare(one.at(7), other.at(7), {}), Comparison::one_history);
}

TEST(Compare, OtherSizesNeedTheLog) {
  const Log one(700), other(700, 7);
  EXPECT_EQ(*compare(one.at(300), one.at(700), {}), Comparison::unknown);
  for (const std::size_t size : {1U, 7U, 8U, 255U, 256U, 257U, 512U, 699U}) {
    EXPECT_EQ(*compare(one.at(size), one.at(700), one.tiles()), Comparison::one_history) << size;
    EXPECT_EQ(*compare(one.at(700), one.at(size), one.tiles()), Comparison::one_history) << size;
    EXPECT_EQ(*compare(other.at(size), one.at(700), one.tiles()),
              size <= 7 ? Comparison::one_history : Comparison::two_histories)
        << size;
  }
}

TEST(Compare, ACopyOfAnotherLogProvesNothing) {
  const Log one(700), other(700, 7), shorter(400);
  EXPECT_EQ(compare(one.at(300), one.at(700), other.tiles()).error().code, Errc::invalid_value);
  EXPECT_EQ(compare(one.at(300), one.at(700), shorter.tiles()).error().code, Errc::invalid_value);
}

}  // namespace
}  // namespace wasl::ledger
