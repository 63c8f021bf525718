// Acts of power and publications: written under a person's key, signed at once, kept in identity.db until
// their entries are here.
#include <algorithm>

#include "client/replica/replica.hpp"

namespace wasl {
namespace {

constexpr std::size_t kActsOfPush = 64;

}  // namespace

Result<Millis> Replica::hub_time() {
  WASL_LET(const auto offset, store_.meta("clock offset"));
  return ports_.clock->now() - (offset ? Reader(*offset).integer() : 0);
}

/// @param record what the decision that the hub would give now is to know of records.
Result<ChangeSet> Replica::sign_by_person(const crypto::KeyPair& person, const Hash& under,
                                          const std::string& space, std::vector<Operation> operations,
                                          const RecordLookup& record) {
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto known, identity_.act_chain(person.public_key(), space));
  Header header;
  header.network = anchor_.network;
  header.space = space;
  header.source = known ? known->source : Source{person.public_key(), ports_.random->fixed<ChainId>()};
  const ChainEnd end = known ? known->end : ChainEnd{};
  header.sequence = end.last + 1;
  header.previous = end.name;
  header.schema = schema_->hash();
  header.grant = under;
  WASL_LET(header.seen, proved(space));
  WASL_LET(header.seen_authority, proved(kAuthoritySpace));
  header.stamp = Stamp::next(end.stamp, ports_.clock->now());
  header.group = group_at(header.source, header.sequence);
  ChangeSet set = make_change_set(std::move(header), std::move(operations));
  if (set.body_bytes.size() > limits::kChangeSetBytes)
    return fail(Errc::limit_exceeded, "one change set is larger than 256 KiB", "sign less at once");

  std::optional<Error> failed;
  const auto nowhere = [](const Source&, Sequence) { return false; };
  const auto root = [&](std::string_view of, Position size) -> std::optional<Hash> {
    const auto found = store_.root(of, size);
    if (!found) failed = found.error();
    return found ? std::optional(*found) : std::nullopt;
  };
  WASL_LET(const Millis now, hub_time());
  const Verdict verdict =
      authorise(set, authority_, authority_applied_, schema_in_force(), now, {record, nowhere, root});
  if (failed) return tl::unexpected(*failed);
  if (verdict.outcome != Outcome::accepted) {
    return fail(Errc::unauthorised,
                std::string(explain(verdict.reason)) + (verdict.detail.empty() ? "" : ": " + verdict.detail),
                "what was signed lately counts after the next sync; see: wasl grants");
  }
  const Signature signature = person.sign(run_message(anchor_.network, set.name));
  WASL_TRY(identity_.add_act({set, signature}));
  return set;
}

Result<Replica::ActsSigned> Replica::sign_acts(const crypto::KeyPair& person, const Hash& under,
                                               const std::vector<Act>& acts) {
  std::vector<Operation> operations;
  for (const Act& act : acts) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = to_hex(ports_.random->fixed<GroupId>().view());
    op.value = encode_act(act);
    operations.push_back(std::move(op));
  }
  // The names of grants follow from their places: ids rise with the acts as they were given.
  std::vector<std::string> ids;
  for (const Operation& op : operations) ids.push_back(op.id);
  std::sort(ids.begin(), ids.end());
  for (std::size_t i = 0; i < operations.size(); ++i) operations[i].id = ids[i];
  const auto nothing = [](std::string_view) -> const RecordState* { return nullptr; };
  WASL_LET(const ChangeSet set,
           sign_by_person(person, under, std::string(kAuthoritySpace), std::move(operations), nothing));
  ActsSigned out{set.name, {}};
  for (std::size_t i = 0; i < acts.size(); ++i) {
    if (std::holds_alternative<GrantAct>(acts[i]))
      out.grants.push_back(grant_name(anchor_.network, set.dot(i), set.operations[i].value));
  }
  return out;
}

/// Acts go before everything else: what the office writes may rest on them.
Result<std::optional<Segment>> Replica::next_acts() {
  WASL_LET(const auto acts, identity_.acts());
  Segment segment;
  for (; acts_pushed_ < acts.size() && segment.items.size() < 2 * kActsOfPush; ++acts_pushed_) {
    const SignedAct& act = acts[acts_pushed_];
    if (act.state != PendingState::unsent) continue;
    if (!segment.items.empty() && segment.space != act.set.header.space) break;
    segment.space = act.set.header.space;
    segment.items.emplace_back(SetItem{std::nullopt, act.set});
    segment.items.emplace_back(SignatureItem{act.set.header.source, act.set.header.sequence, act.signature});
  }
  if (segment.items.empty()) return std::optional<Segment>();
  return std::optional(std::move(segment));
}

/// @return whether the verdict is about signed acts.
Result<bool> Replica::rule_acts(const VerdictItem& item, std::vector<SignedAct>& acts) {
  bool any = false;
  for (SignedAct& act : acts) {
    const Header& header = act.set.header;
    if (header.source.chain != item.chain || header.sequence < item.first ||
        header.sequence >= item.first + item.count)
      continue;
    any = true;
    // A person signs anew on another chain: nobody else can.
    if (item.verdict.reason == Reason::gap || item.verdict.reason == Reason::fork) {
      WASL_TRY(identity_.end_act_chain(item.chain));
      WASL_TRY(identity_.rule_act(act.set.name, PendingState::refused, item.verdict.reason, "sign it again"));
      continue;
    }
    if (item.verdict.outcome == Outcome::later) continue;
    act.state = item.verdict.outcome == Outcome::accepted ? PendingState::accepted
                : item.verdict.outcome == Outcome::held   ? PendingState::held
                                                          : PendingState::refused;
    WASL_TRY(identity_.rule_act(act.set.name, act.state, item.verdict.reason, item.verdict.detail));
  }
  return any;
}

/// What has its entry has done its duty once the entry is proved; what was called accepted and has none is
/// offered again.
Status Replica::settle_acts(bool equal) {
  acts_pushed_ = 0;
  WASL_LET(const auto acts, identity_.acts());
  if (acts.empty()) return {};
  for (const SignedAct& act : acts) {
    WASL_LET(const SpaceInfo* const info, store_.space(act.set.header.space));
    const Header& header = act.set.header;
    WASL_LET(const auto entry, store_.find(header.source, header.sequence));
    const bool stands = entry ? entry->entry.hash == act.set.name
                              : LogStore::stands_before(*info, header.source, header.sequence);
    if (stands && equal && (!entry || entry->position <= info->proved))
      WASL_TRY(identity_.forget_act(act.set.name));
    if (!stands && act.state == PendingState::accepted)
      WASL_TRY(identity_.rule_act(act.set.name, PendingState::unsent, Reason::none, {}));
  }
  return {};
}

}  // namespace wasl
