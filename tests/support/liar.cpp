#include "tests/support/liar.hpp"

namespace wasl::test {
namespace {

/// A tree of forged leaves, whole in memory.
struct Tree {
  ledger::Frontier frontier;
  std::vector<ledger::Node> nodes;

  explicit Tree(const std::vector<ledger::HeadsLeaf>& leaves) {
    for (const auto& leaf : leaves) frontier.append(ledger::leaf_hash(leaf), nodes);
  }
  ledger::NodeAt at() const {
    return [this](unsigned level, std::uint64_t index) {
      for (const ledger::Node& node : nodes) {
        if (node.level == level && node.index == index) return node.hash;
      }
      return Hash{};
    };
  }
};

}  // namespace

Committer::Committed Liar::commit() {
  if (rulings_.empty()) return HubPeer::commit();
  return {std::exchange(rulings_, {}), {}, {}};
}

std::shared_ptr<const Bytes> Liar::alter(std::shared_ptr<const Bytes> frame) {
  return frame_lie ? std::make_shared<const Bytes>(frame_lie(*frame)) : frame;
}

Result<Position> Liar::size(const std::string& space) {
  auto size = hub_.size(space);
  return size_lie && size ? size_lie(space, *size) : size;
}

Result<HubPort::EntriesFrame> Liar::entries(const std::string& space, Position from, const Reader& reader) {
  if (space == entries_source) {
    return EntriesFrame{std::make_shared<const Bytes>(1, static_cast<Byte>(FrameKind::entries)), from};
  }
  auto honest = hub_.entries(space, from, {reader.own, reader.alone || entries_lie});
  if (!entries_lie || !honest) return honest;
  Segment segment = must(decode_segment(*honest->frame, network()));
  entries_lie(segment);
  return EntriesFrame{std::make_shared<const Bytes>(encode_segment(FrameKind::entries, segment)),
                      honest->last};
}

void Liar::push(std::uint64_t session, Segment segment) {
  if (!verdict_lie) return hub_.push(session, std::move(segment));
  rulings_.push_back({session, verdict_lie(segment), 1});
}

std::vector<ledger::HeadsLeaf> Liar::leaves() {
  std::vector<ledger::HeadsLeaf> all;
  const std::uint64_t size = must(world_.store().heads_size());
  for (std::uint64_t i = 0; i < size; ++i) {
    all.push_back(must(ledger::HeadsLeaf::decode(must(world_.store().heads_leaf(i)))));
  }
  if (heads_lie) heads_lie(all);
  return all;
}

Result<std::optional<HubPort::NewestLeaf>> Liar::newest_leaf(const std::string& space) {
  const auto key = must(hub_.blinding_key(space));
  const Bytes name = key ? to_bytes(ledger::blind_name(*key, space).view()) : to_bytes(space);
  const auto all = leaves();
  for (std::size_t i = all.size(); i-- > 0;) {
    if (all[i].name == name) return std::optional(NewestLeaf{i, all[i].size, true});
  }
  return std::optional<NewestLeaf>();
}

Seen Liar::heads() {
  const Tree tree(leaves());
  return {tree.frontier.size(), tree.frontier.root()};
}

Result<Proof> Liar::prove(const Seen& known, const std::vector<std::uint64_t>& indexes) {
  const auto all = leaves();
  const Tree tree(all);
  Proof proof;
  const ledger::Checkpoint checkpoint{ledger::heads_origin(network(), 1), all.size(), tree.frontier.root()};
  proof.checkpoint = must(ledger::sign_checkpoint(checkpoint, log_key()));
  proof.consistency = ledger::consistency_proof(known.size, all.size(), tree.at());
  for (const std::uint64_t index : indexes) proof.leaves.push_back({index, all[index].encode()});
  if (!indexes.empty()) proof.inclusion = ledger::inclusion_proofs(indexes, all.size(), tree.at());
  if (proof_lie) proof_lie(proof);
  return proof;
}

}  // namespace wasl::test
