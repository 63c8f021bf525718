#include "shared/snapshot/manifest.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::snapshot {
namespace {

constexpr Byte kVersion = 1;
constexpr std::uint64_t kPartMost = 1024 * 1024;  // a frame

void encode_parts(Writer& out, const std::vector<Part>& parts) {
  out.varint(parts.size());
  for (const Part& part : parts) {
    out.fixed(part.name);
    out.varint(part.bytes);
  }
}

std::vector<Part> decode_parts(Reader& in) {
  std::vector<Part> parts(
      static_cast<std::size_t>(in.count(std::min(kPiecesMost, in.left() / (Hash::kSize + 1)))));
  for (Part& part : parts) {
    part.name = in.fixed<Hash>();
    part.bytes = in.count(kPartMost);
  }
  return parts;
}

}  // namespace

std::vector<Part> Manifest::parts() const {
  std::vector<Part> out = ground;
  out.insert(out.end(), pieces.begin(), pieces.end());
  return out;
}

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const Part& part : parts()) sum += part.bytes;
  return sum;
}

std::vector<Hash> names_of(const std::vector<Part>& parts) {
  std::vector<Hash> out;
  for (const Part& part : parts) out.push_back(part.name);
  return out;
}

Bytes encode(const Manifest& manifest) {
  Writer out;
  out.byte(kVersion);
  out.sized(manifest.space);
  out.varint(manifest.position);
  out.varint(manifest.leaf);
  encode_parts(out, manifest.ground);
  encode_parts(out, manifest.pieces);
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
  manifest.ground = decode_parts(in);
  manifest.pieces = decode_parts(in);
  if (!is_space_name(manifest.space) || manifest.space == kAuthoritySpace || manifest.position == 0 ||
      manifest.ground.empty())
    in.fail();
  if (!in.finished()) return fail(Errc::malformed, "the manifest of a snapshot does not follow the format");
  return manifest;
}

Hash manifest_name(ByteView manifest) { return crypto::hash("wasl.1/snapshot-manifest", manifest); }

Bytes manifest_message(const NetworkId& network, ByteView manifest) {
  Bytes message = to_bytes("wasl.1/snapshot");
  append(message, network.view());
  append(message, manifest_name(manifest).view());
  return message;
}

}  // namespace wasl::snapshot
