#include "server/contents/s3_contents.hpp"

namespace wasl {
namespace {

std::string object_of(const ChunkName& chunk) { return "chunk/" + to_hex(chunk.name.view()); }

}  // namespace

Status S3Contents::put(const ChunkName& chunk, ByteView bytes) {
  return client_.put(object_of(chunk), bytes);
}

Result<std::optional<Bytes>> S3Contents::get(const ChunkName& chunk) { return client_.get(object_of(chunk)); }

Status S3Contents::remove(const ChunkName& chunk) { return client_.remove(object_of(chunk)); }

Status S3Contents::put_note(const std::string& name, const std::string& text) {
  return client_.put(name, view(text));
}

Result<std::optional<std::string>> S3Contents::get_note(const std::string& name) {
  WASL_LET(const auto bytes, client_.get(name));
  if (!bytes) return std::optional<std::string>();
  return std::optional(to_text(*bytes));
}

Status S3Contents::remove_note(const std::string& name) { return client_.remove(name); }

}  // namespace wasl
