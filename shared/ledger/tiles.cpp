#include "shared/ledger/tiles.hpp"

#include <algorithm>
#include <charconv>

#include "shared/base/result.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

constexpr std::string_view kPartial = ".p/";
constexpr std::uint64_t kIndexMost = kTreeSizeMax / kTileWidth;

bool take(std::string_view& from, std::string_view what) {
  if (!from.starts_with(what)) return false;
  from.remove_prefix(what.size());
  return true;
}

/// A decimal number without leading zeros, up to `most`.
std::optional<std::uint64_t> parse_number(std::string_view digits, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool plain = digits.size() == 1 || (!digits.empty() && digits[0] != '0');
  if (!plain || wrong != std::errc() || end != digits.data() + digits.size() || number > most)
    return std::nullopt;
  return number;
}

std::string three_digits(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(3 - digits.size(), '0') + digits;
}

std::string index_path(std::uint64_t index) {
  std::string path = three_digits(index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = "x" + three_digits(index % 1000) + "/" + path;
  return path;
}

/// What index_path writes, and nothing else.
std::optional<std::uint64_t> parse_index(std::string_view path) {
  std::uint64_t index = 0;
  for (std::string_view rest = path;;) {
    const bool more = take(rest, "x");
    if (rest.size() < 3 ||
        !std::all_of(rest.begin(), rest.begin() + 3, [](char c) { return c >= '0' && c <= '9'; }))
      return std::nullopt;
    index = index * 1000 +
            static_cast<std::uint64_t>((rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0'));
    if (index > kIndexMost) return std::nullopt;
    rest.remove_prefix(3);
    if (!more && rest.empty()) break;
    if (!more || !take(rest, "/")) return std::nullopt;
  }
  return index_path(index) == path ? std::optional(index) : std::nullopt;
}

}  // namespace

std::optional<Tile> parse_tile_path(std::string_view path) {
  Tile tile;
  if (!take(path, "tile/")) return std::nullopt;
  if (take(path, "entries/")) {
    tile.entries = true;
  } else {
    const auto slash = path.find('/');
    const auto level =
        slash == std::string_view::npos ? std::nullopt : parse_number(path.substr(0, slash), 63);
    if (!level) return std::nullopt;
    tile.level = static_cast<unsigned>(*level);
    path.remove_prefix(slash + 1);
  }
  if (const auto at = path.find(kPartial); at != std::string_view::npos) {
    const auto width = parse_number(path.substr(at + kPartial.size()), kTileWidth - 1);
    if (!width || *width == 0) return std::nullopt;
    tile.width = static_cast<unsigned>(*width);
    path = path.substr(0, at);
  }
  const auto index = parse_index(path);
  if (!index) return std::nullopt;
  tile.index = *index;
  return tile;
}

std::string tile_path(const Tile& tile) {
  return "tile/" + (tile.entries ? "entries" : std::to_string(tile.level)) + "/" + index_path(tile.index) +
         (tile.is_full() ? "" : std::string(kPartial) + std::to_string(tile.width));
}

unsigned width_at(const Tile& tile, std::uint64_t size) {
  if (tile.tree_level() >= 63) return 0;
  const std::uint64_t on_level = size >> tile.tree_level();
  if (tile.index > kIndexMost || on_level <= tile.first()) return 0;
  return static_cast<unsigned>(std::min<std::uint64_t>(on_level - tile.first(), kTileWidth));
}

void add_to_bundle(Bytes& bundle, ByteView entry) {
  WASL_ASSERT(entry.size() <= kBundleEntryBytes);
  bundle.push_back(static_cast<Byte>(entry.size() >> 8));
  bundle.push_back(static_cast<Byte>(entry.size()));
  append(bundle, entry);
}

}  // namespace wasl::ledger
