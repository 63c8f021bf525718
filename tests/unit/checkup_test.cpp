// What doctors look at alike, and what they say of it.
#include "shared/checkup/checkup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "shared/net/certificate_dates.hpp"
#include "shared/sqlite/database.hpp"
#include "tests/support/certificate.hpp"

namespace wasl {
namespace {

using ::testing::HasSubstr;

constexpr Millis kDay = 86'400'000;

class Checkup : public ::testing::Test {
 protected:
  Checkup() {
    std::string name = (std::filesystem::temp_directory_path() / "wasl-checkup-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Checkup() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path database() {
    const auto file = folder_ / "some.db";
    auto made = Database::open({.path = file, .create = true});
    EXPECT_TRUE(made && made->exec("CREATE TABLE t(x); CREATE INDEX i ON t(x);"
                                   "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
                                   "INSERT INTO t SELECT 'row number ' || i FROM n"));
    EXPECT_TRUE(made->settle());
    return file;
  }
  std::filesystem::path folder_;
};

TEST_F(Checkup, RoomIsComparedWithTheLeastThatIsWanted) {
  EXPECT_EQ(look_at_room(folder_, 0).health, Health::ok);
  const Finding little = look_at_room(folder_, UINT64_MAX);
  EXPECT_EQ(little.health, Health::warn);
  EXPECT_FALSE(little.advice.empty());
  EXPECT_EQ(look_at_room(folder_ / "none", 0).health, Health::fail);
}

TEST_F(Checkup, WritingLeavesNothingBehind) {
  EXPECT_EQ(look_at_writing(folder_).health, Health::ok);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  const Finding gone = look_at_writing(folder_ / "none");
  EXPECT_EQ(gone.health, Health::fail);
  EXPECT_THAT(gone.words, HasSubstr("cannot make"));
}

TEST_F(Checkup, WhatOthersMayReadIsNamed) {
  const auto key = folder_ / "log.key", other = folder_ / "other.key";
  std::ofstream(key) << "secret";
  std::ofstream(other) << "secret";
  ::chmod(key.c_str(), 0600);
  ::chmod(other.c_str(), 0600);
  EXPECT_EQ(look_at_privacy({key, other, folder_ / "none"}).health, Health::ok);
  ::chmod(other.c_str(), 0640);
  const Finding open = look_at_privacy({key, other});
  EXPECT_EQ(open.health, Health::fail);
  EXPECT_THAT(open.words, HasSubstr(other.string()));
  EXPECT_EQ(open.words.find(key.string()), std::string::npos);
}

TEST_F(Checkup, ADamagedPageIsFound) {
  const auto file = database();
  EXPECT_EQ(look_at_database("database", file).health, Health::ok);
  std::fstream page(file, std::ios::in | std::ios::out | std::ios::binary);
  for (int at = 2; at < 20; ++at) {
    page.seekp(at * 4096);
    page << std::string(600, '\x5a');
  }
  page.close();
  const Finding damaged = look_at_database("database", file);
  EXPECT_EQ(damaged.health, Health::fail);
  EXPECT_FALSE(damaged.words.empty());
  EXPECT_EQ(look_at_database("database", folder_ / "none.db").health, Health::fail);
}

TEST_F(Checkup, ACertificateIsJudgedByItsDaysLeft) {
  EXPECT_EQ(judge_certificate("it", 100 * kDay, 0, 21).health, Health::ok);
  const Finding soon = judge_certificate("it", 20 * kDay, 0, 21);
  EXPECT_EQ(soon.health, Health::warn);
  EXPECT_EQ(soon.words, "it is valid for 20 days more");
  const Finding over = judge_certificate("it", 0, 3 * kDay, 21);
  EXPECT_EQ(over.health, Health::fail);
  EXPECT_EQ(over.words, "it ended 3 days ago");
}

TEST_F(Checkup, TheEndOfACertificateStandsInItsFile) {
  const auto files = test::make_certificate(folder_, "hub", "IP:127.0.0.1", -1, 30);
  const auto until = certificate_end(files.certificate);
  ASSERT_TRUE(until);
  const Millis now = static_cast<Millis>(::time(nullptr)) * 1000;
  EXPECT_NEAR(static_cast<double>(*until - now) / kDay, 30, 1.1);
  EXPECT_EQ(certificate_end(files.key).error().code, Errc::invalid_value);
  EXPECT_EQ(certificate_end(folder_ / "none").error().code, Errc::not_found);
}

TEST_F(Checkup, NobodyAnswersWhereNobodyListens) {
  const auto url = parse_url("wss://127.0.0.1:1");
  EXPECT_EQ(port_answers(*url, std::chrono::milliseconds(500)).error().code, Errc::no_link);
  EXPECT_EQ(shown_certificate_end(*url, std::chrono::milliseconds(500)).error().code, Errc::no_link);
}

TEST_F(Checkup, TheWorstFindingIsTheWhole) {
  Findings findings{{"a", Health::ok, "good"}};
  EXPECT_EQ(worst_of(findings), Health::ok);
  findings.push_back({"b", Health::fail, "bad", "mend it"});
  findings.push_back({"c", Health::warn, "so so"});
  EXPECT_EQ(worst_of(findings), Health::fail);
  EXPECT_EQ(in_words(findings), "ok    a: good\nfail  b: bad\n      mend it\nwarn  c: so so");
  const nlohmann::json document = to_json(findings);
  EXPECT_EQ(document["health"], "fail");
  EXPECT_EQ(document["findings"][1]["advice"], "mend it");
}

}  // namespace
}  // namespace wasl
