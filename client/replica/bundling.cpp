// What this office puts into a bundle: where it stands, and what it can prove to whoever reads it.
#include <algorithm>

#include "client/replica/replica.hpp"

namespace wasl {
namespace {

constexpr std::size_t kOpeningsBytes = 512 * 1024;  // beside the items: a frame stays below its limit

std::size_t opened_bytes(const Segment& segment) {
  std::size_t bytes = 0;
  for (const OpeningItem& opening : segment.openings) bytes += opening.opening.value.data.size() + 64;
  return bytes;
}

}  // namespace

Result<Bytes> Replica::make_bundle_hello() {
  WASL_TRY(seal());
  return make_hello(false, bundle_binding(anchor_.network));
}

Result<std::vector<SignedStatement>> Replica::signed_statements() {
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(kAuthoritySpace));
  WASL_LET(const auto placed, proved_statements(info->proved));
  std::vector<SignedStatement> out;
  for (const ProvedStatement& one : placed) {
    WASL_LET(SignedStatement statement, decode_signed_statement(one.statement));
    out.push_back(std::move(statement));
  }
  return out;
}

/// Nothing where it does not prove all that is called proved: a session was cut, or the disk has changed it.
Result<std::optional<Proof>> Replica::kept_proof(const SpaceInfo& info) {
  WASL_LET(const auto stored, store_.meta("proof of " + info.name));
  const auto leaf = ledger::HeadsLeaf::decode(info.leaf);
  if (!stored || !leaf || leaf->size != info.proved) return std::optional<Proof>();
  WASL_LET(Proof proof, decode_proof(*stored));
  return std::optional(std::move(proof));
}

Result<std::optional<Vouched>> Replica::vouched(const std::string& space) {
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  WASL_LET(auto proof, kept_proof(*info));
  if (!proof) return std::optional<Vouched>();
  Vouched out{space, is_private_space(space) ? info->key : std::nullopt, *std::move(proof)};
  return std::optional(std::move(out));
}

Result<std::optional<Replica::CoveredPart>> Replica::next_covered(const std::string& space, Position from) {
  WASL_LET(auto vouched_for, vouched(space));
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  // What goes on from a snapshot cannot be shown to go on from anything else.
  if (!vouched_for || from > info->proved || info->start) return std::optional<CoveredPart>();
  WASL_LET(const auto blocks, store_.read(space, from, limits::kSegmentTargetBytes, anchor_.network));
  Segment segment{space, from, {}, {}};
  CoveredPart out;
  out.last = from - 1;
  for (const Segment& block : blocks) {
    Segment part = part_of(block, from, info->proved);
    if (part.items.empty()) continue;
    WASL_TRY(add_openings(part));
    if (!segment.items.empty() && opened_bytes(segment) + opened_bytes(part) > kOpeningsBytes) break;
    out.entries += entry_count(part);
    std::move(part.items.begin(), part.items.end(), std::back_inserter(segment.items));
    segment.openings.insert(segment.openings.end(), part.openings.begin(), part.openings.end());
  }
  if (segment.items.empty())
    return fail(Errc::corrupt, "the log of " + space + " has a gap", "run: wasl verify");
  out.last += out.entries;
  WASL_LET(out.covered.consistency, store_.consistency(space, out.last, info->proved));
  out.has_openings = !segment.openings.empty();
  out.covered.vouched = *std::move(vouched_for);
  out.covered.entries = encode_segment(FrameKind::entries, segment);
  if (out.covered.entries.size() > limits::kFrameBytes) {
    return fail(Errc::limit_exceeded, "one commit of " + space + " does not fit into a frame of a bundle",
                "sync over a link instead");
  }
  return std::optional(std::move(out));
}

}  // namespace wasl
