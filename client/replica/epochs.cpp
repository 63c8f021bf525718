// A hub that was restored from an old copy: what this office brings back to it, and how the office goes on
// when the roots have opened a new epoch of the hub's log.
#include <algorithm>

#include "client/replica/replica.hpp"

namespace wasl {

Result<std::uint64_t> Replica::epoch_held() {
  WASL_LET(const auto stored, store_.meta("epoch"));
  return stored ? Reader(*stored).varint() : 0;
}

/// What is stored from the first entry on belongs to the epoch in which it came.
Status Replica::note_epoch() {
  WASL_LET(const std::uint64_t held, epoch_held());
  if (held != 0 || anchor_.epoch == 0) return {};
  Writer epoch;
  epoch.varint(anchor_.epoch);
  return store_.set_meta("epoch", epoch.bytes());
}

/// Whether the log here begins with those very entries.
Result<bool> Replica::is_common(const SpaceInfo& info, const CommonLog& common) {
  if (common.size > info.size || common.size < info.begins_behind()) return false;
  if (common.size == 0) return true;
  const auto root = store_.root(info.name, common.size);
  if (!root && root.error().code != Errc::corrupt) return tl::unexpected(root.error());
  return root && *root == common.root;
}

Status Replica::plan_returns(const std::vector<CommonLog>& common) {
  WASL_TRY(store_.refresh());
  returns_.clear();
  for (const CommonLog& one : common) {
    WASL_LET(const SpaceInfo* const info, store_.space(one.space));
    WASL_LET(const bool goes_on, is_common(*info, one));
    if (goes_on && info->proved > one.size) returns_.emplace_back(one.space, one.size + 1);
  }
  // The hub must know who is who before it can take the rest.
  std::stable_partition(returns_.begin(), returns_.end(),
                        [](const auto& one) { return one.first == kAuthoritySpace; });
  return {};
}

Result<std::optional<ClientPort::Return>> Replica::next_return() {
  while (!returns_.empty()) {
    const auto [space, from] = returns_.front();
    returns_.erase(returns_.begin());
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(const auto proof, store_.meta("proof of " + space));
    const auto leaf = ledger::HeadsLeaf::decode(info->leaf);
    if (!proof || !leaf || leaf->size != info->proved || from > info->proved) continue;
    Return out;
    out.vouched.space = space;
    if (is_private_space(space)) out.vouched.key = info->key;
    WASL_LET(out.vouched.proof, decode_proof(*proof));
    for (Position next = from; next <= info->proved;) {
      WASL_LET(const auto blocks, store_.read(space, next, limits::kSegmentTargetBytes, anchor_.network));
      for (const Segment& block : blocks) {
        Segment part = part_of(block, next, info->proved);
        if (part.items.empty()) continue;
        WASL_TRY(add_openings(part));
        next = part.first + entry_count(part);
        out.parts.push_back(std::move(part));
      }
      if (blocks.empty()) break;  // damaged: `verify` says so
    }
    const Segment* last = out.parts.empty() ? nullptr : &out.parts.back();
    if (last != nullptr && last->first + entry_count(*last) == info->proved + 1)
      return std::optional(std::move(out));
  }
  return std::optional<Return>();
}

Status Replica::add_openings(Segment& segment) {
  for (const SegmentItem& item : segment.items) {
    const ChangeSet* set = effect_of(item);
    if (set == nullptr) continue;
    for (const Operation& op : set->operations) {
      if (op.value.type != ValueType::commitment) continue;
      const Hash commitment = Hash::from(op.value.data).value_or(Hash{});
      WASL_LET(const auto opening, store_.opening(commitment));
      if (opening) segment.openings.push_back({commitment, *opening});
    }
  }
  return {};
}

Status Replica::enter_epoch(const std::vector<CommonLog>& common) {
  WASL_TRY(identity_.begin_epoch(anchor_.epoch));
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(auto sealed, seal_captured(true));
  Position rights = 0;
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    const auto named =
        std::find_if(common.begin(), common.end(), [&](const CommonLog& one) { return one.space == space; });
    WASL_LET(SpaceInfo* const info, store_.space(space));
    bool stays = false;
    if (named != common.end()) {
      WASL_LET(stays, is_common(*info, *named));
    }
    const Position common_size = stays ? named->size : 0;
    // What comes back behind it was placed before the proof that this office had of more.
    if (common_size < info->proved) info->authority = 0;
    info->proved = common_size;
    info->leaf.clear();
    info->leaf_index = 0;
    if (space == kAuthoritySpace) rights = info->proved;
    if (info->proved == 0) info->key.reset();  // the hub may have lost it, and made another
    WASL_TRY(store_.save_space(*info));
  }
  for (const std::string& space : spaces) {
    WASL_LET(SpaceInfo* const info, store_.space(space));
    info->authority = std::min(info->authority, rights);
    WASL_TRY(store_.save_space(*info));
  }
  std::vector<SealedSet> own;
  for (const std::string& space : spaces) WASL_TRY(drop_unproved(space, own));
  WASL_TRY(restore_pending(own));
  // What the hub held, or had promised, it may have lost with its disk: it gets it again.
  WASL_TRY(db_.exec("UPDATE _wasl_pending SET state = 0 WHERE state IN (1, 3)"));
  WASL_TRY(store_.set_meta("leaves up to", Bytes{0}));
  Writer epoch;
  epoch.varint(anchor_.epoch);
  WASL_TRY(store_.set_meta("epoch", epoch.bytes()));
  std::move(own.begin(), own.end(), std::back_inserter(sealed));
  WASL_TRY(commit(transaction, sealed));
  held_.clear();
  return catch_up_authority();
}

}  // namespace wasl
