#include "server/migration/copying.hpp"

#include <algorithm>
#include <map>

#include "server/store/store_marks.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/store/log_store.hpp"

namespace wasl {
namespace {

constexpr std::size_t kBatchRows = 2'000;
constexpr std::size_t kBatchBytes = 4 << 20;

/// Blocks are numbered in each space by itself, or all together: the same order, other numbers.
class BlockNumbers {
 public:
  static Result<BlockNumbers> read(TableStore& source, bool together) {
    BlockNumbers out;
    out.together_ = together;
    WASL_TRY(source.each(block_names(), [&](const StoredRow& row) -> Status {
      out.numbers_[std::get<std::int64_t>(row[0])].push_back(std::get<std::int64_t>(row[1]));
      return {};
    }));
    std::int64_t before = 0;
    for (auto& [space, numbers] : out.numbers_) {
      std::sort(numbers.begin(), numbers.end());
      out.before_[space] = before;
      before += static_cast<std::int64_t>(numbers.size());
    }
    return out;
  }
  Status change(const StoredValue& space, StoredValue& number) const {
    const std::int64_t in = std::get<std::int64_t>(space);
    const auto numbers = numbers_.find(in);
    if (numbers == numbers_.end()) return damaged_row("history");
    const auto at =
        std::lower_bound(numbers->second.begin(), numbers->second.end(), std::get<std::int64_t>(number));
    if (at == numbers->second.end() || *at != std::get<std::int64_t>(number)) return damaged_row("history");
    number = (together_ ? before_.at(in) : 0) + (at - numbers->second.begin()) + 1;
    return {};
  }

 private:
  std::map<std::int64_t, std::vector<std::int64_t>> numbers_;  ///< by space, rising: 8 bytes a block
  std::map<std::int64_t, std::int64_t> before_;                ///< blocks of the spaces before it
  bool together_ = false;
};

/// Of rows that no two of which are the same, in any order.
struct TableSum {
  std::uint64_t rows = 0;
  Hash sum;
  void add(const StoredRow& row) {
    ++rows;
    const Hash hash = hash_of(row);
    for (std::size_t i = 0; i < Hash::kSize; ++i) sum.bytes[i] ^= hash.bytes[i];
  }
  bool operator==(const TableSum&) const = default;
};

bool is_of_this_store_alone(const CopiedTable& table, const StoredRow& row) {
  return table.use == TableUse::meta && is_mark(std::get<std::string>(row[0]));
}

Status renumber(const CopiedTable& table, const BlockNumbers& blocks, StoredRow& row) {
  if (table.use == TableUse::block) return blocks.change(row[0], row[1]);
  if (table.use == TableUse::entry || table.use == TableUse::stand_in)
    return blocks.change(row[0], row.back());
  return {};
}

Result<TableSum> copy_table(const CopiedTable& table, const BlockNumbers& blocks, TableStore& source,
                            TableStore& target) {
  TableSum sum;
  std::vector<StoredRow> batch;
  std::size_t bytes = 0;
  const auto write = [&]() -> Status {
    if (!batch.empty()) WASL_TRY(target.put(table.table, batch));
    batch.clear();
    bytes = 0;
    return source.stay();
  };
  const auto take = [&](StoredRow row) -> Status {
    if (is_of_this_store_alone(table, row)) return {};
    WASL_TRY(renumber(table, blocks, row));
    sum.add(row);
    bytes += bytes_of(row);
    batch.push_back(std::move(row));
    return batch.size() < kBatchRows && bytes < kBatchBytes ? Status() : write();
  };
  WASL_TRY(source.each(table.table, take));
  WASL_TRY(write());
  return sum;
}

/// The leaves' own root: no stored node is believed.
Result<ledger::Frontier> heads_of(TableStore& store) {
  ledger::Frontier heads;
  const auto take = [&](const StoredRow& row) -> Status {
    if (std::get<std::int64_t>(row[0]) != static_cast<std::int64_t>(heads.size()))
      return damaged_row("log of heads");
    WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(std::get<Bytes>(row[1])));
    heads.append(ledger::leaf_hash(leaf));
    return {};
  };
  for (const CopiedTable& table : copied_tables())
    if (table.use == TableUse::heads_leaf) WASL_TRY(store.each(table.table, take));
  return heads;
}

/// The tree of the stored entries: no stored node is believed.
Result<ledger::Frontier> tree_of(LogStore& logs, TableStore& store, const SpaceInfo& info) {
  ledger::Frontier tree;
  while (tree.size() < info.size) {
    WASL_LET(const auto entries, logs.rows().entries(info.number, tree.size() + 1, tree.size() + kBatchRows));
    for (const StoredEntry& one : entries) {
      if (one.position != tree.size() + 1) return damaged_row("log of " + info.name);
      tree.append(ledger::leaf_hash(one.entry, blinding_of(info)));
    }
    if (entries.empty()) return damaged_row("log of " + info.name);
    WASL_TRY(store.stay());
  }
  return tree;
}

Result<std::vector<CopiedSpace>> spaces_of(TableStore& store) {
  LogStore logs(store.rows());
  WASL_TRY(logs.refresh());
  WASL_LET(const auto names, logs.space_names());
  std::vector<CopiedSpace> out;
  for (const std::string& name : names) {
    WASL_LET(const SpaceInfo* const info, logs.space(name));
    WASL_LET(const ledger::Frontier tree, tree_of(logs, store, *info));
    CopiedSpace space{name, info->size, tree.root(), {}};
    WASL_LET(space.digest, logs.digest(name));
    bool proved = space.root == info->frontier.root();
    if (!info->leaf.empty()) {  // what the hub has signed of it; while it recovers, of its beginning
      WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
      if (leaf.size == 0 || leaf.size > info->size) return damaged_row("log of " + name);
      WASL_LET(const Hash signed_root, logs.root(name, leaf.size));
      proved = proved && leaf.root == signed_root &&
               (leaf.digest_position != info->size || leaf.digest == space.digest);
    }
    if (!proved) return fail(Errc::corrupt, "the stored log of " + name + " is not what was signed of it");
    out.push_back(std::move(space));
    WASL_TRY(store.stay());
  }
  return out;
}

tl::unexpected<Error> differs(const std::string& what) {
  return fail(Errc::storage_failed, what + " is not there as it was written",
              "nothing has changed: the old store is in force; look at the disk or the server's log");
}

}  // namespace

Result<CopyReport> copy_store(TableStore& source, TableStore& target) {
  WASL_LET(const BlockNumbers blocks, BlockNumbers::read(source, target.numbers_blocks_together()));
  CopyReport report;
  WASL_LET(report.spaces, spaces_of(source));
  std::vector<TableSum> sums;
  for (const CopiedTable& table : copied_tables()) {
    WASL_LET(const TableSum sum, copy_table(table, blocks, source, target));
    report.rows += sum.rows;
    sums.push_back(sum);
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    TableSum there;
    const auto take = [&](const StoredRow& row) -> Status {
      if (!is_of_this_store_alone(copied_tables()[i], row)) there.add(row);
      return there.rows % kBatchRows == 0 ? source.stay() : Status();
    };
    WASL_TRY(target.each(copied_tables()[i].table, take));
    if (there != sums[i]) return differs(copied_tables()[i].table.postgres);
  }
  WASL_LET(const auto spaces, spaces_of(target));
  WASL_LET(const ledger::Frontier heads, heads_of(source));
  WASL_LET(const ledger::Frontier heads_there, heads_of(target));
  const auto same = [](const CopiedSpace& a, const CopiedSpace& b) {
    return a.name == b.name && a.size == b.size && a.root == b.root && a.digest == b.digest;
  };
  if (!std::equal(spaces.begin(), spaces.end(), report.spaces.begin(), report.spaces.end(), same) ||
      heads.root() != heads_there.root() || heads.size() != heads_there.size())
    return differs("the history");
  report.heads = heads.size();
  return report;
}

}  // namespace wasl
