// Which records the operator is told to be in conflict, and since when.
#include <gtest/gtest.h>

#include "server/hub/conflicts.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

const Register& project() { return *built_in_schema().find("project"); }

Head head(std::uint64_t sequence, Millis effective, const std::string& text) {
  Head out;
  out.dot.sequence = sequence;
  out.effective = effective;
  out.value = Value::text(text);
  return out;
}

RecordState with(const std::string& field, std::vector<Head> heads) {
  RecordState state;
  state.register_number = project().number;
  state.heads[Address{}] = {head(1, 1, "")};
  state.heads[{project().field(field)->number, {}}] = std::move(heads);
  return state;
}

TEST(ConflictSince, IsWhenTheSecondValueCame) {
  const auto state =
      with("reference", {head(2, 30, "b"), head(3, 10, "a"), head(4, 20, "a"), head(5, 40, "c")});
  EXPECT_EQ(conflict_since(state, &project()), 30);
}

TEST(ConflictSince, HeadsOfOneValueAreNone) {
  EXPECT_EQ(conflict_since(with("reference", {head(2, 30, "a"), head(3, 10, "a")}), &project()),
            std::nullopt);
  EXPECT_EQ(conflict_since(with("reference", {head(2, 30, "a")}), &project()), std::nullopt);
}

TEST(ConflictSince, AFieldOfAnUnknownRegisterCountsAsOneOfTheLatest) {
  EXPECT_EQ(conflict_since(with("reference", {head(2, 30, "a"), head(3, 40, "b")}), nullptr), 40);
}

TEST(ConflictSince, WhatIsDeletedIsNone) {
  auto state = with("reference", {head(2, 30, "a"), head(3, 40, "b")});
  Deletion gone;
  gone.dot.sequence = 9;
  gone.saw = state.all_dots();
  state.deletions.push_back(gone);
  ASSERT_FALSE(state.is_alive());
  EXPECT_EQ(conflict_since(state, &project()), std::nullopt);
}

TEST(ConflictSince, TheHubNotesItWithTheCommitAndTakesItBackWithTheResolution) {
  HubWorld world;
  world.add_two_associations();
  const auto one = crypto::KeyPair::generate(world.random()), two = crypto::KeyPair::generate(world.random());
  Pen first(world, one, "section/africa", world.enrol(one, "senegal"));
  Pen second(world, two, "section/africa", world.enrol(two, "mali"));
  const auto made =
      first.write({Pen::create("project", "p"), Pen::write_text("project", "p", "reference", "a")});
  world.push(first.run({made}));
  const auto records = [&] {
    return must(world.store().conflict_counts(world.clock().time))["section/africa"].all();
  };
  EXPECT_EQ(records(), 0U);
  const Dot before = made.dot(1);
  world.clock().time += 1'000;
  const auto b = first.write({Pen::write_text("project", "p", "reference", "b", {before})});
  const auto c = second.write({Pen::write_text("project", "p", "reference", "c", {before})});
  world.push(first.run({b}));
  EXPECT_EQ(records(), 0U);
  world.push(second.run({c}));
  EXPECT_EQ(records(), 1U);
  world.reopen();
  EXPECT_EQ(records(), 1U);
  auto resolve = Pen::write_text("project", "p", "reference", "b", {b.dot(0), c.dot(0)});
  resolve.kind = OperationKind::resolve;
  std::sort(resolve.names.begin(), resolve.names.end());
  world.push(first.run({first.write({resolve})}));
  EXPECT_EQ(records(), 0U);
}

}  // namespace
}  // namespace wasl::test
