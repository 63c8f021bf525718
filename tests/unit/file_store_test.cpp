// Files as trees of chunks, and the store that keeps them.
#include "shared/store/file_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "shared/crypto/crypto.hpp"
#include "shared/model/attachment.hpp"

namespace wasl {
namespace {

using attachment::Chunk;
using attachment::chunk_key;
using attachment::ChunkKey;
using attachment::chunks_of;
using attachment::FileId;
using attachment::height_of;
using attachment::kChunkBytes;
using attachment::length_of;

Bytes some_bytes(std::size_t size, unsigned seed = 1) {
  Bytes out(size);
  std::uint32_t state = seed * 2654435761U + 1;
  for (Byte& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<Byte>(state >> 24);
  }
  return out;
}

FileStore::Source source_of(const Bytes& bytes) {
  return [&bytes, at = std::size_t{0}](std::span<Byte> room) mutable -> Result<std::size_t> {
    const std::size_t n = std::min(room.size(), bytes.size() - at);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, room.begin());
    at += n;
    return n;
  };
}

TEST(ChunkTree, HasAHeightOfItsSizeAlone) {
  EXPECT_EQ(height_of(0), 0U);
  EXPECT_EQ(height_of(kChunkBytes), 0U);
  EXPECT_EQ(height_of(kChunkBytes + 1), 1U);
  EXPECT_EQ(height_of(512 * kChunkBytes), 1U);
  EXPECT_EQ(height_of(512 * kChunkBytes + 1), 2U);
  EXPECT_EQ(height_of(std::uint64_t{4} << 30), 2U);
  EXPECT_EQ(height_of(kFileBytesMost), 3U);
  EXPECT_EQ(chunks_of(0), 1U);
  EXPECT_EQ(chunks_of(20'000'000), 1221U + 3 + 1);
  EXPECT_EQ(length_of(0, 0, 0), 0U);
  EXPECT_EQ(length_of(kChunkBytes + 5, 0, 1), 5U);
  EXPECT_EQ(length_of(20'000'000, 1, 2), (1221U - 1024) * 32);
}

TEST(Chunk, HasAnotherNameInAnotherSpaceAndAtAnotherLevel) {
  NetworkId network;
  ledger::BlindingKey one, two;
  two.bytes[0] = 1;
  const Bytes bytes = some_bytes(100);
  const ChunkKey key = chunk_key(network, "section/africa", one);
  EXPECT_NE(chunk_name(key, 0, bytes), chunk_name(key, 1, bytes));
  EXPECT_NE(chunk_name(key, 0, bytes), chunk_name(chunk_key(network, "section/africa", two), 0, bytes));
  EXPECT_NE(chunk_name(key, 0, bytes), chunk_name(chunk_key(network, "section/asia", one), 0, bytes));
  EXPECT_NE(chunk_key(network, "public", std::nullopt), chunk_key(network, "network", std::nullopt));
}

TEST(Cutter, MakesTheSameTreeHoweverTheBytesCome) {
  const ChunkKey key;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kChunkBytes, kChunkBytes + 1, 3 * kChunkBytes, 512 * kChunkBytes,
        512 * kChunkBytes + 1, 1025 * kChunkBytes + 7}) {
    const Bytes bytes = some_bytes(size);
    std::map<unsigned, std::uint64_t> counted;
    attachment::Cutter whole(key, [&](const Chunk& chunk) -> Status {
      EXPECT_EQ(chunk.bytes.size(), length_of(size, chunk.level, counted[chunk.level]++));
      EXPECT_EQ(chunk.name, chunk_name(key, chunk.level, chunk.bytes));
      return {};
    });
    ASSERT_TRUE(whole.add(bytes));
    const auto root = whole.finish();
    ASSERT_TRUE(root);
    EXPECT_EQ(whole.size(), size);
    for (unsigned level = 0; level <= height_of(size); ++level)
      EXPECT_EQ(counted[level], chunks_of(size, level)) << size << " at level " << level;
    EXPECT_EQ(counted.size(), height_of(size) + 1);
    attachment::Cutter parts(key, [](const Chunk&) { return Status(); });
    for (std::size_t at = 0; at < size; at += 9'999)
      ASSERT_TRUE(parts.add(ByteView(bytes).subspan(at, std::min<std::size_t>(9'999, size - at))));
    EXPECT_EQ(*parts.finish(), *root);
  }
}

class FileStoreTest : public ::testing::Test {
 protected:
  FileStoreTest() {
    EXPECT_TRUE(crypto::start());
    std::string pattern = (std::filesystem::temp_directory_path() / "wasl-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store_.emplace(*FileStore::open(path()));
  }
  ~FileStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::filesystem::path path() const { return folder_ / "files.db"; }

  FileId keep(const Bytes& bytes, const std::string& space = "network", Millis now = 1000) {
    auto id = store_->cut(space, key_, "report.pdf", source_of(bytes), now);
    EXPECT_TRUE(id) << (id ? "" : id.error().message);
    return *id;
  }
  Result<Bytes> read_all(const FileId& file, const ChunkKey& key) {
    Bytes out;
    WASL_TRY(store_->write_out(file, key, [&](ByteView bytes) -> Status {
      append(out, bytes);
      return {};
    }));
    return out;
  }
  /// Behind the store's back.
  void damage() {
    auto db = Database::open({.path = path()});
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->exec("UPDATE content SET bytes = zeroblob(length(bytes)) WHERE id = 2"));
  }

  std::filesystem::path folder_;
  std::optional<FileStore> store_;
  ChunkKey key_ = chunk_key(NetworkId{}, "network", std::nullopt);
  ChunkKey other_ = chunk_key(NetworkId{}, "public", std::nullopt);
};

TEST_F(FileStoreTest, GivesBackWhatItCut) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, 40 * kChunkBytes + 3, 513 * kChunkBytes}) {
    const Bytes bytes = some_bytes(size);
    const FileId file = keep(bytes);
    EXPECT_EQ(file.size, size);
    const auto back = read_all(file, key_);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, bytes);
    const auto progress = store_->progress(file, key_);
    EXPECT_EQ(progress->here, progress->all);
    EXPECT_EQ(progress->all, chunks_of(size));
  }
}

TEST_F(FileStoreTest, KeepsEqualBytesOnce) {
  const Bytes bytes = some_bytes(20 * kChunkBytes);
  const FileId file = keep(bytes);
  const std::uint64_t once = *store_->bytes();
  EXPECT_EQ(keep(bytes), file);
  EXPECT_EQ(*store_->bytes(), once);
  const Bytes same(64 * kChunkBytes, 7);  // one chunk, said 64 times
  keep(same);
  EXPECT_LT(*store_->bytes(), once + 2 * kChunkBytes);
}

TEST_F(FileStoreTest, CopiesIntoAnotherSpaceByNamesAlone) {
  const Bytes bytes = some_bytes(20 * kChunkBytes + 1);
  const FileId file = keep(bytes);
  const std::uint64_t before = *store_->bytes();
  const auto copy = store_->copy(file, key_, "public", other_, 2000);
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_NE(copy->root, file.root);
  EXPECT_EQ(*read_all(*copy, other_), bytes);
  EXPECT_LE(*store_->bytes(), before + kChunkBytes);  // its list
}

TEST_F(FileStoreTest, NoticesADamagedChunkAndLacksItFromThenOn) {
  const FileId file = keep(some_bytes(20 * kChunkBytes));
  EXPECT_TRUE((*store_->find(file))->whole);
  damage();
  const auto back = read_all(file, key_);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Errc::not_found);
  EXPECT_FALSE((*store_->find(file))->whole);
  const auto progress = store_->progress(file, key_);
  EXPECT_EQ(progress->here + 1, progress->all);
}

TEST_F(FileStoreTest, SweepsWhatNoKeptFileNeedsAndNothingElse) {
  const Bytes shared_part = some_bytes(10 * kChunkBytes);
  Bytes longer = shared_part;
  append(longer, some_bytes(10 * kChunkBytes, 2));
  const FileId one = keep(shared_part);
  const FileId other = keep(longer);
  for (const FileId& file : {one, other}) ASSERT_TRUE(store_->note(file, "report.pdf", true, 1000));
  EXPECT_EQ(*store_->sweep(5000), 0U);
  ASSERT_TRUE(store_->set(other, FileStore::Mark::kept, false));
  const std::uint64_t went = *store_->sweep(5000);
  EXPECT_GE(went, 10 * kChunkBytes);
  EXPECT_LE(went, 10 * kChunkBytes + 2 * 32 * 20);
  EXPECT_EQ(*read_all(one, key_), shared_part);
  EXPECT_FALSE(read_all(other, key_));
}

TEST_F(FileStoreTest, ForgetsAFileThatNoRecordCameToNameButNotAtOnce) {
  const FileId file = keep(some_bytes(5 * kChunkBytes), "network", 1000);
  EXPECT_EQ(*store_->sweep(1000), 0U);
  EXPECT_TRUE(read_all(file, key_));
  EXPECT_GT(*store_->sweep(1001), 0U);
  EXPECT_FALSE(*store_->find(file));
}

TEST_F(FileStoreTest, SweepsNothingWhileAnotherProgramCuts) {
  const FileId file = keep(some_bytes(5 * kChunkBytes));
  ASSERT_TRUE(store_->note(file, "report.pdf", true, 1000));
  ASSERT_TRUE(store_->set(file, FileStore::Mark::kept, false));
  auto other = FileStore::open(path());
  ASSERT_TRUE(other);
  std::optional<std::uint64_t> went;
  bool given = false;
  const auto slow = [&](std::span<Byte> room) -> Result<std::size_t> {
    went = *other->sweep(500);
    if (std::exchange(given, true)) return 0;
    room[0] = 1;
    return 1;
  };
  ASSERT_TRUE(store_->cut("network", key_, "slow.txt", slow, 1000));
  EXPECT_EQ(went, 0U);
  EXPECT_GT(*other->sweep(500), 0U);
}

TEST_F(FileStoreTest, RemembersMarksAndSettings) {
  const FileId file{"network", Hash{}, 7};
  EXPECT_TRUE(*store_->note(file, "a.txt", true, 10));
  EXPECT_FALSE(*store_->note(file, "b.txt", true, 20));
  ASSERT_TRUE(store_->set(file, FileStore::Mark::pinned, true));
  ASSERT_TRUE(store_->set_setting("policy", "all"));
  store_.emplace(*FileStore::open(path()));
  const auto known = *store_->find(file);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->name, "a.txt");
  EXPECT_TRUE(known->pinned && known->attached && !known->kept && !known->whole && !known->at_hub);
  EXPECT_EQ(*store_->setting("policy"), "all");
  EXPECT_EQ(*store_->setting("quota"), std::nullopt);
}

}  // namespace
}  // namespace wasl
