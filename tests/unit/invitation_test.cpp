#include "shared/authority/invitation.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

Invitation example() {
  Invitation invitation;
  invitation.network.bytes[0] = 7;
  invitation.statement.bytes[31] = 9;
  invitation.log_key.bytes[3] = 1;
  invitation.url = "ws://hub.example.org:7707";
  invitation.organisation = "senegal";
  invitation.role = "officer";
  invitation.until = 1'700'000'000'000;
  invitation.seed.bytes[5] = 4;
  return invitation;
}

TEST(Invitation, ReadsBackWhatItSays) {
  const auto back = decode_invitation("  " + encode(example()) + "\n");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->network, example().network);
  EXPECT_EQ(back->statement, example().statement);
  EXPECT_EQ(back->log_key, example().log_key);
  EXPECT_EQ(back->url, example().url);
  EXPECT_EQ(back->organisation, example().organisation);
  EXPECT_EQ(back->role, example().role);
  EXPECT_EQ(back->until, example().until);
  EXPECT_EQ(back->seed, example().seed);
}

TEST(Invitation, FindsACutOrMistypedLine) {
  const std::string text = encode(example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(decode_invitation(text.substr(0, i))) << i;
    std::string wrong = text;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(decode_invitation(wrong)) << i;
  }
}

/// The invitation's bytes changed, under a check that fits them.
Result<Invitation> with(const std::function<void(Bytes&)>& change) {
  Bytes bytes = *from_base64url(encode(example()).substr(5));
  bytes.resize(bytes.size() - 4);
  change(bytes);
  const Hash check = crypto::hash("wasl.1/invitation", bytes);
  append(bytes, check.view().first(4));
  return decode_invitation("wasl:" + to_base64url(bytes));
}

TEST(Invitation, IsOfThisVersionAndEndsWhereItEnds) {
  EXPECT_TRUE(with([](Bytes&) {}));
  EXPECT_EQ(with([](Bytes& bytes) { ++bytes[0]; }).error().code, Errc::unsupported);
  EXPECT_EQ(with([](Bytes& bytes) { bytes.push_back(0); }).error().code, Errc::malformed);
  EXPECT_EQ(with([](Bytes& bytes) { bytes.pop_back(); }).error().code, Errc::malformed);
}

}  // namespace
}  // namespace wasl
