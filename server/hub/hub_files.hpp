#pragma once
// The hub's files: which of them accepted change sets name, read from the logs as they grow, and their chunks
// in files.db beside the logs; their contents elsewhere, if the hub is told so. Thread: the hub's.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "server/hub/away_files.hpp"
#include "server/hub/hub.hpp"
#include "shared/store/file_store.hpp"
#include "shared/wire/file_exchange.hpp"

namespace wasl {

class HubFiles {
 public:
  /// @param folder the hub's. The hub must outlive it. Errors: storage_failed, corrupt, locked.
  static Result<std::unique_ptr<HubFiles>> open(const std::filesystem::path& folder, Hub& hub);

  /// Called when the hub has all of a file, whoever brought it.
  void on_whole(std::function<void(const attachment::FileId&)> told) { told_ = std::move(told); }

  /// Called when a chunk turns out to be damaged: who is connected may have it.
  void on_damaged(std::function<void()> told) { damaged_ = std::move(told); }

  /// What was asked for and lay elsewhere has come: links have something to send.
  void on_arrived(std::function<void()> told) { arrived_ = std::move(told); }

  /// From now on contents go to where the worker's contents lie, and come from there, until stop_away().
  Status keep_away(AwayFiles::Options options);
  void stop_away() { away_.reset(); }
  [[nodiscard]] const AwayFiles* away() const { return away_.get(); }
  /// About once a second, and whenever the worker wakes the hub (`take_away`).
  Status tick(Millis steady_now);
  Status take_away() { return away_ ? away_->take() : Status(); }
  /// Whether contents lie elsewhere, so that the hub has to be told where.
  Result<bool> has_away() { return AwayChunks::any(store_); }

  /// The exchange's port for a session of this key: what it may read of, and nothing else.
  std::unique_ptr<FilePort> port_for(const PublicKey& key);

  /// A section's hub's end towards the network's: it fetches what it may read and lacks, and offers what it
  /// has.
  std::unique_ptr<FilePort> port_above();

  /// For bundles: takes what they bring of files that accepted change sets name, and gives of all spaces.
  std::unique_ptr<FilePort> port_for_bundles();
  /// Whole here, and named by accepted change sets of the space.
  Result<std::vector<attachment::FileId>> whole_of(const std::string& space);

  struct Totals {
    std::size_t named = 0;  ///< by accepted change sets
    std::size_t whole = 0;
    std::uint64_t bytes = 0;  ///< stored
  };
  Result<Totals> totals();
  FileStore& store() { return store_; }
  /// Nothing: it is not here.
  Result<std::optional<attachment::ChunkKey>> key(const std::string& space);

 private:
  class AnyPort;
  class Port;
  class PortAbove;
  class PortForBundles;
  HubFiles(FileStore store, Hub& hub) : store_(std::move(store)), hub_(hub) {}
  Status note_beginning();
  /// A file that a value names. `was_here`: offices were told by a `files.db` before this one that it is.
  Status note(const std::string& space, const Value& value, bool was_here);
  /// Reads what has come to the space's log since it was read last.
  Status catch_up(const std::string& space);
  Result<FilePort::Standing> standing(const attachment::FileId& file);
  Result<std::vector<attachment::FileId>> lost();
  /// Named by accepted change sets, and whole here or not. The smallest first.
  Result<std::vector<attachment::FileId>> named(bool whole, const std::vector<std::string>& spaces);
  /// What a session of this end asks of the chunks, wherever they lie.
  Result<bool> ready(const std::string& space, const Hash& name);
  Result<std::optional<StoredChunk>> read(const std::string& space, const attachment::ChunkKey& key,
                                          const Hash& name);
  Status put(const std::string& space, const attachment::Chunk& chunk);
  [[nodiscard]] bool takes_more() const { return !away_ || !away_->is_full(); }
  Status settle(const attachment::FileId& file);
  Status on_safe(const attachment::FileId& file);
  Status settle_what_is_here(const std::string& space, const attachment::ChunkKey& key, const Hash& root);

  FileStore store_;
  Hub& hub_;
  std::map<std::string, Position> read_;  ///< by setting: entries that were looked at
  std::function<void(const attachment::FileId&)> told_;
  std::function<void()> damaged_;
  std::function<void()> arrived_;
  std::unique_ptr<AwayFiles> away_;
};

}  // namespace wasl
