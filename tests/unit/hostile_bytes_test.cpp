// Bytes that no honest peer sends, and rows that no trigger lets through: each is refused in words, none ends
// the program, and what a lying hub made an office store does not stop the office's own work.
#include <gtest/gtest.h>

#include <fstream>

#include "client/replica/row_codec.hpp"
#include "shared/base/limits.hpp"
#include "shared/wire/messages.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl {
namespace {

using test::MiniHub;
using test::must;
using test::Office;
using test::TestClock;
using test::TestRandom;

Source some_source(Byte b) {
  Source source;
  source.author.bytes.fill(b);
  source.chain.bytes.fill(b);
  return source;
}

Operation write_naming(const Dot& dot) {
  Operation op;
  op.kind = OperationKind::write;
  op.register_number = 7;
  op.id = "r";
  op.address = {1, {}};
  op.value = Value::text("x");
  op.names = {dot};
  return op;
}

TEST(HostileBody, NamesNoSequenceThatSqlCannotHold) {
  const Source own = some_source(1);
  EXPECT_TRUE(decode_body(own, encode_body(own, {write_naming({own, limits::kNumberMost, 0})})));
  EXPECT_FALSE(decode_body(own, encode_body(own, {write_naming({own, limits::kNumberMost + 1, 0})})));
}

TEST(HostileBody, ListsNoSourceThatNoDotNames) {
  const Source own = some_source(1);
  Writer body;
  body.varint(1);
  encode_source(body, some_source(2));
  body.varint(1);  // records
  body.varint(7);
  encode_id(body, "r");
  body.varint(1);
  body.byte(static_cast<Byte>(OperationKind::create));
  EXPECT_EQ(decode_body(own, body.bytes()).error().code, Errc::malformed);
}

Bytes items_of(std::uint64_t count, const std::function<void(Writer&)>& item) {
  Writer out;
  out.varint(count);
  for (std::uint64_t i = 0; i < count; ++i) item(out);
  return out.take();
}

Bytes entry_item(Byte kind, std::int64_t time, std::int64_t authority = 0) {
  return items_of(1, [&](Writer& out) {
    out.byte(5);
    out.integer(authority);
    out.integer(time);
    out.byte(kind);
    out.fixed(Hash{});
    out.sized(ByteView());
  });
}

TEST(HostileSegment, HasNoAcceptWithoutItsChangeSetAndNoUnknownKind) {
  EXPECT_TRUE(decode_items("public", 1, entry_item(5, 5), {}));
  EXPECT_EQ(decode_items("public", 1, entry_item(1, 5), {}).error().code, Errc::malformed);
  EXPECT_EQ(decode_items("public", 1, entry_item(2, 5), {}).error().code, Errc::malformed);
  EXPECT_EQ(decode_items("public", 1, entry_item(0, 5), {}).error().code, Errc::malformed);
  EXPECT_EQ(decode_items("public", 1, entry_item(7, 5), {}).error().code, Errc::malformed)
      << "without a list";
  EXPECT_EQ(decode_items("public", 1, entry_item(8, 5), {}).error().code, Errc::unsupported);
}

TEST(HostileSegment, HasNoTimeOrPositionBelowZero) {
  EXPECT_EQ(decode_items("public", 1, entry_item(5, -1), {}).error().code, Errc::malformed);
  EXPECT_EQ(decode_items("public", 1, entry_item(5, 5, -1), {}).error().code, Errc::malformed);
}

TEST(HostileSegment, UnpacksToABoundedSize) {
  const auto own = [](Writer& out) {
    out.byte(3);
    out.integer(0);
    out.integer(0);
    out.varint(1);
    out.varint(1);
  };
  EXPECT_FALSE(decode_items("public", 1, items_of(limits::kSegmentItems + 1, own), {}));

  Header header;
  header.space = "public";
  header.source = some_source(1);
  Operation create;
  create.register_number = 7;
  create.id = "r";
  Segment segment{"public", 0, {}, {}};
  for (Sequence sequence = 1; sequence <= 3; ++sequence) {
    header.sequence = sequence;
    ChangeSet set = make_change_set(header, std::vector<Operation>(limits::kOperations, create));
    header.previous = set.name;
    segment.items.emplace_back(SetItem{std::nullopt, std::move(set)});
  }
  EXPECT_FALSE(decode_items("public", 0, encode_items(segment), {}));
}

TEST(HostileVerdicts, AreTextAndCountNoFurtherThanSqlCan) {
  const auto decode_one = [](std::uint64_t first, std::uint64_t count, std::string_view detail,
                             std::int64_t retry) {
    Writer out;
    out.byte(static_cast<Byte>(FrameKind::verdicts));
    out.varint(1);
    out.fixed(ChainId{});
    out.varint(first);
    out.varint(count);
    out.byte(static_cast<Byte>(Outcome::later));
    out.byte(static_cast<Byte>(Reason::busy));
    out.sized(detail);
    out.integer(retry);
    return decode_verdicts(out.bytes()).has_value();
  };
  EXPECT_TRUE(decode_one(1, 1, "wait", 200));
  EXPECT_FALSE(decode_one(limits::kNumberMost, 1, "wait", 200));
  EXPECT_FALSE(decode_one(1, 1, "\xFF", 200));
  EXPECT_FALSE(decode_one(1, 1, "wait", -1));
  EXPECT_FALSE(decode_one(1, 1, "wait", INT64_MAX));
}

TEST(HostileVerdicts, AreOnSomething) {
  EXPECT_TRUE(decode_verdicts(encode({VerdictItem{{}, 1, 1, Verdict::accept(), 0}})));
  EXPECT_FALSE(decode_verdicts(encode({VerdictItem{{}, 0, 1, Verdict::accept(), 0}})));
  EXPECT_FALSE(decode_verdicts(encode({VerdictItem{{}, 1, 0, Verdict::accept(), 0}})));
}

TEST(Verdicts, ALongDetailIsCutBetweenCharacters) {
  std::string detail(255, 'a');
  detail += "\xD9\x88";  // a letter of two bytes over the edge
  const auto back =
      must(decode_verdicts(encode({VerdictItem{{}, 1, 1, Verdict::refuse(Reason::no_right, detail), 0}})));
  EXPECT_EQ(back.at(0).verdict.detail, std::string(255, 'a'));
}

TEST(RowCodec, AnswersInWordsForWhatNoTriggerLetsThrough) {
  const Register& project = *built_in_schema().find("project");
  const auto of_type = [&](FieldType type) {
    return *std::find_if(project.fields.begin(), project.fields.end(),
                         [&](const Field& f) { return f.type == type; });
  };
  EXPECT_FALSE(parse_field(of_type(FieldType::money), {std::int64_t{5}, std::string("usd")}, "en"));
  EXPECT_FALSE(parse_field(of_type(FieldType::reference), {std::string("nowhere#x")}, "en"));
  EXPECT_FALSE(parse_field(of_type(FieldType::reference), {std::string(65, 'x')}, "en"));
}

TEST(OutboxLog, GoesOnBehindATornTail) {
  const auto path = std::filesystem::temp_directory_path() / ("wasl-torn-" + std::to_string(getpid()));
  std::filesystem::remove(path);
  OutboxLog log(path);
  must(log.append({{{1}, {2}, {}}}));
  std::ofstream(path, std::ios::app | std::ios::binary) << "torn";
  must(log.drop_torn_tail());
  must(log.append({{{3}, {4}, {}}}));
  EXPECT_EQ(must(log.read()).size(), 2U);
  std::filesystem::remove(path);
}

/// Two offices of one network, and what the hub would send to the second.
class LyingHub : public ::testing::Test {
 protected:
  LyingHub() {
    hub.add_organisation("asia", "section");
    writer.emplace(hub, clock, random, "asia");
    reader.emplace(hub, clock, random, "asia");
  }
  Segment next_for_reader(const std::string& space) {
    auto segments = hub.entries(space, position_of(space));
    return segments.at(0);
  }
  Position position_of(const std::string& space) {
    return static_cast<Position>(
        std::stoll(reader->rows("SELECT size FROM _wasl_space WHERE name = '" + space + "'")));
  }

  TestClock clock;
  TestRandom random;
  MiniHub hub{clock, random};
  std::optional<Office> writer, reader;
};

TEST_F(LyingHub, CannotTurnBackTimeOrAuthority) {
  clock.time += 1000;
  writer->sql("INSERT INTO project(id, reference) VALUES('p1', 'a')");
  writer->sync();
  reader->sync();
  writer->sql("UPDATE project SET reference = 'b'");
  writer->sync();
  const Segment honest = next_for_reader("section/asia");
  const auto changed = [&](const std::function<void(ledger::Entry&)>& change) {
    Segment segment = honest;
    for (SegmentItem& item : segment.items) {
      if (auto* set = std::get_if<SetItem>(&item); set != nullptr && set->entry) change(*set->entry);
    }
    return reader->replica().on_entries(segment).error().code;
  };
  EXPECT_EQ(changed([](ledger::Entry& e) { e.hub_time -= 1000; }), Errc::caught);
  EXPECT_EQ(changed([](ledger::Entry& e) { e.authority -= 1; }), Errc::caught);
  // What it names may have been lost on the way: refused, and nobody is accused.
  EXPECT_EQ(changed([](ledger::Entry& e) { e.authority += 1; }), Errc::malformed);
  EXPECT_TRUE(reader->replica().on_entries(honest));
}

TEST_F(LyingHub, IsNotAccusedWhenAnotherProgramOfTheOfficeTookAPart) {
  writer->sql("INSERT INTO project(id, reference) VALUES('p1', 'a')");
  writer->sync();
  const Segment first = next_for_reader("section/asia");
  writer->sql("UPDATE project SET reference = 'b'");
  writer->sync();
  auto both = hub.entries("section/asia", position_of("section/asia"));
  ASSERT_EQ(both.size(), 2U);
  std::move(both[1].items.begin(), both[1].items.end(), std::back_inserter(both[0].items));
  must(reader->replica().on_entries(first));
  EXPECT_EQ(reader->replica().on_entries(both[0]).error().code, Errc::locked);
  reader->sync();
  EXPECT_EQ(reader->rows("SELECT reference FROM project"), "b");
}

TEST_F(LyingHub, CannotPlantAnOpeningForLater) {
  writer->sql("INSERT INTO project(id, reference) VALUES('p1', 'a')");
  writer->sync();
  Segment segment = next_for_reader("section/asia");
  segment.openings.push_back({Hash{}, {Salt{}, Value::text("forged")}});
  EXPECT_EQ(reader->replica().on_entries(segment).error().code, Errc::malformed);
}

TEST_F(LyingHub, CannotSpeakInTheReadersNameBesideItsOwnWork) {
  reader->sql("INSERT INTO project(id, reference) VALUES('p1', 'a')");
  must(reader->replica().seal());
  must(reader->replica().make_hello(false, {}));
  const Segment push = *must(reader->replica().next_push(1 << 20));
  const ChangeSet& own = std::get<SetItem>(push.items.at(0)).set;
  const ledger::Entry entry{ledger::EntryKind::accept, {}, hub.size("authority"), clock.now()};

  Header header = own.header;
  header.sequence += 1;
  header.previous = own.name;
  Operation op = write_naming({own.header.source, 1, 0});
  op.id = "p1";
  const ChangeSet forged = make_change_set(header, {op});
  Segment segment{own.header.space, position_of(own.header.space) + 1, {}, {}};
  segment.items.emplace_back(OwnItem{entry, own.header.source, own.header.sequence});
  ledger::Entry second = entry;
  second.hash = forged.name;
  segment.items.emplace_back(SetItem{second, forged});
  ASSERT_TRUE(verify_runs(segment, hub.network())) << "left to the replica, which knows its own work";
  // Its own work may differ for honest reasons, so it first asks for all of it; then it can tell.
  EXPECT_EQ(reader->replica().on_entries(segment).error().code, Errc::locked);
  ledger::Entry first = entry;
  first.hash = own.name;
  segment.items.front() = SetItem{first, own};
  EXPECT_EQ(reader->replica().on_entries(segment).error().code, Errc::bad_signature);
}

TEST_F(LyingHub, DoesNotLockTheOfficeOutOfItsOwnWork) {
  const auto stranger = crypto::KeyPair::generate(random);
  Header header;
  header.network = hub.network();
  header.space = "section/asia";
  header.source.author = stranger.public_key();
  Operation create;
  create.register_number = 7;
  create.id = "intruder";
  const ChangeSet set = make_change_set(header, {create});
  Segment segment{header.space, position_of(header.space) + 1, {}, {}};
  segment.items.emplace_back(
      SetItem{ledger::Entry{ledger::EntryKind::accept, set.name, hub.size("authority"), clock.now()}, set});
  segment.items.emplace_back(
      SignatureItem{header.source, 1, stranger.sign(run_message(hub.network(), set.name))});
  ASSERT_EQ(reader->replica().on_entries(segment).error().code, Errc::caught);

  reader->reopen();
  reader->reopen();
  reader->sql("INSERT INTO project(id, reference) VALUES('mine', 'a')");
  EXPECT_EQ(must(reader->replica().seal()), 1U);
  EXPECT_EQ(must(reader->replica().identity().evidence()).size(), 1U) << "kept once, however often it is met";
}

TEST_F(LyingHub, IsNotNeededToRefuseAnIdInTwoRegisters) {
  writer->sql(
      "BEGIN; INSERT INTO project(id, reference) VALUES('x', 'a');"
      "INSERT INTO document(id, title) VALUES('x', 'b'); COMMIT");
  must(writer->replica().seal());
  EXPECT_EQ(writer->rows("SELECT reference FROM project"), "a");
  EXPECT_EQ(writer->rows("SELECT title FROM document"), "b");
  writer->sync();
  EXPECT_EQ(must(writer->replica().status()).refused, 1U);
}

TEST_F(LyingHub, CannotGiveAnIdToASecondRegister) {
  writer->sql("INSERT INTO project(id, reference) VALUES('x', 'a')");
  writer->sync();
  reader->sync();
  writer->sql("INSERT INTO document(id, title) VALUES('x', 'b')");
  must(writer->replica().seal());
  must(writer->replica().make_hello(false, {}));
  Segment segment = *must(writer->replica().next_push(1 << 20));
  segment.first = position_of(segment.space) + 1;
  for (SegmentItem& item : segment.items) {
    if (auto* set = std::get_if<SetItem>(&item))
      set->entry =
          ledger::Entry{ledger::EntryKind::accept, set->set.name, hub.size("authority"), clock.now()};
  }
  EXPECT_EQ(reader->replica().on_entries(segment).error().code, Errc::caught);
}

TEST_F(LyingHub, NotesThatNoTriggerWroteAreNotBelieved) {
  writer->sql("INSERT INTO project(id, reference) VALUES('p', 'a')");
  must(writer->replica().seal());
  writer->sql(
      "INSERT INTO _wasl_capture(register, space, id, kind, mask, at, old) VALUES"
      "(7, 'section/asia', 'p', 2, 0, 0, '[\"x\", 1]'), (7, 'section/asia', 'p', 5, 0, 0, '[\"x\", 1]')");
  EXPECT_TRUE(writer->replica().seal());
}

TEST_F(LyingHub, IsNotBelievedInHalfOfAWelcome) {
  ledger::BlindingKey wrong, right;
  right.bytes.fill(1);
  Welcome lie, honest;
  lie.spaces = {{"section/other", wrong}, {"section/asia", wrong}};
  honest.spaces = {{"section/other", right}};
  EXPECT_EQ(reader->replica().on_welcome(lie).error().code, Errc::caught);
  EXPECT_TRUE(reader->replica().on_welcome(honest));
}

TEST_F(LyingHub, AnIdThatNobodyCouldReadDoesNotKeepSealingBusy) {
  writer->sql("INSERT INTO project(id, reference) VALUES(CAST(x'ff' AS TEXT), 'a')");
  EXPECT_EQ(must(writer->replica().seal()), 0U);
  writer->sql("INSERT INTO project(id, reference) VALUES('p', 'a')");
  EXPECT_EQ(must(writer->replica().seal()), 1U);
}

}  // namespace
}  // namespace wasl
