// Signed notes, checkpoints and verifier keys: text from a hub, and the same text once the hub's key has
// signed it.
#include "shared/ledger/note.hpp"

#include "shared/ledger/merkle.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(note) {
  const std::string_view text = text_view(input);
  if (const auto verifier = ledger::parse_vkey(text)) expect_same(ledger::to_vkey(*verifier), text);
  const crypto::KeyPair& key = known_key(2);
  const std::string origin = ledger::heads_origin(NetworkId{}, 1);
  const ledger::Verifier hub{origin, key.public_key()};
  static_cast<void>(ledger::open_note(text, hub));
  static_cast<void>(ledger::open_checkpoint(text, origin, hub.key));
  if (const auto checkpoint = ledger::Checkpoint::parse(text)) {
    WASL_ASSERT(checkpoint->size <= ledger::kTreeSizeMax && text.starts_with(checkpoint->text()));
  }

  const auto signed_note = ledger::sign_note(text, origin, key);
  if (!signed_note) return;
  const auto opened = ledger::open_note(*signed_note, hub);
  WASL_ASSERT(opened.has_value());
  expect_same(*opened, text);
  const auto checkpoint = ledger::open_checkpoint(*signed_note, origin, hub.key);
  WASL_ASSERT(!checkpoint || checkpoint->origin == origin);
}

}  // namespace
}  // namespace wasl::fuzz
