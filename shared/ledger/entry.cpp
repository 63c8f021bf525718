#include "shared/ledger/entry.hpp"

#include "shared/base/limits.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

bool is_kind(Byte kind) {
  return kind >= static_cast<Byte>(EntryKind::accept) && kind <= static_cast<Byte>(kNewestKind);
}

}  // namespace

void Entry::write(Writer& out) const {
  WASL_ASSERT(hub_time >= 0);
  out.byte(static_cast<Byte>(kind));
  out.fixed(hash);
  out.varint(authority);
  out.varint(static_cast<std::uint64_t>(hub_time));
}

Bytes Entry::encode() const {
  Writer out;
  write(out);
  return out.take();
}

Entry Entry::read(Reader& in) {
  Entry entry;
  const Byte kind = in.byte();
  if (!is_kind(kind)) {
    in.fail();
    return entry;
  }
  entry.kind = static_cast<EntryKind>(kind);
  entry.hash = in.fixed<Hash>();
  entry.authority = in.varint();
  entry.hub_time = static_cast<Millis>(in.count(limits::kNumberMost));
  return entry;
}

Result<Entry> Entry::decode(ByteView bytes) {
  if (!bytes.empty() && bytes[0] > static_cast<Byte>(kNewestKind)) {
    return fail(Errc::unsupported, "A log entry is of a kind that this version does not know.",
                "Update the program.");
  }
  Reader in(bytes);
  const Entry entry = read(in);
  if (!in.finished()) return fail(Errc::malformed, "A log entry cannot be read.");
  return entry;
}

Bytes leaf_data(const Entry& entry, const std::optional<BlindingKey>& key) {
  const Bytes plain = entry.encode();
  return key ? to_bytes(blind_leaf(*key, plain).view()) : plain;
}

Hash leaf_hash(const Entry& entry, const std::optional<BlindingKey>& key) {
  return leaf_hash(leaf_data(entry, key));
}

}  // namespace wasl::ledger
