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
    first.log_key = key_of(5).public_key();
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

TEST_F(Statements, NoKeyStandsTwiceOrForTwoThings) {
  first.registrars = {key_of(6).public_key()};
  EXPECT_EQ(open_first({&one, &two}), "taken");
  first.registrars = {first.log_key};
  EXPECT_EQ(open_first({&one, &two}), "malformed");
  first.registrars = {one.public_key()};
  EXPECT_EQ(open_first({&one, &two}), "malformed");
  first.registrars = {};
  first.roots.push_back(one.public_key());
  EXPECT_EQ(open_first({&one, &two}), "malformed") << "a threshold of two would be one person's";
  first.roots.back() = PublicKey{};
  EXPECT_EQ(open_first({&one, &two}), "malformed") << "no key at all";
}

TEST_F(Statements, ASecondSignatureOfOneRootIsNotAdded) {
  SignedStatement statement{encode(first), {}};
  add_signature(statement, one);
  add_signature(statement, one);
  EXPECT_EQ(statement.signatures.size(), 1u);
  EXPECT_EQ(signers(statement, first.roots), std::vector{one.public_key()});
}

TEST_F(Statements, AChainIsWalkedFromTheNetworksName) {
  const auto chain = std::vector{signed_by(first, {&one, &two}), signed_by(second, {&one, &three})};
  const auto walked = walk_statements(chain, network_id(first_hash));
  ASSERT_TRUE(walked) << walked.error().message;
  EXPECT_EQ(walked->back().statement.number, 2u);
  EXPECT_EQ(walked->back().hash, hash_of(encode(second)));
  EXPECT_EQ(walk_statements(chain, NetworkId{}).error().code, Errc::wrong_network);
  EXPECT_FALSE(walk_statements({chain[1]}, network_id(first_hash))) << "from the middle";
  EXPECT_FALSE(walk_statements({}, network_id(first_hash)));
  EXPECT_FALSE(walk_statements({chain[0], signed_by(second, {&one})}, network_id(first_hash)));
}

TEST_F(Statements, TravelAsAFileWithTheOneBefore) {
  const StatementFile file{signed_by(first, {&one, &two}), signed_by(second, {&three})};
  const auto back = parse_statement_file(to_text(file));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode(*back->before), encode(*file.before));
  EXPECT_EQ(encode(back->draft), encode(file.draft));
  const auto alone = parse_statement_file(to_text({std::nullopt, file.draft}));
  ASSERT_TRUE(alone);
  EXPECT_FALSE(alone->before);
  const std::string text = to_text(file);
  for (std::size_t end = 0; end < text.size(); ++end) EXPECT_FALSE(parse_statement_file(text.substr(0, end)));
  EXPECT_FALSE(parse_statement_file(text + "x"));
  EXPECT_EQ(parse_statement_file("wasl-statement 2\n").error().code, Errc::unsupported);
}

}  // namespace
}  // namespace wasl::test
