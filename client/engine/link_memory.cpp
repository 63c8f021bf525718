#include "client/engine/link_memory.hpp"

#include "client/replica/link_file.hpp"
#include "shared/base/packed.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr Byte kVersion = 2;
constexpr std::size_t kUrlBytes = 4 * 1024;
constexpr std::size_t kSessionBytes = 16 * 1024;
constexpr std::size_t kNetworkBytes = 4 * 1024;

}  // namespace

LastLink recall_last_link(const std::filesystem::path& folder) {
  if (folder.empty()) return {};
  auto file = DiskFile::open(folder / kLinkFile, DiskFile::Mode::read);
  if (!file) return {};
  const auto bytes = file->read();
  if (!bytes) return {};
  Reader in(*bytes);
  const bool known = in.byte() == kVersion;
  LastLink out;
  out.url = in.text(kUrlBytes);
  out.memory.binds_certificate = in.byte() == 1;
  const ByteView session = in.sized(kSessionBytes);
  out.memory.tls_session.assign(session.begin(), session.end());
  CarrierMemory& carrier = out.memory.carrier;
  const auto obstacle = in.count(static_cast<std::uint64_t>(Obstacle::cut));
  carrier.obstacle = static_cast<Obstacle>(obstacle);
  carrier.status = in.varint();
  carrier.times = in.varint();
  carrier.since = in.integer();
  carrier.network = in.text(kNetworkBytes);
  return known && in.finished() ? out : LastLink();
}

LinkMemory recall_link(const std::filesystem::path& folder, const std::string& url) {
  LastLink last = recall_last_link(folder);
  return last.url == url ? std::move(last.memory) : LinkMemory();
}

void remember_link(const std::filesystem::path& folder, const std::string& url, const LinkMemory& memory) {
  if (folder.empty() || memory.tls_session.size() > kSessionBytes ||
      memory.carrier.network.size() > kNetworkBytes)
    return;
  Writer out;
  out.byte(kVersion);
  out.sized(url);
  out.byte(memory.binds_certificate ? 1 : 0);
  out.sized(memory.tls_session);
  out.varint(static_cast<std::uint64_t>(memory.carrier.obstacle));
  out.varint(memory.carrier.status);
  out.varint(memory.carrier.times);
  out.integer(memory.carrier.since);
  out.sized(memory.carrier.network);
  auto file = DiskFile::open(folder / kLinkFile, DiskFile::Mode::create);
  // Not made durable: a power cut costs a longer beginning, an fsync at every sync would cost more.
  if (file && file->truncate(0)) (void)file->write(0, out.bytes());
}

}  // namespace wasl
