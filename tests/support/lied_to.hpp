#pragma once
// Two offices that a hub lies to: what the tests of lies begin from, and the ways to tell one.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/liar.hpp"

namespace wasl::test {

inline constexpr std::string_view kAfrica = "section/africa";

/// Two offices that agree, and news that one of them has not heard yet.
struct Scene {
  HubWorld world;
  crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  crypto::KeyPair stranger = crypto::KeyPair::generate(world.random());
  std::optional<HubOffice> senegal, mali;
  std::optional<Pen> pen;
  Hash grant;

  Scene() {
    world.add_two_associations();
    senegal.emplace(world, world.invite("senegal"));
    mali.emplace(world, world.invite("mali"));
    grant = world.enrol(device, "senegal");
    pen.emplace(world, device, std::string(kAfrica), grant);
    world.push(pen->run({pen->write({Pen::create("project", "x0")})}));
    for (HubOffice* office : {&*senegal, &*mali, &*senegal}) must_sync(*office);
    ++world.clock().time;
    world.add_organisation("niger", "association", "africa");
    senegal->sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
    must_sync(*senegal);
    world.push(pen->run({pen->write({Pen::create("project", "x1")})}));
  }
  static void must_sync(HubOffice& office) {
    const auto done = office.sync();
    if (done.error) throw std::runtime_error(done.error->message);
  }
  std::string projects() { return mali->rows("SELECT id, title FROM project ORDER BY id"); }
};

inline ledger::Entry last_entry(const Segment& segment) {
  ledger::Entry entry;
  for (const SegmentItem& item : segment.items) {
    if (const auto* set = std::get_if<SetItem>(&item); set != nullptr && set->entry) entry = *set->entry;
    if (const auto* own = std::get_if<OwnItem>(&item)) entry = own->entry;
  }
  return entry;
}

/// Puts a run of one behind what the segment holds.
inline void place(Segment& segment, const ChangeSet& set, std::optional<Signature> signature) {
  ledger::Entry entry = last_entry(segment);
  entry.hash = set.name;
  segment.items.emplace_back(SetItem{entry, set});
  if (signature) {
    segment.items.emplace_back(SignatureItem{set.header.source, set.header.sequence, *signature});
  }
}

inline void place_by(Segment& segment, Scene& scene, const crypto::KeyPair& key,
                     std::vector<Operation> operations, const Hash& grant) {
  Pen pen(scene.world, key, segment.space, grant);
  const ChangeSet set = pen.write(std::move(operations));
  place(segment, set, key.sign(run_message(scene.world.network(), set.name)));
}

inline auto in_space(std::string_view space, std::function<void(Segment&)> lie) {
  return [space, lie = std::move(lie)](Segment& segment) {
    if (segment.space == space) lie(segment);
  };
}

inline auto each_entry(std::function<void(ledger::Entry&)> lie) {
  return in_space(kAfrica, [lie = std::move(lie)](Segment& segment) {
    for (SegmentItem& item : segment.items) {
      if (auto* set = std::get_if<SetItem>(&item); set != nullptr && set->entry) lie(*set->entry);
    }
  });
}

inline auto newest_leaf(Scene& scene, std::string_view space, std::function<void(ledger::HeadsLeaf&)> lie) {
  const auto key = must(scene.world.hub().blinding_key(std::string(space)));
  const Bytes name = key ? to_bytes(ledger::blind_name(*key, space).view()) : to_bytes(space);
  return [name, lie = std::move(lie)](std::vector<ledger::HeadsLeaf>& leaves) {
    for (std::size_t i = leaves.size(); i-- > 0;) {
      if (leaves[i].name == name) return lie(leaves[i]);
    }
  };
}

inline void expect_caught(const HubOffice::Session& session, const std::string& words) {
  ASSERT_TRUE(session.error) << "nothing was noticed";
  EXPECT_EQ(session.error->code, Errc::caught) << session.error->message;
  EXPECT_NE(session.error->message.find(words), std::string::npos) << session.error->message;
}

inline void expect_equal(const HubOffice::Session& session) {
  ASSERT_FALSE(session.error) << session.error->message;
  EXPECT_EQ(session.summary.equal, true);
}

}  // namespace wasl::test
