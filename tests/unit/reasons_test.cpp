// Every reason a verdict can have, brought about at the real hub. The switch in `case_of` has no default: a
// reason without a case does not compile.
#include <gtest/gtest.h>

#include "server/hub/committer.hpp"
#include "shared/authority/reason_words.hpp"
#include "tests/support/section_world.hpp"

namespace wasl::test {
namespace {

std::vector<Reason> all_reasons() {
  std::vector<Reason> out;
  for (int number = 0; number < 256; ++number) {
    const auto reason = static_cast<Reason>(number);
    if (to_word(reason) != "unknown") out.push_back(reason);
  }
  return out;
}

struct Enrolment {
  Millis until = 0;
  bool proved = true;
};

class Reasons : public testing::TestWithParam<Reason> {
 protected:
  struct Case {
    Outcome outcome;
    Verdict (Reasons::*bring_about)();
  };
  static Case case_of(Reason reason) {
    switch (reason) {
      case Reason::none:
        return {Outcome::accepted, &Reasons::none};
      case Reason::expired:
        return {Outcome::held, &Reasons::expired};
      case Reason::depends:
        return {Outcome::held, &Reasons::depends};
      case Reason::gone:
        return {Outcome::held, &Reasons::gone};
      case Reason::revoked:
        return {Outcome::held, &Reasons::revoked};
      case Reason::no_grant:
        return {Outcome::refused, &Reasons::no_grant};
      case Reason::no_right:
        return {Outcome::refused, &Reasons::no_right};
      case Reason::lineage:
        return {Outcome::refused, &Reasons::lineage};
      case Reason::ledger:
        return {Outcome::refused, &Reasons::ledger};
      case Reason::fork:
        return {Outcome::refused, &Reasons::fork};
      case Reason::malformed:
        return {Outcome::refused, &Reasons::malformed};
      case Reason::invitation_used:
        return {Outcome::refused, &Reasons::invitation_used};
      case Reason::bad_signature:
        return {Outcome::refused, &Reasons::bad_signature};
      case Reason::wrong_schema:
        return {Outcome::refused, &Reasons::wrong_schema};
      case Reason::too_much_held:
        return {Outcome::later, &Reasons::too_much_held};
      case Reason::busy:
        return {Outcome::later, &Reasons::busy};
      case Reason::void_act:
        return {Outcome::refused, &Reasons::void_act};
      case Reason::unsupported:
        return {Outcome::refused, &Reasons::unsupported};
      case Reason::taken_back:
        return {Outcome::refused, &Reasons::taken_back};
      case Reason::gap:
        return {Outcome::later, &Reasons::gap};
      case Reason::seen:
        return {Outcome::refused, &Reasons::seen};
      case Reason::too_many_chains:
        return {Outcome::refused, &Reasons::too_many_chains};
      case Reason::discarded_by:
        return {Outcome::refused, &Reasons::discarded_by};
      case Reason::with_section:
        return {Outcome::later, &Reasons::with_section};
    }
    throw std::logic_error("no such reason");
  }

  Reasons() {
    world.add_two_associations();
    grant = world.enrol(device, "senegal");
    pen.emplace(world, device, "section/africa", grant);
  }

  // ── What the device offers ──
  ChangeSet project(const std::string& id) { return pen->write({Pen::create("project", id)}); }
  ChangeSet reference(const std::string& id, const std::string& text, std::vector<Dot> names = {}) {
    return pen->write({Pen::write_text("project", id, "reference", text, std::move(names))});
  }
  /// The verdict on the last of them.
  Verdict offer(const Pen& by, const std::vector<ChangeSet>& sets) {
    return world.push(by.run(sets)).back().verdict;
  }
  Verdict offer(const std::vector<ChangeSet>& sets) { return offer(*pen, sets); }
  Verdict offer_in(const std::string& space, const crypto::KeyPair& key, const Hash& under) {
    Pen other(world, key, space, under);
    return offer(other, {other.write({Pen::create("project", "p")})});
  }

  // ── What an invitation's key offers ──
  Operation act(const Act& content) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = to_hex(world.random().fixed<GroupId>().view());
    op.value = encode_act(content);
    return op;
  }
  Verdict enrol(const Invitation& invitation, const crypto::KeyPair& newcomer, Enrolment how = {}) {
    const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
    const Grant* given = world.hub().authority().invitation(key.public_key());
    EnrolAct enrolment{newcomer.public_key(), {}, {}};
    if (how.proved) {
      enrolment.proof =
          newcomer.sign(enrol_message(world.network(), key.public_key(), enrolment.sealing_key));
    }
    GrantAct pass = given->act;
    pass.kind = GrantKind::device;
    pass.grantee = newcomer.public_key();
    pass.until = how.until;
    pass.depth = 0;
    Pen other(world, key, std::string(kAuthoritySpace), given->name);
    return offer(other, {other.write({act(enrolment), act(pass)})});
  }

  // ── One a reason ──
  Verdict none() { return offer({project("p")}); }
  Verdict expired() {
    const crypto::KeyPair newcomer = crypto::KeyPair::generate(world.random());
    const Millis until = world.clock().now() + 1000;
    EXPECT_EQ(enrol(world.invite("senegal"), newcomer, {until}).outcome, Outcome::accepted);
    const Hash under = world.hub().authority().device(newcomer.public_key())->grant;
    world.clock().time = until - 1;
    EXPECT_EQ(offer_in("section/africa", newcomer, under).outcome, Outcome::accepted);
    world.clock().time = until;
    return offer_in("section/africa", newcomer, under);
  }
  Verdict depends() {
    const ChangeSet held = reference("nobody", "A");
    return offer({held, project("p"), reference("p", "B", {held.dot(0)})});
  }
  Verdict discarded_by() {
    const ChangeSet held = reference("nobody", "A");
    EXPECT_EQ(offer({held}).outcome, Outcome::held);
    must(world.act(world.administrator(), {DiscardAct{"section/africa", {held.name}}}));
    return offer({held});
  }
  Verdict with_section() {
    SectionWorld section(world);
    section.hub().push(1, pen->run({project("p")}));
    section.hub().commit();
    return must(section.hub().committer().look()).rulings.back().verdicts.back().verdict;
  }
  Verdict gone() { return offer({reference("nobody", "A")}); }
  Verdict revoked() {
    Pen registrar(world, world.registrar_key(), std::string(kAuthoritySpace), Hash{});
    const Act revocation = RevokeAct{device.public_key(), RevocationReason::lost, 0};
    EXPECT_EQ(offer(registrar, {registrar.write({act(revocation)})}).outcome, Outcome::accepted);
    return offer({project("p")});
  }
  Verdict no_grant() { return offer_in("section/africa", device, Hash{}); }
  Verdict no_right() { return offer_in("association/mali", device, grant); }
  Verdict lineage() {
    const ChangeSet created = project("p");
    const ChangeSet first = reference("p", "A");
    const ChangeSet second = reference("p", "B");
    return offer({created, first, second, reference("p", "C", {first.dot(0), second.dot(0)})});
  }
  Verdict ledger() {
    const ChangeSet entry = pen->write({Pen::create("ledger_entry", "l")});
    Operation remove = Pen::create("ledger_entry", "l");
    remove.kind = OperationKind::erase;
    remove.names = {entry.dot(0)};
    return offer({entry, pen->write({remove})});
  }
  Verdict fork() {
    EXPECT_EQ(offer({project("p")}).outcome, Outcome::accepted);
    pen->rewind(0, {});
    return offer({project("q")});
  }
  Verdict malformed() {
    EXPECT_EQ(offer({project("p")}).outcome, Outcome::accepted);
    return offer({pen->write({Pen::create("need", "p")})});
  }
  Verdict invitation_used() {
    const Invitation invitation = world.invite("senegal");
    EXPECT_EQ(enrol(invitation, crypto::KeyPair::generate(world.random())).outcome, Outcome::accepted);
    return enrol(invitation, crypto::KeyPair::generate(world.random()));
  }
  Verdict bad_signature() {
    return enrol(world.invite("senegal"), crypto::KeyPair::generate(world.random()), {.proved = false});
  }
  Verdict wrong_schema() {
    const ChangeSet created = project("p");
    Operation write = Pen::write_text("project", "p", "reference", "A");
    write.value = Value::integer(1);
    const ChangeSet set = pen->write({write});
    Header header = set.header;
    header.schema = Hash{};
    return offer({created, make_change_set(header, set.operations)});
  }
  Verdict too_much_held() {
    KeptSet much;
    much.header = project("large").header;
    much.header.source.chain.bytes.fill(9);
    much.body.resize(limits::kKeptBytesOfDevice);
    must(world.store().transact([&] { return world.store().keep(much); }));
    pen->rewind(0, {});
    return offer({reference("nobody", "A")});
  }
  Verdict busy() {
    const ChangeSet set = project("p");
    world.hub().push(1, pen->run({set}));
    world.hub().push(2, pen->run({set}));
    const auto rulings = world.hub().commit().rulings;
    EXPECT_EQ(rulings.at(0).verdicts.at(0).verdict.outcome, Outcome::accepted);
    return rulings.at(1).verdicts.at(0).verdict;
  }
  Verdict void_act() { return enrol(world.invite("senegal"), device); }
  Verdict unsupported() {
    Operation again = Pen::create("project", "p");
    again.first_dot = Dot{pen->source(), 7, 0};
    return offer({pen->write({again})});
  }
  Verdict taken_back() {
    const ChangeSet set = project("p");
    EXPECT_EQ(world.push(pen->take_back(set)).back().verdict.outcome, Outcome::accepted);
    return offer({set});
  }
  Verdict gap() {
    project("not sent");
    return offer({project("p")});
  }
  Verdict seen() {
    const ChangeSet set = project("p");
    Header header = set.header;
    header.seen = {1, {}};
    return offer({make_change_set(header, set.operations)});
  }
  Verdict too_many_chains() {
    for (std::size_t i = 0; i < limits::kChainsOfDevice; ++i) {
      EXPECT_EQ(offer_in("section/africa", device, grant).outcome, Outcome::accepted);
    }
    return offer_in("section/africa", device, grant);
  }

  HubWorld world;
  crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  Hash grant;
  std::optional<Pen> pen;
};

TEST_P(Reasons, ComesFromTheHub) {
  const Case wanted = case_of(GetParam());
  const Verdict verdict = (this->*wanted.bring_about)();
  EXPECT_EQ(to_word(verdict.reason), to_word(GetParam())) << verdict.detail;
  EXPECT_EQ(verdict.outcome, wanted.outcome);
  EXPECT_NE(explain(GetParam()), "unknown reason");
  const Labels words = explain_in_five(GetParam());
  for (const std::string& text : {words.ar, words.en, words.fr, words.es, words.pt})
    EXPECT_FALSE(text.empty());
  EXPECT_NE(words.fr, "raison inconnue");
}

INSTANTIATE_TEST_SUITE_P(, Reasons, testing::ValuesIn(all_reasons()),
                         [](const auto& one) { return std::string(to_word(one.param)); });

}  // namespace
}  // namespace wasl::test
