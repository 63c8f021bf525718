// A hub restored from an old copy: it knows, takes back what it had signed from the offices that hold it, and
// goes on in a new epoch that the roots open. Nothing is lost, and nobody is called a liar for it.
#include <gtest/gtest.h>

#include "tests/support/liar.hpp"

namespace wasl::test {
namespace {

const std::string kBenin = "association/benin";

struct RestoredHub : testing::Test {
  HubWorld world;
  RestoredHub() { world.add_organisation("benin", "association"); }

  static void expect_synced(const HubOffice::Session& session) {
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  static void write(HubOffice& office, const std::string& id) {
    office.sql("INSERT INTO need(id, title) VALUES('" + id + "', 'Wells')");
  }
  static void write_and_sync(HubOffice& office, const std::string& id) {
    write(office, id);
    expect_synced(office.sync());
  }
  static void bring_back(HubOffice& office) {
    const auto session = office.sync();
    ASSERT_TRUE(session.error);
    EXPECT_EQ(session.error->code, Errc::later) << session.error->message;
  }
  static void recover(HubWorld& copy) { must(copy.hub().committer().begin_recovery()); }
  static void open_epoch(HubWorld& copy) {
    must(copy.place(copy.next_statement([](NetworkStatement& next) { ++next.epoch; })));
  }
  /// The first session of a new epoch puts right what the office holds; the next one goes on.
  static void sync_into_epoch(HubOffice& office) {
    const auto first = office.sync();
    if (first.error) {
      EXPECT_EQ(first.error->code, Errc::later) << first.error->message;
    }
    expect_synced(office.sync());
    expect_synced(office.sync());
  }
  static void expect_no_evidence(HubOffice& office) {
    for (const std::string& words : must(office.replica().identity().evidence())) ADD_FAILURE() << words;
    const VerifyReport report = must(office.replica().verify());
    for (const std::string& words : report.problems) ADD_FAILURE() << words;
  }
  static void expect_same_log(HubWorld& one, HubWorld& other, const std::string& space) {
    const Position size = must(one.hub().size(space));
    ASSERT_EQ(must(other.hub().size(space)), size) << space;
    EXPECT_EQ(must(one.hub().root(space, size)), must(other.hub().root(space, size))) << space;
  }
};

TEST_F(RestoredHub, TakesBackItsLogsAsTheyWere) {
  HubOffice office(world, world.invite("benin"));
  write_and_sync(office, "before");
  HubWorld copy(world);
  world.clock().time += 60'000;
  for (const char* id : {"one", "two", "three"}) write_and_sync(office, id);
  recover(copy);
  HubOffice comes(copy, office);
  bring_back(comes);
  for (const std::string& space : {std::string("authority"), kBenin}) expect_same_log(world, copy, space);
}

TEST_F(RestoredHub, GoesOnInANewEpochWithoutACallOfALie) {
  HubOffice a(world, world.invite("benin")), b(world, world.invite("benin"));
  write_and_sync(a, "before");
  HubWorld copy(world);
  write_and_sync(a, "after");
  expect_synced(b.sync());
  recover(copy);
  HubOffice brings(copy, a), sleeps(copy, b);
  bring_back(brings);
  open_epoch(copy);
  write(sleeps, "meanwhile");
  for (HubOffice* office : {&brings, &sleeps, &brings}) sync_into_epoch(*office);
  EXPECT_EQ(brings.rows("SELECT id FROM need ORDER BY id"), sleeps.rows("SELECT id FROM need ORDER BY id"));
  EXPECT_NE(brings.rows("SELECT id FROM need").find("meanwhile"), std::string::npos);
  expect_no_evidence(brings);
  expect_no_evidence(sleeps);
}

TEST_F(RestoredHub, GoesOnWithAnOfficeThatStandsInsideWhatCameBackAtOnce) {
  HubOffice a(world, world.invite("benin")), b(world, world.invite("benin")), c(world, world.invite("benin"));
  HubWorld copy(world);
  write_and_sync(a, "one");
  expect_synced(b.sync());
  write_and_sync(a, "two");
  expect_synced(c.sync());  // both in one frame, and so in one block
  recover(copy);
  HubOffice brings(copy, c), stands_inside(copy, b);
  bring_back(brings);
  open_epoch(copy);
  sync_into_epoch(stands_inside);
  sync_into_epoch(brings);
  EXPECT_EQ(stands_inside.rows("SELECT id FROM need ORDER BY id"),
            brings.rows("SELECT id FROM need ORDER BY id"));
  expect_no_evidence(stands_inside);
}

TEST_F(RestoredHub, KnowsWhoJoinedAfterTheCopyWasMade) {
  HubWorld copy(world);
  world.add_organisation("togo", "association");
  HubOffice office(world, world.invite("togo"));
  write_and_sync(office, "new");
  recover(copy);
  HubOffice comes(copy, office);
  bring_back(comes);  // `authority`: now the hub knows it, and may speak of the rest
  bring_back(comes);
  expect_same_log(world, copy, "authority");
  expect_same_log(world, copy, "association/togo");
  open_epoch(copy);
  sync_into_epoch(comes);
  expect_no_evidence(comes);
}

TEST_F(RestoredHub, OfAnOfficeThatComesLateNothingIsLost) {
  HubOffice a(world, world.invite("benin")), b(world, world.invite("benin"));
  HubWorld copy(world);
  write_and_sync(a, "lost by the hub");
  recover(copy);
  open_epoch(copy);
  HubOffice late(copy, a), other(copy, b);
  write(other, "of the new epoch");
  sync_into_epoch(other);
  sync_into_epoch(late);
  sync_into_epoch(other);
  EXPECT_EQ(other.rows("SELECT count(*) FROM need"), late.rows("SELECT count(*) FROM need"));
  EXPECT_NE(other.rows("SELECT id FROM need").find("lost by the hub"), std::string::npos);
  expect_no_evidence(late);
  expect_no_evidence(other);
}

TEST_F(RestoredHub, WhatARevokedDeviceWritesInTheNewEpochIsHeldAsBefore) {
  HubOffice a(world, world.invite("benin")), b(world, world.invite("benin"));
  write_and_sync(a, "before");
  expect_synced(b.sync());
  must(world.act(world.administrator(), {RevokeAct{b.replica().device(), RevocationReason::lost, 0}}));
  expect_synced(a.sync());
  HubWorld copy(world);
  write_and_sync(a, "after");
  recover(copy);
  HubOffice brings(copy, a), revoked(copy, b);
  bring_back(brings);
  open_epoch(copy);
  for (const char* id : {"first", "second"}) {
    write(revoked, id);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(revoked.sync().error);
  }
  EXPECT_EQ(must(copy.store().kept_totals(revoked.replica().device())).held, 2U);
  EXPECT_EQ(revoked.rows("SELECT count(*) FROM _wasl_capture"), "0");
}

TEST_F(RestoredHub, GivesNothingWhileItRecovers) {
  HubOffice a(world, world.invite("benin")), b(world, world.invite("benin"));
  write_and_sync(a, "private");
  HubWorld copy(world);
  recover(copy);
  HubOffice behind(copy, b);
  bring_back(behind);
  EXPECT_EQ(behind.rows("SELECT count(*) FROM need"), b.rows("SELECT count(*) FROM need"));
  write(behind, "waits");
  bring_back(behind);
  EXPECT_EQ(must(behind.replica().status()).unsent, 1u);
  EXPECT_FALSE(copy.registrar().add_organisation({"togo", "association", "", "Togo"}));
}

TEST_F(RestoredHub, ARecoveryOutlivesTheProgram) {
  HubOffice office(world, world.invite("benin"));
  HubWorld copy(world);
  write_and_sync(office, "after");
  recover(copy);
  copy.reopen();
  EXPECT_TRUE(copy.hub().is_recovering());
  HubOffice comes(copy, office);
  bring_back(comes);
  copy.reopen();
  expect_same_log(world, copy, kBenin);
  open_epoch(copy);
  copy.reopen();
  EXPECT_FALSE(copy.hub().is_recovering());
  sync_into_epoch(comes);
}

TEST_F(RestoredHub, OnlyANewEpochEndsIt) {
  HubWorld copy(world);
  recover(copy);
  const Status placed =
      copy.place(copy.next_statement([](NetworkStatement& next) { next.name = "Another"; }));
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code, Errc::conflict);
  EXPECT_TRUE(copy.hub().is_recovering());
}

TEST_F(RestoredHub, TakesNothingBackThatItDidNotSign) {
  HubOffice office(world, world.invite("benin"));
  HubWorld copy(world);
  write_and_sync(office, "after");
  const Position before = must(copy.hub().size(kBenin));
  recover(copy);
  HubOffice comes(copy, office);
  must(comes.replica().make_hello(false, {}));
  Welcome welcome;
  welcome.state = Welcome::State::recovering;
  welcome.common = {{kBenin, 0, ledger::empty_root()}};
  must(comes.replica().on_welcome(welcome));
  const auto brought = must(comes.replica().next_return());
  ASSERT_TRUE(brought);
  auto of_another_space = brought->vouched;
  of_another_space.space = "network";
  auto without_proof = brought->vouched;
  without_proof.proof.inclusion.clear();
  without_proof.proof.leaves.clear();
  auto of_another_key = brought->vouched;
  of_another_key.key->bytes[0] ^= 1;
  auto forged = brought->vouched;
  char& of_signature = forged.proof.checkpoint[forged.proof.checkpoint.size() - 10];
  of_signature = of_signature == 'x' ? 'y' : 'x';  // it may have been an x
  for (const Vouched& lie : {of_another_space, without_proof, of_another_key, forged}) {
    EXPECT_FALSE(copy.hub().take_back(brought->parts, lie));
  }
  auto fewer = brought->parts;
  fewer.back().items.pop_back();
  fewer.back() =
      part_of(fewer.back(), fewer.back().first, fewer.back().first + entry_count(fewer.back()) - 2);
  EXPECT_FALSE(copy.hub().take_back(fewer, brought->vouched));
  EXPECT_EQ(must(copy.hub().size(kBenin)), before);
  EXPECT_TRUE(copy.hub().take_back(brought->parts, brought->vouched));
  expect_same_log(world, copy, kBenin);
}

TEST_F(RestoredHub, EvidenceOfWhatItDidBeforeItKnewStays) {
  HubOffice office(world, world.invite("benin"));
  HubWorld copy(world);
  write_and_sync(office, "after");
  HubOffice comes(copy, office);
  const auto caught = comes.sync();
  ASSERT_TRUE(caught.error);
  EXPECT_EQ(caught.error->code, Errc::caught);
  const std::size_t evidence = must(comes.replica().identity().evidence()).size();
  EXPECT_GE(evidence, 1u);
  recover(copy);
  bring_back(comes);
  open_epoch(copy);
  sync_into_epoch(comes);
  EXPECT_EQ(must(comes.replica().identity().evidence()).size(), evidence);
  EXPECT_NE(comes.rows("SELECT id FROM need").find("after"), std::string::npos);
}

TEST_F(RestoredHub, TheNewEpochIsAnotherLog) {
  HubOffice office(world, world.invite("benin"));
  HubWorld copy(world);
  recover(copy);
  open_epoch(copy);
  HubOffice comes(copy, office);
  sync_into_epoch(comes);
  EXPECT_EQ(comes.replica().network().epoch, 2u);
  EXPECT_NE(must(comes.replica().identity().checkpoint()).note.find("/heads/2"), std::string::npos);
  HubOffice back(world, comes);  // the hub of the old epoch, with all that it signed
  const auto session = back.sync();
  ASSERT_TRUE(session.error);
  EXPECT_FALSE(session.summary.equal);
}

}  // namespace
}  // namespace wasl::test
