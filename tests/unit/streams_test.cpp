// Streams of backlogs: what a part may be, what memory they take, and when sessions open and end them.
#include <gtest/gtest.h>
#include <zstd.h>

#include "shared/base/limits.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/messages.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;

/// The first part of a stream that somebody else has packed.
Bytes foreign(ByteView raw, int window_log, ZSTD_EndDirective end) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  Bytes out(ZSTD_compressBound(raw.size()) + 64);
  ZSTD_inBuffer in{raw.data(), raw.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  EXPECT_EQ(ZSTD_compressStream2(context.get(), &to, &in, end), 0U);
  out.resize(to.pos);
  return out;
}

struct Streams : testing::Test {
  StreamRoom room{8};
  StreamSender sender{&room};
  StreamReceiver receiver{&room};

  std::string told(std::string_view space, bool is_first, ByteView part, std::uint64_t size) {
    const auto out = receiver.unpack(space, is_first, part, size);
    return out ? "unpacked" : std::string(to_word(out.error().code));
  }
};

TEST_F(Streams, EachPartIsUnpackedWhenItIsHereAndIsShorterThanAlone) {
  ASSERT_TRUE(sender.open("network"));
  const Bytes first = to_bytes("Water for three towns, and a road between them for the people who carry it");
  const Bytes second =
      to_bytes("Water for three towns, and no road between them for the people who carry it");
  const auto one = sender.pack(first);
  EXPECT_TRUE(one.is_first);
  EXPECT_EQ(receiver.unpack("network", true, one.bytes, first.size()), first);
  const auto two = sender.pack(second);
  EXPECT_FALSE(two.is_first);
  EXPECT_LT(two.bytes.size(), second.size() / 2);
  EXPECT_EQ(receiver.unpack("public", false, two.bytes, second.size()), second) << "one class";
}

TEST_F(Streams, WhatIsPrivateIsPackedAgainstNothingElse) {
  EXPECT_EQ(stream_class("authority"), stream_class("network"));
  EXPECT_NE(stream_class("section/asia"), stream_class("network"));
  EXPECT_NE(stream_class("section/asia"), stream_class("section/africa"));
  ASSERT_TRUE(sender.open("section/asia"));
  EXPECT_FALSE(sender.is_open_for("section/africa"));
  EXPECT_FALSE(sender.is_open_for("network"));
  const auto part = sender.pack(view("x"));
  EXPECT_EQ(told("section/asia", true, part.bytes, 1), "unpacked");
  EXPECT_EQ(told("section/africa", false, sender.pack(view("y")).bytes, 1), "malformed");
}

TEST_F(Streams, APartWithoutABeginningIsNone) {
  ASSERT_TRUE(sender.open("network"));
  const auto one = sender.pack(view("one"));
  EXPECT_EQ(told("network", false, one.bytes, 3), "malformed");
  EXPECT_EQ(told("network", true, one.bytes, 3), "unpacked");
  receiver.end();
  EXPECT_EQ(told("network", false, sender.pack(view("two")).bytes, 3), "malformed") << "it was ended";
}

TEST_F(Streams, WhatGrowsBeyondWhatItSaysIsRefusedBeforeItHasGrown) {
  const Bytes zeros(64 * kMebibyte, 0);
  const Bytes bomb = foreign(zeros, limits::kStreamWindowLog, ZSTD_e_flush);
  ASSERT_LT(bomb.size(), 16 * 1024U);
  EXPECT_EQ(told("network", true, bomb, 64 * kMebibyte), "limit_exceeded");
  EXPECT_EQ(told("network", true, bomb, limits::kFrameRoomBytes), "malformed")
      << "it says less than there is";
  EXPECT_EQ(told("network", true, foreign(view("abc"), 10, ZSTD_e_flush), 4), "malformed")
      << "more than there is";
  EXPECT_EQ(told("network", true, foreign(zeros, limits::kStreamWindowLog + 1, ZSTD_e_flush), kMebibyte),
            "limit_exceeded")
      << "memory for the window is not taken";
}

TEST_F(Streams, OneThatEndsItselfIsNone) {
  EXPECT_EQ(told("network", true, foreign(view("abc"), 10, ZSTD_e_end), 3), "malformed");
  EXPECT_EQ(told("network", true, Bytes{}, 0), "unpacked") << "nothing has come yet";
  EXPECT_EQ(told("network", true, view("abcdefghijklmnop"), 3), "malformed");
}

TEST_F(Streams, TakeNoMorePlacesThanThereAre) {
  StreamRoom narrow(1);
  StreamSender one(&narrow);
  StreamSender two(&narrow);
  ASSERT_TRUE(one.open("network"));
  EXPECT_FALSE(two.has_room());
  EXPECT_FALSE(two.open("network"));
  EXPECT_TRUE(one.open("section/asia")) << "another in the place of its own";
  one.end();
  EXPECT_TRUE(two.open("network"));
  StreamReceiver full(&narrow);
  const auto part = two.pack(view("x"));
  EXPECT_EQ(full.unpack("network", true, part.bytes, 1).error().code, Errc::later);
  two.end();
  EXPECT_TRUE(full.unpack("network", true, part.bytes, 1).has_value());
  EXPECT_TRUE(narrow.is_full());
}

// ── In sessions ──

/// An office that has never synced, and a hub with more in two spaces than goes into a frame.
struct Backlogs : testing::Test {
  HubWorld world;
  std::unique_ptr<HubOffice> writer, reader;

  Backlogs() {
    world.add_two_associations();
    writer = std::make_unique<HubOffice>(world, world.invite("senegal"));
    reader = std::make_unique<HubOffice>(world, world.invite("mali"));
  }
  /// Words that repeat across records, as people's do, and a number that does not.
  void write(int records) {
    writer->sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(records) +
        ") INSERT INTO project(space, title, note) SELECT space, 'Water and roads for the towns of the north "
        "' || i, "
        "'Agreed with the district in meeting ' || i || ', to be paid in three parts, each after a visit by "
        "both "
        "sides; ' || hex(randomblob(900)) FROM n, (SELECT 'section/africa' space UNION SELECT 'network')");
  }
};

TEST_F(Backlogs, GoThroughStreamsBothWaysAndEverybodyIsEqual) {
  write(300);
  const auto up = writer->sync();
  ASSERT_FALSE(up.error) << up.error->message;
  EXPECT_EQ(up.summary.equal, true);
  EXPECT_GT(up.streamed_up, 4U);
  const auto down = reader->sync();
  ASSERT_FALSE(down.error) << down.error->message;
  EXPECT_EQ(down.summary.equal, true);
  EXPECT_GT(down.streamed_down, 2U);
  EXPECT_EQ(down.streams_down, 2U) << "one for what all read, one for the section";
  EXPECT_EQ(world.hub().stream_rooms()->packing.open(), 0) << "freed behind it";
  EXPECT_EQ(world.hub().stream_rooms()->unpacking.open(), 0);
  EXPECT_EQ(reader->rows("SELECT count(*) FROM project"), "600");
}

TEST_F(Backlogs, BeyondTheHubsRoomFramesStandAlone) {
  write(300);
  std::vector<StreamRoom::Place> taken;
  for (const StreamRoom* room :
       {&world.hub().stream_rooms()->packing, &world.hub().stream_rooms()->unpacking}) {
    while (auto place = room->take()) taken.push_back(std::move(place));
  }
  const auto up = writer->sync();
  const auto down = reader->sync();
  EXPECT_EQ(up.summary.equal, true);
  EXPECT_EQ(down.summary.equal, true);
  EXPECT_EQ(up.streamed_up + down.streamed_down, 0U);
}

TEST_F(Backlogs, ASmallOneGoesAloneLikeAllLiveWork) {
  write(3);
  const auto up = writer->sync();
  const auto down = reader->sync();
  EXPECT_EQ(down.summary.equal, true);
  EXPECT_EQ(up.streamed_up + down.streamed_down, 0U);
}

TEST_F(Backlogs, AreCutAndBeginAnew) {
  write(300);
  must(writer->replica().seal());
  for (const std::size_t frames : {3U, 5U, 8U, 12U}) writer->sync(frames);
  EXPECT_EQ(writer->sync().summary.equal, true);
  for (const std::size_t frames : {3U, 4U, 6U}) reader->sync(frames);
  EXPECT_EQ(world.hub().stream_rooms()->packing.open(), 0);
  const auto last = reader->sync();
  EXPECT_EQ(last.summary.equal, true);
}

/// A hub that packs in a way that no hub does.
TEST_F(Backlogs, AnOfficeEndsASessionWhoseStreamIsBroken) {
  write(300);
  EXPECT_EQ(writer->sync().summary.equal, true);
  struct Broken final : HubPeer {
    using HubPeer::HubPeer;
    std::size_t entries = 0;
    std::shared_ptr<const Bytes> alter(std::shared_ptr<const Bytes> frame) override {
      const bool is_part = frame_kind(*frame) == FrameKind::entries && ((*frame)[1] & 4) != 0;
      if (!is_part || ++entries != 3) return frame;
      Bytes other = *frame;
      other[other.size() / 2] ^= 0x10;
      return std::make_shared<const Bytes>(std::move(other));
    }
  } broken(world.hub());
  const auto ended = reader->sync_with(broken);
  ASSERT_TRUE(ended.error);
  EXPECT_EQ(reader->sync().summary.equal, true) << "and comes again to an honest one";
}

TEST_F(Backlogs, AnOfficeThatKnowsNoPackingGetsWhatItKnows) {
  write(300);
  EXPECT_EQ(writer->sync().summary.equal, true);
  Hello hello = must(decode_hello(must(reader->replica().make_hello(false, {}))));
  EXPECT_EQ(hello.packing.value().dictionary, kNewestDictionary);
  hello.packing.reset();
  HubSession session(world.hub(), 1, hello, Hash{}, 0);
  for (const auto& frame : session.start(0).frames) {
    if (frame_kind(*frame) == FrameKind::entries) {
      EXPECT_LE((*frame)[1], 3) << "no stream, no dictionary";
    } else if (frame_kind(*frame) == FrameKind::welcome) {
      const PublicKey log_key = world.hub().log_key().public_key();
      EXPECT_FALSE(must(decode_welcome(*frame, Hash{}, log_key)).packing);
    }
  }
}

}  // namespace
}  // namespace wasl::test
