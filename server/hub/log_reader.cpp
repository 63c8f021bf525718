#include "server/hub/log_reader.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kFrameBytes = 16 * 1024 * 1024;
constexpr std::size_t kPlaces = 4096;  // some have no frame, when only authors asked
// Of a frame, for which an own one is made: a commit costs so many frames at most, however many wrote in it,
// and nobody gets back more of what he wrote than a seventh of what he did not.
constexpr std::size_t kOwnPart = 8;
constexpr std::size_t kItemCost = 1 << 16;  // of what is kept decoded: two full commits, 20 MB

bool wrote(const SegmentItem& item, const PublicKey& author) {
  const auto* set = std::get_if<SetItem>(&item);
  return set != nullptr && set->set.header.source.author == author;
}

}  // namespace

void take_out_own(Segment& segment, const PublicKey& own) {
  for (SegmentItem& item : segment.items) {
    if (!wrote(item, own)) continue;
    const SetItem& set = std::get<SetItem>(item);
    OwnItem stand{*set.entry, set.set.header.source, set.set.header.sequence};
    stand.entry.hash = {};
    item = std::move(stand);
  }
}

Result<Segment> LogReader::read(const Place& place, const NetworkId& network) {
  WASL_LET(auto blocks, store_.read(place.space, place.from, limits::kSegmentTargetBytes, network));
  if (blocks.empty()) return fail(Errc::corrupt, "the hub's log of " + place.space + " has a gap");
  Segment segment = std::move(blocks.front());
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].first > place.size) break;  // another process has committed it, and not signed it yet
    std::move(blocks[i].items.begin(), blocks[i].items.end(), std::back_inserter(segment.items));
  }
  // What came back to this hub lies in longer blocks than it had given: a reader may stand inside one.
  const Position from = place.from;
  return segment.first < from ? part_of(segment, from, segment.first + entry_count(segment) - 1) : segment;
}

Status LogReader::decode(Known& known, const Place& place, const NetworkId& network) {
  WASL_LET(known.segment, read(place, network));
  known.last = known.segment.first + entry_count(known.segment) - 1;
  known.cost = known.segment.items.size();
  known.bytes = 0;
  known.bytes_of_author.clear();
  for (const SegmentItem& item : known.segment.items) {
    if (const ChangeSet* set = effect_of(item)) known.cost += set->operations.size();
    const auto* set = std::get_if<SetItem>(&item);
    if (set == nullptr) continue;
    const std::size_t bytes = set->set.header_bytes.size() + set->set.body_bytes.size();
    known.bytes += bytes;
    known.bytes_of_author[set->set.header.source.author] += bytes;
  }
  decoded_.push_back(place);
  cost_ += known.cost;
  return {};
}

Result<LogReader::Known*> LogReader::at(const Place& place, const NetworkId& network) {
  const auto it = known_.find(place);
  if (it != known_.end()) return &it->second;
  Known known;
  WASL_TRY(decode(known, place, network));
  order_.push_back(place);
  return &known_.emplace(place, std::move(known)).first->second;
}

Result<Bytes> LogReader::encode(Segment& segment, const Form& form) {
  segment.openings.clear();
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
  Bytes plain = plain_segment(FrameKind::entries, segment, form.alone ? nullptr : &logs_);
  return form.plain ? std::move(plain) : pack_alone(plain, form.dictionary);
}

/// The newest stays: somebody reads it now.
void LogReader::make_room() {
  while (cost_ > kItemCost && decoded_.size() > 1) {
    Known& oldest = known_.at(decoded_.front());
    cost_ -= oldest.cost;
    oldest.segment.items = {};
    decoded_.pop_front();
  }
  while ((bytes_ > kFrameBytes && order_.size() > 1) || order_.size() > kPlaces) {
    const auto it = known_.find(order_.front());
    for (const auto& [form, frame] : it->second.frames) bytes_ -= frame->size();
    if (!it->second.segment.items.empty()) {
      cost_ -= it->second.cost;
      std::erase(decoded_, it->first);
    }
    known_.erase(it);
    order_.pop_front();
  }
}

void LogReader::forget() {
  known_.clear();
  order_.clear();
  decoded_.clear();
  bytes_ = cost_ = 0;
}

bool LogReader::is_good_part(const Known& known, const PublicKey& author) {
  const auto it = known.bytes_of_author.find(author);
  return it != known.bytes_of_author.end() && it->second * kOwnPart >= known.bytes;
}

Result<HubPort::EntriesFrame> LogReader::frame(const std::string& space, Position from, Position size,
                                               const HubPort::Reader& reader, const NetworkId& network) {
  const Place place{space, from, size};
  const Form form{reader.alone, reader.plain ? Byte{0} : reader.dictionary, reader.plain};
  WASL_LET(Known* const known, at(place, network));
  const bool is_own = reader.own && is_good_part(*known, *reader.own);
  if (const auto made = known->frames.find(form); !is_own && made != known->frames.end())
    return HubPort::EntriesFrame{made->second, known->last};

  if (known->segment.items.empty()) WASL_TRY(decode(*known, place, network));
  std::optional<Segment> without;
  if (is_own) take_out_own(without.emplace(known->segment), *reader.own);
  WASL_LET(Bytes bytes, encode(without ? *without : known->segment, form));
  const HubPort::EntriesFrame out{std::make_shared<const Bytes>(std::move(bytes)), known->last};
  if (!is_own) {
    bytes_ += out.frame->size();
    known->frames.emplace(form, out.frame);
  }
  make_room();
  return out;
}

}  // namespace wasl
