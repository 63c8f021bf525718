#include "server/store/snapshot_shelf.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "shared/base/limits.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr const char* kManifest = "manifest";
constexpr const char* kBefore = "before";
constexpr const char* kAwaited = "awaited";

Status write_file(const std::filesystem::path& file, ByteView bytes) {
  const std::filesystem::path half = file.string() + ".new";
  {
    WASL_LET(DiskFile out, DiskFile::open(half, DiskFile::Mode::create));
    WASL_TRY(out.truncate(0));
    WASL_TRY(out.write(0, bytes));
    WASL_TRY(out.sync());
  }
  std::error_code error;
  std::filesystem::rename(half, file, error);
  if (error) return fail(Errc::storage_failed, "cannot write " + file.string() + ": " + error.message());
  return {};
}

std::optional<Bytes> read_file(const std::filesystem::path& file) {
  if (!file_exists(file)) return std::nullopt;
  auto opened = DiskFile::open(file, DiskFile::Mode::read);
  if (!opened) return std::nullopt;
  auto bytes = opened->read();
  return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
}

}  // namespace

std::filesystem::path SnapshotShelf::of(std::string_view space) const {
  std::string name(space);
  std::replace(name.begin(), name.end(), '/', '.');  // an id of a space has none
  return folder_ / name;
}

std::optional<snapshot::Manifest> SnapshotShelf::read(const std::filesystem::path& file) const {
  const auto bytes = read_file(file);
  auto manifest = bytes ? snapshot::decode_manifest(*bytes)
                        : Result<snapshot::Manifest>(fail(Errc::not_found, "there is none"));
  return manifest ? std::optional(*std::move(manifest)) : std::nullopt;
}

std::optional<snapshot::Manifest> SnapshotShelf::newest(std::string_view space) const {
  auto manifest = read(of(space) / kManifest);
  return manifest && manifest->space == space ? std::move(manifest) : std::nullopt;
}

std::optional<snapshot::Manifest> SnapshotShelf::awaited(std::string_view space) const {
  auto manifest = read(of(space) / kAwaited);
  return manifest && manifest->space == space ? std::move(manifest) : std::nullopt;
}

Status SnapshotShelf::await_newest(std::string_view space) {
  const auto manifest = newest(space);
  if (!manifest) return {};
  WASL_TRY(write_file(of(space) / kAwaited, encode(*manifest)));
  return sync_folder(of(space));
}

std::optional<Bytes> SnapshotShelf::piece(std::string_view space, const Hash& name) const {
  auto packed = read_file(of(space) / to_hex(name.view()));
  if (!packed) return std::nullopt;
  const auto raw = decompress(*packed, limits::kFrameRoomBytes);
  return raw && snapshot::piece_name(*raw) == name ? std::move(packed) : std::nullopt;
}

Result<std::uint64_t> SnapshotShelf::add(std::string_view space, const Hash& name, ByteView raw) {
  const Bytes packed = compress(raw, kWireLevel);
  if (packed.size() > kPieceFrameBytes)
    return fail(Errc::limit_exceeded, "a piece of the snapshot does not fit into a frame");
  std::error_code error;
  std::filesystem::create_directories(of(space), error);
  if (error) return fail(Errc::storage_failed, "cannot make " + of(space).string() + ": " + error.message());
  WASL_TRY(write_file(of(space) / to_hex(name.view()), packed));
  return std::uint64_t{packed.size()};
}

void SnapshotShelf::retire(std::string_view space) {
  std::error_code ignored;
  std::filesystem::remove(of(space) / kManifest, ignored);
}

Status SnapshotShelf::place(const snapshot::Manifest& manifest) {
  const auto folder = of(manifest.space);
  const auto before = newest(manifest.space);
  if (before) WASL_TRY(write_file(folder / kBefore, encode(*before)));
  WASL_TRY(sync_folder(folder));  // the pieces' names come before the one that names them
  WASL_TRY(write_file(folder / kManifest, encode(manifest)));
  WASL_TRY(sync_folder(folder));
  if (!awaited(manifest.space)) WASL_TRY(await_newest(manifest.space));
  const auto old = awaited(manifest.space);
  std::set<std::string> named{kManifest, kBefore, kAwaited};
  for (const snapshot::Manifest* one : {&manifest, before ? &*before : &manifest, old ? &*old : &manifest}) {
    for (const Hash& name : names_of(one->parts())) named.insert(to_hex(name.view()));
  }
  std::error_code error;
  std::vector<std::filesystem::path> gone;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!named.contains(it->path().filename().string())) gone.push_back(it->path());
  }
  for (const auto& file : gone) std::filesystem::remove(file, error);
  return {};
}

}  // namespace wasl
