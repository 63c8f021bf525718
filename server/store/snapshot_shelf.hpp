#pragma once
// The snapshots in a hub's folder: a folder a space, in it a file a piece, the two newest manifests and
// an old one.
// Whoever serves reads them, whoever builds writes them, in one process or two: a file never changes under
// its name, and a manifest comes when all that it names is there. Thread: one at a time for each object.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "shared/snapshot/manifest.hpp"

namespace wasl {

class SnapshotShelf {
 public:
  explicit SnapshotShelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Of the space; nothing: none was built, or what lies there is damaged.
  [[nodiscard]] std::optional<snapshot::Manifest> newest(std::string_view space) const;
  /// The one that waits until nobody needs what was before it: then it becomes the log's base.
  [[nodiscard]] std::optional<snapshot::Manifest> awaited(std::string_view space) const;
  /// Packed, as it travels. Nothing: it is not there, or is not what its name says.
  [[nodiscard]] std::optional<Bytes> piece(std::string_view space, const Hash& name) const;

  /// Durably. @return the packed bytes. Errors: storage_failed, limit_exceeded (no frame takes it).
  Result<std::uint64_t> add(std::string_view space, const Hash& name, ByteView raw);
  /// The newest is offered no more: something of it is damaged. The next that is built mends it.
  void retire(std::string_view space);
  /// From now on this is the newest, and the awaited one where none waits; pieces that neither of them nor
  /// the one before names go.
  Status place(const snapshot::Manifest& manifest);
  /// The newest takes the place of the awaited one.
  Status await_newest(std::string_view space);

 private:
  [[nodiscard]] std::filesystem::path of(std::string_view space) const;
  [[nodiscard]] std::optional<snapshot::Manifest> read(const std::filesystem::path& file) const;

  std::filesystem::path folder_;
};

}  // namespace wasl
