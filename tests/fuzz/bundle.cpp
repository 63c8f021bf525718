// Files that somebody brought on a stick. The first byte says whether the rest is the file, or frames of
// which one is made.
#include "shared/bundle/bundle.hpp"

#include "shared/bundle/contents.hpp"
#include "shared/bundle/frames.hpp"
#include "shared/bundle/packing.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

struct FixedRandom final : Random {
  Byte next = 1;
  void fill(std::span<Byte> out) override {
    for (Byte& byte : out) byte = next++;
  }
};

void look(ByteView file) {
  const auto bundle = decode_bundle(file);
  if (!bundle) {
    WASL_ASSERT(!bundle.error().message.empty());
    return;
  }
  WASL_ASSERT(bundle->is_whole() == damage_words(*bundle).empty());
  std::uint64_t last = 0;
  for (const BundleFrame& frame : bundle->frames) {
    WASL_ASSERT(frame.number > last && frame.lock <= bundle->head.locks.size());
    last = frame.number;
    const auto opened = open_frame(*bundle, frame, {});
    WASL_ASSERT(opened.has_value() == (frame.lock == 0));
    if (opened) static_cast<void>(contents_of(*opened, bundle->head.network));
  }
}

/// What is packed comes out; then one byte of it is hit.
void pack(Feed& feed) {
  FixedRandom random;
  BundlePlan plan;
  const auto& hub = known_key(1);
  plan.audiences = {{{{hub.public_key(), *crypto::sealing_key_of(hub.public_key())}}}};
  BundlePacker packer(plan, random);
  const std::size_t at = feed.number();
  const Byte change = feed.byte();
  std::vector<PackedFrame> frames;
  while (!feed.empty() && frames.size() < 20) {
    PackedFrame frame;
    if (feed.flag()) frame.audience = 0;
    frame.bytes = to_bytes(feed.bytes(64));
    frames.push_back(frame);
    WASL_ASSERT(packer.add(std::move(frame)).has_value());
  }
  Bytes file = *packer.finish();
  const auto bundle = decode_bundle(file);
  WASL_ASSERT(bundle && bundle->is_whole() && bundle->frames.size() == frames.size());
  const auto secrets = open_locks(bundle->head, hub.public_key(), crypto::sealing_secret_of(hub));
  for (std::size_t i = 0; i < frames.size(); ++i)
    WASL_ASSERT(open_frame(*bundle, bundle->frames[i], secrets) == frames[i].bytes);
  if (change == 0) return;
  file[at % file.size()] ^= change;
  const auto hit = decode_bundle(file);
  WASL_ASSERT(!hit || !hit->is_whole());
  look(file);
}

WASL_FUZZ(bundle) {
  Feed feed(input);
  const Byte what = feed.byte();
  if (what == 0) return look(feed.rest());
  if (what == 1) return pack(feed);
  const ByteView rest = feed.rest();
  if (const auto covered = decode_covered(rest)) expect_same(encode(*covered), rest);
  static_cast<void>(decode_answer(rest, {}, known_key(1).public_key()));
  static_cast<void>(decode_hello_frame(rest));
  static_cast<void>(contents_of(rest, {}));
}

}  // namespace
}  // namespace wasl::fuzz
