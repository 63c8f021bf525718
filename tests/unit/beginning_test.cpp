// Offices that begin from a snapshot, at the real hub: fewer bytes, the same state, and everything that goes
// on from there. One behaviour a test.
#include "tests/support/beginnings.hpp"

namespace wasl::test {
namespace {

using testing::HasSubstr;

TEST_F(Beginnings, TakeFewerBytesAndGiveTheSameState) {
  fill(2 * kEdits);
  HubOffice& before = *other_;
  const auto by_log = equal(before);
  const BuiltSnapshot built = build();
  EXPECT_GT(built.pieces, 2U);
  HubOffice& mali = *new_;
  const auto by_snapshot = equal(mali);
  EXPECT_EQ(begun_at(before), 0U);
  EXPECT_EQ(begun_at(mali), built.position);
  EXPECT_EQ(by_snapshot.summary.received_pieces, built.pieces);
  EXPECT_LT(by_snapshot.bytes_down * 3, by_log.bytes_down)
      << by_snapshot.bytes_down << " bytes instead of " << by_log.bytes_down;
  EXPECT_EQ(all(mali), all(before));
  EXPECT_EQ(mali.rows("SELECT count(*) FROM project"), std::to_string(kRecords));
  sound(mali);
  // What ranks is there too, which the digest does not cover.
  const auto fields = must(before.replica().why("project", "p1007", std::nullopt));
  const auto same = must(mali.replica().why("project", "p1007", std::nullopt));
  ASSERT_EQ(fields.size(), same.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(same[i].time, fields[i].time);
    EXPECT_EQ(same[i].author, fields[i].author);
    EXPECT_TRUE(same[i].is_before_start);
    EXPECT_FALSE(fields[i].is_before_start);
  }
}

TEST_F(Beginnings, ACutAtAnyFrameGoesOnWhereItStopped) {
  fill();
  const BuiltSnapshot built = build();
  HubOffice& mali = *new_;
  std::uint64_t pieces = 0;
  std::size_t sessions = 0;
  for (;; ++sessions) {
    ASSERT_LT(sessions, 100U);
    const auto session = mali.sync(4 + sessions);
    pieces += session.summary.received_pieces;
    mali.reopen();
    if (session.summary.equal == true) break;
  }
  EXPECT_GT(sessions, 2U);
  EXPECT_EQ(begun_at(mali), built.position);
  EXPECT_EQ(pieces, built.pieces) << "a piece that came is not fetched again";
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Beginnings, ANewerSnapshotMeanwhileKeepsWhatBothHave) {
  fill();
  const BuiltSnapshot built = build();
  HubOffice& mali = *new_;
  const auto cut = mali.sync(6);
  EXPECT_GT(cut.summary.received_pieces, 0U);
  EXPECT_LT(cut.summary.received_pieces, built.pieces);
  senegal->sql("UPDATE project SET title = 'Another' WHERE id = 'p1000'");
  equal(*senegal);
  const BuiltSnapshot newer = build();
  EXPECT_LE(newer.fresh, 3U) << "the piece of the record, and the ground";
  const auto rest = equal(mali);
  EXPECT_LE(rest.summary.received_pieces + cut.summary.received_pieces, newer.pieces + newer.fresh);
  EXPECT_EQ(begun_at(mali), newer.position);
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Beginnings, WorkGoesOnFromThere) {
  fill();
  HubOffice late(world, world.invite("mali"));  // was here before, and away since
  equal(late);
  build();
  HubOffice& mali = *new_;
  equal(mali);
  // A value that stood before the snapshot is changed by two who do not know of each other.
  mali.sql("UPDATE project SET title = 'by mali' WHERE id = 'p1001'");
  late.sql("UPDATE project SET title = 'by late' WHERE id = 'p1001'");
  late.sql("DELETE FROM project WHERE id = 'p1002'");
  mali.sql("UPDATE project SET reference = 'M-1' WHERE id = 'p1002'");
  mali.sql("DELETE FROM project WHERE id = 'p1003'");
  senegal->sql("UPDATE project SET reference = 'S-1' WHERE id = 'p1004'");
  for (int round = 0; round < 2; ++round) {
    for (HubOffice* office : {&mali, &late, &*senegal}) equal(*office);
  }
  for (HubOffice* office : {&mali, &late, &*senegal}) {
    EXPECT_EQ(must(office->replica().conflicts()).size(), 1U);
    EXPECT_EQ(office->rows("SELECT reference FROM project WHERE id = 'p1002'"), "M-1")
        << "an edit met a delete";
    EXPECT_EQ(office->rows("SELECT count(*) FROM project WHERE id = 'p1003'"), "0");
    EXPECT_EQ(all(*office), all(mali));
    sound(*office);
  }
  EXPECT_THAT(must(mali.replica().rebuild(kAfrica)), testing::IsEmpty());
}

TEST_F(Beginnings, WorkThatNamesWhatWasSupersededBeforeIsTaken) {
  HubOffice late(world, world.invite("mali"));
  senegal->sql("INSERT INTO project(id, space, title) VALUES('old', 'section/africa', 'first')");
  equal(*senegal);
  equal(late);
  late.sql("UPDATE project SET title = 'from long ago' WHERE id = 'old'");
  senegal->sql("UPDATE project SET title = 'second' WHERE id = 'old'");
  fill();
  build();
  HubOffice& mali = *new_;
  equal(mali);
  equal(late);  // its change set names a head that the snapshot knows nothing of
  equal(mali);
  EXPECT_EQ(must(mali.replica().conflicts()).size(), 1U);
  sound(mali);
}

TEST_F(Beginnings, DamageInWhatItBeganFromIsFound) {
  fill();
  build();
  HubOffice& mali = *new_;
  equal(mali);
  ASSERT_TRUE(
      mali.replica().database().exec("UPDATE _wasl_piece SET data = zeroblob(length(data)) WHERE rowid = "
                                     "(SELECT min(rowid) FROM _wasl_piece)"));
  const VerifyReport report = must(mali.replica().verify());
  ASSERT_FALSE(report.ok);
  EXPECT_THAT(report.problems.front(), HasSubstr("snapshot"));
  // And it is mended by what the hub has.
  EXPECT_THAT(must(mali.replica().want_whole_logs()), testing::ElementsAre(kAfrica));
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U);
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Beginnings, TheWholeLogCanBeHadLater) {
  fill();
  build();
  HubOffice& mali = *new_;
  equal(mali);
  mali.sql("UPDATE project SET reference = 'kept' WHERE id = 'p1001'");
  equal(mali);
  mali.sql("UPDATE project SET reference = 'unsent' WHERE id = 'p1002'");
  must(mali.replica().seal());
  must(mali.replica().want_whole_logs());
  equal(mali);
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U);
  EXPECT_EQ(mali.rows("SELECT reference FROM project WHERE id = 'p1001'"), "kept");
  EXPECT_EQ(mali.rows("SELECT reference FROM project WHERE id = 'p1002'"), "unsent");
  sound(mali);
  equal(*senegal);
  EXPECT_EQ(all(mali), all(*senegal));
}

TEST_F(Beginnings, WhatARevocationTakesBackFromBeforeItBeginsAnew) {
  fill();
  HubOffice thief(world, world.invite("mali"));
  equal(thief);
  const Millis stolen = world.hub().hub_time();
  world.clock().time += 10;
  thief.sql("UPDATE project SET title = 'stolen' WHERE id = 'p1005'");
  equal(thief);
  equal(*senegal);
  build();
  HubOffice& mali = *new_;
  equal(mali);
  EXPECT_GT(begun_at(mali), 0U);
  EXPECT_EQ(mali.rows("SELECT title FROM project WHERE id = 'p1005'"), "stolen");
  mali.sql("UPDATE project SET reference = 'mine' WHERE id = 'p1006'");
  equal(mali);
  must(world.registrar().revoke({thief.replica().device(), RevocationReason::compromised, stolen}));
  senegal->sql("UPDATE project SET reference = 'after' WHERE id = 'p1007'");
  senegal->sync();
  equal(*senegal);
  const auto told = mali.sync();
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::later) << told.error->message;
  equal(mali);
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U) << "a snapshot from before the revocation is offered no more";
  EXPECT_NE(mali.rows("SELECT title FROM project WHERE id = 'p1005'"), "stolen");
  EXPECT_EQ(mali.rows("SELECT reference FROM project WHERE id = 'p1006'"), "mine");
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Beginnings, PersonalValuesComeOpenedAndAreErased) {
  static_cast<void>(world.administrator());
  senegal->sql(
      "INSERT INTO person(id, space, name, email) VALUES('q1', 'section/africa', 'Awa-zzone', "
      "'awa-zztwo@example.org')");
  fill();
  build();
  HubOffice& mali = *new_;
  equal(mali);
  EXPECT_GT(begun_at(mali), 0U);
  EXPECT_EQ(mali.rows("SELECT name FROM person"), "Awa-zzone");
  const auto known = must(mali.replica().erasable(kAfrica, "q1"));
  EXPECT_EQ(known.size(), 2U);
  must(world.act(world.administrator(), {EraseAct{kAfrica,
                                                  record_mark(world.network(), kAfrica, "q1"),
                                                  {known.begin(), known.end()},
                                                  ErasureReason::requested}}));
  equal(mali);
  world.clock().time += Millis{73} * 3'600'000;
  must(world.hub().erase_due());
  equal(mali);
  EXPECT_EQ(mali.rows("SELECT name FROM person"), "");
  sound(mali);
  HubOffice later(world, world.invite("mali"));
  equal(later);
  EXPECT_GT(begun_at(later), 0U) << "the same snapshot: openings travel beside it";
  EXPECT_EQ(later.rows("SELECT name FROM person"), "");
  sound(later);
}

TEST_F(Beginnings, AreNotForWhoHasWorkInTheLog) {
  fill();
  HubOffice& mali = *new_;
  mali.sql("UPDATE project SET reference = 'mine' WHERE id = 'p1006'");
  equal(mali);
  mali.sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  equal(mali);
  build();
  for (const char* file : {"replica.db", "replica.db-wal", "replica.db-shm"})
    std::filesystem::remove(mali.folder() / file);
  mali.reopen();
  mali.sync();
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U);
  EXPECT_EQ(mali.rows("SELECT title FROM project WHERE id = 'm1'"), "Road");
  sound(mali);
}

TEST_F(Beginnings, SettleWorkThatStandsBeforeThem) {
  HubOffice& mali = *new_;
  mali.sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  for (std::size_t cut = 2; senegal->rows("SELECT count(*) FROM project WHERE id = 'm1'") == "0"; ++cut) {
    mali.sync(cut);  // what the hub said of it did not come
    equal(*senegal);
  }
  fill();
  build();
  equal(mali);
  EXPECT_EQ(must(mali.replica().status()).unacknowledged, 0U) << "the ground names the ends of its chains";
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Beginnings, WithWorkThatWaitsKeepIt) {
  fill();
  build();
  HubOffice& mali = *new_;
  mali.sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  equal(mali);
  EXPECT_GT(begun_at(mali), 0U);
  equal(*senegal);
  EXPECT_EQ(all(mali), all(*senegal));
  EXPECT_EQ(senegal->rows("SELECT title FROM project WHERE id = 'm1'"), "Road");
  sound(mali);
}

TEST_F(Beginnings, AReceiptOfWhatWasBeforeIsRefusedInWords) {
  fill();
  build();
  HubOffice& mali = *new_;
  equal(mali);
  const Register& project = *mali.replica().schema().find("project");
  const auto before = mali.replica().receipt(project, "p1001", std::nullopt);
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().code, Errc::not_found);
  EXPECT_THAT(before.error().message, HasSubstr("began there from a snapshot"));
}

TEST_F(Beginnings, FromPiecesThatAreOthersTakesNothingOfThem) {
  fill();
  build();
  HubOffice& mali = *new_;
  Alterer damager(world.hub(), [](SnapshotFrameKind kind, ByteView frame) {
    Bytes out = to_bytes(frame);
    if (kind == SnapshotFrameKind::piece) out.back() ^= 1;
    return out;
  });
  const auto session = mali.sync_with(damager);
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::malformed);
  EXPECT_EQ(mali.rows("SELECT count(*) FROM project"), "0");
  equal(mali);
  sound(mali);
}

TEST_F(Beginnings, FromAManifestThatIsNotSignedTakesNothing) {
  fill();
  build();
  HubOffice& mali = *new_;
  Alterer forger(world.hub(), [](SnapshotFrameKind kind, ByteView frame) {
    if (kind != SnapshotFrameKind::snapshot) return to_bytes(frame);
    SnapshotFrame forged = must(decode_snapshot(frame));
    auto manifest = must(snapshot::decode_manifest(forged.manifest));
    manifest.pieces.pop_back();
    forged.manifest = encode(manifest);
    return encode(forged);
  });
  const auto session = mali.sync_with(forger);
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::bad_signature);
  EXPECT_EQ(mali.rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Beginnings, FromASignedSnapshotOfAnotherStateCatchesTheHub) {
  fill();
  const BuiltSnapshot built = build();
  auto manifest = *shelf.newest(kAfrica);
  manifest.pieces.pop_back();  // the hub leaves records out, and signs that
  must(shelf.place(manifest));
  HubOffice& mali = *new_;
  const auto session = mali.sync();
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::caught) << session.error->message;
  EXPECT_THAT(session.error->message, HasSubstr("whose state is not that of its log"));
  EXPECT_EQ(mali.rows("SELECT count(*) FROM project"), "0");
  EXPECT_GT(built.pieces, 0U);
}

TEST_F(Beginnings, APieceThatTheHubHasLostIsNoTrap) {
  fill();
  build();
  const auto manifest = *shelf.newest(kAfrica);
  std::filesystem::remove(world.folder() / "snapshots" / "section.africa" /
                          to_hex(manifest.pieces.front().name.view()));
  HubOffice& mali = *new_;
  const auto session = mali.sync();
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::later);
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U) << "it is offered no more until it is built again";
  sound(mali);
}

}  // namespace
}  // namespace wasl::test
