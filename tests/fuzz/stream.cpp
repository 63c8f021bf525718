// Parts of streams as they come: any bytes as parts of any size, then honest parts of which one is damaged.
// What comes out is as long as it was said to be and never longer than a frame may be, whatever the bytes
// would grow to.
#include "shared/wire/streams.hpp"

#include "shared/base/limits.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::size_t kPartsMost = 16;
constexpr std::string_view kSpaces[] = {"network", "public", "section/asia", "section/africa"};

std::string_view space_of(Feed& feed) { return kSpaces[feed.below(4)]; }

void take_any(ByteView input) {
  Feed feed(input);
  const StreamRoom room(1);
  StreamReceiver receiver(&room);
  bool is_open = false;
  for (std::size_t i = 0; i < kPartsMost && !feed.empty(); ++i) {
    const bool is_first = feed.flag();
    const std::string_view space = space_of(feed);
    const std::uint64_t size = feed.number();
    const auto out = receiver.unpack(space, is_first, feed.bytes(limits::kFrameBytes), size);
    WASL_ASSERT(!out || (out->size() == size && size <= limits::kFrameRoomBytes && (is_open || is_first)));
    is_open = is_open || is_first;
    if (!out) return;  // the session is over
  }
}

void take_damaged(ByteView input) {
  Feed feed(input);
  const StreamRoom rooms(1);
  StreamSender sender(&rooms, feed.flag() ? Effort::usual : Effort::thin_line);
  const StreamRoom room(1);
  StreamReceiver receiver(&room);
  const std::size_t harmed = feed.below(kPartsMost);
  for (std::size_t i = 0; i < kPartsMost && !feed.empty(); ++i) {
    const std::string_view space = space_of(feed);
    const bool is_open = sender.is_open_for(space) || sender.open(space);
    WASL_ASSERT(is_open);
    const ByteView raw = feed.bytes(4096);
    StreamSender::Part part = sender.pack(raw);
    if (i == harmed && !part.bytes.empty())
      part.bytes[feed.below(part.bytes.size())] ^= static_cast<Byte>(1 + feed.byte() % 255);
    const auto out = receiver.unpack(space, part.is_first, part.bytes, raw.size());
    WASL_ASSERT(i >= harmed || (out && std::equal(out->begin(), out->end(), raw.begin(), raw.end())));
    if (!out) return;
    WASL_ASSERT(out->size() == raw.size());
  }
}

WASL_FUZZ(stream) {
  if (input.empty()) return;
  input[0] % 2 == 0 ? take_any(input.subspan(1)) : take_damaged(input.subspan(1));
}

}  // namespace
}  // namespace wasl::fuzz
