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
  if (heads.empty()) register_number = op.register_number;
  const auto add_head = [&](const Address& address, Value value) {
    auto& list = heads[address];
    Head head{at.dot, at.stamp, at.effective, std::move(value)};
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

const Head* RecordState::shown(const Address& address, Policy) const {
  const auto it = heads.find(address);
  if (it == heads.end()) return nullptr;
  const Head* best = &it->second.front();
  for (const Head& head : it->second) {
    if (outranks(head, *best)) best = &head;
  }
  return best;
}

bool RecordState::is_conflict(const Address& address) const {
  const auto it = heads.find(address);
  if (it == heads.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(),
                     [&](const Head& h) { return h.value != it->second.front().value; });
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
  auto operator<=>(const Origin&) const = default;
};

class Origins {
 public:
  explicit Origins(SourceNumbers& sources) : sources_(sources) {}
  std::size_t number_of(const Dot& dot, Stamp stamp, Millis effective) {
    const Origin origin{sources_.number_of(dot.source), dot.sequence, stamp, effective};
    const auto it = std::find(list.begin(), list.end(), origin);
    if (it != list.end()) return static_cast<std::size_t>(it - list.begin());
    list.push_back(origin);
    return list.size() - 1;
  }
  std::vector<Origin> list;

 private:
  SourceNumbers& sources_;
};

constexpr std::size_t kHeadsMost = 1 << 20;

}  // namespace

void encode_state(Writer& out, const RecordState& state, SourceNumbers& sources, const ValueInRow& in_row) {
  Origins origins(sources);
  for (const auto& [address, list] : state.heads) {
    for (const Head& head : list) origins.number_of(head.dot, head.stamp, head.effective);
  }
  for (const Deletion& d : state.deletions) {
    origins.number_of(d.dot, d.stamp, d.effective);
    for (const Dot& dot : d.saw) origins.number_of(dot, {}, 0);
  }
  out.varint(state.register_number);
  out.varint(origins.list.size());
  for (const Origin& origin : origins.list) {
    out.varint(origin.source);
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
      out.varint(origins.number_of(head.dot, head.stamp, head.effective) << 1 | (left_out ? 1 : 0));
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
  RecordState state;
  state.register_number = static_cast<std::uint32_t>(in.count(UINT32_MAX));
  std::vector<Origin> origins(static_cast<std::size_t>(in.count(kHeadsMost)));
  for (Origin& origin : origins) {
    origin.source = in.varint();
    origin.sequence = in.varint();
    origin.stamp.bits = in.varint();
    origin.effective = origin.stamp.millis() - in.integer();
    if (!in.ok()) break;
  }
  const auto dot_of = [&](std::uint64_t number) {
    Dot dot;
    if (number >= origins.size()) {
      in.fail();
      return dot;
    }
    dot.source = sources.source_of(origins[number].source);
    dot.sequence = origins[number].sequence;
    dot.index = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    return dot;
  };
  const auto addresses = in.count(kHeadsMost);
  for (std::uint64_t a = 0; a < addresses && in.ok(); ++a) {
    Address address;
    const auto field = in.varint();
    address.field = static_cast<std::uint32_t>(field >> 1);
    if (field & 1) address.key = to_bytes(in.sized(limits::kKeyBytes));
    auto& list = state.heads[address];
    const auto count = in.count(kHeadsMost);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      const auto reference = in.varint();
      Head head;
      head.dot = dot_of(reference >> 1);
      if (!in.ok()) break;
      head.stamp = origins[reference >> 1].stamp;
      head.effective = origins[reference >> 1].effective;
      if ((reference & 1) == 0) {
        head.value = Value::decode(in);
      } else if (from_row) {
        head.value = from_row(address);
      } else {
        in.fail();
      }
      list.push_back(std::move(head));
    }
  }
  const auto deletions = in.count(kHeadsMost);
  for (std::uint64_t d = 0; d < deletions && in.ok(); ++d) {
    Deletion deletion;
    const auto number = in.varint();
    deletion.dot = dot_of(number);
    if (!in.ok()) break;
    deletion.stamp = origins[number].stamp;
    deletion.effective = origins[number].effective;
    const auto saw = in.count(kHeadsMost);
    for (std::uint64_t i = 0; i < saw && in.ok(); ++i) deletion.saw.push_back(dot_of(in.varint()));
    state.deletions.push_back(std::move(deletion));
  }
  if (!in.ok()) return fail(Errc::corrupt, "a record's stored state cannot be read", "run: wasl verify");
  return state;
}

}  // namespace wasl
