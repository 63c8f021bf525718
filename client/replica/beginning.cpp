// A snapshot in the place of entries: of a space of which nothing is here, of one whose backlog is dearer
// than the pieces that differ, and of one that is damaged here. Pieces are kept as they come; what they say
// is shown when all of them are here (taking_over.cpp; PROTOCOL.md section 20).
#include <algorithm>

#include "client/replica/replica.hpp"
#include "shared/base/limits.hpp"
#include "shared/bundle/covering.hpp"
#include "shared/model/space_order.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr std::size_t kPiecesUnderWay = 8;      // some 120 KiB: what a cut costs, and what a slow line needs
constexpr std::size_t kOpeningsMost = 100'000;  // of one piece, before it comes
constexpr std::size_t kRawMost = snapshot::kRecordBytes + snapshot::kPieceBytes;
constexpr std::size_t kPiecesAtOnce = 64;  // of this replica's own making, in one transaction

bool holds_work_of(const snapshot::Ground& ground, const PublicKey& device) {
  return std::any_of(ground.ends.begin(), ground.ends.end(),
                     [&](const auto& chain) { return chain.first.author == device; });
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
  WASL_LET(const bool given_up, is_given_up(store_, info.name));
  WASL_LET(const WholeLog whole, whole_log(store_, info.name));
  return (info.size == 0 || given_up) && whole == WholeLog::no;
}

/// Whether the office goes on from it and not from the entries: history and proof of what lies between stay
/// behind, so it has to be cheaper by half.
Result<bool> Replica::may_skip(const SpaceInfo& info, const OpenedSnapshot& opened,
                               const SnapshotFrame& frame) {
  const bool only_way = frame.backlog == 0;
  WASL_LET(const bool begins, may_begin(info));
  WASL_LET(const WholeLog whole, whole_log(store_, info.name));
  if (!begins && !only_way && whole != WholeLog::no) return false;
  const bool goes_on = !begins && info.size > 0;
  if (goes_on && opened.manifest.position <= info.size) return false;
  if (goes_on) WASL_TRY(check_goes_on(info, opened, frame));
  WASL_LET(const std::uint64_t lacking, keep_own_pieces(info, opened.manifest));
  if (begins || only_way) return true;
  // What no leaf covers yet has to meet its own.
  return info.size == info.proved && lacking * 2 <= frame.backlog;
}

/// The log up to the snapshot begins with the entries that are here.
Status Replica::check_goes_on(const SpaceInfo& info, const OpenedSnapshot& opened,
                              const SnapshotFrame& frame) {
  const auto goes_on = [&]() -> Result<bool> {
    WASL_LET(const Hash root, store_.root(info.name, info.size));
    return ledger::verify_consistency(info.size, root, opened.leaf.size, opened.leaf.root, frame.consistency);
  };
  WASL_LET(bool stands, goes_on());
  if (!stands) {
    WASL_TRY(repair_rows(info.name, info.size));
    WASL_LET(stands, goes_on());
  }
  if (stands) return {};
  return accuse("the hub offers a snapshot of " + info.name + " that does not go on from its log here",
                info.frontier.encode(), opened.leaf.encode());
}

/// Makes of this replica's own state the pieces that the snapshot has too. @return bytes of those that it
/// lacks. Equal records make equal pieces, so nothing is compared but names.
Result<std::uint64_t> Replica::keep_own_pieces(const SpaceInfo& info, const snapshot::Manifest& manifest) {
  std::map<Hash, std::uint64_t> lacking;
  for (const snapshot::Part& part : manifest.parts()) lacking[part.name] = part.bytes;
  WASL_LET(const auto here, store_.rows().piece_names(info.number));
  for (const Hash& name : here) {
    if (store_.piece(info.number, name)) lacking.erase(name);
  }
  std::vector<std::pair<Hash, Bytes>> made;
  const auto keep = [&]() -> Status {
    WASL_LET(auto transaction, Transaction::begin(db_));
    for (const auto& [name, packed] : made) WASL_TRY(store_.rows().add_piece(info.number, name, packed));
    made.clear();
    return transaction.commit();
  };
  snapshot::Cutter cutter([&](const Bytes& raw) -> Status {
    const Hash name = snapshot::piece_name(raw);
    if (lacking.erase(name) == 0) return {};
    made.emplace_back(name, compress(raw, kWireLevel));
    return made.size() < kPiecesAtOnce ? Status() : keep();
  });
  WASL_LET(auto records, records_of(info));
  std::sort(records.begin(), records.end(),
            [](const RecordKey& a, const RecordKey& b) { return a.second < b.second; });
  for (const auto& [number, id] : records) {
    auto loaded = records_.load(number, info.name, id);
    if (!loaded && loaded.error().code == Errc::corrupt) continue;  // it comes with its piece
    if (!loaded) return tl::unexpected(loaded.error());
    if (!loaded->record.confirmed.exists()) continue;
    WASL_TRY(cutter.add(id, std::move(loaded->record.confirmed)));
  }
  WASL_TRY(cutter.finish());
  WASL_TRY(keep());
  std::uint64_t bytes = 0;
  for (const auto& [name, size] : lacking) bytes += size;
  return bytes;
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
  WASL_LET(const bool wanted, may_skip(*info, opened, frame));
  if (!wanted) return std::vector<Bytes>{encode(BegunFrame{space, 0})};
  WASL_TRY(prepare_beginning(opened.manifest, frame));
  return go_on_beginning(space);
}

/// Where own work stands before it and nothing of the log is here, the log is wanted: it says what became of
/// it. So it is where a chain of this device ends otherwise than here: the entries show which of both is
/// right.
Result<bool> Replica::wants_log_before(const SpaceInfo& info, const snapshot::Ground& ground, bool only_way) {
  WASL_LET(const bool given_up, is_given_up(store_, info.name));
  if (only_way || given_up) return false;
  if (info.size == 0 && holds_work_of(ground, device_.public_key())) {
    WASL_TRY(want_whole_log(store_, info.name, WholeLog::once));
    return true;
  }
  for (const auto& [source, end] : ground.ends) {
    if (source.author != device_.public_key()) continue;
    WASL_LET(const ChainEnd here, store_.chain_end(source));
    if (here.last > end.last || (here.last == end.last && here.name != end.name)) return true;
  }
  return false;
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
Status Replica::prepare_beginning(const snapshot::Manifest& manifest, const SnapshotFrame& frame) {
  const std::string& space = manifest.space;
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  Beginning beginning;
  beginning.manifest = manifest;
  beginning.way = {snapshot::manifest_name(frame.manifest), info->size, false};
  beginning.only_way = frame.backlog == 0;
  const std::vector<Hash> names = names_of(manifest.parts());
  const std::set<Hash> wanted(names.begin(), names.end());
  const std::vector<Hash> start = info->start ? info->start->pieces : std::vector<Hash>();
  const std::set<Hash> of_start(start.begin(), start.end());
  WASL_LET(const auto here, store_.rows().piece_names(info->number));
  std::set<Hash> have;
  for (const Hash& name : here) {
    const bool whole = wanted.contains(name) && store_.piece(info->number, name).has_value();
    if (whole) have.insert(name);
    if (!whole && !of_start.contains(name)) WASL_TRY(store_.rows().drop_piece(info->number, name));
  }
  for (const Hash& name : names) {
    if (have.insert(name).second) beginning.missing.push_back(name);
  }
  WASL_TRY(keep_offer(store_, space, frame, info->size));
  WASL_TRY(transaction.commit());
  beginnings_[space] = std::move(beginning);
  return {};
}

/// Asks for what is missing, of the spaces that a person needs sooner first; when nothing is, the space is
/// begun.
Result<std::vector<Bytes>> Replica::go_on_beginning(const std::string& space) {
  Beginning& beginning = beginnings_.at(space);
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  WASL_LET(const auto ground, ground_of(store_, info->number, beginning.manifest));
  const auto decoded = ground ? snapshot::decode_ground(*ground, space) : fail(Errc::not_found, "not yet");
  if (decoded) {
    WASL_LET(const bool log_is_wanted, wants_log_before(*info, *decoded, beginning.only_way));
    if (log_is_wanted) {
      beginnings_.erase(space);
      std::vector<Bytes> answers{encode(BegunFrame{space, 0})};
      WASL_LET(auto next, go_on_with_the_next());
      std::move(next.begin(), next.end(), std::back_inserter(answers));
      return answers;
    }
  }
  const bool comes_later = std::any_of(beginnings_.begin(), beginnings_.end(), [&](const auto& other) {
    return !other.second.asked.empty() && order_of_need(other.first) < order_of_need(space);
  });
  if (comes_later) return std::vector<Bytes>();
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
  std::vector<Bytes> answers{encode(BegunFrame{space, position})};
  WASL_LET(auto next, go_on_with_the_next());
  std::move(next.begin(), next.end(), std::back_inserter(answers));
  return answers;
}

/// With the space that a person needs soonest, of those of which pieces are missing.
Result<std::vector<Bytes>> Replica::go_on_with_the_next() {
  const auto next = std::min_element(
      beginnings_.begin(), beginnings_.end(),
      [](const auto& a, const auto& b) { return order_of_need(a.first) < order_of_need(b.first); });
  if (next == beginnings_.end()) return std::vector<Bytes>();
  return go_on_beginning(std::string(next->first));
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
  if (std::any_of(state.begin(), state.end(), [&](const auto& part) { return part.name == name; })) {
    WASL_LET(const snapshot::Records records, snapshot::decode_piece(*raw));
    WASL_TRY(check_piece_openings(frame.space, records, openings));
  } else {
    openings.clear();  // of a piece that did not come
  }
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(frame.space));
  WASL_LET(const auto way, way_to_snapshot(store_, frame.space));
  if (!way || !way->is_of(beginning.way) || way->from != info->size) {
    return fail(Errc::locked, "another program of this office has gone on with " + frame.space + " meanwhile",
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
    if (!kept || info->size != kept->way.from) continue;
    WASL_TRY(prepare_beginning(kept->manifest, kept->frame));
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
        if (authority_.is_erased(mark, value.commitment, now + limits::kErasureSlackMillis)) continue;
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

Result<std::vector<std::string>> Replica::want_whole_logs() {
  WASL_TRY(store_.refresh());
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) WASL_TRY(want_whole_log(store_, space, WholeLog::ever));
  WASL_LET(const auto begun, history_begins());
  std::vector<std::string> out;
  for (const auto& [space, position] : begun) {
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
  WASL_TRY(give_up(store_, space, false));
  WASL_TRY(commit(transaction, captured));
  held_.erase(space);
  return {};
}

}  // namespace wasl
