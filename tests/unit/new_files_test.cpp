// Files on a stick: all of them under their names, or none.
#include "shared/files/new_files.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "shared/files/bundle_files.hpp"

namespace wasl::test {
namespace {

class NewFilesTest : public testing::Test {
 protected:
  NewFilesTest() {
    folder = std::filesystem::path(testing::TempDir()) /
             ("new-files-" + std::to_string(testing::UnitTest::GetInstance()->random_seed()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
  }
  ~NewFilesTest() override { std::filesystem::remove_all(folder); }

  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      out.insert(entry.path().filename().string());
    return out;
  }
  std::filesystem::path folder;
};

TEST_F(NewFilesTest, HaveNoNameBeforeAllAreThere) {
  {
    NewFiles files(folder);
    ASSERT_TRUE(files.add(to_bytes("one")));
    ASSERT_TRUE(files.add(to_bytes("two")));
    EXPECT_FALSE(names().contains("a"));
    ASSERT_TRUE(files.name({"a", "b"}));
  }
  EXPECT_EQ(names(), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(*read_whole(folder / "b", 100), to_bytes("two"));
}

TEST_F(NewFilesTest, LeaveNothingWhenTheyAreNotFinished) {
  {
    NewFiles files(folder);
    ASSERT_TRUE(files.add(to_bytes("one")));
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(NewFilesTest, TakeNoNameThatIsTaken) {
  std::ofstream(folder / "b") << "mine";
  {
    NewFiles files(folder);
    ASSERT_TRUE(files.add(to_bytes("one")));
    ASSERT_TRUE(files.add(to_bytes("two")));
    EXPECT_EQ(files.name({"a", "b"}).error().code, Errc::conflict);
  }
  EXPECT_EQ(names(), std::set<std::string>{"b"});
  EXPECT_EQ(*read_whole(folder / "b", 100), to_bytes("mine"));
}

TEST_F(NewFilesTest, SweepWhatAProgramLeftThatIsGoneAndNothingElse) {
  std::ofstream(folder / ".wasl-1-1.part") << "half";
  std::ofstream(folder / "letter.part") << "mine";
  NewFiles others(folder);
  ASSERT_TRUE(others.add(to_bytes("under way")));
  EXPECT_FALSE(names().contains(".wasl-1-1.part"));
  const auto before = names();
  {
    NewFiles files(folder / ".");
    EXPECT_EQ(names(), before);
  }
  EXPECT_TRUE(names().contains("letter.part"));
}

TEST_F(NewFilesTest, SayWhatToDo) {
  NewFiles files(folder / "nowhere");
  const Status refused = files.add(to_bytes("one"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::storage_failed);
  EXPECT_NE(refused.error().hint.find("plugged in"), std::string::npos);
  EXPECT_EQ(read_whole(folder / "none", 10).error().code, Errc::not_found);
  EXPECT_EQ(read_whole(folder, 10).error().code, Errc::invalid_value);
  std::ofstream(folder / "long") << "0123456789a";
  EXPECT_EQ(read_whole(folder / "long", 10).error().code, Errc::limit_exceeded);
}

TEST(SplitBytes, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*split_bytes(""), 0U);
  EXPECT_EQ(*split_bytes("5M"), 5'000'000U);
  EXPECT_EQ(*split_bytes("2500k"), 2'500'000U);
  EXPECT_EQ(*split_bytes("3000000"), 3'000'000U);
  for (const char* wrong : {"1M", "5G", "M", "-5M", "5 M", "99999999999999999999", "68M", "5Mb"})
    EXPECT_EQ(split_bytes(wrong).error().code, Errc::invalid_value) << wrong;
}

}  // namespace
}  // namespace wasl::test
