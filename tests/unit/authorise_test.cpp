// What authorise says, asked directly: cases that no honest program brings about.
#include "shared/authority/authorise.hpp"

#include <gtest/gtest.h>

namespace wasl {
namespace {

constexpr Millis kNow = 1'700'000'000'000;

crypto::KeyPair key_of(Byte b) {
  crypto::Seed seed;
  seed.bytes.fill(b);
  return crypto::KeyPair::from_seed(seed);
}

class Authorise : public ::testing::Test {
 protected:
  Authorise() {
    NetworkStatement statement;
    statement.log_key = key_of(5).public_key();
    statement.registrars = {registrar.public_key()};
    authority.apply_statement(statement, Hash{});
    act(registrar, OrganisationAct{"asia", "section", "", "Asia"});
  }
  ChangeSet set_of(const crypto::KeyPair& key, std::string space, std::vector<Operation> operations,
                   const Hash& grant = {}) {
    Header header;
    header.space = std::move(space);
    header.source.author = key.public_key();
    header.source.chain.bytes.fill(++chains);
    header.grant = grant;
    sort_by_record(operations);
    return make_change_set(std::move(header), std::move(operations));
  }
  static Operation act_operation(const Act& act, std::string id) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = std::move(id);
    op.value = encode_act(act);
    return op;
  }
  static Operation create(std::uint32_t register_number, std::string id) {
    Operation op;
    op.register_number = register_number;
    op.id = std::move(id);
    return op;
  }
  /// @return the name that a grant in it has.
  Hash act(const crypto::KeyPair& key, const Act& content) {
    const ChangeSet set = set_of(key, "authority", {act_operation(content, "a")});
    EXPECT_TRUE(authority.apply(set, ++position, kNow));
    return grant_name(set.header.network, set.dot(0), set.operations[0].value);
  }
  Hash grant(GrantKind kind, const PublicKey& grantee) {
    return act(registrar,
               GrantAct{kind, grantee, "asia", "officer", {{kRead | kWrite, {"section/asia"}, {}}}, 0, 0, 1});
  }
  Verdict ask(const ChangeSet& set) {
    return authorise(set, authority, position, built_in_schema(), kNow,
                     {[](std::string_view) { return nullptr; }, [](const Source&, Sequence) { return false; },
                      [](std::string_view, Position size) {
                        return size > 9 ? std::nullopt : std::optional(root_of(size));
                      }});
  }
  /// Of a log of nine entries.
  static Hash root_of(Position size) {
    Hash root;
    root.bytes.fill(static_cast<Byte>(size));
    return root;
  }

  crypto::KeyPair registrar = key_of(4), device = key_of(1), invited = key_of(6);
  AuthorityState authority;
  Position position = 1;
  Byte chains = 0;
};

TEST_F(Authorise, ARevokedInvitationEnrolsNobody) {
  const Hash name = grant(GrantKind::invitation, invited.public_key());
  const auto enrolment = [&] {
    const PublicKey sealing = crypto::sealing_public_key(crypto::Seed{});
    const EnrolAct enrol{device.public_key(), sealing,
                         device.sign(enrol_message(NetworkId{}, invited.public_key(), sealing))};
    const GrantAct pass{GrantKind::device,
                        device.public_key(),
                        "asia",
                        "officer",
                        {{kRead | kWrite, {"section/asia"}, {}}},
                        0,
                        0,
                        0};
    return set_of(invited, "authority", {act_operation(enrol, "e"), act_operation(pass, "p")}, name);
  };
  EXPECT_EQ(ask(enrolment()).outcome, Outcome::accepted);
  act(registrar, RevokeAct{invited.public_key(), RevocationReason::lost, 0});
  EXPECT_EQ(ask(enrolment()).outcome, Outcome::refused);
}

TEST_F(Authorise, AnIdBelongsToOneRegisterWithinAChangeSetToo) {
  const Hash name = grant(GrantKind::device, device.public_key());
  EXPECT_EQ(ask(set_of(device, "section/asia", {create(7, "x"), create(9, "y")}, name)).outcome,
            Outcome::accepted);
  EXPECT_EQ(ask(set_of(device, "section/asia", {create(7, "x"), create(9, "x")}, name)).reason,
            Reason::malformed);
}

TEST_F(Authorise, AnAuthorWhoSawAnotherLogIsRefused) {
  const Hash name = grant(GrantKind::device, device.public_key());
  const auto verdict = [&](Seen seen, Seen seen_authority) {
    ChangeSet set = set_of(device, "section/asia", {create(7, "x")}, name);
    Header header = set.header;
    header.seen = seen;
    header.seen_authority = seen_authority;
    return ask(make_change_set(header, set.operations)).reason;
  };
  const Seen authority_seen{position, root_of(position)};
  EXPECT_EQ(verdict({9, root_of(9)}, authority_seen), Reason::none);
  EXPECT_EQ(verdict({0, root_of(5)}, {}), Reason::none) << "nothing was seen";
  EXPECT_EQ(verdict({9, root_of(8)}, authority_seen), Reason::seen);
  EXPECT_EQ(verdict({10, root_of(10)}, authority_seen), Reason::seen) << "more than there is";
  EXPECT_EQ(verdict({9, root_of(9)}, {position, root_of(1)}), Reason::seen);
  EXPECT_EQ(verdict({9, root_of(9)}, {position + 1, root_of(position + 1)}), Reason::seen)
      << "later than its place";
}

TEST_F(Authorise, AGrantIsNotExchangedUnderItsName) {
  const Hash name = grant(GrantKind::device, device.public_key());
  Operation again = act_operation(
      GrantAct{GrantKind::device, device.public_key(), "asia", "administrator", {}, 0, 0, 1}, "a");
  again.first_dot = Dot{{registrar.public_key(), {}}, 1, 0};
  again.first_dot->source.chain.bytes.fill(chains);  // the dot of the grant above
  EXPECT_TRUE(authority.apply(set_of(registrar, "authority", {again}), ++position, kNow));
  EXPECT_EQ(authority.grant(name)->act.role, "officer");
}

}  // namespace
}  // namespace wasl
