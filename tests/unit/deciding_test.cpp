// What persons decide about work that waits, at the real hub and with real replicas: adopted, discarded,
// voided, wiped. One behaviour a test.
#include <gmock/gmock.h>

#include "tests/support/liar.hpp"

namespace wasl::test {
namespace {

struct Deciding : testing::Test {
  HubWorld world;
  Deciding() {
    world.add_two_associations();
    senegal.emplace(world, world.invite("senegal"));
    mali.emplace(world, world.invite("mali"));
  }
  std::optional<HubOffice> senegal, mali;

  void revoke(HubOffice& office, RevocationReason reason = RevocationReason::lost, Millis since = 0) {
    must(world.registrar().revoke({office.replica().device(), reason, since}));
  }
  Status adopt(const std::vector<Hash>& names) {
    return world.act(world.administrator(), {AdoptAct{names}}, "section/africa");
  }
  std::vector<PendingSet> waiting(HubOffice& office) { return must(office.replica().status()).waiting; }
  Hash held(HubOffice& office, std::size_t at = 0) { return waiting(office).at(at).name; }
  static void equal(HubOffice& office) {
    const auto session = office.sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
    const VerifyReport report = must(office.replica().verify());
    EXPECT_TRUE(report.ok) << (report.problems.empty() ? "" : report.problems.front());
  }
  static void told_revoked(HubOffice& office) {
    const auto session = office.sync();
    ASSERT_TRUE(session.error);
    EXPECT_EQ(session.error->code, Errc::unauthorised);
    EXPECT_THAT(session.error->message, testing::HasSubstr("revoked"));
  }
  static void insert(HubOffice& office, const std::string& id, const std::string& title) {
    office.sql("INSERT INTO project(id, space, title) VALUES('" + id + "', 'section/africa', '" + title +
               "')");
  }
};

TEST_F(Deciding, WorkOfARevokedDeviceIsHeldAndItIsTold) {
  insert(*senegal, "p1", "Water");
  revoke(*senegal);
  told_revoked(*senegal);
  ASSERT_EQ(waiting(*senegal).size(), 1U);
  EXPECT_EQ(waiting(*senegal)[0].reason, Reason::revoked);
  EXPECT_EQ(must(world.store().kept_totals(senegal->replica().device())).held, 1U);
  EXPECT_EQ(senegal->rows("SELECT title FROM project"), "Water") << "its own copy stays";
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Deciding, AdoptedWorkReachesEverybodyUnderItsAuthorsName) {
  insert(*senegal, "p1", "Water");
  revoke(*senegal);
  told_revoked(*senegal);
  must(adopt({held(*senegal)}));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT title FROM project"), "Water");
  const auto history = must(mali->replica().history("project", "p1"));
  ASSERT_FALSE(history.empty());
  EXPECT_EQ(history[0].author, senegal->replica().device());
  EXPECT_THAT(history[0].what, testing::HasSubstr("adopted"));
  EXPECT_EQ(must(world.store().kept_totals(senegal->replica().device())).held, 0U);
  mali->sql("UPDATE project SET title = 'Wells'");
  equal(*mali);
  world.reopen();
  HubOffice late(world, world.invite("mali"));
  EXPECT_EQ(late.rows("SELECT title FROM project"), "Wells");
}

TEST_F(Deciding, ARevokedDeviceLearnsThatItsWorkWasAdopted) {
  insert(*senegal, "p1", "Water");
  revoke(*senegal);
  told_revoked(*senegal);
  must(adopt({held(*senegal)}));
  told_revoked(*senegal);
  EXPECT_TRUE(waiting(*senegal).empty());
}

TEST_F(Deciding, AnAdoptionTakesTheAdoptersRightsAndNoOthers) {
  insert(*senegal, "p1", "Water");
  revoke(*senegal);
  told_revoked(*senegal);
  const crypto::KeyPair person = crypto::KeyPair::generate(world.random());
  GrantAct grant{GrantKind::person,
                 person.public_key(),
                 "mali",
                 "secretary",
                 {{kRead | kWrite, {"association/mali"}, {}}},
                 0,
                 0,
                 0};
  must(world.act(world.registrar_key(), {grant}));
  const Status refused = world.act(person, {AdoptAct{{held(*senegal)}}}, "section/africa");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("no_right"));
  EXPECT_FALSE(world.act(world.registrar_key(), {AdoptAct{{held(*senegal)}}}, "section/africa"))
      << "the registrar's key never adopts";
  EXPECT_FALSE(adopt({Hash{}})) << "nothing of that name waits";
}

TEST_F(Deciding, WhatBuildsOnHeldWorkFollowsItsAdoption) {
  // Refused for its right, so that what builds on it is held for it alone.
  const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  const Hash grant = world.enrol(device, "senegal");
  Pen pen(world, device, "section/africa", grant);
  const ChangeSet unknown = pen.write({Pen::write_text("project", "p1", "reference", "A")});
  const ChangeSet follows = pen.write({Pen::write_text("project", "p1", "reference", "B", {unknown.dot(0)})});
  EXPECT_EQ(world.push(pen.run({unknown, follows})).front().verdict.reason, Reason::gone);
  EXPECT_FALSE(adopt({unknown.name})) << "there is nothing yet that it changes";
  insert(*mali, "p1", "Water");
  equal(*mali);
  must(adopt({unknown.name}));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT reference FROM project"), "B");
  EXPECT_EQ(must(world.store().kept_totals(device.public_key())).held, 0U);
  equal(*senegal);
}

TEST_F(Deciding, AGroupIsAdoptedWholeAndInItsOrder) {
  const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  const Hash grant = world.enrol(device, "senegal");
  Pen pen(world, device, "section/africa", grant);
  const ChangeSet first = pen.write({Pen::create("project", "p1")}, 1, 2);
  const ChangeSet second = pen.write({Pen::create("project", "p2")}, 2, 2);
  must(world.registrar().revoke({device.public_key(), RevocationReason::left, 0}));
  EXPECT_EQ(world.push(pen.run({first, second})).front().verdict.reason, Reason::revoked);
  EXPECT_FALSE(adopt({first.name}));
  EXPECT_FALSE(adopt({second.name, first.name}));
  EXPECT_FALSE(adopt({first.name, second.name, first.name}));
  must(adopt({first.name, second.name}));
  EXPECT_FALSE(adopt({first.name, second.name})) << "once";
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "2");
}

TEST_F(Deciding, WhatIsDiscardedStaysAsEvidenceAndItsOfficeIsTold) {
  senegal->sql("INSERT INTO project(id, space, title) VALUES('p1', 'public', 'Water')");
  const auto refused = senegal->sync();
  EXPECT_EQ(refused.summary.refused, 1U);
  const Hash name = held(*senegal);
  EXPECT_FALSE(world.act(world.registrar_key(), {DiscardAct{"public", {name}}}));
  EXPECT_FALSE(world.act(world.administrator(), {DiscardAct{"network", {name}}})) << "it waits elsewhere";
  must(world.act(world.administrator(), {DiscardAct{"public", {name}, DiscardReason::duplicate}}));
  EXPECT_EQ(must(world.store().kept_totals(senegal->replica().device())).refused, 0U);
  equal(*senegal);
  ASSERT_EQ(waiting(*senegal).size(), 1U);
  EXPECT_EQ(waiting(*senegal)[0].reason, Reason::discarded_by);
  EXPECT_FALSE(world.act(world.administrator(), {DiscardAct{"public", {name}}})) << "once";
  EXPECT_FALSE(world.act(world.administrator(), {AdoptAct{{name}}}, "public")) << "its body is gone";
  must(senegal->replica().discard(name));
  equal(*senegal);
  EXPECT_EQ(senegal->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Deciding, WhatWasRefusedForARightCanBeAdopted) {
  senegal->sql("INSERT INTO project(id, space, title) VALUES('p1', 'public', 'Water')");
  EXPECT_EQ(senegal->sync().summary.refused, 1U);
  must(world.act(world.administrator(), {AdoptAct{{held(*senegal)}}}, "public"));
  equal(*senegal);
  EXPECT_TRUE(waiting(*senegal).empty());
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT title FROM project WHERE space = 'public'"), "Water");
}

TEST_F(Deciding, WhatAStolenKeyWroteIsTakenBackEverywhere) {
  insert(*mali, "p1", "Water");
  equal(*mali);
  equal(*senegal);
  world.clock().time += 1000;
  const Millis stolen = world.clock().now();
  world.clock().time += 1000;
  senegal->sql("UPDATE project SET title = 'Nonsense' WHERE id = 'p1'");
  insert(*senegal, "p2", "Invented");
  equal(*senegal);
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT title FROM project ORDER BY id"), "Nonsense\nInvented");
  mali->sql("UPDATE project SET reference = 'M-2' WHERE id = 'p2'");
  equal(*mali);
  revoke(*senegal, RevocationReason::compromised, stolen);
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT title FROM project WHERE id = 'p1'"), "Water");
  EXPECT_EQ(mali->rows("SELECT title IS NULL, reference FROM project WHERE id = 'p2'"), "1|M-2")
      << "others' work stands";
  must(mali->replica().rebuild("section/africa"));
  equal(*mali);
  HubOffice late(world, world.invite("mali"));
  EXPECT_EQ(late.rows("SELECT title FROM project WHERE id = 'p1'"), "Water");
  world.reopen();
  mali->sql("UPDATE project SET title = 'Wells' WHERE id = 'p1'");
  equal(*mali);
}

TEST_F(Deciding, ARecordThatOnlyAStolenKeyKnewLeavesNoTrace) {
  const Hash before = must(world.store().digest("section/africa"));
  insert(*senegal, "p1", "Invented");
  equal(*senegal);
  equal(*mali);
  revoke(*senegal, RevocationReason::compromised, 0);
  EXPECT_EQ(must(world.store().digest("section/africa")), before);
  mali->sql("UPDATE project SET title = 'Mine' WHERE id = 'p1'");
  const auto session = mali->sync();
  EXPECT_EQ(session.summary.held, 1U) << "of what was edited meanwhile a person decides";
  EXPECT_EQ(mali->rows("SELECT title FROM project"), "Mine");
  must(mali->replica().discard(held(*mali)));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Deciding, AnAdoptionFallsWithAStolenAdopter) {
  insert(*senegal, "p1", "Water");
  revoke(*senegal);
  told_revoked(*senegal);
  const crypto::KeyPair thief = crypto::KeyPair::generate(world.random());
  must(world.registrar().enrol_administrator(thief.public_key()));
  must(world.act(thief, {AdoptAct{{held(*senegal)}}}, "section/africa"));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "1");
  must(world.registrar().revoke({thief.public_key(), RevocationReason::compromised, 0}));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Deciding, WorkUnderAGrantThatFellIsVoidedToo) {
  // The registrar's own key was stolen: whom it let in goes again.
  const Millis stolen = world.clock().now() + 1;
  world.clock().time += 1000;
  HubOffice guest(world, world.invite("senegal"));
  insert(guest, "p1", "Invented");
  equal(guest);
  equal(*mali);
  must(world.registrar().revoke({world.registrar_key().public_key(), RevocationReason::compromised, stolen}));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "0");
  told_revoked(guest);
}

TEST_F(Deciding, AKeyRevokesThreeOthersADay) {
  for (int i = 0; i < 3; ++i) {
    const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
    world.enrol(device, "senegal");
    must(world.registrar().revoke({device.public_key(), RevocationReason::left, 0}));
    must(world.registrar().revoke({device.public_key(), RevocationReason::lost, 0}));
  }
  const RevokeAct more{senegal->replica().device(), RevocationReason::lost, 0};
  EXPECT_FALSE(world.registrar().revoke(more));
  must(world.act(world.administrator(), {more}));
}

TEST_F(Deciding, AWipedDeviceHandsOverWhatItHasAndDestroysTheRest) {
  world.administrator();
  insert(*senegal, "p1", "Water");
  const PublicKey device = senegal->replica().device();
  EXPECT_FALSE(world.act(world.registrar_key(), {WipeAct{device}}));
  EXPECT_FALSE(world.act(world.administrator(), {WipeAct{device}})) << "it is not revoked";
  must(world.act(world.administrator(), {RevokeAct{device, RevocationReason::lost, 0}, WipeAct{device}}));
  const auto session = senegal->sync();
  ASSERT_TRUE(session.error);
  EXPECT_THAT(session.error->message, testing::HasSubstr("wiped"));
  EXPECT_EQ(must(world.store().kept_totals(device)).held, 1U);
  EXPECT_NE(must(world.store().device(device))->wiped, 0);
  for (const char* file : {"identity.db", "replica.db", "outbox.log"})
    EXPECT_FALSE(std::filesystem::exists(senegal->folder() / file)) << file;
}

// ── What a hub may not make of it

struct LyingAboutDecisions : Deciding {
  /// What the office says after a session in which the entries of the section were altered.
  static std::string caught(HubOffice& office, HubWorld& world, const std::function<void(Segment&)>& lie) {
    Liar hub(world);
    hub.entries_lie = [&](Segment& segment) {
      if (segment.space == "section/africa") lie(segment);
    };
    const auto session = office.sync_with(hub);
    return session.error ? std::string(to_word(session.error->code)) + ": " + session.error->message
                         : "nothing";
  }
  static void each(Segment& segment, ledger::EntryKind kind,
                   const std::function<void(SegmentItem&)>& change) {
    for (SegmentItem& item : segment.items) {
      const ledger::Entry* entry = entry_of(item);
      if (entry != nullptr && entry->kind == kind) change(item);
    }
  }
  void steal() {
    insert(*senegal, "p1", "Nonsense");
    insert(*mali, "p2", "Water");
    equal(*senegal);
    equal(*mali);
    revoke(*senegal, RevocationReason::compromised, 0);
  }
};

TEST_F(LyingAboutDecisions, AVoidThatIsDueIsNotLeftOut) {
  steal();
  const std::string words = caught(*mali, world, [](Segment& segment) {
    each(segment, ledger::EntryKind::void_,
         [](SegmentItem& item) { std::get<EntryItem>(item).entry.kind = ledger::EntryKind::unvoid; });
    each(segment, ledger::EntryKind::unvoid,
         [](SegmentItem& item) { std::get<EntryItem>(item).bytes.clear(); });
  });
  EXPECT_THAT(words, testing::HasSubstr("caught: the hub lets an entry of section/africa stand"));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT id FROM project"), "p2");
}

TEST_F(LyingAboutDecisions, NothingIsVoidedWithoutARevocation) {
  insert(*mali, "p2", "Water");
  equal(*mali);
  equal(*senegal);
  mali->sql("UPDATE project SET title = 'Wells'");
  equal(*mali);
  const std::string words = caught(*senegal, world, [](Segment& segment) {
    for (SegmentItem& item : segment.items) {
      const ledger::Entry* entry = entry_of(item);
      if (entry == nullptr) continue;
      ledger::Entry lie = *entry;
      lie.kind = ledger::EntryKind::void_;
      segment.items = {SegmentItem(void_item(lie, 1))};
      return;
    }
  });
  EXPECT_THAT(words, testing::HasSubstr("that no revocation voids"));
  equal(*senegal);
}

TEST_F(LyingAboutDecisions, NothingIsAdoptedThatNobodyNamed) {
  insert(*senegal, "p1", "Water");
  insert(*senegal, "p2", "Road");
  revoke(*senegal);
  told_revoked(*senegal);
  const auto wait = waiting(*senegal);
  ASSERT_EQ(wait.size(), 1U) << "one group";
  must(adopt({wait[0].name}));
  const std::string words = caught(*mali, world, [](Segment& segment) {
    each(segment, ledger::EntryKind::adopt,
         [](SegmentItem& item) { std::get<LateItem>(item).entry.kind = ledger::EntryKind::accept; });
  });
  EXPECT_THAT(words, testing::HasSubstr("caught"));
  equal(*mali);
  EXPECT_EQ(mali->rows("SELECT count(*) FROM project"), "2");
}

}  // namespace
}  // namespace wasl::test
