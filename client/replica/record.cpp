#include "client/replica/record.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

constexpr Byte kClockVersion = 1;
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

void encode_overlay(Writer& out, const OverlayOperation& o, SourceNumbers& sources) {
  encode_local_dot(out, o.dot, sources);
  out.varint(sources.number_of(o.source));
  out.varint(o.sequence);
  out.varint(o.stamp.bits);
  out.integer(o.came_in);
  out.byte(static_cast<Byte>(o.operation.kind));
  out.varint(o.operation.register_number);
  encode_address(out, o.operation.address);
  o.operation.value.encode(out);
  out.varint(o.operation.names.size());
  for (const Dot& dot : o.operation.names) encode_local_dot(out, dot, sources);
}

OverlayOperation decode_overlay(Reader& in, std::string_view id, SourceNumbers& sources) {
  OverlayOperation o;
  o.dot = decode_local_dot(in, sources);
  const auto number = in.varint();
  if (in.ok()) o.source = sources.source_of(number);
  o.sequence = in.varint();
  o.stamp.bits = in.varint();
  o.came_in = in.integer();
  o.operation.kind = static_cast<OperationKind>(in.byte());
  o.operation.register_number = static_cast<std::uint32_t>(in.count(UINT32_MAX));
  o.operation.id = id;
  o.operation.address = decode_address(in);
  o.operation.value = Value::decode(in);
  const auto count = in.count(kListMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) o.operation.names.push_back(decode_local_dot(in, sources));
  return o;
}

}  // namespace

RecordState Record::shown() const {
  RecordState state = confirmed;
  for (const OverlayOperation& o : overlay) {
    state.apply(o.operation, {o.dot, o.stamp, std::min(o.stamp.millis(), o.came_in)});
  }
  return state;
}

void Record::drop_overlay(const Source& source, Sequence sequence) {
  std::erase_if(overlay, [&](const OverlayOperation& o) { return o.source == source && o.sequence == sequence; });
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
  ValueInRow in_row;
  if (row != nullptr) {
    in_row = [row](const Address& address, const Head& head) {
      if (head.value.type == ValueType::commitment || head.value.type == ValueType::reference) return false;
      const auto it = row->find(address);
      return it == row->end() ? head.value.is_null() : it->second == head.value;
    };
  }
  encode_state(out, record.confirmed, sources, in_row);
  out.varint(record.overlay.size());
  for (const OverlayOperation& o : record.overlay) encode_overlay(out, o, sources);
  const auto is_fresh = [now](const ReplacedValue& r) { return r.at > now - kStaleWindow; };
  out.varint(static_cast<std::uint64_t>(std::count_if(record.replaced.begin(), record.replaced.end(), is_fresh)));
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
  if (in.byte() != kClockVersion) return fail(Errc::corrupt, record.id + ": the record's clock cannot be read");
  ValueFromRow from_row;
  if (row != nullptr) {
    from_row = [row](const Address& address) {
      const auto it = row->find(address);
      return it == row->end() ? Value::null() : it->second;
    };
  }
  WASL_LET(record.confirmed, decode_state(in, sources, from_row));
  const auto overlay = in.count(kListMost);
  for (std::uint64_t i = 0; i < overlay && in.ok(); ++i) {
    record.overlay.push_back(decode_overlay(in, record.id, sources));
  }
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
      out.elements.insert(address);
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
