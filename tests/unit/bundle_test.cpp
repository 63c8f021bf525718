// The file of a bundle: what is written is read, what is damaged is named, what is sealed opens for its keys.
#include "shared/bundle/bundle.hpp"

#include <gtest/gtest.h>

#include "shared/base/limits.hpp"
#include "shared/bundle/contents.hpp"
#include "shared/bundle/packing.hpp"
#include "shared/bundle/readers.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

struct Keys {
  TestRandom random;
  crypto::KeyPair hub = crypto::KeyPair::generate(random);
  crypto::Seed device_secret = random.fixed<crypto::Seed>();
  PublicKey device = random.fixed<PublicKey>();

  BundlePlan plan(std::size_t split = 0) {
    BundlePlan made;
    made.head.network = random.fixed<NetworkId>();
    made.head.by = device;
    made.head.made = 1'700'000'000'000;
    made.head.since = {{"public", 7, false}};
    made.head.set = random.fixed<BundleSet>();
    made.audiences = {sealed_to_hub(hub.public_key()),
                      {{{device, crypto::sealing_public_key(device_secret)}}}};
    made.split_bytes = split;
    return made;
  }
};

Bytes frame(Byte fill, std::size_t size = 1000) { return Bytes(size, fill); }

Bytes one_file(Keys& keys) {
  BundlePacker packer(keys.plan(), keys.random);
  EXPECT_FALSE(must(packer.add({std::nullopt, frame('p')})).has_value());
  EXPECT_FALSE(must(packer.add({0, frame('h')})).has_value());
  EXPECT_FALSE(must(packer.add({1, frame('d')})).has_value());
  EXPECT_FALSE(must(packer.add({1, frame('e')})).has_value());
  return must(packer.finish());
}

TEST(Bundle, GivesBackWhatWasPut) {
  Keys keys;
  const Bytes file = one_file(keys);
  const Bundle bundle = must(decode_bundle(file));
  EXPECT_TRUE(bundle.is_whole());
  EXPECT_TRUE(bundle.last);
  EXPECT_EQ(bundle.head.by, keys.device);
  ASSERT_EQ(bundle.head.since.size(), 1U);
  EXPECT_EQ(bundle.head.since[0].position, 7U);
  ASSERT_EQ(bundle.frames.size(), 4U);
  const auto hubs = open_locks(bundle.head, keys.hub.public_key(), crypto::sealing_secret_of(keys.hub));
  const auto devices = open_locks(bundle.head, keys.device, keys.device_secret);
  EXPECT_EQ(open_frame(bundle, bundle.frames[0], {}), frame('p'));
  EXPECT_EQ(open_frame(bundle, bundle.frames[1], hubs), frame('h'));
  EXPECT_EQ(open_frame(bundle, bundle.frames[1], devices), std::nullopt);
  EXPECT_EQ(open_frame(bundle, bundle.frames[3], devices), frame('e'));
}

TEST(Bundle, ASealedFrameShowsNothingOfItself) {
  Keys keys;
  const Bytes file = one_file(keys);
  const Bytes run(20, 'h');
  EXPECT_EQ(std::search(file.begin(), file.end(), run.begin(), run.end()), file.end());
  const Bytes plain(20, 'p');
  EXPECT_NE(std::search(file.begin(), file.end(), plain.begin(), plain.end()), file.end());
}

TEST(Bundle, EveryDamagedByteIsNoticedAndCostsItsPlaceAlone) {
  Keys keys;
  const Bytes file = one_file(keys);
  const Bundle whole = must(decode_bundle(file));
  for (std::size_t at = 0; at < file.size(); ++at) {
    Bytes hit = file;
    hit[at] ^= 0x40;
    const auto read = decode_bundle(hit);
    if (!read) continue;  // the head: nothing of it is believed
    EXPECT_FALSE(read->is_whole()) << at;
    EXPECT_FALSE(damage_words(*read).empty());
    EXPECT_GE(read->frames.size(), 3U) << at;
    for (const BundleFrame& found : read->frames)
      EXPECT_EQ(found.bytes, whole.frames.at(found.number - 1).bytes) << at;
  }
}

TEST(Bundle, ACutIsNoticedWhereverItIs) {
  Keys keys;
  const Bytes file = one_file(keys);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto read = decode_bundle(ByteView(file).first(size));
    if (!read) {
      EXPECT_FALSE(read.error().hint.empty());
      continue;
    }
    EXPECT_FALSE(read->ended);
    EXPECT_NE(damage_words(*read).find("cut"), std::string::npos);
  }
}

TEST(Bundle, AFrameLeftOutIsMissing) {
  Keys keys;
  const Bytes file = one_file(keys);
  const Bundle whole = must(decode_bundle(file));
  // From the mark of the third frame to that of the fourth.
  std::vector<std::size_t> marks;
  const Bytes mark{0xf7, 'F', '\r', '\n'};
  for (auto it = file.begin();; ++it) {
    it = std::search(it, file.end(), mark.begin(), mark.end());
    if (it == file.end()) break;
    marks.push_back(static_cast<std::size_t>(it - file.begin()));
  }
  ASSERT_EQ(marks.size(), 4U);
  Bytes without(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(marks[2]));
  without.insert(without.end(), file.begin() + static_cast<std::ptrdiff_t>(marks[3]), file.end());
  const Bundle read = must(decode_bundle(without));
  EXPECT_TRUE(read.ended);
  EXPECT_EQ(read.missing, std::vector<std::uint64_t>{3});
  EXPECT_FALSE(read.is_whole());
}

TEST(Bundle, AFrameOfAnotherFileDoesNotFit) {
  Keys keys;
  Bytes file = one_file(keys);
  const Bytes other = one_file(keys);  // the same frames, another head
  ASSERT_EQ(file.size(), other.size());
  std::copy(other.begin() + 400, other.end(), file.begin() + 400);
  const auto read = decode_bundle(file);
  EXPECT_TRUE(!read || (!read->ended && read->frames.empty()));
}

TEST(Bundle, RefusesWhatIsNoneInWordsThatSayWhatToDo) {
  Keys keys;
  const Bytes file = one_file(keys);
  EXPECT_EQ(decode_bundle({}).error().code, Errc::malformed);
  EXPECT_EQ(decode_bundle(to_bytes("PK\x03\x04 something else")).error().code, Errc::malformed);
  Bytes newer = file;
  newer[12] = 2;
  EXPECT_EQ(decode_bundle(newer).error().code, Errc::unsupported);
  EXPECT_EQ(decode_bundle(Bytes(limits::kBundleBytes + 1)).error().code, Errc::limit_exceeded);
}

TEST(Bundle, MarksThatClaimMuchEndSoon) {
  Keys keys;
  BundlePacker packer(keys.plan(), keys.random);
  Bytes file = must(packer.finish());
  for (int i = 0; i < 100'000; ++i) {
    append(file, Bytes{0xf7, 'F', '\r', '\n', 1, 0, 0xff, 0xff, 0x3f});
    append(file, Bytes(32, 1));
  }
  EXPECT_FALSE(must(decode_bundle(file)).is_whole());
}

TEST(Packing, SplitsIntoFilesThatEachStandAlone) {
  Keys keys;
  BundlePlan plan = keys.plan(limits::kBundleSplitBytes);
  plan.prologue.push_back({std::nullopt, frame('s', 100)});
  BundlePacker packer(std::move(plan), keys.random);
  std::vector<Bytes> files;
  for (Byte i = 0; i < 20; ++i) {
    auto whole = must(packer.add({1, frame(i, 300'000)}));
    if (whole) files.push_back(std::move(*whole));
  }
  files.push_back(must(packer.finish()));
  ASSERT_GT(files.size(), 2U);
  std::size_t sealed = 0;
  std::set<Bytes> locks;
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_LE(files[i].size(), limits::kBundleSplitBytes);
    const Bundle bundle = must(decode_bundle(files[i]));
    EXPECT_TRUE(bundle.is_whole());
    EXPECT_EQ(bundle.head.part, i + 1);
    EXPECT_EQ(bundle.last, i + 1 == files.size());
    EXPECT_EQ(bundle.frames.front().bytes, frame('s', 100));
    const auto secrets = open_locks(bundle.head, keys.device, keys.device_secret);
    ASSERT_EQ(secrets.size(), 1U);
    // Frames count from 1 in each file, and the number is the nonce: no secret serves twice.
    EXPECT_TRUE(locks.insert(to_bytes(secrets.begin()->second.view())).second);
    for (const BundleFrame& found : bundle.frames)
      if (open_frame(bundle, found, secrets) && found.lock != 0) ++sealed;
  }
  EXPECT_EQ(sealed, 20U);
}

TEST(Packing, StandsPlainOnlyWhereEverybodyMayRead) {
  EXPECT_TRUE(stands_plain("public", false));
  EXPECT_TRUE(stands_plain("authority", false));
  EXPECT_FALSE(stands_plain("public", true));
  EXPECT_FALSE(stands_plain("network", false));
  EXPECT_FALSE(stands_plain("section/africa", false));
}

TEST(SealedKeys, OpenForTheirHolderAlone) {
  TestRandom random;
  const auto pair = crypto::KeyPair::generate(random);
  const auto other = crypto::KeyPair::generate(random);
  const auto key = crypto::sealing_key_of(pair.public_key());
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(*key, crypto::sealing_public_key(crypto::sealing_secret_of(pair)));
  const auto secret = random.fixed<crypto::SecretKey>();
  Bytes sealed = crypto::seal(secret, *key, random);
  EXPECT_EQ(crypto::unseal(sealed, crypto::sealing_secret_of(pair)), secret);
  EXPECT_EQ(crypto::unseal(sealed, crypto::sealing_secret_of(other)), std::nullopt);
  sealed[50] ^= 1;
  EXPECT_EQ(crypto::unseal(sealed, crypto::sealing_secret_of(pair)), std::nullopt);

  const Bytes plain = to_bytes("what nobody on the way shall read");
  const Bytes locked = crypto::lock(plain, secret, 3, view("head"));
  EXPECT_EQ(crypto::unlock(locked, secret, 3, view("head")), plain);
  EXPECT_EQ(crypto::unlock(locked, secret, 4, view("head")), std::nullopt);
  EXPECT_EQ(crypto::unlock(locked, secret, 3, view("tail")), std::nullopt);
}

}  // namespace
}  // namespace wasl::test
