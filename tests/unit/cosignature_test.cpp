// Witnesses: c2sp.org/tlog-cosignature, cosignature/v1.
#include <gtest/gtest.h>

#include "shared/ledger/note.hpp"

namespace wasl::ledger {
namespace {

crypto::KeyPair key(Byte seed) {
  crypto::start();
  crypto::Seed bytes;
  bytes.bytes.fill(seed);
  return crypto::KeyPair::from_seed(bytes);
}

template <class T>
T must(Result<T> result) {
  EXPECT_TRUE(result.has_value()) << result.error().message;
  return std::move(*result);
}

struct Cosignatures : testing::Test {
  crypto::KeyPair log = key(1), witness = key(2), other = key(3);
  std::string origin = heads_origin(NetworkId{}, 1);
  Checkpoint checkpoint{origin, 7, Hash{}};
  std::string note = must(sign_checkpoint(checkpoint, log));
  std::string cosigned(const crypto::KeyPair& by, std::int64_t at,
                       const std::string& name = "witness.example/w1") {
    return must(cosign(checkpoint.text(), name, by, at));
  }
};

TEST_F(Cosignatures, AreThoseOfTheWitnessesAsked) {
  const std::string both = note + cosigned(witness, 1'700'000'000) + cosigned(other, 1'700'000'001, "w2");
  const auto found = must(cosignatures(both, {witness.public_key()}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].witness, witness.public_key());
  EXPECT_EQ(found[0].seconds, 1'700'000'000);
  EXPECT_EQ(found[0].line, cosigned(witness, 1'700'000'000));
  EXPECT_EQ(must(cosignatures(both, {witness.public_key(), other.public_key()})).size(), 2U);
  EXPECT_EQ(must(cosignatures(note, {witness.public_key()})).size(), 0U);
  EXPECT_EQ(must(open_checkpoint(both, origin, log.public_key())),
            checkpoint);  // the log's own is not disturbed
  EXPECT_EQ(must(signature_count(both)), 3U);
  EXPECT_EQ(must(note_text(both)), checkpoint.text());
}

TEST_F(Cosignatures, OfOneWitnessCountOnce) {
  const std::string twice = note + cosigned(witness, 5) + cosigned(witness, 9) + cosigned(witness, 7);
  const auto found = must(cosignatures(twice, {witness.public_key()}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].seconds, 9);
}

TEST_F(Cosignatures, OfAnotherTextOrTimeAreRefused) {
  const std::string of_other = must(cosign(Checkpoint{origin, 8, Hash{}}.text(), "w1", witness, 5));
  EXPECT_EQ(cosignatures(note + of_other, {witness.public_key()}).error().code, Errc::bad_signature);
  std::string later = cosigned(witness, 5);
  auto blob = *from_base64(std::string_view(later).substr(later.rfind(' ') + 1, 104));
  ++blob[4 + 7];  // the time
  later = later.substr(0, later.rfind(' ') + 1) + to_base64(blob) + "\n";
  EXPECT_EQ(cosignatures(note + later, {witness.public_key()}).error().code, Errc::bad_signature);
}

TEST_F(Cosignatures, AKeyIsNoWitnessUnderTheLogsKindOfSignature) {
  const std::string plain = must(sign_note(checkpoint.text(), "w1", witness));
  const std::string line = plain.substr(plain.rfind("\xE2\x80\x94"));
  EXPECT_EQ(must(cosignatures(note + line, {witness.public_key()})).size(), 0U);
}

TEST(WitnessesNeeded, AreMoreThanHalf) {
  EXPECT_EQ(witnesses_needed(0), 0U);
  EXPECT_EQ(witnesses_needed(1), 1U);
  EXPECT_EQ(witnesses_needed(2), 2U);
  EXPECT_EQ(witnesses_needed(3), 2U);
  EXPECT_EQ(witnesses_needed(4), 3U);
}

// The line is of 8 bytes of time more than the log's: a note with one witness stays below 350 bytes, the
// consistency path apart.
TEST_F(Cosignatures, OneWitnessFitsTheBudgetOfASession) {
  Checkpoint large{heads_origin(NetworkId{}, 999), 999'999'999, Hash{}};
  const std::string whole = must(sign_checkpoint(large, log)) +
                            must(cosign(large.text(), "witness.example/w1", witness, 1'900'000'000));
  EXPECT_LE(whole.size(), 350U);
}

}  // namespace
}  // namespace wasl::ledger
