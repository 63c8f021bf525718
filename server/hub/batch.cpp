#include "server/hub/batch.hpp"

#include <algorithm>
#include <utility>

#include "server/hub/weaving.hpp"
#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr Millis kRetryGap = 200;      // what is missing was lost with a restart and comes again at once
constexpr Millis kRetryHeld = 60'000;  // a person has to decide first

/// Every commitment comes with an opening that opens it, or is erased.
Verdict check_openings(const Unit& unit, const ChangeSet& set, const AuthorityState& authority,
                       Millis hub_time) {
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    if (op.first_dot && op.first_dot->source.author != set.header.source.author) {
      return Verdict::refuse(Reason::malformed, "a first dot of another author");
    }
    if (op.value.type != ValueType::commitment) continue;
    const auto commitment = Hash::from(op.value.data);
    const bool opens =
        std::any_of(unit.openings.begin(), unit.openings.end(), [&](const OpeningItem& opening) {
          return commitment && opening.commitment == *commitment &&
                 commitment_of(set.header.network, set.header.space, op.id, op.address.field, set.dot(i),
                               opening.opening) == *commitment;
        });
    if (!opens && !is_erased(authority, set.header, op, hub_time))
      return Verdict::refuse(Reason::malformed, "a personal value of " + op.id + " without its opening");
  }
  return Verdict::accept();
}

/// Behind the last change set of the group that begins here; signatures may stand inside.
std::size_t group_end(const std::vector<SegmentItem>& items, std::size_t from) {
  const Header& first = *header_of(items[from]);
  std::size_t end = from + 1;
  for (std::size_t i = end; i < items.size(); ++i) {
    const Header* next = header_of(items[i]);
    if (next == nullptr) continue;
    if (next->group != first.group || next->parts != first.parts || next->part == 1) break;
    end = i + 1;
  }
  return end;
}

}  // namespace

Status Batch::begin() {
  WASL_LET(const SpaceInfo* const info, in_.store.space(kAuthoritySpace));
  authority_size_ = info->size;
  return {};
}

Result<Batch::ChainView*> Batch::view(const Source& source) {
  if (const auto it = chains_.find(source); it != chains_.end()) return &it->second;
  WASL_LET(const ChainEnd end, in_.store.chain_end(source));
  ChainView chain{end, end.last, std::nullopt};
  WASL_LET(const auto kept, in_.store.kept_from(source, end.last + 1));
  if (!kept.empty()) chain.end = end_after(kept.back().header, kept.back().name);
  return &chains_.emplace(source, chain).first->second;
}

Result<Batch::Burden*> Batch::burden(const PublicKey& author) {
  if (const auto it = burdens_.find(author); it != burdens_.end()) return &it->second;
  Burden burden;
  WASL_LET(burden.chains, in_.store.chain_count(author));
  WASL_LET(burden.kept, in_.store.kept_totals(author));
  return &burdens_.emplace(author, burden).first->second;
}

/// Of the log as it is stored: nobody has seen what this batch adds.
Result<std::optional<Hash>> Batch::root(std::string_view space, Position size) {
  std::pair key(std::string(space), size);
  if (const auto it = roots_.find(key); it != roots_.end()) return std::optional(it->second);
  WASL_LET(const SpaceInfo* const info, in_.store.space(space));
  if (size > info->size) return std::optional<Hash>();
  WASL_LET(const Hash root, in_.store.root(space, size));
  roots_.emplace(std::move(key), root);
  return std::optional(root);
}

Result<BlockBuilder*> Batch::block(const std::string& space) {
  if (const auto it = blocks_.find(space); it != blocks_.end()) return &it->second;
  WASL_LET(const SpaceInfo* const info, in_.store.space(space));
  return &blocks_.emplace(space, BlockBuilder(space, info->size)).first->second;
}

Result<Verdict> Batch::known_verdict(const Source& source, Sequence sequence, const Hash& name, bool whole) {
  WASL_LET(const auto entry, in_.store.find(source, sequence));
  if (entry) return entry->entry.hash == name ? Verdict::accept() : Verdict::refuse(Reason::fork);
  WASL_LET(const auto kept, in_.store.kept(source, sequence));
  if (!kept || kept->name != name) return Verdict::refuse(Reason::fork);
  switch (kept->state) {
    case KeptState::held:
      return Verdict::hold(kept->reason, kept->detail);
    case KeptState::refused:
      return Verdict::refuse(kept->reason, kept->detail);
    case KeptState::discarded:
      return whole ? Verdict::refuse(Reason::taken_back) : Verdict::accept();
    case KeptState::dismissed:
      return whole ? Verdict::refuse(kept->reason, kept->detail) : Verdict::accept();
    case KeptState::adopted:
      return Verdict::accept();
  }
  return Verdict::refuse(Reason::fork);
}

Result<std::vector<SegmentItem>> Batch::select_new(Unit& unit, ChainView& chain,
                                                   std::vector<VerdictItem>& verdicts) {
  std::vector<SegmentItem> fresh;
  const ChainId& id = unit.source.chain;
  const auto forked = [&] { return chain.forked_by == unit.ticket; };
  std::optional<Verdict> broken;  // from here on the unit is no part of the chain
  for (SegmentItem& item : unit.items) {
    const Header* header = header_of(item);
    if (header == nullptr) {
      if (!fresh.empty()) fresh.push_back(std::move(item));
      continue;
    }
    const Sequence sequence = header->sequence;
    const Hash name = name_of(item);
    if (!forked() && !broken && sequence == chain.end.last + 1 && header->previous == chain.end.name) {
      if (const Status next = check_next(chain.end, *header); !next) {
        broken = Verdict::refuse(Reason::malformed, next.error().message);
      } else {
        chain.end = end_after(*header, name);
        fresh.push_back(std::move(item));
        continue;
      }
    }
    if (broken) {
      add_verdict(verdicts, id, sequence, *broken);
      continue;
    }
    if (!forked() && sequence > chain.end.last + 1) {
      add_verdict(verdicts, id, sequence, {Outcome::later, Reason::gap, {}}, kRetryGap);
      continue;
    }
    Verdict verdict = Verdict::refuse(Reason::fork);
    if (!forked() && sequence <= chain.end.last && !placed_.contains({unit.source, sequence})) {
      WASL_LET(verdict, known_verdict(unit.source, sequence, name, std::holds_alternative<SetItem>(item)));
    } else if (!forked() && placed_.contains({unit.source, sequence})) {
      verdict = {Outcome::later, Reason::busy, {}};  // pushed twice in one commit: known after it
    }
    if (verdict.reason == Reason::fork) {
      chain.forked_by = unit.ticket;
      if (const auto* set = std::get_if<SetItem>(&item)) {
        KeptSet evidence{*header,
                         set->set.header_bytes,
                         name,
                         set->set.body_bytes,
                         {},
                         std::nullopt,
                         KeptState::refused,
                         Reason::fork,
                         {},
                         in_.hub_time};
        for (const SegmentItem& other : unit.items) {
          const auto* signature = std::get_if<SignatureItem>(&other);
          if (signature != nullptr && signature->last >= sequence && !evidence.run) evidence.run = *signature;
        }
        WASL_TRY(in_.store.keep_fork(evidence));
      }
    }
    add_verdict(verdicts, id, sequence, verdict, verdict.outcome == Outcome::later ? kRetryGap : 0);
  }
  return fresh;
}

Result<Verdict> Batch::rule_set(const Unit& unit, const ChangeSet& set, SpaceNumber space) {
  if (Verdict verdict = check_openings(unit, set, in_.authority, in_.hub_time);
      verdict.outcome != Outcome::accepted)
    return verdict;
  std::optional<Error> failed;
  Verdict verdict =
      authorise(set, in_.authority, authority_size_, in_.schema, in_.hub_time, before(space, failed));
  if (failed) return tl::unexpected(*failed);
  WASL_TRY(records_.health());
  if (verdict.outcome == Outcome::accepted && set.header.space == kAuthoritySpace) return check_decision(set);
  return verdict;
}

Before Batch::before(SpaceNumber space, std::optional<Error>& failed) {
  return {[this, space](std::string_view id) { return records_.find(space, id); },
          [this, space, &failed](const Source& source, Sequence sequence) {
            if (const auto it = placed_.find({source, sequence}); it != placed_.end())
              return it->second == space;
            const auto found = in_.store.find(source, sequence);
            if (!found) failed = found.error();
            return found && found->has_value() && (*found)->space == space;
          },
          [this, &failed](std::string_view of, Position size) -> std::optional<Hash> {
            auto known = root(of, size);
            if (!known) failed = known.error();
            return known ? *known : std::nullopt;
          }};
}

Result<Verdict> Batch::rule_group(Unit& unit, std::vector<SegmentItem>& items, std::size_t from,
                                  std::size_t to) {
  const Header& first = *header_of(items[from]);
  std::vector<std::size_t> sets;
  for (std::size_t i = from; i < to; ++i) {
    if (std::holds_alternative<SetItem>(items[i])) sets.push_back(i);
  }
  const auto count = static_cast<std::size_t>(std::count_if(
      items.begin() + static_cast<std::ptrdiff_t>(from), items.begin() + static_cast<std::ptrdiff_t>(to),
      [](const SegmentItem& item) { return header_of(item) != nullptr; }));
  if (first.part != 1 || count != first.parts || (unit.space == kAuthoritySpace && count != 1)) {
    return Verdict::refuse(Reason::malformed, "its group has no beginning or no end");
  }
  if (sets.size() != count) {
    return Verdict::hold(Reason::depends, "a part of its group was taken back");
  }
  const auto& spaces = in_.authority.spaces();
  if (std::find(spaces.begin(), spaces.end(), unit.space) == spaces.end()) {
    return Verdict::refuse(Reason::no_right, "there is no space " + unit.space);
  }
  WASL_LET(const SpaceInfo* const info, in_.store.space(unit.space));
  Verdict verdict;
  std::vector<Place> places;
  for (const std::size_t at : sets) {
    const ChangeSet& set = std::get<SetItem>(items[at]).set;
    WASL_LET(verdict, rule_set(unit, set, info->number));
    if (verdict.outcome != Outcome::accepted) break;
    apply_draft(set, set.header.grant, info->number, places);
    if (const auto adoption = adoption_of(set)) {
      // Its entries stand behind its own, and another of the same signature would come between.
      if (items.size() != 2) {
        verdict = Verdict::refuse(Reason::malformed, "an adoption is signed and sent alone");
        break;
      }
      WASL_LET(verdict, take_adopted(set, *adoption, *info, places));
      if (verdict.outcome != Outcome::accepted) break;
    }
    WASL_TRY(records_.health());
  }
  if (verdict.outcome == Outcome::accepted) {
    records_.keep_draft();
    WASL_TRY(place_group(unit, items, from, to));
  } else {
    records_.drop_draft();
    for (const Place& place : places) placed_.erase(place);
  }
  return verdict;
}

Status Batch::place_group(const Unit& unit, std::vector<SegmentItem>& items, std::size_t from,
                          std::size_t to) {
  WASL_LET(BlockBuilder* const builder, block(unit.space));
  for (std::size_t i = from; i < to; ++i) {
    auto* item = std::get_if<SetItem>(&items[i]);
    if (item == nullptr) continue;
    item->entry = ledger::Entry{ledger::EntryKind::accept, item->set.name, authority_size_, in_.hub_time};
    const Position position = builder->next();
    builder->promise();
    if (unit.space == kAuthoritySpace) {
      WASL_TRY(in_.authority.apply(item->set, position, in_.hub_time));
      authority_size_ = position;
      WASL_TRY(make_spaces());
    }
    for (const Operation& op : item->set.operations) {
      if (op.value.type != ValueType::commitment ||
          is_erased(in_.authority, item->set.header, op, in_.hub_time))
        continue;
      for (const OpeningItem& opening : unit.openings) {
        if (Value::commitment(opening.commitment) == op.value) builder->add_opening(opening);
      }
    }
    WASL_TRY(carry_out(item->set));
  }
  return {};
}

Status Batch::keep(const Unit& unit, const std::vector<SegmentItem>& items, std::size_t at, KeptState state,
                   const Verdict& verdict) {
  KeptSet kept;
  kept.header = *header_of(items[at]);
  kept.name = name_of(items[at]);
  kept.state = state;
  kept.reason = verdict.reason;
  kept.detail = verdict.detail;
  kept.at = in_.hub_time;
  if (const auto* set = std::get_if<SetItem>(&items[at])) {
    kept.header_bytes = set->set.header_bytes;
    if (verdict.reason != Reason::too_much_held) kept.body = set->set.body_bytes;
    for (const Operation& op : set->set.operations) {
      for (const OpeningItem& opening : unit.openings) {
        if (Value::commitment(opening.commitment) == op.value) kept.openings.push_back(opening);
      }
    }
    drop_erased(in_.authority, set->set, in_.hub_time, kept.openings);
  } else {
    kept.header_bytes = std::get<StandInItem>(items[at]).header_bytes;
  }
  for (std::size_t i = at; i < items.size() && !kept.run; ++i) {
    if (const auto* signature = std::get_if<SignatureItem>(&items[i])) kept.run = *signature;
  }
  return in_.store.keep(kept);
}

Result<bool> Batch::may_begin(const Unit& unit, const ChainView& chain, std::vector<VerdictItem>& verdicts) {
  if (chain.end.last > 0 || in_.authority.is_registrar(unit.source.author)) return true;
  WASL_LET(Burden* const author, burden(unit.source.author));
  if (author->chains < limits::kChainsOfDevice) {
    ++author->chains;
    return true;
  }
  for (const SegmentItem& item : unit.items) {
    if (const Header* header = header_of(item)) {
      add_verdict(verdicts, unit.source.chain, header->sequence, Verdict::refuse(Reason::too_many_chains));
    }
  }
  return false;
}

Result<bool> Batch::has_room(const PublicKey& author) {
  WASL_LET(const Burden* const known, burden(author));
  return known->kept.held + known->kept.refused < limits::kKeptOfDevice &&
         known->kept.bytes < limits::kKeptBytesOfDevice;
}

Status Batch::keep_group(const Unit& unit, const std::vector<SegmentItem>& items, std::size_t from,
                         std::size_t to, const Verdict& verdict) {
  WASL_LET(Burden* const author, burden(unit.source.author));
  for (std::size_t i = from; i < to; ++i) {
    if (header_of(items[i]) == nullptr) continue;
    const auto* set = std::get_if<SetItem>(&items[i]);
    if (set == nullptr) {
      WASL_TRY(keep(unit, items, i, KeptState::discarded, Verdict::accept()));
    } else if (verdict.outcome != Outcome::accepted) {
      const bool held = verdict.outcome == Outcome::held;
      ++(held ? author->kept.held : author->kept.refused);
      author->kept.bytes += set->set.header_bytes.size() + set->set.body_bytes.size();
      WASL_TRY(keep(unit, items, i, held ? KeptState::held : KeptState::refused, verdict));
    }
  }
  return {};
}

void Batch::put_off(const Unit& unit, ChainView& chain, std::vector<SegmentItem>& items, std::size_t from,
                    std::vector<VerdictItem>& verdicts) {
  for (std::size_t i = from; i < items.size(); ++i) {
    if (const Header* header = header_of(items[i])) {
      add_verdict(verdicts, unit.source.chain, header->sequence, {Outcome::later, Reason::too_much_held, {}},
                  kRetryHeld);
    }
  }
  items.resize(from);
  for (const SegmentItem& item : items) {
    if (const Header* header = header_of(item)) chain.end = end_after(*header, name_of(item));
  }
}

Result<bool> Batch::rule_groups(Unit& unit, ChainView& chain, std::vector<SegmentItem>& items,
                                std::vector<VerdictItem>& verdicts) {
  bool any_accepted = false;
  for (std::size_t from = 0; from < items.size();) {
    if (header_of(items[from]) == nullptr) {
      ++from;
      continue;
    }
    const std::size_t end = group_end(items, from);
    WASL_LET(Verdict verdict, rule_group(unit, items, from, end));
    if (verdict.outcome != Outcome::accepted) {
      WASL_LET(const bool room, has_room(unit.source.author));
      if (!room && !any_accepted) {
        put_off(unit, chain, items, from, verdicts);
        return false;
      }
      // Under one signature with what was accepted: its header must stand in the log, so it cannot wait.
      if (!room) verdict = Verdict::refuse(Reason::too_much_held);
    }
    WASL_TRY(keep_group(unit, items, from, end, verdict));
    any_accepted = any_accepted || verdict.outcome == Outcome::accepted;
    for (std::size_t i = from; i < end; ++i) {
      const Header* header = header_of(items[i]);
      if (header == nullptr) continue;
      const bool taken_back = std::holds_alternative<StandInItem>(items[i]);
      add_verdict(verdicts, unit.source.chain, header->sequence, taken_back ? Verdict::accept() : verdict);
    }
    from = end;
  }
  return any_accepted;
}

Status Batch::rule(Unit unit, std::vector<VerdictItem>& verdicts) {
  WASL_LET(ChainView* const chain, view(unit.source));
  WASL_LET(const bool begins, may_begin(unit, *chain, verdicts));
  if (!begins) return {};
  const ChainEnd known_end = chain->end;  // what is put off does not move it
  WASL_LET(std::vector<SegmentItem> items, select_new(unit, *chain, verdicts));
  if (items.empty()) return {};
  WASL_LET(const bool any_accepted, rule_groups(unit, *chain, items, verdicts));
  if (items.empty()) chain->end = known_end;
  if (any_accepted) WASL_TRY(weave_in(unit, *chain, known_end.last, std::move(items)));
  if (std::exchange(has_fallen_, false)) WASL_TRY(void_what_falls());
  for (const std::string& space : std::exchange(freed_, {})) WASL_TRY(judge_waiting(space));
  return {};
}

/// What was accepted goes into the space's next block, with the headers of all that its chain had before.
Status Batch::weave_in(const Unit& unit, ChainView& chain, Sequence known_end,
                       std::vector<SegmentItem> items) {
  WASL_LET(const auto kept, in_.store.kept_from(unit.source, chain.logged + 1));
  std::vector<StandInItem> before;
  for (const KeptSet& set : kept) {
    if (set.header.sequence <= known_end) before.push_back({set.header, set.header_bytes, set.name});
  }
  WASL_LET(BlockBuilder* const builder, block(unit.space));
  for (WovenRun& run : weave(std::move(before), std::move(items))) {
    Hash last;
    for (const SegmentItem& item : run.items) {
      if (const Header* header = header_of(item)) chain.logged = header->sequence;
      if (const ChangeSet* set = effect_of(item)) last = set->name;
    }
    WASL_TRY(builder->add(in_.store, std::move(run)));
    WASL_TRY(place_late(last, unit.space));
  }
  return {};
}

Status Batch::place(const SignedStatement& statement) {
  WASL_LET(BlockBuilder* const builder, block(std::string(kAuthoritySpace)));
  WovenRun run;
  run.items.emplace_back(EntryItem{
      {ledger::EntryKind::statement, statement.hash(), authority_size_, in_.hub_time}, encode(statement)});
  builder->promise();
  ++authority_size_;
  return builder->add(in_.store, std::move(run));
}

/// A space comes into being with the organisation that brings it; a private one with its blinding key.
Status Batch::make_spaces() {
  for (const std::string& name : in_.authority.spaces()) {
    WASL_LET(SpaceInfo* const info, in_.store.space(name));
    if (!is_private_space(name) || info->key) continue;
    info->key = in_.random.fixed<ledger::BlindingKey>();
    WASL_TRY(in_.store.save_space(*info));
  }
  return {};
}

Status Batch::add_leaf(const std::string& space) {
  WASL_LET(SpaceInfo* const info, in_.store.space(space));
  ledger::HeadsLeaf leaf;
  leaf.name = info->key && is_private_space(space) ? to_bytes(ledger::blind_name(*info->key, space).view())
                                                   : to_bytes(space);
  leaf.size = info->size;
  leaf.root = info->frontier.root();
  WASL_LET(leaf.digest, in_.store.digest(space));
  leaf.digest_position = info->size;
  leaf.authority_size = authority_size_;
  leaf.hub_time = in_.hub_time;
  if (!info->leaf.empty()) leaf.previous = info->leaf_index;
  WASL_LET(info->leaf_index, in_.heads.append(leaf));
  info->leaf = leaf.encode();
  info->applied = info->size;
  info->as_of = in_.hub_time;
  return in_.store.save_space(*info);
}

Result<std::vector<std::string>> Batch::without_leaf() {
  std::vector<std::string> out;
  WASL_LET(const auto names, in_.store.space_names());
  for (const std::string& name : names) {
    WASL_LET(const SpaceInfo* const info, in_.store.space(name));
    if (info->size == 0 || std::find(grown_.begin(), grown_.end(), name) != grown_.end()) continue;
    std::uint64_t said = 0;
    if (!info->leaf.empty()) {
      WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
      said = leaf.size;
    }
    if (said < info->size) out.push_back(name);
  }
  return out;
}

Status Batch::finish() {
  WASL_TRY(make_spaces());
  for (auto& [space, builder] : blocks_) WASL_TRY(builder.flush(in_.store));
  WASL_TRY(records_.save(in_.authority.schema_or(in_.schema)));
  for (const auto& [space, builder] : blocks_) {
    WASL_LET(const SpaceInfo* const info, in_.store.space(space));
    WASL_ASSERT(info->size + 1 == builder.next());
    if (info->size > info->applied) grown_.push_back(space);
  }
  if (catches_up_) {
    WASL_LET(const auto more, without_leaf());
    grown_.insert(grown_.end(), more.begin(), more.end());
  }
  std::stable_partition(grown_.begin(), grown_.end(),
                        [](const std::string& s) { return s == kAuthoritySpace; });
  for (const std::string& space : grown_) WASL_TRY(add_leaf(space));
  return {};
}

}  // namespace wasl
