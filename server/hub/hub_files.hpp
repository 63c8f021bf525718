#pragma once
// The hub's files: which of them accepted change sets name, read from the logs as they grow, and their chunks
// in files.db beside the logs. Thread: the hub's.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

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

  /// The exchange's port for a session of this key: what it may read of, and nothing else.
  std::unique_ptr<FilePort> port_for(const PublicKey& key);

  /// A section's hub's end towards the network's: it fetches what it may read and lacks, and offers what it
  /// has.
  std::unique_ptr<FilePort> port_above();

  struct Totals {
    std::size_t named = 0;  ///< by accepted change sets
    std::size_t whole = 0;
    std::uint64_t bytes = 0;  ///< stored
  };
  Result<Totals> totals();

 private:
  class Port;
  class PortAbove;
  HubFiles(FileStore store, Hub& hub) : store_(std::move(store)), hub_(hub) {}
  Status note_beginning();
  /// A file that a value names. `was_here`: offices were told by a `files.db` before this one that it is.
  Status note(const std::string& space, const Value& value, bool was_here);
  /// Reads what has come to the space's log since it was read last.
  Status catch_up(const std::string& space);
  Result<std::optional<attachment::ChunkKey>> key(const std::string& space);
  Result<FilePort::Standing> standing(const attachment::FileId& file);
  Result<std::vector<attachment::FileId>> lost();
  /// Named by accepted change sets, and whole here or not. The smallest first.
  Result<std::vector<attachment::FileId>> named(bool whole);
  Status settle(const attachment::FileId& file);

  FileStore store_;
  Hub& hub_;
  std::map<std::string, Position> read_;  ///< by setting: entries that were looked at
  std::function<void(const attachment::FileId&)> told_;
  std::function<void()> damaged_;
};

}  // namespace wasl
