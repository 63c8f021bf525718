// The replica's side of a session: what it says, what it offers, what it believes.
#include <algorithm>

#include "client/replica/replica.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/enrolment.hpp"
#include "shared/wire/file_frames.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr unsigned kFramesOfTurn = 4;  // one of so many is an import's, if there is one

}  // namespace

Result<Bytes> Replica::make_hello(bool live, const Hash& binding, bool estimate, bool thin) {
  WASL_TRY(apply_stored());
  WASL_TRY(store_.refresh());
  WASL_TRY(refresh_anchor());
  Hello hello;
  WASL_LET(const auto full, store_.meta("full"));
  asked_in_full_ = full && !full->empty() && (*full)[0] == 1;
  hello.flags = static_cast<Byte>((live ? Hello::kLive : 0) | (asked_in_full_ ? Hello::kFull : 0));
  // Frames that refer to a log refer to all of it.
  WASL_LET(const bool lacks_history, began_somewhere());
  frames_alone_ = ask_alone_ || lacks_history;
  hello.flags |= kHelloFiles | kHelloSnapshots;
  hello.packing = Hello::Packing{kNewestDictionary, thin};
  if (frames_alone_) hello.flags |= Hello::kAlone;
  if (estimate) hello.flags |= Hello::kEstimate;
  hello.network = anchor_.network;
  hello.device = device_.public_key();
  hello.hub = anchor_.log_key;
  WASL_LET(hello.counter, identity_.next_counter(ports_.clock->now()));
  hello.binding = binding;
  hello.statement = anchor_.statement_number;
  WASL_LET(hello.epoch, epoch_held());
  WASL_LET(const CheckpointAnchor checkpoint, identity_.checkpoint());
  // A replica that was lost and made anew holds nothing of any epoch: what the hub has signed for it is of
  // one.
  if (hello.epoch == 0 && checkpoint.heads.size > 0) hello.epoch = ledger::heads_epoch(checkpoint.note);
  hello.checkpoint = checkpoint.heads;
  session_base_ = checkpoint.heads;
  // A replica from an older copy than identity.db lacks leaves that were proved since.
  WASL_TRY(begin_session());
  if (leaves_before_ != checkpoint.heads.size) hello.flags |= Hello::kLeaves;
  // What witnesses have signed since comes with the note only.
  const auto witnessed = witnessed_by(checkpoint.note);
  if (!witnessed || !witnessed->is_enough()) hello.flags |= Hello::kLeaves;
  WASL_LET(auto waiting, db_.prepare("SELECT 1 FROM _wasl_pending WHERE state IN (1, 2) LIMIT 1"));
  WASL_LET(const bool waits, waiting.step());
  waiting.reset();
  if (waits) hello.flags |= Hello::kWaiting;
  WASL_LET(const auto spaces, spoken_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(const bool given_up, is_given_up(store_, space));
    const Position held = given_up ? 0 : info->size;
    hello.cursors.push_back({space, held, info->key.has_value()});
    held_[space] = held;
    if (given_up || info->size == info->proved) continue;
    // A link that broke between the entries and their proof left a space without its leaf, or with an old
    // one.
    hello.flags |= Hello::kLeaves;
    unproved_[space] = info->size;
  }
  return encode(hello, device_);
}

/// Nothing of the last session counts, but what the hub has promised in it.
Status Replica::begin_session() {
  pushed_ = {};
  staged_.clear();
  staged_of_others_.clear();
  carried_gaps_.clear();
  section_.reset();
  unproved_.clear();
  held_.clear();
  offered_.clear();
  promised_.clear();
  returns_.clear();
  beginnings_.clear();
  welcomed_at_.reset();
  logs_.forget();
  evidence_is_settled_ = false;
  WASL_TRY(settle_acts(false));
  WASL_TRY(settle_carried());
  WASL_LET(leaves_before_, leaves_proved());
  WASL_LET(auto select,
           db_.prepare("SELECT chain, max(sequence) FROM _wasl_pending WHERE state = 3 GROUP BY chain"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return {};
    if (const auto chain = ChainId::from(select.blob(0))) {
      promised_[*chain] = static_cast<Sequence>(select.int64(1));
    }
  }
}

Status Replica::on_counter_used() { return identity_.leap_counter(); }

Result<Bytes> Replica::make_invitation_hello(const crypto::KeyPair& invitation, const Hash& binding) {
  Hello hello;
  hello.network = anchor_.network;
  hello.device = invitation.public_key();
  hello.hub = anchor_.log_key;
  // Of the invitation's key, which several offices may try by mistake: the clock keeps their counters apart.
  hello.counter = static_cast<std::uint64_t>(std::max<Millis>(1, ports_.clock->now()));
  hello.binding = binding;
  hello.statement = anchor_.statement_number;
  WASL_LET(hello.epoch, epoch_held());
  WASL_LET(const CheckpointAnchor checkpoint, identity_.checkpoint());
  hello.checkpoint = checkpoint.heads;
  session_base_ = checkpoint.heads;
  WASL_TRY(begin_session());
  WASL_LET(const SpaceInfo* const info, store_.space(kAuthoritySpace));
  hello.cursors.push_back({info->name, info->size, false});
  held_[info->name] = info->size;
  if (info->size > info->proved) unproved_[info->name] = info->size;
  return encode(hello, invitation);
}

Result<Segment> Replica::make_enrolment(const crypto::KeyPair& invitation) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const PublicKey sealing_key, identity_.sealing_key(*ports_.random));
  WASL_LET(const Seen seen, proved(kAuthoritySpace));
  return wasl::make_enrolment({anchor_.network, invitation, device_, sealing_key, schema_->hash(), seen},
                              authority_, ports_.clock->now(), *ports_.random);
}

/// From the network's name to the newest: each signed by the roots of the one before, so whoever brings them
/// need not be believed.
Result<PublicKey> Replica::on_statements(const std::vector<SignedStatement>& statements) {
  WASL_LET(const auto chain, walk_statements(statements, anchor_.network));
  const OpenedStatement& newest = chain.back();
  if (chain.size() < anchor_.statement_number) {
    return fail(Errc::wrong_network,
                "whoever answers knows an older network statement (number " + std::to_string(chain.size()) +
                    ") than this office (number " + std::to_string(anchor_.statement_number) + ")",
                "the hub may have been restored from an old copy: ask the secretariat");
  }
  for (const OpenedStatement& one : chain) WASL_TRY(note_statement(one));
  return newest.statement.log_key;
}

/// What a section's hub says is signed by the network's, or it is its own word that it keeps something: any
/// device of the network will do, since it can do no more than withhold.
Status Replica::on_section(const PublicKey& device) {
  WASL_TRY(catch_up_authority());
  const Device* const known = authority_.device(device);
  WASL_LET(const Millis now, hub_time());
  if (known == nullptr || authority_.is_revoked(device) || authority_.readable(device, now).empty()) {
    return fail(Errc::unauthorised, "whoever answers as a section's hub is no device of this network",
                "ask the section for the address of its hub");
  }
  section_ = device;
  return {};
}

/// Not to a section's hub that may not read it.
bool Replica::may_be_told(std::string_view space) const {
  return !section_ || authority_.reads(*section_, space);
}

Status Replica::on_welcome(const Welcome& welcome) {
  Status taken = take_welcome(welcome);
  if (!taken) store_.forget();
  return taken;
}

Status Replica::take_welcome(const Welcome& welcome) {
  if (welcome.state == Welcome::State::recovering) return plan_returns(welcome.common);
  if (welcome.state == Welcome::State::new_epoch) return enter_epoch(welcome.common);
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  for (const auto& [space, size] : held_) {
    if (welcome.same_spaces) offered_.insert(space);
  }
  for (const SpaceKey& space : welcome.spaces) {
    offered_.insert(space.space);
    WASL_LET(SpaceInfo* const info, store_.space(space.space));
    if (!space.key || info->key == space.key) continue;
    if (info->key) return fail(Errc::caught, "the hub changed the blinding key of " + space.space);
    info->key = space.key;
    WASL_TRY(store_.save_space(*info));
  }
  for (const Staged& staged : welcome.staged) {
    WASL_LET(auto select,
             db_.prepare("SELECT 1 FROM _wasl_pending WHERE chain = ? AND sequence = ? AND hash = ?"));
    select.bind_all(staged.chain, staged.last, staged.name);
    WASL_LET(const bool ours, select.step());
    if (ours) staged_[staged.chain] = staged.last;
    if (!ours && section_) staged_of_others_[staged.chain] = staged.last;
  }
  // As of the last word of either: a section's hub that has lost it gets it again.
  WASL_LET(auto forget, db_.prepare("UPDATE _wasl_pending SET reason = 0 WHERE state = 0 AND reason = ?"));
  forget.bind_all(static_cast<int>(Reason::with_section));
  WASL_TRY(forget.run());
  if (section_) {
    for (const auto& [chain, last] : staged_) WASL_TRY(note_with_section(chain, 1, last));
    return transaction.commit();  // its clock and its keys say nothing of the network's hub
  }
  Writer offset;
  offset.integer(ports_.clock->now() - welcome.hub_time);
  WASL_TRY(store_.set_meta("clock offset", offset.bytes()));
  WASL_TRY(store_.set_meta("keys at hub", Bytes{welcome.keys}));
  // What the hub said of this office's work before, and comes late in a bundle, is said no more.
  Writer told;
  told.integer(welcome.hub_time);
  WASL_TRY(store_.set_meta("told at", told.bytes()));
  welcomed_at_ = welcome.hub_time;
  return transaction.commit();
}

Status Replica::note_with_section(const ChainId& chain, Sequence first, Sequence last) {
  WASL_LET(auto update, db_.prepare("UPDATE _wasl_pending SET reason = ? WHERE state = 0 AND chain = ? AND "
                                    "sequence BETWEEN ? AND ?"));
  update.bind_all(static_cast<int>(Reason::with_section), chain, first, last);
  return update.run();
}

Result<std::optional<Segment>> Replica::next_push(std::size_t most_bytes) {
  WASL_TRY(store_.refresh());
  WASL_LET(auto signed_acts, next_acts());
  if (signed_acts) return signed_acts;
  // A hub that offers nothing has shut the device out: it will not say any more that it was confirmed, and
  // takes over what is here.
  const bool shut_out = welcomed_at_ && offered_.empty();
  WASL_LET(const bool unconfirmed, is_unconfirmed());
  if (unconfirmed && !shut_out) return std::optional<Segment>();
  // What a person has just written goes before an import; but an import is not starved by many persons. Work
  // that builds on an import follows on its chain, so neither waits for the other at the hub.
  const bool bulk_first = pushed_.frames++ % kFramesOfTurn == kFramesOfTurn - 1;
  for (const bool bulk : {bulk_first, !bulk_first}) {
    WASL_LET(auto segment, next_push_of(bulk, most_bytes));
    if (segment) return segment;
  }
  return next_carried();
}

Result<std::optional<Segment>> Replica::next_push_of(bool bulk, std::size_t most_bytes) {
  std::int64_t& pushed = bulk ? pushed_.bulk : pushed_.interactive;
  WASL_LET(
      auto select,
      db_.prepare("SELECT no, space, header, body, openings, state, chain, sequence, hash FROM _wasl_pending "
                  "WHERE no > ? "
                  "AND state IN (0, 4) AND (chain IN (SELECT chain FROM _wasl_chain WHERE bulk = 1)) = ? "
                  "ORDER BY no"));
  select.bind_all(pushed, bulk ? 1 : 0);
  Segment segment;
  std::optional<ChangeSet> last;
  std::size_t run_count = 0;
  std::size_t run_bytes = 0;
  std::size_t bytes = 0;
  std::vector<std::pair<ChainId, std::pair<Sequence, Hash>>> shown;
  std::map<ChainId, Hash> ends;  // of this segment
  const auto end_run = [&] {
    if (!last) return;
    const Source& source = last->header.source;
    segment.items.emplace_back(
        SignatureItem{source, last->header.sequence, device_.sign(run_message(anchor_.network, last->name))});
    shown.push_back({source.chain, {last->header.sequence, last->name}});
    last.reset();
    run_count = run_bytes = 0;
  };
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const std::string_view space = select.text(1);
    if (!may_be_told(space)) {
      pushed = select.int64(0);
      continue;
    }
    if ((!segment.space.empty() && space != segment.space) || bytes >= most_bytes) break;
    auto set = decode_change_set(select.blob(2), select.blob(3));
    // By name and place its entry and its verdict find it: under others it would be sent for ever.
    if (set && (Hash::from(select.blob(8)) != set->name || set->header.space != space ||
                ChainId::from(select.blob(6)) != set->header.source.chain ||
                select.int64(7) != static_cast<std::int64_t>(set->header.sequence))) {
      set = fail(Errc::corrupt, "its name or its place is not what was sealed");
    }
    if (!set) {
      return fail(Errc::corrupt, "a change set that waits to be sent is damaged: " + set.error().message,
                  "run: wasl verify; it is restored from outbox.log");
    }
    const auto no = select.int64(0);
    if (const auto staged = staged_.find(set->header.source.chain);
        staged != staged_.end() && set->header.sequence <= staged->second) {
      pushed = no;
      continue;
    }
    // What lies between was sent by a copy of this folder: in one segment a chain has no gap.
    const auto before = ends.find(set->header.source.chain);
    if (before != ends.end() && set->header.previous != before->second) break;
    ends[set->header.source.chain] = set->name;
    const std::size_t size = set->header_bytes.size() + set->body_bytes.size();
    if (last &&
        (set->header.source != last->header.source || set->header.sequence != last->header.sequence + 1 ||
         run_count == limits::kRunChangeSets || run_bytes + set->body_bytes.size() > limits::kRunBytes)) {
      end_run();
    }
    segment.space = space;
    if (select.int64(5) == static_cast<int>(PendingState::discarded)) {
      segment.items.emplace_back(StandInItem{set->header, set->header_bytes, set->name,
                                             device_.sign(taken_back_message(anchor_.network, set->name))});
    } else {
      segment.items.emplace_back(SetItem{std::nullopt, *set});
      WASL_LET(const auto openings, decode_openings(select.blob(4)));
      segment.openings.insert(segment.openings.end(), openings.begin(), openings.end());
    }
    last = std::move(*set);
    ++run_count;
    run_bytes += last->body_bytes.size();
    bytes += size;
    pushed = no;
  }
  select.reset();
  end_run();
  if (segment.items.empty()) return std::optional<Segment>();
  // From here on others may have seen how far the chains go.
  for (const auto& [chain, end] : shown) WASL_TRY(identity_.set_shown(chain, end.first, end.second));
  return std::optional(std::move(segment));
}

/// Chains whose work names as seen what no hub has proved to us: a damaged disk wrote it. @return caught,
/// when the hub refuses what it has proved itself.
Result<std::set<ChainId>> Replica::misnamed(const std::vector<VerdictItem>& verdicts) {
  std::set<ChainId> chains;
  for (const VerdictItem& item : verdicts) {
    if (item.verdict.reason != Reason::seen) continue;
    WASL_LET(auto select, db_.prepare("SELECT header FROM _wasl_pending WHERE chain = ? AND sequence = ?"));
    select.bind_all(item.chain, item.first);
    WASL_LET(const bool found, select.step());
    if (!found) continue;
    WASL_LET(const Header header, decode_header(select.blob(0)));
    WASL_LET(const auto proved, was_proved(header));
    if (proved == false) chains.insert(item.chain);
    if (proved != true) continue;
    return fail(
        Errc::caught,
        "the hub says that a log which it has signed for this office is not its own: " + item.verdict.detail,
        "local work goes on and is kept; the evidence is stored: tell the secretariat");
  }
  return chains;
}

Status Replica::on_verdicts(const std::vector<VerdictItem>& verdicts) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(const std::set<ChainId> damaged, misnamed(verdicts));
  std::set<ChainId> forked;
  std::map<ChainId, Sequence> broken;  ///< by chain the first that cannot be placed
  WASL_LET(auto acts, identity_.acts());
  WASL_TRY(forget_carried(verdicts));
  for (const VerdictItem& item : verdicts) {
    WASL_LET(const bool of_acts, rule_acts(item, acts));
    if (of_acts) continue;
    if (item.verdict.reason == Reason::gap) {
      WASL_LET(const bool filled, offer_again(item.chain, item.first));
      if (!filled) broken.emplace(item.chain, item.first);
    }
    if (item.verdict.reason == Reason::with_section)
      WASL_TRY(note_with_section(item.chain, item.first, item.first + item.count - 1));
    if (item.verdict.outcome == Outcome::later || item.verdict.reason == Reason::seen) continue;
    if (item.verdict.reason == Reason::fork) forked.insert(item.chain);
    const auto state = item.verdict.outcome == Outcome::accepted ? PendingState::accepted
                       : item.verdict.outcome == Outcome::held   ? PendingState::held
                                                                 : PendingState::refused;
    if (state == PendingState::accepted) {
      Sequence& promised = promised_[item.chain];
      promised = std::max(promised, item.first + item.count - 1);
    }
    WASL_LET(auto update,
             db_.prepare("UPDATE _wasl_pending SET state = ?, reason = ?, detail = ? WHERE chain = ? AND "
                         "sequence BETWEEN ? AND ? AND state <> 4"));
    update.bind_all(static_cast<int>(state), static_cast<int>(item.verdict.reason), item.verdict.detail,
                    item.chain, item.first, item.first + item.count - 1);
    WASL_TRY(update.run());
    // A discarded one has done its duty once the hub knows its header.
    WASL_LET(auto erase,
             db_.prepare("DELETE FROM _wasl_pending WHERE chain = ? AND sequence BETWEEN ? AND ? AND "
                         "state = 4"));
    erase.bind_all(item.chain, item.first, item.first + item.count - 1);
    WASL_TRY(erase.run());
  }
  Resealed resealed;
  for (const ChainId& chain : forked)
    WASL_TRY(reseal(chain, 1,
                    "two change sets stood at one place of a chain of this device: its folder was copied or "
                    "restored; the work was sealed again and nothing is lost",
                    resealed));
  for (const auto& [chain, from] : broken)
    WASL_TRY(reseal(chain, from,
                    "the hub no longer has what this device sent before: it was restored from an older copy; "
                    "what waits was sealed again",
                    resealed));
  for (const ChainId& chain : damaged)
    WASL_TRY(
        reseal(chain, 1,
               "work of this office was sealed on a damaged replica; it was sealed again and nothing is lost",
               resealed));
  return commit_resealed(transaction, resealed);
}

/// outbox.log holds this work already as it was sealed first: whatever a crash leaves, it comes back once.
Status Replica::commit_resealed(Transaction& transaction, const Resealed& resealed) {
  if (resealed.replaced.empty()) return transaction.commit();
  std::vector<OutboxItem> items;
  for (const SealedSet& one : resealed.made)
    items.push_back({one.set.header_bytes, one.set.body_bytes, one.openings});
  for (const ChangeSet& one : resealed.replaced) items.push_back(OutboxItem::replaced(one.header_bytes));
  WASL_TRY(outbox_.append(items));
  return commit_logged(transaction);
}

/// The hub lost what stood before this place of the chain. @return whether the next before it can be offered:
/// what was discarded and known to the hub is kept nowhere.
Result<bool> Replica::offer_again(const ChainId& chain, Sequence before) {
  WASL_LET(auto update, db_.prepare("UPDATE _wasl_pending SET state = 0 WHERE chain = ? AND sequence < ? AND "
                                    "state IN (1, 2, 3)"));
  update.bind_all(chain, before);
  WASL_TRY(update.run());
  WASL_LET(auto select, db_.prepare("SELECT 1 FROM _wasl_pending WHERE chain = ? AND sequence = ?"));
  select.bind_all(chain, before - 1);
  return select.step();
}

/// The chain cannot go on: another change set stands at this place (a copy of this replica wrote too), or the
/// hub lacks what stands before. What has no place, from that sequence on, is sealed again on a new chain,
/// under new dots because the first ones may name other operations by now.
Status Replica::reseal(const ChainId& chain, Sequence from, std::string_view why, Resealed& out) {
  struct Old {
    ChangeSet set;
    std::vector<OpeningItem> openings;
  };
  std::vector<Old> old;
  {
    WASL_LET(auto select, db_.prepare("SELECT header, body, openings FROM _wasl_pending WHERE chain = ? AND "
                                      "sequence >= ? AND state IN (0, 2) ORDER BY sequence"));
    select.bind_all(chain, from);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      WASL_LET(ChangeSet set, decode_change_set(select.blob(0), select.blob(1)));
      WASL_LET(auto openings, decode_openings(select.blob(2)));
      old.push_back({std::move(set), std::move(openings)});
    }
  }
  WASL_TRY(identity_.retire_chain(chain));
  WASL_TRY(identity_.add_evidence(why, old.empty() ? Bytes{} : old.front().set.header_bytes, chain.view(),
                                  ports_.clock->now()));
  WASL_LET(auto retire, db_.prepare("UPDATE _wasl_chain SET retired = 1 WHERE chain = ?"));
  retire.bind_all(chain);
  WASL_TRY(retire.run());
  WASL_LET(auto erase,
           db_.prepare("DELETE FROM _wasl_pending WHERE chain = ? AND sequence >= ? AND state IN (0, 2, 4)"));
  erase.bind_all(chain, from);
  WASL_TRY(erase.run());
  std::map<Dot, Dot> moved;
  for (const Old& one : old) {
    const Header& header = one.set.header;
    LoadedRecords records;
    std::vector<PlainOperation> operations;
    for (Operation op : one.set.operations) {
      const std::pair key(op.register_number, op.id);
      if (!records.contains(key)) {
        WASL_LET(LoadedRecord loaded, records_.load(op.register_number, header.space, op.id));
        loaded.record.drop_overlay(header.source, header.sequence);
        records.emplace(key, std::move(loaded));
      }
      PlainOperation plain{op};
      plain.operation.first_dot.reset();
      for (Dot& dot : plain.operation.names) {
        if (const auto it = moved.find(dot); it != moved.end()) dot = it->second;
      }
      std::sort(plain.operation.names.begin(), plain.operation.names.end());
      if (op.value.type == ValueType::commitment) {
        plain.personal = true;
        WASL_LET(plain.operation.value, records_.open(Hash::from(op.value.data).value_or(Hash{})));
      }
      operations.push_back(std::move(plain));
    }
    std::optional<GroupId> group;
    WASL_LET(auto made, seal_operations(header.space, std::move(operations), false, group,
                                        header.stamp.millis(), records, authority_.grant(header.grant)));
    for (std::size_t i = 0; made.size() == 1 && i < one.set.operations.size(); ++i) {
      moved[one.set.dot(i)] = made[0].set.dot(i);
    }
    for (auto& [id, record] : records) WASL_TRY(records_.save(record, ports_.clock->now(), {}));
    for (SealedSet& set : made) out.made.push_back(std::move(set));
  }
  for (Old& one : old) out.replaced.push_back(std::move(one.set));
  return {};
}

std::vector<Cursor> Replica::applied_cursors() {
  std::vector<Cursor> cursors;
  const auto spaces = readable_spaces();
  if (!spaces) return cursors;
  for (const std::string& space : *spaces) {
    const auto info = store_.space(space);
    if (info) cursors.push_back({space, (*info)->applied, false});
  }
  return cursors;
}

Status Replica::on_session_end(std::optional<bool> equal) {
  ask_alone_ = false;
  const bool by_hub = !section_;  // a section's hub may have seen less than was said elsewhere
  if (equal == true && by_hub) WASL_TRY(salvage());
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  if (equal == true && by_hub) {
    WASL_TRY(settle_acts(true));
    Writer now;
    now.integer(ports_.clock->now());
    WASL_TRY(store_.set_meta("last sync", now.bytes()));
    WASL_TRY(store_.set_meta("full", Bytes{0}));
    WASL_TRY(identity_.settle_counter());
    // The whole log is here, and these were said to be in it: a hub that lost them gets them again.
    WASL_TRY(db_.exec("UPDATE _wasl_pending SET state = 0 WHERE state = 3"));
  }
  WASL_LET(auto select, db_.prepare("SELECT 1 FROM _wasl_pending LIMIT 1"));
  WASL_LET(const bool pending, select.step());
  select.reset();
  // What no root of the hub's covers yet may have to be taken back and sent again.
  WASL_LET(const bool unproved, has_unproved());
  if (!pending && !unproved) WASL_TRY(clear_outbox());
  WASL_TRY(transaction.commit());
  return try_erasing();
}

}  // namespace wasl
