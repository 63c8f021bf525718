#include "shared/wire/packing.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

using ledger::Entry;

// What a header shares with the one before it.
constexpr Byte kNextInChain = 1;  // sequence follows, previous hash is the name of that change set
constexpr Byte kSameSchema = 2;
constexpr Byte kSameGrant = 4;
constexpr Byte kSameSeen = 8;
constexpr Byte kSameAuthoritySeen = 16;
constexpr Byte kNextInGroup = 32;    // same group, next part
constexpr Byte kWholeGroup = 64;     // part 1 of 1
constexpr Byte kGroupOfPlace = 128;  // the group is named by the place of its first part

// How an operation of a stripped body is spelled.
constexpr Byte kKindBits = 7;
constexpr Byte kOneName = 8;
constexpr Byte kSameRecord = 16;  // as of the operation before
constexpr Byte kPlaceOfName =
    32;  // record and address are those of the operation that the first name refers to
constexpr Byte kFirstDot = 128;
constexpr Byte kOperationBits = kKindBits | kOneName | kSameRecord | kPlaceOfName | kFirstDot;

std::optional<std::size_t> number_of(const Walk& walk, const Source& source) {
  const auto it = std::find(walk.sources.begin(), walk.sources.end(), source);
  if (it == walk.sources.end()) return std::nullopt;
  return static_cast<std::size_t>(it - walk.sources.begin());
}

void encode_seen(Writer& out, Walk& walk, const Seen& seen, std::string_view space) {
  if (walk.logs == nullptr) {
    out.varint(seen.size);
    return out.fixed(seen.root);
  }
  const bool is_known = walk.logs->is_known(seen, space);
  out.varint(seen.size << 1 | (is_known ? 1 : 0));
  if (!is_known) out.fixed(seen.root);
}

Seen decode_seen(Reader& in, Walk& walk, std::string_view space) {
  Seen seen;
  if (walk.logs == nullptr) {
    seen.size = in.count(limits::kNumberMost);
    seen.root = in.fixed<Hash>();
    return seen;
  }
  const std::uint64_t size = in.varint();
  seen.size = size >> 1;
  if (!(size & 1)) {
    seen.root = in.fixed<Hash>();
  } else if (const auto root = in.ok() ? walk.logs->root(space, seen.size) : std::nullopt) {
    seen.root = *root;
  } else {
    in.fail();
  }
  return seen;
}

GroupId group_of_place(const Header& h) { return group_at(h.source, h.sequence - (h.part - 1)); }

void encode_dot(Writer& out, Walk& walk, const Dot& dot, Position position) {
  out.varint(position);
  if (position == 0) {
    encode_source_reference(out, walk, dot.source);
    out.varint(dot.sequence);
  }
  out.varint(dot.index);
}

/// @param place filled in where the dot is a reference to a log.
Dot decode_dot(Reader& in, Walk& walk, std::optional<OperationPlaces::Place>* place = nullptr) {
  Dot dot;
  const Position position = in.count(limits::kNumberMost);
  if (position == 0) {
    dot.source = decode_source_reference(in, walk);
    dot.sequence = in.count(limits::kNumberMost);
    dot.index = static_cast<std::uint32_t>(in.count(limits::kOperations));
    if (dot.sequence == 0) in.fail();
    return dot;
  }
  dot.index = static_cast<std::uint32_t>(in.count(limits::kOperations));
  const LoggedSet* const set = in.ok() ? walk.logs->at(position) : nullptr;
  if (set == nullptr) {
    in.fail();
    return dot;
  }
  dot.source = set->header.source;
  dot.sequence = set->header.sequence;
  if (place != nullptr) *place = set->places.at(dot.index);
  return dot;
}

void encode_operation(Writer& out, Walk& walk, const Operation& op, const Operation* before) {
  const Position first = op.names.empty() ? 0 : walk.logs->to(op.names.front(), op);
  const bool same_record =
      before != nullptr && before->register_number == op.register_number && before->id == op.id;
  Byte bits = static_cast<Byte>(op.kind);
  if (op.names.size() == 1) bits |= kOneName;
  if (first != 0)
    bits |= kPlaceOfName;
  else if (same_record)
    bits |= kSameRecord;
  if (op.first_dot) bits |= kFirstDot;
  out.byte(bits);
  if (op.first_dot) encode_dot(out, walk, *op.first_dot, 0);
  if (!(bits & (kPlaceOfName | kSameRecord))) {
    out.varint(op.register_number);
    encode_id(out, op.id);
  }
  if (names_dots(op.kind)) {
    if (!(bits & kOneName)) out.varint(op.names.size());
    for (std::size_t i = 0; i < op.names.size(); ++i) {
      const Dot& dot = op.names[i];
      encode_dot(out, walk, dot, i == 0 ? first : walk.logs->to(dot.source, dot.sequence));
    }
  }
  if (has_address(op.kind) && first == 0) {
    out.varint(op.address.field);
    out.sized(op.address.key);
  }
  if (has_value(op.kind)) op.value.encode(out);
  if (op.kind == OperationKind::resolve) out.sized(op.note);
}

Operation decode_operation(Reader& in, Walk& walk, const Operation* before) {
  Operation op;
  const Byte bits = in.byte();
  op.kind = static_cast<OperationKind>(bits & kKindBits);
  const bool possible = (bits & ~kOperationBits) == 0 && op.kind >= OperationKind::create &&
                        (!(bits & (kOneName | kPlaceOfName)) || names_dots(op.kind)) &&
                        (!(bits & kSameRecord) || before != nullptr);
  if (!possible) in.fail();
  if (bits & kFirstDot) op.first_dot = decode_dot(in, walk);
  if (!in.ok()) return op;
  if (bits & kSameRecord) {
    op.register_number = before->register_number;
    op.id = before->id;
  } else if (!(bits & kPlaceOfName)) {
    op.register_number = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    op.id = decode_id(in);
  }
  std::optional<OperationPlaces::Place> place;
  if (names_dots(op.kind)) {
    const auto count = bits & kOneName ? 1 : in.count(limits::kDotsOfOperation);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i)
      op.names.push_back(decode_dot(in, walk, i == 0 ? &place : nullptr));
  }
  if (bits & kPlaceOfName) {
    if (!place) {
      in.fail();
      return op;
    }
    op.register_number = place->register_number;
    op.id = *place->id;
    if (has_address(op.kind)) op.address = *place->address;
  } else if (has_address(op.kind)) {
    op.address.field = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    op.address.key = to_bytes(in.sized(limits::kKeyBytes));
  }
  if (has_value(op.kind)) op.value = Value::decode(in);
  if (op.kind == OperationKind::resolve) op.note = in.text(limits::kValueBytes);
  return op;
}

}  // namespace

const Header& Walk::before(const Source& source) const {
  const auto it = lasts.find(source);
  return it != lasts.end() ? it->second : last;
}

void Walk::passed(const Header& header, const Hash& name) {
  ends[header.source] = {header.sequence, name};
  last = header;
  if (logs != nullptr) lasts[header.source] = header;
}

void encode_source_reference(Writer& out, Walk& walk, const Source& source, Sequence next) {
  if (const auto number = number_of(walk, source)) return out.varint(*number + 1);
  out.varint(0);
  walk.sources.push_back(source);
  if (walk.logs != nullptr) {
    const Position before = next > 1 ? walk.logs->to(source, next - 1) : 0;
    out.varint(before);
    if (before != 0) {
      const LoggedSet* const set = walk.logs->at(before);
      return walk.passed(set->header, set->name);
    }
  }
  encode_source(out, source);
}

Source decode_source_reference(Reader& in, Walk& walk) {
  const auto number = in.count(limits::kSegmentItems);
  if (number > walk.sources.size()) in.fail();
  if (!in.ok()) return {};
  if (number != 0) return walk.sources[number - 1];
  if (walk.logs != nullptr) {
    if (const Position before = in.count(limits::kNumberMost); before != 0) {
      const LoggedSet* const set = walk.logs->at(before);
      if (set == nullptr) {
        in.fail();
        return {};
      }
      walk.passed(set->header, set->name);
      walk.sources.push_back(set->header.source);
      return walk.sources.back();
    }
  }
  walk.sources.push_back(decode_source(in));
  return walk.sources.back();
}

void encode_entry_times(Writer& out, Walk& walk, const Entry& entry) {
  out.integer(static_cast<std::int64_t>(entry.authority - walk.last_entry.authority));
  out.integer(entry.hub_time - walk.last_entry.hub_time);
  walk.last_entry = entry;
}

void decode_entry_times(Reader& in, Walk& walk, Entry& entry) {
  entry.authority = walk.last_entry.authority + static_cast<std::uint64_t>(in.integer());
  entry.hub_time = static_cast<Millis>(static_cast<std::uint64_t>(walk.last_entry.hub_time) +
                                       static_cast<std::uint64_t>(in.integer()));
  if (entry.authority > limits::kNumberMost || entry.hub_time < 0) in.fail();
  walk.last_entry = entry;
}

void encode_packed_header(Writer& out, Walk& walk, const Header& h) {
  encode_source_reference(out, walk, h.source, h.sequence);
  const Header& before = walk.before(h.source);
  const auto end = walk.ends.find(h.source);
  Byte flags = 0;
  if (end != walk.ends.end() && h.sequence == end->second.first + 1 && h.previous == end->second.second) {
    flags |= kNextInChain;
  }
  if (h.schema == before.schema) flags |= kSameSchema;
  if (h.grant == before.grant) flags |= kSameGrant;
  if (h.seen == before.seen) flags |= kSameSeen;
  if (h.seen_authority == before.seen_authority) flags |= kSameAuthoritySeen;
  if (h.group == before.group && h.part == before.part + 1 && h.parts == before.parts) {
    flags |= kNextInGroup;
  } else {
    if (h.part == 1 && h.parts == 1) flags |= kWholeGroup;
    if (h.sequence >= h.part && h.group == group_of_place(h)) flags |= kGroupOfPlace;
  }
  out.byte(flags);
  if (!(flags & kNextInChain)) {
    out.varint(h.sequence);
    out.fixed(h.previous);
  }
  if (!(flags & kSameSchema)) out.fixed(h.schema);
  if (!(flags & kSameGrant)) out.fixed(h.grant);
  if (!(flags & kSameSeen)) encode_seen(out, walk, h.seen, h.space);
  if (!(flags & kSameAuthoritySeen)) encode_seen(out, walk, h.seen_authority, kAuthoritySpace);
  out.integer(static_cast<std::int64_t>(h.stamp.bits - before.stamp.bits));
  if (!(flags & kNextInGroup)) {
    if (!(flags & kGroupOfPlace)) out.fixed(h.group);
    if (!(flags & kWholeGroup)) {
      out.varint(h.part);
      out.varint(h.parts);
    }
  }
}

Header decode_packed_header(Reader& in, Walk& walk, const NetworkId& network, const std::string& space) {
  Header h;
  h.network = network;
  h.space = space;
  h.source = decode_source_reference(in, walk);
  const Header& before = walk.before(h.source);
  const Byte flags = in.byte();
  if ((flags & kNextInGroup) && (flags & kGroupOfPlace)) in.fail();
  if (flags & kNextInChain) {
    const auto end = walk.ends.find(h.source);
    if (end == walk.ends.end()) {
      in.fail();
      return h;
    }
    h.sequence = end->second.first + 1;
    h.previous = end->second.second;
  } else {
    h.sequence = in.count(limits::kNumberMost);
    h.previous = in.fixed<Hash>();
  }
  h.schema = flags & kSameSchema ? before.schema : in.fixed<Hash>();
  h.grant = flags & kSameGrant ? before.grant : in.fixed<Hash>();
  h.seen = flags & kSameSeen ? before.seen : decode_seen(in, walk, space);
  h.seen_authority =
      flags & kSameAuthoritySeen ? before.seen_authority : decode_seen(in, walk, kAuthoritySpace);
  h.stamp.bits = before.stamp.bits + static_cast<std::uint64_t>(in.integer());
  if (flags & kNextInGroup) {
    h.group = before.group;
    h.part = before.part + 1;
    h.parts = before.parts;
  } else {
    if (!(flags & kGroupOfPlace)) h.group = in.fixed<GroupId>();
    if (!(flags & kWholeGroup)) {
      h.part = static_cast<std::uint32_t>(in.count(limits::kGroupParts));
      h.parts = static_cast<std::uint32_t>(in.count(limits::kGroupParts));
    }
  }
  const bool possible = h.sequence > 0 && h.sequence <= limits::kNumberMost && h.part > 0 &&
                        h.part <= h.parts && (h.sequence == 1) == h.previous.is_zero() &&
                        (!(flags & kGroupOfPlace) || h.sequence >= h.part);
  if (!possible) {
    in.fail();
  } else if (flags & kGroupOfPlace) {
    h.group = group_of_place(h);
  }
  return h;
}

void encode_stripped_body(Writer& out, Walk& walk, const ChangeSet& set) {
  out.varint(set.operations.size());
  const Operation* before = nullptr;
  for (const Operation& op : set.operations) {
    encode_operation(out, walk, op, before);
    before = &op;
  }
}

Result<Bytes> decode_stripped_body(Reader& in, Walk& walk, const Source& own, std::size_t operations_most) {
  std::vector<Operation> operations;
  const auto count = in.count(std::min<std::size_t>(operations_most, limits::kOperations));
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Operation op = decode_operation(in, walk, operations.empty() ? nullptr : &operations.back());
    operations.push_back(std::move(op));
  }
  if (!in.ok()) return fail(Errc::malformed, "a segment refers to what is not here, or is cut short");
  Bytes body = encode_body(own, operations);
  if (body.size() > limits::kChangeSetBytes)
    return fail(Errc::limit_exceeded, "a change set's body is larger than allowed");
  return body;
}

}  // namespace wasl
