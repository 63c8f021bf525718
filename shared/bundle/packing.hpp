#pragma once
// From frames to the bytes of one file or several, each of which stands alone: who may open what, and where
// a file ends. Pure, but for the randomness that is handed in.
#include <functional>
#include <optional>
#include <vector>

#include "shared/bundle/bundle.hpp"

namespace wasl {

/// Who can open a frame.
struct SealedTo {
  struct Key {
    PublicKey key;          ///< as the head names it
    PublicKey sealing_key;  ///< X25519
  };
  std::vector<Key> keys;
};

/// A frame to be packed. @param audience index into the plan's; nothing: it stands plain.
struct PackedFrame {
  std::optional<std::size_t> audience;
  Bytes bytes;
};

struct BundlePlan {
  BundleHead head;  ///< without locks; part 1
  std::vector<SealedTo> audiences;
  std::vector<PackedFrame> prologue;  ///< in every file
  std::size_t split_bytes = 0;        ///< a file ends before it gets longer; 0: the general limit
};

/// Whether a frame of this space may be read by whoever carries it: authority and public, without openings.
bool stands_plain(std::string_view space, bool has_openings);

class BundlePacker {
 public:
  BundlePacker(BundlePlan plan, Random& random) : plan_(std::move(plan)), random_(&random) {}
  /// @return a whole file, when the frame begins the next one. Errors: limit_exceeded (too many may open it).
  Result<std::optional<Bytes>> add(PackedFrame frame);
  /// The last file.
  Result<Bytes> finish();
  [[nodiscard]] std::uint64_t frames() const { return frames_; }

 private:
  Result<Bytes> write(bool last);

  BundlePlan plan_;
  Random* random_;
  std::vector<PackedFrame> waiting_;  ///< of the file that is being filled
  std::size_t bytes_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace wasl
