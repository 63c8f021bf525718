#include "shared/ledger/note.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

constexpr Byte kEd25519 = 0x01;
constexpr Byte kCosignature = 0x04;
constexpr std::size_t kTimeBytes = 8;
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // em dash U+2014 and a space open a signature line
constexpr std::size_t kKeyIdBytes = 4;

// White_Space of Unicode in UTF-8, without the control characters, which are refused anyway.
constexpr std::array<std::string_view, 20> kSpaces{
    " ",
    "\xC2\x85",
    "\xC2\xA0",
    "\xE1\x9A\x80",
    "\xE2\x80\x80",
    "\xE2\x80\x81",
    "\xE2\x80\x82",
    "\xE2\x80\x83",
    "\xE2\x80\x84",
    "\xE2\x80\x85",
    "\xE2\x80\x86",
    "\xE2\x80\x87",
    "\xE2\x80\x88",
    "\xE2\x80\x89",
    "\xE2\x80\x8A",
    "\xE2\x80\xA8",
    "\xE2\x80\xA9",
    "\xE2\x80\xAF",
    "\xE2\x81\x9F",
    "\xE3\x80\x80",
};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

bool is_note_text(std::string_view text) {
  return is_utf8(view(text)) &&
         std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\n'; });
}

Bytes key_id_bytes(std::uint32_t id) {
  return {static_cast<Byte>(id >> 24), static_cast<Byte>(id >> 16), static_cast<Byte>(id >> 8),
          static_cast<Byte>(id)};
}

/// Takes the text before `end` off the front of `from`; nothing when `end` does not occur.
std::optional<std::string_view> take_until(std::string_view& from, char end) {
  const auto at = from.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = from.substr(0, at);
  from.remove_prefix(at + 1);
  return taken;
}

struct SignatureLine {
  std::string_view line;  ///< as it stands, without its end
  std::string_view name;
  Bytes key_id;
  Bytes signature;
};

std::optional<SignatureLine> parse_line(std::string_view line) {
  const std::string_view whole = line;
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const auto name = take_until(line, ' ');
  if (!name || !is_key_name(*name)) return std::nullopt;
  const auto blob = from_base64(line);
  if (!blob || blob->size() <= kKeyIdBytes) return std::nullopt;
  const ByteView bytes(*blob);
  return SignatureLine{whole, *name, to_bytes(bytes.first(kKeyIdBytes)),
                       to_bytes(bytes.subspan(kKeyIdBytes))};
}

bool verifies(const SignatureLine& line, const PublicKey& key, std::string_view text) {
  const auto signature = Signature::from(line.signature);
  return signature && crypto::verify(key, view(text), *signature);
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || size > kTreeSizeMax) return std::nullopt;
  return size;
}

}  // namespace

namespace {

std::uint32_t key_id_of(std::string_view name, Byte kind, const PublicKey& key) {
  const std::array<Byte, 2> middle{'\n', kind};
  const Hash hash = crypto::sha256({view(name), middle, key.view()});
  return static_cast<std::uint32_t>(hash.bytes[0]) << 24 | static_cast<std::uint32_t>(hash.bytes[1]) << 16 |
         static_cast<std::uint32_t>(hash.bytes[2]) << 8 | hash.bytes[3];
}

struct OpenedNote {
  std::string_view text;
  std::vector<SignatureLine> lines;
};

/// Views into `note`.
Result<OpenedNote> take_apart(std::string_view note) {
  if (note.size() > kNoteBytes) return fail(Errc::limit_exceeded, "The signed note is too long.");
  if (!is_note_text(note)) {
    return fail(Errc::malformed, "The signed note is not UTF-8 or holds control characters.");
  }
  const auto blank = note.rfind("\n\n");
  if (blank == std::string_view::npos || !note.ends_with('\n') || blank + 2 == note.size()) {
    return fail(Errc::malformed, "The note has no empty line with signatures below it.");
  }
  OpenedNote opened{note.substr(0, blank + 1), {}};
  for (std::string_view lines = note.substr(blank + 2); !lines.empty();) {
    if (opened.lines.size() == kNoteSignatures) {
      return fail(Errc::limit_exceeded, "The note carries too many signatures.");
    }
    auto line = parse_line(*take_until(lines, '\n'));
    if (!line) return fail(Errc::malformed, "A signature line of the note cannot be read.");
    opened.lines.push_back(std::move(*line));
  }
  return opened;
}

Bytes cosigned_message(std::string_view text, std::int64_t seconds) {
  return to_bytes("cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text));
}

}  // namespace

std::uint32_t key_id(std::string_view name, const PublicKey& key) { return key_id_of(name, kEd25519, key); }

bool is_key_name(std::string_view name) {
  if (name.empty() || name.size() > kNoteNameBytes || !is_utf8(view(name))) return false;
  if (std::any_of(name.begin(), name.end(), [](char c) { return is_control(c) || c == '+'; })) return false;
  return std::none_of(kSpaces.begin(), kSpaces.end(),
                      [&](std::string_view space) { return name.find(space) != std::string_view::npos; });
}

std::string to_vkey(const Verifier& verifier) {
  WASL_ASSERT(is_key_name(verifier.name));
  Bytes typed_key{kEd25519};
  append(typed_key, verifier.key.view());
  return verifier.name + "+" + to_hex(key_id_bytes(key_id(verifier.name, verifier.key))) + "+" +
         to_base64(typed_key);
}

Result<Verifier> parse_vkey(std::string_view vkey) {
  const auto name = take_until(vkey, '+');
  const auto id = take_until(vkey, '+');
  if (!name || !id || !is_key_name(*name)) {
    return fail(Errc::invalid_value, "A verifier key reads name+id+key; this text does not.");
  }
  const auto typed_key = from_base64(vkey);
  if (!typed_key || typed_key->size() != 1 + PublicKey::kSize || typed_key->front() != kEd25519) {
    return fail(Errc::invalid_value, "The verifier key does not hold an Ed25519 key.");
  }
  Verifier verifier{std::string(*name), *PublicKey::from(ByteView(*typed_key).subspan(1))};
  if (*id != to_hex(key_id_bytes(key_id(verifier.name, verifier.key)))) {
    return fail(Errc::invalid_value, "The verifier key's id does not belong to its name and key.");
  }
  return verifier;
}

Result<std::string> sign_note(std::string_view text, std::string_view name, const crypto::KeyPair& key) {
  if (!is_key_name(name)) return fail(Errc::invalid_value, "The key's name may not stand in a signed note.");
  if (text.size() > kNoteBytes) return fail(Errc::limit_exceeded, "The text is too long for a signed note.");
  if (!text.ends_with('\n') || !is_note_text(text)) {
    return fail(Errc::invalid_value, "The text of a note must be whole lines of UTF-8.");
  }
  Bytes blob = key_id_bytes(key_id(name, key.public_key()));
  append(blob, key.sign(view(text)).view());
  std::string note(text);
  note.append("\n").append(kDash).append(name).append(" ").append(to_base64(blob)).append("\n");
  if (note.size() > kNoteBytes) return fail(Errc::limit_exceeded, "The text is too long for a signed note.");
  return note;
}

Result<std::string> open_note(std::string_view note, const Verifier& verifier) {
  WASL_LET(const OpenedNote opened, take_apart(note));
  const Bytes wanted = key_id_bytes(key_id(verifier.name, verifier.key));
  bool signed_by_verifier = false;
  for (const SignatureLine& line : opened.lines) {
    if (line.name != verifier.name || line.key_id != wanted) continue;
    if (!verifies(line, verifier.key, opened.text)) {
      return fail(Errc::bad_signature,
                  "The note's signature by " + verifier.name + " does not match its text.");
    }
    signed_by_verifier = true;
  }
  if (!signed_by_verifier) {
    return fail(Errc::bad_signature, "The note is not signed by the expected key of " + verifier.name + ".");
  }
  return std::string(opened.text);
}

Result<std::string> cosign(std::string_view text, std::string_view name, const crypto::KeyPair& key,
                           std::int64_t seconds) {
  if (!is_key_name(name))
    return fail(Errc::invalid_value, "The witness's name may not stand in a signed note.");
  if (seconds < 0) return fail(Errc::invalid_value, "A cosignature is not older than 1970.");
  Bytes blob = key_id_bytes(key_id_of(name, kCosignature, key.public_key()));
  for (std::size_t i = kTimeBytes; i-- > 0;) blob.push_back(static_cast<Byte>(seconds >> (8 * i)));
  append(blob, key.sign(cosigned_message(text, seconds)).view());
  return std::string(kDash) + std::string(name) + " " + to_base64(blob) + "\n";
}

Result<std::vector<Cosignature>> cosignatures(std::string_view note,
                                              const std::vector<PublicKey>& witnesses) {
  WASL_LET(const OpenedNote opened, take_apart(note));
  std::vector<Cosignature> found;
  for (const SignatureLine& line : opened.lines) {
    if (line.signature.size() != kTimeBytes + Signature::kSize) continue;
    // A statement names witnesses by their keys alone: the key id says which of them a line claims to be.
    const auto witness = std::find_if(witnesses.begin(), witnesses.end(), [&](const PublicKey& key) {
      return key_id_bytes(key_id_of(line.name, kCosignature, key)) == line.key_id;
    });
    if (witness == witnesses.end()) continue;
    std::uint64_t seconds = 0;
    for (std::size_t i = 0; i < kTimeBytes; ++i) seconds = seconds << 8 | line.signature[i];
    const auto signature = Signature::from(ByteView(line.signature).subspan(kTimeBytes));
    if (seconds > INT64_MAX ||
        !crypto::verify(*witness, cosigned_message(opened.text, static_cast<std::int64_t>(seconds)),
                        *signature)) {
      return fail(Errc::bad_signature,
                  "The cosignature by " + std::string(line.name) + " does not match the note's text.");
    }
    Cosignature one{*witness, static_cast<std::int64_t>(seconds), std::string(line.line) + "\n"};
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const Cosignature& other) { return other.witness == one.witness; });
    if (same == found.end()) {
      found.push_back(std::move(one));
    } else if (same->seconds < one.seconds) {
      *same = std::move(one);
    }
  }
  return found;
}

Result<std::size_t> signature_count(std::string_view note) {
  WASL_LET(const OpenedNote opened, take_apart(note));
  return opened.lines.size();
}

Result<std::string> note_text(std::string_view note) {
  WASL_LET(const OpenedNote opened, take_apart(note));
  return std::string(opened.text);
}

std::string Checkpoint::text() const {
  return origin + "\n" + std::to_string(size) + "\n" + to_base64(root.view()) + "\n";
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  const auto origin = take_until(text, '\n');
  const auto size_line = take_until(text, '\n');
  const auto root_line = take_until(text, '\n');
  if (!origin || !size_line || !root_line)
    return fail(Errc::malformed, "A checkpoint has at least three lines.");
  if (!is_key_name(*origin)) return fail(Errc::malformed, "The checkpoint's origin is not a name.");
  const auto size = parse_size(*size_line);
  if (!size) return fail(Errc::malformed, "The checkpoint's size is not a plain decimal number.");
  const auto root_bytes = from_base64(*root_line);
  const auto root = root_bytes ? Hash::from(*root_bytes) : std::nullopt;
  if (!root) return fail(Errc::malformed, "The checkpoint's root is not the base64 of 32 bytes.");
  while (!text.empty()) {
    const auto extension = take_until(text, '\n');
    if (!extension || extension->empty()) {
      return fail(Errc::malformed, "The checkpoint has an empty or unfinished line.");
    }
  }
  return Checkpoint{std::string(*origin), *size, *root};
}

std::string heads_origin(const NetworkId& network, std::uint64_t epoch) {
  return "wasl/" + to_hex(network.view().first(8)) + "/heads/" + std::to_string(epoch);
}

std::uint64_t heads_epoch(std::string_view checkpoint) {
  const std::string_view origin = checkpoint.substr(0, checkpoint.find('\n'));
  const std::size_t slash = origin.rfind('/');
  if (slash == std::string_view::npos) return 0;
  const std::string_view number = origin.substr(slash + 1);
  std::uint64_t epoch = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), epoch);
  return read.ec == std::errc() ? epoch : 0;
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const crypto::KeyPair& key) {
  if (checkpoint.size > kTreeSizeMax) return fail(Errc::invalid_value, "The checkpoint's size is too large.");
  return sign_note(checkpoint.text(), checkpoint.origin, key);
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin, const PublicKey& key) {
  WASL_LET(const std::string text, open_note(note, Verifier{std::string(origin), key}));
  WASL_LET(Checkpoint checkpoint, Checkpoint::parse(text));
  if (checkpoint.origin != origin) {
    return fail(Errc::bad_signature,
                "The checkpoint is of " + checkpoint.origin + ", not of " + std::string(origin) + ".");
  }
  return checkpoint;
}

}  // namespace wasl::ledger
