// Bundles between the real hub and real offices, frame by frame: each rule of PROTOCOL.md section 17.3.
#include "server/hub/bundling.hpp"

#include <gtest/gtest.h>

#include "client/replica/carried_work.hpp"
#include "shared/sqlite/disk.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

using What = Arrival::What;
const std::string kSection = "section/africa";

struct Sticks {
  struct World : HubWorld {
    World() { add_two_associations(); }
  };
  World world;
  HubOffice dakar{world, world.invite("senegal")};
  HubOffice bamako{world, world.invite("mali")};

  Sticks() {
    for (HubOffice* office : {&dakar, &bamako, &dakar, &bamako})
      EXPECT_EQ(office->sync().summary.equal, true);
  }

  static void write(HubOffice& office, const std::string& id, const std::string& title) {
    office.sql("INSERT INTO project(id, space, title) VALUES('" + id + "', '" + kSection + "', '" + title +
               "')");
  }
  /// Everything unsent of the office to the hub. @return verdicts.
  std::vector<VerdictItem> bring(HubOffice& office) {
    const Bytes hello = encode_hello_frame(must(office.replica().make_bundle_hello()));
    EXPECT_FALSE(must(note_bundled_hello(world.hub(), hello)));
    std::vector<VerdictItem> verdicts;
    for (const Bytes& frame : pushes(office)) {
      const TakenPush taken = must(take_bundled_push(world.hub(), frame));
      verdicts.insert(verdicts.end(), taken.verdicts.begin(), taken.verdicts.end());
    }
    return verdicts;
  }
  std::vector<Bytes> pushes(HubOffice& office) {
    std::vector<Bytes> frames;
    office.replica().rewind_push();
    while (const auto push = must(office.replica().next_push(1 << 18)))
      frames.push_back(encode_segment(FrameKind::push, *push));
    return frames;
  }
  Covered covered(const std::string& space, Position from) {
    return must(decode_covered(must(covered_frame(world.hub(), space, from)).frame));
  }
  Vouched vouched(const std::string& space) {
    return must(decode_vouched(*must(vouched_frame(world.hub(), space))));
  }
  Position size(const std::string& space) { return must(world.hub().size(space)); }
  Position held(HubOffice& office, const std::string& space) {
    for (const SpaceStatus& status : must(office.replica().status()).spaces)
      if (status.space == space) return status.position;
    return 0;
  }
  std::optional<bool> fetch(HubOffice& office) {
    Replica& replica = office.replica();
    must(replica.begin_import());
    const auto spaces = world.hub().authority().readable(replica.device(), world.hub().hub_time());
    for (const std::string& space : spaces) {
      for (Position from = held(office, space) + 1; from <= size(space);) {
        const CoveredFrame frame = must(covered_frame(world.hub(), space, from));
        EXPECT_EQ(must(replica.take_covered(must(decode_covered(frame.frame)))).what, What::taken);
        from = frame.last + 1;
      }
      if (const auto frame = must(vouched_frame(world.hub(), space)))
        must(replica.take_vouched(must(decode_vouched(*frame))));
    }
    for (const Bytes& frame : must(answer_frames(world.hub(), replica.device())))
      must(replica.take_answer(
          must(decode_answer(frame, world.network(), world.hub().log_key().public_key()))));
    return must(replica.end_import());
  }
};

TEST(Bundling, WorkAndItsEntriesTravelWithoutALink) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  for (const VerdictItem& item : sticks.bring(sticks.dakar))
    EXPECT_EQ(item.verdict.outcome, Outcome::accepted);
  EXPECT_EQ(sticks.fetch(sticks.bamako), true);
  EXPECT_EQ(sticks.fetch(sticks.dakar), true);
  EXPECT_EQ(sticks.bamako.rows("SELECT id FROM project"), "p-1");
  EXPECT_EQ(must(sticks.dakar.replica().status()).unsent, 0U);
  EXPECT_TRUE(must(sticks.bamako.replica().verify()).ok);
  EXPECT_EQ(sticks.dakar.sync().summary.equal, true);
  EXPECT_EQ(sticks.bamako.sync().summary.equal, true);
}

TEST(Bundling, AnAnswerMovesTheCheckpointFromWhichTheNextProofGoesOn) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  sticks.bring(sticks.dakar);
  const Seen before = must(sticks.dakar.replica().identity().checkpoint()).heads;
  EXPECT_EQ(sticks.fetch(sticks.dakar), true);
  const Seen after = must(sticks.dakar.replica().identity().checkpoint()).heads;
  EXPECT_GT(after.size, before.size);
  EXPECT_EQ(after, sticks.world.hub().heads());
}

TEST(Bundling, EntriesThatTheHubHasNotSignedAreNotTakenAndAccuseNobody) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  sticks.bring(sticks.dakar);
  Replica& replica = sticks.bamako.replica();
  must(replica.begin_import());
  const Position held = sticks.held(sticks.bamako, kSection);
  const Covered good = sticks.covered(kSection, held + 1);

  Covered moved = good;  // a later time
  Segment segment = must(decode_segment(good.entries, sticks.world.network()));
  for (SegmentItem& item : segment.items)
    if (auto* set = std::get_if<SetItem>(&item)) set->entry->hub_time += 1;
  moved.entries = encode_segment(FrameKind::entries, segment);
  EXPECT_EQ(must(replica.take_covered(moved)).what, What::altered);

  Covered key = good;
  key.vouched.key->bytes[0] ^= 1;
  EXPECT_EQ(must(replica.take_covered(key)).what, What::altered);

  Covered note = good;
  note.vouched.proof.checkpoint[note.vouched.proof.checkpoint.size() / 2] ^= 1;
  EXPECT_EQ(must(replica.take_covered(note)).what, What::altered);

  Covered other = good;
  other.vouched.proof.leaves[0].index += 1;
  EXPECT_EQ(must(replica.take_covered(other)).what, What::altered);

  EXPECT_EQ(sticks.held(sticks.bamako, kSection), held);
  EXPECT_TRUE(must(replica.identity().evidence()).empty());
  EXPECT_EQ(must(replica.take_covered(good)).what, What::taken);
  EXPECT_EQ(must(replica.take_covered(good)).what, What::known);
}

TEST(Bundling, OwnItemsAndLooseHeadersAreNotTaken) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  sticks.bring(sticks.dakar);
  Replica& replica = sticks.bamako.replica();
  must(replica.begin_import());
  const Covered good = sticks.covered(kSection, sticks.held(sticks.bamako, kSection) + 1);
  const Segment segment = must(decode_segment(good.entries, sticks.world.network()));

  Covered own = good;
  Segment left_out = segment;
  take_out_own(left_out, sticks.dakar.replica().device());
  own.entries = encode_segment(FrameKind::entries, left_out);
  EXPECT_EQ(must(replica.take_covered(own)).what, What::altered);

  // Work of the same office that has no entry: signed by it, and put behind by whoever carried it.
  Sticks::write(sticks.dakar, "p-2", "Later");
  must(sticks.dakar.replica().make_bundle_hello());
  Segment with_more = segment;
  for (const Bytes& frame : sticks.pushes(sticks.dakar)) {
    const Segment push = must(decode_segment(frame, sticks.world.network()));
    for (const SegmentItem& item : push.items) {
      const auto* set = std::get_if<SetItem>(&item);
      if (set != nullptr && set->set.header.space == kSection) {
        with_more.items.emplace_back(StandInItem{set->set.header, set->set.header_bytes, set->set.name});
      } else if (std::holds_alternative<SignatureItem>(item)) {
        with_more.items.push_back(item);
      }
    }
  }
  Covered loose = good;
  loose.entries = encode_segment(FrameKind::entries, with_more);
  EXPECT_EQ(must(replica.take_covered(loose)).what, What::altered);
  EXPECT_EQ(must(replica.take_covered(good)).what, What::taken);
}

TEST(Bundling, AGapIsToldAndWhatFollowsItWaits) {
  Sticks sticks;
  const Position held = sticks.held(sticks.bamako, kSection);
  for (const char* id : {"p-1", "p-2"}) {
    Sticks::write(sticks.dakar, id, "Water");
    sticks.bring(sticks.dakar);
    EXPECT_EQ(sticks.fetch(sticks.dakar), true);
  }
  Replica& replica = sticks.bamako.replica();
  must(replica.begin_import());
  const Position half = must(covered_frame(sticks.world.hub(), kSection, held + 1)).last;
  const Position second = half == sticks.size(kSection) ? held + 2 : half + 1;
  const Covered later = sticks.covered(kSection, second);
  const Arrival gap = must(replica.take_covered(later));
  EXPECT_EQ(gap.what, What::gap);
  EXPECT_EQ(gap.held, held);
  EXPECT_EQ(gap.first, second);
  EXPECT_EQ(must(replica.take_vouched(sticks.vouched(kSection))).what, What::gap);
  EXPECT_EQ(must(replica.take_covered(sticks.covered(kSection, held + 1))).what, What::taken);
  EXPECT_EQ(must(replica.take_vouched(sticks.vouched(kSection))).what, What::taken);
  EXPECT_EQ(must(replica.take_vouched(sticks.vouched(kSection))).what, What::known);
}

TEST(Bundling, ASpaceThatIsNotReadIsLeftAlone) {
  Sticks sticks;
  sticks.dakar.sql("INSERT INTO project(id, title) VALUES('p-9', 'Ours')");
  sticks.bring(sticks.dakar);
  Replica& replica = sticks.bamako.replica();
  must(replica.begin_import());
  EXPECT_EQ(must(replica.take_covered(sticks.covered("association/senegal", 1))).what, What::not_ours);
  EXPECT_EQ(must(replica.take_vouched(sticks.vouched("association/senegal"))).what, What::not_ours);
}

TEST(Bundling, AnAnswerForAnotherDeviceOrAlteredIsNotTaken) {
  Sticks sticks;
  const Bytes frame = must(answer_frames(sticks.world.hub(), sticks.dakar.replica().device())).at(0);
  const PublicKey log_key = sticks.world.hub().log_key().public_key();
  const Answer answer = must(decode_answer(frame, sticks.world.network(), log_key));
  must(sticks.bamako.replica().begin_import());
  EXPECT_EQ(must(sticks.bamako.replica().take_answer(answer)).what, What::not_ours);
  for (std::size_t at = 0; at < frame.size(); at += 7) {
    Bytes hit = frame;
    hit[at] ^= 1;
    EXPECT_FALSE(decode_answer(hit, sticks.world.network(), log_key).has_value()) << at;
  }
}

TEST(Bundling, AHelloInABundleOpensNoSessionAndTheOtherWay) {
  Sticks sticks;
  const Bytes bundled = must(sticks.dakar.replica().make_bundle_hello());
  EXPECT_EQ(HubSession::admit(sticks.world.hub(), bundled).error().code, Errc::unauthorised);
  const Bytes live = must(sticks.dakar.replica().make_hello(false, {}));
  EXPECT_FALSE(note_bundled_hello(sticks.world.hub(), encode_hello_frame(live)).has_value());
}

TEST(Bundling, AnOlderHelloChangesNothing) {
  Sticks sticks;
  const PublicKey device = sticks.dakar.replica().device();
  const Bytes first = encode_hello_frame(must(sticks.dakar.replica().make_bundle_hello()));
  const Bytes second = encode_hello_frame(must(sticks.dakar.replica().make_bundle_hello()));
  must(note_bundled_hello(sticks.world.hub(), second));
  const auto noted = must(bundled_hello(sticks.world.hub(), device));
  must(note_bundled_hello(sticks.world.hub(), first));
  EXPECT_EQ(must(bundled_hello(sticks.world.hub(), device))->counter, noted->counter);
}

TEST(Bundling, HeldWorkIsToldAndANewerWordStands) {
  Sticks sticks;
  must(sticks.world.act(sticks.world.administrator(),
                        {RevokeAct{sticks.bamako.replica().device(), RevocationReason::lost, 0}}));
  Sticks::write(sticks.bamako, "p-1", "Late");
  for (const VerdictItem& item : sticks.bring(sticks.bamako)) EXPECT_EQ(item.verdict.outcome, Outcome::held);
  const PublicKey log_key = sticks.world.hub().log_key().public_key();
  const Bytes old = must(answer_frames(sticks.world.hub(), sticks.bamako.replica().device())).at(0);
  Answer answer = must(decode_answer(old, sticks.world.network(), log_key));
  Replica& replica = sticks.bamako.replica();
  must(replica.begin_import());
  must(replica.take_answer(answer));
  EXPECT_EQ(must(replica.status()).held, 1U);
  Answer newer = answer;
  newer.hub_time += 10;
  for (VerdictItem& item : newer.verdicts) item.verdict = Verdict::refuse(Reason::discarded_by);
  must(replica.take_answer(newer));
  EXPECT_EQ(must(replica.status()).refused, 1U);
  must(replica.take_answer(answer));
  EXPECT_EQ(must(replica.status()).refused, 1U);
}

TEST(Bundling, OthersWorkIsKeptOfferedAndForgotten) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  must(sticks.dakar.replica().make_bundle_hello());
  const auto frames = sticks.pushes(sticks.dakar);
  ASSERT_FALSE(frames.empty());
  Replica& replica = sticks.bamako.replica();
  must(replica.begin_import());
  std::uint64_t kept = 0;
  for (const Bytes& frame : frames)
    for (const Arrival& arrival :
         must(replica.take_push(must(decode_segment(frame, sticks.world.network())))))
      kept += arrival.what == What::kept ? arrival.sets : 0;
  EXPECT_GE(kept, 1U);
  EXPECT_EQ(sticks.bamako.sync().summary.equal, true);
  EXPECT_EQ(sticks.bamako.rows("SELECT id FROM project"), "p-1");
  const CarriedWork left(sticks.bamako.folder() / "carried.db");
  EXPECT_TRUE(must(left.runs(sticks.world.network())).empty());
  EXPECT_EQ(sticks.dakar.sync().summary.equal, true);
  EXPECT_EQ(must(sticks.dakar.replica().status()).unsent, 0U);
}

TEST(Bundling, OthersWorkInAFolderOfBeforeIsTakenOver) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  must(sticks.dakar.replica().make_bundle_hello());
  const Segment run = must(decode_segment(sticks.pushes(sticks.dakar).at(0), sticks.world.network()));
  const CarriedWork work(sticks.bamako.folder() / "carried.db");
  const std::filesystem::path folder = sticks.bamako.folder() / "carried";
  std::filesystem::create_directory(folder);
  {
    DiskFile file =
        must(DiskFile::open(folder / (CarriedWork::name_of(run) + ".push"), DiskFile::Mode::create));
    must(file.write(0, encode_segment(FrameKind::push, run)));
  }
  const auto runs = must(work.runs(sticks.world.network()));
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].name, CarriedWork::name_of(run));
  EXPECT_FALSE(std::filesystem::exists(folder));
  must(work.destroy());
  EXPECT_TRUE(must(work.runs(sticks.world.network())).empty());
}

TEST(Bundling, AFileOfOthersWorkThatIsNoDatabaseIsMadeAnew) {
  Sticks sticks;
  CarriedWork work(sticks.bamako.folder() / "carried.db");
  {
    DiskFile file = must(DiskFile::open(sticks.bamako.folder() / "carried.db", DiskFile::Mode::create));
    must(file.write(0, Bytes(8192, 0x5a)));
  }
  EXPECT_TRUE(must(work.runs(sticks.world.network())).empty());
  Sticks::write(sticks.dakar, "p-1", "Water");
  must(sticks.dakar.replica().make_bundle_hello());
  EXPECT_TRUE(
      must(work.keep(must(decode_segment(sticks.pushes(sticks.dakar).at(0), sticks.world.network())))));
}

TEST(Bundling, AFalseSignatureOfAnothersWorkIsNotKept) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  must(sticks.dakar.replica().make_bundle_hello());
  Segment push = must(decode_segment(sticks.pushes(sticks.dakar).at(0), sticks.world.network()));
  for (SegmentItem& item : push.items)
    if (auto* signature = std::get_if<SignatureItem>(&item)) signature->signature.bytes[3] ^= 1;
  const auto arrivals = must(sticks.bamako.replica().take_push(push));
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(arrivals[0].what, What::altered);
  EXPECT_FALSE(take_bundled_push(sticks.world.hub(), encode_segment(FrameKind::push, push)).has_value());
}

TEST(Bundling, AnOfficeHandsOnWhatItHasProved) {
  Sticks sticks;
  Sticks::write(sticks.dakar, "p-1", "Water");
  EXPECT_EQ(sticks.dakar.sync().summary.equal, true);
  Replica& from = sticks.dakar.replica();
  Replica& to = sticks.bamako.replica();
  must(to.begin_import());
  for (const std::string space : {"authority", "network", "section/africa"}) {
    Position next = sticks.held(sticks.bamako, space) + 1;
    while (const auto part = must(from.next_covered(space, next))) {
      EXPECT_EQ(must(to.take_covered(must(decode_covered(encode(part->covered))))).what, What::taken);
      next = part->last + 1;
    }
    if (const auto proof = must(from.vouched(space))) must(to.take_vouched(*proof));
  }
  EXPECT_EQ(must(to.end_import()), true);
  EXPECT_EQ(sticks.bamako.rows("SELECT id FROM project"), "p-1");
  EXPECT_TRUE(must(to.verify()).ok);
  EXPECT_EQ(sticks.bamako.sync().summary.equal, true);
}

TEST(Bundling, AnErasureIsCarriedOutByStickAloneAndItsOpeningsAreDroppedWhereverTheyComeFrom) {
  Sticks sticks;
  const crypto::KeyPair& administrator = sticks.world.administrator();
  sticks.dakar.sql("INSERT INTO person(id, space, name) VALUES('q1', '" + kSection + "', 'Awa-zzone')");
  sticks.bring(sticks.dakar);
  EXPECT_EQ(sticks.fetch(sticks.dakar), true);
  sticks.bring(sticks.bamako);
  const Position held = sticks.held(sticks.bamako, kSection);
  const Covered old = sticks.covered(kSection, held + 1);  // a stick that lies in a drawer
  const auto values = must(sticks.dakar.replica().erasable(kSection, "q1"));
  const EraseAct erasure{kSection,
                         record_mark(sticks.world.network(), kSection, "q1"),
                         {values.begin(), values.end()},
                         ErasureReason::requested};
  must(sticks.world.act(administrator, {erasure}));
  sticks.world.clock().time += 73 * Millis{3'600'000};
  must(sticks.world.hub().erase_due());
  sticks.bring(sticks.dakar);
  EXPECT_EQ(sticks.fetch(sticks.dakar), true);
  EXPECT_EQ(sticks.dakar.rows("SELECT name FROM person"), "");
  EXPECT_EQ(must(sticks.dakar.replica().erasures_of(kSection, "q1")).at(0).stage, ErasureStage::in_force);

  // Who was away learns of the erasure first, and then finds the old stick.
  Replica& late = sticks.bamako.replica();
  must(late.begin_import());
  EXPECT_EQ(
      must(late.take_covered(sticks.covered("authority", sticks.held(sticks.bamako, "authority") + 1))).what,
      What::taken);
  must(late.take_vouched(sticks.vouched("authority")));
  for (const Bytes& frame : must(answer_frames(sticks.world.hub(), late.device())))
    must(late.take_answer(
        must(decode_answer(frame, sticks.world.network(), sticks.world.hub().log_key().public_key()))));
  EXPECT_EQ(must(late.take_covered(old)).what, What::taken);
  EXPECT_EQ(sticks.bamako.rows("SELECT id, name FROM person"), "q1|");
  EXPECT_TRUE(must(late.verify()).ok);
}

TEST(Bundling, TwoHistoriesOfAHubAreCaughtByWhatItSigned) {
  Sticks sticks;
  HubWorld copy(sticks.world);
  Sticks::write(sticks.bamako, "p-1", "Water");
  sticks.bring(sticks.bamako);
  EXPECT_EQ(sticks.fetch(sticks.bamako), true);
  Sticks::write(sticks.dakar, "p-2", "Other");
  must(sticks.dakar.replica().make_bundle_hello());
  for (const Bytes& frame : sticks.pushes(sticks.dakar)) must(take_bundled_push(copy.hub(), frame));
  const Position held = sticks.held(sticks.bamako, kSection);
  const Bytes lie = must(covered_frame(copy.hub(), kSection, 1)).frame;
  must(sticks.bamako.replica().begin_import());
  const auto caught = sticks.bamako.replica().take_covered(must(decode_covered(lie)));
  ASSERT_FALSE(caught.has_value());
  EXPECT_EQ(caught.error().code, Errc::caught);
  EXPECT_EQ(sticks.held(sticks.bamako, kSection), held);
  EXPECT_FALSE(must(sticks.bamako.replica().identity().evidence()).empty());
  // Where this office stands, told to the copy, shows it to itself.
  const Bytes hello = encode_hello_frame(must(sticks.bamako.replica().make_bundle_hello()));
  EXPECT_TRUE(must(note_bundled_hello(copy.hub(), hello)));
}

}  // namespace
}  // namespace wasl::test
