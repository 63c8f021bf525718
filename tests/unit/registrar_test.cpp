// What the registrar's key is asked for and does not do, in words; nothing of it reaches the log.
#include <gmock/gmock.h>

#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

using testing::HasSubstr;

struct Registering : testing::Test {
  HubWorld world;
  crypto::KeyPair person = crypto::KeyPair::generate(world.random());
  Position before = 0;

  Registering() {
    world.add_organisation("africa", "section");
    before = size();
  }
  Position size() { return must(world.hub().size(std::string(kAuthoritySpace))); }
  /// The error's code and words; nothing was written.
  std::string refused(const Status& done) {
    EXPECT_EQ(size(), before);
    return done ? "done"
                : std::string(to_word(done.error().code)) + ": " + done.error().message + " / " +
                      done.error().hint;
  }
  std::string adding(const OrganisationAct& organisation) {
    return refused(world.registrar().add_organisation(organisation));
  }
};

TEST_F(Registering, AnOrganisationNeedsAnIdAKindANameAndAParentThatStands) {
  EXPECT_THAT(adding({"Sénégal", "association", "africa", "Senegal"}), HasSubstr("invalid_value: "));
  EXPECT_THAT(adding({"", "association", "africa", "Senegal"}), HasSubstr("is no id"));
  EXPECT_THAT(adding({"senegal", "club", "africa", "Senegal"}), HasSubstr("use one of: "));
  EXPECT_THAT(adding({"senegal", "association", "africa", ""}), HasSubstr("needs a name"));
  EXPECT_THAT(adding({"senegal", "association", "africa", "\xff"}), HasSubstr("needs a name"));
  EXPECT_THAT(adding({"africa", "section", "", "Again"}), HasSubstr("conflict: "));
  EXPECT_THAT(adding({"senegal", "association", "asia", "Senegal"}), HasSubstr("not_found: "));
  EXPECT_TRUE(world.registrar().add_organisation({"senegal", "association", "africa", "Senegal"}));
}

TEST_F(Registering, OnlyToAnOrganisationThatStandsAndIntoARoleThatDevicesMayHave) {
  const auto inviting = [&](const std::string& organisation, const std::string& role) {
    const auto invited = world.registrar().invite(
        {.organisation = organisation, .role = role, .url = "ws://test", .confirm = false});
    return refused(invited ? Status() : Status(tl::unexpected(invited.error())));
  };
  EXPECT_THAT(inviting("asia", "officer"), HasSubstr("not_found: "));
  EXPECT_THAT(inviting("africa", "wizard"), HasSubstr("officer")) << "it lists those that there are";
  EXPECT_THAT(inviting("africa", "president"), HasSubstr("invalid_value: ")) << "of persons alone";
  const Invitation invitation = must(world.registrar().invite(
      {.organisation = "africa", .role = "officer", .url = "ws://test", .confirm = false}));
  EXPECT_GT(invitation.until, world.clock().now());
}

TEST_F(Registering, APersonIsGivenARoleOfAnOrganisation) {
  const auto giving = [&](const std::string& role, const std::string& organisation) {
    return refused(world.registrar().give(person.public_key(), role, organisation));
  };
  EXPECT_THAT(giving("president", "asia"), HasSubstr("not_found: "));
  EXPECT_THAT(giving("wizard", "africa"), HasSubstr("president")) << "it lists those that there are";
  must(world.registrar().give(person.public_key(), "vice_president", "africa"));
  const AuthorityState& authority = world.hub().authority();
  const Person* known = authority.person(person.public_key());
  ASSERT_NE(known, nullptr);
  const Grant* grant = authority.grant(known->grants.front());
  EXPECT_EQ(grant->act.level, 3U);
  EXPECT_EQ(grant->act.depth, 4U);
  EXPECT_EQ(grant->act.organisation, "africa");
  before = size();
  EXPECT_THAT(refused(world.registrar().enrol_administrator(person.public_key())), HasSubstr("conflict: "));
}

TEST_F(Registering, AnAdministratorIsEnrolledOnce) {
  must(world.registrar().enrol_administrator(person.public_key()));
  before = size();
  EXPECT_THAT(refused(world.registrar().enrol_administrator(person.public_key())), HasSubstr("conflict: "));
}

}  // namespace
}  // namespace wasl::test
