#include "server/hub/hub.hpp"

#include <algorithm>

#include "shared/log/log.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {

Committer::Committed Hub::commit() {
  Committer::Committed committed = committer_.commit();
  if (listener_.on_committed) listener_.on_committed(committed);
  if (!committer_.is_idle() && listener_.on_queued) listener_.on_queued();
  return committed;
}

void Hub::tell(const Committer::Committed& committed, Position erased) {
  if (committer_.erased() != erased) reader_.forget();  // what was encoded before holds it
  const bool is_news =
      !committed.grown.empty() || !committed.rulings.empty() || !committed.decided.empty() || committed.kept;
  if (is_news && listener_.on_committed) listener_.on_committed(committed);
  if (!committer_.is_idle() && listener_.on_queued) listener_.on_queued();
}

Status Hub::look() {
  const Position erased = committer_.erased();
  WASL_LET(const auto committed, committer_.look());
  tell(committed, erased);
  return {};
}

Result<bool> Hub::try_lead() {
  const Position erased = committer_.erased();
  WASL_LET(const auto committed, committer_.try_lead());
  if (!committed) return false;
  tell(*committed, erased);
  return true;
}

Status Hub::place(const SignedStatement& statement, const std::function<bool(const PublicKey&)>& has_key,
                  const std::function<Status()>& use_key) {
  WASL_TRY(committer_.place(statement, has_key));
  WASL_TRY(use_key());
  WASL_TRY(committer_.sign_what_is_left());
  Committer::Committed committed;
  committed.grown.emplace_back(kAuthoritySpace);
  if (listener_.on_committed) listener_.on_committed(committed);
  return {};
}

Status Hub::erase_due() {
  WASL_LET(const bool erased, committer_.erase_due());
  if (erased) reader_.forget();
  return {};
}

Result<bool> Hub::use_counter(const PublicKey& key, std::uint64_t counter) {
  if (counter == 0 || counter > INT64_MAX) return false;
  return ports_.store.use_counter(key, counter, hub_time());
}

Result<std::optional<ledger::BlindingKey>> Hub::blinding_key(const std::string& space) {
  if (!is_private_space(space)) return std::optional<ledger::BlindingKey>();
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  return info->key;
}

Result<Position> Hub::size(const std::string& space) {
  if (is_section()) return committer_.shown(space);  // what came since is not proved yet
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  return info->size;
}

Result<HubPort::EntriesFrame> Hub::entries(const std::string& space, Position from, const Reader& reader) {
  WASL_LET(const Position end, size(space));
  WASL_LET(const Position let_go, ports_.store.let_go(space));
  if (from <= let_go) {
    const std::string words = "of the first " + std::to_string(let_go) + " entries of " + space +
                              " the hub keeps the headers alone";
    WASL_LET(const auto offer, snapshot(space, from - 1));
    if (!offer)
      return fail(Errc::later, words + ", and it has no snapshot of what they give now",
                  "sync again in an hour; wasl-hub snapshot builds one at once");
    return fail(Errc::not_found, words,
                "begin from a snapshot: sync with a newer program, or from a stick: wasl-hub bundle export "
                "--all --snapshot");
  }
  return reader_.frame(space, from, end, reader, network());
}

namespace {

constexpr std::uint64_t kLeastBacklog =
    16 * 1024;                              // of who has a part of the log: two seconds of a thin line
constexpr std::uint64_t kManifestPart = 8;  // of a backlog: to say what there is must cost little

/// Whether the pieces may be worth their bytes. History stays behind: for less than half of them the log is
/// taken along. Who has a part of it decides that, and knows which pieces it can make by itself.
bool may_be_cheaper(const snapshot::Manifest& manifest, std::size_t manifest_bytes, Position from,
                    std::uint64_t backlog, std::uint64_t tail) {
  if (from == 0) return (manifest.bytes() + tail) * 2 <= backlog + tail;
  return backlog >= kLeastBacklog && manifest_bytes * kManifestPart <= backlog;
}

}  // namespace

/// Of what this log is now: a copy of the folder may be older than its snapshots, and what a revocation takes
/// back of entries before a snapshot can be computed from the log alone.
Result<std::optional<HubPort::SnapshotOffer>> Hub::snapshot(const std::string& space, Position from) {
  WASL_LET(const std::uint64_t whole, bytes_behind(space, from));
  WASL_LET(const Position let_go, ports_.store.let_go(space));
  const bool only_way = from < let_go;
  if (!only_way && from > 0 && whole < kLeastBacklog) return std::optional<SnapshotOffer>();
  const auto manifest = shelf_ == nullptr ? std::nullopt : shelf_->newest(space);
  if (!manifest || manifest->leaf >= heads().size) return std::optional<SnapshotOffer>();
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  const Position position = manifest->position;
  if (position > info->size || position <= from) return std::optional<SnapshotOffer>();
  WASL_LET(const std::uint64_t tail, bytes_behind(space, position));
  SnapshotFrame frame;
  frame.manifest = encode(*manifest);
  if (!only_way) frame.backlog = std::max<std::uint64_t>(1, whole - std::min(whole, tail));
  if (!only_way && !may_be_cheaper(*manifest, frame.manifest.size(), from, frame.backlog, tail))
    return std::optional<SnapshotOffer>();
  WASL_LET(const Bytes stored, ports_.store.heads_leaf(manifest->leaf));
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(stored));
  WASL_LET(const Hash root, ports_.store.root(space, position));
  if (leaf.size != position || leaf.digest_position != position || leaf.root != root)
    return std::optional<SnapshotOffer>();
  WASL_LET(const auto before, ports_.store.voided(space, position));
  WASL_LET(const auto now, ports_.store.voided(space, info->size));
  for (const Position voided : now) {
    if (voided <= position && !before.contains(voided)) return std::optional<SnapshotOffer>();
  }
  if (from > 0) {
    WASL_LET(frame.consistency, ports_.store.consistency(space, from, position));
  }
  frame.signature = log_key().sign(snapshot::manifest_message(network(), frame.manifest));
  frame.vouched.space = space;
  if (is_private_space(space)) frame.vouched.key = info->key;
  WASL_LET(frame.vouched.proof, prove({}, {manifest->leaf}));
  return std::optional(
      SnapshotOffer{std::make_shared<const Bytes>(encode(frame)), position, manifest->bytes(), only_way});
}

Result<std::vector<Bytes>> Hub::snapshot_piece(const std::string& space, const Hash& name) {
  auto packed = shelf_ == nullptr ? std::nullopt : shelf_->piece(space, name);
  if (!packed) {
    const auto newest = shelf_ == nullptr ? std::nullopt : shelf_->newest(space);
    const auto names = names_of(newest ? newest->parts() : std::vector<snapshot::Part>());
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      log::error("hub.snapshot_damaged", {{"space", space}, {"piece", to_hex(name.view())}});
      shelf_->retire(space);
    }
    return HubPort::snapshot_piece(space, name);
  }
  std::vector<Bytes> frames;
  WASL_LET(const Bytes raw, decompress(*packed, limits::kFrameRoomBytes));
  const auto records = snapshot::decode_piece(raw);  // a part of the ground has no openings
  OpeningsFrame openings{space, {}};
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (openings.openings.empty()) return;
    frames.push_back(encode(openings));
    openings.openings.clear();
    bytes = 0;
  };
  for (const auto& [id, state] : records ? *records : snapshot::Records()) {
    for (const snapshot::PersonalValue& value : snapshot::personal_values(state)) {
      WASL_LET(auto opening, ports_.store.opening(value.commitment));
      if (!opening) continue;  // erased
      bytes += Hash::kSize + Salt::kSize + opening->value.data.size();
      openings.openings.push_back({value.commitment, *std::move(opening)});
      if (bytes > kOpeningsOfFrameBytes) flush();
    }
  }
  flush();
  frames.push_back(encode(PieceFrame{space, *std::move(packed)}));
  return frames;
}

void Hub::push(std::uint64_t session, Segment segment) {
  committer_.submit(session, std::move(segment));
  if (listener_.on_queued) listener_.on_queued();
}

Result<std::optional<HubPort::NewestLeaf>> Hub::newest_leaf(const std::string& space) {
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  if (info->leaf.empty()) return std::optional<NewestLeaf>();
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
  return std::optional(NewestLeaf{info->leaf_index, leaf.size, leaf.digest_position == leaf.size});
}

Result<Proof> Hub::prove(const Seen& known, const std::vector<std::uint64_t>& leaves) {
  WASL_TRY(committer_.sign_what_is_left());
  return committer_.heads().prove(known, leaves);
}

Status Hub::note_done(const PublicKey& key, const Done& done) {
  return ports_.store.note_done(key, done.equal, done.applied, hub_time());
}

std::vector<Staged> Hub::staged(const PublicKey& key) {
  std::vector<Staged> out = committer_.staging().of(key);
  if (kept_ == nullptr) return out;
  const auto kept = kept_->staged(readable(key));
  if (!kept) {  // then all of it is sent again
    log::error("section.unreadable", {{"reason", kept.error().message}});
    return out;
  }
  for (const Staged& one : *kept)
    if (out.size() < kStagedMost) out.push_back(one);
  return out;
}

/// What this hub may not read itself is not here.
std::vector<std::string> Hub::readable(const PublicKey& key) {
  std::vector<std::string> out = HubPort::readable(key);
  if (!is_section()) return out;
  const auto here = HubPort::readable(ports_.log_key.public_key());
  std::erase_if(out, [&](const std::string& space) {
    return std::find(here.begin(), here.end(), space) == here.end();
  });
  return out;
}

Result<std::optional<HubPort::KeptFrame>> Hub::next_kept(std::uint64_t after, const PublicKey& reader,
                                                         const std::vector<std::string>& spaces) {
  if (kept_ == nullptr) return std::optional<KeptFrame>();
  WASL_LET(auto run, kept_->next(after, reader, spaces, network()));
  if (!run) return std::optional<KeptFrame>();
  return std::optional(
      KeptFrame{run->number, std::make_shared<const Bytes>(encode_segment(FrameKind::push, run->shown()))});
}

Result<std::vector<VerdictItem>> Hub::decided(const PublicKey& key) {
  if (kept_ != nullptr) return kept_->verdicts_of(key);
  WASL_LET(const auto sets, ports_.store.decided_of(key));
  std::vector<VerdictItem> verdicts;
  for (const KeptSet& set : sets) {
    const Verdict verdict =
        set.state == KeptState::adopted ? Verdict::accept() : Verdict::refuse(set.reason, set.detail);
    add_verdict(verdicts, set.header.source.chain, set.header.sequence, verdict);
  }
  return verdicts;
}

/// The change set of `authority` at this position, with the headers up to the signature that covers it.
Result<std::vector<SegmentItem>> Hub::act_at(Position wanted) {
  WASL_LET(const auto blocks, ports_.store.read(kAuthoritySpace, wanted, 1, network()));
  std::vector<SegmentItem> out;
  std::optional<Source> source;
  if (blocks.empty()) return out;
  Position position = blocks.front().first;
  for (const SegmentItem& item : blocks.front().items) {
    const Header* header = header_of(item);
    if (source && header != nullptr && header->source == *source) {
      const Bytes& bytes = std::holds_alternative<SetItem>(item) ? std::get<SetItem>(item).set.header_bytes
                                                                 : std::get<StandInItem>(item).header_bytes;
      out.emplace_back(StandInItem{*header, bytes, name_of(item)});
    }
    const auto* signature = std::get_if<SignatureItem>(&item);
    if (source && signature != nullptr && signature->source == *source) {
      out.emplace_back(*signature);
      return out;
    }
    if (entry_of(item) == nullptr || position++ != wanted) continue;
    const ChangeSet* set = effect_of(item);
    if (set == nullptr) break;
    source = set->header.source;
    out.emplace_back(SetItem{std::nullopt, *set});
  }
  return fail(Errc::corrupt, "the hub's log of authority is damaged at " + std::to_string(wanted));
}

Result<std::optional<Segment>> Hub::wipe_order(const PublicKey& key) {
  const Device* device = authority().device(key);
  if (device == nullptr || device->wiped == 0) return std::optional<Segment>();
  Segment order{std::string(kAuthoritySpace), 0, {}, {}};
  WASL_LET(auto wipe, act_at(device->wiped));
  std::vector<Position> positions;
  const auto* set = wipe.empty() ? nullptr : std::get_if<SetItem>(&wipe.front());
  const Grant* grant = set == nullptr ? nullptr : authority().grant(set->set.header.grant);
  for (; grant != nullptr; grant = authority().grant(grant->parent)) positions.push_back(grant->position);
  // From the registrar's down: each rests on the one before.
  for (auto position = positions.rbegin(); position != positions.rend(); ++position) {
    WASL_LET(auto items, act_at(*position));
    if (items.empty()) continue;
    std::move(items.begin(), items.end(), std::back_inserter(order.items));
  }
  std::move(wipe.begin(), wipe.end(), std::back_inserter(order.items));
  return std::optional(std::move(order));
}

Status Hub::note_wiped(const PublicKey& key) { return ports_.store.note_wiped(key, hub_time()); }

}  // namespace wasl
