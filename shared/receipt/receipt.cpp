#include "shared/receipt/receipt.hpp"

#include <charconv>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/ledger/note.hpp"

namespace wasl {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::size_t kLeafBytes = 1024;
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kStatementBytes = 32 * 1024;
constexpr std::size_t kStatements = 4096;

void write_hashes(Writer& out, const std::vector<Hash>& hashes) {
  out.varint(hashes.size());
  for (const Hash& hash : hashes) out.fixed(hash);
}

std::vector<Hash> read_hashes(Reader& in, std::size_t most) {
  std::vector<Hash> hashes;
  for (std::uint64_t left = in.count(most); left > 0 && in.ok(); --left) hashes.push_back(in.fixed<Hash>());
  return hashes;
}

void write_set(Writer& out, const ProvedSet& set) {
  out.varint(set.position);
  set.entry.write(out);
  out.sized(set.header);
  out.sized(set.body);
  out.varint(set.following.size());
  for (const Bytes& header : set.following) out.sized(header);
  out.fixed(set.signature);
}

ProvedSet read_set(Reader& in) {
  ProvedSet set;
  set.position = in.count(limits::kNumberMost);
  set.entry = ledger::Entry::read(in);
  set.header = to_bytes(in.sized(kHeaderBytes));
  set.body = to_bytes(in.sized(limits::kChangeSetBytes));
  for (std::uint64_t left = in.count(kReceiptSets); left > 0 && in.ok(); --left)
    set.following.push_back(to_bytes(in.sized(kHeaderBytes)));
  set.signature = in.fixed<Signature>();
  return set;
}

void write_sets(Writer& out, const std::vector<ProvedSet>& sets) {
  out.varint(sets.size());
  for (const ProvedSet& set : sets) write_set(out, set);
}

std::vector<ProvedSet> read_sets(Reader& in) {
  std::vector<ProvedSet> sets;
  for (std::uint64_t left = in.count(kReceiptSets); left > 0 && in.ok(); --left) sets.push_back(read_set(in));
  return sets;
}

Bytes encode_extra(const Receipt& receipt) {
  Writer out;
  out.byte(Receipt::kVersion);
  out.fixed(receipt.network);
  out.sized(receipt.space);
  out.varint(receipt.register_number);
  out.sized(receipt.id);
  out.byte(receipt.key ? 1 : 0);
  if (receipt.key) out.fixed(*receipt.key);
  out.sized(receipt.head.leaf);
  out.sized(receipt.authority.note);
  out.varint(receipt.authority.index);
  out.sized(receipt.authority.leaf);
  write_hashes(out, receipt.authority.path);
  out.varint(receipt.statements.size());
  for (const ProvedStatement& one : receipt.statements) {
    out.varint(one.position);
    one.entry.write(out);
    out.sized(one.statement);
  }
  write_sets(out, receipt.rights);
  write_hashes(out, receipt.authority_inclusion);
  write_sets(out, receipt.changes);
  write_hashes(out, receipt.inclusion);
  return out.take();
}

Status decode_extra(ByteView bytes, Receipt& receipt) {
  Reader in(bytes);
  const Byte version = in.byte();
  if (in.ok() && version != Receipt::kVersion) {
    return fail(Errc::unsupported, "the receipt is of a version that this program does not know",
                "update the program");
  }
  receipt.network = in.fixed<NetworkId>();
  receipt.space = in.text(limits::kSpaceBytes);
  const std::uint64_t number = in.count(UINT32_MAX);
  receipt.register_number = static_cast<std::uint32_t>(number);
  receipt.id = in.text(limits::kIdBytes);
  const Byte has_key = in.byte();
  if (has_key > 1) in.fail();
  if (has_key == 1) receipt.key = in.fixed<ledger::BlindingKey>();
  receipt.head.leaf = to_bytes(in.sized(kLeafBytes));
  receipt.authority.note = in.text(ledger::kNoteBytes);
  receipt.authority.index = in.count(ledger::kTreeSizeMax);
  receipt.authority.leaf = to_bytes(in.sized(kLeafBytes));
  receipt.authority.path = read_hashes(in, ledger::kProofHashesMax);
  for (std::uint64_t left = in.count(kStatements); left > 0 && in.ok(); --left) {
    ProvedStatement one;
    one.position = in.count(limits::kNumberMost);
    one.entry = ledger::Entry::read(in);
    one.statement = to_bytes(in.sized(kStatementBytes));
    receipt.statements.push_back(std::move(one));
  }
  constexpr std::size_t kInclusion = (kReceiptSets + kStatements) * ledger::kProofHashesMax;
  receipt.rights = read_sets(in);
  receipt.authority_inclusion = read_hashes(in, kInclusion);
  receipt.changes = read_sets(in);
  receipt.inclusion = read_hashes(in, kInclusion);
  if (!in.finished()) return fail(Errc::malformed, "the receipt's extra line cannot be read");
  return {};
}

/// The next line without its end; nothing when there is no whole line left.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// What follows `word` and a space.
std::optional<std::string_view> after(std::optional<std::string_view> line, std::string_view word) {
  if (!line || !line->starts_with(word)) return std::nullopt;
  line->remove_prefix(word.size());
  if (!line->starts_with(' ')) return std::nullopt;
  line->remove_prefix(1);
  return line;
}

}  // namespace

std::string encode(const Receipt& receipt) {
  std::string text(kFirstLine);
  text += "\nextra " + to_base64(encode_extra(receipt));
  text += "\nindex " + std::to_string(receipt.head.index) + "\n";
  for (const Hash& hash : receipt.head.path) text += to_base64(hash.view()) + "\n";
  return text + "\n" + receipt.head.note;
}

Result<Receipt> decode_receipt(std::string_view text) {
  if (text.size() > kReceiptBytes) return fail(Errc::limit_exceeded, "the receipt is too long");
  const auto bad = [](const std::string& what) {
    return fail(Errc::malformed, "this is no receipt of Wasl: " + what,
                "ask for the file again; it must arrive as it was written");
  };
  if (take_line(text) != kFirstLine) return bad("its first line is not " + std::string(kFirstLine));
  const auto extra_text = after(take_line(text), "extra");
  const auto extra = extra_text ? from_base64(*extra_text) : std::nullopt;
  if (!extra) return bad("its second line is not extra data in base64");
  Receipt receipt;
  WASL_TRY(decode_extra(*extra, receipt));
  const auto digits = after(take_line(text), "index");
  if (!digits || digits->empty() || (digits->size() > 1 && digits->front() == '0')) return bad("its index");
  const auto [end, wrong] =
      std::from_chars(digits->data(), digits->data() + digits->size(), receipt.head.index);
  if (wrong != std::errc() || end != digits->data() + digits->size() ||
      receipt.head.index > ledger::kTreeSizeMax)
    return bad("its index");
  for (;;) {
    const auto line = take_line(text);
    if (!line) return bad("it ends within the proof");
    if (line->empty()) break;
    const auto bytes = from_base64(*line);
    const auto hash = bytes ? Hash::from(*bytes) : std::nullopt;
    if (!hash || receipt.head.path.size() == ledger::kProofHashesMax) return bad("a line of the proof");
    receipt.head.path.push_back(*hash);
  }
  receipt.head.note = text;
  return receipt;
}

}  // namespace wasl
