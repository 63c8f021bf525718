#pragma once
// The hub's chunks where contents lie elsewhere (an S3 bucket): brought there by a worker from files.db,
// where they are durable meanwhile; read from there by the worker; and found there when another hub brought
// them. Thread: the hub's; nothing here waits for the store.
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/contents/content_worker.hpp"
#include "shared/base/environment.hpp"
#include "shared/store/away_chunks.hpp"

namespace wasl {

class AwayFiles {
 public:
  struct Owner {
    /// Of the network: what lies under the prefix is of this one and of no other.
    std::string network;
    std::function<Result<std::optional<attachment::ChunkKey>>(const std::string& space)> key;
    /// All of it is durable elsewhere by now.
    std::function<Status(const attachment::FileId&)> on_whole;
    std::function<void()> on_damaged;
    std::function<Millis()> now;
    /// What was asked for in vain may be asked for again.
    std::function<void(const attachment::FileId&)> on_back;
    std::function<void()> on_arrived;  ///< what was awaited is here, or is not to be had
  };
  struct Options {
    ContentWorker::Options worker;
    std::string place;                                    ///< in words
    std::uint64_t waiting_most = std::uint64_t{1} << 30;  ///< bytes that may wait in files.db
  };
  /// @param store must outlive it. Errors: storage_failed.
  static Result<std::unique_ptr<AwayFiles>> open(FileStore& store, Owner owner, Options options);

  // ── Chunks, as a FilePort's ──
  /// False: its bytes are under way. Who is told on_arrived() asks again.
  Result<bool> ready(const std::string& space, const attachment::ChunkKey& key, const Hash& name);
  /// @pre ready(). Nothing: it is not here, or was damaged, or the store does not answer.
  Result<std::optional<StoredChunk>> read(const std::string& space, const attachment::ChunkKey& key,
                                          const Hash& name);
  Status put(const std::string& space, const attachment::Chunk& chunk);
  /// As much waits as may.
  [[nodiscard]] bool is_full() const { return near_bytes_ > options_.waiting_most; }
  /// Every chunk of it is in files.db or elsewhere: on_whole() follows when they all are elsewhere.
  Status settle(const attachment::FileId& file);
  /// All of it is in files.db, and when it can go elsewhere nobody knows.
  [[nodiscard]] bool is_stuck(const attachment::FileId& file) const {
    return trouble_.has_value() && waiting_.contains(file);
  }
  /// It was asked for by its root: see Owner::on_back.
  void note_asked(const attachment::FileId& file);

  // ── Work ──
  /// About once a second.
  Status tick(Millis now);
  /// What the worker has done.
  Status take();

  /// Whether it was looked for where other hubs bring theirs.
  [[nodiscard]] bool has_looked_for(const attachment::FileId& file) const { return looked_.contains(file); }

  struct State {
    std::string place;
    std::uint64_t waiting_bytes = 0;  ///< in files.db alone, a second ago
    std::uint64_t errors = 0;         ///< requests that failed, since the start
    std::optional<Error> trouble{};   ///< the last thing asked of the store failed so
    Millis trouble_since = 0;         ///< the owner's time
  };
  [[nodiscard]] State state() const {
    return {options_.place, near_bytes_, errors_, trouble_, trouble_since_};
  }
  /// The same from files.db, as whoever brings contents elsewhere noted it last, without counts. Nothing:
  /// they lie in files.db.
  static Result<std::optional<State>> noted(FileStore& store);
  /// They do from now on.
  static Status note_at_home(FileStore& store);

 private:
  AwayFiles(AwayChunks chunks, FileStore& store, Owner owner, Options options);
  struct Key {
    std::string space;
    Hash name;
    auto operator<=>(const Key&) const = default;
  };
  struct Look {
    Millis next = 0;
    Millis step = 0;
  };
  void begin();
  void fetch(const std::string& space, const attachment::ChunkKey& key, unsigned level, const Hash& name);
  Status arrived(const Key& key, unsigned level, const attachment::ChunkKey& chunk_key,
                 Result<std::optional<Bytes>> got);
  void keep(const Key& key, Bytes bytes);
  Status bring();
  Status brought();
  Status settle_what_is_there();
  Status look_for_others();
  Status found(const attachment::FileId& file, Result<std::optional<std::vector<AwayChunks::Found>>> found);
  void note(const Status& outcome);
  Status note_state();
  [[nodiscard]] bool is_out() const { return trouble_ && now_ < again_at_; }

  AwayChunks chunks_;
  FileStore* store_;
  Owner owner_;
  Options options_;
  Millis now_ = 0;
  enum class Bucket { unknown, asked, known } bucket_ = Bucket::unknown;

  std::map<Key, Bytes> cache_;
  std::deque<Key> cached_;  ///< the oldest first
  std::size_t cached_bytes_ = 0;
  std::set<Key> coming_;
  std::set<attachment::FileId> asked_;    ///< lately, by their roots
  std::set<attachment::FileId> in_vain_;  ///< likewise, while the store did not answer
  bool has_arrived_ = false;

  std::int64_t offered_ = 0;          ///< contents up to here are under way, or there
  std::set<std::int64_t> under_way_;  ///< of those, what is not there
  std::vector<std::int64_t> there_;   ///< and files.db does not know yet
  bool again_ = false;                ///< some of them failed: from the beginning when none is under way
  std::map<attachment::FileId, std::int64_t> waiting_;  ///< whole once all contents up to here are there
  std::set<attachment::FileId> noting_;                 ///< of these, whose note is under way

  std::map<attachment::FileId, Look> looks_;
  std::set<attachment::FileId> looking_, looked_;
  Millis looked_at_ = 0;

  std::uint64_t near_bytes_ = 0;
  std::uint64_t errors_ = 0;
  std::optional<Error> trouble_;
  Millis trouble_since_ = 0, again_at_ = 0, pause_ = 0;
  Status failed_;                        ///< of files.db, in what the worker's ends did
  std::optional<ContentWorker> worker_;  ///< last: its threads end before the rest goes
};

}  // namespace wasl
