#include "shared/store/log_store.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/limits.hpp"
#include "shared/store/stored_blocks.hpp"
#include "shared/store/stored_tree.hpp"

namespace wasl {

tl::unexpected<Error> damaged_row(std::string_view what) {
  return fail(Errc::corrupt, "the stored " + std::string(what) + " is damaged",
              "run: wasl verify; history can be fetched again from the hub");
}

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

Status LogStore::restore_rows(std::string_view name, const NetworkId& network) {
  WASL_LET(SpaceInfo* const info, space(name));
  WASL_LET(const auto segments, read(name, 1, SIZE_MAX, network));
  WASL_LET(const auto blocks, rows_->block_numbers(info->number));
  WASL_TRY(rows_->drop_derived(info->number));
  const Position size = std::exchange(info->size, 0);
  info->frontier = {};
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
  WASL_LET(info->frontier, stored_tree::frontier(*rows_, *info, left));
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
  for (const Source& source : sources) ends[source] = {};
  for (Position next = 1; next <= info.size;) {
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
  WASL_LET(const ledger::Frontier edge, stored_tree::frontier(*rows_, *info, size));
  return edge.root();
}

Result<ledger::Frontier> LogStore::frontier(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(size <= info->size);
  if (size == info->size) return info->frontier;
  return stored_tree::frontier(*rows_, *info, size);
}

Result<std::vector<Hash>> LogStore::consistency(std::string_view name, Position part, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(part <= size && size <= info->size);
  return stored_tree::consistency(*rows_, *info, part, size);
}

Result<std::vector<Hash>> LogStore::inclusion(std::string_view name, const std::vector<Position>& positions,
                                              Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  return stored_tree::inclusion(*rows_, *info, positions, size);
}

Result<std::vector<Hash>> LogStore::tree_nodes(std::string_view name, unsigned level, std::uint64_t first,
                                               std::size_t count) {
  WASL_LET(const SpaceInfo* const info, space(name));
  return stored_tree::nodes(*rows_, *info, level, first, count);
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
