#include "server/hub/committer.hpp"

#include <algorithm>
#include <utility>

#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"

namespace wasl {
namespace {

constexpr std::size_t kCommitItems = 2'000;  // of one transaction, and as many operations ten times: 0.2 s
constexpr Millis kClockTolerance =
    5 * 60'000;  // a clock may be set back a little; hub time then stands still
constexpr Millis kRetryDisk = 1'000;

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

std::size_t operations_of(const std::vector<SegmentItem>& items) {
  std::size_t count = 0;
  for (const SegmentItem& item : items) {
    if (const auto* set = std::get_if<SetItem>(&item)) count += set->set.operations.size();
  }
  return count;
}

Committer::Ruling& ruling_of(std::vector<Committer::Ruling>& rulings, std::uint64_t ticket) {
  const auto it = std::find_if(rulings.begin(), rulings.end(),
                               [&](const Committer::Ruling& ruling) { return ruling.ticket == ticket; });
  if (it != rulings.end()) return *it;
  rulings.push_back({ticket, {}, 0});
  return rulings.back();
}

}  // namespace

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
    return batch.finish();
  });
  return founded ? start() : founded;
}

Status Committer::start() {
  WASL_TRY(heads_.load());
  WASL_LET(last_time_, heads_.last_time());
  WASL_TRY(load_authority());
  const Millis now = ports_.clock.now();
  if (now + kClockTolerance < last_time_) {
    return fail(Errc::invalid_value,
                "the clock of this machine stands " + std::to_string((last_time_ - now) / 60'000) +
                    " minutes before the hub's last entry",
                "set the clock; the hub never lets time run backwards");
  }
  WASL_TRY(sign());
  return heads_.recall_cosignatures(authority_.statement().witnesses);
}

Status Committer::load_authority() {
  AuthorityState state;
  NetworkId network;
  Position position = 0;
  std::optional<NetworkStatement> last;
  Hash last_hash;
  for (;;) {
    WASL_LET(const auto blocks, ports_.store.read(kAuthoritySpace, position + 1, 1 << 20, network_));
    if (blocks.empty()) break;
    for (const Segment& block : blocks) {
      for (const SegmentItem& item : block.items) {
        if (const auto* set = std::get_if<SetItem>(&item); set != nullptr && set->entry) {
          WASL_TRY(state.apply(set->set, ++position));
        } else if (const auto* other = std::get_if<EntryItem>(&item)) {
          ++position;
          if (other->entry.kind != ledger::EntryKind::statement) continue;
          WASL_LET(const SignedStatement signed_statement, decode_signed_statement(other->statement));
          WASL_LET(const NetworkStatement statement,
                   open_statement(signed_statement, last ? &*last : nullptr, last ? &last_hash : nullptr));
          last_hash = signed_statement.hash();
          if (!last) network = network_id(last_hash);
          last = statement;
          state.apply_statement(statement, last_hash);
        }
      }
    }
    if (network != network_ && last) {  // change sets decode under their network's name: now it is known
      network_ = network;
      state = AuthorityState();
      last.reset();
      position = 0;
    }
  }
  if (!last) return fail(Errc::not_found, "there is no network in this folder", "run: wasl-hub init");
  if (last->log_key != ports_.log_key.public_key()) {
    return fail(Errc::wrong_network, "keys/log.key is not the log key that the network statement names");
  }
  authority_ = std::move(state);
  return {};
}

Status Committer::sign() {
  return heads_.sign(ledger::heads_origin(network_, authority_.statement().epoch), ports_.log_key);
}

Status Committer::sign_what_is_left() { return heads_.seen().size < heads_.size() ? sign() : Status(); }

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
  const std::vector<Unit> units = next_units(outcome);
  if (units.empty()) return outcome;

  const bool touches_authority =
      std::any_of(units.begin(), units.end(), [](const Unit& unit) { return unit.space == kAuthoritySpace; });
  const std::optional<AuthorityState> before = touches_authority ? std::optional(authority_) : std::nullopt;
  const Millis time = hub_time();
  std::vector<std::pair<std::uint64_t, std::vector<VerdictItem>>> verdicts;
  std::vector<std::string> grown;
  Status done = ports_.store.transact([&]() -> Status {
    Batch batch = make_batch(time);
    WASL_TRY(batch.begin());
    for (const Unit& unit : units) {
      verdicts.emplace_back(unit.ticket, std::vector<VerdictItem>());
      WASL_TRY(batch.rule(unit, verdicts.back().second));
    }
    WASL_TRY(batch.finish());
    grown = batch.grown();
    return {};
  });
  if (done) {
    heads_.keep();
    last_time_ = time;
    outcome.grown = std::move(grown);
    for (auto& [ticket, list] : verdicts) {
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
    answer_all(unit, {Outcome::later, Reason::busy, {}}, kRetryDisk,
               ruling_of(outcome.rulings, unit.ticket).verdicts);
  }
  return outcome;
}

}  // namespace wasl
