#include "shared/bundle/contents.hpp"

#include <algorithm>

#include "shared/bundle/frames.hpp"
#include "shared/wire/file_frames.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr std::size_t kNamed = 8;

FrameContents of_segment(std::string_view kind, ByteView frame, const NetworkId& network) {
  const auto segment = decode_segment(frame, network);
  if (!segment) return {"unknown"};
  FrameContents out{kind, segment->space};
  out.first = segment->first;
  if (out.first > 0) out.last = out.first + entry_count(*segment) - 1;
  out.sets = static_cast<std::uint64_t>(
      std::count_if(segment->items.begin(), segment->items.end(),
                    [](const SegmentItem& item) { return std::holds_alternative<SetItem>(item); }));
  return out;
}

FrameContents of_snapshot(SnapshotFrameKind kind, ByteView frame) {
  if (kind == SnapshotFrameKind::snapshot) {
    const auto snapshot = decode_snapshot(frame);
    return snapshot ? FrameContents{"snapshot", snapshot->vouched.space} : FrameContents{"unknown"};
  }
  if (kind == SnapshotFrameKind::piece) {
    const auto piece = decode_piece_frame(frame);
    return piece ? FrameContents{"piece", piece->space} : FrameContents{"unknown"};
  }
  const auto openings = decode_openings_frame(frame);
  return openings ? FrameContents{"openings", openings->space} : FrameContents{"unknown"};
}

FrameContents of_files(ByteView frame) {
  if (file_frame_kind(frame) == FileFrameKind::chunk) {
    const auto chunk = decode_chunk(frame);
    return chunk ? FrameContents{"chunk", chunk->space} : FrameContents{"unknown"};
  }
  auto files = file_frame_kind(frame) == FileFrameKind::offer ? decode_files(frame)
                                                              : Result<std::vector<attachment::FileId>>();
  if (!files || files->empty()) return {"unknown"};
  FrameContents out{"files", files->front().space};
  out.files = *std::move(files);
  return out;
}

}  // namespace

FrameContents contents_of(ByteView frame, const NetworkId& network) {
  if (frame.empty()) return {"unknown"};
  if (frame[0] == kHelloFrame) return {"position"};
  if (frame[0] == kAnswerFrame) return {"answer"};
  if (frame[0] == kCoveredFrame) {
    const auto covered = decode_covered(frame);
    if (!covered) return {"unknown"};
    return of_segment("entries", covered->entries, network);
  }
  if (const auto kind = snapshot_frame_kind(frame)) return of_snapshot(*kind, frame);
  if (is_file_frame(frame)) return of_files(frame);
  switch (static_cast<FrameKind>(frame[0])) {
    case FrameKind::push:
      return of_segment("work", frame, network);
    case FrameKind::statements:
      return {"statements"};
    case FrameKind::vouched: {
      const auto vouched = decode_vouched(frame);
      if (!vouched) return {"unknown"};
      return {"proof", vouched->space};
    }
    default:
      return {"unknown"};
  }
}

std::string_view to_word(BundleHead::Audience audience) {
  switch (audience) {
    case BundleHead::Audience::hub:
      return "hub";
    case BundleHead::Audience::device:
      return "device";
    case BundleHead::Audience::space:
      return "space";
    case BundleHead::Audience::all:
      return "all";
  }
  return "unknown";
}

std::string damage_words(const Bundle& bundle) {
  std::string words;
  for (std::size_t i = 0; i < bundle.damage.size() && i < kNamed; ++i) {
    const BundleDamage& damage = bundle.damage[i];
    words += (words.empty() ? "" : "; ") + std::string("damaged at byte ") + std::to_string(damage.offset) +
             " (frame " + std::to_string(damage.number) + ")";
  }
  if (bundle.damage.size() > kNamed)
    words += " and " + std::to_string(bundle.damage.size() - kNamed) + " more places";
  if (words.empty() && !bundle.missing.empty())
    words = "frame " + std::to_string(bundle.missing.front()) + " is missing";
  if (!bundle.ended) words += (words.empty() ? "" : "; ") + std::string("it ends before its end: it was cut");
  return words;
}

}  // namespace wasl
