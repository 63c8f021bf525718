#include "shared/crypto/key_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "shared/crypto/passphrase.hpp"

namespace wasl::crypto {
namespace {

constexpr SealCost kCheap{1, 8 * 1024};

class KeyFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "wasl-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  KeyFile sealed(std::string_view passphrase) {
    auto file = KeyFile::sealed(KeyKind::person, key_, "Whose it is", passphrase, random_, kCheap);
    EXPECT_TRUE(file);
    return *file;
  }
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  SystemRandom random_;
  KeyPair key_ = KeyPair::generate(random_);
  std::filesystem::path folder_;
};

TEST_F(KeyFiles, APlainKeyComesBackWithItsWords) {
  const auto path = folder_ / "root.key";
  ASSERT_TRUE(write_key_file(path, KeyFile::plain(KeyKind::root, key_, "Root key\nof a network")));
  const auto file = read_key_file(path, KeyKind::root);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->words(), "Root key\nof a network");
  EXPECT_EQ(file->public_key(), key_.public_key());
  EXPECT_FALSE(file->is_sealed());
  const auto opened = file->open();
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->seed(), key_.seed());
}

TEST_F(KeyFiles, IsForItsOwnerAloneAndLeavesNothingBeside) {
  const auto path = folder_ / "log.key";
  ASSERT_TRUE(write_key_file(path, KeyFile::plain(KeyKind::log, key_, "")));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(KeyFiles, IsNeverWrittenOver) {
  const auto path = folder_ / "log.key";
  ASSERT_TRUE(write_key_file(path, KeyFile::plain(KeyKind::log, key_, "")));
  const KeyPair other = KeyPair::generate(random_);
  const auto again = write_key_file(path, KeyFile::plain(KeyKind::log, other, ""));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(read_key_file(path)->public_key(), key_.public_key());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(KeyFiles, APassphraseIsChangedInPlace) {
  const auto path = folder_ / "person.key";
  ASSERT_TRUE(write_key_file(path, sealed("first words")));
  ASSERT_TRUE(replace_key_file(path, sealed("second words")));
  const auto file = read_key_file(path, KeyKind::person);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->open("first words"));
  EXPECT_TRUE(file->open("second words"));
}

TEST_F(KeyFiles, ASealedKeyDoesNotHoldItsSeedAndOpensByItsPassphraseAlone) {
  const KeyFile file = sealed("correct horse");
  EXPECT_EQ(file.encode().find(to_hex(key_.seed().view())), std::string::npos);
  const auto back = KeyFile::decode(file.encode());
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->is_sealed());
  EXPECT_EQ(back->open("correct horse")->seed(), key_.seed());
  const auto wrong = back->open("correct house");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::unauthorised);
  EXPECT_NE(wrong.error().message.find("passphrase"), std::string::npos);
}

TEST_F(KeyFiles, TheSameKeyIsSealedDifferentlyEachTime) {
  EXPECT_NE(sealed("correct horse").encode(), sealed("correct horse").encode());
}

TEST_F(KeyFiles, ASealedKeyNeedsAPassphrase) {
  const auto file = KeyFile::sealed(KeyKind::person, key_, "", "", random_, kCheap);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Errc::invalid_value);
}

TEST_F(KeyFiles, AnotherKindIsNamed) {
  const auto path = folder_ / "log.key";
  ASSERT_TRUE(write_key_file(path, KeyFile::plain(KeyKind::log, key_, "")));
  const auto file = read_key_file(path, KeyKind::root);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Errc::invalid_value);
  EXPECT_NE(file.error().message.find("holds a log key, and a root key is needed"), std::string::npos);
}

TEST_F(KeyFiles, EveryChangedByteIsNoticed) {
  for (const KeyFile& file : {KeyFile::plain(KeyKind::root, key_, "words"), sealed("correct horse")}) {
    const std::string whole = file.encode();
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      EXPECT_FALSE(KeyFile::decode(changed)) << at;
      EXPECT_FALSE(KeyFile::decode(whole.substr(0, at))) << at;
    }
    EXPECT_FALSE(KeyFile::decode(whole + "\n"));
  }
}

TEST_F(KeyFiles, ADamagedFileSaysSoWithItsName) {
  const auto file = read_key_file(write("root.key", "wasl-key 1\nkind root\n"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Errc::corrupt);
  EXPECT_NE(file.error().message.find("root.key"), std::string::npos);
}

TEST_F(KeyFiles, ANewerVersionIsNotCalledDamaged) {
  EXPECT_EQ(KeyFile::decode("wasl-key 2\nkind root\n").error().code, Errc::unsupported);
}

TEST_F(KeyFiles, AMissingFileIsNotFound) {
  EXPECT_EQ(read_key_file(folder_ / "none.key").error().code, Errc::not_found);
}

TEST_F(KeyFiles, ACostThatWouldFillTheMachineIsRefused) {
  std::string text = sealed("correct horse").encode();
  text.replace(text.find("argon2id 1 8192"), 15, "argon2id 1 9999999999999");
  EXPECT_EQ(KeyFile::decode(text).error().code, Errc::corrupt);
}

TEST_F(KeyFiles, APassphraseIsTheFirstLineOfItsFile) {
  const auto path = folder_ / "person.key";
  ASSERT_TRUE(write_key_file(path, sealed("correct horse")));
  EXPECT_TRUE(load_key(path, KeyKind::person, write("words", "correct horse\nmore\n")));
  EXPECT_TRUE(load_key(path, KeyKind::person, write("windows", "correct horse\r\n")));
  EXPECT_EQ(load_key(path, KeyKind::person, write("wrong", "wrong horse\n")).error().code,
            Errc::unauthorised);
  EXPECT_EQ(load_key(path, KeyKind::person, write("empty", "\n")).error().code, Errc::invalid_value);
  EXPECT_EQ(load_key(path, KeyKind::person, folder_ / "none").error().code, Errc::not_found);
}

TEST_F(KeyFiles, ANewPassphraseIsNotShort) {
  const auto given = ask_new_passphrase("", write("words", "short\n"));
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, Errc::invalid_value);
  EXPECT_TRUE(ask_new_passphrase("", write("words", "long enough\n")));
}

TEST_F(KeyFiles, APlainKeyAsksNobody) {
  const auto path = folder_ / "root.key";
  ASSERT_TRUE(write_key_file(path, KeyFile::plain(KeyKind::root, key_, "")));
  EXPECT_TRUE(load_key(path, KeyKind::root, folder_ / "there is no such file"));
}

TEST_F(KeyFiles, TheUsualCostOpensToo) {
  const auto file = KeyFile::sealed(KeyKind::person, key_, "", "correct horse", random_);
  ASSERT_TRUE(file);
  EXPECT_NE(file->encode().find("argon2id 3 268435456 "), std::string::npos);
  EXPECT_TRUE(file->open("correct horse"));
}

}  // namespace
}  // namespace wasl::crypto
