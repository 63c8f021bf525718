// A hub that holds the real log key and lies to one office: each lie is noticed by name and kept as evidence,
// nothing of it reaches what is confirmed, work goes on, and the honest hub takes up where it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/ledger/comparing.hpp"
#include "tests/support/lied_to.hpp"

namespace wasl::test {
namespace {

Operation invented_act(const Act& act) {
  Operation op;
  op.kind = OperationKind::act;
  op.id = "0123456789abcdef0123456789abcdef";
  op.value = encode_act(act);
  return op;
}

struct Lie {
  std::string name;
  std::function<void(Scene&, Liar&)> tell;
  Errc code;
  std::string words;         ///< of the error and of the notice
  bool after_proof = false;  ///< the news came true and was proved before the lie
};

std::vector<Lie> lies_about_entries() {
  return {
      {"WithholdsTheNewestEntry",
       [](Scene&, Liar& hub) {
         hub.size_lie = [](const std::string& space, Position size) {
           return space == kAfrica ? size - 1 : size;
         };
         hub.entries_lie = in_space(kAfrica, [](Segment& segment) { segment.items.resize(2); });
       },
       Errc::caught, "the hub withholds entries of section/africa: it signed 3 and sent 2"},
      {"Reorders",
       [](Scene&, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [](Segment& segment) {
           std::rotate(segment.items.begin(), segment.items.begin() + 2, segment.items.begin() + 4);
         });
       },
       Errc::caught, "the hub sent entries of section/africa that are not those that it signed"},
      {"TurnsBackTime",
       [](Scene&, Liar& hub) {
         hub.entries_lie = each_entry([](ledger::Entry& e) { e.hub_time -= 3'600'000; });
       },
       Errc::caught, "the hub's log of section/africa turns back time"},
      {"PutsTimeForward",
       [](Scene&, Liar& hub) {
         hub.entries_lie = each_entry([](ledger::Entry& e) { e.hub_time += 3'600'000; });
       },
       Errc::caught, "that are not those that it signed"},
      {"GoesBackToAnOlderAuthority",
       [](Scene&, Liar& hub) { hub.entries_lie = each_entry([](ledger::Entry& e) { e.authority = 1; }); },
       Errc::caught, "goes back to an older authority"},
      {"SendsAnotherOfficesSpace",
       [](Scene&, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [](Segment& segment) {
           segment = {"association/senegal", 1, segment.items, {}};
         });
       },
       Errc::bad_signature, "does not match"},
      {"SendsWorkThatTheOfficeMayNotRead",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           const ledger::Entry entry = last_entry(segment);
           segment = {"association/senegal", 1, {}, {}};
           Pen pen(scene.world, scene.device, segment.space, scene.grant);
           const ChangeSet set = pen.write({Pen::create("project", "secret")});
           segment.items.emplace_back(SetItem{entry, set});
           segment.items.emplace_back(SignatureItem{
               set.header.source, 1, scene.device.sign(run_message(scene.world.network(), set.name))});
         });
       },
       Errc::caught, "the hub sent entries of association/senegal, which this office may not read"},
      {"SendsAnotherNetworksRecord",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           Pen pen(scene.world, scene.device, segment.space, scene.grant);
           Header header = pen.write({Pen::create("project", "y")}).header;
           header.network.bytes[0] ^= 1;
           const ChangeSet set = make_change_set(header, {Pen::create("project", "y")});
           place(segment, set, scene.device.sign(run_message(header.network, set.name)));
         });
       },
       Errc::bad_signature, "does not match"},
      {"AddsAnOpening",
       [](Scene&, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [](Segment& segment) {
           segment.openings.push_back({Hash{}, {Salt{}, Value::text("forged")}});
         });
       },
       Errc::malformed, "an opening came without its personal value"},
      {"CollectsWhatLives",
       [](Scene& scene, Liar& hub) {
         const auto space = must(scene.world.store().space(kAfrica));
         const auto record = must(scene.world.store().record(space->number, "x0"));
         hub.entries_lie = in_space(kAfrica, [number = record->register_number](Segment& segment) {
           segment.items.emplace_back(collect_item(last_entry(segment), {1, {{number, "x0"}}}));
         });
       },
       Errc::caught, "the hub collects x0 of section/africa, which is not dead"},
      {"SpeaksGarbage",
       [](Scene&, Liar& hub) {
         hub.entries_lie = [](Segment&) {};  // frames that stand alone: others would be asked for again
         hub.frame_lie = [](const Bytes& frame) {
           return frame_kind(frame) == FrameKind::entries ? Bytes(frame.begin(), frame.end() - 3) : frame;
         };
       },
       Errc::malformed, ""},
  };
}

std::vector<Lie> lies_about_authors() {
  return {
      {"InventsWithoutSignature",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           Pen pen(scene.world, scene.device, segment.space, scene.grant);
           place(segment, pen.write({Pen::create("project", "y")}), std::nullopt);
         });
       },
       Errc::bad_signature, "came without a signature"},
      {"InventsWithAWrongSignature",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           Pen pen(scene.world, scene.device, segment.space, scene.grant);
           place(segment, pen.write({Pen::create("project", "y")}), Signature{});
         });
       },
       Errc::bad_signature, "does not match"},
      {"InventsInItsOwnName",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene, &hub](Segment& segment) {
           place_by(segment, scene, hub.port().log_key(), {Pen::create("project", "y")}, scene.grant);
         });
       },
       Errc::caught, "that it had to refuse (no_grant the hub's log key)"},
      {"InventsAStranger",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           place_by(segment, scene, scene.stranger, {Pen::create("project", "y")}, scene.grant);
         });
       },
       Errc::caught, "that it had to refuse (no_grant"},
      {"AcceptsWhatMustBeHeld",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           place_by(segment, scene, scene.device, {Pen::write_text("project", "nobody", "reference", "B")},
                    scene.grant);
         });
       },
       Errc::caught, "that it had to refuse (gone"},
      {"AcceptsTheWorkOfWhoeverSawAnotherLog",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           Pen pen(scene.world, scene.device, segment.space, scene.grant);
           Header header = pen.write({Pen::create("project", "y")}).header;
           header.seen = {1, Hash{}};
           const ChangeSet set = make_change_set(header, {Pen::create("project", "y")});
           place(segment, set, scene.device.sign(run_message(header.network, set.name)));
         });
       },
       Errc::caught, "that it had to refuse (seen it names 1 entries of section/africa"},
      {"InventsAGrant",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAuthoritySpace, [&scene, &hub](Segment& segment) {
           const GrantAct act{GrantKind::device, scene.stranger.public_key(), "mali", "officer", {}, 0, 0, 1};
           place_by(segment, scene, hub.port().log_key(), {invented_act(act)}, Hash{});
         });
       },
       Errc::caught, "in authority that it had to refuse (no_grant"},
      {"InventsARevocation",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAuthoritySpace, [&scene](Segment& segment) {
           const RevokeAct act{scene.device.public_key(), RevocationReason::lost, 0};
           place_by(segment, scene, scene.stranger, {invented_act(act)}, Hash{});
         });
       },
       Errc::caught, "in authority that it had to refuse (no_grant"},
      {"ClaimsWorkInTheOfficesName",
       [](Scene& scene, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [&scene](Segment& segment) {
           OwnItem item{last_entry(segment), {scene.device.public_key(), {}}, 1};
           item.entry.hash = {};
           segment.items.emplace_back(item);
         });
       },
       Errc::caught, "the hub claims that this office wrote change set 1"},
  };
}

/// What a hub withholds so may also have been lost on the way.
std::vector<Lie> gaps() {
  return {
      {"WithholdsAnEntryInTheMiddle",
       [](Scene&, Liar& hub) {
         hub.entries_lie = in_space(kAfrica, [](Segment& segment) {
           segment.items.erase(segment.items.begin(), segment.items.begin() + 2);
           ++segment.first;
         });
       },
       Errc::malformed, "entries of section/africa are missing on the way"},
      {"WithholdsAuthority",
       [](Scene&, Liar& hub) {
         hub.size_lie = [](const std::string& space, Position size) {
           return space == kAuthoritySpace ? size - 1 : size;
         };
         hub.entries_lie = in_space(kAuthoritySpace, [](Segment& segment) { segment.items.clear(); });
       },
       Errc::malformed, "entries of section/africa came before those of authority that they name"},
      {"NamesAnAuthorityToCome",
       [](Scene&, Liar& hub) { hub.entries_lie = each_entry([](ledger::Entry& e) { e.authority += 9; }); },
       Errc::malformed, "entries of section/africa came before those of authority that they name"},
  };
}

std::vector<Lie> lies_about_heads() {
  return {
      {"SignsAnotherRoot",
       [](Scene& scene, Liar& hub) {
         hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { leaf.root.bytes[0] ^= 1; });
       },
       Errc::caught, "that are not those that it signed"},
      {"SignsALargerSize",
       [](Scene& scene, Liar& hub) {
         hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { ++leaf.size; });
       },
       Errc::caught, "the hub withholds entries of section/africa: it signed 4 and sent 3"},
      {"SignsASmallerSize",
       [](Scene& scene, Liar& hub) {
         hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { --leaf.size, --leaf.digest_position; });
       },
       Errc::caught, "that are not those that it signed"},
      {"WithholdsAuthorityThatItSigned",
       [](Scene& scene, Liar& hub) {
         hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { ++leaf.authority_size; });
       },
       Errc::caught, "the hub withholds entries of authority"},
      {"JudgesByAnOlderAuthority",
       [](Scene& scene, Liar& hub) {
         hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { leaf.authority_size = 2; });
       },
       Errc::caught, "the hub judged section/africa by an older authority"},
      {"RollsBack",
       [](Scene& scene, Liar& hub) {
         scene.must_sync(*scene.mali);
         hub.heads_lie = [](auto& leaves) { leaves.resize(leaves.size() - 1); };
       },
       Errc::caught, "the hub shows a shorter history than it signed before"},
      {"ForksWhatItSigned",
       [](Scene&, Liar& hub) { hub.heads_lie = [](auto& leaves) { leaves[1].hub_time += 1; }; }, Errc::caught,
       "the hub shows another history than the one that it signed before"},
      {"ShowsAHeadThatIsNotInItsLog",
       [](Scene&, Liar& hub) {
         hub.proof_lie = [](Proof& proof) {
           auto leaf = must(ledger::HeadsLeaf::decode(proof.leaves.at(0).leaf));
           leaf.root.bytes[0] ^= 1;
           proof.leaves[0].leaf = leaf.encode();
         };
       },
       Errc::caught, "the hub's heads do not stand in the log that it signed"},
      {"ProvesAnotherOrigin",
       [](Scene& scene, Liar& hub) {
         hub.proof_lie = [&scene, &hub](Proof& proof) {
           const ledger::Checkpoint other{ledger::heads_origin(scene.world.network(), 7), 99, Hash{}};
           proof.checkpoint = must(ledger::sign_checkpoint(other, hub.port().log_key()));
         };
       },
       Errc::bad_signature, "is not signed by the expected key"},
      {"ProvesWithAnotherKey",
       [](Scene& scene, Liar& hub) {
         hub.proof_lie = [&scene](Proof& proof) {
           const ledger::Checkpoint other{ledger::heads_origin(scene.world.network(), 1), 99, Hash{}};
           proof.checkpoint = must(ledger::sign_checkpoint(other, scene.stranger));
         };
       },
       Errc::bad_signature, "is not signed by the expected key"},
  };
}

std::vector<Lie> lies_about_the_session() {
  return {
      {"RepeatsAnOldWelcome",
       [](Scene& scene, Liar& hub) {
         auto old = std::make_shared<Bytes>();
         Liar recorder(scene.world);
         recorder.frame_lie = [old](const Bytes& frame) {
           if (frame_kind(frame) == FrameKind::welcome) *old = frame;
           return frame;
         };
         scene.senegal->sync_with(recorder);
         hub.frame_lie = [old](const Bytes& frame) {
           return frame_kind(frame) == FrameKind::welcome ? *old : frame;
         };
       },
       Errc::wrong_network, "does not hold this network's hub key"},
      {"DisownsWhatItSigned",
       [](Scene& scene, Liar& hub) {
         scene.mali->sql("UPDATE project SET title = 'Well' WHERE id = 'x0'");
         hub.verdict_lie = [](const Segment& push) {
           const Header& header = *header_of(push.items.at(0));
           return std::vector<VerdictItem>{
               {header.source.chain, header.sequence, 1, Verdict::refuse(Reason::seen), 0}};
         };
       },
       Errc::caught, "the hub says that a log which it has signed for this office is not its own", true},
      {"AcceptsAndForgets",
       [](Scene& scene, Liar& hub) {
         scene.mali->sql("UPDATE project SET title = 'Well' WHERE id = 'x0'");
         hub.verdict_lie = [](const Segment& push) {
           const Header& header = *header_of(push.items.at(0));
           return std::vector<VerdictItem>{{header.source.chain, header.sequence, 1, Verdict::accept(), 0}};
         };
       },
       Errc::caught, "the hub said that it had accepted work of this office and has no entry of it", true},
  };
}

class LyingHub : public testing::TestWithParam<Lie> {};

TEST_P(LyingHub, IsCaughtByName) {
  const Lie& lie = GetParam();
  Scene scene;
  Liar hub(scene.world);
  lie.tell(scene, hub);
  const std::string before = scene.projects();
  const std::string own = scene.mali->rows("SELECT coalesce(title, '') FROM project WHERE id = 'x0'");

  const auto told = scene.mali->sync_with(hub);
  ASSERT_TRUE(told.error) << "nothing was noticed";
  EXPECT_EQ(told.error->code, lie.code) << told.error->message;
  EXPECT_NE(told.error->message.find(lie.words), std::string::npos) << told.error->message;
  EXPECT_NE(told.summary.equal, true);
  const auto notices = must(scene.mali->replica().status()).notices;
  EXPECT_TRUE(std::any_of(notices.begin(), notices.end(), [&](const std::string& notice) {
    return notice.find(lie.words) != std::string::npos;
  })) << "no notice";
  EXPECT_EQ(notices.size(), 1U) << "one lie is one notice";
  EXPECT_EQ(scene.projects(), lie.after_proof ? "p1|Water\nx0|" + own + "\nx1|" : before)
      << "confirmed state was touched";
  EXPECT_TRUE(must(scene.mali->replica().verify()).ok);

  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('own', 'section/africa', 'Road')");
  EXPECT_EQ(must(scene.mali->replica().seal()), 1U) << "local work goes on";

  const auto honest = scene.mali->sync();
  ASSERT_FALSE(honest.error) << honest.error->message;
  EXPECT_EQ(honest.summary.equal, true);
  EXPECT_EQ(honest.summary.refused + honest.summary.held, 0U);
  EXPECT_EQ(scene.mali->rows("SELECT id FROM project ORDER BY id"), "own\np1\nx0\nx1");
  EXPECT_EQ(must(scene.mali->replica().status()).unsent, 0U);
  EXPECT_TRUE(must(scene.mali->replica().verify()).ok);
}

const auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Entries, LyingHub, testing::ValuesIn(lies_about_entries()), kName);
INSTANTIATE_TEST_SUITE_P(Authors, LyingHub, testing::ValuesIn(lies_about_authors()), kName);
INSTANTIATE_TEST_SUITE_P(Heads, LyingHub, testing::ValuesIn(lies_about_heads()), kName);
INSTANTIATE_TEST_SUITE_P(Session, LyingHub, testing::ValuesIn(lies_about_the_session()), kName);

class Gap : public testing::TestWithParam<Lie> {};

TEST_P(Gap, EndsTheSessionAndAccusesNobody) {
  Scene scene;
  Liar hub(scene.world);
  GetParam().tell(scene, hub);
  const auto told = scene.mali->sync_with(hub);
  ASSERT_TRUE(told.error) << "nothing was noticed";
  EXPECT_EQ(told.error->code, GetParam().code) << told.error->message;
  EXPECT_NE(told.error->message.find(GetParam().words), std::string::npos) << told.error->message;
  EXPECT_NE(told.summary.equal, true);
  EXPECT_TRUE(must(scene.mali->replica().status()).notices.empty());
  EXPECT_EQ(scene.projects(), "x0|");
  const auto honest = scene.mali->sync();
  ASSERT_FALSE(honest.error) << honest.error->message;
  EXPECT_EQ(honest.summary.equal, true);
}
INSTANTIATE_TEST_SUITE_P(Withheld, Gap, testing::ValuesIn(gaps()), kName);

TEST(LyingHubTwice, WhatWasTakenInHisNameIsUnsentAgain) {
  Scene scene;
  scene.must_sync(*scene.mali);
  scene.mali->sql("UPDATE project SET title = 'Well' WHERE id = 'x0'");
  Liar hub(scene.world);
  std::optional<SignatureItem> run;
  hub.verdict_lie = [&](const Segment& push) {
    run = std::get<SignatureItem>(push.items.back());
    return std::vector<VerdictItem>();
  };
  scene.mali->sync_with(hub);
  ASSERT_TRUE(run);
  hub.verdict_lie = [&](const Segment&) {
    return std::vector<VerdictItem>{{run->source.chain, run->last, 1, Verdict::accept(), 0}};
  };
  // The entry comes without a leaf that covers it: believed for now, and only for now.
  hub.size_lie = [](const std::string& space, Position size) { return space == kAfrica ? size + 1 : size; };
  hub.entries_source = kAfrica;
  hub.frame_lie = [&](const Bytes& frame) {
    if (frame_kind(frame) != FrameKind::entries) return frame;
    const ledger::Entry entry{
        ledger::EntryKind::accept, {}, must(scene.world.hub().size("authority")), scene.world.clock().now()};
    Segment segment{std::string(kAfrica), 4, {}, {}};
    segment.items.emplace_back(OwnItem{entry, run->source, run->last});
    segment.items.emplace_back(*run);
    return encode_segment(FrameKind::entries, segment);
  };
  const auto told = scene.mali->sync_with(hub);
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_NE(told.summary.equal, true);
  EXPECT_EQ(must(scene.mali->replica().status()).unsent, 0U) << "he believes it";

  expect_caught(scene.mali->sync(),
                "the hub sent entries of section/africa that it never signed: it signed 3 of 4");
  EXPECT_EQ(must(scene.mali->replica().status()).unsent, 1U);
  EXPECT_EQ(scene.mali->rows("SELECT title FROM project WHERE id = 'x0'"), "Well")
      << "as his own, unconfirmed";
  const auto sent = scene.mali->sync();
  expect_equal(sent);
  EXPECT_EQ(sent.summary.accepted, 1U);
  EXPECT_TRUE(must(scene.mali->replica().verify()).ok);
  scene.must_sync(*scene.senegal);
  EXPECT_EQ(scene.senegal->rows("SELECT title FROM project WHERE id = 'x0'"), "Well");
}

TEST(LyingHubTwice, WorkThatWasNeverWrittenIsAskedForAndThenCaught) {
  Scene scene;
  Liar hub(scene.world);
  hub.entries_lie = in_space(kAfrica, [&](Segment& segment) {
    OwnItem item{last_entry(segment), {scene.mali->replica().device(), {}}, 99};
    item.entry.hash = {};
    segment.items.emplace_back(item);
  });
  const auto first = scene.mali->sync_with(hub);
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->code, Errc::locked) << "the folder may have lost it";
  expect_caught(scene.mali->sync_with(hub), "the hub claims that this office wrote change set 99");
  expect_equal(scene.mali->sync());
}

TEST(LyingHubTwice, ADigestOfAnotherStateIsSeenAndNeverBelieved) {
  Scene scene;
  Liar hub(scene.world);
  hub.heads_lie = newest_leaf(scene, kAfrica, [](auto& leaf) { leaf.digest.bytes[0] ^= 1; });
  const auto told = scene.mali->sync_with(hub);
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.summary.equal, false);
  EXPECT_NE(must(scene.mali->replica().status()).notices.at(0).find("and it still differs"),
            std::string::npos);
  EXPECT_EQ(scene.projects(), "p1|Water\nx0|\nx1|") << "the entries were true";
  expect_caught(scene.mali->sync(), "the hub shows another history than the one that it signed before");
}

TEST(LyingHubTwice, AShorterHistoryIsCaughtWhereOnlyItsLeavesHadBeenTakenIn) {
  Scene scene;
  Identity& identity = scene.mali->replica().identity();
  const CheckpointAnchor before = must(identity.checkpoint());
  scene.must_sync(*scene.mali);
  must(identity.move_checkpoint(must(identity.checkpoint()), before));  // as a crash in between leaves it
  Liar hub(scene.world);
  hub.heads_lie = [](auto& leaves) { leaves.resize(leaves.size() - 1); };
  expect_caught(scene.mali->sync_with(hub), "the hub shows a shorter history than it signed before");
  expect_equal(scene.mali->sync());
}

TEST(LyingHubTwice, WhatIsWrittenAfterAllWasTakenBackWaitsUntilTheOfficeKnowsItselfAgain) {
  Scene scene;
  for (const char* file : {"replica.db", "replica.db-wal", "replica.db-shm"})
    std::filesystem::remove(scene.mali->folder() / file);
  scene.mali->reopen();
  Liar hub(scene.world);
  hub.heads_lie = [](auto& leaves) { leaves.resize(1); };
  expect_caught(scene.mali->sync_with(hub), "the hub shows a shorter history than it signed before");
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'Well')");
  scene.mali->reopen();
  EXPECT_EQ(must(scene.mali->replica().seal()), 0U);
  const auto sent = scene.mali->sync();
  expect_equal(sent);
  EXPECT_EQ(sent.summary.accepted, 1U);
  EXPECT_EQ(scene.projects(), "p1|Water\np2|Well\nx0|\nx1|");
}

TEST(LyingHubTwice, ABlindingKeyStaysTheSame) {
  Scene scene;
  Welcome welcome;
  auto key = must(scene.world.hub().blinding_key(std::string(kAfrica)));
  key->bytes[0] ^= 1;
  welcome.spaces.push_back({std::string(kAfrica), key});
  EXPECT_EQ(scene.mali->replica().on_welcome(welcome).error().code, Errc::caught);
}

/// Two offices see two histories, each sound in itself and signed.
struct ForkedScene : Scene {
  Liar fork{world};

  ForkedScene() {
    world.push(pen->run({pen->write({Pen::create("project", "x2")})}));
    fork.entries_lie = in_space(kAfrica, [this](Segment& segment) {
      std::rotate(segment.items.begin(), segment.items.begin() + 2, segment.items.begin() + 4);
      forked = segment;
    });
    fork.heads_lie = newest_leaf(*this, kAfrica, [this](auto& leaf) {
      ledger::Frontier log;
      const auto key = must(world.hub().blinding_key(std::string(kAfrica)));
      const auto blocks = must(world.store().read(kAfrica, 1, 1 << 20, world.network()));
      log.append(ledger::leaf_hash(*std::get<SetItem>(blocks.front().items.at(0)).entry, key));
      for (const SegmentItem& item : forked.items) {
        if (const auto* set = std::get_if<SetItem>(&item)) log.append(ledger::leaf_hash(*set->entry, key));
      }
      leaf.root = log.root();
    });
    must_sync(*senegal);
    const auto told = mali->sync_with(fork);
    if (told.error) throw std::runtime_error(told.error->message);
  }
  Segment forked{std::string(kAfrica), 2, {}, {}};
};

TEST(ForkingHub, IsCaughtByItsOwnVerdictOverWhatTheDeceivedOfficeSaw) {
  ForkedScene scene;
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  // The heads go on from the forked ones; only the committer is honest.
  expect_caught(scene.mali->sync_with(scene.fork), "is not its own: it names 4 entries of section/africa");
  EXPECT_EQ(must(scene.mali->replica().status()).unsent, 1U);
}

TEST(ForkingHub, IsCaughtByTheOtherOfficeAsSoonAsWorkCrosses) {
  ForkedScene scene;
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  std::optional<Segment> crossing;
  scene.fork.verdict_lie = [&](const Segment& push) {
    crossing = push;
    return std::vector<VerdictItem>();
  };
  scene.mali->sync_with(scene.fork);
  ASSERT_TRUE(crossing);
  Liar carrier(scene.world);
  carrier.size_lie = [](const std::string& space, Position size) {
    return space == kAfrica ? size + 1 : size;
  };
  carrier.entries_source = kAfrica;
  carrier.frame_lie = [&](const Bytes& frame) {
    if (frame_kind(frame) != FrameKind::entries) return frame;
    Segment segment = *crossing;
    segment.first = 5;
    auto& set = std::get<SetItem>(segment.items.at(0));
    set.entry = ledger::Entry{ledger::EntryKind::accept, set.set.name,
                              scene.world.hub().size("authority").value(), scene.world.clock().now()};
    return encode_segment(FrameKind::entries, segment);
  };
  expect_caught(scene.senegal->sync_with(carrier), "that it had to refuse (seen it names 4 entries");
  expect_equal(scene.senegal->sync());
}

TEST(ForkingHub, IsCaughtWhenTheDeceivedOfficeComesBack) {
  ForkedScene scene;
  expect_caught(scene.mali->sync(), "the hub shows another history than the one that it signed before");
  // Both notes are kept, each signed, and prove it to anybody.
  std::size_t proofs = 0;
  const std::string origin = ledger::heads_origin(scene.world.network(), 1);
  const PublicKey& key = scene.world.hub().log_key().public_key();
  must(scene.mali->replica().identity().each_evidence([&](const Identity::Evidence& one) -> Status {
    const auto ours = ledger::open_checkpoint(text_view(one.ours), origin, key);
    const auto theirs = ledger::open_checkpoint(text_view(one.theirs), origin, key);
    if (ours && theirs && ledger::compare(*ours, *theirs, {}) == ledger::Comparison::two_histories) ++proofs;
    return {};
  }));
  EXPECT_EQ(proofs, 1U);
  EXPECT_THAT(must(scene.mali->replica().verify()).statements,
              testing::Contains(testing::HasSubstr("the hub signed two histories of size")));
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  EXPECT_EQ(must(scene.mali->replica().seal()), 1U);
}

}  // namespace
}  // namespace wasl::test
