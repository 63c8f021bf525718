// Acts of authority: several in one change set, and what the log makes of them.
#include "shared/authority/acts.hpp"

#include "shared/authority/authorise.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

Operation operation_of(ByteView data) {
  Operation op;
  op.kind = OperationKind::act;
  op.id = "a";
  op.value = {ValueType::act, to_bytes(data)};
  return op;
}

/// Decided and, if it may, applied: by a registrar, whom little is forbidden.
void decide(const std::vector<Operation>& operations) {
  NetworkStatement statement;
  statement.registrars = {known_key(3).public_key()};
  AuthorityState state;
  state.apply_statement(statement, Hash{});
  Header header;
  header.space = kAuthoritySpace;
  header.source.author = known_key(3).public_key();
  header.schema = built_in_schema().hash();
  const ChangeSet set = make_change_set(header, operations);
  const RecordState nothing;
  const Verdict verdict =
      authorise(set, state, kLatest, built_in_schema(), 1000,
                {[&](std::string_view) { return &nothing; }, [](const Source&, Sequence) { return false; },
                 [](std::string_view, Position) { return std::nullopt; }});
  if (verdict.outcome == Outcome::accepted) WASL_ASSERT(state.apply(set, 1, 0).has_value());
}

WASL_FUZZ(act) {
  Feed feed(input);
  std::vector<Operation> operations;
  do {
    operations.push_back(operation_of(feed.bytes(limits::kValueBytes)));
    if (const auto act = decode_act(operations.back().value)) {
      expect_same(encode_act(*act).data, operations.back().value.data);
    }
  } while (!feed.empty() && operations.size() < 8);
  decide(operations);
}

}  // namespace
}  // namespace wasl::fuzz
