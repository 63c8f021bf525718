#pragma once
// zstd streams for backlogs (PROTOCOL.md section 5.4): what one end of a session sends of a class of spaces,
// each frame packed against those before it. One is open at a time, and it is freed when the backlog is
// through.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace wasl {

/// How many streams may be open at once, for each holds memory. Thread: one.
class StreamRoom {
 public:
  explicit StreamRoom(long most) : most_(most) {}
  /// Held for as long as the stream is open; may outlive the room.
  using Place = std::shared_ptr<const char>;
  /// Null when all are taken.
  [[nodiscard]] Place take() const { return is_full() ? nullptr : places_; }
  [[nodiscard]] bool is_full() const { return open() >= most_; }
  [[nodiscard]] long open() const { return places_.use_count() - 1; }

 private:
  long most_;
  Place places_ = std::make_shared<const char>();
};

/// Of one process, for all its sessions.
struct StreamRooms {
  StreamRoom packing;
  StreamRoom unpacking;
};

/// Spaces of one class share a stream: those that whole networks read. Of the others each stands alone, for
/// how short a text becomes tells what stood before it.
std::string_view stream_class(std::string_view space);

/// What a byte less on the line may cost the end that packs.
enum class Effort : Byte { usual, thin_line };

class StreamSender {
 public:
  /// @param room null: no stream is ever opened.
  explicit StreamSender(const StreamRoom* room = nullptr, Effort effort = Effort::usual)
      : room_(room), effort_(effort) {}

  [[nodiscard]] bool is_open_for(std::string_view space) const;
  [[nodiscard]] bool has_room() const { return room_ != nullptr && (place_ != nullptr || !room_->is_full()); }
  /// Begins a stream in the place of the one that is open. @return false: no room, and none is open.
  bool open(std::string_view space);
  struct Part {
    Bytes bytes;
    bool is_first = false;  ///< begins the stream
  };
  /// @pre is_open_for() the space of what is packed.
  Part pack(ByteView raw);
  void end();

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  const StreamRoom* room_;
  Effort effort_;
  StreamRoom::Place place_;
  std::string class_;
  std::unique_ptr<ZSTD_CCtx_s, Free> encoder_;
  bool is_fresh_ = false;  ///< nothing was packed yet
};

class StreamReceiver {
 public:
  /// @param room null: every stream is one too many.
  explicit StreamReceiver(const StreamRoom* room = nullptr) : room_(room) {}

  [[nodiscard]] bool has_room() const { return room_ != nullptr && (place_ != nullptr || !room_->is_full()); }
  /// The next part of the stream that is open, or the first of another in its place.
  /// @param size of what comes out, as the frame says. Errors: malformed; limit_exceeded; later (no room).
  Result<Bytes> unpack(std::string_view space, bool is_first, ByteView part, std::uint64_t size);
  void end();

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  Status begin(std::string_view space);

  const StreamRoom* room_;
  StreamRoom::Place place_;
  std::string class_;
  std::unique_ptr<ZSTD_DCtx_s, Free> decoder_;
};

}  // namespace wasl
