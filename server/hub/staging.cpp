#include "server/hub/staging.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kStagedBytesOfDevice = 64 * 1024 * 1024;  // a group's parts in memory
constexpr Millis kRetryAfter = 2'000;

}  // namespace

namespace {

/// Pushed again: it is here. Another under the same number is not.
bool stands_in(const Unit& unit, Sequence sequence, const Hash& name) {
  return std::any_of(unit.items.begin(), unit.items.end(), [&](const SegmentItem& item) {
    if (const auto* set = std::get_if<SetItem>(&item))
      return set->set.header.sequence == sequence && set->set.name == name;
    const auto* stand_in = std::get_if<StandInItem>(&item);
    return stand_in != nullptr && stand_in->header.sequence == sequence && stand_in->name == name;
  });
}

}  // namespace

void Staging::put(Buffer& buffer, SegmentItem item, const Header& header, const Hash& name) {
  if (buffer.last != 0 && header.sequence <= buffer.last && stands_in(buffer.unit, header.sequence, name))
    return;
  const bool goes_on = header.sequence == buffer.last + 1 && header.previous == buffer.name &&
                       header.space == buffer.unit.space;
  // Another history than the one begun, or another space: judge what comes, forget what cannot end.
  if (buffer.last != 0 && !goes_on) buffer.unit = Unit();
  buffer.unit.space = header.space;
  buffer.unit.source = header.source;
  buffer.last = header.sequence;
  buffer.name = name;
  buffer.open = header.part < header.parts;
  if (const auto* set = std::get_if<SetItem>(&item)) buffer.unit.bytes += set->set.body_bytes.size();
  buffer.unit.bytes += 256;  // a header with its overhead
  buffer.unit.items.push_back(std::move(item));
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
      if (!buffer.open) {
        added.ready.push_back(std::move(buffer.unit));
        buffers_.erase(it);
      } else if (buffer.unit.bytes > kStagedBytesOfDevice) {
        VerdictItem later;
        later.chain = signature->source.chain;
        later.count = 0;
        for (const SegmentItem& kept : buffer.unit.items) {
          const auto* kept_set = std::get_if<SetItem>(&kept);
          const auto* kept_stand_in = std::get_if<StandInItem>(&kept);
          if (kept_set == nullptr && kept_stand_in == nullptr) continue;
          if (later.count++ == 0) {
            later.first =
                kept_set != nullptr ? kept_set->set.header.sequence : kept_stand_in->header.sequence;
          }
        }
        later.verdict = {Outcome::later, Reason::too_much_held,
                         "the group is larger than the hub holds at once"};
        later.retry_after = kRetryAfter;
        added.answers.push_back(std::move(later));
        buffers_.erase(it);
      }
    }
  }
  return added;
}

std::vector<Staged> Staging::of(const PublicKey& author) const {
  std::vector<Staged> out;
  for (const auto& [source, buffer] : buffers_) {
    if (source.author == author) out.push_back({source.chain, buffer.last, buffer.name});
  }
  return out;
}

bool Staging::holds(const PublicKey& author) const { return !of(author).empty(); }

}  // namespace wasl
