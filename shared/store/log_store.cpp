#include "shared/store/log_store.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/limits.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/store/collecting.hpp"
#include "shared/store/stored_blocks.hpp"
#include "shared/store/stored_tree.hpp"
#include "shared/wire/compression.hpp"

namespace wasl {

tl::unexpected<Error> damaged_row(std::string_view what) {
  return fail(Errc::corrupt, "the stored " + std::string(what) + " is damaged",
              "run: wasl verify; history can be fetched again from the hub");
}

namespace {

tl::unexpected<Error> not_here(const SpaceInfo& info) {
  return fail(Errc::not_found,
              "the first " + std::to_string(info.begins_behind()) + " entries of " + info.name +
                  " are not here: this replica began from a snapshot",
              "ask an office that holds the log from its first entry on");
}

std::string start_key(std::string_view space) { return "start of " + std::string(space); }

constexpr std::size_t kGroundMost = 1 << 30;

}  // namespace

Status LogStore::refresh() {
  WASL_LET(const RowStore::Version version, rows_->version());
  if (version != version_) forget();
  version_ = version;
  chains_.forget_failure();  // of an earlier transaction, which has told it
  return {};
}

void LogStore::forget() {
  spaces_.clear();
  chains_.forget();
  digests_.forget();
  version_.reset();
}

Result<SpaceInfo*> LogStore::space(std::string_view name) {
  if (const auto it = spaces_.find(name); it != spaces_.end()) return &it->second;
  WASL_LET(auto stored, rows_->space(name));
  if (!stored) {
    stored.emplace().name = name;
    WASL_LET(stored->number, rows_->add_space(*stored));
  }
  WASL_LET(stored->start, start_of(*stored));
  return &spaces_.emplace(std::string(name), std::move(*stored)).first->second;
}

Result<bool> LogStore::has_space(std::string_view name) {
  if (spaces_.contains(name)) return true;
  WASL_LET(const auto stored, rows_->space(name));
  return stored.has_value();
}

Status LogStore::append(const Segment& segment) {
  WASL_LET(SpaceInfo* const info, space(segment.space));
  WASL_ASSERT(segment.first == info->size + 1);
  if (is_private_space(info->name) && !info->key) {
    return fail(Errc::malformed, "the hub sent entries of " + info->name + " without its blinding key");
  }
  WASL_LET(const std::int64_t block, add_block(*rows_, info->number, segment));
  for (const SegmentItem& item : segment.items) {
    if (const Header* header = header_of(item))
      WASL_TRY(chains_.follow(info->number, *header, name_of(item)));
  }
  WASL_TRY(check_late(segment));
  WASL_TRY(insert_entries(*info, segment, block));
  for (const OpeningItem& opening : segment.openings) WASL_TRY(put_opening(opening));
  return save_space(*info);
}

/// What comes late has its header in the log, here or before, and no other entry.
Status LogStore::check_late(const Segment& segment) {
  std::map<std::pair<Source, Sequence>, Hash> headers;
  std::set<Hash> placed;
  for (const SegmentItem& item : segment.items) {
    if (const auto* header = std::get_if<StandInItem>(&item))
      headers[{header->header.source, header->header.sequence}] = header->name;
    const auto* late = std::get_if<LateItem>(&item);
    if (late == nullptr) continue;
    const Source& source = late->set.header.source;
    const Sequence sequence = late->set.header.sequence;
    const auto here = headers.find({source, sequence});
    WASL_LET(const auto before, stand_in(source, sequence));
    WASL_LET(const auto entry, find(source, sequence));
    if ((here != headers.end() ? std::optional(here->second) : before) != late->set.name)
      return fail(Errc::malformed, "an entry of a change set whose header does not stand in the log");
    if (entry || !placed.insert(late->set.name).second)
      return fail(Errc::malformed, "a second entry of one change set");
  }
  return {};
}

Status LogStore::insert_entries(SpaceInfo& info, const Segment& segment, std::int64_t block) {
  const auto key = blinding_of(info);
  std::vector<StoredEntry> entries;
  std::vector<ledger::Node> nodes;
  const auto add = [&](const ledger::Entry& entry, std::optional<std::uint64_t> source, Sequence sequence) {
    info.frontier.append(ledger::leaf_hash(entry, key), nodes);
    entries.push_back(
        {info.number, ++info.size, entry, source, sequence != 0 ? std::optional(sequence) : std::nullopt});
  };
  for (const SegmentItem& item : segment.items) {
    if (const ChangeSet* set = effect_of(item)) {
      add(*entry_of(item), number_of(set->header.source), set->header.sequence);
    } else if (const auto* other = std::get_if<EntryItem>(&item)) {
      const bool is_void = other->entry.kind == ledger::EntryKind::void_;
      add(other->entry, std::nullopt, is_void ? voided_position(*other) : 0);
      WASL_TRY(note_collected(info, item));
    } else if (const auto* header = std::get_if<StandInItem>(&item)) {
      const auto source = number_of(header->header.source);
      WASL_TRY(health());
      WASL_TRY(rows_->save_stand_in(info.number, source, header->header.sequence, header->name, block));
    }
  }
  WASL_TRY(health());
  WASL_TRY(stored_tree::save_nodes(*rows_, info.number, std::move(nodes)));
  return rows_->add_entries(entries, block);
}

/// No revocation reaches behind it: the state without what it takes back would hold what was collected.
Status LogStore::note_collected(const SpaceInfo& info, const SegmentItem& item) {
  const auto collection = collection_of(item);
  if (!collection) return {};
  const std::string key = collected_key(info.name);
  WASL_LET(const auto stored, rows_->meta(key));
  WASL_LET(Collected collected, decode_collected(stored));
  collected.floor = std::max(collected.floor, collection->floor);
  collected.records += collection->records.size();
  return rows_->set_meta(key, encode(collected));
}

Status LogStore::restore_rows(std::string_view name, const NetworkId& network) {
  WASL_LET(SpaceInfo* const info, space(name));
  WASL_LET(const auto segments, read(name, 1, SIZE_MAX, network));
  WASL_LET(const auto blocks, rows_->block_numbers(info->number));
  WASL_TRY(rows_->drop_derived(info->number));
  WASL_TRY(rows_->set_meta(collected_key(name), {}));
  const Position size = std::exchange(info->size, info->begins_behind());
  info->frontier = info->start ? info->start->ground.frontier : ledger::Frontier();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i >= blocks.size() || segments[i].first != info->size + 1) return damaged_row("history");
    WASL_TRY(insert_entries(*info, segments[i], blocks[i]));
  }
  if (info->size != size) return damaged_row("history");
  return save_space(*info);
}

Status LogStore::truncate(std::string_view name, Position size, const NetworkId& network) {
  WASL_LET(SpaceInfo* const info, space(name));
  WASL_LET(const auto dropped, read(name, size + 1, SIZE_MAX, network));
  if (dropped.empty()) return {};
  const Position left = dropped.front().first - 1;
  std::set<Source> sources;
  for (const Segment& segment : dropped) {
    for (const SegmentItem& item : segment.items) {
      if (const auto* header = header_of(item)) sources.insert(header->source);
    }
  }
  WASL_LET(info->frontier, edge(*info, left));
  WASL_TRY(rows_->drop_behind(info->number, left));
  info->size = left;
  info->applied = std::min(info->applied, left);
  info->digested = std::min(info->digested, left);
  info->proved = std::min(info->proved, left);
  WASL_LET(const auto ends, ends_in_log(*info, sources, network));
  for (const auto& [source, end] : ends) WASL_TRY(chains_.save_end(info->number, source, end));
  return save_space(*info);
}

Result<std::map<Source, ChainEnd>> LogStore::ends_in_log(const SpaceInfo& info,
                                                         const std::set<Source>& sources,
                                                         const NetworkId& network) {
  std::map<Source, ChainEnd> ends;
  for (const Source& source : sources) {
    ends[source] = {};
    if (!info.start) continue;
    const auto before = info.start->ground.ends.find(source);
    if (before != info.start->ground.ends.end()) ends[source] = before->second;
  }
  for (Position next = info.begins_behind() + 1; next <= info.size;) {
    WASL_LET(const auto segments, read(info.name, next, limits::kSegmentTargetBytes, network));
    if (segments.empty()) return damaged_row("history");
    for (const Segment& segment : segments) {
      next = segment.first + entry_count(segment);
      for (const SegmentItem& item : segment.items) {
        const Header* header = header_of(item);
        if (header == nullptr) continue;
        if (const auto it = ends.find(header->source); it != ends.end()) {
          it->second = end_after(*header, name_of(item));
        }
      }
    }
  }
  return ends;
}

Result<std::vector<Segment>> LogStore::read(std::string_view name, Position from, std::size_t most_bytes,
                                            const NetworkId& network) {
  WASL_LET(const SpaceInfo* const info, space(name));
  return read_blocks(*rows_, *info, from, most_bytes, network);
}

Result<std::uint64_t> LogStore::bytes_behind(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  return rows_->bytes_behind(info->number, size);
}

// ── Trees ──

Result<Hash> LogStore::root(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(size <= info->size);
  if (size == info->size) return info->frontier.root();
  WASL_LET(const ledger::Frontier there, edge(*info, size));
  return there.root();
}

Result<ledger::Frontier> LogStore::frontier(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(size <= info->size);
  if (size == info->size) return info->frontier;
  return edge(*info, size);
}

/// Where the log begins behind entries, the subtrees to their left are in its ground alone.
Result<ledger::Frontier> LogStore::edge(const SpaceInfo& info, Position size) {
  if (!info.start) return stored_tree::frontier(*rows_, info, size);
  if (size < info.begins_behind()) return not_here(info);
  ledger::Frontier there = info.start->ground.frontier;
  WASL_LET(const auto entries, rows_->entries(info.number, there.size() + 1, size));
  if (entries.size() != size - there.size()) return damaged_row("log");
  const auto key = blinding_of(info);
  for (const StoredEntry& row : entries) there.append(ledger::leaf_hash(row.entry, key));
  return there;
}

Result<std::vector<Hash>> LogStore::consistency(std::string_view name, Position part, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(part <= size && size <= info->size);
  if (info->start) return not_here(*info);
  return stored_tree::consistency(*rows_, *info, part, size);
}

Result<std::vector<Hash>> LogStore::inclusion(std::string_view name, const std::vector<Position>& positions,
                                              Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  if (info->start) return not_here(*info);
  return stored_tree::inclusion(*rows_, *info, positions, size);
}

Result<std::vector<Hash>> LogStore::tree_nodes(std::string_view name, unsigned level, std::uint64_t first,
                                               std::size_t count) {
  WASL_LET(const SpaceInfo* const info, space(name));
  return stored_tree::nodes(*rows_, *info, level, first, count);
}

// ── A log that begins behind entries ──

Result<std::shared_ptr<const LogStart>> LogStore::start_of(const SpaceInfo& info) {
  WASL_LET(const auto stored, rows_->meta(start_key(info.name)));
  if (!stored || stored->empty()) return std::shared_ptr<const LogStart>();
  Reader in(*stored);
  auto start = std::make_shared<LogStart>();
  start->pieces.resize(static_cast<std::size_t>(in.count(in.left() / Hash::kSize)));
  for (Hash& name : start->pieces) name = in.fixed<Hash>();
  auto ground = snapshot::decode_ground(in.sized(kGroundMost), info.name);
  if (!ground || !in.finished()) return damaged_row("beginning of the log of " + info.name);
  start->ground = *std::move(ground);
  return std::shared_ptr<const LogStart>(std::move(start));
}

Status LogStore::each_parked(SpaceNumber space_number, const RecordVisit& visit) {
  return rows_->each_parked(space_number, [&](std::string_view id, ByteView stored) -> Status {
    Reader in(stored);
    WASL_LET(RecordState state, decode_state(in, *this));
    WASL_TRY(health());
    return visit(std::string(id), state);
  });
}

Result<snapshot::Ground> LogStore::ground(std::string_view name) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_LET(const auto last, rows_->entries(info->number, info->size, info->size));
  if (last.size() != 1) return damaged_row("log");
  snapshot::Ground out;
  out.frontier = info->frontier;
  out.authority = last.front().entry.authority;
  out.hub_time = last.front().entry.hub_time;
  WASL_LET(const auto ends, rows_->chain_ends(info->number));
  out.ends = {ends.begin(), ends.end()};
  WASL_LET(const auto stand_ins, rows_->lone_stand_ins(info->number));
  for (const StoredStandIn& one : stand_ins) out.stand_ins[{one.source, one.sequence}] = one.name;
  return out;
}

Status LogStore::begin_at(SpaceInfo& info, ByteView ground, const std::vector<Hash>& pieces) {
  WASL_ASSERT(info.size == 0);
  Writer stored;
  stored.varint(pieces.size());
  for (const Hash& name : pieces) stored.fixed(name);
  stored.sized(ground);
  WASL_TRY(rows_->set_meta(start_key(info.name), stored.bytes()));
  WASL_LET(info.start, start_of(info));
  info.frontier = info.start->ground.frontier;
  info.size = info.applied = info.frontier.size();
  for (const auto& [source, end] : info.start->ground.ends)
    WASL_TRY(chains_.save_end(info.number, source, end));
  WASL_TRY(flush_digest());
  info.digested = info.applied;
  return save_space(info);
}

Status LogStore::forget_log(SpaceInfo& info) {
  WASL_LET(const auto ends, rows_->chain_ends(info.number));
  for (const auto& [source, end] : ends) WASL_TRY(chains_.save_end(info.number, source, {}));
  WASL_TRY(rows_->drop_behind(info.number, 0));
  WASL_TRY(rows_->set_meta(collected_key(info.name), {}));
  WASL_TRY(rows_->set_meta(start_key(info.name), {}));  // a newer snapshot may have the same pieces
  info.start.reset();
  info.frontier = {};
  info.size = info.applied = info.digested = info.proved = info.authority = 0;
  return save_space(info);
}

Result<std::optional<Bytes>> LogStore::piece(SpaceNumber space_number, const Hash& name) {
  WASL_LET(const auto packed, rows_->piece(space_number, name));
  if (!packed) return std::optional<Bytes>();
  auto raw = decompress(*packed, limits::kFrameRoomBytes);
  if (!raw || snapshot::piece_name(*raw) != name) return damaged_row("snapshot from which the log began");
  return std::optional(*std::move(raw));
}

Status LogStore::each_start_record(const SpaceInfo& info, const RecordVisit& visit) {
  if (!info.start) return {};
  for (const Hash& name : info.start->pieces) {
    WASL_LET(const auto raw, piece(info.number, name));
    if (!raw) return damaged_row("snapshot from which the log began");
    auto records = snapshot::decode_piece(*raw);
    if (!records) return damaged_row("snapshot from which the log began");
    for (auto& [id, state] : *records) WASL_TRY(visit(id, state));
  }
  return {};
}

Status LogStore::each_kept_record(const SpaceInfo& info, const RecordVisit& visit) {
  WASL_LET(const auto names, rows_->piece_names(info.number));
  for (const Hash& name : names) {
    const auto raw = piece(info.number, name);
    if (!raw || !*raw) continue;  // `verify` names what is damaged
    auto records = snapshot::decode_piece(**raw);
    if (!records) continue;  // a part of the ground
    for (auto& [id, state] : *records) WASL_TRY(visit(id, state));
  }
  return {};
}

Result<std::optional<Hash>> LogStore::stand_in(const Source& source, Sequence sequence) {
  WASL_LET(const auto here, rows_->stand_in(source, sequence));
  if (here) return here;
  WASL_LET(const ChainEnd end, chains_.end(source));
  if (end.space.empty()) return std::optional<Hash>();
  WASL_LET(const SpaceInfo* const info, space(end.space));
  if (!info->start) return std::optional<Hash>();
  const auto before = info->start->ground.stand_ins.find({source, sequence});
  return before == info->start->ground.stand_ins.end() ? std::nullopt : std::optional(before->second);
}

// ── Entries ──

EntryRow LogStore::with_source(const StoredEntry& stored) {
  EntryRow row;
  row.space = stored.space;
  row.position = stored.position;
  row.entry = stored.entry;
  if (stored.source) {
    row.source = source_of(*stored.source);
    row.sequence = stored.sequence.value_or(0);
  } else {
    row.voids = stored.sequence.value_or(0);
  }
  return row;
}

Result<std::optional<EntryRow>> LogStore::find(const Source& source, Sequence sequence) {
  WASL_LET(const auto stored, rows_->find(source, sequence));
  if (!stored) return std::optional<EntryRow>();
  EntryRow row;
  row.space = stored->space;
  row.position = stored->position;
  row.entry = stored->entry;
  row.source = source;
  row.sequence = sequence;
  return std::optional(row);
}

Result<bool> LogStore::has_entry(std::string_view name, const Source& source, Sequence sequence) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_LET(const auto here, rows_->find(source, sequence));
  return here.has_value() || stands_before(*info, source, sequence);
}

Result<std::vector<EntryRow>> LogStore::accepted_of(const Author& author, SpaceNumber space_number,
                                                    Millis since) {
  WASL_LET(const auto stored, rows_->accepted_of(author, space_number, since));
  std::vector<EntryRow> rows;
  for (const StoredEntry& one : stored) rows.push_back(with_source(one));
  return rows;
}

Result<std::vector<EntryRow>> LogStore::entries(std::string_view name, Position from, Position to) {
  WASL_LET(SpaceInfo* const info, space(name));
  WASL_LET(const auto stored, rows_->entries(info->number, from, to));
  std::vector<EntryRow> rows;
  rows.reserve(stored.size());
  for (const StoredEntry& one : stored) rows.push_back(with_source(one));
  return rows;
}

Result<std::map<Position, Hash>> LogStore::adopted(SpaceNumber space_number) {
  WASL_LET(const auto stored, rows_->adopted(space_number));
  return std::map<Position, Hash>(stored.begin(), stored.end());
}

Result<std::set<Position>> LogStore::voided(SpaceNumber space_number, Position until) {
  WASL_LET(const auto stored, rows_->voided(space_number, until));
  return std::set<Position>(stored.begin(), stored.end());
}

// ── Openings, parked records, digest ──

Status LogStore::put_opening(const OpeningItem& item) {
  Writer value;
  item.opening.value.encode(value);
  return rows_->add_opening(item.commitment, item.opening.salt, value.bytes());
}

Result<std::optional<Opening>> LogStore::opening(const Hash& commitment) {
  WASL_LET(const auto stored, rows_->opening(commitment));
  if (!stored) return std::optional<Opening>();
  const auto salt = Salt::from(stored->salt);
  Reader in(stored->value);
  Opening opening{salt.value_or(Salt{}), Value::decode(in)};
  if (!salt || !in.finished()) return damaged_row("opening of a personal value");
  return std::optional(std::move(opening));
}

Result<std::optional<RecordState>> LogStore::parked(SpaceNumber space_number, std::string_view id) {
  WASL_LET(const auto stored, rows_->parked(space_number, id));
  if (!stored) return std::optional<RecordState>();
  Reader in(*stored);
  WASL_LET(RecordState state, decode_state(in, *this));
  WASL_TRY(health());
  return std::optional(std::move(state));
}

Status LogStore::park(SpaceNumber space_number, std::string_view id, const RecordState& state) {
  Writer out;
  encode_state(out, state, *this);
  WASL_TRY(health());
  return rows_->park(space_number, id, out.bytes());
}

Result<Hash> LogStore::digest(std::string_view name) {
  WASL_TRY(flush_digest());
  WASL_LET(const SpaceInfo* const info, space(name));
  return digests_.root(info->number);
}

Status LogStore::clear_state(SpaceNumber space_number) {
  WASL_TRY(rows_->drop_state(space_number));
  digests_.drop(space_number);
  return {};
}

}  // namespace wasl
