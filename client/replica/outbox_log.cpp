#include "client/replica/outbox_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

tl::unexpected<Error> refused(const std::filesystem::path& path, std::string_view what) {
  return fail(Errc::storage_failed, path.string() + ": " + std::string(what) + ": " + std::strerror(errno),
              "free some space or make the folder writable, then run the command again; nothing is lost");
}

/// A file descriptor that closes itself.
struct File {
  int descriptor = -1;
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

/// Makes the file's name durable: its bytes alone do not bring it back after a power cut.
Status sync_folder(const std::filesystem::path& file_path) {
  const std::filesystem::path folder = file_path.has_parent_path() ? file_path.parent_path() : ".";
  const File file{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (file.descriptor < 0 || ::fsync(file.descriptor) != 0) return refused(folder, "cannot be made durable");
  return {};
}

}  // namespace

Status OutboxLog::append(const std::vector<OutboxItem>& items) {
  Writer out;
  for (const OutboxItem& item : items) {
    Writer frame;
    frame.sized(item.header);
    frame.sized(item.body);
    frame.raw(encode_openings(item.openings));
    out.varint(frame.size());
    out.fixed(crypto::hash("wasl.1/outbox", frame.bytes()));
    out.raw(frame.bytes());
  }
  const bool is_new = !std::filesystem::exists(path_);
  const File file{::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (file.descriptor < 0) return refused(path_, "cannot be opened");
  end_before_ = ::lseek(file.descriptor, 0, SEEK_END);
  if (is_new) WASL_TRY(sync_folder(path_));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::write(file.descriptor, out.bytes().data() + done, out.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return undone("cannot be written");
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(file.descriptor) != 0) return undone("cannot be made durable");
  return {};
}

Status OutboxLog::undone(std::string_view what) {
  const int reason = errno;
  take_back();
  errno = reason;
  return refused(path_, what);
}

void OutboxLog::take_back() {
  if (end_before_ < 0) return;
  // If this fails too, the work comes back with the next start: kept rather than lost.
  if (::truncate(path_.c_str(), end_before_) == 0) end_before_ = -1;
}

Result<std::vector<OutboxItem>> OutboxLog::read() const { return read_whole().first; }

std::pair<std::vector<OutboxItem>, std::size_t> OutboxLog::read_whole() const {
  std::vector<OutboxItem> items;
  std::size_t whole = 0;
  std::ifstream in(path_, std::ios::binary);
  if (!in) return {items, 0};
  const Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Reader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    const auto size = reader.count(bytes.size());
    const auto hash = reader.fixed<Hash>();
    const ByteView frame = reader.raw(static_cast<std::size_t>(size));
    if (!reader.ok() || crypto::hash("wasl.1/outbox", frame) != hash) break;
    Reader fields(frame);
    OutboxItem item;
    item.header = to_bytes(fields.sized(frame.size()));
    item.body = to_bytes(fields.sized(frame.size()));
    auto openings = decode_openings(fields.raw(fields.left()));
    if (!fields.ok() || !openings) break;
    item.openings = std::move(*openings);
    items.push_back(std::move(item));
    whole = reader.position();
  }
  return {std::move(items), whole};
}

Status OutboxLog::drop_torn_tail() {
  std::error_code error;
  const auto size = std::filesystem::file_size(path_, error);
  if (error) return {};
  const std::size_t whole = read_whole().second;
  if (whole < size && ::truncate(path_.c_str(), static_cast<off_t>(whole)) != 0)
    return refused(path_, "cannot be mended");
  return {};
}

Status OutboxLog::clear() {
  if (is_empty()) return {};
  if (::truncate(path_.c_str(), 0) != 0 && errno != ENOENT) return refused(path_, "cannot be emptied");
  return {};
}

bool OutboxLog::is_empty() const {
  std::error_code error;
  return std::filesystem::file_size(path_, error) == 0 || error;
}

}  // namespace wasl
