// Receipts: what a person without a replica can check from the network's statement alone, and what is
// refused.
#include "shared/receipt/receipt.hpp"

#include "shared/receipt/checking.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct Receipts : testing::Test {
  HubWorld world;
  std::unique_ptr<HubOffice> office;
  Receipts() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    office = std::make_unique<HubOffice>(world, world.invite("senegal"));
  }
  void write(const std::string& id, const std::string& space) {
    office->sql("INSERT INTO project(id, space, title) VALUES('" + id + "', '" + space + "', 'Water')");
    ASSERT_EQ(office->sync().summary.equal, true);
  }
  Result<Receipt> of(const std::string& id) {
    return office->replica().receipt(*world.schema().find("project"), id, std::nullopt);
  }
  Hash anchor() { return Hash{world.network().bytes}; }
  Result<CheckedReceipt> check(const std::string& text) {
    WASL_LET(const Receipt receipt, decode_receipt(text));
    return check_receipt(receipt, anchor());
  }
};

TEST_F(Receipts, SayWhoWroteWhatByWhichRight) {
  write("p1", "section/africa");
  const std::string text = encode(must(of("p1")));
  const CheckedReceipt checked = must(check(text));
  ASSERT_EQ(checked.changes.size(), 1U);
  const CheckedChange& change = checked.changes.front();
  EXPECT_EQ(change.set.header.source.author, office->replica().device());
  ASSERT_EQ(change.rights.size(), 2U);  // the device's grant, and the invitation that it took up
  EXPECT_EQ(change.rights[0].grant.grantee, office->replica().device());
  EXPECT_EQ(change.rights[0].grant.organisation, "senegal");
  EXPECT_FALSE(change.rights[0].issuer_is_registrar);
  EXPECT_EQ(change.rights[1].grant.kind, GrantKind::invitation);
  EXPECT_TRUE(change.rights[1].issuer_is_registrar);
  EXPECT_EQ(change.rights[1].issuer, world.registrar_key().public_key());
  EXPECT_EQ(checked.checkpoint.size, world.hub().heads().size);
}

TEST_F(Receipts, ComeBackFromTheirTextAsTheyWere) {
  write("p1", "section/africa");
  const Receipt made = must(of("p1"));
  EXPECT_EQ(must(decode_receipt(encode(made))), made);
}

TEST_F(Receipts, OfAnOpenSpaceHoldNoKey) {
  HubOffice secretariat(world, world.invite("senegal", "publisher"));
  secretariat.sql("INSERT INTO project(id, space, title) VALUES('p1', 'public', 'Water')");
  ASSERT_EQ(secretariat.sync().summary.equal, true);
  ASSERT_EQ(office->sync().summary.equal, true);
  const Receipt made = must(of("p1"));  // by who only reads it
  EXPECT_FALSE(made.key);
  EXPECT_EQ(must(check_receipt(made, anchor())).changes.front().set.header.source.author,
            secretariat.replica().device());
}

TEST_F(Receipts, HoldEveryChangeThatIsShown) {
  write("p1", "section/africa");
  office->sql("UPDATE project SET status = 'closed' WHERE id = 'p1'");
  ASSERT_EQ(office->sync().summary.equal, true);
  write("p2", "section/africa");
  EXPECT_EQ(must(check_receipt(must(of("p1")), anchor())).changes.size(), 2U);
  EXPECT_EQ(must(check_receipt(must(of("p2")), anchor())).changes.size(), 1U);
}

TEST_F(Receipts, CoverRunsOfManyChangeSetsUnderOneSignature) {
  for (int i = 0; i < 70; ++i) {
    office->sql("INSERT INTO project(id, space, title) VALUES('p" + std::to_string(i) +
                "', 'section/africa', 'Water')");
    must(office->replica().seal());
  }
  ASSERT_EQ(office->sync().summary.equal, true);
  for (const int i : {0, 1, 62, 63, 64, 69}) {
    const Receipt made = must(of("p" + std::to_string(i)));
    EXPECT_TRUE(check_receipt(made, anchor()).has_value()) << i;
  }
  EXPECT_FALSE(must(of("p0")).changes.front().following.empty());
}

TEST_F(Receipts, AreNotGivenForWhatTheHubHasNotProved) {
  office->sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  EXPECT_EQ(of("p1").error().code, Errc::not_found);
  EXPECT_EQ(of("nothing").error().code, Errc::not_found);
}

TEST_F(Receipts, OfAnotherNetworkAreRefused) {
  write("p1", "section/africa");
  EXPECT_EQ(check_receipt(must(of("p1")), Hash{}).error().code, Errc::wrong_network);
}

// Whatever byte of the file is another one, the receipt is refused, in words.
TEST_F(Receipts, AreRefusedWithAnyOtherByteInTheFile) {
  write("p1", "section/africa");
  const std::string text = encode(must(of("p1")));
  ASSERT_TRUE(check(text).has_value());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1 << i % 8);
    const auto checked = check(other);
    ASSERT_FALSE(checked.has_value()) << "byte " << i << " of " << text.size();
    EXPECT_FALSE(checked.error().message.empty());
  }
  EXPECT_FALSE(check(text + "\n").has_value());
  EXPECT_FALSE(check(text.substr(0, text.size() - 1)).has_value());
}

// The same below the base64: nothing in a receipt is there for show.
TEST_F(Receipts, AreRefusedWithAnyOtherByteInTheProof) {
  write("p1", "section/africa");
  const std::string text = encode(must(of("p1")));
  const std::size_t begin = text.find("extra ") + 6;
  const std::size_t end = text.find('\n', begin);
  const Bytes extra = *from_base64(text.substr(begin, end - begin));
  ASSERT_TRUE(check(text).has_value());
  for (std::size_t i = 0; i < extra.size(); ++i) {
    for (const int bit : {static_cast<int>(i % 8), 7 - static_cast<int>(i % 8)}) {
      Bytes other = extra;
      other[i] = static_cast<Byte>(other[i] ^ 1 << bit);
      const auto checked = check(text.substr(0, begin) + to_base64(other) + text.substr(end));
      ASSERT_FALSE(checked.has_value()) << "byte " << i << " of " << extra.size();
    }
  }
}

TEST_F(Receipts, HoldNothingThatNobodyChecks) {
  write("p1", "section/africa");
  HubOffice other(world, world.invite("senegal"));
  other.sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'Road')");
  ASSERT_EQ(other.sync().summary.equal, true);
  Receipt more = must(of("p1"));
  more.rights.push_back(
      must(other.replica().receipt(*world.schema().find("project"), "p2", std::nullopt)).rights.back());
  EXPECT_FALSE(check_receipt(more, anchor()).has_value());
  Receipt none = must(of("p1"));
  none.changes.clear();
  EXPECT_FALSE(check_receipt(none, anchor()).has_value());
  Receipt keyless = must(of("p1"));
  keyless.key.reset();
  EXPECT_FALSE(check_receipt(keyless, anchor()).has_value());
}

}  // namespace
}  // namespace wasl::test
