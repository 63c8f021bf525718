#include "server/contents/moving.hpp"

#include <thread>

#include "server/contents/whole_files.hpp"

namespace wasl {
namespace {

constexpr std::size_t kAtOnce = 8;
constexpr std::size_t kPage = 128;  // chunks of a commit

using attachment::ChunkKey;
using Chunks = std::vector<AwayChunks::Stored>;

ChunkName name_of(const AwayChunks::Stored& chunk) { return {chunk.space, chunk.level, chunk.name}; }

/// Each chunk of a page by one of the threads. @return the first that went wrong.
class Hands {
 public:
  explicit Hands(const Moving& moving) {
    for (std::size_t i = 0; i < kAtOnce; ++i) contents_.push_back(moving.contents());
  }
  ChunkContents& first() { return *contents_.front(); }
  Status each(std::size_t count, const std::function<Status(ChunkContents&, std::size_t)>& act) {
    std::vector<Status> done(kAtOnce);
    std::vector<std::thread> threads;
    for (std::size_t hand = 0; hand < kAtOnce; ++hand) {
      threads.emplace_back([&, hand] {
        for (std::size_t i = hand; i < count && done[hand]; i += kAtOnce)
          done[hand] = act(*contents_[hand], i);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (Status& one : done) WASL_TRY(std::move(one));
    return {};
  }

 private:
  std::vector<std::unique_ptr<ChunkContents>> contents_;
};

/// A chunk whose space has no key here is nobody's to check.
Result<std::vector<ChunkKey>> keys_of(const Moving& moving, const Chunks& chunks) {
  std::vector<ChunkKey> out;
  for (const AwayChunks::Stored& chunk : chunks) {
    WASL_LET(const auto key, moving.key(chunk.space));
    if (!key) return fail(Errc::not_found, "the key of the space " + chunk.space + " is not here");
    out.push_back(*key);
  }
  return out;
}

bool is_named(const ChunkKey& key, const AwayChunks::Stored& chunk, ByteView bytes) {
  return attachment::chunk_name(key, chunk.level, bytes) == chunk.name;
}

}  // namespace

Result<MovedChunks> move_away(const Moving& moving) {
  WASL_LET(const bool has_some, AwayChunks::any(moving.store));
  WASL_LET(AwayChunks index, AwayChunks::open(moving.store));
  Hands hands(moving);
  WASL_TRY(claim_contents(hands.first(), moving.network, has_some, moving.place));
  MovedChunks out;
  for (std::int64_t after = 0;;) {
    WASL_LET(const Chunks page, index.near(after, kPage));
    if (page.empty()) break;
    after = page.back().content;
    WASL_LET(const auto keys, keys_of(moving, page));
    std::vector<char> is_there(page.size(), 0);
    const auto bring = [&](ChunkContents& contents, std::size_t i) -> Status {
      if (!is_named(keys[i], page[i], page[i].bytes)) return {};
      WASL_TRY(contents.put(name_of(page[i]), page[i].bytes));
      WASL_LET(const auto read, contents.get(name_of(page[i])));
      if (!read || *read != page[i].bytes)
        return fail(Errc::storage_failed, moving.place + " does not give back what was put there",
                    "use a store that shows what was written at once");
      is_there[i] = 1;
      return {};
    };
    WASL_TRY(hands.each(page.size(), bring));
    std::vector<std::int64_t> left;
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (is_there[i] == 0) {
        ++out.damaged;
        WASL_TRY(index.lose(page[i].space, page[i].name));
        continue;
      }
      left.push_back(page[i].content);
      ++out.chunks;
      out.bytes += page[i].bytes.size();
    }
    WASL_TRY(index.leave(left));
  }
  WASL_LET(const auto files, moving.store.files());
  for (const KnownFile& file : files) {
    if (!file.whole) continue;
    WASL_TRY(note_whole(hands.first(), file.id));
    ++out.files;
  }
  return out;
}

Result<MovedChunks> move_back(const Moving& moving) {
  WASL_LET(AwayChunks index, AwayChunks::open(moving.store));
  Hands hands(moving);
  MovedChunks out;
  for (std::int64_t after = 0;;) {
    WASL_LET(const Chunks page, index.away(after, kPage));
    if (page.empty()) break;
    if (after == 0) WASL_TRY(claim_contents(hands.first(), moving.network, true, moving.place));
    after = page.back().content;
    WASL_LET(const auto keys, keys_of(moving, page));
    std::vector<std::optional<Bytes>> got(page.size());
    const auto fetch = [&](ChunkContents& contents, std::size_t i) -> Status {
      WASL_LET(got[i], contents.get(name_of(page[i])));
      if (got[i] && !is_named(keys[i], page[i], *got[i])) got[i].reset();
      return {};
    };
    WASL_TRY(hands.each(page.size(), fetch));
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (!got[i]) {
        ++out.damaged;
        WASL_TRY(index.lose(page[i].space, page[i].name));
        continue;
      }
      WASL_TRY(index.bring(page[i].space, {page[i].level, page[i].name, *got[i]}));
      ++out.chunks;
      out.bytes += got[i]->size();
    }
  }
  return out;
}

}  // namespace wasl
