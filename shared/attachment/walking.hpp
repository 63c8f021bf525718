#pragma once
// Through the tree of a file from its root on, in the order of its bytes. Whoever walks brings the lists.
#include <optional>
#include <vector>

#include "shared/attachment/chunks.hpp"

namespace wasl::attachment {

struct Place {
  unsigned level = 0;
  std::uint64_t index = 0;  ///< of the chunks of its level
  Hash name;
};

class TreeWalk {
 public:
  explicit TreeWalk(const FileId& file) : file_(file) {}

  /// @return nothing behind the last one.
  std::optional<Place> next();
  /// Goes on with the names in this list, the chunk at `place`. @return false: it is no list of this tree.
  bool enter(const Place& place, Bytes list);
  /// Whether bytes may be the chunk at this place: that the tree is as its size says is no part of its name.
  [[nodiscard]] bool fits(const Place& place, ByteView bytes) const {
    return bytes.size() == length_of(file_.size, place.level, place.index);
  }

 private:
  struct Open {
    unsigned level = 0;       ///< of what the list names
    std::uint64_t first = 0;  ///< index of its first name
    std::size_t at = 0;
    Bytes list;
  };

  FileId file_;
  bool begun_ = false;
  std::vector<Open> open_;
};

}  // namespace wasl::attachment
