#pragma once
// The files of an office: chunks in files.db beside replica.db, which of the files that records show are to
// be here, and the office's end of their exchange. files.db may be lost: what the hub has comes again.
// Thread: that of the replica.
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/replica/replica.hpp"
#include "shared/model/attachment.hpp"
#include "shared/store/file_store.hpp"
#include "shared/wire/file_exchange.hpp"

namespace wasl {

/// Which files come by themselves. Pinned ones, and those that somebody asked for, come whatever it says.
struct FilePolicy {
  enum class Kind { all, up_to, on_demand };
  Kind kind = Kind::up_to;
  std::uint64_t up_to = 1'000'000;     ///< bytes of a file
  std::optional<std::uint64_t> quota;  ///< bytes of all files here; nothing: no limit
  bool operator==(const FilePolicy&) const = default;

  [[nodiscard]] bool takes(std::uint64_t size) const {
    return kind == Kind::all || (kind == Kind::up_to && size <= up_to);
  }
};

/// A file as a record shows it.
struct ShownFile {
  std::string register_name, space, id, field;
  Attachment attachment;
  [[nodiscard]] attachment::FileId file() const { return {space, attachment.root, attachment.size}; }
};

class OfficeFiles final : public FilePort {
 public:
  /// The replica must outlive it. Errors: locked, storage_failed, corrupt.
  static Result<std::unique_ptr<OfficeFiles>> open(const std::filesystem::path& folder, Replica& replica,
                                                   Clock& clock);

  /// Every file that a record shows now.
  Result<std::vector<ShownFile>> shown();
  /// Errors: not_found (no such record, or no file in the field), conflict (several: name the space),
  /// invalid_value (no such field).
  Result<ShownFile> find(const std::string& register_name, const std::string& id, const std::string& field,
                         const std::optional<std::string>& space);

  /// Keeps the chunks of a file on this machine, so that a record of the space may name it. The name is made
  /// safe. Errors: not_found, no_link (a private space whose key is not here yet), storage_failed,
  /// limit_exceeded.
  Result<Attachment> take_in(const std::filesystem::path& file, const std::string& space,
                             const std::string& type);
  /// The same of bytes that come from anywhere.
  Result<Attachment> take_in(const std::string& name, const FileStore::Source& more, const std::string& space,
                             const std::string& type);
  /// The same of bytes that stand in no file.
  Result<Attachment> take_in(std::string_view text, const std::string& name, const std::string& space,
                             const std::string& type);
  /// The same file for readers of another space. Errors: not_found (not all of it is here), no_link.
  Result<Attachment> take_over(const ShownFile& shown, const std::string& space);
  /// Writes the file under a name that did not exist; it appears whole or not at all. Errors: not_found,
  /// conflict, storage_failed.
  Status write_out(const attachment::FileId& file, const std::filesystem::path& to);
  /// Its bytes in order. Errors: not_found (not all of it is here), no_link, and those of the sink.
  Status read_out(const attachment::FileId& file, const std::function<Status(ByteView)>& sink);
  /// Whether all of it is here, and it is no longer than a text is.
  Result<bool> has_text(const attachment::FileId& file);
  /// Nothing: not all of it is here, or it is longer than a text is.
  Result<std::optional<std::string>> text(const attachment::FileId& file);

  Result<FilePolicy> policy();
  Status set_policy(const FilePolicy& policy);
  /// Is to be here from now on, whatever the policy says.
  Status ask_for(const attachment::FileId& file);
  Status ask_for(const std::vector<attachment::FileId>& files);
  Status pin(const attachment::FileId& file, bool pinned);

  struct State {
    KnownFile known;
    FileStore::Progress progress;
  };
  /// As of the last look at what records show: tidy_up(), ask_for().
  Result<State> state(const ShownFile& shown);
  struct Totals {
    std::size_t shown = 0, here = 0, coming = 0, unsent = 0;
    std::uint64_t bytes = 0;         ///< that files.db holds
    std::uint64_t bytes_coming = 0;  ///< of files that are to be here and are not
  };
  Result<Totals> totals();
  /// Takes what records show into account, and gives back what no file here needs. Above the quota, files
  /// that the hub holds go, those first that were not used for longest. @return bytes that went.
  Result<std::uint64_t> tidy_up();
  /// In words, since this object was made: files of which something else came than they should be.
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }

  /// Who answers now is a section's hub: that it holds a file lets nothing go here.
  void speak_with_section(bool section) { with_section_ = section; }
  /// What comes now comes from a bundle, whoever made it: that it came says nothing of the hub.
  void read_bundles() { from_bundles_ = true; }

  // FilePort
  Millis now() override { return clock_.now(); }
  Result<std::optional<attachment::ChunkKey>> key(const std::string& space) override;
  Result<bool> has(const std::string& space, const Hash& name) override { return store_.has(space, name); }
  Result<std::optional<ChunkFrame>> read(const std::string& space, const Hash& name) override;
  Status put(const std::string& space, const attachment::Chunk& chunk) override {
    return store_.put(space, chunk);
  }
  Status on_whole(const attachment::FileId& file, bool all_came) override;
  void on_wrong(const attachment::FileId& file, const std::string& what) override;
  Result<std::vector<attachment::FileId>> wanted() override;
  Result<std::vector<attachment::FileId>> offered() override;
  Status on_held(const attachment::FileId& file) override;
  Result<Standing> standing(const attachment::FileId&) override { return Standing::unknown; }

 private:
  OfficeFiles(FileStore store, Replica& replica, Clock& clock)
      : store_(std::move(store)), replica_(replica), clock_(clock) {}
  Status note_shown();
  Status check_epoch();
  Status make_room(const FilePolicy& policy);
  Result<attachment::ChunkKey> key_here(const std::string& space);

  FileStore store_;
  Replica& replica_;
  Clock& clock_;
  bool with_section_ = false;
  bool from_bundles_ = false;
  std::vector<std::string> wrong_;
};

}  // namespace wasl
