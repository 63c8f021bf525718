// The committer where several processes serve one storage: as the one that follows, and what the one that
// leads does for the others.
#include <algorithm>
#include <iterator>
#include <utility>

#include "server/hub/authority_log.hpp"
#include "server/hub/passing_on.hpp"
#include "server/hub/rulings.hpp"
#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"

namespace wasl {
namespace {

constexpr Millis kAnswerLimit = 20'000;  // then the office is told to come again with it; it may be accepted
constexpr std::size_t kAskedAtOnce = 256;  // units; what does not fit into one commit waits for the next

const Verdict kBusy{Outcome::later, Reason::busy, {}};

}  // namespace

bool Committer::follows() const {
  const SharedStore* const shared = ports_.store.shared();
  return shared != nullptr && !shared->leads();
}

bool Committer::is_section() const {
  const SharedStore* const shared = ports_.store.shared();
  return shared != nullptr && shared->is_section();
}

Position Committer::shown(const std::string& space) const {
  const auto at = shown_.find(space);
  return at == shown_.end() ? 0 : at->second.first;
}

Status Committer::start_following() {
  WASL_LET(const auto news, ports_.store.shared()->look());
  if (!news) {
    return fail(Errc::later, "another wasl-hub leads, and has shown nothing signed yet",
                "start it again in a moment");
  }
  WASL_TRY(heads_.load());
  WASL_TRY(load());
  WASL_TRY(adopt(news->note));
  WASL_LET(shown_, standing());
  return {};
}

Status Committer::adopt(const std::string& note) {
  const NetworkStatement& statement = authority_.statement();
  return heads_.adopt(note, ledger::heads_origin(network_, statement.epoch), statement.log_key,
                      statement.witnesses);
}

Result<Committer::Standing> Committer::standing() {
  Standing out;
  for (const std::string& name : authority_.spaces()) {
    WASL_LET(const SpaceInfo* const info, ports_.store.space(name));
    Position size = info->size;
    if (is_section()) {  // what came behind the newest leaf is not proved yet
      WASL_LET(const auto leaf, info->leaf.empty() ? Result<ledger::HeadsLeaf>(ledger::HeadsLeaf())
                                                   : ledger::HeadsLeaf::decode(info->leaf));
      size = leaf.size;
    }
    out[name] = {size, info->leaf_index};
  }
  return out;
}

Status Committer::follow_authority() {
  WASL_LET(const SpaceInfo* const info, ports_.store.space(kAuthoritySpace));
  const Position size = info->size;
  while (authority_read_ < size) {
    WASL_LET(const auto blocks, ports_.store.read(kAuthoritySpace, authority_read_ + 1, 1 << 20, network_));
    if (blocks.empty()) return fail(Errc::corrupt, "the hub's log of authority has a gap");
    for (const Segment& block : blocks) {
      if (block.first > size) break;
      Position position = block.first;
      for (const SegmentItem& item : block.items) {
        if (entry_of(item) == nullptr) continue;
        if (position > authority_read_) WASL_TRY(apply_authority(item, position, authority_, statements_));
        authority_read_ = std::max(authority_read_, position++);
      }
    }
  }
  return {};
}

/// Reads what others have committed since. What this process cannot follow in its stride is an error.
Status Committer::catch_up(Committed& out) {
  WASL_LET(const auto recovering, ports_.store.meta(kRecoveringKey));
  if (recovering_ != (recovering && *recovering == Bytes{1}))
    return fail(Errc::conflict, "the hub's recovery has begun or ended");
  WASL_TRY(follow_authority());
  if (!recovering_ && !is_section() && authority_.statement().log_key != ports_.log_key.public_key())
    return fail(Errc::wrong_network, "another log key is in force");
  WASL_TRY(load_erased());
  WASL_LET(Standing now, standing());
  for (const auto& [name, at] : now) {
    const auto before = shown_.find(name);
    if (before != shown_.end() && before->second == at) continue;
    out.grown.insert(name == kAuthoritySpace ? out.grown.begin() : out.grown.end(), name);
  }
  shown_ = std::move(now);
  return {};
}

Result<Committer::Committed> Committer::take_news(const SharedStore::News& news) {
  Committed out;
  if (follows()) {
    WASL_TRY(catch_up(out));
    WASL_TRY(adopt(news.note));
    WASL_LET(const Millis newest, heads_.last_time());
    last_time_ = std::max(last_time_, newest);
  }
  for (const SharedStore::Answer& answer : news.answers) take_answer(answer, out);
  out.kept = news.kept;
  return out;
}

Result<Committer::Committed> Committer::look() {
  SharedStore* const shared = ports_.store.shared();
  Committed out;
  if (shared == nullptr) return out;
  if (!follows()) WASL_TRY(take_asked());
  if (follows() || !passed_.empty()) {
    WASL_LET(const auto news, shared->look());
    if (news) {
      WASL_LET(out, take_news(*news));
    }
  }
  give_up_waiting(out);
  return out;
}

Result<std::optional<Committer::Committed>> Committer::try_lead() {
  SharedStore* const shared = ports_.store.shared();
  if (shared == nullptr || !follows()) return std::optional<Committed>();
  WASL_LET(const bool leads, shared->try_lead());
  if (!leads) return std::optional<Committed>();
  Committed out;
  WASL_TRY(heads_.load());
  WASL_LET(const Millis newest, heads_.last_time());
  last_time_ = std::max(last_time_, newest);
  WASL_TRY(catch_up(out));
  published_.clear();
  WASL_TRY(begin_to_lead());
  return std::optional(std::move(out));
}

Status Committer::resign() {
  SharedStore* const shared = ports_.store.shared();
  if (shared == nullptr || follows()) return {};
  WASL_LET(const SpaceInfo* const info, ports_.store.space(kAuthoritySpace));
  authority_read_ = info->size;
  WASL_LET(shown_, standing());
  return shared->resign();
}

Status Committer::publish() {
  SharedStore* const shared = ports_.store.shared();
  const std::string note = heads_.note();
  if (shared == nullptr || follows() || note.empty() || note == published_) return {};
  WASL_TRY(shared->publish(note, heads_.seen().size));
  published_ = note;
  return {};
}

// ── What is passed on ──

void Committer::pass_on(std::vector<Unit> units, Committed& outcome) {
  std::vector<SharedStore::Question> questions;
  const Millis now = ports_.clock.now();
  for (const Unit& unit : units) {
    if (unit.asked) continue;  // taken while this process led: it waits where it was
    Passed one{unit.ticket, 0, now, {}};
    answer_all(unit, kBusy, kRetryDisk, one.otherwise);
    questions.push_back({++last_question_, encode_unit(unit)});
    passed_.emplace(last_question_, std::move(one));
  }
  asked_ = 0;
  // A push is taken when the last of its units has its answer.
  for (Ruling& ruling : outcome.rulings) {
    const auto last = std::find_if(passed_.rbegin(), passed_.rend(),
                                   [&](const auto& one) { return one.second.ticket == ruling.ticket; });
    if (last != passed_.rend()) last->second.taken += std::exchange(ruling.taken, 0);
  }
  const Status asked = ports_.store.shared()->ask(questions);
  if (asked) return;
  log::error("hub.not_passed_on", {{"reason", asked.error().message}});
  for (const SharedStore::Question& question : questions) take_answer({question.number, {}}, outcome);
}

/// An empty one: it could not be read, or will not come.
void Committer::take_answer(const SharedStore::Answer& answer, Committed& out) {
  if (!answer.question) {
    auto decided = decode_decided(answer.data);
    if (!decided) return log::error("hub.unreadable", {{"reason", decided.error().message}});
    for (auto& [author, verdicts] : *decided)
      std::move(verdicts.begin(), verdicts.end(), std::back_inserter(out.decided[author]));
    return;
  }
  const auto it = passed_.find(*answer.question);
  if (it == passed_.end()) return;
  auto verdicts = answer.data.empty() ? Result<std::vector<VerdictItem>>() : decode_verdicts(answer.data);
  if (!verdicts || verdicts->empty()) verdicts = std::move(it->second.otherwise);
  Ruling& ruling = ruling_of(out.rulings, it->second.ticket);
  std::move(verdicts->begin(), verdicts->end(), std::back_inserter(ruling.verdicts));
  ruling.taken += it->second.taken;
  passed_.erase(it);
}

void Committer::give_up_waiting(Committed& out) {
  const Millis now = ports_.clock.now();
  while (!passed_.empty() && now - passed_.begin()->second.since > kAnswerLimit)
    take_answer({passed_.begin()->first, {}}, out);
}

// ── What others have passed on ──

Status Committer::take_asked() {
  if (asked_ > 0 || recovering_) return {};
  SharedStore& shared = *ports_.store.shared();
  WASL_LET(auto asked, shared.asked(kAskedAtOnce));
  for (SharedStore::Asked& one : asked) {
    auto unit = decode_unit(one.data, network_);
    if (!unit) {
      log::error("hub.unreadable", {{"reason", unit.error().message}});
      WASL_TRY(ports_.store.transact([&] { return shared.answer(one.by, one.number, {}); }));
      continue;
    }
    unit->asked = Unit::Asked{one.by, one.number};
    unit->ticket = kAskedTickets + ++last_asked_;
    Waiting& waiting = ready_[unit->ticket];
    waiting.pushes.push_back(1);
    waiting.units.push_back(std::move(*unit));
    ++asked_;
  }
  return {};
}

Status Committer::answer_asked(const Unit& unit, const std::vector<VerdictItem>& verdicts) {
  return ports_.store.shared()->answer(unit.asked->by, unit.asked->number, encode(verdicts));
}

Status Committer::tell_others(const Batch::Decided& decided) {
  SharedStore* const shared = ports_.store.shared();
  if (shared == nullptr || decided.empty()) return {};
  return shared->tell_all(encode_decided(decided));
}

}  // namespace wasl
