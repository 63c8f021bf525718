#include "shared/wire/runs.hpp"

#include <algorithm>
#include <map>

namespace wasl {

std::vector<Segment> runs_of(const Segment& push) {
  std::map<Hash, const OpeningItem*> openings;
  for (const OpeningItem& opening : push.openings) openings[opening.commitment] = &opening;
  std::map<Source, Segment> open;
  std::vector<Segment> out;
  for (const SegmentItem& item : push.items) {
    if (const auto* signature = std::get_if<SignatureItem>(&item)) {
      const auto it = open.find(signature->source);
      if (it == open.end()) continue;
      it->second.items.push_back(item);
      out.push_back(std::move(it->second));
      open.erase(it);
      continue;
    }
    const Header* header = header_of(item);
    if (header == nullptr) continue;
    Segment& run = open.try_emplace(header->source, Segment{push.space, 0, {}, {}}).first->second;
    run.items.push_back(item);
    const auto* set = std::get_if<SetItem>(&item);
    if (set == nullptr) continue;
    for (const Operation& op : set->set.operations) {
      if (op.value.type != ValueType::commitment) continue;
      const auto commitment = Hash::from(op.value.data);
      const auto found = commitment ? openings.find(*commitment) : openings.end();
      if (found != openings.end()) run.openings.push_back(*found->second);
    }
  }
  return out;
}

std::optional<RunPlace> place_of(const Segment& run) {
  const auto* const signature = run.items.empty() ? nullptr : std::get_if<SignatureItem>(&run.items.back());
  if (signature == nullptr) return std::nullopt;
  RunPlace place{signature->source, 0, signature->last, {}};
  for (const SegmentItem& item : run.items) {
    const Header* const header = header_of(item);
    if (header == nullptr) continue;
    if (header->source != place.source) return std::nullopt;
    if (place.first == 0) place.first = header->sequence;
    place.name = name_of(item);
  }
  return place.first == 0 ? std::nullopt : std::optional(place);
}

bool opens_truly(const Segment& run, const NetworkId& network) {
  std::map<Hash, const Opening*> openings;
  for (const OpeningItem& item : run.openings) openings[item.commitment] = &item.opening;
  for (const SegmentItem& item : run.items) {
    const auto* set = std::get_if<SetItem>(&item);
    if (set == nullptr) continue;
    for (std::size_t i = 0; i < set->set.operations.size(); ++i) {
      const Operation& op = set->set.operations[i];
      if (op.value.type != ValueType::commitment) continue;
      const auto commitment = Hash::from(op.value.data);
      const auto it = commitment ? openings.find(*commitment) : openings.end();
      if (it == openings.end()) continue;
      if (commitment_of(network, run.space, op.id, op.address.field, set->set.dot(i), *it->second) !=
          *commitment)
        return false;
    }
  }
  return true;
}

}  // namespace wasl
