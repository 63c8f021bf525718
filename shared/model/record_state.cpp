#include "shared/model/record_state.hpp"

#include <algorithm>
#include <tuple>

#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

bool listed(const std::vector<Dot>& rising, const Dot& dot) {
  return std::binary_search(rising.begin(), rising.end(), dot);
}

bool by_dot(const Head& a, const Head& b) { return a.dot < b.dot; }

void encode_dot(Writer& out, const Dot& dot) {
  encode_source(out, dot.source);
  out.varint(dot.sequence);
  out.varint(dot.index);
}

}  // namespace

bool outranks(const Head& a, const Head& b) {
  return std::tie(a.effective, a.stamp, a.dot) > std::tie(b.effective, b.stamp, b.dot);
}

bool RecordState::is_alive() const {
  for (const auto& [address, list] : heads) {
    for (const Head& head : list) {
      const bool deleted = std::any_of(deletions.begin(), deletions.end(),
                                       [&](const Deletion& d) { return listed(d.saw, head.dot); });
      if (!deleted) return true;
    }
  }
  return false;
}

bool RecordState::holds(const Dot& dot) const {
  for (const auto& [address, list] : heads) {
    if (std::any_of(list.begin(), list.end(), [&](const Head& h) { return h.dot == dot; })) return true;
  }
  return std::any_of(deletions.begin(), deletions.end(), [&](const Deletion& d) { return d.dot == dot; });
}

bool RecordState::apply(const Operation& op, const Placement& at) {
  if (holds(at.dot)) return false;
  if (!exists()) register_number = op.register_number;
  const auto add_head = [&](const Address& address, Value value) {
    auto& list = heads[address];
    Head head{at.dot, at.stamp, at.effective, std::move(value), at.level};
    list.insert(std::lower_bound(list.begin(), list.end(), head, by_dot), std::move(head));
  };
  const auto drop_named = [&] {
    const auto it = heads.find(op.address);
    if (it == heads.end()) return false;
    const auto removed = std::erase_if(it->second, [&](const Head& h) { return listed(op.names, h.dot); });
    if (it->second.empty()) heads.erase(it);
    return removed > 0;
  };
  switch (op.kind) {
    case OperationKind::create:
      add_head(Address{}, Value::null());
      return true;
    case OperationKind::act:
      add_head(Address{}, op.value);
      return true;
    case OperationKind::write:
    case OperationKind::resolve:
      drop_named();
      add_head(op.address, op.value);
      return true;
    case OperationKind::add:
      add_head(op.address, Value::null());
      return true;
    case OperationKind::remove:
      return drop_named();
    case OperationKind::erase: {
      Deletion deletion{at.dot, at.stamp, at.effective, op.names};
      deletions.insert(std::lower_bound(deletions.begin(), deletions.end(), deletion,
                                        [](const Deletion& a, const Deletion& b) { return a.dot < b.dot; }),
                       std::move(deletion));
      return true;
    }
  }
  return false;
}

const Head* RecordState::shown(const Address& address, Policy policy) const {
  const auto it = heads.find(address);
  if (it == heads.end()) return nullptr;
  const Head* best = &it->second.front();
  for (const Head& head : it->second) {
    const bool by_mandate = policy == Policy::authority && head.level != best->level;
    if (by_mandate ? stands_above(head.level, best->level) : outranks(head, *best)) best = &head;
  }
  return best;
}

bool RecordState::has_element(const Address& address, Policy policy) const {
  const auto it = heads.find(address);
  if (it == heads.end()) return false;
  return policy != Policy::set_removal ||
         std::all_of(it->second.begin(), it->second.end(),
                     [](const Head& head) { return head.value == Value::flag(true); });
}

bool RecordState::is_conflict(const Address& address, Policy policy) const {
  const Head* winner = shown(address, policy);
  if (winner == nullptr) return false;
  const auto& list = heads.at(address);
  return std::any_of(list.begin(), list.end(), [&](const Head& head) {
    return head.value != winner->value && (policy != Policy::authority || head.level == winner->level);
  });
}

std::vector<const Head*> RecordState::proposals(const Address& address) const {
  std::vector<const Head*> out;
  const Head* winner = shown(address, Policy::authority);
  if (winner == nullptr) return out;
  for (const Head& head : heads.at(address)) {
    if (head.level != winner->level && head.value != winner->value) out.push_back(&head);
  }
  return out;
}

std::vector<Dot> RecordState::authority_lineage(const Address& address, const Author& author,
                                                std::uint32_t level) const {
  const Head* winner = shown(address, Policy::authority);
  if (winner == nullptr) return {};
  const bool decides = !stands_above(winner->level, level);
  const Head* replaced = decides ? winner : nullptr;
  for (const Head& head : heads.at(address)) {
    const bool own = head.dot.source.author == author && !stands_above(head.level, level);
    if (!decides && own && (replaced == nullptr || outranks(head, *replaced))) replaced = &head;
  }
  std::vector<Dot> dots;
  if (replaced == nullptr) return dots;
  for (const Head& head : heads.at(address)) {
    const bool theirs = decides || head.dot.source.author == author;
    if (theirs && head.value == replaced->value && !stands_above(head.level, level)) dots.push_back(head.dot);
  }
  return dots;
}

std::vector<Dot> RecordState::plain_lineage(const Address& address, Policy policy) const {
  std::vector<Dot> dots;
  const Head* winner = shown(address, policy);
  if (winner == nullptr) return dots;
  for (const Head& head : heads.at(address)) {
    if (head.value == winner->value) dots.push_back(head.dot);
  }
  return dots;
}

std::vector<Dot> RecordState::all_dots(const Address& address) const {
  std::vector<Dot> dots;
  if (const auto it = heads.find(address); it != heads.end()) {
    for (const Head& head : it->second) dots.push_back(head.dot);
  }
  return dots;
}

std::vector<Dot> RecordState::all_dots() const {
  std::vector<Dot> dots;
  for (const auto& [address, list] : heads) {
    for (const Head& head : list) dots.push_back(head.dot);
  }
  std::sort(dots.begin(), dots.end());
  return dots;
}

Hash record_hash(std::string_view id, const RecordState& state) {
  Writer out;
  out.sized(id);
  out.varint(state.register_number);
  out.varint(state.deletions.size());
  for (const Deletion& deletion : state.deletions) {
    encode_dot(out, deletion.dot);
    out.varint(deletion.saw.size());
    for (const Dot& dot : deletion.saw) encode_dot(out, dot);
  }
  out.varint(state.heads.size());
  for (const auto& [address, list] : state.heads) {
    out.varint(address.field);
    out.sized(address.key);
    out.varint(list.size());
    for (const Head& head : list) {
      encode_dot(out, head.dot);
      head.value.encode(out);
    }
  }
  return crypto::hash("wasl.1/record", out.bytes());
}

namespace {

// The packed state: origins (change sets that heads came from, with their times) once, then per address its
// heads as (origin, index). A freshly created record of 12 fields costs about 50 bytes beside its row.
struct Origin {
  std::uint64_t source = 0;
  Sequence sequence = 0;
  Stamp stamp;
  Millis effective = 0;
  std::uint32_t level = 0;
  auto operator<=>(const Origin&) const = default;
};

class Origins {
 public:
  explicit Origins(SourceNumbers& sources) : sources_(sources) {}
  std::size_t number_of(const Dot& dot, Stamp stamp, Millis effective, std::uint32_t level = 0) {
    const Origin origin{sources_.number_of(dot.source), dot.sequence, stamp, effective, level};
    const auto it = std::find(list.begin(), list.end(), origin);
    if (it != list.end()) return static_cast<std::size_t>(it - list.begin());
    list.push_back(origin);
    return list.size() - 1;
  }
  std::vector<Origin> list;

 private:
  SourceNumbers& sources_;
};

/// A count of things that take at least a byte each.
std::uint64_t count(Reader& in) { return in.count(in.left()); }

std::vector<Origin> decode_origins(Reader& in) {
  std::vector<Origin> origins(static_cast<std::size_t>(count(in)));
  for (Origin& origin : origins) {
    const auto source = in.varint();
    origin.source = source >> 1;
    if ((source & 1) != 0) {  // few are written under a mandate
      origin.level = static_cast<std::uint32_t>(in.count(UINT32_MAX));
      if (origin.level == 0) in.fail();
    }
    origin.sequence = in.varint();
    origin.stamp.bits = in.varint();
    const std::int64_t earlier = in.integer();
    if (earlier < 0 || earlier > origin.stamp.millis()) in.fail();  // effective is never above the stamp
    if (!in.ok()) break;
    origin.effective = origin.stamp.millis() - earlier;
  }
  return origins;
}

Address decode_address(Reader& in) {
  Address address;
  const auto field = in.count(std::uint64_t{UINT32_MAX} << 1 | 1);
  address.field = static_cast<std::uint32_t>(field >> 1);
  if ((field & 1) != 0) {
    address.key = to_bytes(in.sized(limits::kKeyBytes));
    if (address.key.empty()) in.fail();
  }
  return address;
}

/// Reads what `encode_state` packs. Every list was rising when it was written: another order is damage.
class StateReader {
 public:
  StateReader(Reader& in, SourceNumbers& sources, const ValueFromRow& from_row)
      : in_(in), sources_(sources), from_row_(from_row) {}

  RecordState read() {
    RecordState state;
    state.register_number = static_cast<std::uint32_t>(in_.count(UINT32_MAX));
    origins_ = decode_origins(in_);
    const auto addresses = count(in_);
    for (std::uint64_t a = 0; a < addresses && in_.ok(); ++a) {
      Address address = decode_address(in_);
      if (!state.heads.empty() && !(state.heads.rbegin()->first < address)) in_.fail();
      std::vector<Head> list = heads(address);
      if (in_.ok()) state.heads.emplace_hint(state.heads.end(), std::move(address), std::move(list));
    }
    const auto deletions = count(in_);
    for (std::uint64_t d = 0; d < deletions && in_.ok(); ++d) {
      state.deletions.push_back(deletion());
      if (d > 0 && !(state.deletions[d - 1].dot < state.deletions[d].dot)) in_.fail();
    }
    return state;
  }

 private:
  std::vector<Head> heads(const Address& address) {
    std::vector<Head> list;
    const auto heads = count(in_);
    if (heads == 0) in_.fail();
    for (std::uint64_t i = 0; i < heads && in_.ok(); ++i) {
      list.push_back(head(address));
      if (i > 0 && !by_dot(list[i - 1], list[i])) in_.fail();
    }
    return list;
  }

  Head head(const Address& address) {
    const auto reference = in_.varint();
    const Origin from = origin(reference >> 1);
    Head head{dot_of(from), from.stamp, from.effective, {}, from.level};
    if ((reference & 1) == 0) {
      head.value = Value::decode(in_);
    } else if (from_row_) {
      head.value = from_row_(address);
    } else {
      in_.fail();
    }
    return head;
  }

  Deletion deletion() {
    const Origin from = origin(in_.varint());
    Deletion deletion{dot_of(from), from.stamp, from.effective, {}};
    const auto saw = count(in_);
    for (std::uint64_t i = 0; i < saw && in_.ok(); ++i) {
      deletion.saw.push_back(dot_of(origin(in_.varint())));
      if (i > 0 && !(deletion.saw[i - 1] < deletion.saw[i])) in_.fail();
    }
    return deletion;
  }

  Origin origin(std::uint64_t number) {
    if (number < origins_.size()) return origins_[number];
    in_.fail();
    return {};
  }
  Dot dot_of(const Origin& origin) {
    const auto index = static_cast<std::uint32_t>(in_.count(UINT32_MAX));
    return in_.ok() ? Dot{sources_.source_of(origin.source), origin.sequence, index} : Dot{};
  }

  Reader& in_;
  SourceNumbers& sources_;
  const ValueFromRow& from_row_;
  std::vector<Origin> origins_;
};

}  // namespace

void encode_state(Writer& out, const RecordState& state, SourceNumbers& sources, const ValueInRow& in_row) {
  Origins origins(sources);
  for (const auto& [address, list] : state.heads) {
    for (const Head& head : list) origins.number_of(head.dot, head.stamp, head.effective, head.level);
  }
  for (const Deletion& d : state.deletions) {
    origins.number_of(d.dot, d.stamp, d.effective);
    for (const Dot& dot : d.saw) origins.number_of(dot, {}, 0);
  }
  out.varint(state.register_number);
  out.varint(origins.list.size());
  for (const Origin& origin : origins.list) {
    out.varint(origin.source << 1 | (origin.level == 0 ? 0 : 1));
    if (origin.level != 0) out.varint(origin.level);
    out.varint(origin.sequence);
    out.varint(origin.stamp.bits);
    out.integer(origin.stamp.millis() - origin.effective);
  }
  out.varint(state.heads.size());
  for (const auto& [address, list] : state.heads) {
    out.varint(static_cast<std::uint64_t>(address.field) << 1 | (address.key.empty() ? 0 : 1));
    if (!address.key.empty()) out.sized(address.key);
    out.varint(list.size());
    for (const Head& head : list) {
      const bool left_out = in_row && in_row(address, head);
      out.varint(origins.number_of(head.dot, head.stamp, head.effective, head.level) << 1 |
                 (left_out ? 1 : 0));
      out.varint(head.dot.index);
      if (!left_out) head.value.encode(out);
    }
  }
  out.varint(state.deletions.size());
  for (const Deletion& d : state.deletions) {
    out.varint(origins.number_of(d.dot, d.stamp, d.effective));
    out.varint(d.dot.index);
    out.varint(d.saw.size());
    for (const Dot& dot : d.saw) {
      out.varint(origins.number_of(dot, {}, 0));
      out.varint(dot.index);
    }
  }
}

Result<RecordState> decode_state(Reader& in, SourceNumbers& sources, const ValueFromRow& from_row) {
  RecordState state = StateReader(in, sources, from_row).read();
  if (!in.ok()) return fail(Errc::corrupt, "a record's stored state cannot be read", "run: wasl verify");
  return state;
}

}  // namespace wasl
