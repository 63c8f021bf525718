// What acts are called in audits.
#include "shared/authority/act_words.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "shared/authority/erasures.hpp"

namespace wasl {
namespace {

Hash hash_of(Byte byte) {
  Hash out;
  out.bytes.fill(byte);
  return out;
}

PublicKey key_of(Byte byte) {
  PublicKey out;
  out.bytes.fill(byte);
  return out;
}

GrantAct granted(GrantKind kind, const std::string& organisation, const std::string& role) {
  GrantAct out;
  out.kind = kind;
  out.grantee = key_of(0xab);
  out.organisation = organisation;
  out.role = role;
  return out;
}

struct Case {
  Act act;
  std::string words;
};

TEST(ActWords, SayWhatEachActDoes) {
  const std::vector<Case> cases = {
      {OrganisationAct{"africa", "section", "", "Africa"}, "added the section africa"},
      {OrganisationAct{"ampcc", "association", "africa", "AMPCC"},
       "added the association ampcc under africa"},
      {granted(GrantKind::device, "ampcc", "officer"),
       "granted the device abababababab the role officer of ampcc"},
      {granted(GrantKind::invitation, "ampcc", "officer"),
       "granted the invitation abababababab the role officer of ampcc"},
      {granted(GrantKind::person, "world", "president"),
       "granted the person abababababab the role president of world"},
      {EnrolAct{key_of(1), key_of(2), {}}, "enrolled the device 010101010101"},
      {RevokeAct{key_of(1), RevocationReason::lost}, "revoked 010101010101: lost"},
      {RevokeAct{key_of(1), RevocationReason::left}, "revoked 010101010101: left"},
      {RevokeAct{key_of(1), RevocationReason::compromised, 5}, "revoked 010101010101: compromised"},
      {AcceptAct{hash_of(3)}, "accepted the grant 030303030303"},
      {EndAct{hash_of(3), EndReason::laid_down}, "ended the grant 030303030303: laid_down"},
      {EndAct{hash_of(3), EndReason::withdrawn}, "ended the grant 030303030303: withdrawn"},
      {EndAct{hash_of(3), EndReason::replaced}, "ended the grant 030303030303: replaced"},
      {EndAct{hash_of(3), EndReason::mandate_over}, "ended the grant 030303030303: mandate_over"},
      {DiscardAct{"network", {hash_of(3), hash_of(4)}}, "discarded 030303030303, 040404040404 in network"},
      {WipeAct{key_of(1)}, "ordered to wipe the device 010101010101"},
      {AdoptAct{{hash_of(3)}}, "adopted 030303030303"},
      {ConfirmAct{hash_of(3)}, "confirmed the key of the grant 030303030303"},
      {EraseAct{"network", hash_of(1), {hash_of(2), hash_of(3)}, ErasureReason::unlawful},
       "ordered to erase 2 personal values of a record in network: unlawful"},
      {WithdrawErasureAct{hash_of(3)}, "withdrew the erasure 030303030303"},
      {DescriptionAct{"no description"}, "published the description of a register"},
  };
  for (const Case& one : cases) EXPECT_EQ(in_words(one.act), one.words);
}

TEST(ErasureReasons, EachIsFoundByItsWord) {
  for (const ErasureReason reason : {ErasureReason::requested, ErasureReason::consent_withdrawn,
                                     ErasureReason::no_longer_needed, ErasureReason::unlawful})
    EXPECT_EQ(erasure_reason(to_word(reason)), reason);
  EXPECT_EQ(erasure_reason("because"), std::nullopt);
}

TEST(ErasureActs, AsManyAsTheNamesOfOneActAllow) {
  std::set<Hash> commitments;
  while (commitments.size() < kNamesOfAct + 1) {
    Hash one = hash_of(0);
    one.bytes[0] = static_cast<Byte>(commitments.size());
    one.bytes[1] = static_cast<Byte>(commitments.size() >> 8);
    commitments.insert(one);
  }
  const auto acts = acts_of_erasure("network", hash_of(9), commitments, ErasureReason::requested);
  ASSERT_EQ(acts.size(), 2U);
  EXPECT_EQ(std::get<EraseAct>(acts[0]).commitments.size(), kNamesOfAct);
  EXPECT_EQ(std::get<EraseAct>(acts[1]).commitments.size(), 1U);
  commitments.erase(commitments.begin());
  EXPECT_EQ(acts_of_erasure("network", hash_of(9), commitments, ErasureReason::requested).size(), 1U);
  EXPECT_TRUE(acts_of_erasure("network", hash_of(9), {}, ErasureReason::requested).empty());
}

}  // namespace
}  // namespace wasl
