#include "shared/ledger/collection.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::ledger {

Bytes Collection::encode() const {
  Writer out;
  out.varint(floor);
  out.varint(records.size());
  for (const auto& [number, id] : records) {
    out.varint(number);
    out.sized(id);
  }
  return out.take();
}

Result<Collection> Collection::decode(ByteView bytes) {
  Reader in(bytes);
  Collection out;
  out.floor = in.count(limits::kNumberMost);
  const auto count = in.count(kRecordsMost);
  if (out.floor == 0 || count == 0) in.fail();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    std::pair<std::uint32_t, std::string> record;
    record.first = static_cast<std::uint32_t>(in.count(UINT32_MAX));
    record.second = in.text(limits::kIdBytes);
    if (record.first == 0 || record.second.empty() || (i > 0 && !(out.records.back() < record))) in.fail();
    out.records.push_back(std::move(record));
  }
  if (!in.finished()) return fail(Errc::malformed, "a list of collected records does not follow the format");
  return out;
}

Hash collection_hash(ByteView bytes) { return crypto::hash("wasl.1/collect", bytes); }

}  // namespace wasl::ledger
