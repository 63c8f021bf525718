// identity.db: what an office must never lose. What stands there is believed only where it is what this
// program wrote; what failed is said in words.
#include "client/replica/identity.hpp"

#include <gtest/gtest.h>

#include "shared/base/limits.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

struct IdentityTest : testing::Test {
  std::filesystem::path folder;
  TestRandom random;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    std::string pattern = (std::filesystem::temp_directory_path() / "wasl-identity-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~IdentityTest() override { std::filesystem::remove_all(folder); }

  Identity open(bool create = true) { return must(Identity::open(folder, create)); }
  /// Puts other bytes into a value, as a bad disk or a curious hand does.
  void overwrite(const std::string& key, const std::string& value) {
    OpenOptions options;
    options.path = folder / "identity.db";
    Database db = must(Database::open(options));
    must(db.exec("INSERT INTO value VALUES('" + key + "', " + value +
                 ") ON CONFLICT DO UPDATE SET value = excluded.value"));
  }
  static NetworkAnchor anchor() {
    NetworkAnchor out;
    out.url = "ws://hub";
    out.organisation = "senegal";
    out.language = "fr";
    return out;
  }
  template <class T>
  static Errc code(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? Errc::later : result.error().code;
  }
};

TEST_F(IdentityTest, AFolderWithoutItIsNotFound) {
  EXPECT_EQ(Identity::open(folder, false).error().code, Errc::not_found);
  open();
  EXPECT_FALSE(must(open(false).network()).has_value()) << "made, and belongs to no network yet";
}

TEST_F(IdentityTest, AFileThatIsNoDatabaseIsDamage) {
  OpenOptions options;
  options.path = folder / "identity.db";
  options.create = true;
  {
    Database db = must(Database::open(options));
    must(db.exec("CREATE TABLE value(other)"));
  }
  Identity identity = open();
  EXPECT_FALSE(identity.network().has_value());
}

TEST_F(IdentityTest, ValuesThatThisProgramDidNotWriteAreDamage) {
  Identity identity = open();
  must(identity.set_network(anchor()));
  must(identity.device_key(random));
  must(identity.sealing_key(random));
  must(identity.next_counter(5));
  for (const char* key : {"network", "device key", "sealing key", "counter", "checkpoint"})
    overwrite(key, "x'80'");
  EXPECT_EQ(code(identity.network()), Errc::corrupt);
  EXPECT_EQ(code(identity.set_url("ws://other")), Errc::corrupt);
  EXPECT_EQ(code(identity.device_key(random)), Errc::corrupt);
  EXPECT_EQ(code(identity.sealing_key(random)), Errc::corrupt);
  EXPECT_EQ(code(identity.next_counter(5)), Errc::corrupt);
  EXPECT_EQ(code(identity.checkpoint()), Errc::corrupt);
  EXPECT_EQ(code(identity.move_checkpoint({}, {})), Errc::corrupt);
}

TEST_F(IdentityTest, AUrlBelongsToANetwork) { EXPECT_EQ(code(open().set_url("ws://hub")), Errc::corrupt); }

TEST_F(IdentityTest, KeysAreMadeOnce) {
  const PublicKey device = must(open().device_key(random)).public_key();
  const PublicKey sealing = must(open().sealing_key(random));
  EXPECT_EQ(must(open().device_key(random)).public_key(), device);
  EXPECT_EQ(must(open().sealing_key(random)), sealing);
}

TEST_F(IdentityTest, ANumberOfASessionIsNeverUsedTwice) {
  Identity identity = open();
  EXPECT_EQ(must(identity.next_counter(-5)), 1U) << "a clock before 1970";
  EXPECT_EQ(must(identity.next_counter(1'000)), 1'000U) << "it follows the clock";
  EXPECT_EQ(must(identity.next_counter(10)), 1'001U) << "also where that was turned back";
}

TEST_F(IdentityTest, EachLeapIsLongerUntilTheHubLetsUsIn) {
  Identity identity = open();
  must(identity.leap_counter());
  EXPECT_EQ(must(identity.next_counter(0)), (1U << 20) + 1U) << "without a number before it, too";
  must(identity.leap_counter());
  const std::uint64_t after_two = must(identity.next_counter(0));
  EXPECT_GT(after_two, 16U << 20);
  must(identity.settle_counter());
  must(identity.leap_counter());
  EXPECT_EQ(must(identity.next_counter(0)), after_two + (1U << 20) + 1) << "short again";
}

TEST_F(IdentityTest, ALeapStaysWithinWhatSqlCanHold) {
  Identity identity = open();
  Writer most;
  most.varint(limits::kNumberMost - 10);
  overwrite("counter", "x'" + to_hex(most.bytes()) + "'");
  must(identity.leap_counter());
  EXPECT_EQ(must(identity.next_counter(0)), limits::kNumberMost - 9);
}

TEST_F(IdentityTest, ACheckpointMovesOnlyFromWhereItStands) {
  Identity identity = open();
  CheckpointAnchor first, second;
  first.heads.size = 3;
  first.note = "three";
  second.heads.size = 5;
  second.note = "five";
  must(identity.move_checkpoint({}, first));
  must(identity.move_checkpoint({}, second));  // of a session that began before the first was known
  EXPECT_EQ(must(identity.checkpoint()).note, "three");
  must(identity.move_checkpoint(first, second));
  EXPECT_EQ(must(identity.checkpoint()).note, "five");
}

TEST_F(IdentityTest, AChainThatNobodyCanNameIsDamage) {
  Identity identity = open();
  ChainId chain;
  must(identity.add_chain(chain, "network", false));
  must(identity.set_shown(chain, 2, Hash{}));
  must(identity.set_shown(chain, 1, Hash{}));
  EXPECT_EQ(must(identity.chains()).at(0).last, 2U) << "what was shown stays shown";
  OpenOptions options;
  options.path = folder / "identity.db";
  must(must(Database::open(options)).exec("UPDATE chain SET chain = x'01'"));
  EXPECT_EQ(code(identity.chains()), Errc::corrupt);
}

TEST_F(IdentityTest, WhoLiesAtEverySessionDoesNotFillTheDisk) {
  Identity identity = open();
  const Bytes large(9 * 1024 * 1024, Byte{7});
  must(identity.add_evidence("first", {}, large, 1));
  must(identity.add_evidence("second", {}, large, 2));  // the words are kept, these bytes are not
  must(identity.add_evidence("third", {}, Bytes(100, Byte{7}), 3));
  for (int i = 0; i < 1'010; ++i) must(identity.add_evidence("lie " + std::to_string(i), {}, {}, 4));
  EXPECT_EQ(must(identity.evidence()).size(), 1'000U);
  OpenOptions options;
  options.path = folder / "identity.db";
  Database db = must(Database::open(options));
  auto select = must(db.prepare("SELECT group_concat(length(theirs)) FROM evidence WHERE no <= 3"));
  must(select.step());
  EXPECT_EQ(select.text(0), "9437184,0,100");
}

TEST_F(IdentityTest, TheSameLieIsKeptOnce) {
  Identity identity = open();
  for (int i = 0; i < 3; ++i) must(identity.add_evidence("lie", {}, Bytes{1}, i));
  EXPECT_EQ(must(identity.evidence()), std::vector<std::string>{"lie"});
}

}  // namespace
}  // namespace wasl::test
