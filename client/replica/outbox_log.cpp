#include "client/replica/outbox_log.hpp"

#include "shared/crypto/crypto.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {

namespace {

constexpr std::string_view kDomain = "wasl.1/outbox";

/// @return whether the item could be read.
bool decode_item(ByteView bytes, std::vector<OutboxItem>& items) {
  Reader fields(bytes);
  OutboxItem item;
  item.header = to_bytes(fields.sized(bytes.size()));
  item.body = to_bytes(fields.sized(bytes.size()));
  auto openings = decode_openings(fields.raw(fields.left()));
  if (!fields.ok() || !openings) return false;
  item.openings = std::move(*openings);
  items.push_back(std::move(item));
  return true;
}

bool decode_items(ByteView frame, std::vector<OutboxItem>& items) {
  Reader reader(frame);
  bool all = true;
  while (all && !reader.at_end()) {
    const ByteView item = reader.sized(frame.size());
    all = reader.ok() && decode_item(item, items);
  }
  return all;
}

}  // namespace

Bytes OutboxLog::frame_of(const std::vector<OutboxItem>& items) {
  Writer frame;
  for (const OutboxItem& item : items) {
    Writer one;
    one.sized(item.header);
    one.sized(item.body);
    one.raw(encode_openings(item.openings));
    frame.sized(one.bytes());
  }
  Writer out;
  out.varint(frame.size());
  out.fixed(crypto::hash(kDomain, frame.bytes()));
  out.raw(frame.bytes());
  return out.take();
}

Status OutboxLog::replace(const std::vector<OutboxItem>& items) {
  const Bytes bytes = items.empty() ? Bytes{} : frame_of(items);
  WASL_LET(DiskFile file, DiskFile::open(path_, DiskFile::Mode::create));
  WASL_TRY(file.write(0, bytes));
  WASL_TRY(file.truncate(bytes.size()));
  Status done = file.sync();
  must_reopen_ = must_reopen_ || !done;
  last_ = {bytes.size(), bytes.size()};
  unwanted_ = false;
  return done;
}

Status OutboxLog::append(const std::vector<OutboxItem>& items) {
  const Bytes frame = frame_of(items);
  WASL_LET(const std::uint64_t begin, clean_end());
  WASL_LET(DiskFile file, DiskFile::open(path_, DiskFile::Mode::create));
  last_ = {begin, begin + frame.size()};
  Status done = file.write(begin, frame);
  if (done) {
    done = file.sync();
    must_reopen_ = must_reopen_ || !done;
  }
  if (!done) take_back();
  return done;
}

/// Where the next frame goes: behind what is whole and wanted.
Result<std::uint64_t> OutboxLog::clean_end() {
  auto file = DiskFile::open(path_, DiskFile::Mode::write);
  if (!file && file.error().code == Errc::not_found) return 0;
  if (!file) return tl::unexpected(file.error());
  WASL_LET(std::uint64_t size, file->size());
  // A program that ended while it appended may have left a piece: a frame behind it could not be found.
  if (size != last_.end) {
    WASL_TRY(drop_torn_tail());
    WASL_LET(size, file->size());
  }
  if (!unwanted_) return size;
  if (size == last_.end) {
    WASL_TRY(file->truncate(last_.begin));
    size = last_.begin;
  }
  unwanted_ = false;
  return size;
}

void OutboxLog::take_back() {
  if (last_.begin == last_.end) return;
  auto file = DiskFile::open(path_, DiskFile::Mode::write);
  const bool done = file && file->truncate(last_.begin) && file->sync();
  if (done) last_.end = last_.begin;
  unwanted_ = !done;  // the next append cuts it off; without one the work comes back with the next start
}

Result<std::vector<OutboxItem>> OutboxLog::read() const {
  WASL_LET(Whole whole, read_whole());
  return std::move(whole.items);
}

Result<OutboxLog::Whole> OutboxLog::read_whole() const {
  Whole whole;
  auto file = DiskFile::open(path_, DiskFile::Mode::read);
  if (!file && file.error().code == Errc::not_found) return whole;
  if (!file) return tl::unexpected(file.error());
  WASL_LET(const Bytes bytes, file->read());
  whole.size = bytes.size();
  Reader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    const auto size = reader.count(bytes.size());
    const auto hash = reader.fixed<Hash>();
    const ByteView frame = reader.raw(static_cast<std::size_t>(size));
    if (!reader.ok()) break;                             // a torn tail
    if (crypto::hash(kDomain, frame) != hash) continue;  // damaged: what stands behind it is whole
    const std::size_t before = whole.items.size();
    if (!decode_items(frame, whole.items)) {
      whole.items.resize(before);
      continue;
    }
    whole.bytes = reader.position();
  }
  return whole;
}

Status OutboxLog::drop_torn_tail() {
  WASL_LET(const Whole whole, read_whole());
  if (whole.bytes == whole.size) return {};
  WASL_LET(DiskFile file, DiskFile::open(path_, DiskFile::Mode::write));
  WASL_TRY(file.truncate(whole.bytes));
  return file.sync();
}

Status OutboxLog::clear() {
  if (is_empty()) return {};
  WASL_LET(DiskFile file, DiskFile::open(path_, DiskFile::Mode::write));
  return file.truncate(0);
}

bool OutboxLog::is_empty() const {
  auto file = DiskFile::open(path_, DiskFile::Mode::read);
  if (!file) return file.error().code == Errc::not_found;
  const auto size = file->size();
  return size && *size == 0;
}

}  // namespace wasl
