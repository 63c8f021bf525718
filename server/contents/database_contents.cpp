#include "server/contents/database_contents.hpp"

namespace wasl {
namespace {

std::string setting_of(const std::string& note) { return "note " + note; }

}  // namespace

Result<DatabaseContents> DatabaseContents::open(FileStore& store) {
  WASL_LET(AwayChunks chunks, AwayChunks::open(store));
  return DatabaseContents(store, std::move(chunks));
}

Status DatabaseContents::put(const ChunkName& chunk, ByteView bytes) {
  return chunks_.bring(chunk.space, {chunk.level, chunk.name, bytes});
}

Result<std::optional<Bytes>> DatabaseContents::get(const ChunkName& chunk) {
  WASL_LET(auto kept, chunks_.look(chunk.space, chunk.name));
  if (!kept || !kept->has_bytes()) return std::optional<Bytes>();
  return std::optional(std::move(kept->bytes));
}

Status DatabaseContents::remove(const ChunkName& chunk) { return chunks_.lose(chunk.space, chunk.name); }

Status DatabaseContents::put_note(const std::string& name, const std::string& text) {
  return store_->set_setting(setting_of(name), text);
}

Result<std::optional<std::string>> DatabaseContents::get_note(const std::string& name) {
  WASL_LET(auto text, store_->setting(setting_of(name)));
  return text && text->empty() ? std::optional<std::string>() : text;
}

/// The table of settings forgets nothing: a note without a word is none.
Status DatabaseContents::remove_note(const std::string& name) {
  return store_->set_setting(setting_of(name), "");
}

}  // namespace wasl
