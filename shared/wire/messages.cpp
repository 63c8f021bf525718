#include "shared/wire/messages.hpp"

#include <utility>

#include "shared/base/limits.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/frame_form.hpp"
#include "shared/wire/let_go.hpp"
#include "shared/wire/references.hpp"

namespace wasl {
namespace {

constexpr std::size_t kSpacesMost = 256;
constexpr std::size_t kProofMost = 4096;
constexpr std::size_t kWordsBytes = 4096;
constexpr std::size_t kStatementsMost = 1024;  // one a month for 85 years
constexpr std::size_t kStatementBytes = 32 * 1024;
constexpr std::size_t kDetailBytes = 256;
constexpr std::uint64_t kPackingMost = 2 * 255 + 1;
constexpr Millis kRetryMost = 24LL * 3600 * 1000;
constexpr std::size_t kCompressFrom = 128;  // below, zstd's own header eats the gain
constexpr std::size_t kCompressWithDictionaryFrom = 64;
// How the items of a segment are spelled.
constexpr Byte kCompressed = 1;
constexpr Byte kRefersToLogs = 2;
constexpr Byte kInStream = 4;
constexpr Byte kBeginsStream = 8;
constexpr Byte kWithDictionary = 16;
constexpr std::string_view kHelloTag = "wasl.1/hello";
constexpr std::string_view kWelcomeTag = "wasl.1/welcome";

Bytes tagged(std::string_view tag, std::initializer_list<ByteView> parts) {
  Bytes message = to_bytes(tag);
  for (const ByteView part : parts) append(message, part);
  return message;
}

void encode_cursors(Writer& out, const std::vector<Cursor>& cursors) {
  out.varint(cursors.size());
  for (const Cursor& cursor : cursors) {
    out.sized(cursor.space);
    out.varint(cursor.position << 1 | (cursor.has_key ? 1 : 0));
  }
}

std::vector<Cursor> decode_cursors(Reader& in) {
  std::vector<Cursor> cursors;
  const auto count = in.count(kSpacesMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Cursor cursor;
    cursor.space = in.text(limits::kSpaceBytes);
    const auto position = in.varint();
    cursor.position = position >> 1;
    cursor.has_key = (position & 1) != 0;
    cursors.push_back(std::move(cursor));
  }
  return cursors;
}

void encode_hashes(Writer& out, const std::vector<Hash>& hashes) {
  out.varint(hashes.size());
  for (const Hash& hash : hashes) out.fixed(hash);
}

std::vector<Hash> decode_hashes(Reader& in) {
  std::vector<Hash> hashes;
  const auto count = in.count(kProofMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) hashes.push_back(in.fixed<Hash>());
  return hashes;
}

/// At most `most` bytes of it, cut between characters.
std::string_view shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<Byte>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

/// A dictionary's number and a flag.
std::pair<Byte, bool> decode_packing(Reader& in) {
  const std::uint64_t packing = in.count(kPackingMost);
  return {static_cast<Byte>(packing >> 1), (packing & 1) != 0};
}

bool decode_flag(Reader& in) {
  const Byte flag = in.byte();
  if (flag > 1) in.fail();
  return flag == 1;
}

}  // namespace

std::optional<FrameKind> frame_kind(ByteView frame_bytes) {
  if (frame_bytes.empty()) return std::nullopt;
  return static_cast<FrameKind>(frame_bytes[0]);
}

Bytes encode(const Hello& hello, const crypto::KeyPair& device) {
  Writer out;
  out.byte(Hello::kVersion);
  out.byte(hello.flags);
  out.fixed(hello.network);
  out.fixed(hello.device);
  out.fixed(hello.hub);
  out.varint(hello.counter);
  out.fixed(hello.binding);
  out.varint(hello.statement);
  out.varint(hello.epoch);
  out.varint(hello.checkpoint.size);
  out.fixed(hello.checkpoint.root);
  encode_cursors(out, hello.cursors);
  if (hello.packing)
    out.varint(std::uint64_t{hello.packing->dictionary} << 1 | (hello.packing->thin ? 1 : 0));
  out.fixed(device.sign(tagged(kHelloTag, {out.bytes()})));
  return out.take();
}

Result<Hello> decode_hello(ByteView bytes) {
  if (bytes.size() > limits::kHelloBytes || bytes.size() < Signature::kSize + 1) return bad_frame("hello");
  const ByteView body = bytes.first(bytes.size() - Signature::kSize);
  Reader in(body);
  if (in.byte() != Hello::kVersion) {
    return fail(Errc::unsupported, "the office speaks another version of the protocol",
                "update the older program");
  }
  Hello hello;
  hello.flags = in.byte();
  hello.network = in.fixed<NetworkId>();
  hello.device = in.fixed<PublicKey>();
  hello.hub = in.fixed<PublicKey>();
  hello.counter = in.count(limits::kNumberMost);
  hello.binding = in.fixed<Hash>();
  hello.statement = in.count(limits::kNumberMost);
  hello.epoch = in.count(limits::kNumberMost);
  hello.checkpoint.size = in.count(limits::kNumberMost);
  hello.checkpoint.root = in.fixed<Hash>();
  hello.cursors = decode_cursors(in);
  if (in.ok() && in.left() > 0) {
    const auto [dictionary, thin] = decode_packing(in);
    hello.packing = Hello::Packing{dictionary, thin};
  }
  if (!in.finished()) return bad_frame("hello");
  const auto signature = Signature::from(bytes.last(Signature::kSize));
  if (!crypto::verify(hello.device, tagged(kHelloTag, {body}), *signature)) {
    return fail(Errc::bad_signature, "the hello's signature does not match its key");
  }
  return hello;
}

Hash hello_hash(ByteView hello_bytes) { return crypto::hash(kHelloTag, hello_bytes); }

Bytes encode(const Welcome& welcome, const Hash& hello, const crypto::KeyPair& log_key) {
  Writer body;
  body.integer(welcome.hub_time);
  body.varint(welcome.push_credit);
  body.byte(welcome.keys);
  body.byte(welcome.same_spaces ? 1 : 0);
  if (!welcome.same_spaces) {
    body.varint(welcome.spaces.size());
    for (const SpaceKey& space : welcome.spaces) {
      body.sized(space.space);
      body.byte(space.key ? 1 : 0);
      if (space.key) body.fixed(*space.key);
    }
  }
  body.varint(welcome.staged.size());
  for (const Staged& staged : welcome.staged) {
    body.fixed(staged.chain);
    body.varint(staged.last);
    body.fixed(staged.name);
  }
  body.byte(static_cast<Byte>(welcome.state));
  if (welcome.state != Welcome::State::serving) {
    body.varint(welcome.common.size());
    for (const CommonLog& one : welcome.common) {
      body.sized(one.space);
      body.varint(one.size);
      body.fixed(one.root);
    }
  }
  if (welcome.packing)
    body.varint(std::uint64_t{welcome.packing->dictionary} << 1 | (welcome.packing->streams ? 1 : 0));
  Writer out = frame(FrameKind::welcome);
  out.fixed(log_key.sign(tagged(kWelcomeTag, {hello.view(), body.bytes()})));
  out.raw(body.bytes());
  return out.take();
}

Result<Welcome> decode_welcome(ByteView bytes, const Hash& hello, const PublicKey& log_key) {
  if (frame_kind(bytes) != FrameKind::welcome || bytes.size() < 1 + Signature::kSize)
    return bad_frame("welcome");
  const auto signature = Signature::from(bytes.subspan(1, Signature::kSize));
  const ByteView body = bytes.subspan(1 + Signature::kSize);
  if (!crypto::verify(log_key, tagged(kWelcomeTag, {hello.view(), body}), *signature)) {
    return fail(Errc::wrong_network, "whoever answers does not hold this network's hub key",
                "check the hub's address; nothing was sent to it");
  }
  Reader in(body);
  Welcome welcome;
  welcome.hub_time = in.integer();
  welcome.push_credit = in.varint();
  welcome.keys = in.byte();
  if (welcome.hub_time < 0) in.fail();
  welcome.same_spaces = decode_flag(in);
  if (!welcome.same_spaces) {
    const auto count = in.count(kSpacesMost);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      SpaceKey space;
      space.space = in.text(limits::kSpaceBytes);
      if (decode_flag(in)) space.key = in.fixed<ledger::BlindingKey>();
      if (!is_space_name(space.space)) in.fail();
      welcome.spaces.push_back(std::move(space));
    }
  }
  const auto staged = in.count(kStagedMost);
  for (std::uint64_t i = 0; i < staged && in.ok(); ++i) {
    const auto chain = in.fixed<ChainId>();
    const auto last = in.count(limits::kNumberMost);
    welcome.staged.push_back({chain, last, in.fixed<Hash>()});
  }
  const Byte state = in.byte();
  if (state > static_cast<Byte>(Welcome::State::recovering)) in.fail();
  welcome.state = static_cast<Welcome::State>(state);
  const auto common = welcome.state == Welcome::State::serving ? 0 : in.count(kSpacesMost);
  for (std::uint64_t i = 0; i < common && in.ok(); ++i) {
    CommonLog one;
    one.space = in.text(limits::kSpaceBytes);
    one.size = in.count(limits::kNumberMost);
    one.root = in.fixed<Hash>();
    if (!is_space_name(one.space)) in.fail();
    welcome.common.push_back(std::move(one));
  }
  if (in.ok() && in.left() > 0) {
    const auto [dictionary, streams] = decode_packing(in);
    welcome.packing = Welcome::Packing{dictionary, streams};
  }
  if (!in.finished()) return bad_frame("welcome");
  return welcome;
}

namespace {

/// A frame of a segment, its items as they travel.
struct SegmentFrame {
  FrameKind kind = FrameKind::entries;
  Byte form = 0;
  std::string space;
  Position first = 0;
  ByteView items;
  ByteView openings;  ///< never compressed: a compressor must not tell a salt

  [[nodiscard]] bool is(Byte bit) const { return (form & bit) != 0; }
  [[nodiscard]] Byte packing() const { return form & static_cast<Byte>(~kRefersToLogs); }
};

Result<SegmentFrame> read_segment_frame(ByteView bytes, std::size_t most_items) {
  Reader in = body_of(bytes);
  SegmentFrame out;
  out.kind = frame_kind(bytes).value_or(out.kind);
  out.form = in.byte();
  out.space = in.text(limits::kSpaceBytes);
  out.first = in.count(limits::kNumberMost);
  out.items = in.sized(most_items);
  out.openings = in.raw(in.left());
  const Byte packing = out.packing();
  const bool is_known = packing == 0 || packing == kCompressed || packing == kWithDictionary ||
                        packing == kInStream || packing == (kInStream | kBeginsStream);
  if (!in.ok() || !is_known || !is_space_name(out.space)) return bad_frame("segment");
  return out;
}

Bytes write(const SegmentFrame& content) {
  Writer out = frame(content.kind);
  out.byte(content.form);
  out.sized(content.space);
  out.varint(content.first);
  out.sized(content.items);
  out.raw(content.openings);
  return out.take();
}

/// The items as they were; of a frame that is not packed, itself.
Result<Bytes> unpack(const SegmentFrame& packed, StreamReceiver* stream) {
  if (!packed.is(kInStream)) {
    if (stream != nullptr) stream->end();
    if (packed.is(kCompressed)) return decompress(packed.items, limits::kFrameRoomBytes);
    if (packed.is(kWithDictionary)) return decompress_with_dictionary(packed.items, limits::kFrameRoomBytes);
    return to_bytes(packed.items);
  }
  if (stream == nullptr) return fail(Errc::malformed, "a part of a stream where none may be");
  Reader in(packed.items);
  const std::uint64_t size = in.varint();
  if (!in.ok()) return bad_frame("segment");
  return stream->unpack(packed.space, packed.is(kBeginsStream), in.raw(in.left()), size);
}

}  // namespace

Bytes plain_segment(FrameKind kind, const Segment& segment, KnownLogs* logs) {
  Bytes raw;
  Byte form = 0;
  if (logs != nullptr) {
    References references(*logs, segment.space, segment.first == 0 ? limits::kNumberMost : segment.first - 1);
    raw = encode_items(segment, &references);
    if (!references.empty()) form |= kRefersToLogs;
  }
  if (form == 0) raw = encode_items(segment);
  Bytes openings;
  if (!segment.openings.empty()) openings = encode_openings(segment.openings);
  return write({kind, form, segment.space, segment.first, raw, openings});
}

Bytes pack_alone(ByteView plain, Byte dictionary) {
  auto content = read_segment_frame(plain, plain.size());
  WASL_ASSERT(content && content->packing() == 0);
  const ByteView raw = content->items;
  Bytes packed;
  if (dictionary > 0 && raw.size() >= kCompressWithDictionaryFrom) {
    packed = compress_with_dictionary(dictionary, raw);
  } else if (raw.size() >= kCompressFrom) {
    packed = compress(raw, kWireLevel);
  }
  if (packed.empty() || packed.size() >= raw.size()) return to_bytes(plain);
  content->form |= dictionary > 0 ? kWithDictionary : kCompressed;
  content->items = packed;
  return write(*content);
}

Bytes pack_in_stream(ByteView plain, StreamSender& stream) {
  auto content = read_segment_frame(plain, plain.size());
  WASL_ASSERT(content && content->packing() == 0 && stream.is_open_for(content->space));
  const StreamSender::Part part = stream.pack(content->items);
  Writer items;
  items.varint(content->items.size());
  items.raw(part.bytes);
  content->form |= static_cast<Byte>(kInStream | (part.is_first ? kBeginsStream : 0));
  content->items = items.bytes();
  return write(*content);
}

Bytes encode_segment(FrameKind kind, const Segment& segment, KnownLogs* logs, Byte dictionary) {
  return pack_alone(plain_segment(kind, segment, logs), dictionary);
}

bool refers_to_logs(ByteView frame) { return (body_of(frame).byte() & kRefersToLogs) != 0; }

Result<Segment> decode_segment(ByteView bytes, const NetworkId& network, KnownLogs* logs,
                               StreamReceiver* stream) {
  WASL_LET(const SegmentFrame frame, read_segment_frame(bytes, limits::kFrameBytes));
  WASL_LET(const Bytes items, unpack(frame, stream));
  const bool refers = frame.is(kRefersToLogs);
  if (refers && logs == nullptr) return fail(Errc::malformed, "a segment refers to logs that nobody named");
  std::optional<References> references;
  if (refers) references.emplace(*logs, frame.space, limits::kNumberMost);
  WASL_LET(Segment segment,
           decode_items(frame.space, frame.first, items, network, references ? &*references : nullptr));
  if (any_let_go(segment)) return fail(Errc::malformed, "a change set came without its body");
  if (!frame.openings.empty()) {
    WASL_LET(segment.openings, decode_openings(frame.openings));
    if (segment.openings.empty()) return bad_frame("segment");  // none are said by nothing
  }
  return segment;
}

Bytes encode(const std::vector<SignedStatement>& statements) {
  Writer out = frame(FrameKind::statements);
  out.varint(statements.size());
  for (const SignedStatement& one : statements) out.sized(encode(one));
  return out.take();
}

Result<std::vector<SignedStatement>> decode_statements(ByteView bytes) {
  if (frame_kind(bytes) != FrameKind::statements) return bad_frame("statements");
  Reader in = body_of(bytes);
  std::vector<SignedStatement> out;
  const auto count = in.count(kStatementsMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const ByteView one = in.sized(kStatementBytes);
    if (!in.ok()) break;
    WASL_LET(SignedStatement statement, decode_signed_statement(one));
    out.push_back(std::move(statement));
  }
  if (!in.finished()) return bad_frame("statements");
  return out;
}

Bytes encode(const Proof& proof) {
  Writer out = frame(FrameKind::proof);
  out.byte(
      static_cast<Byte>((proof.final ? 1 : 0) | (proof.checkpoint.empty() ? 2 : 0) | (proof.behind ? 4 : 0)));
  if (proof.checkpoint.empty()) return out.take();
  out.sized(proof.checkpoint);
  encode_hashes(out, proof.consistency);
  out.varint(proof.leaves.size());
  for (const LeafProof& leaf : proof.leaves) {
    out.varint(leaf.index);
    out.sized(leaf.leaf);
  }
  encode_hashes(out, proof.inclusion);
  return out.take();
}

Result<Proof> decode_proof(ByteView bytes) {
  Reader in = body_of(bytes);
  Proof proof;
  const Byte flags = in.byte();
  if (flags > 7 || (flags & 6) == 4) in.fail();
  proof.final = (flags & 1) != 0;
  proof.behind = (flags & 4) != 0;
  if (!(flags & 2)) {
    proof.checkpoint = in.text(kWordsBytes);
    proof.consistency = decode_hashes(in);
    const auto count = in.count(kSpacesMost);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      LeafProof leaf;
      leaf.index = in.count(limits::kNumberMost);
      leaf.leaf = to_bytes(in.sized(kWordsBytes));
      proof.leaves.push_back(std::move(leaf));
    }
    proof.inclusion = decode_hashes(in);
    if (proof.checkpoint.empty()) in.fail();
  }
  if (!in.finished()) return bad_frame("proof");
  return proof;
}

Bytes encode_section(const PublicKey& device) {
  Writer out = frame(FrameKind::section);
  out.fixed(device);
  return out.take();
}

Result<PublicKey> decode_section(ByteView bytes) {
  Reader in = body_of(bytes);
  const auto device = in.fixed<PublicKey>();
  if (frame_kind(bytes) != FrameKind::section || !in.finished()) return bad_frame("section's name");
  return device;
}

Bytes encode_follow(std::uint64_t from) {
  Writer out = frame(FrameKind::follow);
  out.varint(from);
  return out.take();
}

Result<std::uint64_t> decode_follow(ByteView bytes) {
  Reader in = body_of(bytes);
  const std::uint64_t from = in.count(limits::kNumberMost);
  if (frame_kind(bytes) != FrameKind::follow || !in.finished()) return bad_frame("question for leaves");
  return from;
}

Bytes encode(const Leaves& leaves) {
  Writer out = frame(FrameKind::leaves);
  out.varint(leaves.first);
  out.varint(leaves.leaves.size());
  for (const Bytes& leaf : leaves.leaves) out.sized(leaf);
  return out.take();
}

Result<Leaves> decode_leaves(ByteView bytes) {
  Reader in = body_of(bytes);
  Leaves out;
  out.first = in.count(limits::kNumberMost);
  const auto count = in.count(kLeavesOfFrame);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) out.leaves.push_back(to_bytes(in.sized(kWordsBytes)));
  if (frame_kind(bytes) != FrameKind::leaves || !in.finished() || out.leaves.empty())
    return bad_frame("list of leaves");
  return out;
}

Bytes encode(const Vouched& vouched) {
  Writer out = frame(FrameKind::vouched);
  out.sized(vouched.space);
  out.byte(vouched.key ? 1 : 0);
  if (vouched.key) out.fixed(*vouched.key);
  out.raw(encode(vouched.proof));
  return out.take();
}

Result<Vouched> decode_vouched(ByteView bytes) {
  if (frame_kind(bytes) != FrameKind::vouched) return bad_frame("word for what came back");
  Reader in = body_of(bytes);
  Vouched out;
  out.space = in.text(limits::kSpaceBytes);
  if (decode_flag(in)) out.key = in.fixed<ledger::BlindingKey>();
  const ByteView proof = in.raw(in.left());
  if (!in.ok() || !is_space_name(out.space) || frame_kind(proof) != FrameKind::proof)
    return bad_frame("word for what came back");
  WASL_LET(out.proof, decode_proof(proof));
  return out;
}

void add_verdict(std::vector<VerdictItem>& verdicts, const ChainId& chain, Sequence sequence,
                 const Verdict& verdict, Millis retry_after) {
  if (!verdicts.empty()) {
    VerdictItem& last = verdicts.back();
    const bool same = last.chain == chain && last.first + last.count == sequence &&
                      last.verdict.outcome == verdict.outcome && last.verdict.reason == verdict.reason &&
                      last.verdict.detail == verdict.detail && last.retry_after == retry_after;
    if (same) {
      ++last.count;
      return;
    }
  }
  verdicts.push_back({chain, sequence, 1, verdict, retry_after});
}

Bytes encode(const std::vector<VerdictItem>& verdicts, FrameKind kind) {
  Writer out = frame(kind);
  out.varint(verdicts.size());
  for (const VerdictItem& item : verdicts) {
    out.fixed(item.chain);
    out.varint(item.first);
    out.varint(item.count);
    out.byte(static_cast<Byte>(item.verdict.outcome));
    if (item.verdict.outcome == Outcome::accepted) continue;
    out.byte(static_cast<Byte>(item.verdict.reason));
    out.sized(shortened(item.verdict.detail, kDetailBytes));
    if (item.verdict.outcome == Outcome::later) out.integer(item.retry_after);
  }
  return out.take();
}

Result<std::vector<VerdictItem>> decode_verdicts(ByteView bytes) {
  Reader in = body_of(bytes);
  std::vector<VerdictItem> verdicts;
  const auto count = in.count(limits::kOperations);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    VerdictItem item;
    item.chain = in.fixed<ChainId>();
    item.first = in.count(limits::kNumberMost);
    item.count = in.count(limits::kNumberMost - item.first);
    if (item.first == 0 || item.count == 0) in.fail();
    item.verdict.outcome = static_cast<Outcome>(in.byte());
    if (item.verdict.outcome < Outcome::accepted || item.verdict.outcome > Outcome::later) in.fail();
    if (item.verdict.outcome != Outcome::accepted) {
      item.verdict.reason = static_cast<Reason>(in.byte());
      item.verdict.detail = in.text(kWordsBytes);
      if (item.verdict.outcome == Outcome::later) item.retry_after = in.integer();
      if (item.retry_after < 0 || item.retry_after > kRetryMost) in.fail();
    }
    verdicts.push_back(std::move(item));
  }
  if (!in.finished()) return bad_frame("list of verdicts");
  return verdicts;
}

Bytes encode(const Problem& problem) {
  Writer out = frame(FrameKind::problem);
  out.sized(problem.code);
  out.sized(problem.message);
  out.sized(problem.hint);
  return out.take();
}

Result<Problem> decode_problem(ByteView bytes) {
  Reader in = body_of(bytes);
  Problem problem;
  problem.code = in.text(kWordsBytes);
  problem.message = in.text(kWordsBytes);
  problem.hint = in.text(kWordsBytes);
  if (!in.finished()) return bad_frame("problem");
  return problem;
}

Bytes encode(const Estimate& estimate) {
  Writer out = frame(FrameKind::estimate);
  out.varint(estimate.spaces.size());
  for (const Estimate::Space& one : estimate.spaces) {
    out.sized(one.space);
    out.varint(one.entries);
    out.varint(one.bytes);
  }
  return out.take();
}

Result<Estimate> decode_estimate(ByteView bytes) {
  Reader in = body_of(bytes);
  Estimate out;
  for (std::uint64_t left = in.count(kSpacesMost); left > 0; --left) {
    Estimate::Space one;
    one.space = in.text(limits::kSpaceBytes);
    one.entries = in.count(limits::kNumberMost);
    one.bytes = in.count(limits::kNumberMost);
    out.spaces.push_back(std::move(one));
  }
  if (!in.finished()) return bad_frame("estimate");
  return out;
}

Bytes encode(const Done& done) {
  Writer out = frame(FrameKind::done);
  out.byte(done.equal ? (*done.equal ? 1 : 0) : 2);
  encode_cursors(out, done.applied);
  return out.take();
}

Result<Done> decode_done(ByteView bytes) {
  Reader in = body_of(bytes);
  Done done;
  const Byte equal = in.byte();
  if (equal > 2) in.fail();
  if (equal < 2) done.equal = equal == 1;
  done.applied = decode_cursors(in);
  if (!in.finished()) return bad_frame("done");
  return done;
}

Bytes not_rebuilt_frame() { return frame(FrameKind::not_rebuilt).take(); }
Bytes finish_frame() { return frame(FrameKind::finish).take(); }

Bytes wiped_frame() { return frame(FrameKind::wiped).take(); }

}  // namespace wasl
