// Offices that take a snapshot in the place of a backlog, at the real hub: only what differs, when it is
// cheaper, with their own work untouched. One behaviour a test.
#include "tests/support/beginnings.hpp"

namespace wasl::test {
namespace {

using testing::HasSubstr;

struct Skipping : Beginnings {
  HubOffice& mali = *new_;

  /// Mali holds all of it, and then is away while a tenth of the records is edited over and over.
  BuiltSnapshot away() {
    fill();
    equal(mali);
    EXPECT_EQ(begun_at(mali), 0U);
    for (int round = 0; round < 40; ++round) edit(kEdits + round, kRecords / 10);
    return build();
  }
};

TEST_F(Skipping, TakesOnlyThePiecesThatDiffer) {
  const BuiltSnapshot built = away();
  const auto skipped = equal(mali);
  HubOffice later(world, world.invite("mali"));
  EXPECT_EQ(begun_at(mali), built.position);
  EXPECT_GT(skipped.summary.received_pieces, 0U);
  EXPECT_LT(skipped.summary.received_pieces, built.pieces);
  EXPECT_EQ(skipped.summary.received_sets, 0U);
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
  equal(later);
  EXPECT_EQ(all(mali), all(later));
  EXPECT_THAT(must(mali.replica().rebuild(kAfrica)), testing::IsEmpty());
}

TEST_F(Skipping, TakesTheLogWhereThatIsCheaper) {
  fill();
  equal(mali);
  edit(kEdits);  // each piece differs, and each record once
  build();
  const auto session = equal(mali);
  EXPECT_EQ(begun_at(mali), 0U);
  EXPECT_EQ(session.summary.received_pieces, 0U);
  EXPECT_EQ(mali.rows("SELECT count(*) FROM _wasl_piece"), "0") << "what was made to compare is not kept";
  sound(mali);
}

TEST_F(Skipping, ACutAtAnyFrameGoesOnWhereItStopped) {
  const BuiltSnapshot built = away();
  std::uint64_t pieces = 0;
  std::size_t sessions = 0;
  for (;; ++sessions) {
    ASSERT_LT(sessions, 100U);
    const auto session = mali.sync(3 + sessions);
    pieces += session.summary.received_pieces;
    mali.reopen();
    sound(mali);
    if (session.summary.equal == true) break;
  }
  EXPECT_GT(sessions, 1U);
  EXPECT_LT(pieces, built.pieces);
  EXPECT_EQ(begun_at(mali), built.position);
  EXPECT_EQ(all(mali), all(*senegal));
}

TEST_F(Skipping, KeepsWhatWaitsAndSettlesWhatWasAccepted) {
  fill();
  equal(mali);
  mali.sql("UPDATE project SET reference = 'sent' WHERE id = 'p1001'");
  for (std::size_t cut = 2; senegal->rows("SELECT count(*) FROM project WHERE reference = 'sent'") == "0";
       ++cut) {
    mali.sync(cut);  // what the hub said of it did not come
    equal(*senegal);
  }
  mali.sql("UPDATE project SET reference = 'unsent' WHERE id = 'p1300'");
  mali.sql("UPDATE project SET title = 'both' WHERE id = 'p1002'");
  must(mali.replica().seal());
  ASSERT_GT(must(mali.replica().status()).unsent, 0U);
  for (int round = 0; round < 40; ++round) edit(kEdits + round, kRecords / 10);
  const BuiltSnapshot built = build();
  equal(mali);
  EXPECT_EQ(begun_at(mali), built.position);
  const ReplicaStatus status = must(mali.replica().status());
  EXPECT_EQ(status.unsent + status.unacknowledged, 0U);
  EXPECT_EQ(mali.rows("SELECT reference FROM project WHERE id = 'p1001'"), "sent");
  EXPECT_EQ(mali.rows("SELECT reference FROM project WHERE id = 'p1300'"), "unsent");
  mali.reopen();
  EXPECT_EQ(must(mali.replica().status()).unsent, 0U) << "outbox.log has nothing that is missing";
  equal(*senegal);
  EXPECT_EQ(senegal->rows("SELECT reference FROM project WHERE id = 'p1300'"), "unsent");
  EXPECT_EQ(must(mali.replica().conflicts()).size(), 1U) << "two wrote p1002";
  EXPECT_EQ(must(senegal->replica().conflicts()).size(), 1U);
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
  mali.sql("UPDATE project SET reference = 'after' WHERE id = 'p1005'");
  equal(mali);
  equal(*senegal);
  EXPECT_EQ(all(mali), all(*senegal));
}

TEST_F(Skipping, TwiceKeepsThePiecesOfTheNewestAlone) {
  away();
  equal(mali);
  for (int round = 0; round < 40; ++round) edit(100 + round, kRecords / 20);
  const BuiltSnapshot built = build();
  const auto session = equal(mali);
  EXPECT_EQ(begun_at(mali), built.position);
  EXPECT_LT(session.summary.received_pieces, built.pieces);
  EXPECT_EQ(mali.rows("SELECT count(*) FROM _wasl_piece"),
            std::to_string(shelf.newest(kAfrica)->pieces.size()));
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Skipping, HistoryCanBeFetchedAndStaysThen) {
  away();
  equal(mali);
  must(mali.replica().want_whole_logs());
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U);
  for (int round = 0; round < 40; ++round) edit(100 + round, kRecords / 20);
  build();
  equal(mali);
  EXPECT_EQ(begun_at(mali), 0U) << "somebody asked for the history";
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Skipping, DamageInWhatItBeganFromCostsItsPiecesAlone) {
  const BuiltSnapshot built = away();
  equal(mali);
  ASSERT_TRUE(
      mali.replica().database().exec("UPDATE _wasl_piece SET data = zeroblob(length(data)) WHERE rowid = "
                                     "(SELECT min(rowid) FROM _wasl_piece)"));
  ASSERT_TRUE(mali.replica().database().exec("UPDATE project SET title = 'damage' WHERE id = 'p1399'"));
  ASSERT_TRUE(mali.replica().database().exec(
      "DELETE FROM _wasl_bucket WHERE bucket = (SELECT min(bucket) FROM _wasl_bucket)"));
  mali.reopen();
  const auto found = mali.sync();
  EXPECT_NE(found.summary.equal, true);
  const auto mended = equal(mali);
  EXPECT_LE(mended.summary.received_pieces, 4U) << "of " << built.pieces;
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Skipping, TheOnlyWayIsTakenWhateverItCosts) {
  fill();
  equal(mali);
  edit(kEdits);
  const BuiltSnapshot built = build();
  Alterer floor(world.hub(), [](SnapshotFrameKind kind, ByteView frame) {
    if (kind != SnapshotFrameKind::snapshot) return to_bytes(frame);
    SnapshotFrame offered = must(decode_snapshot(frame));
    offered.backlog = 0;
    return encode(offered);
  });
  mali.sql("UPDATE project SET reference = 'mine' WHERE id = 'p1007'");
  EXPECT_EQ(mali.sync_with(floor).summary.equal, true);
  EXPECT_EQ(begun_at(mali), built.position);
  equal(*senegal);
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

TEST_F(Skipping, AHistoryThatDoesNotGoOnFromTheOneHereCatchesTheHub) {
  away();
  Alterer liar(world.hub(), [](SnapshotFrameKind kind, ByteView frame) {
    if (kind != SnapshotFrameKind::snapshot) return to_bytes(frame);
    SnapshotFrame offered = must(decode_snapshot(frame));
    offered.consistency.back().bytes[0] ^= 1;
    return encode(offered);
  });
  const std::string before = all(mali);
  const auto session = mali.sync_with(liar);
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::caught);
  EXPECT_THAT(session.error->message, HasSubstr("does not go on from its log here"));
  EXPECT_EQ(all(mali), before);
}

TEST_F(Skipping, WhatGoesWhileItIsTakenOverIsFinishedAtTheNextOpening) {
  away();
  for (std::size_t cut = 1; mali.rows("SELECT count(*) FROM _wasl_piece") == "0"; ++cut) mali.sync(cut);
  const auto rest = equal(mali);
  EXPECT_GT(rest.summary.received_pieces, 0U);
  mali.reopen();
  EXPECT_EQ(all(mali), all(*senegal));
  sound(mali);
}

}  // namespace
}  // namespace wasl::test
