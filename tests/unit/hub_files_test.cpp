// What the hub takes and gives of files, and to whom, by the logs that it holds.
#include "server/hub/hub_files.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "client/attachments/office_files.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct HubFilesTest : testing::Test {
  HubFilesTest() {
    world.add_two_associations();
    senegal = std::make_unique<HubOffice>(world, world.invite("senegal"));
    mali = std::make_unique<HubOffice>(world, world.invite("mali"));
    senegal->sync();
    files = must(HubFiles::open(world.folder(), world.hub()));
  }

  std::unique_ptr<OfficeFiles> files_of(HubOffice& office) {
    return must(OfficeFiles::open(office.folder(), office.replica(), world.clock()));
  }
  /// A document of the office with a file, not sent yet.
  attachment::FileId attach(HubOffice& office, const std::string& id, const std::string& space,
                            std::size_t size = 100'000) {
    const auto path = office.folder() / (id + ".txt");
    std::ofstream(path) << std::string(size, id.back());
    const auto of_office = files_of(office);
    const Attachment attachment = must(of_office->take_in(path, space, "text/plain"));
    office.sql("INSERT INTO document(id, space, title, kind, file) VALUES('" + id + "', '" + space +
               "', 'T', 'report', '" + attachment.to_json() + "')");
    must(office.replica().seal());
    return {space, attachment.root, attachment.size};
  }
  struct Talk {
    std::uint64_t up = 0, down = 0;
    std::optional<Error> error;
  };
  /// Both ends until nobody has anything to say.
  Talk talk(HubOffice& office, std::vector<attachment::FileId> asked = {}) {
    const auto of_office = files_of(office);
    for (const auto& file : asked) {
      must(of_office->ask_for(file));
    }
    const auto port = files->port_for(office.replica().device());
    FileExchange here(*of_office, FileExchange::End::office), there(*port, FileExchange::End::hub);
    Talk out;
    std::vector<Bytes> up, down{FileExchange::greeting()};
    const auto add = [&](std::vector<Bytes>& way, Result<FileExchange::Frames> frames) {
      if (!frames) out.error = frames.error();
      if (frames) way.insert(way.end(), frames->begin(), frames->end());
    };
    add(down, there.refresh());
    for (const Bytes& frame : std::exchange(down, {})) add(up, here.on_frame(frame));
    add(up, here.refresh());
    do {
      for (const Bytes& frame : std::exchange(up, {})) add(down, there.on_frame(frame));
      add(down, there.on_room());
      for (const Bytes& frame : std::exchange(down, {})) add(up, here.on_frame(frame));
      add(up, here.on_room());
    } while (!out.error && (!up.empty() || !down.empty()));
    out.up = here.chunks_out();
    out.down = there.chunks_out();
    return out;
  }

  HubWorld world;
  std::unique_ptr<HubOffice> senegal, mali;
  std::unique_ptr<HubFiles> files;
};

TEST_F(HubFilesTest, TakesAFileWhenAnAcceptedChangeSetNamesItAndNotBefore) {
  attach(*senegal, "d1", "network");
  EXPECT_EQ(talk(*senegal).up, 0U);
  EXPECT_EQ(must(files->totals()).named, 0U);
  ASSERT_EQ(senegal->sync().summary.equal, true);
  const Talk sent = talk(*senegal);
  EXPECT_FALSE(sent.error);
  EXPECT_EQ(sent.up,
            attachment::chunks_of(100'000) - 5);  // six of its chunks are the same, and asked for once
  EXPECT_EQ(must(files->totals()).whole, 1U);
  EXPECT_EQ(talk(*senegal).up, 0U);
}

TEST_F(HubFilesTest, GivesItToWhoReadsTheSpaceAndToNobodyElse) {
  const auto common = attach(*senegal, "d1", "section/africa");
  const auto own = attach(*senegal, "d2", "association/senegal");
  ASSERT_EQ(senegal->sync().summary.equal, true);
  talk(*senegal);
  EXPECT_EQ(must(files->totals()).whole, 2U);
  mali->sync();
  const Talk got = talk(*mali);
  EXPECT_GT(got.down, 0U);
  const auto of_mali = files_of(*mali);
  EXPECT_TRUE(must(of_mali->has(common.space, common.root)));
  // It knows the name of a chunk, and not more: that is no right to it.
  const auto port = files->port_for(mali->replica().device());
  FileExchange there(*port, FileExchange::End::hub);
  must(there.on_frame(encode(WantFrame{own.space, {own.root}})));
  const auto answer = must(there.on_room());
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(file_frame_kind(answer.front()), FileFrameKind::none);
  EXPECT_TRUE(must(there.tell_held(own)).empty());
}

TEST_F(HubFilesTest, TellsWhoeverReadsItWhenItIsWhole) {
  std::vector<attachment::FileId> told;
  files->on_whole([&](const attachment::FileId& file) { told.push_back(file); });
  const auto file = attach(*senegal, "d1", "network");
  senegal->sync();
  talk(*senegal);
  EXPECT_EQ(told, std::vector<attachment::FileId>{file});
}

TEST_F(HubFilesTest, KnowsThatItHoldsWhatCameAsPartsOfAnother) {
  attach(*senegal, "d1", "network");
  ASSERT_EQ(senegal->sync().summary.equal, true);
  talk(*senegal);
  attach(*senegal, "e1", "network",
         attachment::kChunkBytes);  // the first chunk of the other, and not offered
  ASSERT_EQ(senegal->sync().summary.equal, true);
  EXPECT_EQ(must(files->totals()).whole, 1U);
  mali->sync();
  talk(*mali);
  EXPECT_EQ(must(files->totals()).whole, 2U) << "mali has it from here, and will never offer it";
}

TEST_F(HubFilesTest, KnowsAfterARestartWhatItKnewAndReadsOn) {
  attach(*senegal, "d1", "network");
  senegal->sync();
  talk(*senegal);
  files.reset();
  files = must(HubFiles::open(world.folder(), world.hub()));
  attach(*senegal, "d2", "network");
  senegal->sync();
  EXPECT_GT(talk(*senegal).up, 0U);
  const auto totals = must(files->totals());
  EXPECT_EQ(totals.named, 2U);
  EXPECT_EQ(totals.whole, 2U);
}

TEST_F(HubFilesTest, AsksForWhatItHeldWhenFilesDbWasLost) {
  const auto file = attach(*senegal, "d1", "network");
  senegal->sync();
  talk(*senegal);
  files.reset();
  for (const char* name : {"files.db", "files.db-wal", "files.db-shm"})
    std::filesystem::remove(world.folder() / name);
  files = must(HubFiles::open(world.folder(), world.hub()));
  EXPECT_EQ(must(files->port_for(mali->replica().device())->wanted()), std::vector{file});
  EXPECT_GT(talk(*senegal).up, 0U);  // it believed the hub to have it
  EXPECT_EQ(must(files->totals()).whole, 1U);
  EXPECT_TRUE(must(files->port_for(mali->replica().device())->wanted()).empty());
}

TEST_F(HubFilesTest, SaysAtOnceThatAChunkIsDamaged) {
  const auto file = attach(*senegal, "d1", "network");
  senegal->sync();
  talk(*senegal);
  {
    OpenOptions options;
    options.path = world.folder() / "files.db";
    Database db = must(Database::open(options));
    must(db.exec("UPDATE content SET bytes = zeroblob(length)"));
  }
  int told = 0;
  files->on_damaged([&] { ++told; });
  mali->sync();
  EXPECT_EQ(talk(*mali).down, 0U);
  EXPECT_GT(told, 0);
  EXPECT_EQ(must(files->port_for(senegal->replica().device())->wanted()), std::vector{file});
  EXPECT_GT(talk(*senegal).up, 0U);
  EXPECT_GT(talk(*mali).down, 0U);
}

TEST_F(HubFilesTest, AnOfficeNamesNoFileInAPrivateSpaceWhoseKeyItHasNot) {
  HubOffice fresh(world, world.invite("mali"));
  must(fresh.replica().database().exec("UPDATE _wasl_space SET key = NULL"));
  const auto path = fresh.folder() / "x.txt";
  std::ofstream(path) << "x";
  const auto taken = files_of(fresh)->take_in(path, "association/mali", "text/plain");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::no_link);
}

}  // namespace
}  // namespace wasl::test
