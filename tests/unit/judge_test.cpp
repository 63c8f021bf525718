// The judge against scenarios worked out by hand from PROTOCOL.md section 9: the only tests that say what is
// right where the judge itself is what others are compared with.
#include "tests/sim/judge/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <deque>

#include "shared/sql/table_ddl.hpp"

namespace wasl::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t kPerson = 2, kNeed = 5, kProject = 7, kParty = 8, kLedgerEntry = 11;
constexpr std::uint32_t kReference = 1, kTitle = 2, kStatus = 4, kTheme = 7, kSdg = 9,
                        kBudget = 14;            // project
constexpr Byte kAnna = 1, kBila = 2, kChen = 3;  // authors, in the order of their keys

Operation operation(OperationKind kind, std::uint32_t field = 0, std::vector<Dot> names = {}) {
  Operation out;
  out.kind = kind;
  out.register_number = kProject;
  out.id = "p-1";
  out.address.field = field;
  out.names = std::move(names);
  return out;
}
Operation create() { return operation(OperationKind::create); }
Operation write(std::uint32_t field, const Value& value, std::vector<Dot> names = {}) {
  Operation out = operation(OperationKind::write, field, std::move(names));
  out.value = value;
  return out;
}
Operation write(std::uint32_t field, std::string_view text, std::vector<Dot> names = {}) {
  return write(field, Value::text(text), std::move(names));
}
Operation translate(std::string_view tag, std::string_view text, std::vector<Dot> names = {}) {
  Operation out = write(kTitle, text, std::move(names));
  out.address.key = to_bytes(tag);
  return out;
}
Operation resolve(std::uint32_t field, std::string_view text, std::vector<Dot> names) {
  Operation out = write(field, text, std::move(names));
  out.kind = OperationKind::resolve;
  return out;
}
Bytes key_of_element(const Value& element) {
  Bytes out{static_cast<Byte>(element.type)};
  append(out, element.data);
  return out;
}
Operation add(std::uint32_t field, const Value& element) {
  Operation out = operation(OperationKind::add, field);
  out.address.key = key_of_element(element);
  return out;
}
Operation remove(std::uint32_t field, const Value& element, std::vector<Dot> names) {
  Operation out = add(field, element);
  out.kind = OperationKind::remove;
  out.names = std::move(names);
  return out;
}
Operation erase(std::vector<Dot> names) { return operation(OperationKind::erase, 0, std::move(names)); }
Operation of(std::uint32_t register_number, std::string_view id, Operation op) {
  op.register_number = register_number;
  op.id = id;
  return op;
}

/// The log of a space and an office's overlay in the making. Change sets have one operation each.
class Story {
 public:
  Dot place(Byte author, Millis stamp, Operation op, std::optional<Millis> hub_time = {}) {
    const ChangeSet& set = keep(author, stamp, std::move(op));
    placed_.push_back({&set, placed_.size() + 1, hub_time.value_or(stamp)});
    return set.dot(0);
  }
  Dot lay_over(Byte author, Millis stamp, Operation op, std::optional<Millis> came_in = {}) {
    const ChangeSet& set = keep(author, stamp, std::move(op));
    overlay_.push_back({&set, came_in.value_or(stamp)});
    return set.dot(0);
  }
  void repeat_last(Millis hub_time) { placed_.push_back({placed_.back().set, placed_.size() + 1, hub_time}); }
  void withdraw() { overlay_.clear(); }
  /// The next change sets of this author are of another chain.
  void start_chain(Byte author, Byte chain) { ends_[author] = {{{chain}}, 0}; }

  JudgedRecords log() const { return confirmed(built_in_schema(), placed_); }
  JudgedRecords view() const { return shown(built_in_schema(), placed_, overlay_); }
  JudgedRecord record(std::uint32_t register_number = kProject, const std::string& id = "p-1") const {
    return view().at({register_number, id});
  }
  JudgedField field(std::uint32_t number, const Bytes& key = {}) const {
    const JudgedRecord out = record();
    const auto found = out.fields.find({number, key});
    return found == out.fields.end() ? JudgedField() : found->second;
  }
  /// What is shown of a field; "-" when its address has no head.
  std::string text(std::uint32_t number, std::string_view key = "") const {
    const JudgedField out = field(number, to_bytes(key));
    return out.heads.empty() ? "-" : out.heads[out.shown].value.to_display();
  }
  std::size_t heads(std::uint32_t number) const { return field(number).heads.size(); }
  bool holds(std::uint32_t number, const Value& element) const {
    return !field(number, key_of_element(element)).heads.empty();
  }

 private:
  struct ChainEnd {
    ChainId chain;
    Sequence last = 0;
  };
  const ChangeSet& keep(Byte author, Millis stamp, Operation op) {
    ChainEnd& end = ends_[author];
    ChangeSet& set = sets_.emplace_back();
    set.header.source.author.bytes[0] = author;
    set.header.source.chain = end.chain;
    set.header.sequence = ++end.last;
    set.header.stamp = Stamp::at(stamp);
    set.operations.push_back(std::move(op));
    return set;
  }
  std::deque<ChangeSet> sets_;
  std::map<Byte, ChainEnd> ends_;
  std::vector<PlacedSet> placed_;
  std::vector<OverlaySet> overlay_;
};

// ── One field ──

TEST(Judge, ACreatedRecordIsAliveWithWhatWasWritten) {
  Story story;
  story.place(kAnna, 10, create());
  story.place(kAnna, 11, write(kReference, "R1"));
  EXPECT_TRUE(story.record().alive);
  EXPECT_FALSE(story.record().revived);
  EXPECT_EQ(story.text(kReference), "R1");
  EXPECT_EQ(story.text(kStatus), "-");
}

TEST(Judge, AWriteThatNamesTheHeadReplacesIt) {
  Story story;
  const Dot first = story.place(kAnna, 10, write(kReference, "old"));
  story.place(kBila, 5, write(kReference, "new", {first}));
  EXPECT_EQ(story.text(kReference), "new") << "lineage decides, not the clock";
  EXPECT_EQ(story.heads(kReference), 1U);
}

TEST(Judge, ConcurrentWritesAreAConflictThatShowsTheLater) {
  Story story;
  story.place(kAnna, 10, create());
  story.place(kAnna, 30, write(kReference, "later"));
  story.place(kBila, 20, write(kReference, "earlier"), 40);
  EXPECT_EQ(story.text(kReference), "later");
  EXPECT_TRUE(story.field(kReference).conflict);
  EXPECT_THAT(conflicts(story.log()), ElementsAre(JudgedConflict{kProject, "p-1", {kReference, {}}}));
}

TEST(Judge, EqualValuesAreNoConflict) {
  Story story;
  story.place(kAnna, 10, write(kReference, "same"));
  story.place(kBila, 20, write(kReference, "same"));
  EXPECT_EQ(story.heads(kReference), 2U);
  EXPECT_FALSE(story.field(kReference).conflict);
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
}

TEST(Judge, APlainWriteNamesEqualHeadsAndLeavesTheOther) {
  Story story;
  const Dot a = story.place(kAnna, 30, write(kReference, "shown"));
  const Dot b = story.place(kBila, 31, write(kReference, "shown"));
  story.place(kChen, 20, write(kReference, "other"));
  story.place(kAnna, 40, write(kReference, "third", {a, b}));
  EXPECT_EQ(story.heads(kReference), 2U);
  EXPECT_EQ(story.text(kReference), "third");
  EXPECT_TRUE(story.field(kReference).conflict) << "nobody ends a conflict that they have not seen";
}

TEST(Judge, AResolutionNamesEveryHeadAndEndsTheConflict) {
  Story story;
  const Dot a = story.place(kAnna, 10, write(kStatus, "pipeline"));
  const Dot b = story.place(kBila, 11, write(kStatus, "closed"));
  story.place(kChen, 5, resolve(kStatus, "closed", {a, b}));
  EXPECT_EQ(story.heads(kStatus), 1U);
  EXPECT_EQ(story.text(kStatus), "closed");
  EXPECT_FALSE(story.field(kStatus).conflict);
}

TEST(Judge, AResolutionLeavesAHeadThatItDidNotKnow) {
  Story story;
  const Dot a = story.place(kAnna, 10, write(kStatus, "pipeline"));
  const Dot b = story.place(kBila, 11, write(kStatus, "closed"));
  story.place(kAnna, 12, write(kStatus, "suspended"));
  story.place(kChen, 50, resolve(kStatus, "closed", {a, b}));
  EXPECT_EQ(story.heads(kStatus), 2U);
  EXPECT_TRUE(story.field(kStatus).conflict);
}

TEST(Judge, TwoResolutionsAtOnceAreAConflictOfTheirOwn) {
  Story story;
  const Dot a = story.place(kAnna, 10, write(kStatus, "pipeline"));
  const Dot b = story.place(kBila, 11, write(kStatus, "closed"));
  story.place(kAnna, 20, resolve(kStatus, "pipeline", {a, b}));
  story.place(kBila, 21, resolve(kStatus, "closed", {a, b}));
  EXPECT_EQ(story.heads(kStatus), 2U);
  EXPECT_EQ(story.text(kStatus), "closed");
}

TEST(Judge, ClearingIsAWriteOfNull) {
  Story story;
  const Dot a = story.place(kAnna, 10, write(kReference, "R1"));
  story.place(kAnna, 20, write(kReference, Value::null(), {a}));
  EXPECT_EQ(story.text(kReference), "");
  EXPECT_EQ(story.heads(kReference), 1U);
  story.place(kBila, 15, write(kReference, "R2", {a}));
  EXPECT_EQ(story.text(kReference), "");
  EXPECT_TRUE(story.field(kReference).conflict) << "cleared here, changed there";
}

TEST(Judge, ANameAtAnotherAddressTakesNothingOff) {
  Story story;
  const Dot a = story.place(kAnna, 10, write(kReference, "R1"));
  story.place(kBila, 20, write(kStatus, "closed", {a}));
  EXPECT_EQ(story.text(kReference), "R1");
}

TEST(Judge, LanguagesAreAddressesOfTheirOwn) {
  Story story;
  story.place(kAnna, 10, create());
  const Dot fr = story.place(kAnna, 11, translate("fr", "Eau"));
  story.place(kAnna, 12, translate("en", "Water"));
  story.place(kBila, 20, translate("fr", "L’eau", {fr}));
  story.place(kChen, 21, translate("fr", "De l’eau", {fr}));
  EXPECT_EQ(story.text(kTitle, "en"), "Water");
  EXPECT_EQ(story.text(kTitle, "fr"), "De l’eau");
  EXPECT_THAT(conflicts(story.log()), ElementsAre(JudgedConflict{kProject, "p-1", {kTitle, to_bytes("fr")}}));
}

// ── What ranks ──

TEST(Judge, AClockThatRunsAheadIsHeldBackByHubTime) {
  Story story;
  story.place(kAnna, 9'000'000, write(kReference, "from the future"), 100);
  story.place(kBila, 200, write(kReference, "later by the hub"), 200);
  EXPECT_EQ(story.text(kReference), "later by the hub");
  EXPECT_EQ(story.field(kReference).heads[0].effective, 100);
}

TEST(Judge, WorkFromOfflineRanksByItsOwnTime) {
  Story story;
  story.place(kAnna, 200, write(kReference, "newer"), 200);
  story.place(kBila, 100, write(kReference, "older, sent late"), 900);
  EXPECT_EQ(story.text(kReference), "newer");
}

TEST(Judge, OfEqualEffectiveTimesTheStampDecides) {
  Story story;
  story.place(kBila, 500, write(kReference, "stamp 500"), 100);
  story.place(kAnna, 600, write(kReference, "stamp 600"), 100);
  EXPECT_EQ(story.text(kReference), "stamp 600");
}

TEST(Judge, OfEqualStampsTheAuthorThenTheChainThenTheSequenceDecide) {
  Story story;
  story.place(kBila, 100, write(kReference, "Bila"));
  story.place(kAnna, 100, write(kReference, "Anna"));
  EXPECT_EQ(story.text(kReference), "Bila");
  story.start_chain(kBila, 7);
  story.place(kBila, 100, write(kReference, "chain 7"));
  EXPECT_EQ(story.text(kReference), "chain 7");
  story.place(kBila, 100, write(kReference, "sequence 2"));
  EXPECT_EQ(story.text(kReference), "sequence 2");
  story.start_chain(kBila, 6);
  story.place(kBila, 100, write(kReference, "chain 6"));
  EXPECT_EQ(story.text(kReference), "sequence 2");
}

TEST(Judge, OfOneChangeSetTheIndexDecides) {
  ChangeSet set;
  set.operations = {write(kReference, "first"), write(kReference, "second")};
  const JudgedRecords records = confirmed(built_in_schema(), {{&set, 1, 0}});
  const JudgedField& field = records.at({kProject, "p-1"}).fields.at({kReference, {}});
  EXPECT_EQ(field.heads[field.shown].value, Value::text("second"));
}

// ── Existence ──

TEST(Judge, ADeleteThatSawEverythingKillsAndKeepsLastValues) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  const Dot value = story.place(kAnna, 11, write(kReference, "R1"));
  story.place(kBila, 20, erase({birth, value}));
  EXPECT_FALSE(story.record().alive);
  EXPECT_EQ(story.text(kReference), "R1") << "tombstones keep last values";
}

TEST(Judge, AConcurrentEditBringsTheRecordBackWhole) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  const Dot value = story.place(kAnna, 11, write(kReference, "R1"));
  const Dot status = story.place(kAnna, 12, write(kStatus, "closed"));
  story.place(kBila, 20, erase({birth, value, status}));
  story.place(kChen, 15, write(kReference, "R2", {value}));
  EXPECT_TRUE(story.record().alive);
  EXPECT_TRUE(story.record().revived);
  EXPECT_EQ(story.text(kStatus), "closed");
}

TEST(Judge, AnElementThatTheDeleteHadNotSeenBringsTheRecordBack) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  const Dot seen = story.place(kAnna, 11, add(kSdg, Value::text("6")));
  story.place(kBila, 20, erase({birth, seen}));
  EXPECT_FALSE(story.record().alive);
  story.place(kChen, 15, add(kSdg, Value::text("13")));
  EXPECT_TRUE(story.record().revived);
  EXPECT_TRUE(story.holds(kSdg, Value::text("6")));
}

TEST(Judge, ConflictsOfTheDeadAreNotListedAndComeBackWithTheRecord) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  const Dot a = story.place(kAnna, 11, write(kReference, "A"));
  const Dot b = story.place(kBila, 12, write(kReference, "B"));
  story.place(kBila, 20, erase({birth, a, b}));
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
  EXPECT_TRUE(story.field(kReference).conflict);
  story.place(kChen, 13, write(kStatus, "closed"));
  EXPECT_THAT(conflicts(story.log()), ElementsAre(JudgedConflict{kProject, "p-1", {kReference, {}}}));
}

TEST(Judge, TwoDeletesTogetherListEveryHead) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  const Dot value = story.place(kAnna, 11, write(kReference, "R1"));
  story.place(kBila, 20, erase({birth}));
  EXPECT_TRUE(story.record().alive);
  story.place(kChen, 21, erase({value}));
  EXPECT_FALSE(story.record().alive);
}

TEST(Judge, ASecondCreationBringsADeadRecordBack) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  story.place(kAnna, 20, erase({birth}));
  story.place(kBila, 30, create());
  EXPECT_TRUE(story.record().revived);
  EXPECT_EQ(story.heads(0), 2U) << "nothing supersedes a creation";
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
}

TEST(Judge, AWriteThatReplacesAListedHeadBringsTheRecordBack) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  const Dot value = story.place(kAnna, 11, write(kReference, "R1"));
  story.place(kAnna, 20, erase({birth, value}));
  const Dot again = story.place(kBila, 30, write(kReference, "R2", {value}));
  EXPECT_TRUE(story.record().alive);
  story.place(kAnna, 40, erase({birth, again}));
  EXPECT_FALSE(story.record().alive);
}

// ── Sets ──

TEST(Judge, AddWinsOverAConcurrentRemove) {
  Story story;
  const Value theme = Value::reference("network", "water");
  const Dot first = story.place(kAnna, 10, add(kTheme, theme));
  story.place(kBila, 20, add(kTheme, theme));
  story.place(kChen, 30, remove(kTheme, theme, {first}));
  EXPECT_TRUE(story.holds(kTheme, theme));
}

TEST(Judge, ARemoveOfEveryKnownAddTakesTheElementOut) {
  Story story;
  const Value theme = Value::reference("network", "water");
  story.place(kAnna, 1, create());
  const Dot first = story.place(kAnna, 10, add(kTheme, theme));
  const Dot second = story.place(kBila, 20, add(kTheme, theme));
  story.place(kChen, 5, remove(kTheme, theme, {first, second}));
  EXPECT_FALSE(story.holds(kTheme, theme));
  story.place(kAnna, 1, add(kTheme, theme));
  EXPECT_TRUE(story.holds(kTheme, theme)) << "added again, whatever the clock says";
}

TEST(Judge, ElementsOfASetAreNoConflict) {
  Story story;
  story.place(kAnna, 10, add(kSdg, Value::text("6")));
  story.place(kBila, 10, add(kSdg, Value::text("13")));
  EXPECT_TRUE(story.holds(kSdg, Value::text("6")));
  EXPECT_TRUE(story.holds(kSdg, Value::text("13")));
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
}

// ── Repetition and order ──

TEST(Judge, ARepeatedOperationChangesNothing) {
  Story story;
  story.place(kAnna, 10, write(kReference, "R1"), 10);
  const Hash before = digest(story.log());
  story.repeat_last(99);
  EXPECT_EQ(digest(story.log()), before);
  EXPECT_EQ(story.field(kReference).heads[0].effective, 10);
}

TEST(Judge, ARepeatedOperationDoesNotRaiseASupersededHead) {
  Story story;
  const Dot first = story.place(kAnna, 10, write(kReference, "R1"));
  story.place(kBila, 20, write(kReference, "R2", {first}));
  Operation again = write(kReference, "R1");
  again.first_dot = first;
  story.place(kAnna, 30, again);
  EXPECT_EQ(story.text(kReference), "R2");
  EXPECT_EQ(story.heads(kReference), 1U);
}

TEST(Judge, TheOrderOfConcurrentWorkInTheLogDoesNotShowInTheState) {
  Story one, other;
  one.place(kAnna, 10, create(), 50);
  one.place(kBila, 20, write(kReference, "B"), 50);
  other.place(kBila, 20, write(kReference, "B"), 50);
  other.place(kAnna, 10, create(), 50);
  EXPECT_EQ(digest(one.log()), digest(other.log())) << "a creation that comes late";
}

TEST(Judge, TwoOfficesThatCreateOneIdMakeOneRecord) {
  Story story;
  story.place(kAnna, 10, create());
  story.place(kBila, 11, create());
  story.place(kBila, 12, write(kReference, "B"));
  EXPECT_EQ(story.log().size(), 1U);
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
}

// ── Registers ──

TEST(Judge, ALedgerEntryAndItsReversalStandSideBySide) {
  Story story;
  story.place(kAnna, 10, of(kLedgerEntry, "e-1", create()));
  story.place(kAnna, 11, of(kLedgerEntry, "e-1", write(3, Value::money("XOF", 500))));
  story.place(kAnna, 20, of(kLedgerEntry, "e-2", create()));
  story.place(kAnna, 21, of(kLedgerEntry, "e-2", write(3, Value::money("XOF", -500))));
  for (const char* id : {"e-1", "e-2"}) EXPECT_TRUE(story.record(kLedgerEntry, id).alive);
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
}

TEST(Judge, WhatANewerSchemaDescribesIsInTheDigestAndNotInTheList) {
  Story story;
  story.place(kAnna, 10, create());
  const Hash before = digest(story.log());
  story.place(kAnna, 11, write(900, "x"));
  story.place(kBila, 12, write(900, "y"));
  story.place(kBila, 13, of(77, "z-1", create()));
  EXPECT_NE(digest(story.log()), before);
  EXPECT_TRUE(story.field(900).conflict);
  EXPECT_THAT(conflicts(story.log()), IsEmpty());
}

// ── The overlay ──

TEST(Judge, HeldWorkIsShownAndTakenOutRestoresWhatWasConfirmed) {
  Story story;
  story.place(kAnna, 10, create());
  const Dot value = story.place(kAnna, 11, write(kReference, "confirmed"));
  story.lay_over(kBila, 20, write(kReference, "held", {value}));
  EXPECT_EQ(story.text(kReference), "held");
  EXPECT_EQ(story.log().at({kProject, "p-1"}).fields.at({kReference, {}}).heads[0].value,
            Value::text("confirmed"));
  story.withdraw();
  EXPECT_EQ(story.text(kReference), "confirmed");
}

TEST(Judge, OverlayWorkMeetsAConfirmedEditThatItDidNotSee) {
  Story story;
  const Dot value = story.place(kAnna, 10, write(kReference, "first"));
  story.place(kAnna, 90, write(kReference, "theirs", {value}));
  story.lay_over(kBila, 50, write(kReference, "mine", {value}));
  EXPECT_EQ(story.text(kReference), "theirs");
  EXPECT_TRUE(story.field(kReference).conflict);
  EXPECT_THAT(conflicts(story.log()), IsEmpty()) << "nothing of the overlay is confirmed";
}

TEST(Judge, OverlayWorkCountsFromWhenItCameIn) {
  Story story;
  story.place(kAnna, 300, write(kReference, "confirmed"));
  story.lay_over(kBila, 9'000'000, write(kReference, "clock ahead"), 200);
  EXPECT_EQ(story.text(kReference), "confirmed");
}

TEST(Judge, AnOverlayDeleteHidesTheRecordOfThisOfficeOnly) {
  Story story;
  const Dot birth = story.place(kAnna, 10, create());
  story.lay_over(kBila, 20, erase({birth}));
  EXPECT_FALSE(story.record().alive);
  EXPECT_TRUE(story.log().at({kProject, "p-1"}).alive);
}

TEST(Judge, AnIdThatAnotherRegisterHasStandsBesideItUntilRefused) {
  Story story;
  story.place(kAnna, 10, create());
  story.lay_over(kBila, 20, of(kNeed, "p-1", create()));
  EXPECT_TRUE(story.record(kNeed).alive);
  EXPECT_EQ(story.view().size(), 2U);
}

// ── Digest, against the worked example of section 13 ──

struct WorkedExample : testing::Test {
  ChangeSet first;
  Dot birth;

  void SetUp() override {
    const auto author = from_hex("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
    first.header.source = {*Author::from(*author), *ChainId::from(*from_hex("c1c1c1c1c1c1c1c1"))};
    first.operations = {create(), write(kReference, "WTR-7")};
    birth = first.dot(0);
  }
};

TEST_F(WorkedExample, HashesTheRecordAndTheSpace) {
  const JudgedRecords records = confirmed(built_in_schema(), {{&first, 1, 0}});
  EXPECT_EQ(to_hex(record_hash(records.at({kProject, "p-1"})).view()),
            "7e8a3f65414e17f57bdc33d3d52ef1b1bcad5111432371d990e3efe1159692d6");
  EXPECT_EQ(to_hex(digest(records).view()),
            "673f9e153082724bf379e39bd6a813a19a2f9423c8732b2cd2d3b63ea12e4e55");
}

TEST_F(WorkedExample, HashesADeleteWithWhatItSaw) {
  ChangeSet second = first;
  second.header.sequence = 5;
  second.operations = {erase({birth})};
  const JudgedRecords records = confirmed(built_in_schema(), {{&first, 1, 0}, {&second, 2, 0}});
  EXPECT_TRUE(records.at({kProject, "p-1"}).revived);
  EXPECT_EQ(to_hex(record_hash(records.at({kProject, "p-1"})).view()),
            "3178ca6cbb4ac2be4d11fdd06b806c8f5b78d2aae468971c8ac6e9f6aca89dcb");
}

TEST(Judge, AnEmptySpaceHasTheRootOfNoRecords) {
  EXPECT_EQ(to_hex(digest({}).view()), "40a23781091e08345b7ea5ba6297746913ea02b47b75606783ea784fd1377c1a");
}

// ── Rows and lists ──

struct Tables : testing::Test {
  sqlite3* db = nullptr;
  Story story;
  Openings none = [](const Hash&) { return std::nullopt; };

  void SetUp() override {
    sqlite3_open(":memory:", &db);
    for (const Register& content : built_in_schema().registers())
      for (const auto& statement : sql::table_statements(content, "network")) run(statement.sql);
    story.place(kAnna, 10, create());
  }
  void TearDown() override { sqlite3_close(db); }
  void run(const std::string& statement) {
    ASSERT_EQ(sqlite3_exec(db, statement.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << statement;
  }
  std::vector<std::string> differences(const Openings& openings) {
    return compare_rows(built_in_schema(), {{"network", story.view()}}, db, openings);
  }
  std::vector<std::string> differences() { return differences(none); }
};

TEST_F(Tables, ThatShowTheJudgedStateAreFoundRight) {
  story.place(kAnna, 11, write(kReference, "R1"));
  story.place(kAnna, 12, translate("und", "Water"));
  story.place(kAnna, 13, write(kBudget, Value::money("XOF", 500)));
  story.place(kAnna, 14, write(5, Value::reference("public", "uclga")));
  story.place(kAnna, 15, write(16, *Value::point("48.1,2")));
  story.place(kAnna, 16, add(kTheme, Value::reference("network", "water")));
  run("INSERT INTO project(id, space, reference, title, budget, budget_currency, organisation, place) VALUES"
      "('p-1', 'network', 'R1', 'Water', 500, 'XOF', 'uclga', '48.10,2.0')");
  run("INSERT INTO project_theme(record, value, space) VALUES('p-1', 'water', 'network')");
  EXPECT_THAT(differences(), IsEmpty());
  run("UPDATE project SET title='{\"und\":\"Water\"}'");
  EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(Tables, ThatDifferAreNamedFieldByField) {
  story.place(kAnna, 11, write(kReference, "R1"));
  story.place(kAnna, 12, translate("fr", "Eau"));
  story.place(kAnna, 13, add(kSdg, Value::text("6")));
  run("INSERT INTO project(id, space, reference, title) VALUES('p-1', 'network', 'R2', 'Eau')");
  run("INSERT INTO project_sdg(record, value, space) VALUES('p-1', '7', 'network')");
  EXPECT_THAT(differences(), ElementsAre("project network#p-1 reference: must show 'R1' and shows 'R2'",
                                         "project network#p-1 title: must show fr 'Eau' and shows und 'Eau'",
                                         "project network#p-1 sdg: holds '7', which must not be there",
                                         "project network#p-1 sdg: '6' is missing"));
}

TEST_F(Tables, HoldARowForEachLivingRecordAndNoOther) {
  EXPECT_THAT(differences(), ElementsAre("project network#p-1: has no row"));
  run("INSERT INTO project(id, space) VALUES('p-1', 'network'), ('p-1', 'public')");
  EXPECT_THAT(differences(), ElementsAre(HasSubstr("public#p-1: a row of a record that must not be shown")));
  run("DELETE FROM project WHERE space='public'");
  EXPECT_THAT(differences(), IsEmpty());
  const JudgedHead birth = story.field(0).heads[0];
  story.place(kAnna, 20, erase({birth.dot}));
  EXPECT_THAT(differences(), ElementsAre(HasSubstr("network#p-1: a row of a record that must not be shown")));
}

TEST_F(Tables, ShowPersonalValuesWhileTheirOpeningIsThere) {
  Hash commitment;
  commitment.bytes[0] = 9;
  story.place(kAnna, 11, of(kPerson, "x", create()));
  story.place(kAnna, 12, of(kPerson, "x", write(1, Value::commitment(commitment))));
  run("INSERT INTO project(id, space) VALUES('p-1', 'network')");
  run("INSERT INTO person(id, space, name) VALUES('x', 'network', 'Amina')");
  const Openings opened = [&](const Hash& asked) {
    return asked == commitment ? std::optional(Value::text("Amina")) : std::nullopt;
  };
  EXPECT_THAT(differences(opened), IsEmpty());
  EXPECT_THAT(differences(), ElementsAre("person network#x name: must show nothing and shows 'Amina'"));
}

TEST_F(Tables, ShowDecimalsAsNumbers) {
  story.place(kAnna, 11, of(kParty, "y", create()));
  story.place(kAnna, 12, of(kParty, "y", write(4, *Value::decimal("12.1"))));
  run("INSERT INTO project(id, space) VALUES('p-1', 'network')");
  run("INSERT INTO project_party(id, space, share) VALUES('y', 'network', 12.1)");
  EXPECT_THAT(differences(), IsEmpty());
  run("UPDATE project_party SET share=12");
  EXPECT_THAT(differences(), ElementsAre("project_party network#y share: must show '12.1' and shows '12'"));
}

TEST_F(Tables, ThatAreMissingAreADifference) {
  run("DROP TABLE theme");
  run("INSERT INTO project(id, space) VALUES('p-1', 'network')");
  EXPECT_THAT(differences(), ElementsAre(HasSubstr("no such table: theme")));
}

TEST_F(Tables, AndListsOfConflictsAreComparedLineByLine) {
  story.place(kAnna, 11, translate("fr", "Eau"));
  story.place(kBila, 12, translate("fr", "Puits"));
  const JudgedSpaces spaces{{"network", story.view()}};
  EXPECT_THAT(compare_conflicts(spaces, {{"project", "network", "p-1", "title", "fr"}}), IsEmpty());
  EXPECT_THAT(compare_conflicts(spaces, {{"project", "network", "p-1", "title", "en"}}),
              ElementsAre("project network#p-1 title fr: a conflict that is not listed",
                          "project network#p-1 title en: listed, but no conflict"));
}

}  // namespace
}  // namespace wasl::sim
