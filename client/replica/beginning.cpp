// A space that is begun from a snapshot: its pieces are kept as they come, and what they say is shown when
// all of them are here and give the digest that the hub has signed in its log (PROTOCOL.md section 20).
#include <algorithm>

#include "client/replica/replica.hpp"
#include "shared/base/limits.hpp"
#include "shared/bundle/covering.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr std::size_t kPiecesUnderWay = 8;      // some 120 KiB: what a cut costs, and what a slow line needs
constexpr std::size_t kOpeningsMost = 100'000;  // of one piece, before it comes
constexpr Millis kErasureSlack = 5 * 60'000;    // the hub's time is known but for the way of a message
constexpr std::size_t kRawMost = snapshot::kRecordBytes + snapshot::kPieceBytes;

std::string offer_key(std::string_view space) { return "snapshot of " + std::string(space); }
std::string whole_key(std::string_view space) { return "whole log of " + std::string(space); }
std::string shown_key(std::string_view space) { return "pieces shown of " + std::string(space); }

/// As it was taken in; its signature and proof were checked then.
struct KeptOffer {
  snapshot::Manifest manifest;
  ledger::HeadsLeaf leaf;
};

Result<std::optional<KeptOffer>> kept_offer(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(offer_key(space)));
  const auto frame =
      stored && !stored->empty() ? decode_snapshot(*stored) : fail(Errc::not_found, "there is none");
  const auto manifest = frame ? snapshot::decode_manifest(frame->manifest) : tl::unexpected(frame.error());
  if (!manifest) return std::optional<KeptOffer>();  // one that is damaged is taken in anew
  for (const LeafProof& one : frame->vouched.proof.leaves) {
    const auto leaf = ledger::HeadsLeaf::decode(one.leaf);
    if (one.index == manifest->leaf && leaf) return std::optional(KeptOffer{*manifest, *leaf});
  }
  return std::optional<KeptOffer>();
}

/// The ground's bytes; nothing: a part of it is still to come.
Result<std::optional<Bytes>> ground_of(LogStore& store, SpaceNumber space,
                                       const snapshot::Manifest& manifest) {
  Bytes ground;
  for (const Hash& name : manifest.ground) {
    WASL_LET(const auto part, store.piece(space, name));
    if (!part) return std::optional<Bytes>();
    append(ground, *part);
  }
  return std::optional(std::move(ground));
}

/// Where own work stands before it, the log is wanted: it says what became of it.
bool holds_work_of(const snapshot::Ground& ground, const PublicKey& device) {
  return std::any_of(ground.ends.begin(), ground.ends.end(),
                     [&](const auto& chain) { return chain.first.author == device; });
}

std::vector<Hash> all_pieces(const snapshot::Manifest& manifest) {
  std::vector<Hash> names = manifest.ground;
  names.insert(names.end(), manifest.pieces.begin(), manifest.pieces.end());
  return names;
}

}  // namespace

Result<bool> Replica::began_somewhere() {
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->start) return true;
  }
  return false;
}

Result<bool> Replica::may_begin(const SpaceInfo& info) {
  if (info.size > 0) return false;
  WASL_LET(const auto whole, store_.meta(whole_key(info.name)));
  return !whole || whole->empty();
}

Result<std::vector<Bytes>> Replica::on_snapshot_frame(ByteView bytes) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  const auto kind = snapshot_frame_kind(bytes);
  if (kind == SnapshotFrameKind::openings) {
    WASL_TRY(take_openings(bytes));
    return std::vector<Bytes>();
  }
  if (kind == SnapshotFrameKind::piece) {
    WASL_LET(const std::string space, take_piece(bytes));
    return go_on_beginning(space);
  }
  if (kind != SnapshotFrameKind::snapshot)
    return fail(Errc::malformed, "the hub sent a frame that only offices send");
  WASL_LET(const SnapshotFrame frame, decode_snapshot(bytes));
  WASL_LET(const OpenedSnapshot opened, open_snapshot(frame));
  const std::string& space = opened.manifest.space;
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  if (!authority_.reads(device_.public_key(), space) ||
      (is_private_space(space) && info->key != frame.vouched.key))
    return fail(Errc::malformed, "the hub offers a snapshot of what this office does not read");
  WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
  if (opened.leaf.authority_size > authority->size)
    return lost_on_the_way("a snapshot of " + space +
                           " came before the entries of authority that it rests on");
  WASL_LET(const bool wanted, may_begin(*info));
  if (!wanted) return std::vector<Bytes>{encode(BegunFrame{space, 0})};
  WASL_TRY(prepare_beginning(opened, bytes));
  return go_on_beginning(space);
}

/// What the hub has signed, and the leaf in its log that says what it must come to.
Result<Replica::OpenedSnapshot> Replica::open_snapshot(const SnapshotFrame& frame) {
  WASL_LET(snapshot::Manifest manifest, snapshot::decode_manifest(frame.manifest));
  if (!crypto::verify(anchor_.log_key, snapshot::manifest_message(anchor_.network, frame.manifest),
                      frame.signature))
    return fail(Errc::bad_signature, "a snapshot of " + manifest.space + " that the hub has not signed");
  if (frame.vouched.space != manifest.space)
    return fail(Errc::malformed, "a snapshot of " + manifest.space + " with the proof of another space");
  WASL_LET(VouchedLeaf vouched, open_vouched(frame.vouched, anchor_.network,
                                             std::max<std::uint64_t>(1, anchor_.epoch), anchor_.log_key));
  const ledger::HeadsLeaf& leaf = vouched.leaf;
  if (vouched.index != manifest.leaf || leaf.size != manifest.position || leaf.digest_position != leaf.size)
    return fail(Errc::malformed, "a snapshot of " + manifest.space + " with the proof of another state");
  return OpenedSnapshot{std::move(manifest), std::move(vouched.leaf)};
}

/// Keeps what it is begun from, and of an older one what both have.
Status Replica::prepare_beginning(const OpenedSnapshot& opened, ByteView frame) {
  const std::string& space = opened.manifest.space;
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  Beginning beginning;
  beginning.manifest = opened.manifest;
  const std::vector<Hash> names = all_pieces(beginning.manifest);
  const std::set<Hash> wanted(names.begin(), names.end());
  WASL_LET(const auto here, store_.rows().piece_names(info->number));
  std::set<Hash> have;
  for (const Hash& name : here) {
    const bool whole = wanted.contains(name) && store_.piece(info->number, name).has_value();
    if (whole) have.insert(name);
    if (!whole) WASL_TRY(store_.rows().drop_piece(info->number, name));
  }
  for (const Hash& name : names) {
    if (have.insert(name).second) beginning.missing.push_back(name);
  }
  WASL_TRY(store_.set_meta(offer_key(space), frame));
  WASL_TRY(store_.set_meta(shown_key(space), {}));
  WASL_TRY(transaction.commit());
  beginnings_[space] = std::move(beginning);
  return {};
}

/// Asks for what is missing; when nothing is, the space is begun.
Result<std::vector<Bytes>> Replica::go_on_beginning(const std::string& space) {
  Beginning& beginning = beginnings_.at(space);
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  WASL_LET(const auto ground, ground_of(store_, info->number, beginning.manifest));
  const auto decoded = ground ? snapshot::decode_ground(*ground, space) : fail(Errc::not_found, "not yet");
  if (decoded && holds_work_of(*decoded, device_.public_key())) {
    beginnings_.erase(space);
    WASL_TRY(store_.set_meta(whole_key(space), Bytes{1}));
    return std::vector<Bytes>{encode(BegunFrame{space, 0})};
  }
  PiecesFrame wanted{space, {}};
  while (!beginning.missing.empty() && beginning.asked.size() < kPiecesUnderWay) {
    wanted.names.push_back(beginning.missing.front());
    beginning.asked.push_back(beginning.missing.front());
    beginning.missing.pop_front();
  }
  if (!wanted.names.empty()) return std::vector<Bytes>{encode(wanted)};
  if (!beginning.asked.empty()) return std::vector<Bytes>();
  const Position position = beginning.manifest.position;
  beginnings_.erase(space);
  WASL_TRY(begin_space(space));
  WASL_TRY(note_epoch());
  WASL_TRY(settle_in());
  held_[space] = position;
  return std::vector<Bytes>{encode(BegunFrame{space, position})};
}

Status Replica::take_openings(ByteView bytes) {
  WASL_LET(OpeningsFrame frame, decode_openings_frame(bytes));
  const auto beginning = beginnings_.find(frame.space);
  if (beginning == beginnings_.end() || beginning->second.asked.empty())
    return fail(Errc::malformed, "the hub sent openings that nobody asked for");
  auto& openings = beginning->second.openings;
  if (openings.size() + frame.openings.size() > kOpeningsMost)
    return fail(Errc::malformed, "the hub sent more openings than a piece can have personal values");
  for (OpeningItem& item : frame.openings) openings[item.commitment] = std::move(item.opening);
  return {};
}

Result<std::string> Replica::take_piece(ByteView bytes) {
  WASL_LET(const PieceFrame frame, decode_piece_frame(bytes));
  const auto found = beginnings_.find(frame.space);
  if (found == beginnings_.end() || found->second.asked.empty())
    return fail(Errc::malformed, "the hub sent a piece that nobody asked for");
  Beginning& beginning = found->second;
  std::map<Hash, Opening> openings = std::exchange(beginning.openings, {});
  const auto raw = decompress(frame.packed, kRawMost);
  const Hash name = raw ? snapshot::piece_name(*raw) : Hash{};
  const auto asked = std::find(beginning.asked.begin(), beginning.asked.end(), name);
  if (asked == beginning.asked.end())
    return lost_on_the_way("a piece of the snapshot of " + frame.space + " is not one that was asked for");
  const auto& state = beginning.manifest.pieces;
  if (std::find(state.begin(), state.end(), name) != state.end()) {
    WASL_LET(const snapshot::Records records, snapshot::decode_piece(*raw));
    WASL_TRY(check_piece_openings(frame.space, records, openings));
  } else {
    openings.clear();  // of a piece that did not come
  }
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(frame.space));
  if (info->size > 0) {
    return fail(Errc::locked, "another program of this office has begun " + frame.space + " meanwhile",
                "sync again; nothing is lost");
  }
  WASL_TRY(store_.rows().add_piece(info->number, name, frame.packed));
  for (const auto& [commitment, opening] : openings) WASL_TRY(store_.put_opening({commitment, opening}));
  WASL_TRY(transaction.commit());
  beginning.asked.erase(asked);
  return frame.space;
}

/// For an import: whatever is missing may come, in whatever file. What an earlier import began goes on.
Status Replica::resume_beginnings() {
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const auto kept, kept_offer(store_, space));
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (!kept || info->size > 0) continue;
    WASL_LET(const auto frame, store_.meta(offer_key(space)));
    WASL_TRY(prepare_beginning({kept->manifest, kept->leaf}, *frame));
    Beginning& beginning = beginnings_.at(space);
    std::swap(beginning.asked, beginning.missing);
  }
  return {};
}

/// As of entries: each value has the opening that gives it, or is erased. Others go: they would be kept under
/// names that nobody checked.
Status Replica::check_piece_openings(const std::string& space, const snapshot::Records& records,
                                     std::map<Hash, Opening>& openings) {
  WASL_LET(const Millis now, hub_time());
  std::map<Hash, Opening> opened;
  for (const auto& [id, state] : records) {
    const auto values = snapshot::personal_values(state);
    if (values.empty()) continue;
    const Hash mark = record_mark(anchor_.network, space, id);
    for (const snapshot::PersonalValue& value : values) {
      const auto opening = openings.find(value.commitment);
      if (opening == openings.end()) {
        if (authority_.is_erased(mark, value.commitment, now + kErasureSlack)) continue;
        return fail(Errc::malformed, "a personal value of " + id + " came without its opening");
      }
      if (commitment_of(anchor_.network, space, id, value.field, value.dot, opening->second) !=
          value.commitment)
        return fail(Errc::bad_signature, "a personal value of " + id + " does not match its commitment");
      if (!authority_.is_erased(mark, value.commitment, now)) opened.insert(*opening);
    }
  }
  openings = std::move(opened);
  return {};
}

/// The pieces give what the hub has signed in its log. @param ground its bytes.
Status Replica::check_snapshot(const SpaceInfo& info, const snapshot::Manifest& manifest,
                               const ledger::HeadsLeaf& leaf, Bytes& ground) {
  const auto missing = [&] {
    return fail(Errc::corrupt, "a piece of the snapshot of " + info.name + " is damaged or missing here",
                "sync again: it is fetched again");
  };
  WASL_LET(auto bytes, ground_of(store_, info.number, manifest));
  if (!bytes) return missing();
  ground = *std::move(bytes);
  const auto decoded = snapshot::decode_ground(ground, info.name);
  const auto differs = [&](std::string_view what) {
    return accuse("the hub signed a snapshot of " + info.name + " whose " + std::string(what) +
                      " is not that of its log at " + std::to_string(manifest.position),
                  encode(manifest), leaf.encode());
  };
  if (!decoded || decoded->frontier.size() != manifest.position || decoded->frontier.root() != leaf.root ||
      decoded->authority > leaf.authority_size)
    return differs("tree");
  if (holds_work_of(*decoded, device_.public_key())) {
    return fail(Errc::conflict, "work of this office stands before the snapshot of " + info.name,
                "the log of the space is wanted instead");
  }
  std::map<unsigned, ledger::Bucket> buckets;
  std::string last;
  for (const Hash& name : manifest.pieces) {
    WASL_LET(const auto raw, store_.piece(info.number, name));
    if (!raw) return missing();
    const auto records = snapshot::decode_piece(*raw);
    if (!records) return differs("form");
    for (const auto& [id, state] : *records) {
      if (!last.empty() && !(last < id)) return differs("order");
      last = id;
      const Hash hash = ledger::id_hash(id);
      buckets[ledger::bucket_of(hash)].set(hash, record_hash(id, state));
    }
  }
  ledger::DigestTree tree;
  for (const auto& [number, bucket] : buckets) tree.set(number, bucket.hash());
  if (tree.root() != leaf.digest) return differs("state");
  return {};
}

/// Shows a piece's records. The office may have written some of them already: its work is laid over them.
Status Replica::show_piece(const SpaceInfo& info, const Hash& name) {
  WASL_LET(const auto raw, store_.piece(info.number, name));
  if (!raw) return damaged_row("snapshot of " + info.name);
  WASL_LET(snapshot::Records records, snapshot::decode_piece(*raw));
  for (auto& [id, state] : records) {
    WASL_LET(LoadedRecord loaded, records_.load(state.register_number, info.name, id));
    loaded.record.confirmed = std::move(state);
    WASL_TRY(records_.save(loaded, ports_.clock->now(), {.confirmed = true}));
  }
  return store_.flush_digest();
}

/// @pre all pieces are here. A crash on the way costs nothing: it goes on at the piece where it stopped.
Status Replica::begin_space(const std::string& space) {
  WASL_LET(const auto kept, kept_offer(store_, space));
  if (!kept) return {};
  const snapshot::Manifest& manifest = kept->manifest;
  Bytes ground;
  {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    Status checked = check_snapshot(*info, manifest, kept->leaf, ground);
    if (!checked) {  // what differs is fetched again, or the log in its place
      WASL_LET(auto transaction, Transaction::begin(db_));
      for (const Hash& name : all_pieces(manifest)) {
        const auto piece = store_.piece(info->number, name);
        if (checked.error().code == Errc::caught || !piece)
          WASL_TRY(store_.rows().drop_piece(info->number, name));
      }
      WASL_TRY(store_.set_meta(offer_key(space), {}));
      WASL_TRY(transaction.commit());
      return checked;
    }
  }
  WASL_LET(const auto stored, store_.meta(shown_key(space)));
  std::size_t shown = stored && !stored->empty() ? static_cast<std::size_t>(Reader(*stored).varint()) : 0;
  for (;; ++shown) {
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(store_.refresh());
    WASL_TRY(catch_up_authority());
    WASL_LET(SpaceInfo* const info, store_.space(space));
    if (info->size > 0) return {};  // another program of this office was faster
    WASL_LET(const auto captured, seal_captured(true));
    if (shown < manifest.pieces.size()) {
      WASL_TRY(show_piece(*info, manifest.pieces[shown]));
      Writer next;
      next.varint(shown + 1);
      WASL_TRY(store_.set_meta(shown_key(space), next.bytes()));
      WASL_TRY(commit(transaction, captured));
      continue;
    }
    WASL_LET(const Hash digest, store_.digest(space));
    if (digest != kept->leaf.digest) {
      WASL_TRY(forget_shown(*info));
      WASL_TRY(commit(transaction, captured));
      return fail(Errc::later, "what this replica made of the snapshot of " + space + " is not what it says",
                  "sync again: the log is taken instead; nothing is lost");
    }
    WASL_TRY(store_.begin_at(*info, ground, manifest.pieces));
    info->proved = info->size;
    info->authority = kept->leaf.authority_size;
    WASL_TRY(store_.save_space(*info));
    for (const Hash& name : manifest.ground) {  // it stands beside the log now
      const auto& state = manifest.pieces;
      if (std::find(state.begin(), state.end(), name) == state.end())
        WASL_TRY(store_.rows().drop_piece(info->number, name));
    }
    WASL_TRY(store_.set_meta(offer_key(space), {}));
    WASL_TRY(store_.set_meta(shown_key(space), {}));
    return commit(transaction, captured);
  }
}

Result<std::vector<RecordKey>> Replica::records_of(const SpaceInfo& info) {
  std::vector<RecordKey> out;
  const auto collect = [&](Statement select) -> Status {
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) return {};
      out.emplace_back(static_cast<std::uint32_t>(select.int64(0)), std::string(select.text(1)));
    }
  };
  WASL_LET(auto hidden, db_.prepare("SELECT register, id FROM _wasl_hidden WHERE space = ?"));
  hidden.bind_all(info.number);
  WASL_TRY(collect(std::move(hidden)));
  for (const Register& reg : schema_->registers()) {
    if (!tables_ready_) break;
    WASL_LET(auto rows, db_.prepare("SELECT " + std::to_string(reg.number) + ", id FROM " + reg.name +
                                    " WHERE space = ?"));
    rows.bind_all(info.name);
    WASL_TRY(collect(std::move(rows)));
  }
  return out;
}

/// As if the space had never been begun; its log is taken in place of a snapshot.
Status Replica::forget_shown(SpaceInfo& info) {
  WASL_LET(const auto all, records_of(info));
  for (const auto& [number, id] : all) {
    WASL_LET(LoadedRecord loaded, records_.load(number, info.name, id));
    loaded.record.confirmed = RecordState();
    WASL_TRY(loaded.record.exists() ? records_.save(loaded, ports_.clock->now(), {})
                                    : records_.remove(loaded));
  }
  WASL_TRY(store_.clear_state(info.number));
  WASL_TRY(store_.set_meta(offer_key(info.name), {}));
  WASL_TRY(store_.set_meta(shown_key(info.name), {}));
  WASL_TRY(store_.set_meta(whole_key(info.name), Bytes{1}));
  return store_.forget_log(info);
}

/// The log is here from its first entry on: no snapshot is begun any more.
Status Replica::drop_pieces(const SpaceInfo& info) {
  WASL_LET(const auto names, store_.rows().piece_names(info.number));
  for (const Hash& name : names) WASL_TRY(store_.rows().drop_piece(info.number, name));
  return names.empty() ? Status() : store_.set_meta(offer_key(info.name), {});
}

/// After a crash: what was complete is begun. What was not waits for the next session.
Status Replica::finish_begun() {
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const auto kept, kept_offer(store_, space));
    if (!kept) continue;
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(const auto here, store_.rows().piece_names(info->number));
    const std::set<Hash> have(here.begin(), here.end());
    const auto names = all_pieces(kept->manifest);
    const bool whole =
        std::all_of(names.begin(), names.end(), [&](const Hash& name) { return have.contains(name); });
    if (!whole) continue;
    Status begun = begin_space(space);
    const Errc code = begun ? Errc::later : begun.error().code;  // of these three the next session hears
    if (!begun && code != Errc::caught && code != Errc::corrupt && code != Errc::conflict) return begun;
  }
  return {};
}

Result<std::vector<std::string>> Replica::want_whole_logs() {
  WASL_TRY(store_.refresh());
  WASL_LET(const auto begun, history_begins());
  std::vector<std::string> out;
  for (const auto& [space, position] : begun) {
    WASL_TRY(store_.set_meta(whole_key(space), Bytes{1}));
    WASL_TRY(begin_anew(space));
    out.push_back(space);
  }
  return out;
}

Result<std::vector<std::pair<std::string, Position>>> Replica::history_begins() {
  std::vector<std::pair<std::string, Position>> out;
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->start) out.emplace_back(space, info->begins_behind());
  }
  return out;
}

Result<bool> Replica::can_replay(const std::string& space) {
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  const Status read =
      store_.each_start_record(*info, [](const std::string&, RecordState&) { return Status(); });
  if (!read && read.error().code != Errc::corrupt) return tl::unexpected(read.error());
  return read.has_value();
}

Status Replica::begin_anew(const std::string& space) {
  store_.forget();
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  WASL_LET(SpaceInfo* const info, store_.space(space));
  if (!info->start) return {};
  info->proved = 0;
  info->leaf.clear();
  info->leaf_index = 0;
  WASL_TRY(store_.save_space(*info));
  std::vector<SealedSet> own;
  WASL_TRY(drop_unproved(space, own));
  WASL_TRY(restore_pending(own));
  WASL_TRY(commit(transaction, captured));
  held_.erase(space);
  return {};
}

}  // namespace wasl
