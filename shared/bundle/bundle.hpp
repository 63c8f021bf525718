#pragma once
// A bundle: frames in a file that a person carries (PROTOCOL.md section 17). Bytes in, values out; no file is
// opened here, no time asked. Thread: values and free functions.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/crypto/sealing.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {

using BundleSet = Fixed<struct BundleSetTag, 16>;

/// What anybody may read of a bundle.
struct BundleHead {
  static constexpr Byte kVersion = 1;

  enum class Maker : Byte { office = 1, hub = 2 };
  enum class Audience : Byte { hub = 1, device = 2, space = 3, all = 4 };
  struct Recipient {
    PublicKey key;  ///< a device's, or the hub's log key
    Bytes sealed;   ///< the secret of the lock, sealed to that key's X25519 half
    bool operator==(const Recipient&) const = default;
  };
  using Lock = std::vector<Recipient>;

  NetworkId network;
  Maker maker = Maker::office;
  PublicKey by;  ///< the device, or the hub's log key
  Millis made = 0;
  Audience audience = Audience::hub;
  std::optional<PublicKey> device;  ///< for which it was made
  std::string space;                ///< for whose readers; empty when its name is private
  std::vector<Cursor> since;        ///< of spaces that stand plain: what comes behind these positions
  BundleSet set;                    ///< the same in all files of one export
  std::uint64_t part = 1;           ///< of the set, from 1
  std::vector<Lock> locks;          ///< the n-th, from 1, is named by frames
};

struct BundleFrame {
  std::uint64_t number = 0;  ///< from 1
  std::uint64_t lock = 0;    ///< 0: it stands plain
  Bytes bytes;               ///< as stored
};

/// What could not be read of the file, by its place.
struct BundleDamage {
  std::size_t offset = 0;
  std::uint64_t number = 0;  ///< of the frame, as far as it can be told; 0: between frames
};

struct Bundle {
  BundleHead head;
  Hash head_hash;
  std::vector<BundleFrame> frames;  ///< whole ones, in the order of the file
  std::vector<BundleDamage> damage;
  std::vector<std::uint64_t> missing;  ///< numbers that the end names and nothing was found of, at most a few
  bool ended = false;                  ///< its end is there: it was not cut
  bool last = false;                   ///< the last file of its set
  [[nodiscard]] bool is_whole() const { return ended && damage.empty() && missing.empty(); }
};

/// @return what is whole of it. Errors: malformed (no bundle, or its head is damaged), unsupported (a newer
/// version), limit_exceeded. Cost: linear; a damaged place is searched for the next frame.
Result<Bundle> decode_bundle(ByteView file);

/// Puts one file together.
class BundleWriter {
 public:
  /// @param secrets of the head's locks, in their order.
  BundleWriter(const BundleHead& head, std::vector<crypto::SecretKey> secrets);
  void add(std::uint64_t lock, ByteView frame);
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  /// Bytes that `frame` would add.
  static std::size_t cost(std::size_t frame_bytes);
  Bytes finish(bool last);

 private:
  std::vector<crypto::SecretKey> secrets_;
  Bytes out_;
  Hash head_hash_;
  std::uint64_t count_ = 0;
};

/// Bytes of the frame, opened. @param secrets by number of lock. @return nothing when none of them opens it.
std::optional<Bytes> open_frame(const Bundle& bundle, const BundleFrame& frame,
                                const std::map<std::uint64_t, crypto::SecretKey>& secrets);
/// The secrets of the locks that were sealed to this key. @param key as the head names it.
std::map<std::uint64_t, crypto::SecretKey> open_locks(const BundleHead& head, const PublicKey& key,
                                                      const crypto::Seed& secret);

}  // namespace wasl
