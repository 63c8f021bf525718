// QR codes: the shape that scanners look for. That they are read is shown by tests/system/proof_test.py.
#include "server/app/qr.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace wasl {
namespace {

TEST(QrCode, HasItsThreeFinders) {
  const QrCode code = *make_qr("wasl:" + std::string(400, 'x'));
  ASSERT_GE(code.width, 21U);
  const auto is_finder = [&](std::size_t left, std::size_t top) {
    for (std::size_t i = 0; i < 7; ++i) {
      if (!code.is_dark(left + i, top) || !code.is_dark(left + i, top + 6) || !code.is_dark(left, top + i) ||
          !code.is_dark(left + 6, top + i))
        return false;
    }
    return code.is_dark(left + 3, top + 3) && !code.is_dark(left + 1, top + 1);
  };
  EXPECT_TRUE(is_finder(0, 0));
  EXPECT_TRUE(is_finder(code.width - 7, 0));
  EXPECT_TRUE(is_finder(0, code.width - 7));
}

TEST(QrCode, TakesWhatFits) {
  EXPECT_TRUE(make_qr(std::string(2300, 'x')).has_value());
  EXPECT_EQ(make_qr(std::string(2301, 'x')).error().code, Errc::limit_exceeded);
  EXPECT_EQ(make_qr("").error().code, Errc::limit_exceeded);
}

TEST(QrCode, InATerminalHasAQuietZoneAndEqualLines) {
  const QrCode code = *make_qr("wasl:x");
  std::istringstream lines(in_half_blocks(code, false));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto characters =
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_EQ(static_cast<std::size_t>(characters), code.width + 8);
    EXPECT_TRUE(line.starts_with("████"));
  }
  EXPECT_EQ(count, (code.width + 8 + 1) / 2);
}

}  // namespace
}  // namespace wasl
