// Signed notes against the example of golang.org/x/mod/sumdb/note, which C2SP's format comes from.
#include "shared/ledger/note.hpp"

#include <gtest/gtest.h>

#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

constexpr std::string_view kPeter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kPeterSeed = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";  // 0x01 ‖ seed
constexpr std::string_view kEnoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
constexpr std::string_view kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kPeterLine =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

constexpr std::string_view kEnochLine =
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

std::string published_note() { return std::string(kText) + "\n" + std::string(kPeterLine); }

crypto::KeyPair peter_key() {
  const Bytes typed_seed = *from_base64(kPeterSeed);
  return crypto::KeyPair::from_seed(*crypto::Seed::from(ByteView(typed_seed).subspan(1)));
}

crypto::KeyPair hub_key(Byte number = 7) {
  crypto::Seed seed;
  seed.bytes.fill(number);
  return crypto::KeyPair::from_seed(seed);
}

const std::string kOrigin = heads_origin({}, 3);

Checkpoint some_checkpoint() { return {kOrigin, 20852163, leaf_hash(view("x"))}; }

std::string with_replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

Errc open_error(std::string_view note, const crypto::KeyPair& key) {
  const auto opened = open_checkpoint(note, kOrigin, key.public_key());
  EXPECT_FALSE(opened);
  EXPECT_TRUE(opened || !opened.error().message.empty());
  return opened ? Errc::not_found : opened.error().code;
}

TEST(Note, SignsAndOpensThePublishedExample) {
  const auto verifier = parse_vkey(kPeter);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(key_id(verifier->name, verifier->key), 0xc74f20a3U);
  EXPECT_EQ(to_vkey(*verifier), kPeter);
  EXPECT_EQ(verifier->key, peter_key().public_key());
  const auto signed_note = sign_note(kText, "PeterNeumann", peter_key());
  ASSERT_TRUE(signed_note);
  EXPECT_EQ(*signed_note, published_note());
  const auto opened = open_note(published_note(), *verifier);
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, kText);
}

TEST(Note, RefusesVerifierKeysThatAreMangled) {
  EXPECT_TRUE(parse_vkey(kEnoch));
  const std::string good(kPeter);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'B' ? 'C' : 'B';
    EXPECT_FALSE(parse_vkey(bad)) << bad;
    EXPECT_FALSE(parse_vkey(good.substr(0, i))) << i;
  }
  EXPECT_FALSE(parse_vkey(good + "\n"));
  EXPECT_FALSE(parse_vkey("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
  EXPECT_FALSE(parse_vkey(with_replaced(good, "c74f20a3", "C74F20A3")));
}

TEST(Note, NamesOfKeysHoldNoSpaceNoPlusAndNoControlCharacter) {
  EXPECT_TRUE(is_key_name("wasl/00/heads/1"));
  EXPECT_TRUE(is_key_name("κλειδί"));
  for (const std::string_view name : {"", "a b", "a+b", "a\nb", "a\tb",
                                      "a\xC2\xA0"
                                      "b",
                                      "\xE2\x80\x83", "a\xE3\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
  EXPECT_FALSE(is_key_name(std::string(kNoteNameBytes + 1, 'a')));
}

TEST(Note, IgnoresUnknownKeysButNotAKnownKeyThatFails) {
  const Verifier peter = *parse_vkey(kPeter);
  EXPECT_TRUE(open_note(published_note() + std::string(kEnochLine), peter));
  EXPECT_TRUE(open_note(published_note() + std::string(kEnochLine), *parse_vkey(kEnoch)));
  EXPECT_FALSE(open_note(std::string(kText) + "\n" + std::string(kEnochLine), peter));
  // The same name with another id, and the same id with another name, are other keys.
  EXPECT_TRUE(open_note(published_note() + "— PeterNeumann AAAAAAAAAAA=\n", peter));
  EXPECT_TRUE(
      open_note(published_note() + with_replaced(std::string(kPeterLine), "PeterNeumann", "Peter"), peter));
  const std::string failing = with_replaced(std::string(kPeterLine), "ZJkuBS9", "ZJkuBS8");
  EXPECT_EQ(open_note(published_note() + failing, peter).error().code, Errc::bad_signature);
  const std::string short_signature = "— PeterNeumann " + to_base64(Bytes{0xc7, 0x4f, 0x20, 0xa3, 1}) + "\n";
  EXPECT_EQ(open_note(published_note() + short_signature, peter).error().code, Errc::bad_signature);
}

TEST(Note, KeepsEmptyLinesOfItsText) {
  const Verifier peter = *parse_vkey(kPeter);
  for (const std::string_view text : {"a\n\nb\n", "a\n\n", "\n", "\n\n"}) {
    const auto note = sign_note(text, peter.name, peter_key());
    ASSERT_TRUE(note);
    const auto opened = open_note(*note, peter);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, text);
  }
}

TEST(Note, RefusesWhatIsNotANote) {
  const Verifier peter = *parse_vkey(kPeter);
  const std::string good = published_note();
  for (const std::string& bad :
       {std::string(), std::string("\n\n"), std::string(kText), std::string(kText) + "\n",
        good.substr(0, good.size() - 1), good + "\n", good + "x\n", good + "- a AAAAAAA=\n",
        good + "— a AAAA\n", good + "— AAAAAAAA\n", good + "— a AAAAAAAA \n", good + "— a b+ AAAAAAAA\n",
        good + "\xFF\n", good + "— a\tb AAAAAAAA\n"}) {
    const auto opened = open_note(bad, peter);
    ASSERT_FALSE(opened) << bad;
    EXPECT_EQ(opened.error().code, Errc::malformed) << bad;
  }
  EXPECT_FALSE(sign_note("no newline", "a", peter_key()));
  EXPECT_FALSE(sign_note("", "a", peter_key()));
  EXPECT_FALSE(sign_note("tab\t\n", "a", peter_key()));
  EXPECT_FALSE(sign_note("text\n", "a b", peter_key()));
}

TEST(Note, BoundsBytesAndSignatures) {
  const Verifier peter = *parse_vkey(kPeter);
  std::string many = published_note();
  for (std::size_t i = 1; i < kNoteSignatures; ++i) many += "— a AAAAAAA=\n";
  EXPECT_TRUE(open_note(many, peter));
  EXPECT_EQ(open_note(many + "— a AAAAAAA=\n", peter).error().code, Errc::limit_exceeded);
  const std::string huge(kNoteBytes, '\n');
  EXPECT_EQ(open_note("a" + huge, peter).error().code, Errc::limit_exceeded);
  EXPECT_EQ(sign_note(huge, "a", peter_key()).error().code, Errc::limit_exceeded);
}

TEST(Note, EveryFlippedBitOfANoteIsRefused) {
  const auto key = hub_key();
  const std::string good = *sign_checkpoint(some_checkpoint(), key);
  ASSERT_TRUE(open_checkpoint(good, kOrigin, key.public_key()));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(open_checkpoint(bad, kOrigin, key.public_key())) << bit;
  }
}

TEST(Checkpoint, ComesBackAsItWasSigned) {
  const auto key = hub_key();
  const auto note = sign_checkpoint(some_checkpoint(), key);
  ASSERT_TRUE(note);
  EXPECT_TRUE(note->starts_with("wasl/0000000000000000/heads/3\n20852163\n"));
  const auto opened = open_checkpoint(*note, kOrigin, key.public_key());
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, some_checkpoint());
  EXPECT_EQ(open_error(*note, hub_key(8)), Errc::bad_signature);
}

TEST(Checkpoint, ReadsTheExampleOfTheSpecification) {
  const auto read = Checkpoint::parse(
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(read->size, 20852163U);
  EXPECT_EQ(to_base64(read->root.view()), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
}

TEST(Checkpoint, HasOneSpellingOnly) {
  const std::string root = to_base64(Hash{}.view());
  const auto parse = [&](std::string_view size) {
    return Checkpoint::parse("o\n" + std::string(size) + "\n" + root + "\n");
  };
  EXPECT_TRUE(parse("0"));
  EXPECT_TRUE(parse("9223372036854775807"));
  for (const std::string_view size : {"", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3",
                                      "9223372036854775808", "99999999999999999999999"}) {
    EXPECT_FALSE(parse(size)) << size;
  }
  EXPECT_TRUE(Checkpoint::parse("o\n1\n" + root + "\nan extension\n"));
  for (const std::string& bad :
       {std::string(), std::string("o\n1\n"), "o\n1\n" + root, "\n1\n" + root + "\n",
        "o o\n1\n" + root + "\n", "o\n1\n" + root + "\n\n", "o\n1\n" + root + "\nunfinished",
        "o\n1\n" + root.substr(1) + "\n", "o\n1\n" + to_base64(Bytes(31)) + "\n",
        "o\n1\n" + to_base64url(Hash{}.view()) + "\n"}) {
    const auto read = Checkpoint::parse(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, Errc::malformed);
  }
}

TEST(Checkpoint, OfAnotherOriginIsRefusedUnderABorrowedName) {
  const auto key = hub_key();
  const std::string other_epoch = heads_origin({}, 4);
  const std::string text = Checkpoint{other_epoch, 5, {}}.text();
  // The signature covers the text alone, so anybody can put the same signature under the name of epoch 3.
  const std::string relabelled = *sign_note(text, kOrigin, key);
  EXPECT_EQ(open_error(relabelled, key), Errc::bad_signature);
}

TEST(Checkpoint, IsNotSignedWithABadOriginOrSize) {
  EXPECT_FALSE(sign_checkpoint({"two words", 1, {}}, hub_key()));
  EXPECT_FALSE(sign_checkpoint({"a\n1", 1, {}}, hub_key()));
  EXPECT_FALSE(sign_checkpoint({"a", kTreeSizeMax + 1, {}}, hub_key()));
}

TEST(HeadsOrigin, NamesNetworkAndEpoch) {
  NetworkId network;
  network.bytes = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff};
  EXPECT_EQ(heads_origin(network, 12), "wasl/0123456789abcdef/heads/12");
  EXPECT_EQ(heads_epoch(heads_origin(network, 12) + "\n7\n"), 12U);
  EXPECT_EQ(heads_epoch("12\n7\n"), 0U);
  EXPECT_EQ(heads_epoch(""), 0U);
}

}  // namespace
}  // namespace wasl::ledger
