#include "server/hub/passing_on.hpp"

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kFrameItems = 256;
constexpr std::size_t kFrames = 1 << 16;
constexpr std::size_t kUnitBytes = limits::kStagedBytesOfDevice * 2;
constexpr std::size_t kAuthors = 1 << 20;

tl::unexpected<Error> no_unit() {
  return fail(Errc::malformed, "a push that waited is not what was written");
}

}  // namespace

Bytes encode_unit(const Unit& unit) {
  Writer out;
  const std::size_t frames = (unit.items.size() + kFrameItems - 1) / kFrameItems;
  out.varint(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    const auto from = unit.items.begin() + static_cast<std::ptrdiff_t>(i * kFrameItems);
    const auto to = i + 1 == frames ? unit.items.end() : from + static_cast<std::ptrdiff_t>(kFrameItems);
    const Segment part{unit.space, 0, {from, to}, {}};
    out.sized(encode_segment(FrameKind::push, part));
  }
  out.sized(encode_openings(unit.openings));
  return out.take();
}

Result<Unit> decode_unit(ByteView bytes, const NetworkId& network) {
  Reader in(bytes);
  Unit unit;
  const auto frames = in.count(kFrames);
  for (std::uint64_t i = 0; i < frames && in.ok(); ++i) {
    const ByteView frame = in.sized(kUnitBytes);
    if (!in.ok()) break;
    WASL_LET(Segment part, decode_segment(frame, network));
    if (i > 0 && part.space != unit.space) return no_unit();
    unit.space = part.space;
    std::move(part.items.begin(), part.items.end(), std::back_inserter(unit.items));
  }
  const ByteView openings = in.sized(kUnitBytes);
  if (!in.finished() || unit.items.empty() || header_of(unit.items.front()) == nullptr) return no_unit();
  WASL_LET(unit.openings, decode_openings(openings));
  unit.source = header_of(unit.items.front())->source;
  for (const SegmentItem& item : unit.items) {
    const Header* header = header_of(item);
    const auto* signature = std::get_if<SignatureItem>(&item);
    const bool own = header != nullptr ? header->source == unit.source && header->space == unit.space
                                       : signature != nullptr && signature->source == unit.source;
    if (!own) return no_unit();
    if (const auto* set = std::get_if<SetItem>(&item)) unit.operations += set->set.operations.size();
  }
  return unit;
}

Bytes encode_decided(const Batch::Decided& decided) {
  Writer out;
  out.varint(decided.size());
  for (const auto& [author, verdicts] : decided) {
    out.fixed(author);
    out.sized(encode(verdicts));
  }
  return out.take();
}

Result<Batch::Decided> decode_decided(ByteView bytes) {
  Reader in(bytes);
  Batch::Decided out;
  const auto authors = in.count(kAuthors);
  for (std::uint64_t i = 0; i < authors && in.ok(); ++i) {
    const auto author = in.fixed<PublicKey>();
    const ByteView frame = in.sized(kUnitBytes);
    if (!in.ok()) break;
    WASL_LET(out[author], decode_verdicts(frame));
  }
  if (!in.finished()) return fail(Errc::malformed, "what was decided is not what was written");
  return out;
}

}  // namespace wasl
