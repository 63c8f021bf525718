#include "client/engine/link_memory.hpp"

#include "client/replica/link_file.hpp"
#include "shared/base/packed.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr Byte kVersion = 1;
constexpr std::size_t kUrlBytes = 4 * 1024;
constexpr std::size_t kSessionBytes = 16 * 1024;

}  // namespace

LinkMemory recall_link(const std::filesystem::path& folder, const std::string& url) {
  if (folder.empty()) return {};
  auto file = DiskFile::open(folder / kLinkFile, DiskFile::Mode::read);
  if (!file) return {};
  const auto bytes = file->read();
  if (!bytes) return {};
  Reader in(*bytes);
  const bool known = in.byte() == kVersion;
  const std::string of = in.text(kUrlBytes);
  LinkMemory out;
  out.binds_certificate = in.byte() == 1;
  const ByteView session = in.sized(kSessionBytes);
  out.tls_session.assign(session.begin(), session.end());
  return known && in.ok() && in.at_end() && of == url ? out : LinkMemory();
}

void remember_link(const std::filesystem::path& folder, const std::string& url, const LinkMemory& memory) {
  if (folder.empty() || memory.tls_session.size() > kSessionBytes) return;
  Writer out;
  out.byte(kVersion);
  out.sized(url);
  out.byte(memory.binds_certificate ? 1 : 0);
  out.sized(memory.tls_session);
  auto file = DiskFile::open(folder / kLinkFile, DiskFile::Mode::create);
  // Not made durable: a power cut costs a whole handshake, an fsync at every sync would cost more.
  if (file && file->truncate(0)) (void)file->write(0, out.bytes());
}

}  // namespace wasl
