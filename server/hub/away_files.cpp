#include "server/hub/away_files.hpp"

#include <algorithm>
#include <charconv>

#include "server/contents/whole_files.hpp"
#include "shared/log/log.hpp"

namespace wasl {

using attachment::ChunkKey;
using attachment::FileId;

namespace {

constexpr std::string_view kPlace = "elsewhere", kTrouble = "elsewhere trouble";
constexpr std::string_view kTroubleCode = "elsewhere trouble code", kTroubleHint = "elsewhere trouble hint";
constexpr std::string_view kTroubleSince = "elsewhere trouble since";
constexpr std::size_t kCacheMost = 16 << 20;  // bytes that sessions have asked for and not yet sent
constexpr std::size_t kUnderWay = 32;         // chunks that are brought at once
constexpr std::size_t kAskedMost = 256;       // files
constexpr std::size_t kLooksAtOnce = 8;
constexpr std::size_t kLacksMost = 4096;  // files that are looked for elsewhere
constexpr Millis kLookEvery = 1'000, kLookLongest = 60'000;
constexpr Millis kPauseFirst = 1'000, kPauseLongest = 15'000;

}  // namespace

AwayFiles::AwayFiles(AwayChunks chunks, FileStore& store, Owner owner, Options options)
    : chunks_(std::move(chunks)), store_(&store), owner_(std::move(owner)), options_(std::move(options)) {
  worker_.emplace(options_.worker);
}

Result<std::unique_ptr<AwayFiles>> AwayFiles::open(FileStore& store, Owner owner, Options options) {
  WASL_LET(AwayChunks chunks, AwayChunks::open(store));
  std::unique_ptr<AwayFiles> out(
      new AwayFiles(std::move(chunks), store, std::move(owner), std::move(options)));
  WASL_TRY(out->note_state());
  return out;
}

/// For `status`, whatever process answers it.
Status AwayFiles::note_state() {
  WASL_TRY(store_->set_setting(kPlace, options_.place));
  WASL_TRY(store_->set_setting(kTroubleSince, std::to_string(trouble_since_)));
  WASL_TRY(store_->set_setting(kTroubleHint, trouble_ ? trouble_->hint : ""));
  WASL_TRY(store_->set_setting(kTroubleCode, trouble_ ? to_word(trouble_->code) : ""));
  return store_->set_setting(kTrouble, trouble_ ? trouble_->message : "");
}

Result<std::optional<AwayFiles::State>> AwayFiles::noted(FileStore& store) {
  std::map<std::string_view, std::string> words;
  for (const std::string_view name : {kPlace, kTrouble, kTroubleCode, kTroubleHint, kTroubleSince}) {
    WASL_LET(const auto value, store.setting(name));
    words[name] = value.value_or("");
  }
  if (words[kPlace].empty()) return std::optional<State>();
  State out;
  out.place = words[kPlace];
  WASL_LET(AwayChunks chunks, AwayChunks::open(store));
  WASL_LET(out.waiting_bytes, chunks.near_bytes());
  if (words[kTrouble].empty()) return std::optional(std::move(out));
  out.trouble = Error{errc_of(words[kTroubleCode]), words[kTrouble], words[kTroubleHint]};
  const std::string& since = words[kTroubleSince];
  std::from_chars(since.data(), since.data() + since.size(), out.trouble_since);
  return std::optional(std::move(out));
}

Status AwayFiles::note_at_home(FileStore& store) {
  WASL_LET(const auto place, store.setting(kPlace));
  return place && !place->empty() ? store.set_setting(kPlace, "") : Status();
}

/// What the last answer of the store says of it. The first failure is logged, and the return.
void AwayFiles::note(const Status& outcome) {
  const bool was_well = !trouble_;
  if (outcome) {
    pause_ = 0;
    if (was_well) return;
    log::info("files.store_is_back", {{"store", options_.place}});
    trouble_.reset();
    for (const FileId& file : std::exchange(in_vain_, {})) owner_.on_back(file);
  } else {
    ++errors_;
    const Error& error = outcome.error();
    pause_ = std::clamp(2 * pause_, kPauseFirst, kPauseLongest);
    again_at_ = now_ + pause_;
    if (trouble_ && trouble_->code == error.code) return;
    log::error("files.store",
               {{"code", to_word(error.code)}, {"reason", error.message}, {"hint", error.hint}});
    if (was_well) trouble_since_ = owner_.now();
    trouble_ = error;
  }
  Status noted = note_state();
  if (!noted) failed_ = std::move(noted);
}

/// Nothing is asked of a bucket that belongs to another network, or whose objects have gone: what it lacks
/// would count as damaged.
void AwayFiles::begin() {
  if (bucket_ != Bucket::unknown || is_out()) return;
  const auto has_some = AwayChunks::any(*store_);
  if (!has_some) return;
  const bool must_be_known = *has_some;
  const std::string network = owner_.network, place = options_.place;
  const bool asked = worker_->ask_first([=, this](ChunkContents& contents) -> ContentWorker::Done {
    Status known = claim_contents(contents, network, must_be_known, place);
    return [this, known = std::move(known)] {
      bucket_ = known ? Bucket::known : Bucket::unknown;
      note(known);
      has_arrived_ = true;
    };
  });
  if (asked) bucket_ = Bucket::asked;
}

// ── Reading

Result<bool> AwayFiles::ready(const std::string& space, const ChunkKey& key, const Hash& name) {
  if (coming_.contains({space, name})) return false;
  if (cache_.contains({space, name})) return true;
  WASL_LET(const auto kept, chunks_.look(space, name));
  if (!kept || kept->has_bytes() || is_out()) return true;
  fetch(space, key, kept->level, name);
  return false;
}

void AwayFiles::fetch(const std::string& space, const ChunkKey& key, unsigned level, const Hash& name) {
  if (bucket_ != Bucket::known) return begin();
  const ChunkName chunk{space, level, name};
  const bool asked = worker_->ask_first([this, chunk, key](ChunkContents& contents) -> ContentWorker::Done {
    auto got = contents.get(chunk);
    return [this, chunk, key, got = std::move(got)]() mutable {
      Status done = arrived({chunk.space, chunk.name}, chunk.level, key, std::move(got));
      if (!done) failed_ = std::move(done);
    };
  });
  if (asked) coming_.insert({space, name});
}

Status AwayFiles::arrived(const Key& key, unsigned level, const ChunkKey& chunk_key,
                          Result<std::optional<Bytes>> got) {
  coming_.erase(key);
  has_arrived_ = true;
  note(got ? Status() : tl::unexpected(got.error()));
  if (!got) return {};
  if (*got && attachment::chunk_name(chunk_key, level, **got) == key.name) {
    if (level > 0) return chunks_.keep_list(key.space, key.name, **got);
    keep(key, std::move(**got));
    return {};
  }
  log::error("files.damaged", {{"store", options_.place},
                               {"chunk", to_hex(key.name.view())},
                               {"what", *got ? "it is not what its name says" : "it is missing"}});
  WASL_TRY(chunks_.lose(key.space, key.name));
  owner_.on_damaged();
  return {};
}

void AwayFiles::keep(const Key& key, Bytes bytes) {
  cached_bytes_ += bytes.size();
  if (cache_.insert_or_assign(key, std::move(bytes)).second) cached_.push_back(key);
  while (cached_bytes_ > kCacheMost && cached_.size() > 1) {
    const auto oldest = cache_.find(cached_.front());
    cached_bytes_ -= oldest->second.size();
    cache_.erase(oldest);
    cached_.pop_front();
  }
}

Result<std::optional<StoredChunk>> AwayFiles::read(const std::string& space, const ChunkKey& key,
                                                   const Hash& name) {
  WASL_LET(auto kept, chunks_.look(space, name));
  if (!kept) return std::optional<StoredChunk>();
  if (kept->has_bytes()) {
    if (attachment::chunk_name(key, kept->level, kept->bytes) == name)
      return std::optional(StoredChunk{kept->level, std::move(kept->bytes)});
    if (kept->is_away) {
      WASL_TRY(chunks_.keep_list(space, name, {}));
    } else {
      WASL_TRY(chunks_.lose(space, name));
      owner_.on_damaged();
    }
    return std::optional<StoredChunk>();
  }
  if (const auto cached = cache_.find({space, name}); cached != cache_.end())
    return std::optional(StoredChunk{kept->level, cached->second});
  in_vain_.insert(asked_.begin(), asked_.end());
  return std::optional<StoredChunk>();
}

void AwayFiles::note_asked(const FileId& file) {
  if (asked_.size() == kAskedMost) asked_.erase(asked_.begin());
  asked_.insert(file);
}

// ── Bringing

Status AwayFiles::put(const std::string& space, const attachment::Chunk& chunk) {
  WASL_LET(const auto kept, chunks_.look(space, chunk.name));
  if (kept && kept->is_away && !kept->has_bytes()) return chunks_.keep_list(space, chunk.name, chunk.bytes);
  if (kept && kept->has_bytes()) return {};
  WASL_TRY(chunks_.bring(space, chunk));
  near_bytes_ += chunk.bytes.size();
  return bring();
}

Status AwayFiles::bring() {
  if (bucket_ != Bucket::known || is_out() || again_ || under_way_.size() >= kUnderWay) return {};
  WASL_LET(auto chunks, chunks_.near(offered_, kUnderWay - under_way_.size()));
  for (AwayChunks::Stored& chunk : chunks) {
    WASL_LET(const auto key, owner_.key(chunk.space));
    if (key && attachment::chunk_name(*key, chunk.level, chunk.bytes) != chunk.name) {
      WASL_TRY(chunks_.lose(chunk.space, chunk.name));
      owner_.on_damaged();
      continue;
    }
    const std::int64_t content = chunk.content;
    const bool asked =
        worker_->ask([this, chunk = std::move(chunk)](ChunkContents& contents) -> ContentWorker::Done {
          Status put = contents.put({chunk.space, chunk.level, chunk.name}, chunk.bytes);
          return [this, content = chunk.content, put = std::move(put)] {
            note(put);
            under_way_.erase(content);
            if (put) there_.push_back(content);
            again_ = again_ || !put;
          };
        });
    if (!asked) return {};
    offered_ = content;
    under_way_.insert(content);
  }
  return {};
}

/// One commit for all that has arrived meanwhile.
Status AwayFiles::brought() {
  if (!there_.empty()) {
    WASL_TRY(chunks_.leave(there_));
    there_.clear();
  }
  if (again_ && under_way_.empty()) {
    offered_ = 0;
    again_ = false;
  }
  WASL_TRY(settle_what_is_there());
  return bring();
}

Status AwayFiles::settle(const FileId& file) {
  WASL_LET(waiting_[file], chunks_.newest());
  return settle_what_is_there();
}

Status AwayFiles::settle_what_is_there() {
  if (waiting_.size() == noting_.size() || bucket_ != Bucket::known || is_out()) return {};
  WASL_LET(const auto first, chunks_.first_near());
  for (const auto& [file, newest] : waiting_) {
    if ((first && *first <= newest) || noting_.contains(file)) continue;
    const bool asked = worker_->ask([this, file = file](ChunkContents& contents) -> ContentWorker::Done {
      Status noted = note_whole(contents, file);
      return [this, file, noted = std::move(noted)] {
        note(noted);
        noting_.erase(file);
        if (!noted || waiting_.erase(file) == 0) return;
        Status told = owner_.on_whole(file);
        if (!told) failed_ = std::move(told);
      };
    });
    if (!asked) return {};
    noting_.insert(file);
  }
  return {};
}

// ── What other hubs have brought

Status AwayFiles::look_for_others() {
  if (bucket_ != Bucket::known || is_out() || now_ < looked_at_ + kLookEvery) return {};
  looked_at_ = now_;
  WASL_LET(const auto files, chunks_.lacking(kLacksMost));
  for (const FileId& file : files) {
    if (looking_.size() >= kLooksAtOnce) return {};
    Look& look = looks_[file];
    if (looking_.contains(file) || waiting_.contains(file) || now_ < look.next) continue;
    WASL_LET(const auto key, owner_.key(file.space));
    if (!key) continue;
    look.step = std::clamp(2 * look.step, kLookEvery, kLookLongest);
    look.next = now_ + look.step;
    const bool asked = worker_->ask([this, file, key = *key](ChunkContents& contents) -> ContentWorker::Done {
      auto found_there = find_whole(contents, file, key);
      return [this, file, found_there = std::move(found_there)]() mutable {
        Status done = found(file, std::move(found_there));
        if (!done) failed_ = std::move(done);
      };
    });
    if (!asked) return {};
    looking_.insert(file);
  }
  return {};
}

Status AwayFiles::found(const FileId& file, Result<std::optional<std::vector<AwayChunks::Found>>> found) {
  looking_.erase(file);
  note(found ? Status() : tl::unexpected(found.error()));
  if (!found) return {};
  const bool is_first = looked_.insert(file).second;
  if (!*found) {
    if (is_first) owner_.on_damaged();  // perhaps it was here once: offices are asked from now on
    return {};
  }
  WASL_LET(const bool all, chunks_.add(file.space, **found));
  looks_.erase(file);
  if (all) return owner_.on_whole(file);
  owner_.on_damaged();
  return {};
}

Status AwayFiles::tick(Millis now) {
  now_ = now;
  WASL_LET(near_bytes_, chunks_.near_bytes());
  if (trouble_ && !is_out() && bucket_ == Bucket::known) bucket_ = Bucket::unknown;  // is it back?
  begin();
  WASL_TRY(look_for_others());
  return take();
}

Status AwayFiles::take() {
  worker_->take();
  if (!failed_) return std::exchange(failed_, {});
  WASL_TRY(brought());
  if (std::exchange(has_arrived_, false)) owner_.on_arrived();
  return {};
}

}  // namespace wasl
