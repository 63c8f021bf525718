// The merge of records against a deliberately naive second model, over generated histories of several
// offices.
#include <gtest/gtest.h>
// rapidcheck needs gtest first
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "shared/model/record_state.hpp"

namespace wasl {
namespace {

constexpr std::uint32_t kFields = 3;

struct Event {
  Operation operation;
  Placement at;
  std::set<std::size_t> after;  ///< events that its author had seen
};

Source office(unsigned number) {
  Source source;
  source.author.bytes[0] = static_cast<Byte>(number + 1);
  source.chain.bytes[0] = static_cast<Byte>(number + 1);
  return source;
}

/// A history as offices make it: each writes on what it has seen, and hears of the others now and then.
std::vector<Event> make_history() {
  const auto offices = *rc::gen::inRange(1U, 4U);
  const auto steps = *rc::gen::inRange(1U, 25U);
  std::vector<Event> history;
  std::vector<RecordState> view(offices);
  std::vector<std::set<std::size_t>> seen(offices);
  std::vector<Sequence> sequence(offices, 0);
  const auto hear = [&](unsigned who, std::size_t event) {
    // With an event comes what its author had seen: the log is causal.
    for (const std::size_t earlier : history[event].after) {
      if (seen[who].insert(earlier).second) view[who].apply(history[earlier].operation, history[earlier].at);
    }
    if (seen[who].insert(event).second) view[who].apply(history[event].operation, history[event].at);
  };
  for (unsigned step = 0; step < steps; ++step) {
    const auto who = *rc::gen::inRange(0U, offices);
    for (std::size_t event = 0; event < history.size(); ++event) {
      if (*rc::gen::weightedElement<bool>({{1, true}, {3, false}})) hear(who, event);
    }
    RecordState& state = view[who];
    Operation op;
    op.register_number = 7;
    op.id = "r";
    const auto kind = state.heads.contains(Address{}) ? *rc::gen::inRange(0, 7) : -1;
    op.address = {*rc::gen::inRange(1U, kFields + 1), {}};
    if (kind == -1) {
      op.kind = OperationKind::create;
      op.address = {};
    } else if (kind <= 2) {
      op.kind = OperationKind::write;
      op.value = Value::integer(*rc::gen::inRange(0, 4));
      op.names = state.plain_lineage(op.address);
    } else if (kind == 3) {
      op.kind = OperationKind::resolve;
      op.value = Value::integer(*rc::gen::inRange(0, 4));
      op.names = state.all_dots(op.address);
    } else if (kind == 4) {
      op.kind = OperationKind::add;
      op.address = {kFields + 1, Bytes{static_cast<Byte>(*rc::gen::inRange(0, 3))}};
    } else if (kind == 5) {
      op.kind = OperationKind::remove;
      op.address = {kFields + 1, Bytes{static_cast<Byte>(*rc::gen::inRange(0, 3))}};
      op.names = state.all_dots(op.address);
    } else {
      op.kind = OperationKind::erase;
      op.address = {};
      op.names = state.all_dots();
    }
    const Millis time = *rc::gen::inRange(0, 50);
    const Event event{op, {{office(who), ++sequence[who], 0}, Stamp::at(time), time}, seen[who]};
    history.push_back(event);
    hear(who, history.size() - 1);
  }
  return history;
}

/// Some order in which no event comes before one that its author had seen, with repetitions.
RecordState deliver(const std::vector<Event>& history) {
  RecordState state;
  std::set<std::size_t> done;
  while (done.size() < history.size()) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const auto& after = history[i].after;
      if (!done.contains(i) && std::includes(done.begin(), done.end(), after.begin(), after.end()))
        ready.push_back(i);
    }
    const std::size_t next = ready[*rc::gen::inRange<std::size_t>(0, ready.size())];
    state.apply(history[next].operation, history[next].at);
    if (*rc::gen::inRange(0, 4) == 0 && history[next].operation.kind != OperationKind::remove) {
      // Repetition happens before anything built on it: a log places an operation once.
      state.apply(history[next].operation, history[next].at);
    }
    done.insert(next);
  }
  return state;
}

/// What must hold, said the slow way: sets of events, no state.
struct Naive {
  const std::vector<Event>& history;

  bool puts_head(const Event& e) const {
    return e.operation.kind != OperationKind::remove && e.operation.kind != OperationKind::erase;
  }
  bool is_superseded(const Event& e) const {
    return std::any_of(history.begin(), history.end(), [&](const Event& other) {
      const auto& names = other.operation.names;
      return other.operation.kind != OperationKind::erase && other.operation.address == e.operation.address &&
             std::find(names.begin(), names.end(), e.at.dot) != names.end();
    });
  }
  std::map<Address, std::set<std::pair<Dot, Value>>> heads() const {
    std::map<Address, std::set<std::pair<Dot, Value>>> out;
    for (const Event& e : history) {
      if (puts_head(e) && !is_superseded(e)) out[e.operation.address].insert({e.at.dot, e.operation.value});
    }
    return out;
  }
  bool is_alive() const {
    return std::any_of(history.begin(), history.end(), [&](const Event& e) {
      if (!puts_head(e) || is_superseded(e)) return false;
      return std::none_of(history.begin(), history.end(), [&](const Event& other) {
        const auto& names = other.operation.names;
        return other.operation.kind == OperationKind::erase &&
               std::find(names.begin(), names.end(), e.at.dot) != names.end();
      });
    });
  }
  std::optional<Value> shown(const Address& address) const {
    std::optional<std::tuple<Millis, Stamp, Dot>> best;
    std::optional<Value> value;
    for (const Event& e : history) {
      if (!puts_head(e) || is_superseded(e) || e.operation.address != address) continue;
      const std::tuple rank{e.at.effective, e.at.stamp, e.at.dot};
      if (!best || rank > *best) {
        best = rank;
        value = e.operation.value;
      }
    }
    return value;
  }
};

RC_GTEST_PROP(Merge, GivesTheSameStateWhateverTheOrderAndRepetition, ()) {
  const auto history = make_history();
  const RecordState one = deliver(history);
  const RecordState other = deliver(history);
  RC_ASSERT(one == other);
  RC_ASSERT(record_hash("r", one) == record_hash("r", other));
}

RC_GTEST_PROP(Merge, AgreesWithTheNaiveModel, ()) {
  const auto history = make_history();
  const RecordState state = deliver(history);
  const Naive naive{history};
  std::map<Address, std::set<std::pair<Dot, Value>>> heads;
  for (const auto& [address, list] : state.heads) {
    for (const Head& head : list) heads[address].insert({head.dot, head.value});
  }
  RC_ASSERT(heads == naive.heads());
  RC_ASSERT(state.is_alive() == naive.is_alive());
  for (const auto& [address, list] : state.heads) {
    RC_ASSERT(std::optional(state.shown(address)->value) == naive.shown(address));
    std::set<Value> values;
    for (const Head& head : list) values.insert(head.value);
    RC_ASSERT(state.is_conflict(address) == (values.size() > 1));
  }
}

RC_GTEST_PROP(Merge, NeverLosesAWriteThatNobodyHadSeen, ()) {
  const auto history = make_history();
  const RecordState state = deliver(history);
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].operation.kind != OperationKind::write) continue;
    const bool seen_by_later =
        std::any_of(history.begin(), history.end(), [&](const Event& e) { return e.after.contains(i); });
    if (!seen_by_later) RC_ASSERT(state.holds(history[i].at.dot));
  }
}

RC_GTEST_PROP(Merge, PackedStateComesBackWhole, ()) {
  class Numbers final : public SourceNumbers {
   public:
    std::uint64_t number_of(const Source& source) override {
      const auto it = std::find(list_.begin(), list_.end(), source);
      if (it != list_.end()) return static_cast<std::uint64_t>(it - list_.begin());
      list_.push_back(source);
      return list_.size() - 1;
    }
    const Source& source_of(std::uint64_t number) override { return list_.at(number); }

   private:
    std::vector<Source> list_;
  } numbers;
  const RecordState state = deliver(make_history());
  Writer out;
  encode_state(out, state, numbers);
  Reader in(out.bytes());
  const auto back = decode_state(in, numbers);
  RC_ASSERT(back.has_value());
  RC_ASSERT(in.finished());
  RC_ASSERT(*back == state);
}

}  // namespace
}  // namespace wasl
