// How long a revocation for `compromised` takes at the hub and in an office when 100,000 changes of others build on
// what the stolen key wrote. Prints; never a pass or a fail.
#include <chrono>
#include <cstdio>

#include "tests/support/hub_world.hpp"

namespace wasl::bench {
namespace {

constexpr std::size_t kRecords = 10'000;  // that the stolen key made
constexpr std::size_t kDependent = 100'000;
constexpr std::size_t kOfSet = 10;
constexpr std::size_t kSetsOfPush = 50;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string record(std::size_t n) { return "record-" + std::to_string(n % kRecords); }

/// Change sets of one device, each of `kOfSet` operations that `make` gives, in pushes.
template <class Make>
void write(test::HubWorld& world, test::Pen& pen, std::size_t count, const Make& make) {
  for (std::size_t i = 0; i < count;) {
    std::vector<ChangeSet> sets;
    for (std::size_t s = 0; s < kSetsOfPush && i < count; ++s) {
      std::vector<Operation> operations;
      for (std::size_t k = 0; k < kOfSet && i < count; ++k, ++i) make(i, operations);
      sort_by_record(operations);
      sets.push_back(pen.write(std::move(operations)));
    }
    world.push(pen.run(sets));
  }
}

int run() {
  if (!crypto::start()) return 1;
  test::HubWorld world;
  world.add_organisation("ma", "association");
  const auto thief = crypto::KeyPair::generate(world.random());
  const auto honest = crypto::KeyPair::generate(world.random());
  test::Pen stolen(world, thief, "network", world.enrol(thief, "ma"));
  test::Pen pen(world, honest, "network", world.enrol(honest, "ma"));
  write(world, stolen, kRecords, [](std::size_t i, std::vector<Operation>& out) {
    out.push_back(test::Pen::create("project", record(i)));
    out.push_back(test::Pen::write_text("project", record(i), "reference", "stolen"));
  });
  write(world, pen, kDependent, [](std::size_t i, std::vector<Operation>& out) {
    const std::string field = i / kRecords % 2 == 0 ? "website" : "reference";
    out.push_back(test::Pen::write_text("project", record(i), field, "value " + std::to_string(i)));
  });
  test::HubOffice office(world, world.invite("ma"));
  const auto entries = test::must(world.store().space("network"))->size;
  double begin = now();
  test::must(world.registrar().revoke({thief.public_key(), RevocationReason::compromised, 0}));
  const double hub = now() - begin;
  begin = now();
  const auto session = office.sync();
  const double replica = now() - begin;
  std::printf(
      "revocation, %zu records made by a stolen key, %zu changes of others to them, a log of %zu entries: hub "
      "%.2f s, office %.2f s (%s); goal 5 s\n",
      kRecords, kDependent, static_cast<std::size_t>(entries), hub, replica,
      session.summary.equal == true ? "equal" : "NOT EQUAL");
  return session.summary.equal == true ? 0 : 1;
}

}  // namespace
}  // namespace wasl::bench

int main() {
  try {
    return wasl::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "void_bench: %s\n", error.what());
    return 1;
  }
}
