#include "server/hub/committer.hpp"

#include <algorithm>
#include <utility>

#include "server/hub/authority_log.hpp"
#include "server/hub/conflicts.hpp"
#include "server/hub/rulings.hpp"
#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"

namespace wasl {
namespace {

constexpr std::size_t kCommitItems = 2'000;  // of one transaction, and as many operations ten times: 0.2 s
constexpr Millis kClockTolerance =
    5 * 60'000;  // a clock may be set back a little; hub time then stands still
constexpr std::string_view kErasedKey = "erased";
constexpr std::string_view kRewriteKey = "rewrite";

std::size_t operations_of(const std::vector<SegmentItem>& items) {
  std::size_t count = 0;
  for (const SegmentItem& item : items) {
    if (const auto* set = std::get_if<SetItem>(&item)) count += set->set.operations.size();
  }
  return count;
}

}  // namespace

/// The same answer for every change set of the unit.
void answer_all(const Unit& unit, const Verdict& verdict, Millis retry_after, std::vector<VerdictItem>& out) {
  for (const SegmentItem& item : unit.items) {
    if (const auto* set = std::get_if<SetItem>(&item)) {
      add_verdict(out, unit.source.chain, set->set.header.sequence, verdict, retry_after);
    } else if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      add_verdict(out, unit.source.chain, stand_in->header.sequence, verdict, retry_after);
    }
  }
}

Committer::Ruling& ruling_of(std::vector<Committer::Ruling>& rulings, std::uint64_t ticket) {
  const auto it = std::find_if(rulings.begin(), rulings.end(),
                               [&](const Committer::Ruling& ruling) { return ruling.ticket == ticket; });
  if (it != rulings.end()) return *it;
  rulings.push_back({ticket, {}, 0});
  return rulings.back();
}

Status mark_recovering(HubStore& store) {
  return store.transact([&] { return store.set_meta(kRecoveringKey, Bytes{1}); });
}

Millis Committer::hub_time() { return std::max(ports_.clock.now(), last_time_); }

Batch Committer::make_batch(Millis time) {
  return Batch({ports_.store, authority_, ports_.schema, network_, heads_, ports_.random, time});
}

Status Committer::found(const SignedStatement& statement) {
  WASL_TRY(heads_.load());
  network_ = network_id(statement.hash());
  Status founded = ports_.store.transact([&]() -> Status {
    for (const std::string_view space : {kAuthoritySpace, kPublicSpace, kNetworkSpace}) {
      WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
      if (info->size > 0) return fail(Errc::conflict, "this folder holds a network already");
    }
    Batch batch = make_batch(hub_time());
    WASL_TRY(batch.begin());
    WASL_TRY(batch.place(statement));
    WASL_TRY(mark_conflicts_noted(ports_.store));
    return batch.finish();
  });
  return founded ? start() : founded;
}

Status Committer::place(const SignedStatement& statement,
                        const std::function<bool(const PublicKey&)>& has_key) {
  const NetworkStatement before = authority_.statement();
  const Hash before_hash = authority_.statement_hash();
  if (statement.hash() == before_hash) return {};
  WASL_LET(const NetworkStatement opened, open_statement(statement, &before, &before_hash));
  if (recovering_ && opened.epoch == before.epoch) {
    return fail(Errc::conflict,
                "this hub recovers from an old copy: only a statement that opens a new epoch is placed",
                "draft one with: wasl-hub root statement --new-epoch");
  }
  if (!has_key(opened.log_key)) {
    return fail(Errc::wrong_network, "the log key that this statement names is not on the hub's machine",
                "put it there as keys/log.next.key: it was made by wasl-hub root log-key");
  }
  const Millis time = hub_time();
  Status placed = ports_.store.transact([&]() -> Status {
    Batch batch = make_batch(time);
    WASL_TRY(batch.begin());
    WASL_TRY(batch.place(statement));
    if (recovering_) {
      batch.catch_up();
      WASL_TRY(ports_.store.set_meta(kRecoveringKey, Bytes{0}));
    }
    return batch.finish();
  });
  if (!placed) {
    heads_.take_back();
    return placed;
  }
  heads_.keep();
  recovering_ = false;
  last_time_ = time;
  WASL_LET(const SpaceInfo* const info, ports_.store.space(kAuthoritySpace));
  authority_.apply_statement(opened, statement.hash(), info->size);
  statements_.push_back(statement);
  return {};
}

Status Committer::load() {
  WASL_LET(last_time_, heads_.last_time());
  WASL_LET(const auto recovering, ports_.store.meta(kRecoveringKey));
  recovering_ = recovering && *recovering == Bytes{1};
  WASL_TRY(load_authority());
  WASL_TRY(load_erased());
  if (recovering_) {  // what came back is newer than the newest leaf
    WASL_LET(const auto names, ports_.store.space_names());
    for (const std::string& name : names) {
      WASL_LET(const SpaceInfo* const space, ports_.store.space(name));
      last_time_ = std::max(last_time_, space->as_of);
    }
  }
  return {};
}

Status Committer::check_clock() {
  const Millis now = ports_.clock.now();
  if (now + kClockTolerance >= last_time_) return {};
  return fail(Errc::invalid_value,
              "the clock of this machine stands " + std::to_string((last_time_ - now) / 60'000) +
                  " minutes before the hub's last entry",
              "set the clock; the hub never lets time run backwards");
}

Status Committer::start() {
  if (follows()) return start_following();
  WASL_TRY(heads_.load());
  WASL_TRY(load());
  return begin_to_lead();
}

Status Committer::begin_to_lead() {
  WASL_TRY(check_clock());
  WASL_TRY(note_all_conflicts(ports_.store, authority_.schema_or(ports_.schema)));
  if (recovering_) return {};
  WASL_TRY(sign());
  WASL_TRY(heads_.recall_cosignatures(authority_.statement().witnesses));
  return publish();
}

Status Committer::load_authority() {
  AuthorityState state;
  std::vector<SignedStatement> statements;
  NetworkId network;
  Position position = 0;
  std::optional<NetworkStatement> last;
  Hash last_hash;
  WASL_LET(const SpaceInfo* const info, ports_.store.space(kAuthoritySpace));
  const Position size = info->size;  // others may have committed more by now
  while (position < size) {
    WASL_LET(const auto blocks, ports_.store.read(kAuthoritySpace, position + 1, 1 << 20, network_));
    if (blocks.empty()) break;
    for (const Segment& block : blocks) {
      if (block.first > size) break;
      for (const SegmentItem& item : block.items) {
        if (const auto* set = std::get_if<SetItem>(&item); set != nullptr && set->entry) {
          WASL_TRY(state.apply(set->set, ++position, set->entry->hub_time));
        } else if (const auto* other = std::get_if<EntryItem>(&item)) {
          ++position;
          if (other->entry.kind != ledger::EntryKind::statement) continue;
          WASL_LET(const SignedStatement signed_statement, decode_signed_statement(other->bytes));
          WASL_LET(const NetworkStatement statement,
                   open_statement(signed_statement, last ? &*last : nullptr, last ? &last_hash : nullptr));
          last_hash = signed_statement.hash();
          if (!last) network = network_id(last_hash);
          last = statement;
          state.apply_statement(statement, last_hash, position);
          statements.push_back(signed_statement);
        }
      }
    }
    if (network != network_ && last) {  // change sets decode under their network's name: now it is known
      network_ = network;
      state = AuthorityState();
      statements.clear();
      last.reset();
      position = 0;
    }
  }
  if (!last) return fail(Errc::not_found, "there is no network in this folder", "run: wasl-hub init");
  // A copy from before the log key changed: the statement that names this one comes back.
  if (!recovering_ && !is_section() && last->log_key != ports_.log_key.public_key()) {
    return fail(Errc::wrong_network, "keys/log.key is not the log key that the network statement names");
  }
  authority_ = std::move(state);
  statements_ = std::move(statements);
  authority_read_ = size;
  return {};
}

Status Committer::load_erased() {
  WASL_LET(const auto erased, ports_.store.meta(kErasedKey));
  WASL_LET(const auto rewrite, ports_.store.meta(kRewriteKey));
  if (erased) {
    Reader in(*erased);
    erased_ = in.varint();
    last_time_ = std::max(last_time_, in.integer());
    if (!in.finished()) return fail(Errc::corrupt, "the hub's note of what it erased is damaged");
  }
  must_rewrite_ = rewrite && *rewrite == Bytes{1};
  return {};
}

Result<bool> Committer::erase_due() {
  const Millis time = is_section() ? ports_.store.shared()->seen_until() : hub_time();
  Position last = erased_;
  for (const Erasure& erasure : authority_.erasures()) {
    if (erasure.is_in_force(time)) last = std::max(last, erasure.position);
  }
  const bool due = last > erased_;
  if (due) {
    const auto lists = erased_by(authority_, erased_, last, time);
    const Status erased = ports_.store.transact([&]() -> Status {
      for (const auto& [space, list] : lists) WASL_TRY(ports_.store.erase_openings(space, list, network_));
      // A clock that is set back afterwards must not let a withdrawal in that comes too late.
      Writer note;
      note.varint(last);
      note.integer(time);
      WASL_TRY(ports_.store.set_meta(kErasedKey, note.bytes()));
      return ports_.store.set_meta(kRewriteKey, Bytes{1});
    });
    if (!erased) return tl::unexpected(erased.error());
    erased_ = last;
    last_time_ = time;
    must_rewrite_ = true;
    log::info("hub.erased", {{"authority", last}});
  }
  if (must_rewrite_) {
    WASL_TRY(ports_.store.rewrite());
    WASL_TRY(ports_.store.transact([&] { return ports_.store.set_meta(kRewriteKey, Bytes{0}); }));
    must_rewrite_ = false;
  }
  return due;
}

Status Committer::begin_recovery() {
  WASL_TRY(mark_recovering(ports_.store));
  recovering_ = true;
  return {};
}

/// The leaf of `heads` by which this hub had signed the space's log, in a checkpoint of the epoch in force.
Result<ledger::HeadsLeaf> Committer::signed_leaf(const Vouched& vouched) const {
  const std::string origin = ledger::heads_origin(network_, authority_.statement().epoch);
  auto checkpoint = ledger::open_checkpoint(vouched.proof.checkpoint, origin, ports_.log_key.public_key());
  for (std::size_t i = statements_.size(); !checkpoint && i > 0; --i) {
    WASL_LET(const NetworkStatement statement, decode_statement(statements_[i - 1].bytes));
    checkpoint = ledger::open_checkpoint(vouched.proof.checkpoint, origin, statement.log_key);
  }
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  const Bytes name = vouched.key ? to_bytes(ledger::blind_name(*vouched.key, vouched.space).view())
                                 : to_bytes(vouched.space);
  std::vector<ledger::Leaf> leaves;
  std::optional<ledger::HeadsLeaf> found;
  for (const LeafProof& item : vouched.proof.leaves) {
    WASL_LET(ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(item.leaf));
    leaves.push_back({item.index, ledger::leaf_hash(leaf)});
    if (leaf.name == name) found = std::move(leaf);
  }
  if (!found ||
      !ledger::verify_inclusions(leaves, checkpoint->size, vouched.proof.inclusion, checkpoint->root)) {
    return fail(Errc::bad_signature,
                "what was brought back of " + vouched.space + " is not what this hub signed");
  }
  return *std::move(found);
}

Status Committer::apply_returned(const Segment& segment, SpaceInfo& info, Returned& returned) {
  Segment kept = segment;
  drop_erased(authority_, hub_time(), kept);
  WASL_TRY(ports_.store.append(kept));
  Position position = segment.first;
  for (const SegmentItem& item : segment.items) {
    const ledger::Entry* entry = entry_of(item);
    if (entry == nullptr) continue;
    info.as_of = entry->hub_time;
    if (segment.space == kAuthoritySpace) WASL_TRY(apply_authority(item, position, authority_, statements_));
    ++position;
    if (const auto* other = std::get_if<EntryItem>(&item);
        other != nullptr && entry->kind == ledger::EntryKind::void_) {
      returned.fallen.push_back({voided_position(*other), entry->hash});
    }
    if (const auto collection = collection_of(item)) {
      for (const auto& record : collection->records) returned.records.remove(info.number, record.second);
    }
    const ChangeSet* set = effect_of(item);
    if (set == nullptr) continue;
    const Level level = returned.ranking.of(item);
    const Millis effective = std::min(set->header.stamp.millis(), entry->hub_time);
    for (std::size_t i = 0; i < set->operations.size(); ++i) {
      returned.records.apply(info.number, set->operations[i],
                             {set->dot(i), set->header.stamp, effective, level});
    }
    returned.records.keep_draft();
  }
  return returned.records.health();
}

Status Committer::take_back(const std::vector<Segment>& segments, const Vouched& vouched) {
  if (segments.empty()) return {};
  WASL_LET(const ledger::HeadsLeaf leaf, signed_leaf(vouched));
  const AuthorityState authority = authority_;
  const std::size_t statements = statements_.size();
  Millis newest = last_time_;
  Status done = ports_.store.transact([&]() -> Status {
    WASL_LET(SpaceInfo* const info, ports_.store.space(vouched.space));
    if (segments.front().first != info->size + 1) return {};  // somebody else was faster
    if (is_private_space(vouched.space)) {
      if (!vouched.key || (info->key && info->key != vouched.key)) {
        return fail(Errc::bad_signature, "the blinding key of " + vouched.space + " is another");
      }
      info->key = vouched.key;
    }
    Returned returned{RecordCache(ports_.store), Ranking(authority_), {}};
    for (const Segment& segment : segments) WASL_TRY(apply_returned(segment, *info, returned));
    if (info->size != leaf.size || info->frontier.root() != leaf.root) {
      return fail(Errc::bad_signature,
                  "what was brought back of " + vouched.space + " is not what this hub signed");
    }
    info->applied = info->size;
    newest = std::max(newest, info->as_of);
    WASL_TRY(returned.records.save(authority_.schema_or(ports_.schema)));
    if (!returned.fallen.empty())
      WASL_TRY(save_without(ports_.store, vouched.space, authority_, authority_.schema_or(ports_.schema),
                            returned.fallen, network_));
    return ports_.store.save_space(*info);
  });
  if (!done) {
    authority_ = authority;
    statements_.resize(statements);
    return done;
  }
  last_time_ = newest;
  log::info("hub.taken_back", {{"space", vouched.space}, {"position", leaf.size}});
  return {};
}

Status Committer::sign() {
  WASL_TRY(heads_.sign(ledger::heads_origin(network_, authority_.statement().epoch), ports_.log_key));
  return publish();
}

Status Committer::sign_what_is_left() {
  if (recovering_ || follows()) return {};
  return heads_.seen().size < heads_.size() ? sign() : Status();
}

void Committer::submit(std::uint64_t ticket, Segment push) {
  queued_ += push.items.size() + operations_of(push.items);
  queue_.emplace_back(ticket, std::move(push));
}

void Committer::stage(Committed& outcome) {
  for (auto& [ticket, push] : std::exchange(queue_, {})) {
    Staging::Added added = staging_.add(ticket, std::move(push));
    Ruling& ruling = ruling_of(outcome.rulings, ticket);
    for (VerdictItem& answer : added.answers) ruling.verdicts.push_back(std::move(answer));
    if (added.ready.empty() && !ready_.contains(ticket)) {
      ++ruling.taken;
      continue;
    }
    Waiting& waiting = ready_[ticket];
    waiting.pushes.push_back(added.ready.size());
    for (Unit& unit : added.ready) waiting.units.push_back(std::move(unit));
  }
}

std::vector<Unit> Committer::next_units(Committed& outcome) {
  std::vector<Unit> units;
  std::size_t cost = 0;
  while (!ready_.empty() && cost < kCommitItems) {
    for (auto it = ready_.begin(); it != ready_.end();) {
      auto& [ticket, waiting] = *it;
      if (!waiting.units.empty()) {
        cost += waiting.units.front().items.size() + waiting.units.front().operations / 10;
        units.push_back(std::move(waiting.units.front()));
        waiting.units.pop_front();
        --waiting.pushes.front();
      }
      for (; !waiting.pushes.empty() && waiting.pushes.front() == 0; waiting.pushes.pop_front()) {
        ++ruling_of(outcome.rulings, ticket).taken;
      }
      it = waiting.pushes.empty() ? ready_.erase(it) : std::next(it);
    }
  }
  queued_ = 0;
  for (const auto& [ticket, waiting] : ready_) {
    for (const Unit& unit : waiting.units) queued_ += unit.items.size() + unit.operations;
  }
  return units;
}

Committer::Committed Committer::commit() {
  Committed outcome;
  stage(outcome);
  std::vector<Unit> units = next_units(outcome);
  if (units.empty()) return outcome;
  if (follows()) {
    pass_on(std::move(units), outcome);
    return outcome;
  }
  asked_ = 0;
  for (const auto& [ticket, waiting] : ready_)
    for (const Unit& unit : waiting.units) asked_ += unit.asked ? 1 : 0;
  if (recovering_) {
    for (const Unit& unit : units) {
      answer_all(unit, {Outcome::later, Reason::busy, "the hub recovers from an old copy"}, kRetryDisk,
                 ruling_of(outcome.rulings, unit.ticket).verdicts);
    }
    return outcome;
  }

  const bool touches_authority =
      std::any_of(units.begin(), units.end(), [](const Unit& unit) { return unit.space == kAuthoritySpace; });
  const std::optional<AuthorityState> before = touches_authority ? std::optional(authority_) : std::nullopt;
  const Millis time = hub_time();
  std::vector<std::pair<std::uint64_t, std::vector<VerdictItem>>> verdicts;
  std::vector<std::string> grown;
  Batch::Decided decided;
  Status done = ports_.store.transact([&]() -> Status {
    Batch batch = make_batch(time);
    WASL_TRY(batch.begin());
    for (const Unit& unit : units) {
      verdicts.emplace_back(unit.ticket, std::vector<VerdictItem>());
      WASL_TRY(batch.rule(unit, verdicts.back().second));
      if (unit.asked) WASL_TRY(answer_asked(unit, verdicts.back().second));
    }
    WASL_TRY(batch.finish());
    grown = batch.grown();
    decided = batch.decided();
    return tell_others(decided);
  });
  if (done) {
    heads_.keep();
    last_time_ = time;
    outcome.grown = std::move(grown);
    outcome.decided = std::move(decided);
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i].asked) continue;  // who asked has the answer
      auto& [ticket, list] = verdicts[i];
      Ruling& ruling = ruling_of(outcome.rulings, ticket);
      std::move(list.begin(), list.end(), std::back_inserter(ruling.verdicts));
    }
    if (!outcome.grown.empty()) done = sign();
    if (!done) log::error("hub.sign_failed", {{"reason", done.error().message}});
    return outcome;
  }
  log::error("hub.commit_failed", {{"code", to_word(done.error().code)}, {"reason", done.error().message}});
  if (before) authority_ = *before;
  heads_.take_back();
  for (const Unit& unit : units) {
    if (unit.asked) continue;  // it waits where it was, and is taken again
    answer_all(unit, {Outcome::later, Reason::busy, {}}, kRetryDisk,
               ruling_of(outcome.rulings, unit.ticket).verdicts);
  }
  return outcome;
}

}  // namespace wasl
