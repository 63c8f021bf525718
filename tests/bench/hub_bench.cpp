// How many change sets of 10 updates the hub accepts a second on one core: decode, verify, decide, merge,
// append, digest, sign and commit with FULL, in batches as group commit makes them. Prints; never a pass or a
// fail.
#include <chrono>
#include <cstdio>

#include "shared/wire/messages.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::bench {
namespace {

constexpr std::size_t kRecords = 5'000;
constexpr std::size_t kSets = 6'000;
constexpr std::size_t kUpdatesOfSet = 10;
constexpr std::size_t kSetsOfPush = 50;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int run() {
  if (!crypto::start()) return 1;
  test::HubWorld world;
  world.add_organisation("ma", "association");
  const auto device = crypto::KeyPair::generate(world.random());
  test::Pen pen(world, device, "network", world.enrol(device, "ma"));
  std::vector<Dot> heads(kRecords);
  for (std::size_t i = 0; i < kRecords;) {
    std::vector<ChangeSet> sets;
    for (std::size_t s = 0; s < kSetsOfPush && i < kRecords; ++s) {
      std::vector<Operation> operations;
      for (std::size_t k = 0; k < kUpdatesOfSet && i < kRecords; ++k, ++i) {
        operations.push_back(test::Pen::create("project", "record-" + std::to_string(i)));
        operations.push_back(
            test::Pen::write_text("project", "record-" + std::to_string(i), "reference", "first"));
      }
      sort_by_record(operations);
      sets.push_back(pen.write(std::move(operations)));
      const ChangeSet& set = sets.back();
      for (std::size_t o = 0; o < set.operations.size(); ++o) {
        if (set.operations[o].kind == OperationKind::write) {
          heads[std::stoul(set.operations[o].id.substr(7))] = set.dot(o);
        }
      }
    }
    world.push(pen.run(sets));
  }
  std::vector<Bytes> frames;
  std::uint64_t pick = 1;
  for (std::size_t done = 0; done < kSets; done += kSetsOfPush) {
    std::vector<ChangeSet> sets;
    for (std::size_t s = 0; s < kSetsOfPush; ++s) {
      std::vector<Operation> operations;
      std::set<std::size_t> chosen;
      while (chosen.size() < kUpdatesOfSet) {
        pick = pick * 6364136223846793005ULL + 1442695040888963407ULL;
        chosen.insert(static_cast<std::size_t>(pick >> 33) % kRecords);
      }
      for (const std::size_t record : chosen) {
        operations.push_back(test::Pen::write_text("project", "record-" + std::to_string(record), "reference",
                                                   "value " + std::to_string(pick % 1000), {heads[record]}));
      }
      sort_by_record(operations);
      sets.push_back(pen.write(std::move(operations)));
      const ChangeSet& set = sets.back();
      for (std::size_t o = 0; o < set.operations.size(); ++o) {
        heads[std::stoul(set.operations[o].id.substr(7))] = set.dot(o);
      }
    }
    frames.push_back(encode_segment(FrameKind::push, pen.run(sets)));
  }
  const double begin = now();
  std::size_t accepted = 0;
  for (const Bytes& frame : frames) {
    Segment segment = test::must(decode_segment(frame, world.network()));
    test::must(verify_runs(segment, world.network()));
    for (const VerdictItem& item : world.push(std::move(segment))) {
      if (item.verdict.outcome == Outcome::accepted) accepted += item.count;
    }
  }
  const double seconds = now() - begin;
  std::printf(
      "hub, change sets of %zu updates, %zu a commit, FULL: %.0f sets/s, %.0f updates/s (%zu of %zu "
      "accepted); "
      "goal 3,500 sets/s with materialisation\n",
      kUpdatesOfSet, kSetsOfPush, static_cast<double>(accepted) / seconds,
      static_cast<double>(accepted * kUpdatesOfSet) / seconds, accepted, kSets);
  return accepted == kSets ? 0 : 1;
}

}  // namespace
}  // namespace wasl::bench

int main() {
  try {
    return wasl::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hub_bench: %s\n", error.what());
    return 1;
  }
}
