#include "shared/store/log_store.hpp"

#include <utility>

#include "shared/base/limits.hpp"
#include "shared/wire/compression.hpp"

namespace wasl {
namespace {

constexpr unsigned kNodeLevel =
    6;  // complete subtrees of 64 leaves and more are kept; smaller ones are made anew

constexpr std::string_view kTables = R"sql(
CREATE TABLE IF NOT EXISTS _wasl_meta(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_space(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
  applied INTEGER NOT NULL, digested INTEGER NOT NULL DEFAULT 0, frontier BLOB NOT NULL, key BLOB, leaf_index INTEGER NOT NULL, leaf BLOB NOT NULL,
  as_of INTEGER NOT NULL, proved INTEGER NOT NULL DEFAULT 0, authority INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS _wasl_node(space INTEGER NOT NULL, level INTEGER NOT NULL, no INTEGER NOT NULL,
  hash BLOB NOT NULL, PRIMARY KEY(space, level, no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_source(no INTEGER PRIMARY KEY, author BLOB NOT NULL, chain BLOB NOT NULL,
  space INTEGER, last INTEGER NOT NULL DEFAULT 0, name BLOB, stamp INTEGER NOT NULL DEFAULT 0, UNIQUE(author, chain));
CREATE TABLE IF NOT EXISTS _wasl_entry(space INTEGER NOT NULL, position INTEGER NOT NULL, kind INTEGER NOT NULL,
  hash BLOB NOT NULL, authority INTEGER NOT NULL, time INTEGER NOT NULL, source INTEGER, sequence INTEGER,
  block INTEGER NOT NULL, PRIMARY KEY(space, position)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS _wasl_entry_source ON _wasl_entry(source, sequence) WHERE source IS NOT NULL;
CREATE INDEX IF NOT EXISTS _wasl_entry_void ON _wasl_entry(space, sequence) WHERE kind = 3;
CREATE INDEX IF NOT EXISTS _wasl_entry_adopt ON _wasl_entry(space, position) WHERE kind = 2;
CREATE TABLE IF NOT EXISTS _wasl_stand_in(source INTEGER NOT NULL, sequence INTEGER NOT NULL, name BLOB NOT NULL,
  block INTEGER NOT NULL, PRIMARY KEY(source, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_block(no INTEGER PRIMARY KEY, space INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, raw INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS _wasl_block_first ON _wasl_block(space, last);
CREATE TABLE IF NOT EXISTS _wasl_opening(commitment BLOB PRIMARY KEY, salt BLOB NOT NULL, value BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_parked(space INTEGER NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY(space, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_bucket(space INTEGER NOT NULL, bucket INTEGER NOT NULL, hash BLOB NOT NULL,
  data BLOB NOT NULL, PRIMARY KEY(space, bucket)) WITHOUT ROWID;
)sql";

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Errc::corrupt, "the stored " + std::string(what) + " is damaged",
              "run: wasl verify; history can be fetched again from the hub");
}

/// Position, kind, hash, authority position and time, as the first columns of a row.
Result<EntryRow> read_entry(const Statement& select) {
  const auto hash = Hash::from(select.blob(2));
  if (!hash || select.int64(0) < 1 || select.int64(3) < 0 || select.int64(4) < 0) return damaged("log");
  EntryRow row;
  row.position = static_cast<Position>(select.int64(0));
  row.entry.kind = static_cast<ledger::EntryKind>(select.int64(1));
  row.entry.hash = *hash;
  row.entry.authority = static_cast<std::uint64_t>(select.int64(3));
  row.entry.hub_time = select.int64(4);
  return row;
}

}  // namespace

Status LogStore::create_tables(Database& database) { return database.exec(kTables); }

Status LogStore::refresh() {
  WASL_LET(const std::int64_t version, db_->data_version());
  if (version != data_version_ || db_->undone() != undone_) forget();
  data_version_ = version;
  undone_ = db_->undone();
  failed_.reset();  // of an earlier transaction, which has told it
  return {};
}

void LogStore::forget() {
  spaces_.clear();
  numbers_.clear();
  sources_.clear();
  ends_.clear();
  for (auto& [number, digest] : digests_) digest.current = false;
  ++forgotten_;  // also where none is left: they may have been flushed by what was rolled back
  noted_.clear();
  noted_count_ = 0;
  failed_.reset();
  data_version_ = -1;
}

Result<SpaceInfo*> LogStore::space(std::string_view name) {
  if (const auto it = spaces_.find(name); it != spaces_.end()) return &it->second;
  SpaceInfo info;
  info.name = name;
  WASL_LET(auto select,
           db_->prepare("SELECT no, size, applied, frontier, key, leaf_index, leaf, as_of, digested, proved, "
                        "authority FROM _wasl_space WHERE name = ?"));
  select.bind_all(name);
  WASL_LET(const bool found, select.step());
  if (found) {
    for (const int number : {1, 2, 5, 8, 9, 10}) {
      if (select.int64(number) < 0) return damaged("list of spaces");
    }
    if (select.int64(9) > select.int64(1)) return damaged("list of spaces");
    info.number = select.int64(0);
    info.size = static_cast<Position>(select.int64(1));
    info.applied = static_cast<Position>(select.int64(2));
    auto frontier = ledger::Frontier::decode(select.blob(3));
    if (!frontier || frontier->size() != info.size) return damaged("Merkle frontier");
    info.frontier = std::move(*frontier);
    if (!select.is_null(4)) info.key = ledger::BlindingKey::from(select.blob(4));
    info.leaf_index = static_cast<std::uint64_t>(select.int64(5));
    info.leaf = to_bytes(select.blob(6));
    info.as_of = select.int64(7);
    info.digested = static_cast<Position>(select.int64(8));
    info.proved = static_cast<Position>(select.int64(9));
    info.authority = static_cast<Position>(select.int64(10));
  } else {
    WASL_LET(auto insert,
             db_->prepare("INSERT INTO _wasl_space(name, size, applied, frontier, leaf_index, leaf, "
                          "as_of) VALUES(?, 0, 0, ?, 0, x'', 0)"));
    insert.bind_all(name, ByteView(info.frontier.encode()));
    WASL_TRY(insert.run());
    info.number = db_->last_insert_id();
  }
  return &spaces_.emplace(std::string(name), std::move(info)).first->second;
}

Result<std::vector<std::string>> LogStore::space_names() {
  std::vector<std::string> names;
  WASL_LET(auto select, db_->prepare("SELECT name FROM _wasl_space ORDER BY no"));
  for (;;) {
    WASL_LET(const bool row, select.step());
    if (!row) return names;
    names.emplace_back(select.text(0));
  }
}

Result<bool> LogStore::has_space(std::string_view name) {
  WASL_LET(auto select, db_->prepare("SELECT 1 FROM _wasl_space WHERE name = ?"));
  select.bind_all(name);
  return select.step();
}

Status LogStore::save_space(const SpaceInfo& info) {
  WASL_LET(auto update, db_->prepare("UPDATE _wasl_space SET size = ?, applied = ?, frontier = ?, key = ?, "
                                     "leaf_index = ?, leaf = ?, as_of = ?, digested = ?, proved = ?, "
                                     "authority = ? WHERE no = ?"));
  update.bind_all(info.size, info.applied, ByteView(info.frontier.encode()), info.key, info.leaf_index,
                  ByteView(info.leaf), info.as_of, info.digested, info.proved, info.authority, info.number);
  return update.run();
}

std::uint64_t LogStore::number_of(const Source& source) {
  if (const auto it = numbers_.find(source); it != numbers_.end()) return it->second;
  const auto look_up = [&]() -> Result<std::uint64_t> {
    WASL_LET(auto select, db_->prepare("SELECT no FROM _wasl_source WHERE author = ? AND chain = ?"));
    select.bind_all(source.author, source.chain);
    WASL_LET(const bool found, select.step());
    if (found) return static_cast<std::uint64_t>(select.int64(0));
    WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_source(author, chain) VALUES(?, ?)"));
    insert.bind_all(source.author, source.chain);
    WASL_TRY(insert.run());
    return static_cast<std::uint64_t>(db_->last_insert_id());
  };
  auto number = look_up();
  if (!number) {
    failed_ = number.error();
    return 0;
  }
  numbers_[source] = *number;
  sources_[*number] = source;
  return *number;
}

const Source& LogStore::source_of(std::uint64_t number) {
  if (const auto it = sources_.find(number); it != sources_.end()) return it->second;
  static const Source kNone{};
  const auto look_up = [&]() -> Result<Source> {
    WASL_LET(auto select, db_->prepare("SELECT author, chain FROM _wasl_source WHERE no = ?"));
    select.bind_all(number);
    WASL_LET(const bool found, select.step());
    if (!found) return damaged("list of chains");
    const auto author = Author::from(select.blob(0));
    const auto chain = ChainId::from(select.blob(1));
    if (!author || !chain) return damaged("list of chains");
    return Source{*author, *chain};
  };
  if (number > INT64_MAX) return kNone;
  auto source = look_up();
  if (!source) {
    failed_ = source.error();
    return kNone;
  }
  numbers_[*source] = number;
  return sources_[number] = *source;
}

Status LogStore::health() {
  if (failed_) return tl::unexpected(*failed_);
  return {};
}

Result<ChainEnd> LogStore::chain_end(const Source& source) {
  if (const auto it = ends_.find(source); it != ends_.end()) return it->second;
  ChainEnd end;
  WASL_LET(auto select,
           db_->prepare("SELECT last, name, (SELECT s.name FROM _wasl_space s WHERE s.no = space), stamp "
                        "FROM _wasl_source WHERE author = ? AND chain = ?"));
  select.bind_all(source.author, source.chain);
  WASL_LET(const bool found, select.step());
  if (found && select.int64(0) > 0) {
    end.last = static_cast<Sequence>(select.int64(0));
    const auto name = Hash::from(select.blob(1));
    if (!name) return damaged("list of chains");
    end.name = *name;
    end.space = select.text(2);
    end.stamp.bits = static_cast<std::uint64_t>(select.int64(3));
  }
  ends_[source] = end;
  return end;
}

Status LogStore::follow_chain(SpaceNumber space, const Header& header, const Hash& name) {
  WASL_LET(const ChainEnd end, chain_end(header.source));
  WASL_TRY(check_next(end, header));
  return save_chain_end(space, header.source, end_after(header, name));
}

Status LogStore::save_chain_end(SpaceNumber space, const Source& source, const ChainEnd& end) {
  const auto number = number_of(source);
  WASL_TRY(health());
  WASL_LET(auto update,
           db_->prepare("UPDATE _wasl_source SET last = ?, name = ?, space = ?, stamp = ? WHERE no = ?"));
  update.bind_all(end.last, end.name, end.last > 0 ? std::optional(space) : std::nullopt,
                  static_cast<std::int64_t>(end.stamp.bits), number);
  WASL_TRY(update.run());
  ends_[source] = end;
  return {};
}

Status LogStore::insert_entry(SpaceInfo& info, const ledger::Entry& entry, const Source* source,
                              Sequence sequence, std::int64_t block) {
  std::vector<ledger::Node> nodes;
  info.frontier.append(ledger::leaf_hash(entry, is_private_space(info.name) ? info.key : std::nullopt),
                       nodes);
  WASL_TRY(save_nodes(info.number, nodes));
  ++info.size;
  std::optional<std::uint64_t> number;
  if (source != nullptr) number = number_of(*source);
  WASL_TRY(health());
  WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_entry VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.bind_all(info.number, info.size, static_cast<int>(entry.kind), entry.hash, entry.authority,
                  entry.hub_time, number, sequence != 0 ? std::optional(sequence) : std::nullopt, block);
  return insert.run();
}

Status LogStore::append(const Segment& segment) {
  WASL_LET(SpaceInfo* const info, space(segment.space));
  WASL_ASSERT(segment.first == info->size + 1);
  if (is_private_space(info->name) && !info->key) {
    return fail(Errc::malformed, "the hub sent entries of " + info->name + " without its blinding key");
  }
  const Bytes raw = encode_items(segment);
  const Bytes packed = compress(raw, kBlockLevel);
  WASL_LET(auto insert,
           db_->prepare("INSERT INTO _wasl_block(space, first, last, raw, data) VALUES(?, ?, ?, ?, ?)"));
  insert.bind_all(info->number, segment.first, segment.first + entry_count(segment) - 1, raw.size(),
                  ByteView(packed));
  WASL_TRY(insert.run());
  const std::int64_t block = db_->last_insert_id();
  for (const SegmentItem& item : segment.items) {
    if (const Header* header = header_of(item)) {
      WASL_TRY(follow_chain(info->number, *header, name_of(item)));
    }
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
  for (const SegmentItem& item : segment.items) {
    if (const ChangeSet* set = effect_of(item)) {
      WASL_TRY(insert_entry(info, *entry_of(item), &set->header.source, set->header.sequence, block));
    } else if (const auto* other = std::get_if<EntryItem>(&item)) {
      const bool is_void = other->entry.kind == ledger::EntryKind::void_;
      WASL_TRY(insert_entry(info, other->entry, nullptr, is_void ? voided_position(*other) : 0, block));
    } else if (const auto* header = std::get_if<StandInItem>(&item)) {
      const auto source = number_of(header->header.source);
      WASL_TRY(health());
      WASL_LET(auto insert, db_->prepare("INSERT OR REPLACE INTO _wasl_stand_in VALUES(?, ?, ?, ?)"));
      insert.bind_all(source, header->header.sequence, header->name, block);
      WASL_TRY(insert.run());
    }
  }
  return {};
}

Status LogStore::restore_rows(std::string_view name, const NetworkId& network) {
  WASL_LET(SpaceInfo* const info, space(name));
  WASL_LET(const auto segments, read(name, 1, SIZE_MAX, network));
  for (const std::string_view table : {"_wasl_entry", "_wasl_node"}) {
    WASL_LET(auto erase, db_->prepare("DELETE FROM " + std::string(table) + " WHERE space = ?"));
    erase.bind_all(info->number);
    WASL_TRY(erase.run());
  }
  const Position size = std::exchange(info->size, 0);
  info->frontier = {};
  WASL_LET(auto blocks, db_->prepare("SELECT no FROM _wasl_block WHERE space = ? ORDER BY last"));
  blocks.bind_all(info->number);
  for (const Segment& segment : segments) {
    WASL_LET(const bool found, blocks.step());
    if (!found || segment.first != info->size + 1) return damaged("history");
    WASL_TRY(insert_entries(*info, segment, blocks.int64(0)));
  }
  if (info->size != size) return damaged("history");
  return save_space(*info);
}

Status LogStore::save_nodes(SpaceNumber space, const std::vector<ledger::Node>& nodes) {
  for (const ledger::Node& node : nodes) {
    if (node.level < kNodeLevel) continue;
    WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_node VALUES(?, ?, ?, ?)"));
    insert.bind_all(space, node.level, node.index, node.hash);
    WASL_TRY(insert.run());
  }
  return {};
}

/// Hash of a complete subtree: as kept, or made of the entries below it.
Result<Hash> LogStore::node(const SpaceInfo& info, unsigned level, std::uint64_t index) {
  if (level >= kNodeLevel) {
    WASL_LET(auto select,
             db_->prepare("SELECT hash FROM _wasl_node WHERE space = ? AND level = ? AND no = ?"));
    select.bind_all(info.number, level, index);
    WASL_LET(const bool found, select.step());
    const auto hash = found ? Hash::from(select.blob(0)) : std::nullopt;
    if (!hash) return damaged("tree of " + info.name);
    return *hash;
  }
  const Position first = index << level;
  const Position count = Position{1} << level;
  WASL_LET(const auto rows, entries(info.name, first + 1, first + count));
  if (rows.size() != count) return damaged("log");
  ledger::Frontier subtree;
  for (const EntryRow& row : rows) {
    subtree.append(ledger::leaf_hash(row.entry, is_private_space(info.name) ? info.key : std::nullopt));
  }
  return subtree.root();
}

Result<ledger::Frontier> LogStore::frontier_at(const SpaceInfo& info, Position size) {
  std::optional<Error> failed;  // a NodeAt cannot fail
  auto frontier = ledger::Frontier::at(size, [&](unsigned level, std::uint64_t index) {
    const auto hash = node(info, level, index);
    if (!hash) failed = hash.error();
    return hash ? *hash : Hash{};
  });
  if (failed) return tl::unexpected(std::move(*failed));
  return frontier;
}

Result<Hash> LogStore::root(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(size <= info->size);
  if (size == info->size) return info->frontier.root();
  WASL_LET(const ledger::Frontier frontier, frontier_at(*info, size));
  return frontier.root();
}

Result<ledger::Frontier> LogStore::frontier(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(size <= info->size);
  if (size == info->size) return info->frontier;
  return frontier_at(*info, size);
}

Result<std::vector<Hash>> LogStore::consistency(std::string_view name, Position part, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_ASSERT(part <= size && size <= info->size);
  std::optional<Error> failed;  // a NodeAt cannot fail
  auto proof = ledger::consistency_proof(part, size, [&](unsigned level, std::uint64_t index) {
    const auto hash = node(*info, level, index);
    if (!hash) failed = hash.error();
    return hash ? *hash : Hash{};
  });
  if (failed) return tl::unexpected(std::move(*failed));
  return proof;
}

Result<std::vector<Hash>> LogStore::inclusion(std::string_view name, const std::vector<Position>& positions,
                                              Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  std::vector<std::uint64_t> indexes;
  for (const Position position : positions) indexes.push_back(position - 1);
  std::optional<Error> failed;  // a NodeAt cannot fail
  auto proof = ledger::inclusion_proofs(indexes, size, [&](unsigned level, std::uint64_t index) {
    const auto hash = node(*info, level, index);
    if (!hash) failed = hash.error();
    return hash ? *hash : Hash{};
  });
  if (failed) return tl::unexpected(std::move(*failed));
  return proof;
}

Result<std::vector<Hash>> LogStore::tree_nodes(std::string_view name, unsigned level, std::uint64_t first,
                                               std::size_t count) {
  WASL_ASSERT(level == 0 || level >= kNodeLevel);
  WASL_LET(const SpaceInfo* const info, space(name));
  std::vector<Hash> nodes;
  if (level == 0) {
    WASL_LET(const auto rows, entries(name, first + 1, first + count));
    for (const EntryRow& row : rows)
      nodes.push_back(ledger::leaf_hash(row.entry, is_private_space(name) ? info->key : std::nullopt));
  } else {
    WASL_LET(auto select, db_->prepare("SELECT hash FROM _wasl_node WHERE space = ?1 AND level = ?2 AND "
                                       "no >= ?3 AND no < ?3 + ?4 ORDER BY no"));
    select.bind_all(info->number, level, first, std::uint64_t{count});
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      const auto hash = Hash::from(select.blob(0));
      if (!hash) return damaged("tree of " + info->name);
      nodes.push_back(*hash);
    }
  }
  if (nodes.size() != count) return damaged("tree of " + info->name);
  return nodes;
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
  WASL_LET(info->frontier, frontier_at(*info, left));
  for (const std::string_view sql :
       {"DELETE FROM _wasl_entry WHERE space = ?1 AND position > ?2",
        "DELETE FROM _wasl_stand_in WHERE block IN "
        "(SELECT no FROM _wasl_block WHERE space = ?1 AND last > ?2)",
        "DELETE FROM _wasl_block WHERE space = ?1 AND last > ?2",
        "DELETE FROM _wasl_node WHERE space = ?1 AND ((no + 1) << level) > ?2"}) {
    WASL_LET(auto erase, db_->prepare(sql));
    erase.bind_all(info->number, left);
    WASL_TRY(erase.run());
  }
  info->size = left;
  info->applied = std::min(info->applied, left);
  info->digested = std::min(info->digested, left);
  info->proved = std::min(info->proved, left);
  WASL_LET(const auto ends, ends_in_log(*info, sources, network));
  for (const auto& [source, end] : ends) WASL_TRY(save_chain_end(info->number, source, end));
  return save_space(*info);
}

Result<bool> LogStore::has_rows_behind(const SpaceInfo& info) {
  for (const std::string_view sql :
       {"SELECT 1 FROM _wasl_entry WHERE space = ?1 AND position > ?2 LIMIT 1",
        "SELECT 1 FROM _wasl_block WHERE space = ?1 AND last > ?2 LIMIT 1",
        "SELECT 1 FROM _wasl_node WHERE space = ?1 AND ((no + 1) << level) > ?2 LIMIT 1"}) {
    WASL_LET(auto select, db_->prepare(sql));
    select.bind_all(info.number, info.size);
    WASL_LET(const bool found, select.step());
    if (found) return true;
  }
  return false;
}

Result<std::map<Source, ChainEnd>> LogStore::ends_in_log(const SpaceInfo& info,
                                                         const std::set<Source>& sources,
                                                         const NetworkId& network) {
  std::map<Source, ChainEnd> ends;
  for (const Source& source : sources) ends[source] = {};
  for (Position next = 1; next <= info.size;) {
    WASL_LET(const auto segments, read(info.name, next, limits::kSegmentTargetBytes, network));
    if (segments.empty()) return damaged("history");
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

Result<std::optional<EntryRow>> LogStore::find(const Source& source, Sequence sequence) {
  WASL_LET(auto select,
           db_->prepare("SELECT e.position, e.kind, e.hash, e.authority, e.time, e.space FROM _wasl_source s "
                        "JOIN _wasl_entry e ON e.source = s.no AND e.sequence = ?3 "
                        "WHERE s.author = ?1 AND s.chain = ?2"));
  select.bind_all(source.author, source.chain, sequence);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<EntryRow>();
  WASL_LET(EntryRow row, read_entry(select));
  row.space = static_cast<SpaceNumber>(select.int64(5));
  row.source = source;
  row.sequence = sequence;
  return std::optional(row);
}

Result<std::optional<Hash>> LogStore::stand_in(const Source& source, Sequence sequence) {
  WASL_LET(auto select, db_->prepare("SELECT i.name FROM _wasl_source s JOIN _wasl_stand_in i "
                                     "ON i.source = s.no AND i.sequence = ?3 "
                                     "WHERE s.author = ?1 AND s.chain = ?2"));
  select.bind_all(source.author, source.chain, sequence);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<Hash>();
  const auto name = Hash::from(select.blob(0));
  if (!name) return damaged("list of chains");
  return name;
}

Result<std::vector<EntryRow>> LogStore::accepted_of(const Author& author, SpaceNumber space_number,
                                                    Millis since) {
  std::vector<EntryRow> rows;
  WASL_LET(auto select,
           db_->prepare("SELECT e.position, e.kind, e.hash, e.authority, e.time, e.source, e.sequence "
                        "FROM _wasl_source s JOIN _wasl_entry e ON e.source = s.no WHERE s.author = ?1 "
                        "AND e.space = ?2 AND e.kind = 1 AND e.time >= ?3 ORDER BY e.position"));
  select.bind_all(author, space_number, since);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return rows;
    WASL_LET(EntryRow row, read_entry(select));
    row.space = space_number;
    row.source = source_of(static_cast<std::uint64_t>(select.int64(5)));
    row.sequence = static_cast<Sequence>(select.int64(6));
    rows.push_back(row);
  }
}

Result<std::map<Position, Hash>> LogStore::adopted(SpaceNumber space_number) {
  std::map<Position, Hash> out;
  WASL_LET(auto select, db_->prepare("SELECT position, hash FROM _wasl_entry WHERE space = ? AND kind = 2"));
  select.bind_all(space_number);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    const auto hash = Hash::from(select.blob(1));
    if (!hash) return damaged("log");
    out.emplace(static_cast<Position>(select.int64(0)), *hash);
  }
}

Result<std::set<Position>> LogStore::voided(SpaceNumber space_number, Position until) {
  std::set<Position> positions;
  WASL_LET(auto select, db_->prepare("SELECT sequence FROM _wasl_entry WHERE space = ? AND kind = 3 AND "
                                     "position <= ?"));
  select.bind_all(space_number, until);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return positions;
    positions.insert(static_cast<Position>(select.int64(0)));
  }
}

Result<std::vector<EntryRow>> LogStore::entries(std::string_view name, Position from, Position to) {
  WASL_LET(SpaceInfo* const info, space(name));
  std::vector<EntryRow> rows;
  WASL_LET(auto select,
           db_->prepare("SELECT position, kind, hash, authority, time, source, sequence FROM _wasl_entry "
                        "WHERE space = ? AND position BETWEEN ? AND ? ORDER BY position"));
  select.bind_all(info->number, from, to);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return rows;
    WASL_LET(EntryRow row, read_entry(select));
    row.space = info->number;
    if (!select.is_null(5)) {
      if (select.int64(5) < 0 || select.int64(6) < 0) return damaged("log");
      row.source = source_of(static_cast<std::uint64_t>(select.int64(5)));
      row.sequence = static_cast<Sequence>(select.int64(6));
    } else if (!select.is_null(6)) {
      row.voids = static_cast<Position>(select.int64(6));
    }
    rows.push_back(row);
  }
}

Result<std::vector<Segment>> LogStore::read(std::string_view name, Position from, std::size_t most_bytes,
                                            const NetworkId& network) {
  WASL_LET(SpaceInfo* const info, space(name));
  std::vector<Segment> segments;
  std::size_t bytes = 0;
  WASL_LET(auto select, db_->prepare("SELECT first, raw, data FROM _wasl_block WHERE space = ? AND last >= ? "
                                     "ORDER BY last"));
  select.bind_all(info->number, from);
  while (bytes < most_bytes) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    auto raw = decompress(select.blob(2), limits::kFrameRoomBytes);
    if (!raw || select.int64(0) < 0) return damaged("history");
    bytes += raw->size();
    auto segment = decode_items(std::string(name), static_cast<Position>(select.int64(0)), *raw, network);
    if (!segment) return damaged("history");
    segments.push_back(std::move(*segment));
  }
  return segments;
}

Status LogStore::put_opening(const OpeningItem& item) {
  Writer value;
  item.opening.value.encode(value);
  WASL_LET(auto insert, db_->prepare("INSERT OR IGNORE INTO _wasl_opening VALUES(?, ?, ?)"));
  insert.bind_all(item.commitment, item.opening.salt, ByteView(value.bytes()));
  return insert.run();
}

Result<std::uint64_t> LogStore::bytes_behind(std::string_view name, Position size) {
  WASL_LET(const SpaceInfo* const info, space(name));
  WASL_LET(auto select,
           db_->prepare("SELECT total(length(data)) FROM _wasl_block WHERE space = ? AND last > ?"));
  select.bind_all(info->number, size);
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

Result<std::optional<Opening>> LogStore::opening(const Hash& commitment) {
  WASL_LET(auto select, db_->prepare("SELECT salt, value FROM _wasl_opening WHERE commitment = ?"));
  select.bind_all(commitment);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<Opening>();
  const auto salt = Salt::from(select.blob(0));
  Reader in(select.blob(1));
  Opening opening{salt.value_or(Salt{}), Value::decode(in)};
  if (!salt || !in.finished()) return damaged("opening of a personal value");
  return std::optional(std::move(opening));
}

Result<std::vector<Hash>> LogStore::openings() {
  std::vector<Hash> out;
  WASL_LET(auto select, db_->prepare("SELECT commitment FROM _wasl_opening"));
  for (;;) {
    WASL_LET(const bool row, select.step());
    if (!row) return out;
    if (const auto commitment = Hash::from(select.blob(0))) out.push_back(*commitment);
  }
}

Status LogStore::forget_opening(const Hash& commitment) {
  WASL_LET(auto erase, db_->prepare("DELETE FROM _wasl_opening WHERE commitment = ?"));
  erase.bind_all(commitment);
  return erase.run();
}

Result<std::optional<RecordState>> LogStore::parked(SpaceNumber space_number, std::string_view id) {
  WASL_LET(auto select, db_->prepare("SELECT state FROM _wasl_parked WHERE space = ? AND id = ?"));
  select.bind_all(space_number, id);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<RecordState>();
  Reader in(select.blob(0));
  WASL_LET(RecordState state, decode_state(in, *this));
  WASL_TRY(health());
  return std::optional(std::move(state));
}

Status LogStore::park(SpaceNumber space_number, std::string_view id, const RecordState& state) {
  Writer out;
  encode_state(out, state, *this);
  WASL_TRY(health());
  WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_parked VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET "
                                     "state = excluded.state"));
  insert.bind_all(space_number, id, ByteView(out.bytes()));
  return insert.run();
}

Status LogStore::unpark(SpaceNumber space_number, std::string_view id) {
  WASL_LET(auto erase, db_->prepare("DELETE FROM _wasl_parked WHERE space = ? AND id = ?"));
  erase.bind_all(space_number, id);
  return erase.run();
}

void LogStore::note_record(SpaceNumber space_number, std::string_view id, const Hash& hash) {
  const Hash id_hash = ledger::id_hash(id);
  noted_[{space_number, ledger::bucket_of(id_hash)}].emplace_back(id_hash, hash);
  ++noted_count_;
}

Status LogStore::flush_digest() {
  for (const auto& [key, records] : noted_) {
    const auto& [space_number, bucket_number] = key;
    ledger::Bucket bucket;
    WASL_LET(auto select, db_->prepare("SELECT data FROM _wasl_bucket WHERE space = ? AND bucket = ?"));
    select.bind_all(space_number, bucket_number);
    WASL_LET(const bool found, select.step());
    if (found) {
      auto stored = ledger::Bucket::decode(select.blob(0));
      if (!stored) return damaged("state digest");
      bucket = std::move(*stored);
    }
    for (const auto& [id_hash, record] : records) {
      if (record.is_zero()) {
        bucket.erase(id_hash);
      } else {
        bucket.set(id_hash, record);
      }
    }
    const Hash hash = bucket.hash();
    WASL_LET(auto insert,
             db_->prepare("INSERT INTO _wasl_bucket VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                          "hash = excluded.hash, data = excluded.data"));
    insert.bind_all(space_number, bucket_number, hash, ByteView(bucket.encode()));
    WASL_TRY(insert.run());
    if (const auto digest = digests_.find(space_number); digest != digests_.end())
      digest->second.tree.set(bucket_number, hash);
  }
  noted_.clear();
  noted_count_ = 0;
  return {};
}

Result<Hash> LogStore::digest(std::string_view name) {
  WASL_TRY(flush_digest());
  WASL_LET(SpaceInfo* const info, space(name));
  StateDigest& digest = digests_[info->number];
  if (!digest.current) {
    std::vector<std::pair<unsigned, Hash>> filled;
    WASL_LET(auto select, db_->prepare("SELECT bucket, hash FROM _wasl_bucket WHERE space = ?"));
    select.bind_all(info->number);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      const auto hash = Hash::from(select.blob(1));
      const auto bucket = select.int64(0);
      if (!hash || bucket < 0 || bucket >= ledger::kDigestBuckets) return damaged("state digest");
      filled.emplace_back(static_cast<unsigned>(bucket), *hash);
    }
    digest.tree.assign(filled);
    digest.current = true;
  }
  return digest.tree.root();
}

Status LogStore::clear_state(SpaceNumber space_number) {
  for (const std::string_view sql :
       {"DELETE FROM _wasl_parked WHERE space = ?", "DELETE FROM _wasl_bucket WHERE space = ?"}) {
    WASL_LET(auto erase, db_->prepare(sql));
    erase.bind_all(space_number);
    WASL_TRY(erase.run());
  }
  digests_.erase(space_number);
  return {};
}

Result<std::optional<Bytes>> LogStore::meta(std::string_view key) {
  WASL_LET(auto select, db_->prepare("SELECT value FROM _wasl_meta WHERE key = ?"));
  select.bind_all(key);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<Bytes>();
  return std::optional(to_bytes(select.blob(0)));
}

Status LogStore::set_meta(std::string_view key, ByteView value) {
  WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_meta VALUES(?, ?) ON CONFLICT DO UPDATE SET "
                                     "value = excluded.value"));
  insert.bind_all(key, value);
  return insert.run();
}

}  // namespace wasl
