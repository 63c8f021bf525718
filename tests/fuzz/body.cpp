// The body of a change set, and the states that come of it: stored and read back they are the same.
#include <map>

#include "shared/model/record_state.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/source_list.hpp"

namespace wasl::fuzz {
namespace {

void check_state(const RecordState& state) {
  SourceList sources;
  Writer out;
  encode_state(out, state, sources);
  Reader in(out.bytes());
  const auto again = decode_state(in, sources);
  WASL_ASSERT(again.has_value() && in.finished() && *again == state);
}

WASL_FUZZ(body) {
  const Source own{known_key(1).public_key(), ChainId{}};
  const auto operations = decode_body(own, input);
  if (!operations) return;
  WASL_ASSERT(operations->size() <= limits::kOperations);
  expect_same(encode_body(own, *operations), input);

  Header header;
  header.source = own;
  header.space = kPublicSpace;
  const ChangeSet set = make_change_set(header, *operations);
  WASL_ASSERT(decode_change_set(set.header_bytes, set.body_bytes).has_value());
  std::map<std::pair<std::uint32_t, std::string>, RecordState> states;
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    RecordState& state = states[{op.register_number, op.id}];
    const Placement placement{set.dot(i), header.stamp, 0};
    const bool changed = state.apply(op, placement);
    WASL_ASSERT(!changed || op.kind == OperationKind::remove || !state.apply(op, placement));
  }
  for (const auto& [record, state] : states) check_state(state);
}

}  // namespace
}  // namespace wasl::fuzz
