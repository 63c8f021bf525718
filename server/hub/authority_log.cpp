#include "server/hub/authority_log.hpp"

#include <algorithm>

namespace wasl {

Status apply_authority(const SegmentItem& item, Position position, AuthorityState& state,
                       std::vector<SignedStatement>& statements) {
  if (const auto* set = std::get_if<SetItem>(&item))
    return state.apply(set->set, position, set->entry->hub_time);
  const auto* other = std::get_if<EntryItem>(&item);
  if (other == nullptr || other->entry.kind != ledger::EntryKind::statement) return {};
  WASL_LET(const SignedStatement statement, decode_signed_statement(other->bytes));
  const bool is_first = statements.empty();
  const NetworkStatement before = is_first ? NetworkStatement() : state.statement();
  const Hash before_hash = is_first ? Hash() : state.statement_hash();
  WASL_LET(const NetworkStatement opened,
           open_statement(statement, is_first ? nullptr : &before, is_first ? nullptr : &before_hash));
  state.apply_statement(opened, statement.hash(), position);
  statements.push_back(statement);
  return {};
}

Status AuthorityLog::follow(HubStore& store, const NetworkId& network) {
  WASL_LET(const SpaceInfo* const info, store.space(kAuthoritySpace));
  const Position size = info->size;
  while (read_ < size) {
    WASL_LET(const auto blocks, store.read(kAuthoritySpace, read_ + 1, 1 << 20, network));
    if (blocks.empty()) return fail(Errc::corrupt, "the hub's log of authority has a gap");
    for (const Segment& block : blocks) {
      Position position = block.first;
      for (const SegmentItem& item : block.items) {
        if (entry_of(item) == nullptr) continue;
        if (position > read_) WASL_TRY(apply_authority(item, position, state_, statements_));
        read_ = std::max(read_, position++);
      }
    }
  }
  return {};
}

}  // namespace wasl
