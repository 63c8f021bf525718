#pragma once
// A section whose log is much longer than its state, and offices that are new to it.
#include <gmock/gmock.h>

#include <optional>
#include <string>

#include "server/hub/snapshot_building.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/snapshot_frames.hpp"
#include "tests/support/liar.hpp"

namespace wasl::test {

inline constexpr const char* kAfrica = "section/africa";
inline constexpr int kRecords = 400;
inline constexpr int kEdits = 4;  // superseded ones of each

struct Beginnings : testing::Test {
  HubWorld world;
  std::optional<HubOffice> senegal;
  std::optional<HubOffice> new_, other_;  ///< enrolled, and without an entry of the space
  SnapshotShelf shelf{world.folder() / "snapshots"};

  Beginnings() {
    world.add_two_associations();
    senegal.emplace(world, world.invite("senegal", "publisher"));
    new_.emplace(world, world.invite("mali", "publisher"));
    other_.emplace(world, world.invite("mali", "publisher"));
    world.hub().offer_snapshots(shelf);
  }
  static CarriedSession equal(HubOffice& office) {
    const auto session = office.sync();
    EXPECT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
    return session;
  }
  static void sound(HubOffice& office) {
    const VerifyReport report = must(office.replica().verify());
    EXPECT_TRUE(report.ok) << (report.problems.empty() ? "" : report.problems.front());
  }
  static std::string id_of(int i) { return "p" + std::to_string(1000 + i); }
  /// No compression foresees it: what is sent is what is there.
  static std::string title_of(int i, int edit) {
    const std::string number = std::to_string(i * 7919 + edit * 104'729);
    return "Water for village " + number + " " + to_hex(crypto::hash("title", view(number)).view());
  }
  /// @param most so many of the records.
  void edit(int edit, int most = kRecords) {
    std::string sql;
    for (int i = 0; i < most; ++i) {
      const std::string text = "'" + title_of(i, edit) + "'";
      sql += edit == 0 ? "INSERT INTO project(id, space, title) VALUES('" + id_of(i) +
                             "', 'section/africa', " + text + ");"
                       : "UPDATE project SET title = " + text + " WHERE id = '" + id_of(i) + "';";
    }
    senegal->sql(sql);
    equal(*senegal);
  }
  void fill(int edits = kEdits) {
    for (int one = 0; one < edits; ++one) edit(one);
  }
  BuiltSnapshot build() {
    for (const BuiltSnapshot& one : must(build_snapshots(world.store(), shelf, {true, nullptr}))) {
      if (one.space == kAfrica) return one;
    }
    throw std::runtime_error("no snapshot of section/africa");
  }
  static Position begun_at(HubOffice& office) {
    for (const SpaceStatus& space : must(office.replica().status()).spaces) {
      if (space.space == kAfrica) return space.begun_at;
    }
    return 0;
  }
  static std::string all(HubOffice& office) {
    return office.rows(
        "SELECT group_concat(id || title || coalesce(reference, '')) FROM "
        "(SELECT * FROM project ORDER BY id)");
  }
};

/// Alters the frames of snapshots on their way.
class Alterer final : public HubPeer {
 public:
  Alterer(Hub& hub, std::function<Bytes(SnapshotFrameKind, ByteView)> alter)
      : HubPeer(hub), alter_(std::move(alter)) {}
  std::shared_ptr<const Bytes> alter(std::shared_ptr<const Bytes> frame) override {
    const auto kind = snapshot_frame_kind(*frame);
    return kind ? std::make_shared<const Bytes>(alter_(*kind, *frame)) : frame;
  }

 private:
  std::function<Bytes(SnapshotFrameKind, ByteView)> alter_;
};

}  // namespace wasl::test
