// Lines that witnesses add to a note, and the same text once a witness has cosigned it.
#include "shared/ledger/note.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(cosignature) {
  const std::string_view text = text_view(input);
  const crypto::KeyPair& log = known_key(2);
  const crypto::KeyPair& witness = known_key(3);
  const std::vector<PublicKey> witnesses{witness.public_key(), known_key(4).public_key()};
  static_cast<void>(ledger::signature_count(text));
  if (const auto found = ledger::cosignatures(text, witnesses)) {
    WASL_ASSERT(found->size() <= witnesses.size() && *ledger::signature_count(text) >= found->size());
  }
  const std::string origin = ledger::heads_origin(NetworkId{}, 1);
  const ledger::Checkpoint checkpoint{origin, input.size(), Hash{}};
  const auto note = ledger::sign_checkpoint(checkpoint, log);
  const auto line = ledger::cosign(checkpoint.text(), text.substr(0, 64), witness, 1'700'000'000);
  if (line) {
    const auto found = ledger::cosignatures(*note + *line, witnesses);
    WASL_ASSERT(found && found->size() == 1 && (*found)[0].line == *line);
  }
  static_cast<void>(ledger::cosignatures(*note + std::string(text), witnesses));
}

}  // namespace
}  // namespace wasl::fuzz
