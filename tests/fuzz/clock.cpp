// A record's clock as stored beside its row: with the row, and without as hidden records have it.
#include "client/replica/record.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/source_list.hpp"

namespace wasl::fuzz {
namespace {

constexpr Millis kNow = 1'700'000'000'000;

/// What is read can be shown, hashed, written to and stored again.
void use(const Record& record) {
  RecordState room;
  const RecordState& state = record.shown(room);
  for (const Register& reg : built_in_schema().registers()) {
    shown_values(state, reg, [](const Hash&) { return Value::null(); });
  }
  for (const auto& [address, heads] : state.heads) {
    WASL_ASSERT(!heads.empty() && state.shown(address) != nullptr);
    static_cast<void>(state.is_conflict(address));
    static_cast<void>(state.plain_lineage(address));
  }
  static_cast<void>(state.is_revived());
  static_cast<void>(record_hash(record.id, record.confirmed));
}

WASL_FUZZ(clock) {
  Feed feed(input);
  PlainValues row;
  if (feed.flag()) row[{1, {}}] = Value::text("reference");
  const PlainValues* beside = feed.flag() ? &row : nullptr;
  SourceList sources;
  sources.number_of({known_key(1).public_key(), ChainId{}});
  sources.number_of({known_key(2).public_key(), ChainId{}});
  const auto record = decode_clock(feed.rest(), std::string(kPublicSpace), "r", beside, sources);
  if (!record) return;
  use(*record);
  const auto again = decode_clock(encode_clock(*record, beside, sources, kNow), std::string(kPublicSpace),
                                  "r", beside, sources);
  WASL_ASSERT(again.has_value() && again->confirmed == record->confirmed);
  WASL_ASSERT(again->overlay.size() == record->overlay.size());
}

}  // namespace
}  // namespace wasl::fuzz
