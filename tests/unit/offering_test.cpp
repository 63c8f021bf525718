// What an office offers in a session and what it makes of the answers: runs, headers of what was discarded,
// verdicts that come late, twice or on what is not there, and a hub that lost what stood before.
#include <gtest/gtest.h>

#include <algorithm>

#include "shared/wire/push_check.hpp"
#include "tests/crash/world.hpp"

namespace wasl::test {
namespace {

constexpr Machine kOffice = Machine::office, kSecond = Machine::second;

struct Offering : testing::Test {
  std::unique_ptr<CrashWorld> world;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    world = std::make_unique<CrashWorld>();
    EXPECT_EQ(sync(), true);
  }
  Replica& office() { return world->office(); }
  std::optional<bool> sync() { return world->sync(office()).summary.equal; }
  void write(const std::string& statement) {
    world->clock.time += 1'000;
    world->sql(kOffice, statement);
    must(office().seal());
  }
  std::string pending(const std::string& what) {
    return world->rows(kOffice, "SELECT " + what + " FROM _wasl_pending ORDER BY no");
  }
  /// A verdict on `count` change sets from the `from`th that waits on.
  VerdictItem on(int from, Verdict verdict, std::uint64_t count = 1) {
    auto select = must(office().database().prepare(
        "SELECT chain, sequence FROM _wasl_pending ORDER BY no LIMIT 1 OFFSET ?"));
    select.bind_all(from);
    EXPECT_TRUE(must(select.step()));
    return {*ChainId::from(select.blob(0)), static_cast<Sequence>(select.int64(1)), count, verdict, 0};
  }
  std::vector<Segment> pushes(std::size_t most = 1 << 16) {
    std::vector<Segment> out;
    must(office().make_hello(false, {}));
    for (;;) {
      auto segment = must(office().next_push(most));
      if (!segment) return out;
      out.push_back(std::move(*segment));
    }
  }
  static std::size_t signatures(const Segment& segment) {
    return static_cast<std::size_t>(
        std::count_if(segment.items.begin(), segment.items.end(),
                      [](const SegmentItem& item) { return std::holds_alternative<SignatureItem>(item); }));
  }
  void expect_everywhere(const std::string& query, const std::string& rows) {
    EXPECT_EQ(sync(), true);
    EXPECT_EQ(sync(), true);
    EXPECT_EQ(world->sync(world->second()).summary.equal, true);
    for (const Machine machine : {kOffice, kSecond}) EXPECT_EQ(world->rows(machine, query), rows);
    EXPECT_EQ(pending("count(*)"), "0\n");
    EXPECT_TRUE(must(office().verify()).ok);
  }
  std::string notices() {
    std::string all;
    for (const std::string& notice : must(office().status()).notices) all += notice + "\n";
    return all;
  }
};

TEST_F(Offering, ARunIsSignedOnceAndIsBoundedInCountAndBytes) {
  for (int i = 0; i < 70; ++i) write("UPDATE project SET reference = 'R" + std::to_string(i) + "'");
  const auto many = pushes();
  ASSERT_EQ(many.size(), 1U);
  EXPECT_EQ(signatures(many[0]), 2U) << "64 and 6";
  EXPECT_TRUE(verify_runs(many[0], office().network().network));
  EXPECT_EQ(sync(), true);
  for (int i = 0; i < 3; ++i)
    write("UPDATE project SET note = printf('%.*c', 12000, '" + std::to_string(i) + "')");
  const auto large = pushes();
  ASSERT_EQ(large.size(), 1U);
  EXPECT_EQ(signatures(large[0]), 3U) << "16 KiB a run";
  EXPECT_EQ(pushes(20'000).size(), 2U) << "as much as the hub gives credit for";
  expect_everywhere("SELECT substr(note, 1, 2), length(note) FROM project", "22|12000\n");
}

TEST_F(Offering, OfWhatWasDiscardedOnlyTheHeaderTravels) {
  write("UPDATE project SET reference = 'secret'");
  write("UPDATE project SET website = 'w'");
  must(office().discard(*Hash::from(*from_hex(pending("lower(hex(hash))").substr(0, 64)))));
  const auto out = pushes();
  ASSERT_EQ(out.size(), 1U);
  const auto* taken_back = std::get_if<StandInItem>(&out[0].items.at(0));
  ASSERT_NE(taken_back, nullptr);
  EXPECT_TRUE(is_taken_back(*taken_back, taken_back->header.network));
  const Bytes frame = encode_segment(FrameKind::push, out[0]);
  EXPECT_EQ(to_text(frame).find("secret"), std::string::npos);
  EXPECT_EQ(must(office().status()).unsent, 1U);
  expect_everywhere("SELECT reference, website FROM project", "R0|w\n");
}

TEST_F(Offering, AVerdictThatSaysLaterChangesNothing) {
  write("UPDATE project SET reference = 'A'");
  Verdict later;
  later.outcome = Outcome::later;
  must(office().on_verdicts({on(0, later)}));
  EXPECT_EQ(pending("state"), "0\n");
  expect_everywhere("SELECT reference FROM project", "A\n");
}

TEST_F(Offering, VerdictsOnWhatIsNotThereChangeNothing) {
  write("UPDATE project SET reference = 'A'");
  VerdictItem other = on(0, Verdict::refuse(Reason::seen));
  other.chain.bytes[0] ^= 1;
  must(office().on_verdicts({other}));
  other.verdict = Verdict::refuse(Reason::no_grant);
  must(office().on_verdicts({other}));
  EXPECT_EQ(pending("state"), "0\n");
  expect_everywhere("SELECT reference FROM project", "A\n");
}

TEST_F(Offering, WhatASessionHasNotProvedIsNoLieWhenItIsRefusedAsUnseen) {
  write("UPDATE project SET reference = 'A'");
  // As if this replica had been put back before the proof of what the change set names.
  must(office().database().exec("UPDATE _wasl_space SET proved = 0"));
  world->close(kOffice);
  world->open(kOffice);
  must(office().on_verdicts({on(0, Verdict::refuse(Reason::seen))}));
  EXPECT_EQ(pending("state"), "0\n");
  EXPECT_EQ(notices(), "");
  expect_everywhere("SELECT reference FROM project", "A\n");
}

TEST_F(Offering, AHubThatLostWhatStoodBeforeGetsItAgain) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET website = 'w'");
  must(office().on_verdicts({on(0, Verdict::accept())}));
  EXPECT_EQ(pending("state"), "3\n0\n");
  must(office().on_verdicts({on(1, Verdict::refuse(Reason::gap))}));
  EXPECT_EQ(pending("state"), "0\n2\n") << "the first is offered again, then the second may be";
  EXPECT_EQ(notices(), "");
}

TEST_F(Offering, WorkWhoseChainTheHubLostIsSealedAgain) {
  write("UPDATE project SET reference = 'A'");
  must(office().on_verdicts({on(0, Verdict::refuse(Reason::gap))}));  // nothing before it is here any more
  EXPECT_NE(notices().find("it was restored from an older copy; what waits was sealed again"),
            std::string::npos);
  EXPECT_EQ(pending("state"), "0\n");
  expect_everywhere("SELECT reference FROM project", "A\n");
}

TEST_F(Offering, WhatStandsBehindADiscardedOneThatTheHubLostIsSealedAgain) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET note = 'gone'");
  write("UPDATE project SET website = 'w'");
  const std::string hashes = pending("lower(hex(hash))");
  const std::string first = hashes.substr(0, 64);
  must(office().on_verdicts({on(0, Verdict::hold(Reason::gone))}));
  must(office().discard(*Hash::from(*from_hex(hashes.substr(65, 64)))));
  must(office().on_verdicts({on(1, Verdict::accept())}));
  EXPECT_EQ(pending("state"), "1\n0\n") << "a header that the hub knows has done its duty";
  // The hub is an older copy: it holds the first, not the second.
  Verdict later;
  later.outcome = Outcome::later;
  later.reason = Reason::gap;
  must(office().on_verdicts({on(1, later)}));
  EXPECT_EQ(pending("lower(hex(hash))").substr(0, 64), first) << "it has its place and keeps it";
  EXPECT_NE(pending("lower(hex(hash))").substr(65, 64), hashes.substr(130, 64));
  EXPECT_NE(notices().find("what waits was sealed again"), std::string::npos);
  expect_everywhere("SELECT reference, website FROM project", "A|w\n");
}

TEST_F(Offering, PersonalWorkThatIsSealedAgainKeepsItsValueAndWhatItEnded) {
  world->sql(kOffice, "INSERT INTO person(id, space, name) VALUES('m1', 'section/africa', 'Awa')");
  EXPECT_EQ(sync(), true);
  write("UPDATE person SET name = 'Aminata', email = 'a@example.org'");
  write("UPDATE person SET name = 'Amina', email = NULL");
  must(office().on_verdicts({on(0, Verdict::refuse(Reason::fork), 2)}));
  EXPECT_EQ(pending("count(*)"), "2\n");
  EXPECT_EQ(world->rows(kOffice, "SELECT name, email FROM person"), "Amina|NULL\n");
  expect_everywhere("SELECT name, email FROM person", "Amina|NULL\n");
  EXPECT_TRUE(must(office().conflicts()).empty());
}

TEST_F(Offering, ADamagedChangeSetIsNotSealedAgainAsSomethingElse) {
  write("UPDATE project SET reference = 'A'");
  const auto item = on(0, Verdict::refuse(Reason::fork));
  must(office().database().exec("UPDATE _wasl_pending SET header = x'00'"));
  EXPECT_FALSE(office().on_verdicts({item}));
  EXPECT_FALSE(office().on_verdicts({{item.chain, item.first, 1, Verdict::refuse(Reason::seen), 0}}));
  EXPECT_EQ(pending("state"), "0\n") << "nothing of the verdict was taken";
}

TEST_F(Offering, WhatTheHubHoldsAlreadyIsNotSentAgain) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET reference = 'B'");
  must(office().make_hello(false, {}));
  const VerdictItem first = on(0, Verdict::accept());
  Welcome welcome;
  welcome.staged = {
      {first.chain, first.first, *Hash::from(*from_hex(pending("lower(hex(hash))").substr(0, 64)))},
      {first.chain, first.first + 1, Hash{}}};  // another one than waits here
  must(office().on_welcome(welcome));
  const auto push = must(office().next_push(1 << 16));
  ASSERT_TRUE(push);
  ASSERT_EQ(push->items.size(), 2U);
  EXPECT_EQ(header_of(push->items[0])->sequence, first.first + 1);
}

TEST_F(Offering, AChainWithAGapIsOfferedInTwoPieces) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET reference = 'B'");
  write("UPDATE project SET reference = 'C'");
  // A copy of this folder has sent the second, and its entry is on the way.
  must(office().database().exec(
      "DELETE FROM _wasl_pending WHERE no = (SELECT min(no) + 1 FROM _wasl_pending)"));
  const auto pieces = pushes();
  ASSERT_EQ(pieces.size(), 2U);
  for (const Segment& one : pieces) EXPECT_EQ(one.items.size(), 2U);
}

TEST_F(Offering, AnInvitationIsTakenUpOnceTheOfficeHasHeardOfIt) {
  const Invitation invitation = world->invite("senegal");
  const auto key = crypto::KeyPair::from_seed(invitation.seed);
  EXPECT_EQ(office().make_enrolment(key).error().code, Errc::unauthorised)
      << "this office has not heard of it";
  EXPECT_EQ(sync(), true);
  EXPECT_TRUE(office().make_enrolment(key).has_value());
}

TEST_F(Offering, WhatWasHeldAndRefusedIsListedWithItsReason) {
  write("UPDATE project SET reference = 'A'");
  write("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'P')");
  Verdict held;
  held.outcome = Outcome::held;
  held.reason = Reason::gone;
  held.detail = "words";
  must(office().on_verdicts({on(0, held), on(1, Verdict::refuse(Reason::no_grant))}));
  const ReplicaStatus status = must(office().status());
  EXPECT_EQ(status.held, 1U);
  EXPECT_EQ(status.refused, 1U);
  ASSERT_EQ(status.waiting.size(), 2U);
  EXPECT_EQ(status.waiting[0].state, PendingState::held);
  EXPECT_EQ(status.waiting[0].reason, Reason::gone);
  EXPECT_EQ(status.waiting[0].detail, "words");
  ASSERT_EQ(status.waiting[1].records.size(), 1U);
  EXPECT_EQ(status.waiting[1].records[0], (std::pair<std::string, std::string>("project", "p1")));
  for (const PendingSet& set : status.waiting) must(office().discard(set.name));
  EXPECT_EQ(world->rows(kOffice, "SELECT id, reference FROM project"), "p0|R0\n");
  EXPECT_EQ(pending("count(*)"), "0\n") << "the hub knows their headers already";
}

}  // namespace
}  // namespace wasl::test
