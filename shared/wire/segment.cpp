#include "shared/wire/segment.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/wire/packing.hpp"

namespace wasl {
namespace {

using ledger::Entry;
using ledger::EntryKind;

enum class ItemTag : Byte {
  set = 1,
  set_with_entry = 2,
  own = 3,
  stand_in = 4,
  entry = 5,
  signature = 6,
  let_go = 7,
  taken_back = 8,
};

constexpr std::size_t kOpeningsMost = 1 << 20;
constexpr std::size_t kStatementBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 1024;

class Encoder {
 public:
  Encoder(Writer& out, References* logs) : out_(out) { walk_.logs = logs; }

  void operator()(const SetItem& item) {
    out_.byte(static_cast<Byte>(item.entry ? ItemTag::set_with_entry : ItemTag::set));
    if (item.entry) encode_entry_times(out_, walk_, *item.entry);
    encode_packed_header(out_, walk_, item.set.header);
    if (walk_.logs != nullptr) {
      encode_stripped_body(out_, walk_, item.set);
    } else {
      out_.sized(item.set.body_bytes);
    }
    walk_.passed(item.set.header, item.set.name);
  }
  void operator()(const OwnItem& item) {
    out_.byte(static_cast<Byte>(ItemTag::own));
    encode_entry_times(out_, walk_, item.entry);
    encode_source_reference(out_, walk_, item.source);
    out_.varint(item.sequence);
  }
  void operator()(const StandInItem& item) {
    out_.byte(static_cast<Byte>(item.taken_back ? ItemTag::taken_back : ItemTag::stand_in));
    encode_packed_header(out_, walk_, item.header);
    out_.fixed(item.header.body);
    if (item.taken_back) out_.fixed(*item.taken_back);
    walk_.passed(item.header, item.name);
  }
  void operator()(const LateItem& item) {
    Writer bytes;
    bytes.sized(item.set.header_bytes);
    bytes.sized(item.set.body_bytes);
    entry(item.entry, bytes.bytes());
  }
  void operator()(const EntryItem& item) {
    if (item.entry.kind > EntryKind::adopt) return entry(item.entry, item.bytes);
    if (item.bytes.empty()) {  // of the header before it
      out_.byte(static_cast<Byte>(ItemTag::let_go));
      return encode_entry_times(out_, walk_, item.entry);
    }
    Writer header;
    header.sized(item.bytes);
    entry(item.entry, header.bytes());
  }
  void operator()(const SignatureItem& item) {
    out_.byte(static_cast<Byte>(ItemTag::signature));
    encode_source_reference(out_, walk_, item.source);
    out_.varint(item.last);
    out_.fixed(item.signature);
  }

 private:
  void entry(const Entry& entry, ByteView bytes) {
    out_.byte(static_cast<Byte>(ItemTag::entry));
    encode_entry_times(out_, walk_, entry);
    out_.byte(static_cast<Byte>(entry.kind));
    out_.fixed(entry.hash);
    out_.sized(bytes);
  }

  Writer& out_;
  Walk walk_;
};

/// Of a change set whose header stands elsewhere in the log, and whose body is kept no more.
Result<SegmentItem> decode_let_go(const Entry& entry, ByteView bytes, const NetworkId& network,
                                  const std::string& space) {
  WASL_LET(const Header header, decode_header(bytes));
  if (name_of(bytes) != entry.hash || header.network != network || header.space != space)
    return fail(Errc::malformed, "an entry with another header than it is of");
  return SegmentItem(EntryItem{entry, to_bytes(bytes)});
}

/// Of `authority` everything is kept.
Status check_collect(const Entry& entry, ByteView bytes, const std::string& space) {
  if (space == kAuthoritySpace) return fail(Errc::malformed, "a list of collected records in authority");
  WASL_TRY(ledger::Collection::decode(bytes));
  if (ledger::collection_hash(bytes) != entry.hash)
    return fail(Errc::malformed, "another list of collected records than its entry names");
  return {};
}

/// What tag 5 brings: a change set for `accept` and `adopt`, else the bytes as they are.
Result<SegmentItem> decode_entry(const Entry& entry, ByteView bytes, const NetworkId& network,
                                 const std::string& space) {
  if (entry.kind > EntryKind::adopt) {
    if (bytes.size() > kStatementBytes) return fail(Errc::malformed, "an entry with too many bytes");
    Reader in(bytes);
    const bool is_void = entry.kind == EntryKind::void_;
    if (is_void && (in.count(limits::kNumberMost) == 0 || !in.finished()))
      return fail(Errc::malformed, "a void does not say what it voids");
    if (entry.kind == EntryKind::collect) WASL_TRY(check_collect(entry, bytes, space));
    const bool has_bytes = is_void || entry.kind == EntryKind::statement || entry.kind == EntryKind::collect;
    if (!has_bytes && !bytes.empty())
      return fail(Errc::malformed, "an entry with bytes that it does not have");
    return SegmentItem(EntryItem{entry, to_bytes(bytes)});
  }
  Reader in(bytes);
  const ByteView header = in.sized(kHeaderBytes);
  if (in.finished()) return decode_let_go(entry, header, network, space);
  const ByteView body = in.sized(limits::kChangeSetBytes);
  if (!in.finished()) return fail(Errc::malformed, "an entry without the change set that it is of");
  WASL_LET(ChangeSet set, decode_change_set(header, body));
  if (set.name != entry.hash || set.header.network != network || set.header.space != space)
    return fail(Errc::malformed, "an entry with another change set than it is of");
  return SegmentItem(LateItem{entry, std::move(set)});
}

/// @param operations of the segment so far.
Result<SetItem> decode_set(Reader& in, Walk& walk, bool with_entry, const NetworkId& network,
                           const std::string& space, std::size_t& operations) {
  SetItem item;
  if (with_entry) {
    item.entry.emplace();
    item.entry->kind = EntryKind::accept;
    decode_entry_times(in, walk, *item.entry);
  }
  Header header = decode_packed_header(in, walk, network, space);
  Bytes restored;
  ByteView body;
  if (walk.logs != nullptr) {
    WASL_LET(restored,
             decode_stripped_body(in, walk, header.source, limits::kSegmentOperations - operations));
    body = restored;
  } else {
    body = in.sized(limits::kChangeSetBytes);
  }
  if (!in.ok()) return fail(Errc::malformed, "a segment is cut short");
  WASL_LET(item.set, decode_change_set(std::move(header), body));
  operations += item.set.operations.size();
  if (operations > limits::kSegmentOperations) in.fail();
  if (item.entry) item.entry->hash = item.set.name;
  walk.passed(item.set.header, item.set.name);
  return item;
}

std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, 12); }

}  // namespace

Bytes encode_items(const Segment& segment, References* logs) {
  Writer out;
  out.varint(segment.items.size());
  Encoder encoder(out, logs);
  for (const SegmentItem& item : segment.items) std::visit(encoder, item);
  return out.take();
}

Result<Segment> decode_items(std::string space, Position first, ByteView bytes, const NetworkId& network,
                             References* logs) {
  Segment segment{std::move(space), first, {}, {}};
  Reader in(bytes);
  Walk walk;
  walk.logs = logs;
  std::size_t operations = 0;
  const auto count = in.count(limits::kSegmentItems);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto tag = static_cast<ItemTag>(in.byte());
    switch (tag) {
      case ItemTag::set: {
        WASL_LET(SetItem item, decode_set(in, walk, false, network, segment.space, operations));
        segment.items.emplace_back(std::move(item));
        break;
      }
      case ItemTag::set_with_entry: {
        WASL_LET(SetItem item, decode_set(in, walk, true, network, segment.space, operations));
        segment.items.emplace_back(std::move(item));
        break;
      }
      case ItemTag::own: {
        OwnItem item;
        item.entry.kind = EntryKind::accept;
        decode_entry_times(in, walk, item.entry);
        item.source = decode_source_reference(in, walk);
        item.sequence = in.count(limits::kNumberMost);
        segment.items.emplace_back(std::move(item));
        break;
      }
      case ItemTag::stand_in:
      case ItemTag::taken_back: {
        StandInItem item;
        item.header = decode_packed_header(in, walk, network, segment.space);
        item.header.body = in.fixed<Hash>();
        if (tag == ItemTag::taken_back) item.taken_back = in.fixed<Signature>();
        item.header_bytes = encode(item.header);
        item.name = name_of(item.header_bytes);
        walk.passed(item.header, item.name);
        segment.items.emplace_back(std::move(item));
        break;
      }
      case ItemTag::entry: {
        Entry entry;
        decode_entry_times(in, walk, entry);
        entry.kind = static_cast<EntryKind>(in.byte());
        if (in.ok() && entry.kind > ledger::kNewestKind) {
          return fail(Errc::unsupported, "a log entry is of a kind that this version does not know",
                      "update the program");
        }
        if (entry.kind < EntryKind::accept) in.fail();
        entry.hash = in.fixed<Hash>();
        const ByteView own = in.sized(limits::kChangeSetBytes + 2 * kHeaderBytes);
        if (!in.ok()) break;
        WASL_LET(SegmentItem item, decode_entry(entry, own, network, segment.space));
        if (const auto* late = std::get_if<LateItem>(&item)) operations += late->set.operations.size();
        if (operations > limits::kSegmentOperations) in.fail();
        segment.items.push_back(std::move(item));
        break;
      }
      case ItemTag::let_go: {
        EntryItem item;
        decode_entry_times(in, walk, item.entry);
        const auto* header =
            segment.items.empty() ? nullptr : std::get_if<StandInItem>(&segment.items.back());
        if (header == nullptr) return fail(Errc::malformed, "an entry without the header that it is of");
        item.entry.hash = header->name;
        segment.items.emplace_back(std::move(item));
        break;
      }
      case ItemTag::signature: {
        SignatureItem item;
        item.source = decode_source_reference(in, walk);
        item.last = in.count(limits::kNumberMost);
        item.signature = in.fixed<Signature>();
        segment.items.emplace_back(std::move(item));
        break;
      }
      default:
        in.fail();
    }
  }
  if (!in.finished()) return fail(Errc::malformed, "a segment of change sets does not follow the format");
  return segment;
}

Bytes encode_openings(const std::vector<OpeningItem>& openings) {
  Writer out;
  out.varint(openings.size());
  for (const OpeningItem& item : openings) {
    out.fixed(item.commitment);
    out.fixed(item.opening.salt);
    item.opening.value.encode(out);
  }
  return out.take();
}

Result<std::vector<OpeningItem>> decode_openings(ByteView bytes) {
  Reader in(bytes);
  std::vector<OpeningItem> openings;
  const auto count = in.count(kOpeningsMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    OpeningItem item;
    item.commitment = in.fixed<Hash>();
    item.opening.salt = in.fixed<Salt>();
    item.opening.value = Value::decode(in);
    openings.push_back(std::move(item));
  }
  if (!in.finished()) return fail(Errc::malformed, "a list of openings does not follow the format");
  return openings;
}

Status verify_runs(const Segment& segment, const NetworkId& network) {
  struct Run {
    Sequence last = 0;
    Hash name;
    std::size_t uncovered = 0;     ///< change sets since the last signature
    bool unsigned_header = false;  ///< anything since then, stand-ins included
  };
  std::set<Source> own;  // the reader fills these in and checks again
  for (const SegmentItem& item : segment.items) {
    if (const auto* left_out = std::get_if<OwnItem>(&item)) own.insert(left_out->source);
  }
  std::map<Source, Run> runs;
  const auto follow = [&](const Header& header, const Hash& name) -> Status {
    if (own.contains(header.source)) return {};
    Run& run = runs[header.source];
    if (run.last != 0 && (header.sequence != run.last + 1 || header.previous != run.name)) {
      return fail(Errc::bad_signature, "the chain of " + short_key(header.source.author) +
                                           " breaks inside a run at " + std::to_string(header.sequence));
    }
    run.last = header.sequence;
    run.name = name;
    run.unsigned_header = true;
    return {};
  };
  for (const SegmentItem& item : segment.items) {
    if (const auto* with_body = std::get_if<SetItem>(&item)) {
      WASL_TRY(follow(with_body->set.header, with_body->set.name));
      if (!own.contains(with_body->set.header.source)) ++runs[with_body->set.header.source].uncovered;
    } else if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      WASL_TRY(follow(stand_in->header, stand_in->name));
    } else if (const auto* signature = std::get_if<SignatureItem>(&item)) {
      if (own.contains(signature->source)) continue;
      Run& run = runs[signature->source];
      if (run.last != signature->last || !run.unsigned_header || run.uncovered > limits::kRunChangeSets ||
          !crypto::verify(signature->source.author, run_message(network, run.name), signature->signature)) {
        return fail(Errc::bad_signature, "the signature of " + short_key(signature->source.author) +
                                             " over its change set " + std::to_string(signature->last) +
                                             " does not match");
      }
      run.uncovered = 0;
      run.unsigned_header = false;
    }
  }
  for (const auto& [source, run] : runs) {
    if (run.uncovered > 0) {
      return fail(Errc::bad_signature,
                  "change sets of " + short_key(source.author) + " came without a signature");
    }
  }
  return {};
}

const Header* header_of(const SegmentItem& item) {
  if (const auto* set = std::get_if<SetItem>(&item)) return &set->set.header;
  if (const auto* stand_in = std::get_if<StandInItem>(&item)) return &stand_in->header;
  return nullptr;
}

const Hash& name_of(const SegmentItem& item) {
  if (const auto* set = std::get_if<SetItem>(&item)) return set->set.name;
  return std::get<StandInItem>(item).name;
}

const ledger::Entry* entry_of(const SegmentItem& item) {
  if (const auto* set = std::get_if<SetItem>(&item)) return set->entry ? &*set->entry : nullptr;
  if (const auto* own = std::get_if<OwnItem>(&item)) return &own->entry;
  if (const auto* late = std::get_if<LateItem>(&item)) return &late->entry;
  const auto* other = std::get_if<EntryItem>(&item);
  return other == nullptr ? nullptr : &other->entry;
}

const ChangeSet* effect_of(const SegmentItem& item) {
  if (const auto* set = std::get_if<SetItem>(&item)) return set->entry ? &set->set : nullptr;
  const auto* late = std::get_if<LateItem>(&item);
  return late == nullptr ? nullptr : &late->set;
}

EntryItem void_item(const ledger::Entry& entry, Position position) {
  Writer bytes;
  bytes.varint(position);
  return {entry, bytes.take()};
}

Position voided_position(const EntryItem& item) { return Reader(item.bytes).varint(); }

EntryItem collect_item(Entry entry, const ledger::Collection& collection) {
  Bytes bytes = collection.encode();
  entry.kind = EntryKind::collect;
  entry.hash = ledger::collection_hash(bytes);
  return {entry, std::move(bytes)};
}

std::optional<ledger::Collection> collection_of(const SegmentItem& item) {
  const auto* other = std::get_if<EntryItem>(&item);
  if (other == nullptr || other->entry.kind != EntryKind::collect) return std::nullopt;
  auto collection = ledger::Collection::decode(other->bytes);
  WASL_ASSERT(collection);
  return *std::move(collection);
}

std::size_t entry_count(const Segment& segment) {
  return static_cast<std::size_t>(std::count_if(segment.items.begin(), segment.items.end(),
                                                [](const SegmentItem& item) { return entry_of(item); }));
}

Segment part_of(const Segment& segment, Position from, Position to) {
  const auto has_entry = [](const SegmentItem& item) {
    const auto* set = std::get_if<SetItem>(&item);
    return std::holds_alternative<EntryItem>(item) || std::holds_alternative<OwnItem>(item) ||
           (set != nullptr && set->entry);
  };
  // Where the run of the entry at `position` begins: headers stand before it, a signature ends the run
  // before.
  const auto begin_of = [&](Position position) {
    std::size_t at = 0;
    for (Position next = segment.first; at < segment.items.size(); ++at) {
      if (has_entry(segment.items[at]) && next++ == position) break;
    }
    if (position <= segment.first) return std::size_t{0};
    while (at > 0 && at < segment.items.size() && std::holds_alternative<StandInItem>(segment.items[at - 1]))
      --at;
    return at;
  };
  Segment out{segment.space, std::max(from, segment.first), {}, {}};
  const auto begin = static_cast<std::ptrdiff_t>(begin_of(from));
  const auto end = static_cast<std::ptrdiff_t>(begin_of(to + 1));
  if (begin < end) out.items.assign(segment.items.begin() + begin, segment.items.begin() + end);
  return out;
}

}  // namespace wasl
