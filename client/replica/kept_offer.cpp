#include "client/replica/kept_offer.hpp"

#include <string>

namespace wasl {
namespace {

std::string offer_key(std::string_view space) { return "snapshot of " + std::string(space); }
std::string way_key(std::string_view space) { return "on the way to the snapshot of " + std::string(space); }
std::string whole_key(std::string_view space) { return "whole log of " + std::string(space); }
std::string given_up_key(std::string_view space) { return "given up: " + std::string(space); }

}  // namespace

Result<std::optional<Way>> way_to_snapshot(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(way_key(space)));
  if (!stored || stored->empty()) return std::optional<Way>();
  Reader in(*stored);
  Way way;
  way.manifest = in.fixed<Hash>();
  way.from = in.varint();
  way.showing = in.byte() == 1;
  return in.finished() ? std::optional(way) : std::nullopt;
}

Status note_way(LogStore& store, std::string_view space, const Way& way) {
  Writer out;
  out.fixed(way.manifest);
  out.varint(way.from);
  out.byte(way.showing ? 1 : 0);
  return store.set_meta(way_key(space), out.bytes());
}

Result<std::optional<KeptOffer>> kept_offer(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(offer_key(space)));
  if (!stored || stored->empty()) return std::optional<KeptOffer>();
  WASL_LET(const auto way, way_to_snapshot(store, space));
  auto frame = decode_snapshot(*stored);
  auto manifest = frame ? snapshot::decode_manifest(frame->manifest) : tl::unexpected(frame.error());
  if (!manifest || !way) return std::optional<KeptOffer>();
  for (const LeafProof& one : frame->vouched.proof.leaves) {
    auto leaf = ledger::HeadsLeaf::decode(one.leaf);
    if (one.index == manifest->leaf && leaf)
      return std::optional(KeptOffer{*std::move(frame), *std::move(manifest), *std::move(leaf), *way});
  }
  return std::optional<KeptOffer>();
}

Status keep_offer(LogStore& store, std::string_view space, const SnapshotFrame& frame, Position from) {
  WASL_TRY(note_way(store, space, {snapshot::manifest_name(frame.manifest), from, false}));
  return store.set_meta(offer_key(space), encode(frame));
}

Status drop_offer(LogStore& store, std::string_view space) {
  WASL_TRY(store.set_meta(way_key(space), {}));
  return store.set_meta(offer_key(space), {});
}

Result<std::optional<Bytes>> ground_of(LogStore& store, SpaceNumber space,
                                       const snapshot::Manifest& manifest) {
  Bytes ground;
  for (const snapshot::Part& one : manifest.ground) {
    WASL_LET(const auto part, store.piece(space, one.name));
    if (!part) return std::optional<Bytes>();
    append(ground, *part);
  }
  return std::optional(std::move(ground));
}

Result<WholeLog> whole_log(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(whole_key(space)));
  return stored && !stored->empty() ? static_cast<WholeLog>(stored->front()) : WholeLog::no;
}

Status want_whole_log(LogStore& store, std::string_view space, WholeLog wanted) {
  return store.set_meta(whole_key(space),
                        wanted == WholeLog::no ? Bytes() : Bytes{static_cast<Byte>(wanted)});
}

Result<bool> is_given_up(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(given_up_key(space)));
  return stored && !stored->empty();
}

Status give_up(LogStore& store, std::string_view space, bool given_up) {
  return store.set_meta(given_up_key(space), given_up ? Bytes{1} : Bytes());
}

}  // namespace wasl
