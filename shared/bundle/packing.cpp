#include "shared/bundle/packing.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kHeadBytes = 4096;  // without locks
constexpr std::size_t kRecipientBytes = PublicKey::kSize + crypto::kSealedKeyBytes;

std::size_t cost_of(const std::vector<PackedFrame>& frames) {
  std::size_t bytes = 0;
  for (const PackedFrame& frame : frames) bytes += BundleWriter::cost(frame.bytes.size());
  return bytes;
}

}  // namespace

bool stands_plain(std::string_view space, bool has_openings) {
  return !has_openings && (space == kAuthoritySpace || space == kPublicSpace);
}

Result<std::optional<Bytes>> BundlePacker::add(PackedFrame frame) {
  if (bytes_ == 0) {
    bytes_ = kHeadBytes + cost_of(plan_.prologue);
    for (const SealedTo& audience : plan_.audiences) bytes_ += kRecipientBytes * audience.keys.size();
  }
  const std::size_t most =
      plan_.split_bytes == 0 ? limits::kBundleBytes : std::min(plan_.split_bytes, limits::kBundleBytes);
  const std::size_t more = BundleWriter::cost(frame.bytes.size());
  std::optional<Bytes> whole;
  if (!waiting_.empty() && (bytes_ + more > most || waiting_.size() + 1 >= limits::kBundleFrames)) {
    WASL_LET(whole, write(false));
    bytes_ += cost_of(plan_.prologue);
  }
  bytes_ += more;
  ++frames_;
  waiting_.push_back(std::move(frame));
  return whole;
}

Result<Bytes> BundlePacker::finish() { return write(true); }

Result<Bytes> BundlePacker::write(bool last) {
  BundleHead head = plan_.head;
  std::vector<crypto::SecretKey> secrets;
  std::map<std::size_t, std::uint64_t> locks;  // by audience
  const auto lock_of = [&](const PackedFrame& frame) -> std::uint64_t {
    if (!frame.audience) return 0;
    const auto known = locks.find(*frame.audience);
    if (known != locks.end()) return known->second;
    secrets.push_back(random_->fixed<crypto::SecretKey>());  // of this file alone: frames count from 1
    BundleHead::Lock lock;
    for (const SealedTo::Key& to : plan_.audiences.at(*frame.audience).keys)
      lock.push_back({to.key, crypto::seal(secrets.back(), to.sealing_key, *random_)});
    head.locks.push_back(std::move(lock));
    return locks[*frame.audience] = head.locks.size();
  };
  std::vector<std::pair<std::uint64_t, const PackedFrame*>> all;
  for (const auto* frames : {&plan_.prologue, &waiting_})
    for (const PackedFrame& frame : *frames) all.emplace_back(lock_of(frame), &frame);
  const bool too_many = head.locks.size() > limits::kBundleLocks ||
                        std::any_of(head.locks.begin(), head.locks.end(), [](const BundleHead::Lock& lock) {
                          return lock.size() > limits::kBundleRecipients;
                        });
  if (too_many) {
    return fail(Errc::limit_exceeded, "more devices may read this than one bundle can be sealed for",
                "export one space (--space), or for one device");
  }
  BundleWriter writer(head, std::move(secrets));
  for (const auto& [lock, frame] : all) writer.add(lock, frame->bytes);
  waiting_.clear();
  bytes_ = kHeadBytes;
  for (const SealedTo& audience : plan_.audiences) bytes_ += kRecipientBytes * audience.keys.size();
  ++plan_.head.part;
  return writer.finish(last);
}

}  // namespace wasl
