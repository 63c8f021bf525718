// outbox.log as a power cut or a foreign hand left it: what is whole is read, and what comes behind it stays.
#include "client/replica/outbox_log.hpp"

#include <fstream>

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

/// Frames whose hashes are right, whatever is in them, and a tail.
Bytes frames_of(Feed feed) {
  Writer out;
  while (feed.flag()) {
    const ByteView frame = feed.bytes(limits::kValueBytes);
    out.varint(frame.size());
    out.fixed(crypto::hash("wasl.1/outbox", frame));
    out.raw(frame);
  }
  out.raw(feed.rest());
  return out.take();
}

WASL_FUZZ(outbox) {
  static const Folder folder;
  const std::filesystem::path path = folder.path() / "outbox.log";
  const Bytes bytes = frames_of(Feed(input));
  std::ofstream(path, std::ios::binary)
      .write(text_view(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  OutboxLog log(path);
  const std::size_t whole = log.read()->size();
  WASL_ASSERT(log.drop_torn_tail().has_value() && log.read()->size() == whole);
  WASL_ASSERT(log.append({{{1}, {2}, {}}}).has_value() && log.read()->size() == whole + 1);
  log.take_back();
  WASL_ASSERT(log.read()->size() == whole && log.clear().has_value() && log.is_empty());
}

}  // namespace
}  // namespace wasl::fuzz
