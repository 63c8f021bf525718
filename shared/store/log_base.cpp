#include "shared/store/log_base.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/store/erasing.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/let_go.hpp"

namespace wasl {
namespace {

std::string base_key(std::string_view space) { return "base " + std::string(space); }
std::string let_go_key(std::string_view space) { return "let go " + std::string(space); }

constexpr Byte kFormat = 2;  // an older program would take what is missing for damage

struct FoundBlock {
  Position first = 0;
  Position last = 0;
  Bytes raw;
};

/// The first that holds an entry behind `position`.
Result<std::optional<FoundBlock>> block_behind(RowStore& rows, SpaceNumber space, Position position) {
  std::optional<FoundBlock> found;
  WASL_TRY(rows.each_block(space, position + 1, [&](const StoredBlock& block) -> Result<bool> {
    if (block.last <= position) return true;  // headers alone
    auto raw = decompress(block.data, limits::kFrameRoomBytes);
    if (!raw) return damaged_row("history");
    found = FoundBlock{block.first, block.last, *std::move(raw)};
    return false;
  }));
  return found;
}

}  // namespace

Result<std::optional<LogBase>> base_of(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(base_key(space)));
  if (!stored || stored->empty()) return std::optional<LogBase>();
  Reader in(*stored);
  LogBase base;
  base.position = in.count(limits::kNumberMost);
  base.leaf = in.count(limits::kNumberMost);
  base.bytes = in.count(limits::kNumberMost);
  base.pieces.resize(static_cast<std::size_t>(in.count(in.left() / Hash::kSize)));
  for (Hash& name : base.pieces) name = in.fixed<Hash>();
  if (!in.finished() || base.position == 0) return damaged_row("base of the log");
  return std::optional(std::move(base));
}

Status lay_base(LogStore& store, std::string_view space, const LogBase& base) {
  Writer out;
  out.varint(base.position);
  out.varint(base.leaf);
  out.varint(base.bytes);
  out.varint(base.pieces.size());
  for (const Hash& name : base.pieces) out.fixed(name);
  WASL_TRY(store.set_meta("format", Bytes{kFormat}));
  return store.set_meta(base_key(space), out.bytes());
}

Status each_base_record(LogStore& store, const SpaceInfo& info, const LogBase& base,
                        const LogStore::RecordVisit& visit) {
  for (const Hash& name : base.pieces) {
    WASL_LET(const auto raw, store.piece(info.number, name));
    if (!raw) return damaged_row("base of the log of " + info.name);
    auto records = snapshot::decode_piece(*raw);
    if (!records) return damaged_row("base of the log of " + info.name);
    for (auto& [id, state] : *records) WASL_TRY(visit(id, state));
  }
  return {};
}

Result<Position> let_go_of(LogStore& store, std::string_view space) {
  WASL_LET(const auto stored, store.meta(let_go_key(space)));
  if (!stored || stored->empty()) return Position{0};
  Reader in(*stored);
  const Position position = in.count(limits::kNumberMost);
  if (!in.finished()) return damaged_row("note of what was let go");
  return position;
}

Result<bool> let_block_go(LogStore& store, const SpaceInfo& info, const LogBase& base,
                          const NetworkId& network, const std::function<bool(const Hash&)>& stays,
                          const ReplaceBlock& replace) {
  WASL_LET(const Position before, let_go_of(store, info.name));
  WASL_LET(const auto block, block_behind(store.rows(), info.number, before));
  if (!block || block->last > base.position) return false;
  auto segment = decode_items(info.name, block->first, block->raw, network);
  if (!segment) return damaged_row("history");
  std::set<Hash> commitments;
  for (const SegmentItem& item : segment->items) {
    if (const ChangeSet* set = effect_of(item)) add_commitments(*set, commitments);
  }
  for (const Hash& commitment : commitments) {
    if (!stays(commitment)) WASL_TRY(store.forget_opening(commitment));
  }
  const Bytes raw = encode_items(without_bodies(*std::move(segment)));
  const Bytes packed = compress(raw, kBlockLevel);
  WASL_TRY(replace({block->first, block->last, raw.size(), packed}));
  Writer note;
  note.varint(block->last);
  WASL_TRY(store.set_meta(let_go_key(info.name), note.bytes()));
  return true;
}

}  // namespace wasl
