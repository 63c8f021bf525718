#pragma once
// One end of the exchange of files as a state machine (PROTOCOL.md section 19): frames in, frames out. No
// socket, store, thread, clock or randomness. It runs beside a session on the session's channel: whoever owns
// both lets the session's frames go first and asks for a chunk only when nothing waits in the channel.
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/attachment/cutting.hpp"
#include "shared/attachment/walking.hpp"
#include "shared/base/environment.hpp"
#include "shared/wire/file_frames.hpp"

namespace wasl {

/// What the exchange asks of whoever keeps the chunks. Every call returns when its effect is durable.
class FilePort {
 public:
  virtual ~FilePort() = default;
  virtual Millis now() = 0;
  /// Nothing: the other end may not read the space, or its key is not known here.
  virtual Result<std::optional<attachment::ChunkKey>> key(const std::string& space) = 0;
  virtual Result<bool> has(const std::string& space, const Hash& name) = 0;
  /// Nothing when it is not here, or not what its name says.
  virtual Result<std::optional<ChunkFrame>> read(const std::string& space, const Hash& name) = 0;
  /// False: its bytes are under way from where they lie; the owner of the exchange calls on_room() when they
  /// have come. A name that is not here is ready too.
  virtual Result<bool> ready(const std::string& space, const Hash& name) {
    static_cast<void>(space), static_cast<void>(name);
    return true;
  }
  virtual Status put(const std::string& space, const attachment::Chunk& chunk) = 0;
  /// False: what comes now could not be kept, and nothing more is asked for.
  virtual bool takes_more() { return true; }
  /// Every chunk of the file is here. A hub that cannot answer for them yet has standing() say `lacking`
  /// until it can; then tell_held().
  /// @param all_came from the other end, which has it then; else parts were here before, of other files.
  virtual Status on_whole(const attachment::FileId& file, bool all_came) = 0;
  /// Bytes came that are not what they are called, or make no file of this size; they are not kept.
  virtual void on_wrong(const attachment::FileId& file, const std::string& what) = 0;

  /// What is to be fetched, the most urgent first: of a hub, what it held once and lacks by now.
  virtual Result<std::vector<attachment::FileId>> wanted() = 0;

  // Of an office.
  /// What is whole here and perhaps not at the hub.
  virtual Result<std::vector<attachment::FileId>> offered() = 0;
  virtual Status on_held(const attachment::FileId& file) = 0;

  // Of a hub.
  enum class Standing { unknown, lacking, whole };  ///< unknown: no accepted change set names it
  virtual Result<Standing> standing(const attachment::FileId& file) = 0;
};

class FileExchange {
 public:
  enum class End { office, hub };
  using Frames = std::vector<Bytes>;

  FileExchange(FilePort& port, End end) : port_(port), end_(end) {}

  /// Hub: it knows these frames. An office says nothing of files before it has heard that.
  static Bytes greeting() { return encode_files(FileFrameKind::held, {}); }

  /// @pre is_file_frame(frame). Errors: malformed (then the link is to be ended), and those of the port.
  Result<Frames> on_frame(ByteView frame);
  /// Looks again at what is to be fetched and offered.
  Result<Frames> refresh();
  /// So many change sets of this office were accepted in this session: when more are, what the hub declined
  /// because no accepted one named it is offered again at the next refresh().
  void note_accepted(std::uint64_t accepted) {
    if (std::exchange(accepted_, accepted) != accepted) declined_.clear();
  }
  /// Nothing waits in the channel: at most one chunk, and what stands before it.
  Result<Frames> on_room();
  /// Hub: the file is whole, by whatever session. Nothing for who may not read it.
  Result<Frames> tell_held(const attachment::FileId& file);
  /// Call it every now and then: an open session may stand for days. What is wanted by now, and what the
  /// other end lacked a while ago, is asked for again. Hub: what it cannot answer for after a while is
  /// declined; its office offers it again another time.
  Result<Frames> on_time();

  [[nodiscard]] bool is_greeted() const { return greeted_; }
  /// Nothing is asked, offered or owed.
  [[nodiscard]] bool is_idle() const { return fetches_.empty() && offers_.empty() && owed_.empty(); }
  [[nodiscard]] bool owes() const { return !owed_.empty(); }
  [[nodiscard]] std::uint64_t chunks_in() const { return chunks_in_; }
  [[nodiscard]] std::uint64_t chunks_out() const { return chunks_out_; }

 private:
  struct Fetch {
    attachment::FileId file;
    attachment::ChunkKey key;
    attachment::TreeWalk walk;
    std::size_t asked = 0;                    ///< chunks under way
    std::optional<attachment::Place> list{};  ///< without it there is nothing more to ask for
    bool asked_all = false;
    bool lacks = false;  ///< the other end has not all of it, or sent something else
    bool is_offered = false;
    bool all_came = true;
  };
  using Fetches = std::list<Fetch>;
  struct Asked {
    Fetches::iterator fetch;
    attachment::Place place;
    Millis at = 0;
  };
  struct Owed {
    std::string space;
    Hash name;
  };

  Result<Frames> take_offers(ByteView frame);
  Result<Frames> take_held(ByteView frame);
  Result<Frames> take_want(ByteView frame);
  Result<Frames> take_chunk(ByteView frame);
  Result<Frames> take_none(ByteView frame);
  Status begin(const attachment::FileId& file);
  Status ask(Frames& out);
  Result<std::optional<attachment::Place>> next_missing(Fetch& fetch);
  Status end_fetches(Frames& out);
  void wrong(Fetch& fetch, const std::string& what);
  void fit_window(Millis took);

  FilePort& port_;
  End end_;
  bool greeted_ = false;
  Fetches fetches_;
  std::set<attachment::FileId> fetching_;            ///< those of fetches_
  std::deque<Asked> asked_;                          ///< answered in this order
  std::deque<Owed> owed_;                            ///< chunks that the other end waits for
  std::set<attachment::FileId> offers_;              ///< without an answer
  std::set<attachment::FileId> declined_;            ///< not offered again before more is accepted
  std::map<attachment::FileId, Millis> answerless_;  ///< hub: offered, all of it here, and since when
  std::uint64_t accepted_ = 0;
  std::set<attachment::FileId> lacking_;  ///< at the other end: not asked again before it says otherwise
  Millis looked_ = 0;                     ///< on_time(), when it last asked again
  std::size_t window_ = 1;                ///< chunks that may be under way
  std::uint64_t chunks_in_ = 0;
  std::uint64_t chunks_out_ = 0;
};

}  // namespace wasl
