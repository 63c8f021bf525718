#pragma once
// A text as a QR code, for a terminal and as a picture. The only file that knows libqrencode and libpng.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"

namespace wasl {

struct QrCode {
  std::size_t width = 0;     ///< modules on a side, without the quiet zone
  std::vector<bool> dark{};  ///< row by row
  [[nodiscard]] bool is_dark(std::size_t x, std::size_t y) const {
    return x < width && y < width && dark[y * width + x];
  }
};

/// Errors: limit_exceeded (more than a code holds: some 2,300 bytes), storage_failed (memory).
Result<QrCode> make_qr(std::string_view text);
/// Two rows of modules a line, with the quiet zone that scanners want.
/// @param coloured black on white whatever the terminal's colours are; else blocks stand for what is light.
std::string in_half_blocks(const QrCode& code, bool coloured);
/// A new file, mode 0600: an invitation is as good as a password. Errors: conflict, storage_failed.
Status write_png(const QrCode& code, const std::filesystem::path& file);

}  // namespace wasl
