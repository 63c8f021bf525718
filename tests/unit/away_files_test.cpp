// The hub's chunks whose contents lie elsewhere: brought there, read from there, found there, and lost there.
#include "server/hub/away_files.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "shared/attachment/cutting.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

using attachment::Chunk;
using attachment::ChunkKey;
using attachment::FileId;

const std::string kSpace = "network";
ChunkKey key_of_space() { return attachment::chunk_key({}, kSpace, std::nullopt); }

/// What several hubs reach, as long as it is up.
struct Bucket {
  std::mutex mutex;
  std::map<std::string, Bytes> objects;
  std::map<std::string, std::string> notes;
  bool is_up = true;
  int puts = 0, gets = 0;
};

class InBucket final : public ChunkContents {
 public:
  explicit InBucket(Bucket& bucket) : bucket_(bucket) {}
  Status put(const ChunkName& chunk, ByteView bytes) override {
    return act([&] {
      ++bucket_.puts;
      bucket_.objects[to_hex(chunk.name.view())] = to_bytes(bytes);
    });
  }
  Result<std::optional<Bytes>> get(const ChunkName& chunk) override {
    std::optional<Bytes> out;
    WASL_TRY(act([&] {
      ++bucket_.gets;
      const auto found = bucket_.objects.find(to_hex(chunk.name.view()));
      if (found != bucket_.objects.end()) out = found->second;
    }));
    return out;
  }
  Status remove(const ChunkName& chunk) override {
    return act([&] { bucket_.objects.erase(to_hex(chunk.name.view())); });
  }
  Status put_note(const std::string& name, const std::string& text) override {
    return act([&] { bucket_.notes[name] = text; });
  }
  Result<std::optional<std::string>> get_note(const std::string& name) override {
    std::optional<std::string> out;
    WASL_TRY(act([&] {
      const auto found = bucket_.notes.find(name);
      if (found != bucket_.notes.end()) out = found->second;
    }));
    return out;
  }
  Status remove_note(const std::string& name) override {
    return act([&] { bucket_.notes.erase(name); });
  }

 private:
  template <class F>
  Status act(const F& what) {
    const std::lock_guard lock(bucket_.mutex);
    if (!bucket_.is_up) return fail(Errc::no_link, "the bucket is down");
    what();
    return {};
  }
  Bucket& bucket_;
};

/// A hub's end, with what it was told.
struct OneHub {
  explicit OneHub(Bucket& bucket, std::string network = "one", std::uint64_t waiting_most = 1 << 20) {
    crypto::SystemRandom random;
    folder = std::filesystem::temp_directory_path() /
             ("wasl-away-" + to_hex(random.fixed<Hash>().view()).substr(0, 12));
    std::filesystem::create_directories(folder);
    store.emplace(*FileStore::open(folder / "files.db"));
    AwayFiles::Owner owner;
    owner.network = std::move(network);
    owner.now = [] { return Millis{7}; };
    owner.key = [](const std::string&) { return std::optional(key_of_space()); };
    owner.on_whole = [this](const FileId& file) -> Status {
      whole.push_back(file);
      return store->set(file, FileStore::Mark::whole, true);
    };
    owner.on_damaged = [this] { ++damaged; };
    owner.on_back = [this](const FileId& file) { back.push_back(file); };
    owner.on_arrived = [this] { ++arrived; };
    AwayFiles::Options options;
    options.place = "the bucket";
    options.waiting_most = waiting_most;
    options.worker.wake = [this] { woken = true; };
    options.worker.contents = [&bucket](const std::atomic<bool>&) {
      return std::make_unique<InBucket>(bucket);
    };
    away = *AwayFiles::open(*store, std::move(owner), std::move(options));
  }
  ~OneHub() {
    away.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }
  OneHub(const OneHub&) = delete;
  OneHub& operator=(const OneHub&) = delete;

  /// Seconds pass until it is so.
  template <class F>
  bool until(const F& is_so) {
    for (int i = 0; i < 2000; ++i) {
      EXPECT_TRUE(away->tick(now += 1'000));
      if (is_so()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  FileId take_in(std::size_t size, unsigned seed = 1) {
    Bytes bytes(size);
    std::uint32_t state = seed;
    for (Byte& byte : bytes) byte = static_cast<Byte>((state = state * 1664525U + 1013904223U) >> 24);
    names.clear();
    attachment::Cutter cutter(key_of_space(), [&](const Chunk& chunk) {
      names.push_back(chunk.name);
      return away->put(kSpace, chunk);
    });
    EXPECT_TRUE(cutter.add(bytes));
    const FileId file{kSpace, *cutter.finish(), size};
    name(file);
    EXPECT_TRUE(away->settle(file));
    return file;
  }
  void name(const FileId& file) { EXPECT_TRUE(store->note(file, "a file", true, 0)); }
  /// All of the bytes that a chunk has, by way of the worker.
  std::optional<Bytes> read(const Hash& name) {
    EXPECT_TRUE(until([&] { return *away->ready(kSpace, key_of_space(), name); }));
    const auto chunk = *away->read(kSpace, key_of_space(), name);
    return chunk ? std::optional(chunk->bytes) : std::nullopt;
  }
  bool is_here(const Hash& name) {
    AwayChunks chunks = *AwayChunks::open(*store);
    const auto kept = *chunks.look(kSpace, name);
    return kept && kept->has_bytes();
  }

  std::filesystem::path folder;
  std::optional<FileStore> store;
  std::unique_ptr<AwayFiles> away;
  Millis now = 0;
  std::vector<FileId> whole, back;
  std::vector<Hash> names;
  int damaged = 0, arrived = 0;
  std::atomic<bool> woken = false;
};

struct AwayFilesTest : testing::Test {
  AwayFilesTest() { EXPECT_TRUE(crypto::start()); }
  void set_up(bool up) {
    const std::lock_guard lock(bucket.mutex);
    bucket.is_up = up;
  }
  Bucket bucket;
};

TEST_F(AwayFilesTest, AFileIsWholeWhenAllOfItLiesElsewhere) {
  OneHub hub(bucket);
  set_up(false);
  const FileId file = hub.take_in(100'000);
  EXPECT_FALSE(hub.until([&] { return !hub.whole.empty() || hub.now > 100'000; }) && !hub.whole.empty());
  EXPECT_TRUE(hub.is_here(hub.names.front()));
  EXPECT_EQ(hub.away->state().waiting_bytes, 100'000U + 7 * Hash::kSize);
  ASSERT_TRUE(hub.away->state().trouble);
  const auto noted = *AwayFiles::noted(*hub.store);
  ASSERT_TRUE(noted && noted->trouble);
  EXPECT_EQ(noted->trouble->message, "the bucket is down");
  EXPECT_EQ(noted->trouble_since, 7);
  set_up(true);
  ASSERT_TRUE(hub.until([&] { return !hub.whole.empty(); }));
  EXPECT_EQ(hub.whole, std::vector{file});
  EXPECT_FALSE(hub.away->state().trouble);
  EXPECT_EQ(bucket.objects.size(), attachment::chunks_of(100'000));
  EXPECT_EQ(bucket.notes.size(), 2U);  // the network's, and the file's
  EXPECT_FALSE(hub.is_here(hub.names.front()));
  EXPECT_TRUE(hub.is_here(file.root)) << "lists stay";
  EXPECT_TRUE(hub.woken);
}

TEST_F(AwayFilesTest, WhatIsAwayComesWhenItIsAskedForAndMeanwhileNobodyWaits) {
  OneHub hub(bucket);
  hub.take_in(50'000);
  ASSERT_TRUE(hub.until([&] { return !hub.whole.empty(); }));
  const Hash name = hub.names.front();
  EXPECT_FALSE(*hub.away->ready(kSpace, key_of_space(), name));
  ASSERT_TRUE(hub.until([&] { return hub.arrived > 1; }));
  const auto bytes = hub.read(name);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(attachment::chunk_name(key_of_space(), 0, *bytes), name);
  EXPECT_EQ(bucket.gets, 1) << "and it is asked for once";
}

TEST_F(AwayFilesTest, WhatIsDamagedOrMissingThereIsAskedForAgain) {
  OneHub hub(bucket);
  const FileId file = hub.take_in(50'000);
  ASSERT_TRUE(hub.until([&] { return !hub.whole.empty(); }));
  const Hash wrong = hub.names[0], missing = hub.names[1];
  bucket.objects[to_hex(wrong.view())][5] ^= 1;
  bucket.objects.erase(to_hex(missing.view()));
  EXPECT_EQ(hub.read(wrong), std::nullopt);
  EXPECT_EQ(hub.read(missing), std::nullopt);
  EXPECT_GE(hub.damaged, 2);
  EXPECT_FALSE((*hub.store->find(file))->whole);
  EXPECT_FALSE(*hub.store->has(kSpace, wrong));
  // That the file was noted as whole does not bring it back.
  hub.damaged = 0;
  EXPECT_TRUE(hub.until([&] { return hub.damaged > 0; }));
  EXPECT_FALSE((*hub.store->find(file))->whole);
  hub.whole.clear();
  hub.take_in(50'000);
  ASSERT_TRUE(hub.until([&] { return !hub.whole.empty(); }));
  EXPECT_EQ(attachment::chunk_name(key_of_space(), 0, bucket.objects[to_hex(wrong.view())]), wrong);
  EXPECT_TRUE(hub.read(missing));
}

TEST_F(AwayFilesTest, NothingIsLostWhileTheStoreIsDownAndWhoAskedIsToldWhenItIsBack) {
  OneHub hub(bucket);
  const FileId file = hub.take_in(50'000);
  ASSERT_TRUE(hub.until([&] { return !hub.whole.empty(); }));
  set_up(false);
  hub.away->note_asked(file);
  EXPECT_EQ(hub.read(hub.names[0]), std::nullopt);
  EXPECT_EQ(hub.damaged, 0);
  EXPECT_TRUE(*hub.store->has(kSpace, hub.names[0]));
  EXPECT_TRUE(hub.back.empty());
  set_up(true);
  const FileId second = hub.take_in(10, 2);  // something is asked of the store, and it answers
  ASSERT_TRUE(hub.until([&] { return !hub.back.empty(); }));
  EXPECT_EQ(hub.back, std::vector{file});
  ASSERT_TRUE(hub.until([&] { return hub.whole.size() == 2; }));
  EXPECT_EQ(hub.whole.back(), second);
}

TEST_F(AwayFilesTest, AnotherHubFindsWhatOneHasBrought) {
  OneHub one(bucket), other(bucket);
  const FileId file = one.take_in(600'000);
  other.name(file);
  ASSERT_TRUE(one.until([&] { return !one.whole.empty(); }));
  const int puts = bucket.puts;
  ASSERT_TRUE(other.until([&] { return !other.whole.empty(); }));
  EXPECT_EQ(other.whole, std::vector{file});
  EXPECT_TRUE(other.read(one.names.front()));
  EXPECT_TRUE(other.is_here(file.root));
  EXPECT_EQ(bucket.puts, puts);
}

TEST_F(AwayFilesTest, NothingIsAskedOfABucketThatIsNotTheNetworks) {
  bucket.notes["network"] = "another";
  OneHub hub(bucket, "one");
  hub.take_in(20'000);
  ASSERT_TRUE(hub.until([&] { return hub.away->state().trouble.has_value(); }));
  EXPECT_EQ(hub.away->state().trouble->code, Errc::conflict);
  EXPECT_FALSE(hub.until([&] { return hub.now > 300'000; }) && bucket.puts > 0);
  EXPECT_TRUE(bucket.objects.empty());
}

TEST_F(AwayFilesTest, AnEmptyBucketInThePlaceOfTheRightOneLosesNothing) {
  OneHub hub(bucket);
  hub.take_in(20'000);
  ASSERT_TRUE(hub.until([&] { return !hub.whole.empty(); }));
  hub.away.reset();
  Bucket empty;
  AwayFiles::Owner owner;
  owner.network = "one";
  owner.now = [] { return Millis{7}; };
  owner.key = [](const std::string&) { return std::optional(key_of_space()); };
  owner.on_whole = [](const FileId&) { return Status(); };
  owner.on_damaged = [&] { ++hub.damaged; };
  owner.on_back = [](const FileId&) {};
  owner.on_arrived = [] {};
  AwayFiles::Options options;
  options.worker.wake = [] {};
  options.worker.contents = [&](const std::atomic<bool>&) { return std::make_unique<InBucket>(empty); };
  hub.away = *AwayFiles::open(*hub.store, std::move(owner), std::move(options));
  ASSERT_TRUE(hub.until([&] { return hub.away->state().trouble.has_value(); }));
  EXPECT_EQ(hub.away->state().trouble->code, Errc::conflict);
  EXPECT_EQ(hub.damaged, 0);
  EXPECT_TRUE(*hub.store->has(kSpace, hub.names[0]));
  hub.away.reset();
}

TEST_F(AwayFilesTest, NoMoreIsTakenThanMayWait) {
  OneHub hub(bucket, "one", 40'000);
  set_up(false);
  EXPECT_FALSE(hub.away->is_full());
  hub.take_in(60'000);
  EXPECT_TRUE(hub.away->is_full());
  set_up(true);
  EXPECT_TRUE(hub.until([&] { return !hub.whole.empty() && !hub.away->is_full(); }));
}

TEST_F(AwayFilesTest, WhatIsDamagedHereIsNotBroughtThere) {
  OneHub hub(bucket);
  set_up(false);
  hub.take_in(20'000);
  ASSERT_TRUE(hub.store->database().exec("UPDATE content SET bytes = zeroblob(length) WHERE id = 1"));
  set_up(true);
  ASSERT_TRUE(hub.until([&] { return hub.damaged > 0; }));
  EXPECT_FALSE(*hub.store->has(kSpace, hub.names[0]));
  EXPECT_FALSE(bucket.objects.contains(to_hex(hub.names[0].view())));
}

}  // namespace
}  // namespace wasl
