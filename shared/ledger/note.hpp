#pragma once
// Signed notes (c2sp.org/signed-note, Ed25519, signature type 0x01) and the checkpoints of a log that are
// written as such (c2sp.org/tlog-checkpoint). The hub signs, everybody opens. Pure functions on text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::ledger {

/// 16 signatures, which C2SP asks for, of the largest post-quantum kind (7 kB of text) fit twice over.
constexpr std::size_t kNoteBytes = 256 * 1024;
constexpr std::size_t kNoteSignatures = 100;  // as golang.org/x/mod/sumdb/note; bounds the work of one note
constexpr std::size_t kNoteNameBytes = 256;   // of a key's name or an origin

/// SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), of which the first four bytes, big-endian.
std::uint32_t key_id(std::string_view name, const PublicKey& key);

/// Not empty, at most kNoteNameBytes, UTF-8 without spaces of any kind, control characters or '+'.
bool is_key_name(std::string_view name);

/// Who signs: what a reader of a log must know beforehand.
struct Verifier {
  std::string name;
  PublicKey key;
  bool operator==(const Verifier&) const = default;
};
/// "name+key id in 8 hex digits+base64(0x01 ‖ key)". @pre is_key_name(verifier.name).
std::string to_vkey(const Verifier& verifier);
/// @return invalid_value in words when the text is not a verifier key or its id belongs to another key.
Result<Verifier> parse_vkey(std::string_view vkey);

/// `text`, an empty line and one line "— name base64(key id ‖ signature)".
/// @return invalid_value when the text does not end in a newline, is not UTF-8 or holds a control character
/// other than newline, or when the name is no key name; limit_exceeded above kNoteBytes.
Result<std::string> sign_note(std::string_view text, std::string_view name, const crypto::KeyPair& key);

/// The text of a note that `verifier` signed. Signatures by other keys are ignored; one line under this
/// name and key id that fails refuses the note.
/// @return limit_exceeded, malformed, or bad_signature (which also stands for "not signed by this key").
Result<std::string> open_note(std::string_view note, const Verifier& verifier);

// ── Witnesses (c2sp.org/tlog-cosignature, cosignature/v1): who has seen that the log only grows.

/// The line "— name base64(key id ‖ time ‖ signature)\n" by which a witness says at this second that the text
/// is of the largest checkpoint of its log that it has seen. @return invalid_value for a bad name or time.
Result<std::string> cosign(std::string_view text, std::string_view name, const crypto::KeyPair& key,
                           std::int64_t seconds);

struct Cosignature {
  PublicKey witness;
  std::int64_t seconds = 0;  ///< when, by the witness's clock
  std::string line;
  bool operator==(const Cosignature&) const = default;
};
/// By these witnesses, each once (its newest), in the order of their lines. What others signed is ignored.
/// Errors: malformed, limit_exceeded, bad_signature (a line under a witness's key id that does not verify).
Result<std::vector<Cosignature>> cosignatures(std::string_view note, const std::vector<PublicKey>& witnesses);
/// So many of a network's witnesses make a checkpoint witnessed: more than half; 0 where there are none.
constexpr std::size_t witnesses_needed(std::size_t witnesses) {
  return witnesses == 0 ? 0 : witnesses / 2 + 1;
}
/// Lines of signatures, whoever made them. Errors: malformed, limit_exceeded.
Result<std::size_t> signature_count(std::string_view note);
/// The text above the signatures, unchecked. Errors: malformed, limit_exceeded.
Result<std::string> note_text(std::string_view note);

/// A log's size and root: all that a replica must remember of a history to recognise it.
struct Checkpoint {
  std::string origin;  ///< the log's name; also the name of its key
  std::uint64_t size = 0;
  Hash root;

  bool operator==(const Checkpoint&) const = default;

  /// "origin\nsize in decimal\nbase64(root)\n".
  [[nodiscard]] std::string text() const;
  /// Later lines (extensions) are allowed and ignored when none is empty. The origin must be a key name,
  /// which C2SP recommends and we require. @return malformed with the line that is wrong.
  static Result<Checkpoint> parse(std::string_view text);
};

/// "wasl/" ‖ first 16 hex digits of the network id ‖ "/heads/" ‖ epoch in decimal.
std::string heads_origin(const NetworkId& network, std::uint64_t epoch);
/// Of the log that a checkpoint is of, as its origin says, unchecked. 0: it says none.
std::uint64_t heads_epoch(std::string_view checkpoint);

/// The checkpoint as a note whose key name is its origin. @return invalid_value for a bad origin or a size
/// above kTreeSizeMax. Sign only what is durable and consistent with everything signed before.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const crypto::KeyPair& key);

/// The checkpoint of log `origin`, signed by `key` under that name. A checkpoint of another origin is
/// refused even if the same key signed it: the name in a signature line is not part of what is signed.
Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin, const PublicKey& key);

}  // namespace wasl::ledger
