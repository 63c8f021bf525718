#include "shared/wire/file_exchange.hpp"

#include <algorithm>
#include <utility>

namespace wasl {

using attachment::FileId;
using attachment::Place;

namespace {

constexpr std::size_t kWindowMost = 32;  // 512 KiB under way: what a line of 7 Mbit/s carries in 600 ms
// From asking to having. Whatever is under way, an edit waits behind: in the systems' buffers and the line's.
constexpr Millis kSoon = 1'000;
constexpr Millis kLate = 1'500;
constexpr Millis kAnswerWithin = 10'000;
constexpr Millis kLookEvery = 600'000;
constexpr std::size_t kOwedMost = 256;  // names that a peer may ask for at once
constexpr std::size_t kOffersMost = 4096;

tl::unexpected<Error> out_of_turn(std::string_view what) {
  return fail(Errc::malformed, "the peer sent " + std::string(what) + " that nobody asked for");
}

}  // namespace

Result<FileExchange::Frames> FileExchange::on_frame(ByteView frame) {
  switch (file_frame_kind(frame)) {
    case FileFrameKind::offer:
      return take_offers(frame);
    case FileFrameKind::held:
      return take_held(frame);
    case FileFrameKind::want:
      return take_want(frame);
    case FileFrameKind::chunk:
      return take_chunk(frame);
    case FileFrameKind::none:
      return take_none(frame);
  }
  return fail(Errc::malformed, "a frame of files of an unknown kind");
}

Result<FileExchange::Frames> FileExchange::refresh() {
  Frames out;
  if (end_ == End::office && !greeted_) return out;
  WASL_LET(const auto wanted, port_.wanted());
  for (const FileId& file : wanted) {
    if (!lacking_.contains(file)) WASL_TRY(begin(file));
  }
  WASL_TRY(ask(out));
  if (end_ == End::hub) return out;
  WASL_LET(const auto offered, port_.offered());
  std::vector<FileId> fresh;
  for (const FileId& file : offered) {
    if (fresh.size() == kFilesOfFrame || declined_.contains(file)) continue;
    if (offers_.insert(file).second) fresh.push_back(file);
  }
  if (!fresh.empty()) out.push_back(encode_files(FileFrameKind::offer, fresh));
  return out;
}

/// Nothing of a space whose key is unknown, or closed to the other end.
Status FileExchange::begin(const FileId& file) {
  if (fetching_.contains(file)) return {};
  WASL_LET(const auto key, port_.key(file.space));
  if (!key) return {};
  fetches_.push_back(Fetch{file, *key, attachment::TreeWalk(file)});
  fetching_.insert(file);
  return {};
}

/// What stands before it in the tree is here or asked for.
Result<std::optional<Place>> FileExchange::next_missing(Fetch& fetch) {
  while (const auto place = fetch.walk.next()) {
    WASL_LET(const bool here, port_.has(fetch.file.space, place->name));
    if (!here) return place;
    fetch.all_came = false;
    if (place->level == 0) continue;
    WASL_LET(auto list, port_.read(fetch.file.space, place->name));
    if (!list) return place;
    if (list->level != place->level || !fetch.walk.enter(*place, std::move(list->bytes))) {
      wrong(fetch, "its list of parts is not of its size");
      return std::optional<Place>();
    }
  }
  fetch.asked_all = true;
  return std::optional<Place>();
}

void FileExchange::wrong(Fetch& fetch, const std::string& what) {
  fetch.asked_all = true;
  if (!std::exchange(fetch.lacks, true)) port_.on_wrong(fetch.file, what);
}

/// A thin line has one chunk under way; one that is only long has as many as keep it busy.
void FileExchange::fit_window(Millis took) {
  if (took > kLate) window_ = std::max<std::size_t>(1, window_ / 2);
  if (took < kSoon) window_ = std::min(kWindowMost, window_ + 1);
}

Status FileExchange::ask(Frames& out) {
  if (!fetches_.empty() && !port_.takes_more()) {
    for (Fetch& fetch : fetches_) fetch.lacks = fetch.asked_all = true;
  }
  for (auto fetch = fetches_.begin(); fetch != fetches_.end() && asked_.size() < window_; ++fetch) {
    WantFrame want{fetch->file.space, {}};
    while (!fetch->asked_all && !fetch->list && asked_.size() < window_) {
      WASL_LET(const auto place, next_missing(*fetch));
      if (!place) break;
      const bool under_way = std::any_of(asked_.begin(), asked_.end(), [&](const Asked& one) {
        return one.fetch == fetch && one.place.name == place->name;
      });
      if (under_way) continue;  // a file that says the same twice
      want.names.push_back(place->name);
      asked_.push_back({fetch, *place, port_.now()});
      ++fetch->asked;
      if (place->level > 0) fetch->list = place;
    }
    if (!want.names.empty()) out.push_back(encode(want));
  }
  return end_fetches(out);
}

Status FileExchange::end_fetches(Frames& out) {
  for (auto fetch = fetches_.begin(); fetch != fetches_.end();) {
    if (!fetch->asked_all || fetch->asked > 0) {
      ++fetch;
      continue;
    }
    const FileId file = fetch->file;
    const bool lacks = fetch->lacks, is_offered = fetch->is_offered, all_came = fetch->all_came;
    fetch = fetches_.erase(fetch);
    fetching_.erase(file);
    if (lacks) {
      lacking_.insert(file);
      if (is_offered) out.push_back(encode(NoneFrame{file.space, file.root}));
      continue;
    }
    WASL_TRY(port_.on_whole(file, all_came));
    if (!is_offered) continue;
    WASL_LET(const auto standing, port_.standing(file));
    if (standing == FilePort::Standing::whole) {
      out.push_back(encode_files(FileFrameKind::held, {file}));
    } else if (standing == FilePort::Standing::unknown) {
      out.push_back(encode(NoneFrame{file.space, file.root}));
    } else {
      answerless_.emplace(file, port_.now());
    }
  }
  return {};
}

Result<FileExchange::Frames> FileExchange::take_offers(ByteView frame) {
  if (end_ == End::office) return out_of_turn("an offer of files");
  WASL_LET(const auto files, decode_files(frame));
  if (fetches_.size() + files.size() > kOffersMost)
    return fail(Errc::limit_exceeded, "more files are offered at once than the hub looks at");
  Frames out;
  std::vector<FileId> held;
  for (const FileId& file : files) {
    WASL_LET(const auto key, port_.key(file.space));
    WASL_LET(const auto standing,
             key ? port_.standing(file) : Result<FilePort::Standing>(FilePort::Standing::unknown));
    if (standing == FilePort::Standing::whole) {
      held.push_back(file);
    } else if (standing == FilePort::Standing::unknown) {
      out.push_back(encode(NoneFrame{file.space, file.root}));
    } else {
      WASL_TRY(begin(file));
      for (Fetch& fetch : fetches_) fetch.is_offered = fetch.is_offered || fetch.file == file;
    }
  }
  if (!held.empty()) out.push_back(encode_files(FileFrameKind::held, held));
  WASL_TRY(ask(out));
  return out;
}

Result<FileExchange::Frames> FileExchange::take_held(ByteView frame) {
  if (end_ == End::hub) return out_of_turn("a word of what it holds");
  WASL_LET(const auto files, decode_files(frame));
  greeted_ = true;
  bool has_what_it_lacked = false;
  for (const FileId& file : files) {
    const bool answers = offers_.erase(file) + declined_.erase(file) > 0;
    has_what_it_lacked = lacking_.erase(file) > 0 || has_what_it_lacked;
    if (answers || has_what_it_lacked) WASL_TRY(port_.on_held(file));
  }
  return has_what_it_lacked ? refresh() : Result<Frames>(Frames());
}

Result<FileExchange::Frames> FileExchange::take_want(ByteView frame) {
  WASL_LET(const WantFrame want, decode_want(frame));
  if (owed_.size() + want.names.size() > kOwedMost)
    return fail(Errc::limit_exceeded, "more chunks are asked for than may be at once");
  for (const Hash& name : want.names) {
    owed_.push_back({want.space, name});
    WASL_TRY(port_.ready(want.space, name));  // those behind it come meanwhile
  }
  return Frames();
}

Result<FileExchange::Frames> FileExchange::on_room() {
  Frames out;
  while (!owed_.empty()) {
    WASL_LET(const bool ready, port_.ready(owed_.front().space, owed_.front().name));
    if (!ready) return out;
    const Owed owed = std::move(owed_.front());
    owed_.pop_front();
    WASL_LET(const auto key, port_.key(owed.space));
    std::optional<ChunkFrame> chunk;
    if (key) {
      WASL_LET(chunk, port_.read(owed.space, owed.name));
    }
    if (chunk) {
      ++chunks_out_;
      out.push_back(encode(*chunk));
      return out;
    }
    out.push_back(encode(NoneFrame{owed.space, owed.name}));
  }
  return out;
}

Result<FileExchange::Frames> FileExchange::take_chunk(ByteView frame) {
  if (asked_.empty()) return out_of_turn("a chunk");
  WASL_LET(const ChunkFrame chunk, decode_chunk(frame));
  const Asked asked = asked_.front();
  asked_.pop_front();
  Fetch& fetch = *asked.fetch;
  --fetch.asked;
  ++chunks_in_;
  fit_window(port_.now() - asked.at);
  const bool is_it = chunk.space == fetch.file.space && chunk.level == asked.place.level &&
                     attachment::chunk_name(fetch.key, chunk.level, chunk.bytes) == asked.place.name;
  if (!is_it) {
    wrong(fetch, "a part of it is not what its name says");
  } else if (!fetch.walk.fits(asked.place, chunk.bytes)) {
    wrong(fetch, "it is not of the size that the record says");
  } else {
    WASL_TRY(port_.put(chunk.space, {chunk.level, asked.place.name, chunk.bytes}));
    if (fetch.list && fetch.list->name == asked.place.name) {
      fetch.walk.enter(asked.place, chunk.bytes);
      fetch.list.reset();
    }
  }
  Frames out;
  WASL_TRY(ask(out));
  return out;
}

Result<FileExchange::Frames> FileExchange::take_none(ByteView frame) {
  WASL_LET(const NoneFrame none, decode_none(frame));
  Frames out;
  if (!asked_.empty() && asked_.front().place.name == none.name &&
      asked_.front().fetch->file.space == none.space) {
    Fetch& fetch = *asked_.front().fetch;
    --fetch.asked;
    fetch.lacks = true;
    if (fetch.list && fetch.list->name == none.name) fetch.asked_all = true;
    asked_.pop_front();
    WASL_TRY(ask(out));
    return out;
  }
  const auto offer = std::find_if(offers_.begin(), offers_.end(), [&](const FileId& file) {
    return file.space == none.space && file.root == none.name;
  });
  if (offer == offers_.end()) return out_of_turn("a refusal");
  declined_.insert(*offer);
  offers_.erase(offer);
  return out;
}

Result<FileExchange::Frames> FileExchange::tell_held(const FileId& file) {
  Frames out;
  answerless_.erase(file);
  WASL_LET(const auto key, port_.key(file.space));
  if (key) out.push_back(encode_files(FileFrameKind::held, {file}));
  return out;
}

Result<FileExchange::Frames> FileExchange::on_time() {
  Frames out;
  for (auto one = answerless_.begin(); one != answerless_.end();) {
    if (port_.now() < one->second + kAnswerWithin) {
      ++one;
      continue;
    }
    out.push_back(encode(NoneFrame{one->first.space, one->first.root}));
    one = answerless_.erase(one);
  }
  const Millis now = port_.now();
  if (now >= looked_ && now < looked_ + kLookEvery) return out;
  const bool is_first = std::exchange(looked_, now) == 0;
  // The hub is told of damage when it is met, and need not look through all its files for each office.
  if (is_first || (end_ == End::hub && lacking_.empty())) return out;
  lacking_.clear();
  declined_.clear();  // what was damaged here, or unknown there, may be whole and known by now
  WASL_LET(Frames more, refresh());
  std::move(more.begin(), more.end(), std::back_inserter(out));
  return out;
}

}  // namespace wasl
