// Rule 6.1: who may say what the network is.
#include "shared/authority/statement.hpp"

#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

class Statements : public testing::Test {
 protected:
  Statements() {
    first.number = 1;
    first.roots = {one.public_key(), two.public_key(), three.public_key()};
    first.threshold = 2;
    first.epoch = 3;
    first_hash = hash_of(encode(first));
    second = first;
    second.number = 2;
    second.previous = first_hash;
  }
  static SignedStatement signed_by(const NetworkStatement& statement,
                                   const std::vector<const crypto::KeyPair*>& roots) {
    SignedStatement out{encode(statement), {}};
    for (const crypto::KeyPair* root : roots) add_signature(out, *root);
    return out;
  }
  static std::string told(const Result<NetworkStatement>& opened) {
    return opened ? "taken" : std::string(to_word(opened.error().code));
  }
  std::string open_first(const std::vector<const crypto::KeyPair*>& roots) const {
    return told(open_statement(signed_by(first, roots), nullptr, nullptr));
  }
  std::string open_second(const std::vector<const crypto::KeyPair*>& roots) const {
    return told(open_statement(signed_by(second, roots), &first, &first_hash));
  }

  crypto::KeyPair one = key_of(1), two = key_of(2), three = key_of(3), stranger = key_of(9);
  NetworkStatement first, second;
  Hash first_hash;
};

TEST_F(Statements, AThresholdOfDifferentRootsSigns) {
  EXPECT_EQ(open_first({&one, &two}), "taken");
  EXPECT_EQ(open_first({&one, &two, &three}), "taken");
  EXPECT_EQ(open_first({&one}), "bad_signature");
  EXPECT_EQ(open_first({&one, &one}), "bad_signature") << "one root twice";
  EXPECT_EQ(open_first({&one, &stranger}), "bad_signature");
  SignedStatement forged = signed_by(first, {&one, &two});
  forged.signatures[1].signature.bytes[0] ^= 1;
  EXPECT_EQ(told(open_statement(forged, nullptr, nullptr)), "bad_signature");
}

TEST_F(Statements, TheFirstHasNothingBeforeIt) {
  first.number = 2;
  EXPECT_EQ(open_first({&one, &two}), "malformed");
  first.number = 1;
  first.previous.bytes.fill(1);
  EXPECT_EQ(open_first({&one, &two}), "malformed");
}

TEST_F(Statements, EachFollowsTheOneBefore) {
  EXPECT_EQ(open_second({&one, &two}), "taken");
  second.epoch = 4;
  EXPECT_EQ(open_second({&one, &two}), "taken");
  second.epoch = 2;
  EXPECT_EQ(open_second({&one, &two}), "malformed") << "the epoch falls";
  second.epoch = 3;
  second.number = 3;
  EXPECT_EQ(open_second({&one, &two}), "malformed");
  second.number = 2;
  second.previous.bytes.fill(1);
  EXPECT_EQ(open_second({&one, &two}), "malformed");
}

TEST_F(Statements, NewRootsNeedTheSignaturesOfTheOldOnesToo) {
  second.roots = {stranger.public_key()};
  second.threshold = 1;
  EXPECT_EQ(open_second({&stranger}), "bad_signature");
  EXPECT_EQ(open_second({&stranger, &one}), "bad_signature");
  EXPECT_EQ(open_second({&one, &two}), "bad_signature") << "none of its own";
  EXPECT_EQ(open_second({&stranger, &one, &three}), "taken");
}

TEST_F(Statements, TheThresholdCanBeReached) {
  first.threshold = 0;
  EXPECT_EQ(open_first({&one, &two, &three}), "malformed");
  first.threshold = 4;
  EXPECT_EQ(open_first({&one, &two, &three}), "malformed");
  first.threshold = 3;
  EXPECT_EQ(open_first({&one, &two, &three}), "taken");
  first.number = 0;
  EXPECT_EQ(open_first({&one, &two, &three}), "malformed");
}

TEST_F(Statements, ANewerVersionIsSaidToBeOne) {
  SignedStatement newer = signed_by(first, {&one, &two});
  ++newer.bytes[0];
  EXPECT_EQ(told(open_statement(newer, nullptr, nullptr)), "unsupported");
}

TEST_F(Statements, SignedBytesEndWhereTheyEnd) {
  Bytes bytes = encode(signed_by(first, {&one, &two}));
  EXPECT_TRUE(decode_signed_statement(bytes));
  bytes.push_back(0);
  EXPECT_FALSE(decode_signed_statement(bytes));
  bytes.resize(bytes.size() - 2);
  EXPECT_FALSE(decode_signed_statement(bytes));
}

}  // namespace
}  // namespace wasl::test
