#include "server/hub/staging.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr Millis kRetryAfter = 2'000;

/// Decoded operations take a hundred times their bytes: what waits for the rest of its group keeps the bytes.
void pack(std::vector<SegmentItem>& items) {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    auto* set = std::get_if<SetItem>(&*item);
    if (set == nullptr) continue;
    if (set->set.operations.empty()) return;  // so is all before it
    set->set.operations = {};
  }
}

Status unpack(SegmentItem& item) {
  auto* set = std::get_if<SetItem>(&item);
  if (set == nullptr || !set->set.operations.empty()) return {};
  WASL_LET(set->set, decode_change_set(set->set.header_bytes, set->set.body_bytes));
  return {};
}

std::size_t operations_of(const SegmentItem& item) {
  const auto* set = std::get_if<SetItem>(&item);
  return set == nullptr ? 0 : set->set.operations.size();
}

/// `later` for the whole unit.
VerdictItem put_off(const Unit& unit) {
  VerdictItem later;
  later.chain = unit.source.chain;
  later.count = 0;
  for (const SegmentItem& item : unit.items) {
    const Header* header = header_of(item);
    if (header != nullptr && later.count++ == 0) later.first = header->sequence;
  }
  later.verdict = {Outcome::later, Reason::too_much_held, "the group is larger than the hub holds at once"};
  later.retry_after = kRetryAfter;
  return later;
}

}  // namespace

/// Pushed again: it is here. Another under the same number is not.
bool Staging::Buffer::holds(Sequence sequence, const Hash& of) const {
  const Sequence first = last + 1 - names.size();
  return sequence >= first && sequence <= last && names[sequence - first] == of;
}

void Staging::put(Buffer& buffer, SegmentItem item, const Header& header, const Hash& name) {
  if (buffer.holds(header.sequence, name)) return;
  const bool goes_on = header.sequence == buffer.last + 1 && header.previous == buffer.name &&
                       header.space == buffer.unit.space;
  // Another history than the one begun, or another space: judge what comes, forget what cannot end.
  if (buffer.last != 0 && !goes_on) drop(buffer);
  buffer.unit.space = header.space;
  buffer.unit.source = header.source;
  buffer.last = header.sequence;
  buffer.name = name;
  buffer.names.push_back(name);
  buffer.open = header.part < header.parts;
  std::size_t bytes = sizeof(SegmentItem);
  if (const auto* set = std::get_if<SetItem>(&item)) {
    bytes += set->set.header_bytes.size() + set->set.body_bytes.size();
  }
  buffer.unit.bytes += bytes;
  bytes_ += bytes;
  bytes_of_[header.source.author] += bytes;
  buffer.unit.operations += operations_of(item);
  buffer.unit.items.push_back(std::move(item));
}

/// Gives back the room of a buffer's unit and leaves the buffer without one.
Unit Staging::drop(Buffer& buffer) {
  Unit unit = std::exchange(buffer.unit, Unit());
  buffer.names.clear();
  bytes_ -= unit.bytes;
  const auto of_author = bytes_of_.find(unit.source.author);
  if (of_author != bytes_of_.end() && (of_author->second -= unit.bytes) == 0) bytes_of_.erase(of_author);
  return unit;
}

bool Staging::fits(const Buffer& buffer) const {
  const auto of_author = bytes_of_.find(buffer.unit.source.author);
  return bytes_ <= limits::kStagedBytes && buffer.unit.operations <= limits::kGroupOperations &&
         of(buffer.unit.source.author).size() <= limits::kChainsOfDevice &&
         (of_author == bytes_of_.end() || of_author->second <= limits::kStagedBytesOfDevice);
}

Staging::Added Staging::add(std::uint64_t ticket, Segment push) {
  Added added;
  std::map<Hash, const OpeningItem*> openings;
  for (const OpeningItem& opening : push.openings) openings[opening.commitment] = &opening;
  for (SegmentItem& item : push.items) {
    if (auto* set = std::get_if<SetItem>(&item)) {
      const Header header = set->set.header;
      const Hash name = set->set.name;
      Buffer& buffer = buffers_[header.source];
      std::vector<OpeningItem> own;
      for (const Operation& op : set->set.operations) {
        if (op.value.type != ValueType::commitment) continue;
        const auto commitment = Hash::from(op.value.data);
        const auto it = commitment ? openings.find(*commitment) : openings.end();
        if (it != openings.end()) own.push_back(*it->second);
      }
      put(buffer, std::move(item), header, name);
      buffer.unit.openings.insert(buffer.unit.openings.end(), own.begin(), own.end());
    } else if (auto* stand_in = std::get_if<StandInItem>(&item)) {
      const Header header = stand_in->header;
      const Hash name = stand_in->name;
      put(buffers_[header.source], std::move(item), header, name);
    } else if (const auto* signature = std::get_if<SignatureItem>(&item)) {
      const auto it = buffers_.find(signature->source);
      if (it == buffers_.end() || signature->last != it->second.last) continue;
      Buffer& buffer = it->second;
      buffer.unit.items.emplace_back(*signature);
      buffer.unit.ticket = ticket;
      if (buffer.open && fits(buffer)) {
        pack(buffer.unit.items);
        continue;
      }
      const bool whole = !buffer.open && buffer.unit.operations <= limits::kGroupOperations;
      Unit unit = drop(buffer);
      buffers_.erase(it);
      bool sound = whole;
      for (SegmentItem& waiting : unit.items) sound = sound && unpack(waiting).has_value();
      if (sound) {
        added.ready.push_back(std::move(unit));
      } else {
        added.answers.push_back(put_off(unit));
      }
    }
  }
  return added;
}

std::vector<Staged> Staging::of(const PublicKey& author) const {
  std::vector<Staged> out;
  for (auto it = buffers_.lower_bound({author, {}}); it != buffers_.end() && it->first.author == author;
       ++it) {
    out.push_back({it->first.chain, it->second.last, it->second.name});
  }
  return out;
}

bool Staging::holds(const PublicKey& author) const { return !of(author).empty(); }

}  // namespace wasl
