// What one hub has gathered reaches the one that leads as it was.
#include "server/hub/passing_on.hpp"

#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct PassingOn : testing::Test {
  HubWorld world;
  crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  std::optional<Pen> pen;

  PassingOn() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    pen.emplace(world, device, "section/africa", world.enrol(device, "senegal"));
  }
  Unit unit(int sets) {
    std::vector<ChangeSet> made;
    for (int i = 0; i < sets; ++i)
      made.push_back(pen->write({Pen::create("project", "p" + std::to_string(i))}));
    Segment run = pen->run(made);
    Unit out{1, run.space, made.front().header.source, std::move(run.items), {}};
    out.openings.push_back({Hash{{1}}, {Salt{{2}}, Value::text("name")}});
    out.operations = static_cast<std::size_t>(sets);
    return out;
  }
};

TEST_F(PassingOn, AUnitIsTheSameOnTheOtherSide) {
  for (const int sets : {1, 3, 600}) {  // one frame, and more than one
    const Unit sent = unit(sets);
    const Unit come = must(decode_unit(encode_unit(sent), world.network()));
    EXPECT_EQ(come.space, sent.space);
    EXPECT_EQ(come.source, sent.source);
    EXPECT_EQ(come.operations, sent.operations);
    ASSERT_EQ(come.items.size(), sent.items.size());
    for (std::size_t i = 0; i + 1 < sent.items.size(); ++i)
      EXPECT_EQ(std::get<SetItem>(come.items[i]).set.name, std::get<SetItem>(sent.items[i]).set.name);
    ASSERT_TRUE(std::holds_alternative<SignatureItem>(come.items.back()));
    EXPECT_EQ(std::get<SignatureItem>(come.items.back()).signature,
              std::get<SignatureItem>(sent.items.back()).signature);
    ASSERT_EQ(come.openings.size(), 1U);
    EXPECT_EQ(come.openings[0].commitment, sent.openings[0].commitment);
  }
}

TEST_F(PassingOn, WhatWasNotWrittenSoIsRefused) {
  const Bytes whole = encode_unit(unit(2));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_unit(ByteView(whole).first(size), world.network())) << size;
  Unit mixed = unit(2);
  mixed.items.insert(mixed.items.end(), SignatureItem{{}, 1, {}});  // of another chain
  EXPECT_EQ(decode_unit(encode_unit(mixed), world.network()).error().code, Errc::malformed);
  EXPECT_EQ(decode_unit(encode_unit(Unit{}), world.network()).error().code, Errc::malformed);
}

TEST_F(PassingOn, WhatPersonsDecidedGoesToTheirAuthors) {
  Batch::Decided decided;
  decided[device.public_key()] = {{ChainId{{1}}, 3, 2, Verdict::accept(), 0}};
  decided[PublicKey{{9}}] = {{ChainId{{2}}, 1, 1, Verdict::refuse(Reason::no_right, "no"), 0}};
  const Bytes bytes = encode_decided(decided);
  const auto come = must(decode_decided(bytes));
  ASSERT_EQ(come.size(), 2U);
  EXPECT_EQ(come.at(device.public_key())[0].first, 3U);
  EXPECT_EQ(come.at(device.public_key())[0].count, 2U);
  EXPECT_EQ(come.at(PublicKey{{9}})[0].verdict.detail, "no");
  EXPECT_FALSE(decode_decided(ByteView(bytes).first(bytes.size() - 1)));
}

}  // namespace
}  // namespace wasl::test
