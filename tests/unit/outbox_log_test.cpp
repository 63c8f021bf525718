// outbox.log under a disk that fails: what was appended is found again, what was taken back is not.
#include "client/replica/outbox_log.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "shared/sqlite/disk.hpp"
#include "tests/support/sim_disk.hpp"

namespace wasl::test {
namespace {

struct StillClock final : Clock {
  Millis now() override { return 1'700'000'000'000; }
};

struct OutboxLogTest : testing::Test {
  StillClock clock;
  SimDisks disks{1};
  SimDisk disk{"m", clock, 7};
  OutboxLog log{"/m/outbox.log"};

  static std::vector<OutboxItem> item(const std::string& body) {
    return {{to_bytes(view("header")), to_bytes(view(body)), {}}};
  }
  std::string bodies() {
    std::string all;
    const auto kept = OutboxLog("/m/outbox.log").read().value();
    for (const OutboxItem& one : kept) all += to_text(one.body) + " ";
    return all;
  }
};

TEST_F(OutboxLogTest, AFrameBehindTheTornOneOfAnotherProgramIsFound) {
  ASSERT_TRUE(log.append(item("a")));
  {
    DiskFile other = DiskFile::open("/m/outbox.log", DiskFile::Mode::write).value();
    ASSERT_TRUE(other.write(other.size().value(), Bytes{120, 1, 2, 3}));  // it ended in the middle
  }
  ASSERT_TRUE(log.append(item("b")));
  EXPECT_EQ(bodies(), "a b ");
}

TEST_F(OutboxLogTest, HalfAnAppendIsNone) {
  std::vector<OutboxItem> group = item("b");
  group.push_back(item("c").front());
  ASSERT_TRUE(log.append(item("a")));
  ASSERT_TRUE(log.append(group));
  EXPECT_EQ(bodies(), "a b c ");
  DiskFile file = DiskFile::open("/m/outbox.log", DiskFile::Mode::write).value();
  ASSERT_TRUE(file.truncate(file.size().value() - 1));
  EXPECT_EQ(bodies(), "a ");
  ASSERT_TRUE(log.append(item("d")));
  EXPECT_EQ(bodies(), "a d ");
}

TEST_F(OutboxLogTest, WhatOthersAppendedStays) {
  OutboxLog other("/m/outbox.log");
  ASSERT_TRUE(log.append(item("a")));
  ASSERT_TRUE(other.append(item("b")));
  ASSERT_TRUE(log.append(item("c")));
  EXPECT_EQ(bodies(), "a b c ");
}

TEST_F(OutboxLogTest, WhatCouldNotBeTakenBackIsCutOffByTheNext) {
  ASSERT_TRUE(log.append(item("a")));
  ASSERT_TRUE(log.append(item("b")));
  disk.fail({DiskCall::write, 0, true, SQLITE_FULL});
  log.take_back();
  disk.mend();
  EXPECT_EQ(bodies(), "a b ");
  ASSERT_TRUE(log.append(item("c")));
  EXPECT_EQ(bodies(), "a c ");
}

TEST_F(OutboxLogTest, WhatOthersAppendedBehindItStaysToo) {
  OutboxLog other("/m/outbox.log");
  ASSERT_TRUE(log.append(item("a")));
  disk.fail({DiskCall::write, 0, true, SQLITE_FULL});
  log.take_back();
  disk.mend();
  ASSERT_TRUE(other.append(item("b")));
  ASSERT_TRUE(log.append(item("c")));
  EXPECT_EQ(bodies(), "a b c ");
}

TEST_F(OutboxLogTest, TheNameIsDurableWhoeverMadeTheFile) {
  disk.kill_after(1);  // made, and not one byte written
  (void)log.append(item("a"));
  disk.revive();
  OutboxLog next("/m/outbox.log");
  ASSERT_TRUE(next.append(item("b")));
  disk.cut_power(SimDisk::Tear::lose);
  EXPECT_EQ(bodies(), "b ");
}

TEST_F(OutboxLogTest, ASyncThatFailedAsksToBeReopened) {
  disk.fail({DiskCall::sync, 0, false, SQLITE_IOERR_FSYNC});
  EXPECT_FALSE(log.append(item("a")));
  EXPECT_TRUE(log.must_reopen());
  EXPECT_EQ(bodies(), "");
}

TEST_F(OutboxLogTest, WhatBelongsTogetherIsThereWholeOrNotAtAll) {
  std::vector<OutboxItem> both = item("b");
  both.push_back(OutboxItem::replaced(to_bytes(view("header"))));
  ASSERT_TRUE(log.append(item("a")));
  ASSERT_TRUE(log.append(both));
  const auto read = OutboxLog("/m/outbox.log").read().value();
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(to_text(read[1].body), "b");
  EXPECT_FALSE(read[1].is_replaced());
  EXPECT_TRUE(read[2].is_replaced());
  DiskFile file = DiskFile::open("/m/outbox.log", DiskFile::Mode::write).value();
  ASSERT_TRUE(file.truncate(file.size().value() - 1));
  EXPECT_EQ(bodies(), "a ");
  log.take_back();
  ASSERT_TRUE(log.append(item("c")));
  EXPECT_EQ(bodies(), "a c ");
}

}  // namespace
}  // namespace wasl::test
