#include "server/contents/whole_files.hpp"

#include "shared/attachment/walking.hpp"

namespace wasl {

using attachment::FileId;
using attachment::TreeWalk;

namespace {

constexpr const char* kNetwork = "network";

std::string note_of(const FileId& file) {
  return "whole/" + to_hex(file.root.view()) + "-" + std::to_string(file.size);
}

}  // namespace

Status claim_contents(ChunkContents& contents, const std::string& network, bool must_be_known,
                      const std::string& place) {
  WASL_LET(const auto known, contents.get_note(kNetwork));
  if (known && *known == network) return {};
  if (known)
    return fail(Errc::conflict, place + " holds the files of another network",
                "give each network a prefix of its own: s3.prefix");
  if (must_be_known)
    return fail(Errc::conflict, place + " does not hold this hub's files, which were brought to such a store",
                "set s3.endpoint, s3.bucket and s3.prefix as they were");
  return contents.put_note(kNetwork, network);
}

Status note_whole(ChunkContents& contents, const FileId& file) {
  return contents.put_note(note_of(file), "whole");
}

Result<std::optional<std::vector<AwayChunks::Found>>> find_whole(ChunkContents& contents, const FileId& file,
                                                                 const attachment::ChunkKey& key) {
  using Out = std::optional<std::vector<AwayChunks::Found>>;
  WASL_LET(const auto noted, contents.get_note(note_of(file)));
  if (!noted) return Out();
  std::vector<AwayChunks::Found> out;
  TreeWalk walk(file);
  while (const auto place = walk.next()) {
    const std::size_t length = attachment::length_of(file.size, place->level, place->index);
    if (place->level == 0) {
      out.push_back({place->name, 0, length, {}});
      continue;
    }
    WASL_LET(auto list, contents.get({file.space, place->level, place->name}));
    const bool is_it = list && attachment::chunk_name(key, place->level, *list) == place->name;
    if (!is_it || !walk.fits(*place, *list)) return Out();
    out.push_back({place->name, place->level, length, *list});
    if (!walk.enter(*place, std::move(*list))) return Out();
  }
  return Out(std::move(out));
}

}  // namespace wasl
