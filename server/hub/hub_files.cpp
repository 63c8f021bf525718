#include "server/hub/hub_files.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/log/log.hpp"
#include "shared/model/attachment.hpp"

namespace wasl {

using attachment::ChunkKey;
using attachment::FileId;

namespace {

/// Up to where a log was read; in a new epoch other entries may stand there.
std::string setting_of(std::uint64_t epoch, const std::string& space) {
  return "read " + std::to_string(epoch) + " " + space;
}

/// How long a log was when files.db was made: what its entries name was perhaps held in one that was lost.
std::string beginning_of(const std::string& space) { return "begun at " + space; }

Result<Position> position_of(FileStore& store, const std::string& setting) {
  WASL_LET(const auto noted, store.setting(setting));
  Position position = 0;
  if (noted) std::from_chars(noted->data(), noted->data() + noted->size(), position);
  return position;
}

}  // namespace

/// What the three ends have in common: chunks lie where the hub keeps them, whoever asks.
class HubFiles::AnyPort : public FilePort {
 public:
  explicit AnyPort(HubFiles& files) : files_(files) {}

  Millis now() override { return files_.hub_.hub_time(); }
  Result<std::optional<ChunkKey>> key(const std::string& space) override { return files_.key(space); }
  Result<bool> has(const std::string& space, const Hash& name) override {
    return files_.store_.has(space, name);
  }
  Result<std::optional<ChunkFrame>> read(const std::string& space, const Hash& name) override {
    WASL_LET(const auto space_key, key(space));
    if (!space_key) return std::optional<ChunkFrame>();
    WASL_LET(auto chunk, files_.read(space, *space_key, name));
    if (!chunk) return std::optional<ChunkFrame>();
    return std::optional(ChunkFrame{space, chunk->level, std::move(chunk->bytes)});
  }
  Result<bool> ready(const std::string& space, const Hash& name) override {
    WASL_LET(const auto space_key, key(space));
    return space_key ? files_.ready(space, name) : Result<bool>(true);
  }
  Status put(const std::string& space, const attachment::Chunk& chunk) override {
    return files_.put(space, chunk);
  }
  bool takes_more() override { return files_.takes_more(); }
  Status on_whole(const FileId& file, bool /*all_came*/) override { return files_.settle(file); }
  Result<std::vector<FileId>> offered() override { return std::vector<FileId>(); }
  Status on_held(const FileId&) override { return {}; }
  Result<Standing> standing(const FileId& file) override { return files_.standing(file); }

 protected:
  HubFiles& files_;
};

/// Rights are looked at again at every call: a session outlives a grant by moments.
class HubFiles::Port final : public AnyPort {
 public:
  Port(HubFiles& files, const PublicKey& key) : AnyPort(files), reader_(key) {}

  Result<std::optional<ChunkKey>> key(const std::string& space) override {
    const auto spaces = files_.hub_.readable(reader_);
    if (std::find(spaces.begin(), spaces.end(), space) == spaces.end()) return std::optional<ChunkKey>();
    return files_.key(space);
  }
  Result<std::optional<ChunkFrame>> read(const std::string& space, const Hash& name) override {
    WASL_LET(auto frame, AnyPort::read(space, name));
    if (!frame) return frame;
    WASL_LET(const auto space_key, key(space));
    WASL_TRY(files_.settle_what_is_here(space, *space_key, name));
    return frame;
  }
  void on_wrong(const FileId&, const std::string&) override {}  // its sender is told that it was not taken
  Result<std::vector<FileId>> wanted() override { return files_.lost(); }

 private:
  PublicKey reader_;
};

class HubFiles::PortAbove final : public AnyPort {
 public:
  using AnyPort::AnyPort;

  void on_wrong(const FileId& file, const std::string& what) override {
    log::error("section.file_refused", {{"space", file.space}, {"why", what}});
  }
  Result<std::vector<FileId>> wanted() override { return files_.named(false, spaces()); }
  Result<std::vector<FileId>> offered() override {
    WASL_LET(auto whole, files_.named(true, spaces()));
    std::erase_if(whole, [&](const FileId& file) { return held_.contains(file); });
    return whole;
  }
  Status on_held(const FileId& file) override {
    held_.insert(file);
    return {};
  }
  Result<Standing> standing(const FileId&) override { return Standing::unknown; }

 private:
  [[nodiscard]] std::vector<std::string> spaces() {
    return files_.hub_.readable(files_.hub_.log_key().public_key());
  }

  std::set<FileId> held_;  ///< by the network's hub, as it has said in this session
};

class HubFiles::PortForBundles final : public AnyPort {
 public:
  using AnyPort::AnyPort;

  void on_wrong(const FileId& file, const std::string& what) override {
    log::error("bundle.file_refused", {{"space", file.space}, {"why", what}});
  }
  Result<std::vector<FileId>> wanted() override {
    WASL_LET(const auto spaces, files_.hub_.store().space_names());
    return files_.named(false, spaces);
  }
};

std::unique_ptr<FilePort> HubFiles::port_for_bundles() { return std::make_unique<PortForBundles>(*this); }

Result<std::vector<FileId>> HubFiles::whole_of(const std::string& space) {
  WASL_LET(auto out, named(true, {space}));
  std::erase_if(out, [&](const FileId& file) { return file.space != space; });
  return out;
}

std::unique_ptr<FilePort> HubFiles::port_above() { return std::make_unique<PortAbove>(*this); }

Result<std::vector<FileId>> HubFiles::named(bool whole, const std::vector<std::string>& spaces) {
  for (const std::string& space : spaces) {
    if (space != kAuthoritySpace) WASL_TRY(catch_up(space));
  }
  WASL_LET(const auto files, store_.files());
  std::vector<FileId> out;
  for (const KnownFile& file : files)
    if (file.attached && file.whole == whole) out.push_back(file.id);
  std::ranges::stable_sort(out, {}, &FileId::size);
  return out;
}

Result<std::unique_ptr<HubFiles>> HubFiles::open(const std::filesystem::path& folder, Hub& hub) {
  WASL_LET(FileStore store, FileStore::open(folder / "files.db"));
  std::unique_ptr<HubFiles> out(new HubFiles(std::move(store), hub));
  WASL_TRY(out->note_beginning());
  return out;
}

Status HubFiles::note_beginning() {
  constexpr std::string_view kBeginningNoted = "beginning noted";
  WASL_LET(const auto noted, store_.setting(kBeginningNoted));
  if (noted) return {};
  WASL_LET(const auto files, store_.files());
  WASL_LET(const auto spaces, hub_.store().space_names());
  for (const std::string& space : files.empty() ? spaces : std::vector<std::string>()) {
    WASL_LET(const Position size, hub_.size(space));
    WASL_TRY(store_.set_setting(beginning_of(space), std::to_string(size)));
  }
  return store_.set_setting(kBeginningNoted, "yes");
}

std::unique_ptr<FilePort> HubFiles::port_for(const PublicKey& key) {
  return std::make_unique<Port>(*this, key);
}

Result<std::optional<ChunkKey>> HubFiles::key(const std::string& space) {
  WASL_LET(const auto blinding, hub_.blinding_key(space));
  if (is_private_space(space) && !blinding) return std::optional<ChunkKey>();
  return std::optional(attachment::chunk_key(hub_.network(), space, blinding));
}

Status HubFiles::note(const std::string& space, const Value& value, bool was_here) {
  const auto named = as_attachment(value);
  if (!named) return {};
  const FileId file{space, named->root, named->size};
  WASL_TRY(store_.note(file, named->name, true, hub_.hub_time()));
  WASL_TRY(store_.set(file, FileStore::Mark::kept, true));
  return was_here ? store_.set(file, FileStore::Mark::at_hub, true) : Status();
}

/// Every value that an entry brought into effect counts, superseded ones too: history may be asked for.
Status HubFiles::catch_up(const std::string& space) {
  const std::string setting = setting_of(hub_.authority().statement().epoch, space);
  if (!read_.contains(setting)) {
    WASL_LET(read_[setting], position_of(store_, setting));
  }
  Position& read = read_[setting];
  WASL_LET(const Position size, hub_.size(space));
  read = std::min(read, size);  // the log of an older copy is shorter
  if (read == size) return {};
  WASL_LET(const Position beginning, position_of(store_, beginning_of(space)));
  WASL_LET(const Position let_go, hub_.store().let_go(space));
  if (read < let_go) {  // files.db was lost: what stands under a base is known by that
    const auto note_all = [&](const std::string&, RecordState& state) -> Status {
      for (const auto& [address, heads] : state.heads)
        for (const Head& head : heads) WASL_TRY(note(space, head.value, true));
      return {};
    };
    WASL_TRY(hub_.store().each_base_record(space, note_all));
  }
  while (read < size) {
    WASL_LET(const auto blocks,
             hub_.store().read(space, read + 1, limits::kSegmentTargetBytes, hub_.network()));
    if (blocks.empty()) return fail(Errc::corrupt, "the hub's log of " + space + " has a gap");
    for (const Segment& block : blocks) {
      Position position = block.first;
      for (const SegmentItem& item : block.items) {
        if (entry_of(item) == nullptr) continue;
        const ChangeSet* set = position++ > read ? effect_of(item) : nullptr;
        if (set == nullptr) continue;
        for (const Operation& op : set->operations)
          WASL_TRY(note(space, op.value, position - 1 <= beginning));
      }
      read = std::max(read, position - 1);
    }
  }
  return store_.set_setting(setting, std::to_string(read));
}

Result<FilePort::Standing> HubFiles::standing(const FileId& file) {
  WASL_TRY(catch_up(file.space));
  WASL_LET(const auto known, store_.find(file));
  if (!known || !known->attached) return FilePort::Standing::unknown;
  if (!known->whole && away_ && away_->is_stuck(file))
    return FilePort::Standing::unknown;  // offered again later
  return known->whole ? FilePort::Standing::whole : FilePort::Standing::lacking;
}

/// A damaged chunk was met, or files.db was lost: whoever comes and has it may bring it back.
Result<std::vector<FileId>> HubFiles::lost() {
  WASL_LET(const auto spaces, hub_.store().space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const Position beginning, position_of(store_, beginning_of(space)));
    if (beginning > 0 && space != kAuthoritySpace) WASL_TRY(catch_up(space));
  }
  WASL_LET(const auto files, store_.files());
  std::vector<FileId> out;
  for (const KnownFile& file : files)
    if (file.at_hub && !file.whole && (!away_ || away_->has_looked_for(file.id))) out.push_back(file.id);
  return out;
}

/// In this order: what ends between the two asks for it again, and finds it whole.
Status HubFiles::settle(const FileId& file) {
  WASL_TRY(store_.set(file, FileStore::Mark::at_hub, true));
  return away_ ? away_->settle(file) : on_safe(file);
}

Status HubFiles::on_safe(const FileId& file) {
  WASL_TRY(store_.set(file, FileStore::Mark::at_hub, true));
  WASL_TRY(store_.set(file, FileStore::Mark::whole, true));
  if (told_) told_(file);
  return {};
}

Result<bool> HubFiles::ready(const std::string& space, const Hash& name) {
  if (!away_) return true;
  WASL_LET(const auto space_key, key(space));
  if (!space_key) return true;
  WASL_LET(const auto file, store_.of_root(space, name));
  if (file) away_->note_asked(*file);
  return away_->ready(space, *space_key, name);
}

Result<std::optional<StoredChunk>> HubFiles::read(const std::string& space, const ChunkKey& key,
                                                  const Hash& name) {
  if (away_) return away_->read(space, key, name);
  WASL_LET(const bool there, store_.has(space, name));
  WASL_LET(auto chunk, store_.read(space, key, name));
  if (there && !chunk && damaged_) damaged_();
  return chunk;
}

Status HubFiles::put(const std::string& space, const attachment::Chunk& chunk) {
  return away_ ? away_->put(space, chunk) : store_.put(space, chunk);
}

Status HubFiles::keep_away(AwayFiles::Options options) {
  AwayFiles::Owner owner;
  owner.network = to_hex(hub_.network().view());
  owner.now = [this] { return hub_.hub_time(); };
  owner.key = [this](const std::string& space) { return key(space); };
  owner.on_whole = [this](const FileId& file) { return on_safe(file); };
  owner.on_damaged = [this] {
    if (damaged_) damaged_();
  };
  owner.on_back = [this](const FileId& file) {
    if (told_) told_(file);
  };
  owner.on_arrived = [this] {
    if (arrived_) arrived_();
  };
  WASL_LET(away_, AwayFiles::open(store_, std::move(owner), std::move(options)));
  return {};
}

Status HubFiles::tick(Millis steady_now) {
  if (!away_) return {};
  WASL_LET(const auto spaces, hub_.store().space_names());
  for (const std::string& space : spaces) {
    if (space != kAuthoritySpace) WASL_TRY(catch_up(space));
  }
  return away_->tick(steady_now);
}

/// Who asks for a root fetches its file. Where all of it came as parts of other files nobody offers it: each
/// office that has it from here believes it here.
Status HubFiles::settle_what_is_here(const std::string& space, const ChunkKey& key, const Hash& root) {
  WASL_LET(const auto file, store_.lacking(space, root));
  if (!file || !file->attached) return {};
  WASL_LET(const auto progress, store_.progress(file->id, key));
  return progress.here == progress.all ? settle(file->id) : Status();
}

Result<HubFiles::Totals> HubFiles::totals() {
  WASL_LET(const auto spaces, hub_.store().space_names());
  for (const std::string& space : spaces) {
    if (space != kAuthoritySpace) WASL_TRY(catch_up(space));
  }
  WASL_LET(const auto files, store_.files());
  Totals out;
  for (const KnownFile& file : files) {
    out.named += file.attached ? 1 : 0;
    out.whole += file.whole ? 1 : 0;
  }
  WASL_LET(out.bytes, store_.bytes());
  return out;
}

}  // namespace wasl
