#include "server/app/qr.hpp"

#include <fcntl.h>
#include <png.h>
#include <qrencode.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace wasl {
namespace {

constexpr int kQuiet = 4;                 // modules of white on each side, as ISO 18004 asks for
constexpr std::size_t kPixels = 8;        // a module on the picture: scans from a screen at arm's length
constexpr std::size_t kTextBytes = 2300;  // of version 40 at level M

struct FreeCode {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

/// With the quiet zone: x and y from -kQuiet on.
bool is_dark_at(const QrCode& code, int x, int y) {
  return x >= 0 && y >= 0 && code.is_dark(static_cast<std::size_t>(x), static_cast<std::size_t>(y));
}

Status write_new(const std::filesystem::path& file, const std::vector<png_byte>& bytes, std::size_t size) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0 && errno == EEXIST)
    return fail(Errc::conflict, file.string() + " exists already", "choose another name");
  const bool written = out >= 0 && ::write(out, bytes.data(), size) == static_cast<ssize_t>(size);
  const std::string why = std::strerror(errno);
  if (out >= 0) ::close(out);
  if (written) return {};
  return fail(Errc::storage_failed, "cannot write " + file.string() + ": " + why);
}

}  // namespace

Result<QrCode> make_qr(std::string_view text) {
  if (text.empty() || text.size() > kTextBytes)
    return fail(Errc::limit_exceeded, "the text does not fit into a QR code");
  const std::unique_ptr<QRcode, FreeCode> made(QRcode_encodeData(
      static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M));
  if (!made) return fail(Errc::storage_failed, std::string("cannot make a QR code: ") + std::strerror(errno));
  QrCode code;
  code.width = static_cast<std::size_t>(made->width);
  for (std::size_t i = 0; i < code.width * code.width; ++i) code.dark.push_back((made->data[i] & 1) != 0);
  return code;
}

std::string in_half_blocks(const QrCode& code, bool coloured) {
  const int end = static_cast<int>(code.width) + kQuiet;
  std::string text;
  for (int y = -kQuiet; y < end; y += 2) {
    if (coloured) text += "\x1b[97;40m";  // blocks are light: white on black
    for (int x = -kQuiet; x < end; ++x) {
      const bool upper = !is_dark_at(code, x, y);
      const bool lower = !is_dark_at(code, x, y + 1);
      text += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    if (coloured) text += "\x1b[0m";
    text += "\n";
  }
  return text;
}

Status write_png(const QrCode& code, const std::filesystem::path& file) {
  const std::size_t side = (code.width + 2 * kQuiet) * kPixels;
  std::vector<png_byte> pixels(side * side, 0xff);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      if (is_dark_at(code, static_cast<int>(x / kPixels) - kQuiet, static_cast<int>(y / kPixels) - kQuiet))
        pixels[y * side + x] = 0;
    }
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = static_cast<png_uint_32>(side);
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<png_byte> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0)
    return fail(Errc::storage_failed, std::string("cannot make the picture: ") + image.message);
  return write_new(file, bytes, size);
}

}  // namespace wasl
