#include "tests/sim/world/witness.hpp"

namespace wasl::sim {

/// Of others' work it may carry the header alone, as of its own.
Result<std::optional<Segment>> Witness::next_push(std::size_t most) {
  auto push = replica_.next_push(most);
  if (!push || !*push) return push;
  for (const SegmentItem& item : (*push)->items) {
    if (const auto* const alone = std::get_if<StandInItem>(&item))
      promises_.discarded.insert({alone->header.source.chain, alone->header.sequence});
  }
  return push;
}

Status Witness::on_verdicts(const std::vector<VerdictItem>& verdicts) {
  {
    WASL_LET(auto select,
             replica_.database().prepare("SELECT chain, sequence FROM _wasl_pending WHERE state = 4"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      promises_.discarded.insert(
          {ChainId::from(select.blob(0)).value_or(ChainId{}), static_cast<Sequence>(select.int64(1))});
    }
  }
  WASL_TRY(replica_.on_verdicts(verdicts));
  for (const VerdictItem& item : verdicts) {
    if (item.verdict.outcome != Outcome::accepted || old_) continue;
    for (std::uint64_t i = 0; i < item.count; ++i) {
      const Promise promise{item.chain, item.first + i};
      if (!promises_.discarded.contains(promise)) promises_.accepted.insert(promise);
    }
  }
  return {};
}

Result<std::optional<bool>> Witness::on_proof(const Proof& proof) {
  auto equal = replica_.on_proof(proof);
  if (equal) on_proved_(*equal);
  return equal;
}

}  // namespace wasl::sim
