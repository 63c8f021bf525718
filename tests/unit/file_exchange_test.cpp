// Files between an office and the hub, frame by frame.
#include "shared/wire/file_exchange.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "shared/attachment/cutting.hpp"

namespace wasl {
namespace {

using attachment::Chunk;
using attachment::ChunkKey;
using attachment::FileId;
using attachment::kChunkBytes;
using Frames = FileExchange::Frames;

const std::string kSpace = "network";

/// Chunks in memory.
class Shelf final : public FilePort {
 public:
  Millis now() override { return time += a_call_takes; }
  Result<std::optional<ChunkKey>> key(const std::string& space) override {
    return closed.contains(space) ? std::optional<ChunkKey>()
                                  : std::optional(attachment::chunk_key({}, space, std::nullopt));
  }
  Result<bool> has(const std::string& space, const Hash& name) override {
    return chunks.contains({space, name});
  }
  Result<std::optional<ChunkFrame>> read(const std::string& space, const Hash& name) override {
    const auto found = chunks.find({space, name});
    return found == chunks.end() ? std::optional<ChunkFrame>() : std::optional(found->second);
  }
  Result<bool> ready(const std::string&, const Hash&) override { return is_near; }
  bool takes_more() override { return has_room; }
  Status put(const std::string& space, const Chunk& chunk) override {
    ++puts;
    chunks[{space, chunk.name}] = {space, chunk.level, to_bytes(chunk.bytes)};
    return {};
  }
  Status on_whole(const FileId& file, bool all_came) override {
    whole.insert(file);
    if (all_came) came.insert(file);
    return {};
  }
  void on_wrong(const FileId&, const std::string& what) override { wrong.push_back(what); }
  Result<std::vector<FileId>> wanted() override {
    std::vector<FileId> out;
    for (const FileId& file : wants)
      if (!whole.contains(file)) out.push_back(file);
    return out;
  }
  Result<std::vector<FileId>> offered() override {
    std::vector<FileId> out;
    for (const FileId& file : whole)
      if (!held.contains(file)) out.push_back(file);
    return out;
  }
  Status on_held(const FileId& file) override {
    held.insert(file);
    return {};
  }
  Result<Standing> standing(const FileId& file) override {
    if (!named.contains(file)) return Standing::unknown;
    return whole.contains(file) && is_safe ? Standing::whole : Standing::lacking;
  }

  FileId take_in(std::size_t size, unsigned seed = 1) {
    Bytes bytes(size);
    std::uint32_t state = seed;
    for (Byte& byte : bytes) byte = static_cast<Byte>((state = state * 1664525U + 1013904223U) >> 24);
    attachment::Cutter cutter(attachment::chunk_key({}, kSpace, std::nullopt),
                              [&](const Chunk& chunk) { return put(kSpace, chunk); });
    EXPECT_TRUE(cutter.add(bytes));
    const FileId file{kSpace, *cutter.finish(), size};
    whole.insert(file);
    puts = 0;
    return file;
  }

  std::map<std::pair<std::string, Hash>, ChunkFrame> chunks;
  std::set<std::string> closed;
  std::set<FileId> whole, came, held, named;
  std::vector<FileId> wants;
  std::vector<std::string> wrong;
  bool is_near = true, is_safe = true, has_room = true;
  std::size_t puts = 0;
  Millis time = 0, a_call_takes = 0;
};

/// A channel in which at most one chunk waits each way.
class Line {
 public:
  Line(Shelf& office, Shelf& hub)
      : office_(office, FileExchange::End::office), hub_(hub, FileExchange::End::hub) {
    to_office_ = {FileExchange::greeting()};
  }

  void begin() {
    deliver_all();
    queue(to_hub_, office_.refresh());
  }
  void begin_at_hub() { queue(to_office_, hub_.refresh()); }
  /// @return false: nothing was left to do.
  bool step() {
    if (to_hub_.empty()) queue(to_hub_, office_.on_room());
    if (to_office_.empty()) queue(to_office_, hub_.on_room());
    if (to_hub_.empty() && to_office_.empty()) return false;
    deliver_all();
    return true;
  }
  void run(std::size_t most = SIZE_MAX) {
    while (most-- > 0 && step()) {
    }
  }
  void to_office(Bytes frame) { to_office_.push_back(std::move(frame)); }

  FileExchange& office() { return office_; }
  FileExchange& hub() { return hub_; }
  std::optional<Error> error;
  std::size_t most_wanted = 0;   ///< chunks that the office had asked for and not got
  std::size_t largest_wait = 0;  ///< bytes of frames that waited at once
  std::function<void(Bytes&)> spoil = [](Bytes&) {};

 private:
  void queue(std::vector<Bytes>& way, Result<Frames> frames) {
    if (!frames) {
      error = frames.error();
      return;
    }
    for (Bytes& frame : *frames) way.push_back(std::move(frame));
    std::size_t waits = 0;
    for (const Bytes& frame : way) waits += frame.size();
    largest_wait = std::max(largest_wait, waits);
  }
  void deliver_all() {
    for (Bytes& frame : std::exchange(to_office_, {})) {
      spoil(frame);
      queue(to_hub_, office_.on_frame(frame));
    }
    for (Bytes& frame : std::exchange(to_hub_, {})) {
      if (file_frame_kind(frame) == FileFrameKind::want) wanted_ += decode_want(frame)->names.size();
      most_wanted = std::max(most_wanted, wanted_ - office_.chunks_in());
      queue(to_office_, hub_.on_frame(frame));
    }
  }

  FileExchange office_;
  FileExchange hub_;
  std::vector<Bytes> to_office_, to_hub_;
  std::uint64_t wanted_ = 0;
};

TEST(FileExchange, BringsAFileToTheHubAndFromThereToAnother) {
  Shelf dakar, hub, nairobi;
  const FileId file = dakar.take_in(700 * kChunkBytes + 5);
  hub.named.insert(file);
  Line up(dakar, hub);
  up.begin();
  up.run();
  EXPECT_FALSE(up.error);
  EXPECT_TRUE(up.office().is_idle() && up.hub().is_idle());
  EXPECT_TRUE(hub.whole.contains(file));
  EXPECT_TRUE(dakar.held.contains(file));
  EXPECT_EQ(up.office().chunks_out(), attachment::chunks_of(file.size));
  nairobi.wants = {file};
  Line down(nairobi, hub);
  down.begin();
  down.run();
  EXPECT_TRUE(nairobi.whole.contains(file));
  EXPECT_EQ(nairobi.chunks.size(), dakar.chunks.size());
  EXPECT_EQ(nairobi.puts, attachment::chunks_of(file.size));
}

TEST(FileExchange, WaitsForWhatIsUnderWayFromElsewhereAndGoesOn) {
  Shelf hub, nairobi;
  const FileId file = hub.take_in(40 * kChunkBytes);
  nairobi.wants = {file};
  hub.is_near = false;
  Line line(nairobi, hub);
  line.begin();
  line.run();
  EXPECT_TRUE(line.hub().owes());
  EXPECT_EQ(nairobi.puts, 0U);
  hub.is_near = true;
  line.run();
  EXPECT_FALSE(line.error);
  EXPECT_TRUE(nairobi.whole.contains(file));
}

TEST(FileExchange, SaysHeldWhenItCanAnswerForItAndNoneWhereThatTakesLong) {
  Shelf dakar, hub;
  const FileId file = dakar.take_in(40 * kChunkBytes);
  hub.named.insert(file);
  hub.is_safe = false;
  Line line(dakar, hub);
  line.begin();
  line.run();
  EXPECT_TRUE(hub.whole.contains(file) && !dakar.held.contains(file));
  EXPECT_FALSE(line.office().is_idle());
  EXPECT_TRUE(line.hub().on_time()->empty());
  hub.time += 60'000;
  const auto declined = *line.hub().on_time();
  ASSERT_EQ(declined.size(), 1U);
  line.to_office(declined.front());
  line.run();
  EXPECT_TRUE(line.office().is_idle() && !dakar.held.contains(file));
  EXPECT_TRUE(line.hub().on_time()->empty());
  hub.is_safe = true;
  const auto held = *line.hub().tell_held(file);
  ASSERT_EQ(held.size(), 1U);
  line.to_office(held.front());
  line.run();
  EXPECT_TRUE(dakar.held.contains(file));
}

TEST(FileExchange, AsksForNothingThatCouldNotBeKept) {
  Shelf dakar, hub;
  const FileId file = dakar.take_in(40 * kChunkBytes);
  hub.named.insert(file);
  hub.has_room = false;
  Line line(dakar, hub);
  line.begin();
  line.run();
  EXPECT_FALSE(line.error);
  EXPECT_EQ(hub.puts, 0U);
  EXPECT_TRUE(line.office().is_idle() && line.hub().is_idle());
  EXPECT_FALSE(dakar.held.contains(file));
}

TEST(FileExchange, NeverHasMoreThanOneChunkInTheChannel) {
  Shelf dakar, hub;
  const FileId up_file = dakar.take_in(300 * kChunkBytes, 1);
  hub.named.insert(up_file);
  const FileId down_file = hub.take_in(300 * kChunkBytes, 2);
  dakar.wants = {down_file};
  Line line(dakar, hub);
  line.begin();
  line.run();
  EXPECT_TRUE(hub.whole.contains(up_file) && dakar.whole.contains(down_file));
  EXPECT_LT(line.largest_wait, kChunkBytes + 32 * 40);  // a chunk, and what is asked for
}

TEST(FileExchange, HasOneChunkUnderWayOnAThinLine) {
  for (const bool is_thin : {false, true}) {
    Shelf dakar, hub;
    dakar.a_call_takes = is_thin ? 2'000 : 10;
    const FileId file = hub.take_in(100 * kChunkBytes);
    dakar.wants = {file};
    Line line(dakar, hub);
    line.begin();
    line.run();
    EXPECT_TRUE(dakar.whole.contains(file));
    EXPECT_EQ(line.most_wanted > 8, !is_thin) << line.most_wanted;
    EXPECT_LE(line.most_wanted, is_thin ? 1U : 32U);
  }
}

TEST(FileExchange, GoesOnWhereItWasCutAndSendsNothingTwice) {
  Shelf dakar, hub;
  const FileId file = hub.take_in(600 * kChunkBytes);
  dakar.wants = {file};
  std::size_t sent = 0;
  for (const std::size_t steps : {std::size_t{40}, std::size_t{200}, SIZE_MAX}) {
    Line line(dakar, hub);
    line.begin();
    line.run(steps);
    sent += line.hub().chunks_out();
  }
  EXPECT_TRUE(dakar.whole.contains(file));
  EXPECT_EQ(dakar.puts, attachment::chunks_of(file.size));
  EXPECT_LE(sent, attachment::chunks_of(file.size) + 2);  // one in the channel at each cut
}

TEST(FileExchange, SendsNothingThatTheHubHasOrThatNoChangeSetNames) {
  Shelf dakar, accra, hub;
  const FileId file = dakar.take_in(50 * kChunkBytes);
  EXPECT_EQ(accra.take_in(50 * kChunkBytes), file);
  hub.named.insert(file);
  const FileId nobodys = dakar.take_in(10 * kChunkBytes, 9);
  Line one(dakar, hub);
  one.begin();
  one.run();
  EXPECT_EQ(one.office().chunks_out(), attachment::chunks_of(file.size));
  EXPECT_FALSE(dakar.held.contains(nobodys));
  EXPECT_TRUE(one.office().is_idle());
  Line two(accra, hub);
  two.begin();
  two.run();
  EXPECT_EQ(two.office().chunks_out(), 0U);
  EXPECT_TRUE(accra.held.contains(file));
}

TEST(FileExchange, OffersAgainWhatCameBeforeItsChangeSet) {
  Shelf dakar, hub;
  const FileId file = dakar.take_in(kChunkBytes);
  Line line(dakar, hub);
  line.begin();
  line.run();
  ASSERT_FALSE(hub.whole.contains(file)) << "no change set names it yet";
  hub.named.insert(file);
  line.begin();
  line.run();
  EXPECT_FALSE(hub.whole.contains(file)) << "nothing that this office sent was accepted since";
  line.office().note_accepted(1);
  line.begin();
  line.run();
  EXPECT_TRUE(hub.whole.contains(file));
}

TEST(FileExchange, TakesNoChunkThatIsNotWhatItsNameSays) {
  Shelf dakar, hub;
  const FileId file = hub.take_in(20 * kChunkBytes, 1);
  const FileId good = hub.take_in(20 * kChunkBytes, 2);
  dakar.wants = {file, good};
  Line line(dakar, hub);
  std::size_t chunks = 0;
  line.spoil = [&](Bytes& frame) {
    if (file_frame_kind(frame) == FileFrameKind::chunk && ++chunks == 5) frame.back() ^= 1;
  };
  line.begin();
  line.run();
  EXPECT_FALSE(line.error);
  ASSERT_EQ(dakar.wrong.size(), 1U);
  EXPECT_EQ(dakar.wrong.front(), "a part of it is not what its name says");
  EXPECT_EQ(dakar.whole.size(), 1U);  // the other file went on
  EXPECT_TRUE(line.office().is_idle());
  Line again(dakar, hub);  // an honest line brings the rest
  again.begin();
  again.run();
  EXPECT_TRUE(dakar.whole.contains(file) && dakar.whole.contains(good));
}

TEST(FileExchange, RefusesATreeThatIsNotOfTheSizeThatTheRecordSays) {
  Shelf dakar, hub;
  const FileId file = hub.take_in(20 * kChunkBytes);
  const FileId larger{file.space, file.root, file.size + 5 * kChunkBytes};
  dakar.wants = {larger};
  Line line(dakar, hub);
  line.begin();
  line.run();
  ASSERT_EQ(dakar.wrong.size(), 1U);
  EXPECT_EQ(dakar.wrong.front(), "it is not of the size that the record says");
  EXPECT_FALSE(dakar.whole.contains(larger));
}

TEST(FileExchange, GivesNothingOfASpaceThatTheOfficeMayNotRead) {
  Shelf dakar, hub;
  const FileId file = hub.take_in(5 * kChunkBytes);
  dakar.wants = {file};
  hub.closed.insert(kSpace);
  Line line(dakar, hub);
  line.begin();
  line.run();
  EXPECT_EQ(dakar.puts, 0U);
  EXPECT_EQ(line.hub().chunks_out(), 0U);
  EXPECT_TRUE(line.office().is_idle());
  const FileId own = dakar.take_in(5 * kChunkBytes, 3);
  hub.named.insert(own);
  Line offering(dakar, hub);
  offering.begin();
  offering.run();
  EXPECT_FALSE(hub.whole.contains(own));
}

TEST(FileExchange, FetchesWhatComesToTheHubLater) {
  Shelf dakar, hub;
  Shelf elsewhere;
  const FileId file = elsewhere.take_in(8 * kChunkBytes);
  dakar.wants = {file};
  Line line(dakar, hub);
  line.begin();
  line.run();
  EXPECT_TRUE(line.office().is_idle());
  EXPECT_FALSE(dakar.whole.contains(file));
  hub.chunks = elsewhere.chunks;
  const auto told = line.hub().tell_held(file);
  ASSERT_TRUE(told && told->size() == 1);
  line.to_office(told->front());
  line.run();
  EXPECT_TRUE(dakar.whole.contains(file));
}

TEST(FileExchange, TellsWhatCameFromWhatWasHereBefore) {
  Shelf dakar, accra, hub;
  const FileId file = hub.take_in(3 * kChunkBytes);
  dakar.wants = accra.wants = {file};
  accra.chunks.insert(*hub.chunks.begin());
  for (Shelf* office : {&dakar, &accra}) {
    Line line(*office, hub);
    line.begin();
    line.run();
    EXPECT_TRUE(office->whole.contains(file));
  }
  EXPECT_TRUE(dakar.came.contains(file));
  EXPECT_FALSE(accra.came.contains(file));
}

TEST(FileExchange, EndsWithAPeerThatSendsWhatNobodyAskedFor) {
  Shelf shelf;
  const Hash name;
  for (const FileExchange::End end : {FileExchange::End::office, FileExchange::End::hub}) {
    FileExchange exchange(shelf, end);
    EXPECT_EQ(exchange.on_frame(encode(ChunkFrame{kSpace, 0, {1}})).error().code, Errc::malformed);
    EXPECT_EQ(exchange.on_frame(encode(NoneFrame{kSpace, name})).error().code, Errc::malformed);
  }
  FileExchange office(shelf, FileExchange::End::office);
  EXPECT_EQ(office.on_frame(encode_files(FileFrameKind::offer, {})).error().code, Errc::malformed);
  FileExchange hub(shelf, FileExchange::End::hub);
  EXPECT_EQ(hub.on_frame(FileExchange::greeting()).error().code, Errc::malformed);
  const WantFrame many{kSpace, std::vector<Hash>(kWantsOfFrame)};
  Result<Frames> last = Frames();
  for (int i = 0; i < 5 && last; ++i) last = hub.on_frame(encode(many));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Errc::limit_exceeded);
}

TEST(FileExchange, BringsBackWhatTheHubHasLost) {
  Shelf dakar, accra, hub;
  const FileId file = dakar.take_in(30 * kChunkBytes);
  hub.chunks = dakar.chunks;
  hub.chunks.erase(std::next(hub.chunks.begin(), 7));
  hub.wants = {file};
  for (Shelf* const office : {&accra, &dakar}) {
    Line line(*office, hub);
    line.begin_at_hub();
    line.run();
    EXPECT_FALSE(line.error);
    EXPECT_TRUE(line.office().is_idle() && line.hub().is_idle());
    EXPECT_EQ(hub.whole.contains(file), office == &dakar);
  }
  EXPECT_EQ(hub.puts, 1U);
}

TEST(FileExchange, SaysNothingToAHubThatHasNotGreeted) {
  Shelf dakar;
  dakar.take_in(5);
  FileExchange office(dakar, FileExchange::End::office);
  EXPECT_TRUE(office.refresh()->empty());
}

TEST(FileFrames, ComeBackFromTheirBytesAndRefuseOthers) {
  const FileId file{"section/africa", Hash{}, 12345};
  EXPECT_EQ(*decode_files(encode_files(FileFrameKind::offer, {file, file})), std::vector<FileId>(2, file));
  const ChunkFrame chunk{"public", 2, Bytes(kChunkBytes, 7)};
  EXPECT_EQ(decode_chunk(encode(chunk))->bytes, chunk.bytes);
  EXPECT_FALSE(decode_chunk(encode(ChunkFrame{"public", 0, Bytes(kChunkBytes + 1)})));
  EXPECT_FALSE(decode_chunk(encode(ChunkFrame{"public", 4, {}})));
  EXPECT_FALSE(decode_chunk(encode(ChunkFrame{"authority", 0, {}})));
  EXPECT_FALSE(decode_want(encode(WantFrame{"public", {}})));
  EXPECT_FALSE(decode_want(encode(WantFrame{"public", std::vector<Hash>(kWantsOfFrame + 1)})));
  EXPECT_FALSE(decode_files(encode_files(FileFrameKind::held, std::vector<FileId>(kFilesOfFrame + 1, file))));
  Bytes cut = encode(NoneFrame{"public", Hash{}});
  cut.pop_back();
  EXPECT_FALSE(decode_none(cut));
  EXPECT_FALSE(is_file_frame(Bytes{}));
  EXPECT_FALSE(is_file_frame(Bytes{23}));
  EXPECT_TRUE(is_file_frame(Bytes{24}));
  EXPECT_FALSE(is_file_frame(Bytes{29}));
}

}  // namespace
}  // namespace wasl
