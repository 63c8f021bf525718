#include "shared/snapshot/manifest.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::snapshot {
namespace {

constexpr Byte kVersion = 1;

void encode_names(Writer& out, const std::vector<Hash>& names) {
  out.varint(names.size());
  for (const Hash& name : names) out.fixed(name);
}

std::vector<Hash> decode_names(Reader& in) {
  std::vector<Hash> names(static_cast<std::size_t>(in.count(std::min(kPiecesMost, in.left() / Hash::kSize))));
  for (Hash& name : names) name = in.fixed<Hash>();
  return names;
}

}  // namespace

Bytes encode(const Manifest& manifest) {
  Writer out;
  out.byte(kVersion);
  out.sized(manifest.space);
  out.varint(manifest.position);
  out.varint(manifest.leaf);
  out.varint(manifest.bytes);
  encode_names(out, manifest.ground);
  encode_names(out, manifest.pieces);
  return out.take();
}

Result<Manifest> decode_manifest(ByteView bytes) {
  Reader in(bytes);
  if (in.byte() != kVersion && in.ok())
    return fail(Errc::unsupported, "a snapshot of another version", "update the program");
  Manifest manifest;
  manifest.space = in.text(limits::kSpaceBytes);
  manifest.position = in.count(limits::kNumberMost);
  manifest.leaf = in.count(limits::kNumberMost);
  manifest.bytes = in.count(limits::kNumberMost);
  manifest.ground = decode_names(in);
  manifest.pieces = decode_names(in);
  if (!is_space_name(manifest.space) || manifest.space == kAuthoritySpace || manifest.position == 0 ||
      manifest.ground.empty())
    in.fail();
  if (!in.finished()) return fail(Errc::malformed, "the manifest of a snapshot does not follow the format");
  return manifest;
}

Bytes manifest_message(const NetworkId& network, ByteView manifest) {
  Bytes message = to_bytes("wasl.1/snapshot");
  append(message, network.view());
  append(message, crypto::hash("wasl.1/snapshot-manifest", manifest).view());
  return message;
}

}  // namespace wasl::snapshot
