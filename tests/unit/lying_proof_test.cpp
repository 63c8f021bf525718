// Lies that only show beside what another program of the same office has heard, in what travels beside the
// log (openings, groups, keys), or in a proof that is not even well formed.
#include <gtest/gtest.h>

#include "tests/support/lied_to.hpp"

namespace wasl::test {
namespace {

/// A second program of Mali's office, on the same folder.
std::unique_ptr<Replica> second_program(Scene& scene) {
  return must(
      Replica::open(scene.mali->folder(), {scene.world.clock(), scene.world.random(), scene.world.schema()}));
}
Bytes hello_of(Replica& replica) { return must(replica.make_hello(false, {})); }
HubOffice::Session carry_to(HubPeer& hub, Replica& replica, const Bytes& hello, Scene& scene) {
  return carry(hub, replica, hello, {}, scene.world.clock().now());
}
/// What the other program hears while this one's session has begun.
void meanwhile(Liar& hub, std::function<void()> act) {
  hub.frame_lie = [act = std::move(act)](const Bytes& frame) mutable {
    if (auto once = std::exchange(act, nullptr)) once();
    return frame;
  };
}
void add(Scene& scene, const std::string& id) {
  scene.world.push(scene.pen->run({scene.pen->write({Pen::create("project", id)})}));
}

TEST(TwoPrograms, AreNotShownTwoHistoriesOfOneSize) {
  Scene scene;
  const auto daemon = second_program(scene);
  const Bytes hello = hello_of(*daemon);
  Liar hub(scene.world);
  meanwhile(hub, [&] { scene.must_sync(*scene.mali); });  // which hears the truth
  hub.heads_lie = [](auto& leaves) { leaves.back().hub_time += 1; };
  const auto told = carry_to(hub, *daemon, hello, scene);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::caught) << told.error->message;
  expect_equal(scene.mali->sync());
}

TEST(TwoPrograms, OfWhichTheSlowerHearsAnOlderStoryThatIsTrue) {
  Scene scene;
  const auto daemon = second_program(scene);
  const Bytes hello = hello_of(*daemon);
  Liar hub(scene.world);
  const std::uint64_t then = scene.world.hub().heads().size;
  add(scene, "x2");
  add(scene, "x3");
  meanwhile(hub, [&] { scene.must_sync(*scene.mali); });
  hub.heads_lie = [then](auto& leaves) { leaves.resize(then); };
  hub.size_lie = [](const std::string& space, Position size) { return space == kAfrica ? size - 2 : size; };
  const auto told = carry_to(hub, *daemon, hello, scene);
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_TRUE(must(daemon->status()).notices.empty()) << "nobody lied";
  EXPECT_EQ(scene.projects(), "p1|Water\nx0|\nx1|\nx2|\nx3|");
  expect_equal(scene.mali->sync());
}

TEST(TwoPrograms, OfWhichTheSlowerIsToldALieThatTheFasterKnows) {
  Scene scene;
  const auto daemon = second_program(scene);
  const Bytes hello = hello_of(*daemon);
  Liar hub(scene.world);
  const std::uint64_t then = scene.world.hub().heads().size;
  add(scene, "x2");
  meanwhile(hub, [&] { scene.must_sync(*scene.mali); });
  // An older story, in which the log of Africa has another root at a size that both know.
  const auto lie = newest_leaf(scene, kAfrica, [](auto& leaf) {
    leaf.size = leaf.digest_position = 4;
    leaf.root.bytes[0] ^= 1;
  });
  hub.heads_lie = [then, lie](auto& leaves) {
    leaves.resize(then);
    lie(leaves);
  };
  const auto told = carry_to(hub, *daemon, hello, scene);
  expect_caught(told, "the hub shows another history of section/africa than before");
  expect_equal(scene.mali->sync());
}

TEST(TwoPrograms, OneGoesBackToWhatWasProvedUnderTheOther) {
  Scene scene;
  scene.mali->sync(3);  // entries without their proof
  const auto daemon = second_program(scene);
  const Bytes hello = hello_of(*daemon);
  must(scene.mali->replica().on_lie({Errc::caught, "a lie", ""}, Bytes{1}));
  HubPeer honest(scene.world.hub());
  const auto told = carry_to(honest, *daemon, hello, scene);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::locked) << told.error->message;
  EXPECT_NE(told.error->message.find("went back behind what this one received"), std::string::npos);
  expect_equal(scene.mali->sync());
}

TEST(TwoPrograms, BothTakeInTheSameEntries) {
  Scene scene;
  const auto daemon = second_program(scene);
  const Bytes hello = hello_of(*daemon);
  Liar hub(scene.world);
  meanwhile(hub, [&] { scene.must_sync(*scene.mali); });
  const auto told = carry_to(hub, *daemon, hello, scene);
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.summary.equal, true);
  EXPECT_TRUE(must(daemon->verify()).ok);
}

TEST(LyingProof, ALeafThatCannotBeReadIsNoProof) {
  Scene scene;
  Liar hub(scene.world);
  hub.proof_lie = [](Proof& proof) { proof.leaves.at(0).leaf.resize(3); };
  const auto told = scene.mali->sync_with(hub);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::malformed) << told.error->message;
  EXPECT_EQ(scene.projects(), "x0|") << "nothing of it is believed";
  EXPECT_EQ(must(scene.mali->replica().status()).notices.size(), 1U);
  expect_equal(scene.mali->sync());
}

TEST(LyingProof, WhatItsLeavesLeaveOutIsNotCalledEqual) {
  Scene scene;
  Liar hub(scene.world);
  hub.proof_lie = [](Proof& proof) {
    proof.leaves.clear();
    proof.inclusion.clear();
  };
  const auto told = scene.mali->sync_with(hub);
  EXPECT_NE(told.summary.equal, true);
  expect_equal(scene.mali->sync());
}

TEST(LyingProof, ADigestThatLagsIsNotCalledADifference) {
  Scene scene;
  Liar hub(scene.world);
  hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { --leaf.digest_position; });
  const auto told = scene.mali->sync_with(hub);
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_FALSE(told.summary.equal.has_value()) << "unknown is an honest answer";
}

/// News with a personal value.
struct PersonalScene : Scene {
  PersonalScene() {
    senegal->sql("INSERT INTO person(id, space, name) VALUES('q1', 'section/africa', 'Awa')");
    must_sync(*senegal);
  }
};

TEST(LyingHubBeside, AnOpeningThatIsLeftOutIsMissed) {
  PersonalScene scene;
  Liar hub(scene.world);
  hub.entries_lie = in_space(kAfrica, [](Segment& segment) { segment.openings.clear(); });
  const auto told = scene.mali->sync_with(hub);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::malformed);
  EXPECT_EQ(told.error->message, "a personal value of q1 came without its opening");
  expect_equal(scene.mali->sync());
  EXPECT_EQ(scene.mali->rows("SELECT name FROM person"), "Awa");
}

TEST(LyingHubBeside, AnotherValueThanWasCommittedToIsNotShown) {
  PersonalScene scene;
  Liar hub(scene.world);
  hub.entries_lie = in_space(kAfrica, [](Segment& segment) {
    for (OpeningItem& item : segment.openings) item.opening.value = Value::text("Forged");
  });
  const auto told = scene.mali->sync_with(hub);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::bad_signature);
  EXPECT_EQ(scene.mali->rows("SELECT count(*) FROM person"), "0");
  expect_equal(scene.mali->sync());
  EXPECT_EQ(scene.mali->rows("SELECT name FROM person"), "Awa");
}

TEST(LyingHubBeside, HalfAGroupShowsNothingUntilItsLastPartComes) {
  Scene scene;
  std::vector<ChangeSet> parts;
  for (std::uint32_t part = 1; part <= 2; ++part)
    parts.push_back(scene.pen->write({Pen::create("project", "g" + std::to_string(part))}, part, 2));
  scene.world.push(scene.pen->run(parts));
  Liar hub(scene.world);
  hub.size_lie = [](const std::string& space, Position size) { return space == kAfrica ? size - 1 : size; };
  hub.entries_lie = in_space(kAfrica, [&](Segment& segment) {
    // The first part alone, signed alone.
    auto last = segment.items.end() - 2;
    const ChangeSet first = std::get<SetItem>(*(last - 1)).set;
    segment.items.erase(last, segment.items.end());
    segment.items.emplace_back(
        SignatureItem{first.header.source, first.header.sequence,
                      scene.device.sign(run_message(scene.world.network(), first.name))});
  });
  expect_caught(scene.mali->sync_with(hub), "the hub withholds entries of section/africa");
  EXPECT_EQ(scene.mali->rows("SELECT count(*) FROM project WHERE id LIKE 'g%'"), "0");
  expect_equal(scene.mali->sync());
  EXPECT_EQ(scene.mali->rows("SELECT count(*) FROM project WHERE id LIKE 'g%'"), "2");
}

TEST(LyingHubBeside, AnActThatThisVersionCannotReadStopsNothingElse) {
  Scene scene;
  Liar hub(scene.world);
  hub.size_lie = [](const std::string& space, Position size) { return space == kAfrica ? size + 1 : size; };
  hub.entries_lie = in_space(kAfrica, [](Segment& segment) {
    EntryItem act;
    act.entry = last_entry(segment);
    act.entry.kind = ledger::EntryKind::snapshot;
    segment.items.emplace_back(act);
  });
  const auto told = scene.mali->sync_with(hub);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::unsupported) << told.error->message;
  EXPECT_EQ(told.error->hint, "update the program; nothing is lost");
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('own', 'section/africa', 'Road')");
  EXPECT_EQ(must(scene.mali->replica().seal()), 1U) << "local work goes on";
}

TEST(LyingHubBeside, WhatItClaimsOfAnotherSpaceIsNotThisOfficesWork) {
  Scene scene;
  scene.must_sync(*scene.mali);
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'network', 'Road')");
  must(scene.mali->replica().seal());
  const std::string chain = scene.mali->rows("SELECT lower(hex(chain)) FROM _wasl_pending");
  add(scene, "x2");
  Liar hub(scene.world);
  hub.entries_lie = in_space(kAfrica, [&](Segment& segment) {
    OwnItem item{last_entry(segment), {scene.mali->replica().device(), *ChainId::from(*from_hex(chain))}, 1};
    item.entry.hash = {};
    segment.items.emplace_back(item);
  });
  expect_caught(scene.mali->sync_with(hub), "the hub claims that this office wrote change set 1");
  expect_equal(scene.mali->sync());
}

TEST(LyingHubBeside, WorkThatWaitsAndCannotBeReadIsAskedForInFull) {
  Scene scene;
  scene.must_sync(*scene.mali);
  scene.mali->sql("UPDATE project SET title = 'Well' WHERE id = 'x0'");
  must(scene.mali->replica().seal());
  // The verdict is lost with the line, and then the disk takes the copy that waits.
  scene.mali->sync(4);
  scene.mali->sql("UPDATE _wasl_pending SET body = x'00', state = 3");
  const auto told = scene.mali->sync();
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::locked) << told.error->message;
  expect_equal(scene.mali->sync());
  EXPECT_EQ(scene.mali->rows("SELECT title FROM project WHERE id = 'x0'"), "Well");
}

}  // namespace
}  // namespace wasl::test
