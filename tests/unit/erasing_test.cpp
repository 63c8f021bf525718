// Erasure at the real hub and with real replicas: what is in no file afterwards, what stays provable, and
// what is tolerated only then. One behaviour a test.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "tests/support/liar.hpp"

namespace wasl::test {
namespace {

constexpr const char* kAfrica = "section/africa";
constexpr Millis kHour = 3'600'000;

/// The files of a folder that hold the bytes.
std::vector<std::string> files_with(const std::filesystem::path& folder, std::string_view bytes) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (text.find(bytes) != std::string::npos) out.push_back(entry.path().filename().string());
  }
  return out;
}

struct Erasures : testing::Test {
  HubWorld world;
  Erasures() {
    world.add_two_associations();
    senegal.emplace(world, world.invite("senegal"));
    mali.emplace(world, world.invite("mali"));
    static_cast<void>(world.administrator());
    senegal->sql(
        "INSERT INTO person(id, space, name, email) VALUES('q1', 'section/africa', 'Awa-zzone', "
        "'awa-zztwo@example.org')");
    equal(*senegal);
    equal(*mali);
  }
  std::optional<HubOffice> senegal, mali;

  static void equal(HubOffice& office) {
    const auto session = office.sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
    const VerifyReport report = must(office.replica().verify());
    EXPECT_TRUE(report.ok) << (report.problems.empty() ? "" : report.problems.front());
  }
  EraseAct list(HubOffice& office, const std::string& id = "q1") {
    const auto known = must(office.replica().erasable(kAfrica, id));
    return {kAfrica,
            record_mark(world.network(), kAfrica, id),
            {known.begin(), known.end()},
            ErasureReason::requested};
  }
  void erase(const EraseAct& act) { must(world.act(world.administrator(), {act})); }
  void pass(Millis time) {
    world.clock().time += time;
    must(world.hub().erase_due());
  }
  void expect_gone(std::string_view bytes) {
    EXPECT_THAT(files_with(world.folder(), bytes), testing::IsEmpty());
    EXPECT_THAT(files_with(senegal->folder(), bytes), testing::IsEmpty());
    EXPECT_THAT(files_with(mali->folder(), bytes), testing::IsEmpty());
  }
};

TEST_F(Erasures, AreInNoFileAfter72HoursAndEveryProofStillHolds) {
  EXPECT_THAT(files_with(world.folder(), "Awa-zzone"), testing::Not(testing::IsEmpty()));
  erase(list(*senegal));
  equal(*senegal);
  pass(72 * kHour - 1);
  equal(*senegal);
  EXPECT_EQ(senegal->rows("SELECT name FROM person"), "Awa-zzone") << "not before the time";
  EXPECT_THAT(files_with(world.folder(), "Awa-zzone"), testing::Not(testing::IsEmpty()));
  const Hash before = must(world.store().digest(kAfrica));
  pass(1);
  equal(*senegal);
  equal(*mali);
  expect_gone("Awa-zzone");
  expect_gone("awa-zztwo");
  EXPECT_EQ(senegal->rows("SELECT name, email FROM person"), "|");
  EXPECT_EQ(must(world.store().digest(kAfrica)), before) << "digests cover commitments";
  const auto told = must(mali->replica().erasures_of(kAfrica, "q1"));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].stage, ErasureStage::in_force);
  EXPECT_EQ(told[0].values, 2U);
  EXPECT_FALSE(must(mali->replica().why("person", "q1", std::nullopt)).empty());
  EXPECT_TRUE(mali->replica().receipt(*built_in_schema().find("person"), "q1", kAfrica));
  EXPECT_THAT(must(mali->replica().attention()), testing::IsEmpty()) << "an erased value is not missing";
}

TEST_F(Erasures, TheSaltGoesToo) {
  const auto commitments = must(senegal->replica().erasable(kAfrica, "q1"));
  std::vector<std::string> salts;
  for (const Hash& commitment : commitments)
    salts.push_back(to_text(must(world.store().opening(commitment))->salt.view()));
  ASSERT_EQ(salts.size(), 2U);
  for (const std::string& salt : salts)
    EXPECT_THAT(files_with(mali->folder(), salt), testing::Not(testing::IsEmpty()));
  erase(list(*senegal));
  pass(73 * kHour);
  equal(*senegal);
  equal(*mali);
  for (const std::string& salt : salts) expect_gone(salt);
}

TEST_F(Erasures, OldValuesAndValuesInConflictGoToo) {
  senegal->sql("UPDATE person SET email = 'new-zzthree@example.org'");
  equal(*senegal);
  equal(*mali);
  senegal->sql("UPDATE person SET phone = '+221 zzfour'");
  mali->sql("UPDATE person SET phone = '+221 zzfour'");
  equal(*senegal);
  equal(*mali);
  equal(*senegal);
  ASSERT_EQ(must(senegal->replica().conflicts()).size(), 1U) << "equal values, two commitments";
  const EraseAct act = list(*senegal);
  EXPECT_EQ(act.commitments.size(), 5U);
  erase(act);
  pass(73 * kHour);
  equal(*senegal);
  equal(*mali);
  for (const char* value : {"Awa-zzone", "awa-zztwo", "new-zzthree", "zzfour"}) expect_gone(value);
  EXPECT_THAT(must(senegal->replica().conflicts()), testing::IsEmpty());
}

TEST_F(Erasures, AWithdrawnOneErasesNothing) {
  erase(list(*senegal));
  pass(71 * kHour);
  must(world.act(world.administrator(),
                 {WithdrawErasureAct{world.hub().authority().erasures()[0].change_set}}));
  pass(100 * kHour);
  equal(*senegal);
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT name FROM person"), "Awa-zzone");
  EXPECT_THAT(files_with(world.folder(), "Awa-zzone"), testing::Not(testing::IsEmpty()));
}

TEST_F(Erasures, AnOfficeThatHasNotHeardOfAWithdrawalErasesNothingByItsOwnClock) {
  erase(list(*senegal));
  equal(*senegal);
  must(world.act(world.administrator(),
                 {WithdrawErasureAct{world.hub().authority().erasures()[0].change_set}}));
  world.clock().time += 100 * kHour;
  senegal->reopen();
  must(senegal->replica().carry_out_erasures());
  EXPECT_TRUE(must(senegal->replica().awaits_erasure())) << "it asks the hub";
  EXPECT_EQ(senegal->rows("SELECT name FROM person"), "Awa-zzone");
  equal(*senegal);
  EXPECT_FALSE(must(senegal->replica().awaits_erasure()));
  EXPECT_EQ(senegal->rows("SELECT name FROM person"), "Awa-zzone");
}

TEST_F(Erasures, WhoComesLaterGetsThemNeverAndMissesNothing) {
  erase(list(*senegal));
  pass(73 * kHour);
  HubOffice late(world, world.invite("mali"));
  equal(late);
  EXPECT_EQ(late.rows("SELECT name FROM person"), "");
  EXPECT_THAT(files_with(late.folder(), "Awa-zzone"), testing::IsEmpty());
  EXPECT_THAT(must(late.replica().rebuild(kAfrica)), testing::IsEmpty());
}

TEST_F(Erasures, AHubThatLeavesAnOpeningOutBeforeTheTimeIsAtFault) {
  senegal->sql("INSERT INTO person(id, space, name) VALUES('q2', 'section/africa', 'Binta')");
  equal(*senegal);
  erase(list(*senegal, "q2"));
  pass(70 * kHour);
  Liar hub(world);
  hub.entries_lie = [](Segment& segment) {
    if (segment.space == kAfrica) segment.openings.clear();
  };
  const auto told = mali->sync_with(hub);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::malformed);
  EXPECT_EQ(told.error->message, "a personal value of q2 came without its opening");
  pass(2 * kHour);
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT name FROM person ORDER BY id"), "Awa-zzone\n") << "now it is no fault";
}

TEST_F(Erasures, AHubThatStillSendsThemBringsNothingBack) {
  const auto commitment = *must(senegal->replica().erasable(kAfrica, "q1")).begin();
  const auto opening = must(world.store().opening(commitment));
  erase(list(*senegal));
  pass(73 * kHour);
  HubOffice late(world, world.invite("mali"));
  equal(late);  // knows from here on
  Segment segment = must(world.store().read(kAfrica, 1, 1, world.network())).front();
  segment.openings.push_back({commitment, *opening});
  drop_erased(world.hub().authority(), world.clock().time, segment);
  EXPECT_TRUE(segment.openings.empty());
}

TEST_F(Erasures, EvidenceLosesTheValueAndKeepsTheRest) {
  senegal->sql("INSERT INTO person(id, space, name) VALUES('q2', 'section/africa', 'Binta-zzfive')");
  equal(*senegal);
  Liar hub(world);
  hub.entries_lie = [](Segment& segment) {
    if (segment.space == kAfrica) segment.openings.push_back({Hash{}, {Salt{}, Value::text("forged")}});
  };
  ASSERT_TRUE(mali->sync_with(hub).error);
  EXPECT_THAT(files_with(mali->folder(), "Binta-zzfive"), testing::Not(testing::IsEmpty()));
  equal(*mali);
  erase(list(*senegal, "q2"));
  pass(73 * kHour);
  equal(*senegal);
  equal(*mali);
  expect_gone("Binta-zzfive");
  EXPECT_THAT(files_with(mali->folder(), "forged"), testing::Not(testing::IsEmpty())) << "evidence stays";
}

TEST_F(Erasures, AClockThatIsSetBackLetsNoWithdrawalIn) {
  erase(list(*senegal));
  pass(73 * kHour);
  world.clock().time -= 3 * kHour;
  const Hash name = world.hub().authority().erasures()[0].change_set;
  EXPECT_FALSE(world.act(world.administrator(), {WithdrawErasureAct{name}}));
}

TEST_F(Erasures, WhatWasWrittenInIgnoranceStaysAndIsNamed) {
  erase(list(*senegal));
  mali->sql("UPDATE person SET phone = '+223 zzlate'");  // has not heard of it
  must(mali->replica().seal());
  pass(73 * kHour);
  equal(*senegal);
  equal(*mali);
  equal(*senegal);
  expect_gone("Awa-zzone");
  EXPECT_EQ(senegal->rows("SELECT phone FROM person"), "+223 zzlate") << "nobody's work is lost";
  const auto items = must(senegal->replica().attention());
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].kind, "erasure");
  const EraseAct again = list(*senegal);
  EXPECT_EQ(again.commitments.size(), 1U);
  erase(again);
  pass(73 * kHour);
  equal(*senegal);
  equal(*mali);
  expect_gone("zzlate");
  EXPECT_THAT(must(senegal->replica().attention()), testing::IsEmpty());
}

TEST_F(Erasures, WhatIsWrittenKnowinglyAfterwardsIsAnybodysRight) {
  erase(list(*senegal));
  pass(73 * kHour);
  equal(*senegal);
  senegal->sql("UPDATE person SET name = 'Awa again'");
  equal(*senegal);
  EXPECT_THAT(must(senegal->replica().attention()), testing::IsEmpty());
}

TEST_F(Erasures, TheListOfOneRecordTouchesNoOther) {
  senegal->sql("INSERT INTO person(id, space, name) VALUES('q2', 'section/africa', 'Binta')");
  equal(*senegal);
  EraseAct act = list(*senegal, "q2");
  act.record = record_mark(world.network(), kAfrica, "q1");  // another's values under this record's name
  erase(act);
  pass(73 * kHour);
  equal(*senegal);
  EXPECT_EQ(senegal->rows("SELECT name FROM person ORDER BY id"), "Awa-zzone\nBinta");
}

TEST_F(Erasures, UnsentWorkAndItsSecondCopyAreErasedToo) {
  mali->sql("UPDATE person SET note = 'zzunsent'");
  must(mali->replica().seal());
  EXPECT_THAT(files_with(mali->folder(), "zzunsent"), testing::Contains("outbox.log"));
  erase(list(*mali));  // its own office lists what nobody else has seen
  world.clock().time += 73 * kHour;
  must(world.hub().erase_due());
  equal(*mali);
  equal(*senegal);
  expect_gone("zzunsent");
  EXPECT_EQ(mali->rows("SELECT note FROM person"), "");
}

TEST_F(Erasures, WhatThePowerCutOffIsDoneAtTheNextOpening) {
  erase(list(*senegal));
  equal(*senegal);
  pass(73 * kHour);
  equal(*senegal);
  must(senegal->replica().database().exec("UPDATE _wasl_meta SET value = x'01' WHERE key = 'rewrite'"));
  senegal->reopen();
  auto flag =
      must(senegal->replica().database().prepare("SELECT value FROM _wasl_meta WHERE key = 'rewrite'"));
  ASSERT_TRUE(must(flag.step()));
  EXPECT_EQ(to_hex(flag.blob(0)), "00");
  flag.reset();
  world.reopen();
  must(world.hub().erase_due());
  equal(*senegal);
  equal(*mali);
  expect_gone("Awa-zzone");
}

TEST_F(Erasures, HeldWorkIsErasedAtTheHub) {
  must(world.registrar().revoke({mali->replica().device(), RevocationReason::lost, 0}));
  mali->sql("UPDATE person SET phone = '+223 zzheld'");
  static_cast<void>(mali->sync());
  EXPECT_THAT(files_with(world.folder(), "zzheld"), testing::Not(testing::IsEmpty()));
  const auto known = must(world.store().commitments_of(kAfrica, "q1", world.network()));
  EXPECT_EQ(known.size(), 3U);
  erase({kAfrica,
         record_mark(world.network(), kAfrica, "q1"),
         {known.begin(), known.end()},
         ErasureReason::requested});
  const auto kept = must(world.store().kept_list(false));
  ASSERT_EQ(kept.size(), 1U);
  pass(73 * kHour);
  EXPECT_THAT(files_with(world.folder(), "zzheld"), testing::IsEmpty());
  must(world.act(world.administrator(), {AdoptAct{{kept[0].name}}}, kAfrica));
  equal(*senegal);
  EXPECT_EQ(senegal->rows("SELECT phone FROM person"), "");
}

TEST_F(Erasures, WorkForASpaceThatNobodyHasIsErasedAtTheHub) {
  constexpr const char* kNowhere = "section/elsewhere";
  mali->sql("INSERT INTO person(id, space, name) VALUES('q7', 'section/elsewhere', 'zznowhere')");
  static_cast<void>(mali->sync());
  EXPECT_THAT(files_with(world.folder(), "zznowhere"), testing::Not(testing::IsEmpty()));
  const auto known = must(mali->replica().erasable(kNowhere, "q7"));
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(must(world.store().commitments_of(kNowhere, "q7", world.network())), known);
  erase({kNowhere,
         record_mark(world.network(), kNowhere, "q7"),
         {known.begin(), known.end()},
         ErasureReason::requested});
  equal(*mali);
  pass(73 * kHour);
  equal(*mali);
  expect_gone("zznowhere");
}

TEST_F(Erasures, WhatAnOfficeThrewAwayStandsInItsFileNoMore) {
  mali->sql("UPDATE person SET phone = '+223 zzthrown'");
  must(mali->replica().seal());
  const auto known = must(mali->replica().erasable(kAfrica, "q1"));
  auto pending = must(mali->replica().database().prepare("SELECT hash FROM _wasl_pending"));
  ASSERT_TRUE(must(pending.step()));
  const Hash name = *Hash::from(pending.blob(0));
  pending.reset();
  must(mali->replica().discard(name));
  equal(*mali);
  auto openings = must(mali->replica().database().prepare("SELECT count(*) FROM _wasl_opening"));
  ASSERT_TRUE(must(openings.step()));
  EXPECT_EQ(openings.int64(0), static_cast<std::int64_t>(known.size()) - 1);
  openings.reset();
  erase(list(*senegal));
  equal(*mali);
  pass(73 * kHour);
  equal(*mali);
  EXPECT_THAT(files_with(mali->folder(), "zzthrown"), testing::IsEmpty());
}

}  // namespace
}  // namespace wasl::test
