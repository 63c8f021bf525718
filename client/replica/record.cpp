#include "client/replica/record.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

constexpr Byte kClockVersion = 2;
constexpr Millis kStaleWindow = 24LL * 3600 * 1000;
constexpr std::size_t kListMost = 1 << 20;

void encode_local_dot(Writer& out, const Dot& dot, SourceNumbers& sources) {
  out.varint(sources.number_of(dot.source));
  out.varint(dot.sequence);
  out.varint(dot.index);
}

Dot decode_local_dot(Reader& in, SourceNumbers& sources) {
  Dot dot;
  const auto number = in.varint();
  if (in.ok()) dot.source = sources.source_of(number);
  dot.sequence = in.varint();
  dot.index = static_cast<std::uint32_t>(in.count(UINT32_MAX));
  return dot;
}

void encode_address(Writer& out, const Address& address) {
  out.varint(address.field);
  out.sized(address.key);
}

Address decode_address(Reader& in) {
  Address address;
  address.field = static_cast<std::uint32_t>(in.count(UINT32_MAX));
  address.key = to_bytes(in.sized(limits::kKeyBytes));
  return address;
}

// Overlay operations stand under the change set they came in; what the row beside shows is left out, so that
// sealing hardly makes a row longer.
constexpr Byte kOtherDot = 0x10;  // the dot is not (this change set, next index)
constexpr Byte kValueInRow = 0x20;
constexpr Byte kHasKey = 0x40;
constexpr Byte kKindMask = 0x0F;

bool in_row(const PlainValues* row, const Address& address, const Value& value) {
  if (row == nullptr || value.type == ValueType::commitment || value.type == ValueType::reference)
    return false;
  const auto it = row->find(address);
  return it == row->end() ? value.is_null() : it->second == value;
}

bool same_set(const OverlayOperation& a, const OverlayOperation& b) {
  return a.source == b.source && a.sequence == b.sequence;
}

void encode_overlay(Writer& out, const std::vector<OverlayOperation>& overlay, const PlainValues* row,
                    SourceNumbers& sources) {
  std::size_t groups = 0;
  for (std::size_t i = 0; i < overlay.size(); ++i)
    groups += i == 0 || !same_set(overlay[i - 1], overlay[i]) ? 1 : 0;
  out.varint(groups);
  for (std::size_t i = 0; i < overlay.size();) {
    std::size_t end = i + 1;
    while (end < overlay.size() && same_set(overlay[i], overlay[end])) ++end;
    const OverlayOperation& first = overlay[i];
    out.varint(sources.number_of(first.source));
    out.varint(first.sequence);
    out.varint(first.stamp.bits);
    out.integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(first.came_in) -
                                          static_cast<std::uint64_t>(first.stamp.millis())));
    out.varint(first.operation.register_number);
    out.varint(static_cast<std::uint64_t>(end - i) << 1 | (first.level == 0 ? 0 : 1));
    if (first.level != 0) out.varint(first.level);
    std::uint32_t next_index = 0;
    for (; i < end; ++i) {
      const OverlayOperation& o = overlay[i];
      const Dot expected{o.source, o.sequence, next_index};
      const bool left_out = in_row(row, o.operation.address, o.operation.value);
      const bool has_key = !o.operation.address.key.empty();
      out.byte(static_cast<Byte>(static_cast<Byte>(o.operation.kind) | (o.dot == expected ? 0 : kOtherDot) |
                                 (left_out ? kValueInRow : 0) | (has_key ? kHasKey : 0)));
      if (o.dot != expected) encode_local_dot(out, o.dot, sources);
      next_index = o.dot.index + 1;
      out.varint(o.operation.address.field);
      if (has_key) out.sized(o.operation.address.key);
      if (!left_out) o.operation.value.encode(out);
      out.varint(o.operation.names.size());
      for (const Dot& dot : o.operation.names) encode_local_dot(out, dot, sources);
    }
  }
}

void decode_overlay(Reader& in, std::string_view id, const PlainValues* row, SourceNumbers& sources,
                    std::vector<OverlayOperation>& overlay) {
  const auto groups = in.count(kListMost);
  for (std::uint64_t g = 0; g < groups && in.ok(); ++g) {
    OverlayOperation common;
    const auto number = in.varint();
    if (in.ok()) common.source = sources.source_of(number);
    common.sequence = in.varint();
    common.stamp.bits = in.varint();
    common.came_in = static_cast<Millis>(static_cast<std::uint64_t>(common.stamp.millis()) +
                                         static_cast<std::uint64_t>(in.integer()));
    common.operation.register_number = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    common.operation.id = id;
    const auto counted = in.count(kListMost << 1 | 1);
    const auto count = counted >> 1;
    if ((counted & 1) != 0) {
      common.level = static_cast<Level>(in.count(UINT32_MAX));
      if (common.level == 0) in.fail();
    }
    std::uint32_t next_index = 0;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      OverlayOperation o = common;
      const Byte kind = in.byte();
      o.operation.kind = static_cast<OperationKind>(kind & kKindMask);
      if (o.operation.kind < OperationKind::create || o.operation.kind > OperationKind::act) in.fail();
      o.dot = kind & kOtherDot ? decode_local_dot(in, sources) : Dot{o.source, o.sequence, next_index};
      next_index = o.dot.index + 1;
      o.operation.address.field = static_cast<std::uint32_t>(in.count(UINT32_MAX));
      if (kind & kHasKey) o.operation.address.key = to_bytes(in.sized(limits::kKeyBytes));
      if (!(kind & kValueInRow)) {
        o.operation.value = Value::decode(in);
      } else if (row == nullptr) {
        in.fail();
      } else if (const auto it = row->find(o.operation.address); it != row->end()) {
        o.operation.value = it->second;
      }
      const auto names = in.count(kListMost);
      for (std::uint64_t n = 0; n < names && in.ok(); ++n)
        o.operation.names.push_back(decode_local_dot(in, sources));
      overlay.push_back(std::move(o));
    }
  }
}

}  // namespace

bool ReplacedValue::is_fresh(Millis now) const { return at > now - kStaleWindow; }

const RecordState& Record::shown(RecordState& room) const {
  if (overlay.empty()) return confirmed;
  room = confirmed;
  for (const OverlayOperation& o : overlay) {
    room.apply(o.operation, {o.dot, o.stamp, std::min(o.stamp.millis(), o.came_in), o.level});
  }
  return room;
}

void Record::drop_overlay(const Source& source, Sequence sequence) {
  std::erase_if(overlay,
                [&](const OverlayOperation& o) { return o.source == source && o.sequence == sequence; });
}

void Record::drop_overlay(const Dot& dot) {
  std::erase_if(overlay, [&](const OverlayOperation& o) { return o.dot == dot; });
}

std::uint64_t value_hash(const Value& plain) {
  Writer out;
  plain.encode(out);
  const Hash hash = crypto::hash("wasl.1/replaced", out.bytes());
  std::uint64_t short_hash = 0;
  for (int i = 0; i < 8; ++i) short_hash = short_hash << 8 | hash.bytes[static_cast<std::size_t>(i)];
  return short_hash;
}

Bytes encode_clock(const Record& record, const PlainValues* row, SourceNumbers& sources, Millis now) {
  Writer out;
  out.byte(kClockVersion);
  ValueInRow left_out;
  if (row != nullptr) {
    left_out = [row](const Address& address, const Head& head) { return in_row(row, address, head.value); };
  }
  encode_state(out, record.confirmed, sources, left_out);
  encode_overlay(out, record.overlay, row, sources);
  const auto is_fresh = [now](const ReplacedValue& r) { return r.is_fresh(now); };
  out.varint(
      static_cast<std::uint64_t>(std::count_if(record.replaced.begin(), record.replaced.end(), is_fresh)));
  for (const ReplacedValue& r : record.replaced) {
    if (!is_fresh(r)) continue;
    encode_address(out, r.address);
    out.varint(r.value_hash);
    out.integer(r.at);
  }
  return out.take();
}

Result<Record> decode_clock(ByteView clock, std::string space, std::string id, const PlainValues* row,
                            SourceNumbers& sources) {
  Reader in(clock);
  Record record;
  record.space = std::move(space);
  record.id = std::move(id);
  if (in.byte() != kClockVersion)
    return fail(Errc::corrupt, record.id + ": the record's clock cannot be read");
  ValueFromRow from_row;
  if (row != nullptr) {
    from_row = [row](const Address& address) {
      const auto it = row->find(address);
      return it == row->end() ? Value::null() : it->second;
    };
  }
  WASL_LET(record.confirmed, decode_state(in, sources, from_row));
  decode_overlay(in, record.id, row, sources, record.overlay);
  const auto replaced = in.count(kListMost);
  for (std::uint64_t i = 0; i < replaced && in.ok(); ++i) {
    ReplacedValue r;
    r.address = decode_address(in);
    r.value_hash = in.varint();
    r.at = in.integer();
    record.replaced.push_back(std::move(r));
  }
  if (!in.finished()) return fail(Errc::corrupt, record.id + ": the record's clock cannot be read");
  return record;
}

ShownValues shown_values(const RecordState& state, const Register& reg,
                         const std::function<Value(const Hash&)>& open) {
  ShownValues out;
  for (const auto& [address, heads] : state.heads) {
    if (address.is_existence()) continue;
    const Field* field = reg.field(address.field);
    if (field == nullptr) continue;
    if (field->is_set()) {
      if (state.has_element(address, field->policy)) out.elements.insert(address);
      continue;
    }
    const Head* head = state.shown(address, field->policy);
    Value value = head->value;
    if (value.type == ValueType::commitment) {
      const auto hash = Hash::from(value.data);
      value = hash ? open(*hash) : Value::null();
    }
    if (!value.is_null()) out.values[address] = std::move(value);
  }
  return out;
}

}  // namespace wasl
