#include "shared/model/change_set.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

constexpr Byte kFirstDotFlag = 0x80;

void encode_seen(Writer& out, const Seen& seen) {
  out.varint(seen.size);
  out.fixed(seen.root);
}

Seen decode_seen(Reader& in) {
  Seen seen;
  seen.size = in.count(limits::kNumberMost);
  seen.root = in.fixed<Hash>();
  return seen;
}

/// The canonical text of a UUID as its 16 bytes; nothing for any other id.
std::optional<Bytes> uuid_bytes(std::string_view id) {
  if (id.size() != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-') return std::nullopt;
  std::string hex;
  for (const char c : id) {
    if (c != '-') hex.push_back(c);
  }
  return hex.size() == 32 ? from_hex(hex) : std::nullopt;
}

std::string uuid_text(ByteView bytes) {
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

/// Source references of one body: 0 is the change set's own chain, others are listed once, rising.
class SourceTable {
 public:
  explicit SourceTable(const Source& own) : own_(own) {}
  void note(const Dot& dot) {
    if (dot.source != own_) numbers_.emplace(dot.source, 0);
  }
  void encode(Writer& out) {
    std::uint64_t next = 0;
    out.varint(numbers_.size());
    for (auto& [source, number] : numbers_) {
      number = ++next;
      encode_source(out, source);
    }
  }
  void encode_dot(Writer& out, const Dot& dot) const {
    out.varint(dot.source == own_ ? 0 : numbers_.at(dot.source));
    out.varint(dot.sequence);
    out.varint(dot.index);
  }

 private:
  Source own_;
  std::map<Source, std::uint64_t> numbers_;
};

/// The same table while reading. Every source listed must be named by some dot, so that a body has one
/// spelling.
struct ReadSources {
  std::vector<Source> list;
  std::vector<bool> named;

  void add(const Source& source) {
    list.push_back(source);
    named.push_back(false);
  }
};

Dot decode_dot(Reader& in, ReadSources& sources) {
  Dot dot;
  const auto number = in.varint();
  if (number >= sources.list.size()) {
    in.fail();
    return dot;
  }
  dot.source = sources.list[number];
  sources.named[number] = true;
  dot.sequence = in.count(limits::kNumberMost);
  dot.index = static_cast<std::uint32_t>(in.count(limits::kOperations));
  if (dot.sequence == 0) in.fail();
  return dot;
}

Operation decode_operation(Reader& in, ReadSources& sources) {
  Operation op;
  const Byte kind = in.byte();
  op.kind = static_cast<OperationKind>(kind & ~kFirstDotFlag);
  if (op.kind < OperationKind::create || op.kind > OperationKind::act) in.fail();
  if (kind & kFirstDotFlag) op.first_dot = decode_dot(in, sources);
  // A dot names its author for ever: nobody re-seals the work of another.
  if (op.first_dot && op.first_dot->source.author != sources.list[0].author) in.fail();
  if (has_address(op.kind)) {
    op.address.field = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    op.address.key = to_bytes(in.sized(limits::kKeyBytes));
    if (op.address.field == 0) in.fail();
  }
  if (has_value(op.kind)) {
    op.value = Value::decode(in);
    if (!is_canonical(op.value)) in.fail();
  }
  if (names_dots(op.kind)) {
    const auto count = in.count(limits::kDotsOfOperation);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      op.names.push_back(decode_dot(in, sources));
      if (i > 0 && !(op.names[i - 1] < op.names[i])) in.fail();
    }
  }
  if (op.kind == OperationKind::resolve) op.note = in.text(limits::kValueBytes);
  return op;
}

}  // namespace

bool names_dots(OperationKind kind) {
  return kind == OperationKind::write || kind == OperationKind::resolve || kind == OperationKind::remove ||
         kind == OperationKind::erase;
}
bool has_address(OperationKind kind) {
  return kind == OperationKind::write || kind == OperationKind::resolve || kind == OperationKind::add ||
         kind == OperationKind::remove;
}
bool has_value(OperationKind kind) {
  return kind == OperationKind::write || kind == OperationKind::resolve || kind == OperationKind::act;
}

void encode_source(Writer& out, const Source& source) {
  out.fixed(source.author);
  out.fixed(source.chain);
}

Source decode_source(Reader& in) {
  Source source;
  source.author = in.fixed<Author>();
  source.chain = in.fixed<ChainId>();
  return source;
}

void encode_id(Writer& out, std::string_view id) {
  if (const auto uuid = uuid_bytes(id)) {
    out.varint(0);
    out.raw(*uuid);
  } else {
    out.sized(id);
  }
}

std::string decode_id(Reader& in) {
  const auto size = in.count(limits::kIdBytes);
  const ByteView bytes = in.raw(size == 0 ? 16 : size);
  if (!in.ok()) return {};
  if (size == 0) return uuid_text(bytes);
  if (!is_record_id(text_view(bytes)) ||
      uuid_bytes(text_view(bytes))) {  // a UUID has one spelling, the short one
    in.fail();
    return {};
  }
  return to_text(bytes);
}

Bytes encode(const Header& h) {
  Writer out;
  out.byte(Header::kVersion);
  out.fixed(h.network);
  out.sized(h.space);
  encode_source(out, h.source);
  out.varint(h.sequence);
  out.fixed(h.previous);
  out.fixed(h.schema);
  out.fixed(h.grant);
  encode_seen(out, h.seen);
  encode_seen(out, h.seen_authority);
  out.varint(h.stamp.bits);
  out.fixed(h.group);
  out.varint(h.part);
  out.varint(h.parts);
  out.fixed(h.body);
  return out.take();
}

Result<Header> decode_header(ByteView bytes) {
  Reader in(bytes);
  if (in.byte() != Header::kVersion) {
    return fail(Errc::unsupported, "this change set was written by a newer version", "update the program");
  }
  Header h;
  h.network = in.fixed<NetworkId>();
  h.space = in.text(limits::kSpaceBytes);
  h.source = decode_source(in);
  h.sequence = in.count(limits::kNumberMost);
  h.previous = in.fixed<Hash>();
  h.schema = in.fixed<Hash>();
  h.grant = in.fixed<Hash>();
  h.seen = decode_seen(in);
  h.seen_authority = decode_seen(in);
  h.stamp.bits = in.varint();
  h.group = in.fixed<GroupId>();
  h.part = static_cast<std::uint32_t>(in.count(limits::kGroupParts));
  h.parts = static_cast<std::uint32_t>(in.count(limits::kGroupParts));
  h.body = in.fixed<Hash>();
  if (!in.finished()) return fail(Errc::malformed, "a change set's header is cut short or padded");
  if (!is_space_name(h.space)) return fail(Errc::malformed, "a change set names no space");
  if (h.sequence == 0 || h.part == 0 || h.part > h.parts || (h.sequence == 1) != h.previous.is_zero()) {
    return fail(Errc::malformed, "a change set's place in its chain or group is impossible");
  }
  return h;
}

Hash name_of(ByteView header_bytes) { return crypto::hash("wasl.1/change-set", header_bytes); }
Hash body_hash(ByteView body_bytes) { return crypto::hash("wasl.1/body", body_bytes); }

void sort_by_record(std::vector<Operation>& operations) {
  std::stable_sort(operations.begin(), operations.end(), [](const Operation& a, const Operation& b) {
    return std::tie(a.register_number, a.id) < std::tie(b.register_number, b.id);
  });
}

Bytes encode_body(const Source& own, const std::vector<Operation>& operations) {
  SourceTable sources(own);
  std::size_t records = 0;
  const auto same_record = [&](std::size_t a, std::size_t b) {
    return operations[a].register_number == operations[b].register_number &&
           operations[a].id == operations[b].id;
  };
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (const Dot& dot : operations[i].names) sources.note(dot);
    if (operations[i].first_dot) sources.note(*operations[i].first_dot);
    if (i == 0 || !same_record(i - 1, i)) ++records;
  }
  Writer out;
  sources.encode(out);
  out.varint(records);
  for (std::size_t i = 0; i < operations.size();) {
    std::size_t end = i + 1;
    while (end < operations.size() && same_record(i, end)) ++end;
    out.varint(operations[i].register_number);
    encode_id(out, operations[i].id);
    out.varint(end - i);
    for (; i < end; ++i) {
      const Operation& op = operations[i];
      out.byte(static_cast<Byte>(static_cast<Byte>(op.kind) | (op.first_dot ? kFirstDotFlag : 0)));
      if (op.first_dot) sources.encode_dot(out, *op.first_dot);
      if (has_address(op.kind)) {
        out.varint(op.address.field);
        out.sized(op.address.key);
      }
      if (has_value(op.kind)) op.value.encode(out);
      if (names_dots(op.kind)) {
        out.varint(op.names.size());
        for (const Dot& dot : op.names) sources.encode_dot(out, dot);
      }
      if (op.kind == OperationKind::resolve) out.sized(op.note);
    }
  }
  return out.take();
}

Result<std::vector<Operation>> decode_body(const Source& own, ByteView bytes) {
  Reader in(bytes);
  ReadSources sources;
  sources.add(own);
  sources.named[0] = true;
  const auto source_count = in.count(limits::kOperations);
  for (std::uint64_t i = 0; i < source_count && in.ok(); ++i) {
    sources.add(decode_source(in));
    if (sources.list.back() == own || (i > 0 && !(sources.list[i] < sources.list[i + 1]))) in.fail();
  }
  std::vector<Operation> operations;
  const auto record_count = in.count(limits::kOperations);
  std::pair<std::uint32_t, std::string> last{0, ""};
  for (std::uint64_t r = 0; r < record_count && in.ok(); ++r) {
    const auto register_number = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    std::string id = decode_id(in);
    const auto count = in.count(limits::kOperations - operations.size());
    std::pair<std::uint32_t, std::string> record{register_number, id};
    if (count == 0 || (r > 0 && !(last < record))) in.fail();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      Operation op = decode_operation(in, sources);
      op.register_number = register_number;
      op.id = id;
      operations.push_back(std::move(op));
    }
    last = std::move(record);
  }
  if (std::find(sources.named.begin(), sources.named.end(), false) != sources.named.end()) in.fail();
  if (!in.finished()) return fail(Errc::malformed, "a change set's body does not follow the format");
  if (operations.empty()) return fail(Errc::malformed, "a change set without operations");
  return operations;
}

ChangeSet make_change_set(Header header, std::vector<Operation> operations) {
  ChangeSet set;
  set.body_bytes = encode_body(header.source, operations);
  header.body = body_hash(set.body_bytes);
  set.header = std::move(header);
  set.header_bytes = encode(set.header);
  set.name = name_of(set.header_bytes);
  set.operations = std::move(operations);
  return set;
}

Result<ChangeSet> decode_change_set(ByteView header_bytes, ByteView body_bytes) {
  WASL_LET(Header header, decode_header(header_bytes));
  if (body_hash(body_bytes) != header.body) {
    return fail(Errc::bad_signature, "a change set's body does not match its header",
                "it was damaged or changed on its way; it will be asked for again");
  }
  ChangeSet set;
  WASL_LET(set.operations, decode_body(header.source, body_bytes));
  set.header = std::move(header);
  set.header_bytes = to_bytes(header_bytes);
  set.body_bytes = to_bytes(body_bytes);
  set.name = name_of(header_bytes);
  return set;
}

Result<ChangeSet> decode_change_set(Header header, ByteView body_bytes) {
  ChangeSet set;
  header.body = body_hash(body_bytes);
  WASL_LET(set.operations, decode_body(header.source, body_bytes));
  set.header = std::move(header);
  set.header_bytes = encode(set.header);
  set.body_bytes = to_bytes(body_bytes);
  set.name = name_of(set.header_bytes);
  return set;
}

Status check_next(const ChainEnd& end, const Header& header) {
  const auto broken = [&](std::string_view how) {
    return fail(Errc::malformed, "a chain of " + to_hex(header.source.author.view()).substr(0, 12) + " " +
                                     std::string(how) + " at " + std::to_string(header.sequence));
  };
  if (header.sequence != end.last + 1 || header.previous != end.name) return broken("does not continue");
  if (!end.space.empty() && header.space != end.space) return broken("runs through two spaces");
  if (end.last > 0 && header.stamp <= end.stamp) return broken("turns back its clock");
  return {};
}

ChainEnd end_after(const Header& header, const Hash& name) {
  return {header.sequence, name, header.space, header.stamp};
}

GroupId group_at(const Source& source, Sequence first) {
  Writer out;
  encode_source(out, source);
  out.varint(first);
  const Hash hash = crypto::hash("wasl.1/group", out.bytes());
  GroupId group;
  std::copy_n(hash.bytes.begin(), group.bytes.size(), group.bytes.begin());
  return group;
}

Bytes run_message(const NetworkId& network, const Hash& last_name) {
  Bytes out = to_bytes("wasl.1/run");
  append(out, network.view());
  append(out, last_name.view());
  return out;
}

Bytes taken_back_message(const NetworkId& network, const Hash& name) {
  Bytes out = to_bytes("wasl.1/taken back");
  append(out, network.view());
  append(out, name.view());
  return out;
}

Hash commitment_of(const NetworkId& network, std::string_view space, std::string_view id, std::uint32_t field,
                   const Dot& dot, const Opening& opening) {
  Writer out;
  out.fixed(network);
  out.sized(space);
  out.sized(id);
  out.varint(field);
  encode_source(out, dot.source);
  out.varint(dot.sequence);
  out.varint(dot.index);
  out.fixed(opening.salt);
  opening.value.encode(out);
  return crypto::hash("wasl.1/commitment", out.bytes());
}

}  // namespace wasl
