#pragma once
// What a frame of a bundle is, in a few words for a person who looks before trusting it with anything. Pure.
#include <string>
#include <string_view>

#include "shared/attachment/chunks.hpp"
#include "shared/bundle/bundle.hpp"

namespace wasl {

struct FrameContents {
  std::string_view kind;  ///< "entries", "work", "proof", "answer", "position", "statements", "snapshot",
                          ///< "piece", "openings", "files", "chunk" or "unknown"
  std::string space{};
  Position first = 0;  ///< of entries
  Position last = 0;
  std::uint64_t sets = 0;
  std::vector<attachment::FileId> files{};  ///< that the bundle holds
};
/// @param frame opened. What cannot be read is "unknown": of a newer version, or made by nobody of ours.
FrameContents contents_of(ByteView frame, const NetworkId& network);

std::string_view to_word(BundleHead::Audience audience);

/// "of frame 3" and the like; for people.
std::string damage_words(const Bundle& bundle);

}  // namespace wasl
