// A section's hub between offices and the network's: what goes down, what is kept and goes up, and that it
// can do no more than withhold.
#include <gtest/gtest.h>

#include <random>

#include "tests/support/section_world.hpp"

namespace wasl::test {
namespace {

constexpr std::string_view kAfrica = "section/africa";

class Section : public testing::Test {
 protected:
  Section() { world.add_two_associations(); }
  std::unique_ptr<HubOffice> office(const std::string& organisation = "africa") {
    return std::make_unique<HubOffice>(world, world.invite(organisation));
  }
  static std::string add(HubOffice& office, const std::string& id, const std::string& reference,
                         std::string_view space = kAfrica) {
    office.sql("INSERT INTO project(id, space, reference) VALUES('" + id + "', '" + std::string(space) +
               "', '" + reference + "')");
    return id;
  }
  static std::string reference(HubOffice& office, const std::string& id) {
    return office.rows("SELECT reference FROM project WHERE id = '" + id + "'");
  }
  static std::size_t unsent(HubOffice& office) { return must(office.replica().status()).unsent; }
  static std::size_t with_section(HubOffice& office) { return must(office.replica().status()).with_section; }
  /// Everybody meets the network's hub, twice; then all is equal and proved.
  void settle(const std::vector<HubOffice*>& offices) {
    for (int round = 0; round < 3; ++round) {
      for (HubOffice* one : offices) one->sync();
    }
    for (HubOffice* one : offices) {
      const auto last = one->sync();
      EXPECT_FALSE(last.error) << last.error->message;
      EXPECT_EQ(last.summary.equal, std::optional(true));
      EXPECT_EQ(unsent(*one), 0U);
      const VerifyReport report = must(one->replica().verify());
      EXPECT_TRUE(report.ok) << (report.problems.empty() ? "" : report.problems.front());
    }
  }

  HubWorld world;
};

TEST_F(Section, MirrorsLogsWithTheirProofs) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  dakar->sync();
  EXPECT_FALSE(section.link().error);
  const auto told = section.near(*accra);
  EXPECT_FALSE(told.error) << told.error->message;
  EXPECT_TRUE(told.summary.by_section);
  EXPECT_EQ(told.summary.equal, std::optional(true));
  EXPECT_EQ(reference(*accra, "p"), "A");
  EXPECT_EQ(accra->sync().summary.received_sets, 0U);  // it had all of it, proved
}

// A link that stands for days asks for what came behind what it has handed out.
TEST_F(Section, WhatComesIsBehindAllThatCameBefore) {
  SectionWorld section(world);
  const auto dakar = office();
  section.link();
  add(*dakar, "p", "A");
  section.near(*dakar);
  const auto first = must(section.kept().next_to_carry(0, world.hub().network()));
  ASSERT_TRUE(first);
  dakar->sync();
  section.link();
  ASSERT_EQ(must(section.kept().totals()).runs, 0U);
  add(*dakar, "q", "B");
  section.near(*dakar);
  EXPECT_TRUE(must(section.kept().next_to_carry(first->number, world.hub().network())));
}

TEST_F(Section, MirrorsWhatItMayReadAndNothingElse) {
  SectionWorld section(world);
  world.add_organisation("asia", "section");
  const auto tokyo = office("asia");
  section.link();  // it knows them by now
  add(*tokyo, "p", "A", "section/asia");
  tokyo->sync();
  section.link();
  const auto told = section.near(*tokyo);
  EXPECT_FALSE(told.error) << told.error->message;
  // Nor is it told what it may not read.
  add(*tokyo, "q", "B", "section/asia");
  EXPECT_EQ(section.near(*tokyo).summary.sent_sets, 0U);
  EXPECT_EQ(must(section.kept().totals()).runs, 0U);
  settle({tokyo.get()});
}

TEST_F(Section, KeepsWorkAndShowsItToThoseWhoMayReadIt) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  const auto bamako = office("mali");
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  const auto told = section.near(*dakar);
  EXPECT_EQ(told.summary.with_section, 1U);
  EXPECT_EQ(told.summary.accepted, 0U);
  EXPECT_EQ(unsent(*dakar), 1U);
  EXPECT_EQ(with_section(*dakar), 1U);
  section.near(*accra);
  EXPECT_EQ(reference(*accra, "p"), "A");
  EXPECT_EQ(unsent(*accra), 0U);
  EXPECT_EQ(section.near(*dakar).summary.sent_sets, 0U);  // it has it already

  const auto up = section.link();
  EXPECT_FALSE(up.error) << up.error->message;
  EXPECT_EQ(up.summary.accepted, 1U);
  EXPECT_FALSE(section.link().error);
  EXPECT_EQ(must(section.kept().totals()).runs, 0U);
  section.near(*accra);
  section.near(*dakar);
  EXPECT_EQ(unsent(*dakar), 0U);
  settle({dakar.get(), accra.get(), bamako.get()});
  EXPECT_EQ(reference(*accra, "p"), "A");
}

TEST_F(Section, WithdrawingWhatWasRefusedRestoresWhatWasConfirmed) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  settle({dakar.get(), accra.get()});
  section.link();
  dakar->sql("UPDATE project SET reference = 'B' WHERE id = 'p'");
  section.near(*dakar);
  section.near(*accra);
  EXPECT_EQ(reference(*accra, "p"), "B");
  must(world.act(world.registrar_key(), {RevokeAct{dakar->replica().device(), RevocationReason::lost, 0}}));
  EXPECT_EQ(section.link().summary.held, 1U);
  section.near(*accra);
  EXPECT_EQ(reference(*accra, "p"), "A");
  EXPECT_TRUE(must(accra->replica().verify()).ok);
}

TEST_F(Section, WorkOnWorkThatIsKeptFollowsIt) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  section.near(*dakar);
  section.near(*accra);
  accra->sql("UPDATE project SET reference = 'B' WHERE id = 'p'");
  section.near(*accra);
  section.near(*dakar);
  EXPECT_EQ(reference(*dakar, "p"), "B");
  EXPECT_EQ(section.link().summary.accepted, 2U);
  settle({dakar.get(), accra.get()});
  EXPECT_EQ(reference(*dakar, "p"), "B");
  EXPECT_TRUE(must(dakar->replica().conflicts()).empty());
}

TEST_F(Section, ALostDiskCostsTheWayAlone) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  section.near(*dakar);
  section.lose_disk();
  EXPECT_EQ(section.near(*dakar).summary.sent_sets, 1U);
  // The network's hub gets it on both ways, and places it once.
  dakar->sync();
  section.link();
  section.link();
  EXPECT_EQ(must(section.kept().totals()).runs, 0U);
  settle({dakar.get(), accra.get()});
  EXPECT_EQ(accra->rows("SELECT count(*) FROM project"), "1");
}

TEST_F(Section, ACutLinkIsTakenUpWhereItEnded) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  for (int i = 0; i < 5; ++i) {
    add(*dakar, "p" + std::to_string(i), "A");
    dakar->sync();
    add(*accra, "q" + std::to_string(i), "A");
    section.near(*accra);
  }
  for (std::size_t cut = 0; cut < 12; ++cut) {
    section.link(cut);
    if (cut % 3 == 0) section.reopen();
    const auto told = section.near(*dakar);
    EXPECT_FALSE(told.error) << cut << ": " << told.error->message;
  }
  EXPECT_FALSE(section.link().error);
  settle({dakar.get(), accra.get()});
  EXPECT_EQ(dakar->rows("SELECT count(*) FROM project"), "10");
}

TEST_F(Section, AnOfficeThatHasSeenMoreIsToldNothingFalse) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  add(*accra, "p", "A");
  accra->sync();
  dakar->sync();
  const auto told = section.near(*dakar);
  EXPECT_FALSE(told.error) << told.error->message;
  EXPECT_EQ(told.summary.equal, std::nullopt);
  EXPECT_EQ(reference(*dakar, "p"), "A");
  settle({dakar.get(), accra.get()});
}

TEST_F(Section, NobodyIsEnrolledThere) {
  SectionWorld section(world);
  const Invitation invitation = world.invite("africa");
  section.link();
  Hello hello;
  const auto key = crypto::KeyPair::from_seed(invitation.seed);
  hello.network = world.network();
  hello.device = key.public_key();
  hello.hub = world.hub().log_key().public_key();
  hello.counter = 1;
  const auto admitted = HubSession::admit(section.hub(), encode(hello, key));
  ASSERT_FALSE(admitted);
  EXPECT_EQ(admitted.error().code, Errc::later);
}

TEST_F(Section, ARevokedSectionIsBelievedByNobody) {
  SectionWorld section(world);
  const auto dakar = office();
  section.link();  // it knows them by now
  must(world.act(world.registrar_key(),
                 {RevokeAct{section.device().public_key(), RevocationReason::lost, 0}}));
  dakar->sync();
  add(*dakar, "p", "A");
  const auto told = section.near(*dakar);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::unauthorised);
  EXPECT_EQ(must(section.kept().totals()).runs, 0U);
}

// ── A section's hub that lies

struct SectionLie {
  std::string name;
  std::function<Bytes(HubWorld&, const Bytes&)> tell;  ///< of each frame; empty: it is left out
};

/// Changes frames of entries of the section's space.
Bytes with_entries(HubWorld& world, const Bytes& frame, const std::function<void(Segment&)>& change) {
  if (frame_kind(frame) != FrameKind::entries) return frame;
  auto segment = decode_segment(frame, world.network(), world.hub().known_logs());
  if (!segment || segment->space != kAfrica) return frame;
  change(*segment);
  return encode_segment(FrameKind::entries, *segment);
}

class LyingSection : public Section, public testing::WithParamInterface<SectionLie> {};

TEST_P(LyingSection, CostsTheSessionAndAccusesNobody) {
  SectionWorld section(world);
  const auto dakar = office();
  const auto accra = office();
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  dakar->sync();
  section.link();
  add(*accra, "q", "B");
  const auto told = section.near(*accra, [&](std::shared_ptr<const Bytes> frame) {
    return std::make_shared<const Bytes>(GetParam().tell(world, *frame));
  });
  ASSERT_TRUE(told.error);
  EXPECT_NE(told.error->code, Errc::caught) << told.error->message;
  EXPECT_NE(told.summary.equal, std::optional(true));
  settle({dakar.get(), accra.get()});
  EXPECT_EQ(reference(*accra, "p"), "A");
  EXPECT_EQ(reference(*dakar, "q"), "B");
  section.link();
  EXPECT_FALSE(section.near(*accra).error);  // the honest one is believed again
}

INSTANTIATE_TEST_SUITE_P(
    Lies, LyingSection,
    testing::Values(SectionLie{"LeavesAnEntryOut",
                               [](HubWorld& world, const Bytes& frame) {
                                 return with_entries(world, frame, [](Segment& segment) { ++segment.first; });
                               }},
                    SectionLie{"PutsTimeForward",
                               [](HubWorld& world, const Bytes& frame) {
                                 return with_entries(world, frame, [](Segment& segment) {
                                   for (SegmentItem& item : segment.items)
                                     if (auto* set = std::get_if<SetItem>(&item))
                                       set->entry->hub_time += 60'000;
                                 });
                               }},
                    SectionLie{"TurnsBackTime",
                               [](HubWorld& world, const Bytes& frame) {
                                 return with_entries(world, frame, [](Segment& segment) {
                                   for (SegmentItem& item : segment.items)
                                     if (auto* set = std::get_if<SetItem>(&item)) set->entry->hub_time = 1;
                                 });
                               }},
                    SectionLie{
                        "WithholdsAllEntries",
                        [](HubWorld& world, const Bytes& frame) {
                          const bool of_africa =
                              frame_kind(frame) == FrameKind::entries &&
                              decode_segment(frame, world.network(), world.hub().known_logs())->space ==
                                  kAfrica;
                          return of_africa ? encode(Leaves{0, {Bytes{1}}}) : frame;
                        }},
                    SectionLie{"SignsTheCheckpointItself",
                               [](HubWorld& world, const Bytes& frame) {
                                 if (frame_kind(frame) != FrameKind::proof) return frame;
                                 Proof proof = must(decode_proof(frame));
                                 if (proof.checkpoint.empty()) return frame;
                                 const auto key = crypto::KeyPair::generate(world.random());
                                 const std::string origin = ledger::heads_origin(world.network(), 1);
                                 proof.checkpoint = must(ledger::sign_checkpoint({origin, 99, Hash{}}, key));
                                 return encode(proof);
                               }}),
    [](const auto& of) { return of.param.name; });

TEST_F(Section, CallingItselfTheNetworksHubChangesNothing) {
  SectionWorld section(world);
  const auto dakar = office();
  section.link();  // it knows them by now
  add(*dakar, "p", "A");
  const auto told = section.near(*dakar, [&](std::shared_ptr<const Bytes> frame) {
    return frame_kind(*frame) == FrameKind::section
               ? std::make_shared<const Bytes>(encode({}, FrameKind::verdicts))
               : std::move(frame);
  });
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::malformed) << told.error->message;
  EXPECT_EQ(told.summary.sent_sets, 0U);
}

// ── Chance

/// Three offices, a section's hub and the network's: work, links that come and go, cuts, crashes and lost
/// disks by dice. At the end everybody holds the same, every change that was reported saved is there, once.
class SectionByChance : public Section, public testing::WithParamInterface<unsigned> {};

TEST_P(SectionByChance, EverybodyHoldsTheSameAtTheEnd) {
  SectionWorld section(world);
  std::mt19937 dice(GetParam());
  const auto below = [&](unsigned most) { return static_cast<unsigned>(dice() % most); };
  const auto dakar = office();
  const auto accra = office();
  const auto bamako = office("mali");
  section.link();  // it knows them by now
  const std::vector<HubOffice*> offices{dakar.get(), accra.get(), bamako.get()};
  unsigned written = 0;
  for (unsigned step = 0; step < 60; ++step) {
    world.clock().time += 1'000;
    HubOffice& one = *offices[below(3)];
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        add(one, "p" + std::to_string(++written), "first");
        break;
      case 3:
      case 4: {
        const std::string id = "p" + std::to_string(1 + below(std::max(1U, written)));
        one.sql("UPDATE project SET reference = 'r" + std::to_string(step) + "' WHERE id = '" + id + "'");
        break;
      }
      case 5:
      case 6:
      case 7: {
        auto told = section.near(one);
        // It had referred to what the section has not got yet: it comes again with frames that stand alone.
        if (told.error && told.error->code == Errc::later) told = section.near(one);
        EXPECT_FALSE(told.error) << "step " << step << ": " << told.error->message;
        break;
      }
      case 8:
        section.link(below(2) == 0 ? SIZE_MAX : below(14));
        break;
      case 9:
        one.sync(below(2) == 0 ? SIZE_MAX : below(14));
        break;
      case 10:
        section.reopen();
        break;
      default:
        if (below(3) == 0) section.lose_disk();
        if (below(3) == 0) one.reopen();
    }
  }
  EXPECT_FALSE(section.link().error);
  settle(offices);
  EXPECT_FALSE(section.link().error);
  EXPECT_FALSE(section.link().error);
  EXPECT_EQ(must(section.kept().totals()).runs, 0U);
  const std::string all = "SELECT id, reference FROM project ORDER BY id";
  for (HubOffice* one : offices) {
    EXPECT_EQ(one->rows(all), dakar->rows(all));
    EXPECT_EQ(one->rows("SELECT count(*) FROM project"), std::to_string(written));
    EXPECT_EQ(section.near(*one).summary.equal, std::optional(true));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SectionByChance, testing::Range(1U, 13U));

}  // namespace
}  // namespace wasl::test
