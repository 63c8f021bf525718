// The network statement: with signatures as they came, and signed by roots that the input may name.
#include "shared/authority/statement.hpp"

#include "shared/authority/authority_state.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(statement) {
  if (const auto decoded = decode_signed_statement(input)) {
    expect_same(encode(*decoded), input);
    static_cast<void>(open_statement(*decoded, nullptr, nullptr));
  }
  if (const auto file = parse_statement_file(text_view(input))) expect_same(to_text(*file), text_view(input));
  SignedStatement statement{to_bytes(input), {}};
  add_signature(statement, known_key(1));
  add_signature(statement, known_key(2));
  const auto first = open_statement(statement, nullptr, nullptr);
  NetworkStatement before;
  before.roots = {known_key(1).public_key()};
  const Hash before_hash{};
  const auto second = open_statement(statement, &before, &before_hash);
  for (const auto& opened : {first, second}) {
    if (!opened) continue;
    expect_same(encode(*opened), input);
    AuthorityState state;
    state.apply_statement(*opened, statement.hash());
  }
}

}  // namespace
}  // namespace wasl::fuzz
