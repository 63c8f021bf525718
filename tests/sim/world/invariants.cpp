#include "tests/sim/world/invariants.hpp"

#include "shared/store/sqlite_rows.hpp"

namespace wasl::sim {
namespace {

constexpr std::uint64_t kWalMost = 48ULL << 20;

}  // namespace

Invariants::Invariants(World& world) : world_(world) {
  world.on_office.emplace_back(
      [this](OfficeMachine& office) { office.on_equal = [this](OfficeMachine& one) { check_equal(one); }; });
}

/// "Synced" was said: where both hold the same number of entries, the states are the same.
void Invariants::check_equal(OfficeMachine& office) {
  ++synced_;
  if (!world_.hub.is_up() || world_.hub.old_heads || world_.hub.is_recovering() ||
      office.replica() == nullptr)
    return;
  LogStore store(sqlite_rows(office.replica()->database()));
  for (const std::string& name :
       world_.hub.hub().authority().readable(office.replica()->device(), world_.hub.hub().hub_time())) {
    const auto here = store.space(name);
    const auto there = world_.hub.store().space(name);
    if (!here || !there || (*here)->size != (*there)->size || (*here)->applied != (*here)->digested) continue;
    const auto ours = digest_of(office, (*here)->number, name);
    const auto theirs = world_.hub.store().digest(name);
    if (ours && theirs && *ours != *theirs)
      world_.trace.violation(office.setting().name, "said synced while " + name + " differs");
  }
}

/// From what the office stores now; only nodes above what changed since the last time are computed.
std::optional<Hash> Invariants::digest_of(OfficeMachine& office, SpaceNumber number,
                                          const std::string& space) {
  auto select = office.replica()->database().prepare("SELECT bucket, hash FROM _wasl_bucket WHERE space = ?");
  if (!select) return std::nullopt;
  select->bind_all(number);
  std::vector<std::pair<unsigned, Hash>> filled;
  for (;;) {
    const auto found = select->step();
    if (!found) return std::nullopt;
    if (!*found) break;
    const auto hash = Hash::from(select->blob(1));
    const auto bucket = static_cast<std::uint64_t>(select->int64(0));
    if (!hash || bucket >= ledger::kDigestBuckets) return std::nullopt;
    filled.emplace_back(static_cast<unsigned>(bucket), *hash);
  }
  ledger::DigestTree& tree = digests_[{office.setting().name, space}];
  tree.assign(filled);
  return tree.root();
}

void Invariants::check_bounds() {
  for (const auto& office : world_.offices) {
    if (office->disk().size("replica.db-wal") > kWalMost)
      world_.trace.violation(office->setting().name, "the write-ahead log grows without bound");
  }
  if (world_.hub.disk().size("hub.db-wal") > kWalMost)
    world_.trace.violation("hub", "the write-ahead log grows without bound");
}

}  // namespace wasl::sim
