// What persons decide about work that has no entry: adopted, discarded, voided; and what follows from it in
// the same commit.
#include <algorithm>
#include <utility>

#include "server/hub/batch.hpp"
#include "shared/store/collecting.hpp"

namespace wasl {
namespace {

/// Of what was refused, what another's rights can make right. The rest can never be.
bool is_adoptable(const KeptSet& kept) {
  if (kept.body.empty()) return false;
  if (kept.state == KeptState::held) return true;
  return kept.state == KeptState::refused &&
         (kept.reason == Reason::no_right || kept.reason == Reason::no_grant ||
          kept.reason == Reason::expired || kept.reason == Reason::lineage);
}

bool waits(const KeptSet& kept) { return kept.state == KeptState::held || kept.state == KeptState::refused; }

std::string short_name(const Hash& name) { return to_hex(name.view()).substr(0, 12); }

std::string_view words_of(DiscardReason reason) {
  switch (reason) {
    case DiscardReason::unwanted:
      return "not wanted";
    case DiscardReason::duplicate:
      return "it stands elsewhere already";
    case DiscardReason::mistaken:
      return "a mistake";
    case DiscardReason::harmful:
      return "harmful";
  }
  return "";
}

constexpr std::size_t kHeaderBytes = 400;

WovenRun run_of(SegmentItem item) {
  WovenRun run;
  run.bytes = kHeaderBytes;
  if (const ChangeSet* set = effect_of(item)) run.bytes += set->body_bytes.size();
  run.items.push_back(std::move(item));
  return run;
}

}  // namespace

void Batch::apply_draft(const ChangeSet& set, const Hash& grant, SpaceNumber space,
                        std::vector<Place>& places) {
  const Millis effective = std::min(set.header.stamp.millis(), in_.hub_time);
  const Level level = in_.authority.level_of(grant);
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    records_.apply(space, set.operations[i], {set.dot(i), set.header.stamp, effective, level});
  }
  places.push_back({set.header.source, set.header.sequence});
  placed_.emplace(places.back(), space);
}

// ── Judging

namespace {

/// What was let go cannot be computed without a part of it: no revocation reaches there.
Result<Verdict> check_reach(const ChangeSet& set, const Batch::Context& in, Position position) {
  AuthorityState after = in.authority;
  WASL_TRY(after.apply(set, position, in.hub_time));
  for (const std::string& space : after.spaces()) {
    WASL_LET(const auto base, in.store.base(space));
    WASL_LET(const auto stored, in.store.meta(collected_key(space)));
    WASL_LET(const Collected collected, decode_collected(stored));
    const Position settled = std::max(collected.floor, base ? base->position : 0);
    if (settled == 0) continue;
    WASL_LET(const auto fallen, in.store.fallen(space, after, position, in.network));
    if (fallen.empty() || fallen.front().position > settled) continue;
    return Verdict::refuse(Reason::void_act,
                           "the first " + std::to_string(settled) + " entries of " + space +
                               " are settled and cannot be taken back any more: name a later time");
  }
  return Verdict::accept();
}

bool revokes_compromised(const Act& act) {
  const auto* revoke = std::get_if<RevokeAct>(&act);
  return revoke != nullptr && revoke->reason == RevocationReason::compromised;
}

}  // namespace

Result<Verdict> Batch::check_decision(const ChangeSet& set) {
  for (const Operation& op : set.operations) {
    const auto act = decode_act(op.value);
    if (act && revokes_compromised(*act)) {
      WASL_LET(Verdict verdict, check_reach(set, in_, authority_size_ + 1));
      if (verdict.outcome != Outcome::accepted) return verdict;
    }
    const auto* discard = act ? std::get_if<DiscardAct>(&*act) : nullptr;
    if (discard == nullptr) continue;
    WASL_LET(Verdict verdict, check_discard(*discard));
    if (verdict.outcome != Outcome::accepted) return verdict;
  }
  return Verdict::accept();
}

Result<Verdict> Batch::check_discard(const DiscardAct& discard) {
  for (const Hash& name : discard.names) {
    WASL_LET(const auto kept, in_.store.kept_named(name));
    if (!kept || !waits(*kept) || kept->header.space != discard.space)
      return Verdict::refuse(Reason::void_act, "no " + short_name(name) + " waits in " + discard.space);
  }
  return Verdict::accept();
}

Result<Verdict> Batch::take_up(const std::vector<Hash>& names, std::string_view space, TakenUp& out) {
  for (const Hash& name : names) {
    WASL_LET(auto kept, in_.store.kept_named(name));
    if (!kept || !waits(*kept) || kept->header.space != space)
      return Verdict::refuse(Reason::void_act, "no " + short_name(name) + " waits in " + std::string(space));
    if (!is_adoptable(*kept))
      return Verdict::refuse(Reason::void_act,
                             short_name(name) + " was refused for what nobody can make right");
    WASL_LET(const bool stands, can_stand(*kept));
    if (!stands)
      return Verdict::refuse(Reason::void_act, "a part of the chain of " + short_name(name) +
                                                   " is not here yet; its device has to sync first");
    WASL_LET(ChangeSet set, decode_change_set(kept->header_bytes, kept->body));
    out.sets.push_back(std::move(set));
    out.kept.push_back(std::move(*kept));
  }
  return check_groups(out);
}

/// All parts of a group, one behind the other, or none.
Verdict Batch::check_groups(const TakenUp& taken) {
  for (std::size_t i = 0; i < taken.sets.size();) {
    const Header& first = taken.sets[i].header;
    for (std::uint32_t part = 1; part <= first.parts; ++part, ++i) {
      const Header* header = i < taken.sets.size() ? &taken.sets[i].header : nullptr;
      if (header != nullptr && header->source == first.source && header->group == first.group &&
          header->part == part && header->sequence == first.sequence + (part - 1))
        continue;
      return Verdict::refuse(Reason::void_act, "a group is adopted whole, in its order, or not at all");
    }
  }
  return Verdict::accept();
}

Result<Verdict> Batch::take_adopted(const ChangeSet& set, const AdoptAct& adoption, const SpaceInfo& info,
                                    std::vector<Place>& places) {
  TakenUp taken;
  WASL_LET(Verdict verdict, take_up(adoption.names, set.header.space, taken));
  for (std::size_t i = 0; i < taken.sets.size() && verdict.outcome == Outcome::accepted; ++i) {
    std::optional<Error> failed;
    verdict = authorise_adoption(taken.sets[i], set.header, in_.authority, authority_size_, in_.schema,
                                 in_.hub_time, before(info.number, failed));
    if (failed) return tl::unexpected(*failed);
    WASL_TRY(records_.health());
    if (verdict.outcome == Outcome::accepted) {
      apply_draft(taken.sets[i], set.header.grant, info.number, places);
    } else {
      // Held for want of something: it can be adopted with that, or after it.
      const std::string what = short_name(taken.sets[i].name) + ": " + std::string(to_word(verdict.reason));
      verdict = Verdict::refuse(Reason::void_act,
                                what + (verdict.detail.empty() ? "" : " (" + verdict.detail + ")"));
    }
  }
  return verdict;
}

// ── Carrying out

Status Batch::carry_out(const ChangeSet& set) {
  if (set.header.space != kAuthoritySpace) {
    const auto adoption = adoption_of(set);
    return adoption ? place_adopted(set, *adoption) : Status();
  }
  for (const Operation& op : set.operations) {
    WASL_LET(const Act act, decode_act(op.value));
    if (const auto* revoke = std::get_if<RevokeAct>(&act)) {
      has_fallen_ = has_fallen_ || revoke->reason == RevocationReason::compromised;
    } else if (const auto* discarded = std::get_if<DiscardAct>(&act)) {
      WASL_TRY(discard(*discarded));
    }
  }
  return {};
}

Status Batch::note_decided(const KeptSet& kept, KeptState state, const Verdict& verdict) {
  const Source& source = kept.header.source;
  WASL_TRY(in_.store.decide(kept.name, state, verdict.reason, verdict.detail));
  add_verdict(decided_[source.author], source.chain, kept.header.sequence, verdict);
  burdens_.erase(source.author);
  return {};
}

Status Batch::discard(const DiscardAct& act) {
  for (const Hash& name : act.names) {
    WASL_LET(const auto kept, in_.store.kept_named(name));
    if (!kept || !waits(*kept)) continue;  // named twice
    WASL_TRY(note_decided(*kept, KeptState::dismissed,
                          Verdict::refuse(Reason::discarded_by, std::string(words_of(act.reason)))));
  }
  return {};
}

Result<bool> Batch::can_stand(const KeptSet& kept) {
  WASL_LET(const ChainView* const chain, view(kept.header.source));
  if (chain->logged >= kept.header.sequence) return true;
  if (!kept.run) return false;
  WASL_LET(const auto behind, in_.store.kept_from(kept.header.source, chain->logged + 1));
  Sequence next = chain->logged + 1;
  for (const KeptSet& one : behind) {
    if (one.header.sequence == next) ++next;
  }
  return next > kept.run->last;
}

/// With all headers of its chain that the log lacks, up to the signature that covers it.
Status Batch::weave_header(const std::string& space, const KeptSet& kept) {
  WASL_LET(ChainView* const chain, view(kept.header.source));
  if (chain->logged >= kept.header.sequence) return {};
  WASL_LET(const auto behind, in_.store.kept_from(kept.header.source, chain->logged + 1));
  WovenRun run;
  for (const KeptSet& one : behind) {
    if (one.header.sequence > kept.run->last) break;
    run.items.emplace_back(StandInItem{one.header, one.header_bytes, one.name});
    run.bytes += kHeaderBytes;
  }
  run.items.emplace_back(*kept.run);
  chain->logged = kept.run->last;
  WASL_LET(BlockBuilder* const builder, block(space));
  return builder->add(in_.store, std::move(run));
}

Result<LateItem> Batch::late_item(ledger::EntryKind kind, const std::string& space, const KeptSet& kept,
                                  ChangeSet set) {
  WASL_TRY(weave_header(space, kept));
  WASL_LET(BlockBuilder* const builder, block(space));
  builder->promise();
  std::vector<OpeningItem> openings = kept.openings;
  drop_erased(in_.authority, set, in_.hub_time, openings);
  for (OpeningItem& opening : openings) builder->add_opening(std::move(opening));
  const ledger::Entry entry{kind, kept.name, authority_size_, in_.hub_time};
  WASL_TRY(note_decided(kept, KeptState::adopted, Verdict::accept()));
  return LateItem{entry, std::move(set)};
}

Status Batch::place_adopted(const ChangeSet& adopter, const AdoptAct& adoption) {
  const std::string& space = adopter.header.space;
  TakenUp taken;
  WASL_LET(const Verdict verdict, take_up(adoption.names, space, taken));
  WASL_ASSERT(verdict.outcome == Outcome::accepted);
  std::vector<LateItem>& late = late_[adopter.name];
  for (std::size_t i = 0; i < taken.sets.size(); ++i) {
    WASL_LET(LateItem item,
             late_item(ledger::EntryKind::adopt, space, taken.kept[i], std::move(taken.sets[i])));
    late.push_back(std::move(item));
  }
  freed_.insert(space);
  return {};
}

Status Batch::place_late(const Hash& adopter, const std::string& space) {
  const auto late = late_.find(adopter);
  if (late == late_.end()) return {};
  WASL_LET(BlockBuilder* const builder, block(space));
  for (LateItem& item : late->second) WASL_TRY(builder->add(in_.store, run_of(std::move(item))));
  late_.erase(late);
  return {};
}

/// Nothing of this commit waits in memory any more: what fell is looked for in what is stored.
Status Batch::void_what_falls() {
  for (auto& [space, builder] : blocks_) WASL_TRY(builder.flush(in_.store));
  WASL_TRY(records_.settle(in_.authority.schema_or(in_.schema)));
  for (const std::string& space : in_.authority.spaces()) {
    if (space == kAuthoritySpace) continue;
    WASL_LET(const auto fallen, in_.store.fallen(space, in_.authority, authority_size_, in_.network));
    if (fallen.empty()) continue;
    WASL_TRY(save_without(in_.store, space, in_.authority, in_.authority.schema_or(in_.schema), fallen,
                          in_.network));
    WASL_LET(BlockBuilder* const builder, block(space));
    for (const FallenEntry& one : fallen) {
      const ledger::Entry entry{ledger::EntryKind::void_, one.name, authority_size_, in_.hub_time};
      builder->promise();
      WASL_TRY(builder->add(in_.store, run_of(void_item(entry, one.position))));
    }
    WASL_TRY(builder->flush(in_.store));
  }
  return {};
}

// ── What was held for want of what stands by now

Status Batch::judge_waiting(const std::string& space) {
  for (bool more = true; more;) {
    more = false;
    WASL_LET(auto waiting, in_.store.waiting_in(space));
    TakenUp group;
    for (KeptSet& kept : waiting) {
      if (kept.header.part == 1) group = {};
      const Header header = kept.header;
      auto set = decode_change_set(kept.header_bytes, kept.body);
      if (!set) continue;
      group.sets.push_back(std::move(*set));
      group.kept.push_back(std::move(kept));
      if (header.part < header.parts) continue;
      WASL_LET(const bool placed, judge_waiting_group(space, std::exchange(group, {})));
      more = more || placed;
    }
  }
  return {};
}

Result<bool> Batch::judge_waiting_group(const std::string& space, TakenUp group) {
  if (group.sets.empty() || group.sets.front().header.part != 1 ||
      check_groups(group).outcome != Outcome::accepted)
    return false;
  WASL_LET(const SpaceInfo* const info, in_.store.space(space));
  std::vector<Place> places;
  bool stands = true;
  for (std::size_t i = 0; i < group.sets.size() && stands; ++i) {
    Unit unit;
    unit.openings = group.kept[i].openings;
    WASL_LET(stands, can_stand(group.kept[i]));
    if (!stands) break;
    WASL_LET(const Verdict verdict, rule_set(unit, group.sets[i], info->number));
    stands = verdict.outcome == Outcome::accepted;
    if (stands) apply_draft(group.sets[i], group.sets[i].header.grant, info->number, places);
  }
  WASL_TRY(records_.health());
  if (!stands) {
    records_.drop_draft();
    for (const Place& place : places) placed_.erase(place);
    return false;
  }
  records_.keep_draft();
  for (std::size_t i = 0; i < group.sets.size(); ++i) {
    WASL_LET(LateItem item,
             late_item(ledger::EntryKind::accept, space, group.kept[i], std::move(group.sets[i])));
    WASL_LET(BlockBuilder* const builder, block(space));
    WASL_TRY(builder->add(in_.store, run_of(std::move(item))));
  }
  return true;
}

}  // namespace wasl
