#include "shared/bundle/frames.hpp"

#include "shared/base/limits.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl {
namespace {

constexpr std::string_view kAnswerTag = "wasl.1/answer";
constexpr std::string_view kBindingTag = "wasl.1/bundle-binding";

tl::unexpected<Error> bad(const char* what) {
  return fail(Errc::malformed, std::string("the bundle's ") + what + " does not follow the format");
}

Bytes answer_message(const NetworkId& network, ByteView body) {
  Bytes message = to_bytes(kAnswerTag);
  append(message, network.view());
  append(message, body);
  return message;
}

}  // namespace

Bytes encode(const Covered& covered) {
  Writer out;
  out.byte(kCoveredFrame);
  out.sized(encode(covered.vouched));
  out.varint(covered.consistency.size());
  for (const Hash& hash : covered.consistency) out.fixed(hash);
  out.sized(covered.entries);
  return out.take();
}

Result<Covered> decode_covered(ByteView frame) {
  Reader in(frame);
  if (in.byte() != kCoveredFrame) return bad("frame of entries");
  Covered covered;
  const ByteView vouched = in.sized(limits::kBundleFrameBytes);
  for (std::uint64_t left = in.count(ledger::kProofHashesMax); left > 0 && in.ok(); --left)
    covered.consistency.push_back(in.fixed<Hash>());
  covered.entries = to_bytes(in.sized(limits::kFrameBytes));
  if (!in.finished()) return bad("frame of entries");
  WASL_LET(covered.vouched, decode_vouched(vouched));
  return covered;
}

Bytes encode(const Answer& answer, const NetworkId& network, const crypto::KeyPair& log_key) {
  Writer body;
  body.fixed(answer.device);
  body.integer(answer.hub_time);
  body.varint(answer.base.size);
  body.fixed(answer.base.root);
  body.sized(encode(answer.proof));
  body.sized(encode(answer.verdicts, FrameKind::decided));
  Writer out;
  out.byte(kAnswerFrame);
  out.fixed(log_key.sign(answer_message(network, body.bytes())));
  out.raw(body.bytes());
  return out.take();
}

Result<Answer> decode_answer(ByteView frame, const NetworkId& network, const PublicKey& log_key) {
  Reader outer(frame);
  if (outer.byte() != kAnswerFrame) return bad("answer");
  const auto signature = outer.fixed<Signature>();
  if (!outer.ok()) return bad("answer");
  const ByteView body = frame.subspan(outer.position());
  if (!crypto::verify(log_key, answer_message(network, body), signature)) {
    return fail(Errc::bad_signature, "the bundle's answer is not signed by the hub's log key",
                "ask for a new bundle: this one was altered, or made before the hub got a new key");
  }
  Reader in(body);
  Answer answer;
  answer.device = in.fixed<PublicKey>();
  answer.hub_time = in.integer();
  answer.base.size = in.count(limits::kNumberMost);
  answer.base.root = in.fixed<Hash>();
  const ByteView proof = in.sized(limits::kFrameBytes);
  const ByteView verdicts = in.sized(limits::kFrameBytes);
  if (!in.finished()) return bad("answer");
  WASL_LET(answer.proof, decode_proof(proof));
  WASL_LET(answer.verdicts, decode_verdicts(verdicts));
  return answer;
}

Bytes encode_hello_frame(ByteView hello) {
  Bytes frame{kHelloFrame};
  append(frame, hello);
  return frame;
}

Result<Hello> decode_hello_frame(ByteView frame) {
  if (frame.empty() || frame[0] != kHelloFrame) return bad("hello");
  WASL_LET(Hello hello, decode_hello(frame.subspan(1)));
  if (hello.binding != bundle_binding(hello.network)) {
    return fail(Errc::malformed, "the hello in this bundle was made for a connection");
  }
  return hello;
}

Hash bundle_binding(const NetworkId& network) { return crypto::hash(kBindingTag, network.view()); }

}  // namespace wasl
