// Receipts: what of the signed history makes a record, put together so that somebody without a replica can
// check it.
#include <algorithm>
#include <set>

#include "client/replica/replica.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl {
namespace {

std::string head_key(const std::string& space) { return "head of " + space; }

Bytes encode_head(const ProvedHead& head) {
  Writer out;
  out.sized(head.note);
  out.varint(head.index);
  out.sized(head.leaf);
  out.varint(head.path.size());
  for (const Hash& hash : head.path) out.fixed(hash);
  return out.take();
}

Result<ProvedHead> decode_head(ByteView bytes) {
  Reader in(bytes);
  ProvedHead head;
  head.note = in.text(ledger::kNoteBytes);
  head.index = in.varint();
  head.leaf = to_bytes(in.sized(bytes.size()));
  for (std::uint64_t left = in.count(ledger::kProofHashesMax); left > 0 && in.ok(); --left)
    head.path.push_back(in.fixed<Hash>());
  if (!in.finished()) return fail(Errc::corrupt, "a kept proof is damaged", "run: wasl sync");
  return head;
}

/// Change sets that the record's confirmed heads and deletes stand in.
std::set<std::pair<Source, Sequence>> makers(const RecordState& state) {
  std::set<std::pair<Source, Sequence>> found;
  for (const auto& [address, heads] : state.heads)
    for (const Head& head : heads) found.emplace(head.dot.source, head.dot.sequence);
  for (const Deletion& deletion : state.deletions) found.emplace(deletion.dot.source, deletion.dot.sequence);
  return found;
}

/// Adds the headers behind the one of `set` up to their signature. @return false when it is not in this
/// block.
bool add_run(ProvedSet& found, const Segment& block, const ChangeSet& set) {
  bool inside = false;
  std::vector<Bytes> following;
  for (const SegmentItem& item : block.items) {
    const auto* signature = std::get_if<SignatureItem>(&item);
    if (inside && signature != nullptr && signature->source == set.header.source) {
      found.following = std::move(following);
      found.signature = signature->signature;
      return true;
    }
    const Header* header = header_of(item);
    if (header == nullptr || header->source != set.header.source) continue;
    if (inside) following.push_back(encode(*header));
    inside = inside || name_of(item) == set.name;
  }
  return false;
}

}  // namespace

/// The way of a space's newest leaf to the checkpoint that came with it: the log `heads` is not here.
Status Replica::keep_head(const std::string& space, const ShownLeaf& shown, const Proof& proof,
                          const ledger::Checkpoint& checkpoint) {
  std::vector<ledger::Leaf> leaves;
  for (const LeafProof& item : proof.leaves) leaves.push_back({item.index, ledger::leaf_hash(item.leaf)});
  const ProvedHead head{proof.checkpoint, shown.index, shown.leaf.encode(),
                        ledger::inclusion_proof_of(shown.index, leaves, checkpoint.size, proof.inclusion)};
  return store_.set_meta(head_key(space), encode_head(head));
}

Result<ProvedHead> Replica::kept_head(const std::string& space) {
  WASL_LET(const auto bytes, store_.meta(head_key(space)));
  if (!bytes) {
    return fail(Errc::no_link, "the hub has not proved its log of " + space + " to this office yet",
                "run: wasl sync");
  }
  return decode_head(*bytes);
}

/// The change set at this position, and the headers up to its signature. What was held first has them where
/// its header stands in its place.
Result<ProvedSet> Replica::proved_set(const std::string& space, Position position) {
  WASL_LET(const auto blocks, store_.read(space, position, 1, anchor_.network));
  const auto gap = fail(Errc::corrupt, "the stored log of " + space + " has a gap", "run: wasl verify");
  if (blocks.empty()) return gap;
  ProvedSet found;
  const ChangeSet* set = nullptr;
  Position at = blocks.front().first;
  for (const SegmentItem& item : blocks.front().items) {
    const ledger::Entry* entry = entry_of(item);
    if (entry == nullptr || at++ != position) continue;
    if (const auto* plain = std::get_if<SetItem>(&item)) set = &plain->set;
    if (const auto* late = std::get_if<LateItem>(&item)) set = &late->set;
    found.entry = *entry;
  }
  if (set == nullptr) return gap;
  found.position = position;
  found.header = set->header_bytes;
  found.body = set->body_bytes;
  if (add_run(found, blocks.front(), *set)) return found;
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  for (Position from = 1; from <= info->size;) {
    WASL_LET(const auto earlier, store_.read(space, from, limits::kSegmentTargetBytes, anchor_.network));
    if (earlier.empty()) break;
    for (const Segment& block : earlier) {
      if (add_run(found, block, *set)) return found;
      from = std::max<Position>(from + 1, block.first + entry_count(block));
    }
  }
  return fail(Errc::corrupt, "the stored log of " + space + " lacks a signature", "run: wasl verify");
}

Result<std::vector<ProvedStatement>> Replica::proved_statements(Position size) {
  std::vector<ProvedStatement> found;
  for (Position from = 1; from <= size;) {
    WASL_LET(const auto rows, store_.entries(kAuthoritySpace, from, std::min(size, from + 999)));
    for (const EntryRow& row : rows) {
      if (row.entry.kind != ledger::EntryKind::statement) continue;
      WASL_LET(const auto blocks, store_.read(kAuthoritySpace, row.position, 1, anchor_.network));
      for (const SegmentItem& item : blocks.empty() ? std::vector<SegmentItem>() : blocks.front().items) {
        const auto* other = std::get_if<EntryItem>(&item);
        if (other != nullptr && other->entry == row.entry)
          found.push_back({row.position, row.entry, other->bytes});
      }
    }
    if (rows.empty()) return fail(Errc::corrupt, "the stored log of authority has a gap", "run: wasl verify");
    from = rows.back().position + 1;
  }
  return found;
}

/// Where the grants stand by which these were written, and those by which they were given, up to a
/// registrar's.
Result<std::set<Position>> Replica::places_of_grants(const std::vector<ProvedSet>& changes) {
  std::set<Position> places;
  std::vector<Hash> names;
  for (const ProvedSet& change : changes) {
    if (change.entry.kind == ledger::EntryKind::adopt) continue;  // by the adopter's right, which is here too
    WASL_LET(const Header header, decode_header(change.header));
    names.push_back(header.grant);
  }
  while (!names.empty()) {
    const Hash name = names.back();
    names.pop_back();
    if (name.is_zero()) continue;
    const Grant* grant = authority_.grant(name);
    if (grant == nullptr)
      return fail(Errc::corrupt, "a grant that was used is not in authority", "run: wasl verify");
    if (!places.insert(grant->position).second) continue;
    if ((grant->act.flags & kNeedsAcceptance) != 0 && grant->accepted) places.insert(*grant->accepted);
    if (grant->act.needs_confirmation() && grant->confirmed && places.insert(*grant->confirmed).second) {
      WASL_LET(const ProvedSet confirmed_by, proved_set(std::string(kAuthoritySpace), *grant->confirmed));
      WASL_LET(const Header confirming, decode_header(confirmed_by.header));
      names.push_back(confirming.grant);
    }
    WASL_LET(const ProvedSet issued_by, proved_set(std::string(kAuthoritySpace), grant->position));
    WASL_LET(const Header header, decode_header(issued_by.header));
    names.push_back(header.grant);
  }
  return places;
}

Result<Receipt> Replica::receipt(const Register& reg, std::string_view id,
                                 const std::optional<std::string>& named_space) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  Receipt out;
  WASL_LET(out.space, space_of(reg, id, named_space));
  out.network = anchor_.network;
  out.register_number = reg.number;
  out.id = id;
  WASL_LET(const LoadedRecord loaded, records_.load(reg.number, out.space, id));
  WASL_LET(const SpaceInfo* const info, store_.space(out.space));
  if (is_private_space(out.space)) out.key = info->key;
  std::set<Position> places;
  for (const auto& [source, sequence] : makers(loaded.record.confirmed)) {
    WASL_LET(const auto row, store_.find(source, sequence));
    if (!row && LogStore::stands_before(*info, source, sequence)) {
      return fail(
          Errc::not_found,
          "what made this record stands before entry " + std::to_string(info->begins_behind() + 1) + " of " +
              out.space + ", and this replica began there from a snapshot",
          "ask an office that holds the log of " + out.space + " from its first entry on, or the hub");
    }
    if (!row) return fail(Errc::corrupt, "a change of the record is not in the log", "run: wasl verify");
    places.insert(row->position);
    if (row->entry.kind != ledger::EntryKind::adopt) continue;
    WASL_LET(const ProvedSet adopted, proved_set(out.space, row->position));
    WASL_LET(const ChangeSet set, decode_change_set(adopted.header, adopted.body));
    WASL_LET(const Adopter adopter, adopter_of(out.space, row->position, set));
    places.insert(adopter.position);
  }
  if (places.empty()) {
    return fail(Errc::not_found, "nothing of this record is accepted yet: there is nothing to prove",
                "run: wasl sync; then ask again");
  }
  WASL_LET(out.head, kept_head(out.space));
  WASL_LET(out.authority, kept_head(std::string(kAuthoritySpace)));
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(out.head.leaf));
  WASL_LET(const ledger::HeadsLeaf rights_leaf, ledger::HeadsLeaf::decode(out.authority.leaf));
  const auto not_yet = fail(Errc::no_link, "the newest changes of this record are not proved by the hub yet",
                            "run: wasl sync; then ask again");
  if (*places.rbegin() > leaf.size || leaf.size > info->size) return not_yet;
  for (const Position place : places) {
    WASL_LET(ProvedSet change, proved_set(out.space, place));
    out.changes.push_back(std::move(change));
  }
  WASL_LET(const std::set<Position> rights, places_of_grants(out.changes));
  WASL_LET(out.statements, proved_statements(rights_leaf.size));
  std::set<Position> of_authority = rights;
  for (const ProvedStatement& one : out.statements) of_authority.insert(one.position);
  if (*of_authority.rbegin() > rights_leaf.size) return not_yet;
  for (const Position place : rights) {
    WASL_LET(ProvedSet set, proved_set(std::string(kAuthoritySpace), place));
    out.rights.push_back(std::move(set));
  }
  WASL_LET(out.inclusion, store_.inclusion(out.space, {places.begin(), places.end()}, leaf.size));
  WASL_LET(out.authority_inclusion,
           store_.inclusion(kAuthoritySpace, {of_authority.begin(), of_authority.end()}, rights_leaf.size));
  WASL_LET(const std::string of_space, ledger::note_text(out.head.note));
  WASL_LET(const std::string of_rights, ledger::note_text(out.authority.note));
  if (of_space == of_rights) {  // witnesses may have signed between the two
    if (out.authority.note.size() > out.head.note.size()) out.head.note = out.authority.note;
    out.authority.note.clear();
  }
  WASL_TRY(transaction.commit());
  return out;
}

}  // namespace wasl
