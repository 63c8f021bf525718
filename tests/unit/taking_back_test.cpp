// A header without its body in a push: only its author says that it is taken back.
#include <gtest/gtest.h>

#include "shared/wire/push_check.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

class TakingBack : public testing::Test {
 protected:
  TakingBack() {
    world.add_two_associations();
    grant = world.enrol(author, "senegal");
    world.enrol(carrier, "mali");
    pen.emplace(world, author, "section/africa", grant);
    set = pen->write({Pen::create("project", "p")});
  }

  Status check(const Segment& push, const PublicKey& by) {
    return check_push(push, by, world.hub().authority(), world.network());
  }
  /// The header alone, under the run's signature, with this in the place of the author's word.
  Segment header_alone(std::optional<Signature> word) const {
    Segment push = pen->take_back(set);
    std::get<StandInItem>(push.items.front()).taken_back = word;
    return push;
  }
  static Segment travelled(const Segment& push, const NetworkId& network) {
    return must(decode_segment(encode_segment(FrameKind::push, push), network));
  }

  HubWorld world;
  crypto::KeyPair author = crypto::KeyPair::generate(world.random());
  crypto::KeyPair carrier = crypto::KeyPair::generate(world.random());
  Hash grant;
  std::optional<Pen> pen;
  ChangeSet set;
};

TEST_F(TakingBack, IsTheAuthorsWhoeverCarriesIt) {
  const Segment push = travelled(pen->take_back(set), world.network());
  EXPECT_TRUE(check(push, author.public_key()));
  EXPECT_TRUE(check(push, carrier.public_key()));
}

TEST_F(TakingBack, IsNotSaidByWhoLeavesTheBodyOut) {
  const Segment bare = travelled(header_alone(std::nullopt), world.network());
  for (const PublicKey& by : {carrier.public_key(), author.public_key()}) {
    const Status checked = check(bare, by);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::bad_signature);
  }
  EXPECT_EQ(world.push(pen->run({set})).back().verdict.outcome, Outcome::accepted) << "nothing of it stayed";
}

TEST_F(TakingBack, IsOfThisChangeSetAloneAndUnderItsOwnTag) {
  const ChangeSet other = pen->write({Pen::create("project", "q")});
  const NetworkId elsewhere = world.random().fixed<NetworkId>();
  for (const Signature& word : {
           carrier.sign(taken_back_message(world.network(), set.name)),
           author.sign(taken_back_message(world.network(), other.name)),
           author.sign(taken_back_message(elsewhere, set.name)),
           author.sign(run_message(world.network(), set.name)),
       })
    EXPECT_FALSE(check(header_alone(word), author.public_key()));
}

TEST_F(TakingBack, StandsInTheLogAsAHeaderAlone) {
  EXPECT_EQ(world.push(pen->take_back(set)).back().verdict.outcome, Outcome::accepted);
  const ChangeSet next = pen->write({Pen::create("project", "q")});
  EXPECT_EQ(world.push(pen->run({next})).back().verdict.outcome, Outcome::accepted);
  std::size_t headers = 0;
  for (const Segment& block : must(world.store().read("section/africa", 1, 1, world.network()))) {
    for (const SegmentItem& item : block.items) {
      const auto* stand_in = std::get_if<StandInItem>(&item);
      if (stand_in == nullptr) continue;
      ++headers;
      EXPECT_EQ(stand_in->name, set.name);
      EXPECT_FALSE(stand_in->taken_back);
    }
  }
  EXPECT_EQ(headers, 1U);
}

TEST_F(TakingBack, InOnePushWithTheNextStandsInTheLogAsAHeaderAlone) {
  const ChangeSet next = pen->write({Pen::create("project", "q")});
  Segment push = pen->run({set, next});
  push.items.front() = pen->take_back(set).items.front();
  EXPECT_EQ(world.push(travelled(push, world.network())).back().verdict.outcome, Outcome::accepted);
  for (const Segment& block : must(world.store().read("section/africa", 1, 1, world.network()))) {
    for (const SegmentItem& item : block.items) {
      if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
        EXPECT_FALSE(stand_in->taken_back);
      }
    }
  }
}

}  // namespace
}  // namespace wasl::test
