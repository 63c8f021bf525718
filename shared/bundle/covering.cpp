#include "shared/bundle/covering.hpp"

#include <algorithm>
#include <set>

namespace wasl {
namespace {

Bytes name_in_heads(const Vouched& vouched) {
  return vouched.key ? to_bytes(ledger::blind_name(*vouched.key, vouched.space).view())
                     : to_bytes(vouched.space);
}

}  // namespace

Result<VouchedLeaf> open_vouched(const Vouched& vouched, const NetworkId& network, std::uint64_t epoch,
                                 const PublicKey& log_key) {
  if (is_private_space(vouched.space) != vouched.key.has_value()) {
    return fail(Errc::malformed, "a proof of " + vouched.space + " that does not fit the kind of space");
  }
  const auto checkpoint =
      ledger::open_checkpoint(vouched.proof.checkpoint, ledger::heads_origin(network, epoch), log_key);
  if (!checkpoint) {
    return fail(Errc::bad_signature,
                "the proof of " + vouched.space + " is not signed by the hub's log key of this network now",
                "it was altered, or made before the hub was restored or got a new key: ask for a new bundle");
  }
  VouchedLeaf found{*checkpoint, 0, {}};
  const Bytes name = name_in_heads(vouched);
  std::vector<ledger::Leaf> leaves;
  bool any = false;
  for (const LeafProof& item : vouched.proof.leaves) {
    WASL_LET(ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(item.leaf));
    leaves.push_back({item.index, ledger::leaf_hash(leaf)});
    if (leaf.name != name) continue;
    any = true;
    found.index = item.index;
    found.leaf = std::move(leaf);
  }
  if (!any || !ledger::verify_inclusions(leaves, checkpoint->size, vouched.proof.inclusion, checkpoint->root))
    return fail(Errc::bad_signature, "the proof of " + vouched.space + " is not what the hub signed",
                "it was altered on its way: ask for a new bundle");
  return found;
}

Reached follow(const Segment& segment, ledger::Frontier before, const std::optional<ledger::BlindingKey>& key,
               Position known) {
  Reached reached{before.root(), {}, before.size()};
  for (const SegmentItem& item : segment.items) {
    const ledger::Entry* entry = entry_of(item);
    if (entry == nullptr) continue;
    before.append(ledger::leaf_hash(*entry, key));
    if (before.size() <= known) reached.at_known = before.root();
  }
  reached.end = before.size();
  reached.at_end = before.root();
  return reached;
}

Segment behind(const Segment& segment, Position size) {
  if (segment.first > size) return segment;
  Segment out = part_of(segment, size + 1, segment.first + entry_count(segment) - 1);
  std::set<Hash> wanted;
  for (const SegmentItem& item : out.items) {
    const auto* with_body = std::get_if<SetItem>(&item);
    const ChangeSet* set = with_body != nullptr ? &with_body->set : effect_of(item);
    if (set == nullptr) continue;
    for (const Operation& op : set->operations) {
      if (const auto commitment = Hash::from(op.value.data);
          commitment && op.value.type == ValueType::commitment)
        wanted.insert(*commitment);
    }
  }
  std::copy_if(segment.openings.begin(), segment.openings.end(), std::back_inserter(out.openings),
               [&](const OpeningItem& opening) { return wanted.contains(opening.commitment); });
  return out;
}

}  // namespace wasl
