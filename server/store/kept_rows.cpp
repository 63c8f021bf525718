#include "server/store/kept_rows.hpp"

#include "shared/base/limits.hpp"

namespace wasl {

std::string by_age_columns(std::string_view at) {
  const std::string when(at);
  const std::string count = "count(*) FILTER (WHERE " + when;
  return count + " > $1), " + count + " <= $1 AND " + when + " > $2), " + count + " <= $2 AND " + when +
         " > $3), " + count + " <= $3), min(" + when + ")";
}

tl::unexpected<Error> damaged_hub(std::string_view what) {
  return fail(Errc::corrupt, "the hub's stored " + std::string(what) + " is damaged",
              "stop the hub and restore its store from a backup");
}

Result<KeptSet> decode_kept(const KeptColumns& row) {
  KeptSet set;
  set.header_bytes = to_bytes(row.header);
  auto header = decode_header(set.header_bytes);
  const auto name = Hash::from(row.name);
  auto openings = decode_openings(row.openings);
  if (!header || !name || !openings) return damaged_hub("list of held work");
  set.header = std::move(*header);
  set.name = *name;
  set.body = to_bytes(row.body);
  set.openings = std::move(*openings);
  if (row.run_last) {
    const auto signature = Signature::from(row.signature);
    if (!signature) return damaged_hub("list of held work");
    set.run = SignatureItem{set.header.source, *row.run_last, *signature};
  }
  set.state = static_cast<KeptState>(row.state);
  set.reason = static_cast<Reason>(row.reason);
  set.detail = row.detail;
  set.at = row.at;
  return set;
}

Bytes encode_applied(const std::vector<Cursor>& cursors) {
  Writer out;
  out.varint(cursors.size());
  for (const Cursor& cursor : cursors) {
    out.sized(cursor.space);
    out.varint(cursor.position);
  }
  return out.take();
}

std::vector<Cursor> decode_applied(ByteView bytes) {
  std::vector<Cursor> cursors;
  Reader in(bytes);
  const auto count = in.count(1024);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Cursor cursor;
    cursor.space = in.text(limits::kSpaceBytes);
    cursor.position = in.varint();
    cursors.push_back(std::move(cursor));
  }
  return cursors;
}

std::pair<Bytes, Bytes> names_between(ByteView first, std::optional<Byte> half) {
  Bytes least = to_bytes(first);
  Bytes most = to_bytes(first);
  if (half) {
    least.push_back(static_cast<Byte>(*half << 4));
    most.push_back(static_cast<Byte>(*half << 4 | 0x0F));
  }
  most.resize(Hash::kSize, 0xFF);
  return {std::move(least), std::move(most)};
}

}  // namespace wasl
