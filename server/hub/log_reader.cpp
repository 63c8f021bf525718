#include "server/hub/log_reader.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kCacheBytes = 16 * 1024 * 1024;

bool wrote(const SegmentItem& item, const PublicKey& author) {
  if (const auto* set = std::get_if<SetItem>(&item)) return set->set.header.source.author == author;
  if (const auto* stand_in = std::get_if<StandInItem>(&item)) return stand_in->header.source.author == author;
  const auto* signature = std::get_if<SignatureItem>(&item);
  return signature != nullptr && signature->source.author == author;
}

}  // namespace

void take_out_own(Segment& segment, const PublicKey& own) {
  for (SegmentItem& item : segment.items) {
    const auto* set = std::get_if<SetItem>(&item);
    if (set == nullptr || !wrote(item, own)) continue;
    OwnItem stand{*set->entry, set->set.header.source, set->set.header.sequence};
    stand.entry.hash = {};
    item = std::move(stand);
  }
}

Result<Segment> LogReader::read(const std::string& space, Position from, Position size,
                                const NetworkId& network) {
  WASL_LET(auto blocks, store_.read(space, from, limits::kSegmentTargetBytes, network));
  if (blocks.empty()) return fail(Errc::corrupt, "the hub's log of " + space + " has a gap");
  Segment segment = std::move(blocks.front());
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].first > size) break;  // another process has committed it, and not signed it yet
    std::move(blocks[i].items.begin(), blocks[i].items.end(), std::back_inserter(segment.items));
  }
  // What came back to this hub lies in longer blocks than it had given: a reader may stand inside one.
  return segment.first < from ? part_of(segment, from, segment.first + entry_count(segment) - 1) : segment;
}

Status LogReader::add_openings(Segment& segment) {
  for (const SegmentItem& item : segment.items) {
    const ChangeSet* set = effect_of(item);
    if (set == nullptr) continue;
    for (const Operation& op : set->operations) {
      if (op.value.type != ValueType::commitment) continue;
      const auto commitment = Hash::from(op.value.data);
      if (!commitment) continue;
      WASL_LET(const auto opening, store_.opening(*commitment));
      if (opening) segment.openings.push_back({*commitment, *opening});
    }
  }
  return {};
}

void LogReader::remember(Key key, Encoded encoded) {
  bytes_ += encoded.frame.frame->size();
  order_.push_back(key);
  known_[std::move(key)] = std::move(encoded);
  while (bytes_ > kCacheBytes && order_.size() > 1) {
    const auto it = known_.find(order_.front());
    bytes_ -= it->second.frame.frame->size();
    known_.erase(it);
    order_.pop_front();
  }
}

void LogReader::forget() {
  known_.clear();
  order_.clear();
  bytes_ = 0;
}

Result<HubPort::EntriesFrame> LogReader::frame(const std::string& space, Position from, Position size,
                                               const HubPort::Reader& reader, const NetworkId& network) {
  const auto& own = reader.own;
  Key key{space, from, size, reader.alone, reader.plain ? Byte{0} : reader.dictionary, reader.plain};
  const auto it = known_.find(key);
  const auto is_author = [&](const Encoded& encoded) {
    return own && std::find(encoded.authors.begin(), encoded.authors.end(), *own) != encoded.authors.end();
  };
  if (it != known_.end() && !is_author(it->second)) return it->second.frame;

  WASL_LET(Segment segment, read(space, from, size, network));
  Encoded encoded;
  encoded.frame.last = segment.first + entry_count(segment) - 1;
  for (const SegmentItem& item : segment.items) {
    const auto* set = std::get_if<SetItem>(&item);
    if (set == nullptr) continue;
    const PublicKey& author = set->set.header.source.author;
    if (encoded.authors.empty() || encoded.authors.back() != author) encoded.authors.push_back(author);
  }
  const bool substitute = is_author(encoded);
  if (substitute) take_out_own(segment, *own);
  WASL_TRY(add_openings(segment));
  Bytes plain = plain_segment(FrameKind::entries, segment, reader.alone ? nullptr : &logs_);
  encoded.frame.frame =
      std::make_shared<const Bytes>(reader.plain ? std::move(plain) : pack_alone(plain, reader.dictionary));
  const HubPort::EntriesFrame frame = encoded.frame;
  if (!substitute) remember(std::move(key), std::move(encoded));
  return frame;
}

}  // namespace wasl
