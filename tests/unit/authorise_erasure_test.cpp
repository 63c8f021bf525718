// Section 6.7 of the protocol: who may erase, until when it can be withdrawn, and when it is in force.
#include "shared/authority/erasure_words.hpp"
#include "shared/store/erasing.hpp"
#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

constexpr Millis kHour = 3'600'000;

Hash number(Byte b) {
  Hash hash;
  hash.bytes.fill(b);
  return hash;
}

EraseAct erasure(const std::string& space = "section/asia", const std::string& id = "p1") {
  return {space, record_mark({}, space, id), {number(1), number(2)}, ErasureReason::requested};
}

class Erasing : public AuthorityDesk {
 protected:
  Erasing() {
    place(registrar, OrganisationAct{"nepal", "association", "asia", "Nepal"});
    give(kAdmin | kWrite, {"section/asia"});
  }
  void give(Rights rights, std::vector<std::string> spaces, const std::string& mandate = "",
            std::vector<std::uint32_t> registers = {}) {
    GrantAct act = grant_act(GrantKind::person, person.public_key());
    act.clauses = {{rights, std::move(spaces), std::move(registers)}};
    act.mandate = mandate;
    grant = place(registrar, act);
  }
  Reason of_person(const Act& act, Millis now = kNow) { return reason(acts_of(person, {act}, grant), now); }
  Hash erased(const EraseAct& act = erasure(), Millis now = kNow) {
    place(person, act, grant, now);
    return authority.erasures().back().change_set;
  }

  crypto::KeyPair person = key_of(9);
  Hash grant;
};

TEST_F(Erasing, AnAdministratorErasesInTheirSpaceAndBelow) {
  EXPECT_EQ(of_person(erasure()), Reason::none);
  EXPECT_EQ(of_person(erasure("association/nepal")), Reason::none) << "below one's own";
  EXPECT_EQ(of_person(erasure("public")), Reason::no_right);
  give(kAdmin, {"association/nepal"});
  EXPECT_EQ(of_person(erasure()), Reason::no_right) << "above one's own";
  EXPECT_EQ(of_person(erasure("association/nepal")), Reason::none);
  give(kAdmin, {"*"});
  EXPECT_EQ(of_person(erasure("public")), Reason::none);
}

TEST_F(Erasing, OtherRightsAreNotEnough) {
  give(kWrite | kReview | kPublish | kGrant, {"section/asia"});
  EXPECT_EQ(of_person(erasure()), Reason::no_right);
  give(kAdmin, {"section/asia"}, "", {2});
  EXPECT_EQ(of_person(erasure()), Reason::no_right) << "of some registers only";
  EXPECT_EQ(reason(acts_of(registrar, {erasure()})), Reason::no_right) << "registrars erase nothing";
  const Hash office = place(registrar, grant_act(GrantKind::device, device.public_key()));
  EXPECT_EQ(reason(acts_of(device, {erasure()}, office)), Reason::no_right) << "devices neither";
}

TEST_F(Erasing, ThePersonThemselfErasesTheirOwnRecordAlone) {
  give(kRead, {"section/asia"}, "section/asia#p1");
  EXPECT_EQ(of_person(erasure()), Reason::none);
  EXPECT_EQ(of_person(erasure("section/asia", "p2")), Reason::no_right);
  EXPECT_EQ(of_person(erasure("association/nepal", "p1")), Reason::no_right);
}

TEST_F(Erasing, OnlyAnAdministratorSaysWhoIsWho) {
  GrantAct passes = grant_act(GrantKind::person, person.public_key(), kRead | kGrant);
  passes.depth = 2;
  grant = place(registrar, passes);
  GrantAct self = grant_act(GrantKind::person, key_of(10).public_key(), kRead);
  self.mandate = "section/asia#p1";
  const Hash by_grantor = place(person, self, grant);
  EXPECT_EQ(reason(acts_of(key_of(10), {erasure()}, by_grantor)), Reason::no_right);
  passes.clauses[0].rights |= kAdmin;
  grant = place(registrar, passes);
  self.role = "expert";
  const Hash by_administrator = place(person, self, grant);
  EXPECT_EQ(reason(acts_of(key_of(10), {erasure()}, by_administrator)), Reason::none);
}

TEST_F(Erasing, IsInForceAfter72HoursAndNotBefore) {
  erased();
  const Hash mark = record_mark({}, "section/asia", "p1");
  EXPECT_FALSE(authority.is_erased(mark, number(1), kNow));
  EXPECT_FALSE(authority.is_erased(mark, number(1), kNow + 72 * kHour - 1));
  EXPECT_TRUE(authority.is_erased(mark, number(1), kNow + 72 * kHour));
  EXPECT_FALSE(authority.is_erased(mark, number(3), kNow + 72 * kHour)) << "not on the list";
  EXPECT_FALSE(authority.is_erased(record_mark({}, "section/asia", "p2"), number(1), kNow + 72 * kHour))
      << "another record";
  EXPECT_TRUE(erased_by(authority, 0, kLatest, kNow + 72 * kHour - 1).empty());
  EXPECT_EQ(erased_by(authority, 0, kLatest, kNow + 72 * kHour).at("section/asia").size(), 2U);
  EXPECT_TRUE(erased_by(authority, authority.erasures()[0].position, kLatest, kNow + 72 * kHour).empty());
}

TEST_F(Erasing, CanBeWithdrawnUntilThenByWhoMayErase) {
  const Hash name = erased();
  EXPECT_EQ(of_person(WithdrawErasureAct{name}), Reason::none);
  EXPECT_EQ(of_person(WithdrawErasureAct{name}, kNow + 72 * kHour - 1), Reason::none);
  EXPECT_EQ(of_person(WithdrawErasureAct{name}, kNow + 72 * kHour), Reason::void_act);
  EXPECT_EQ(of_person(WithdrawErasureAct{number(7)}), Reason::void_act) << "no such erasure";
  give(kWrite, {"section/asia"});
  EXPECT_EQ(of_person(WithdrawErasureAct{name}), Reason::no_right);
  give(kAdmin, {"section/asia"});
  place(person, WithdrawErasureAct{name}, grant);
  EXPECT_FALSE(authority.is_erased(record_mark({}, "section/asia", "p1"), number(1), kNow + 100 * kHour));
  EXPECT_EQ(of_person(WithdrawErasureAct{name}), Reason::void_act) << "withdrawn already";
}

TEST_F(Erasing, WhatAStolenKeyOrderedFallsWithItUnlessItIsInForce) {
  erased();
  place(registrar, RevokeAct{person.public_key(), RevocationReason::compromised, kNow - kHour}, {},
        kNow + 71 * kHour);
  EXPECT_FALSE(authority.is_erased(record_mark({}, "section/asia", "p1"), number(1), kNow + 100 * kHour));
}

TEST_F(Erasing, ARevocationThatComesTooLateBringsNothingBack) {
  erased();
  place(registrar, RevokeAct{person.public_key(), RevocationReason::compromised, kNow - kHour}, {},
        kNow + 72 * kHour);
  EXPECT_TRUE(authority.is_erased(record_mark({}, "section/asia", "p1"), number(1), kNow + 72 * kHour));
}

TEST_F(Erasing, OfALostKeyStands) {
  erased();
  place(registrar, RevokeAct{person.public_key(), RevocationReason::lost, 0}, {}, kNow + kHour);
  EXPECT_TRUE(authority.is_erased(record_mark({}, "section/asia", "p1"), number(1), kNow + 72 * kHour));
}

TEST_F(Erasing, ListsRiseAndAreBounded) {
  const auto reads = [](const EraseAct& act) { return decode_act(encode_act(act)).has_value(); };
  EXPECT_EQ(std::get<EraseAct>(*decode_act(encode_act(erasure()))), erasure());
  EraseAct act = erasure();
  act.commitments = {number(2), number(1)};
  EXPECT_FALSE(reads(act));
  act.commitments = {number(1), number(1)};
  EXPECT_FALSE(reads(act));
  act.commitments = {};
  EXPECT_FALSE(reads(act));
  act = erasure("authority");
  EXPECT_FALSE(reads(act));
  act = erasure();
  act.reason = static_cast<ErasureReason>(5);
  EXPECT_FALSE(reads(act));
  act = erasure();
  act.commitments.clear();
  for (unsigned i = 0; i <= kNamesOfAct; ++i) {
    Hash hash;
    hash.bytes[0] = static_cast<Byte>(i >> 8);
    hash.bytes[1] = static_cast<Byte>(i);
    act.commitments.push_back(hash);
  }
  EXPECT_FALSE(reads(act));
  act.commitments.pop_back();
  EXPECT_TRUE(reads(act));
}

TEST_F(Erasing, IsToldInFiveLanguages) {
  for (const ErasureStage stage : {ErasureStage::waits, ErasureStage::in_force, ErasureStage::withdrawn}) {
    for (Byte reason = 1; reason <= 4; ++reason) {
      const Labels words = erasure_in_five(stage, static_cast<ErasureReason>(reason), "2026-12-01", "asia");
      std::set<std::string> different{words.ar, words.en, words.fr, words.es, words.pt};
      EXPECT_EQ(different.size(), 5U);
      for (const std::string& line : different) {
        EXPECT_NE(line.find("2026-12-01"), std::string::npos) << line;
        EXPECT_NE(line.find("asia"), std::string::npos) << line;
      }
    }
  }
}

}  // namespace
}  // namespace wasl::test
