#pragma once
// The port for the contents of chunks: bytes by name, wherever they lie. What a chunk is of, and whether it
// is here, stands in the index (files.db). Thread: one at a time; every call blocks until it is done.
#include <optional>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

/// The name is a hash under the key of the space: equal bytes have other names in another.
struct ChunkName {
  std::string space;
  unsigned level = 0;
  Hash name;
};

class ChunkContents {
 public:
  virtual ~ChunkContents() = default;
  /// Durable when it returns; bytes that lay under this name are replaced. Errors: no_link, later,
  /// unauthorised, not_found (no bucket), storage_failed.
  virtual Status put(const ChunkName& chunk, ByteView bytes) = 0;
  /// Nothing when it is not there. Whether the bytes are what their name says is the caller's to ask. Errors:
  /// as of put().
  virtual Result<std::optional<Bytes>> get(const ChunkName& chunk) = 0;
  /// What is not there is gone already.
  virtual Status remove(const ChunkName& chunk) = 0;

  // Words beside them, a few bytes by a name of letters, digits, '-' and '/'.
  virtual Status put_note(const std::string& name, const std::string& text) = 0;
  virtual Result<std::optional<std::string>> get_note(const std::string& name) = 0;
  virtual Status remove_note(const std::string& name) = 0;
};

}  // namespace wasl
