#include "shared/bundle/bundle.hpp"

#include <algorithm>
#include <array>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

// Ends of lines of both kinds: a mail program that takes the file for text shows at once.
constexpr std::array<Byte, 12> kMagic{'w', 'a', 's', 'l', '-', 'b', 'u', 'n', 'd', '\r', '\n', 0x1a};
constexpr std::array<Byte, 4> kFrameMark{0xf7, 'F', '\r', '\n'};
constexpr std::array<Byte, 4> kEndMark{0xf7, 'E', '\r', '\n'};
constexpr std::string_view kHeadTag = "wasl.1/bundle-head";
constexpr std::string_view kFrameTag = "wasl.1/bundle-frame";
constexpr std::string_view kEndTag = "wasl.1/bundle-end";
constexpr std::size_t kFrameOverhead = 4 + 3 * 10 + Hash::kSize + crypto::kLockedMore;
constexpr std::size_t kMissingNamed = 64;

tl::unexpected<Error> damaged_head() {
  return fail(Errc::malformed, "the beginning of this bundle is damaged: nothing of it can be read",
              "copy it again from where it was made, or ask for a new one");
}

Bytes encode_head(const BundleHead& head) {
  Writer out;
  out.fixed(head.network);
  out.byte(static_cast<Byte>(head.maker));
  out.fixed(head.by);
  out.integer(head.made);
  out.byte(static_cast<Byte>(head.audience));
  out.byte(head.device ? 1 : 0);
  if (head.device) out.fixed(*head.device);
  out.sized(head.space);
  out.varint(head.since.size());
  for (const Cursor& cursor : head.since) {
    out.sized(cursor.space);
    out.varint(cursor.position);
  }
  out.fixed(head.set);
  out.varint(head.part);
  out.varint(head.locks.size());
  for (const BundleHead::Lock& lock : head.locks) {
    out.varint(lock.size());
    for (const BundleHead::Recipient& recipient : lock) {
      out.fixed(recipient.key);
      out.raw(recipient.sealed);
    }
  }
  return out.take();
}

bool is_audience(const BundleHead& head) {
  switch (head.audience) {
    case BundleHead::Audience::hub:
    case BundleHead::Audience::all:
      return !head.device && head.space.empty();
    case BundleHead::Audience::device:
      return head.device && head.space.empty();
    case BundleHead::Audience::space:
      return !head.device && (head.space.empty() || is_space_name(head.space));
  }
  return false;
}

Result<BundleHead> decode_head(ByteView bytes) {
  Reader in(bytes);
  BundleHead head;
  head.network = in.fixed<NetworkId>();
  head.maker = static_cast<BundleHead::Maker>(in.byte());
  head.by = in.fixed<PublicKey>();
  head.made = in.integer();
  head.audience = static_cast<BundleHead::Audience>(in.byte());
  if (in.count(1) == 1) head.device = in.fixed<PublicKey>();
  head.space = in.text(limits::kSpaceBytes);
  for (auto left = in.count(limits::kBundleCursors); left > 0 && in.ok(); --left) {
    Cursor cursor;
    cursor.space = in.text(limits::kSpaceBytes);
    cursor.position = in.count(limits::kNumberMost);
    if (!is_space_name(cursor.space)) in.fail();
    head.since.push_back(std::move(cursor));
  }
  head.set = in.fixed<BundleSet>();
  head.part = in.count(limits::kNumberMost);
  for (auto locks = in.count(limits::kBundleLocks); locks > 0 && in.ok(); --locks) {
    BundleHead::Lock lock;
    for (auto left = in.count(limits::kBundleRecipients); left > 0 && in.ok(); --left) {
      BundleHead::Recipient recipient;
      recipient.key = in.fixed<PublicKey>();
      recipient.sealed = to_bytes(in.raw(crypto::kSealedKeyBytes));
      lock.push_back(std::move(recipient));
    }
    head.locks.push_back(std::move(lock));
  }
  const bool known = head.maker == BundleHead::Maker::office || head.maker == BundleHead::Maker::hub;
  if (!in.finished() || !known || head.part == 0 || !is_audience(head)) return damaged_head();
  return head;
}

Hash frame_hash(const Hash& head, std::uint64_t number, std::uint64_t lock, ByteView bytes) {
  Writer place;
  place.varint(number);
  place.varint(lock);
  place.varint(bytes.size());
  return crypto::hash(kFrameTag, {head.view(), place.bytes(), bytes});
}

Hash end_hash(const Hash& head, std::uint64_t count, bool last) {
  Writer out;
  out.varint(count);
  out.byte(last ? 1 : 0);
  return crypto::hash(kEndTag, {head.view(), out.bytes()});
}

bool begins_with(ByteView bytes, std::span<const Byte> mark) {
  return bytes.size() >= mark.size() && std::equal(mark.begin(), mark.end(), bytes.begin());
}

/// Takes what is whole, and goes on behind what is not.
class Scanner {
 public:
  Scanner(ByteView file, Bundle& out) : file_(file), out_(out) {}

  void run() {
    std::size_t at = 0;
    // Made to cost: marks without frames, each of which claims much. What is damaged by chance is far below.
    while (at < file_.size() && !out_.ended && wasted_ <= 2 * file_.size()) {
      const std::size_t taken = take(file_.subspan(at));
      if (taken == 0) {
        note_damage(at);
        at = next_mark(at + 1);
        continue;
      }
      lost_ = false;
      at += taken;
    }
    if (out_.ended && at < file_.size()) note_damage(at);
  }

 private:
  /// @return bytes taken; 0: neither a frame nor the end stands here.
  std::size_t take(ByteView bytes) {
    if (begins_with(bytes, kFrameMark)) return take_frame(bytes);
    if (begins_with(bytes, kEndMark)) return take_end(bytes);
    return 0;
  }

  std::size_t take_frame(ByteView bytes) {
    Reader in(bytes.subspan(kFrameMark.size()));
    BundleFrame frame;
    frame.number = in.count(limits::kBundleFrames);
    frame.lock = in.count(limits::kBundleLocks);
    const std::size_t size = in.count(limits::kBundleFrameBytes + crypto::kLockedMore);
    const Hash hash = in.fixed<Hash>();
    const ByteView stored = in.raw(size);
    if (!in.ok() || frame.number <= last_ || frame.lock > out_.head.locks.size()) return 0;
    if (frame_hash(out_.head_hash, frame.number, frame.lock, stored) != hash) {
      wasted_ += stored.size();
      return 0;
    }
    frame.bytes = to_bytes(stored);
    last_ = frame.number;
    out_.frames.push_back(std::move(frame));
    return kFrameMark.size() + in.position();
  }

  std::size_t take_end(ByteView bytes) {
    Reader in(bytes.subspan(kEndMark.size()));
    const std::uint64_t count = in.count(limits::kBundleFrames);
    const Byte last = in.byte();
    const Hash hash = in.fixed<Hash>();
    if (!in.ok() || last > 1 || count < last_ || end_hash(out_.head_hash, count, last == 1) != hash) return 0;
    out_.ended = true;
    out_.last = last == 1;
    std::size_t next = 0;
    for (std::uint64_t number = 1; number <= count && out_.missing.size() < kMissingNamed; ++number) {
      if (next < out_.frames.size() && out_.frames[next].number == number) {
        ++next;
      } else {
        out_.missing.push_back(number);
      }
    }
    return kEndMark.size() + in.position();
  }

  /// Once for each place that cannot be read, however long it is.
  void note_damage(std::size_t at) {
    if (lost_) return;
    lost_ = true;
    out_.damage.push_back({at, last_ + 1});
  }

  [[nodiscard]] std::size_t next_mark(std::size_t from) const {
    const auto begin = file_.begin() + static_cast<std::ptrdiff_t>(std::min(from, file_.size()));
    return static_cast<std::size_t>(std::find(begin, file_.end(), kFrameMark[0]) - file_.begin());
  }

  ByteView file_;
  Bundle& out_;
  std::uint64_t last_ = 0;
  bool lost_ = false;
  std::size_t wasted_ = 0;  ///< bytes hashed for nothing
};

}  // namespace

Result<Bundle> decode_bundle(ByteView file) {
  if (file.size() > limits::kBundleBytes) {
    return fail(Errc::limit_exceeded, "this file is larger than a bundle ever is (64 MiB)",
                "larger exports are split into several files: import those");
  }
  if (file.empty()) return fail(Errc::malformed, "this file is empty", "copy the bundle again");
  if (!begins_with(file, kMagic)) {
    return fail(
        Errc::malformed, "this file is no bundle of Wasl",
        "check its name; a mail program may have changed it: send it as an attachment, or in an archive");
  }
  Reader in(file.subspan(kMagic.size()));
  const Byte version = in.byte();
  if (in.ok() && version > BundleHead::kVersion) {
    return fail(Errc::unsupported, "a newer version of the program made this bundle", "update this program");
  }
  const ByteView head = in.sized(limits::kBundleHeadBytes);
  const std::size_t head_end = kMagic.size() + in.position();
  const Hash hash = in.fixed<Hash>();
  if (!in.ok() || version == 0) return damaged_head();
  Bundle bundle;
  bundle.head_hash = crypto::hash(kHeadTag, file.first(head_end));
  if (bundle.head_hash != hash) return damaged_head();
  WASL_LET(bundle.head, decode_head(head));
  Scanner(file.subspan(head_end + Hash::kSize), bundle).run();
  for (BundleDamage& damage : bundle.damage) damage.offset += head_end + Hash::kSize;
  return bundle;
}

BundleWriter::BundleWriter(const BundleHead& head, std::vector<crypto::SecretKey> secrets)
    : secrets_(std::move(secrets)) {
  WASL_ASSERT(secrets_.size() == head.locks.size());
  Writer out;
  out.raw(kMagic);
  out.byte(BundleHead::kVersion);
  out.sized(encode_head(head));
  head_hash_ = crypto::hash(kHeadTag, out.bytes());
  out.fixed(head_hash_);
  out_ = out.take();
}

std::size_t BundleWriter::cost(std::size_t frame_bytes) { return frame_bytes + kFrameOverhead; }

void BundleWriter::add(std::uint64_t lock, ByteView frame) {
  WASL_ASSERT(lock <= secrets_.size());
  ++count_;
  const Bytes stored =
      lock == 0 ? to_bytes(frame) : crypto::lock(frame, secrets_[lock - 1], count_, head_hash_.view());
  Writer out;
  out.raw(kFrameMark);
  out.varint(count_);
  out.varint(lock);
  out.varint(stored.size());
  out.fixed(frame_hash(head_hash_, count_, lock, stored));
  append(out_, out.bytes());
  append(out_, stored);
}

Bytes BundleWriter::finish(bool last) {
  Writer out;
  out.raw(kEndMark);
  out.varint(count_);
  out.byte(last ? 1 : 0);
  out.fixed(end_hash(head_hash_, count_, last));
  append(out_, out.bytes());
  return std::move(out_);
}

std::optional<Bytes> open_frame(const Bundle& bundle, const BundleFrame& frame,
                                const std::map<std::uint64_t, crypto::SecretKey>& secrets) {
  if (frame.lock == 0) return frame.bytes;
  const auto secret = secrets.find(frame.lock);
  if (secret == secrets.end()) return std::nullopt;
  return crypto::unlock(frame.bytes, secret->second, frame.number, bundle.head_hash.view());
}

std::map<std::uint64_t, crypto::SecretKey> open_locks(const BundleHead& head, const PublicKey& key,
                                                      const crypto::Seed& secret) {
  std::map<std::uint64_t, crypto::SecretKey> secrets;
  for (std::size_t i = 0; i < head.locks.size(); ++i) {
    for (const BundleHead::Recipient& recipient : head.locks[i]) {
      if (recipient.key != key) continue;
      if (const auto opened = crypto::unseal(recipient.sealed, secret)) secrets.emplace(i + 1, *opened);
    }
  }
  return secrets;
}

}  // namespace wasl
