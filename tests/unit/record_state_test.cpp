// A record's state: what an operation says it changed, and which packed bytes are a state.
#include "shared/model/record_state.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

constexpr Millis kNow = 1000;

Dot dot(Sequence sequence, std::uint32_t index = 0) {
  Dot out;
  out.source.author.bytes[0] = 1;
  out.sequence = sequence;
  out.index = index;
  return out;
}
Operation operation(OperationKind kind, std::uint32_t field = 0, std::vector<Dot> names = {}) {
  Operation op;
  op.kind = kind;
  op.register_number = 7;
  op.id = "r";
  op.address.field = field;
  op.names = std::move(names);
  return op;
}

TEST(RecordState, SaysWhetherAnOperationChangedIt) {
  RecordState state;
  const auto apply = [&](const Operation& op, const Dot& at) {
    return state.apply(op, {at, Stamp::at(kNow), kNow});
  };
  EXPECT_TRUE(apply(operation(OperationKind::create), dot(1)));
  EXPECT_FALSE(apply(operation(OperationKind::create), dot(1))) << "again";
  EXPECT_TRUE(apply(operation(OperationKind::create), dot(2))) << "by somebody else";
  EXPECT_TRUE(apply(operation(OperationKind::write, 1), dot(3)));
  EXPECT_TRUE(apply(operation(OperationKind::resolve, 1, {dot(3)}), dot(4)));
  EXPECT_TRUE(apply(operation(OperationKind::add, 2), dot(5)));
  EXPECT_FALSE(apply(operation(OperationKind::remove, 2), dot(6))) << "names nothing";
  EXPECT_FALSE(apply(operation(OperationKind::remove, 3, {dot(5)}), dot(6))) << "nothing stands there";
  EXPECT_TRUE(apply(operation(OperationKind::remove, 2, {dot(5)}), dot(6)));
  EXPECT_TRUE(apply(operation(OperationKind::erase), dot(7)));
  EXPECT_FALSE(apply(operation(OperationKind::erase), dot(7))) << "again";
  EXPECT_TRUE(apply(operation(OperationKind::act), dot(8)));
  EXPECT_EQ(state.all_dots(), (std::vector<Dot>{dot(1), dot(2), dot(4), dot(8)}));
  EXPECT_EQ(state.deletions.size(), 1U);
}

TEST(RecordState, HasTheRegisterOfItsFirstOperation) {
  RecordState state;
  state.apply(operation(OperationKind::create), {dot(1), {}, 0});
  Operation other = operation(OperationKind::write, 1);
  other.register_number = 9;
  state.apply(other, {dot(2), {}, 0});
  EXPECT_EQ(state.register_number, 7U);
}

TEST(RecordState, KeepsHeadsAndDeletesInTheOrderOfTheirDots) {
  RecordState state;
  for (const Sequence sequence : {3U, 1U, 2U}) {
    state.apply(operation(OperationKind::write, 1), {dot(sequence), {}, 0});
    state.apply(operation(OperationKind::erase), {dot(sequence + 10), {}, 0});
  }
  EXPECT_EQ(state.all_dots({1, {}}), (std::vector<Dot>{dot(1), dot(2), dot(3)}));
  EXPECT_EQ(state.deletions[0].dot, dot(11));
  EXPECT_EQ(state.deletions[2].dot, dot(13));
}

TEST(RecordState, APlainWriteNamesTheShownValueAndNoOther) {
  RecordState state;
  const auto write = [&](Sequence sequence, const char* text, Millis at) {
    Operation op = operation(OperationKind::write, 1);
    op.value = Value::text(text);
    state.apply(op, {dot(sequence), Stamp::at(at), at});
  };
  write(1, "A", 30);
  EXPECT_FALSE(state.is_conflict({1, {}}));
  write(2, "B", 20);
  write(3, "A", 10);
  EXPECT_EQ(state.shown({1, {}})->dot, dot(1));
  EXPECT_TRUE(state.is_conflict({1, {}}));
  EXPECT_EQ(state.plain_lineage({1, {}}), (std::vector<Dot>{dot(1), dot(3)}));
  EXPECT_EQ(state.all_dots({1, {}}), (std::vector<Dot>{dot(1), dot(2), dot(3)}));
}

TEST(RecordState, AnAddressWithoutHeadsShowsNothing) {
  const RecordState state;
  EXPECT_EQ(state.shown({1, {}}), nullptr);
  EXPECT_FALSE(state.is_conflict({1, {}}));
  EXPECT_TRUE(state.plain_lineage({1, {}}).empty());
  EXPECT_TRUE(state.all_dots({1, {}}).empty());
  EXPECT_FALSE(state.exists());
  EXPECT_FALSE(state.is_alive());
}

struct OneSource final : SourceNumbers {
  Source source = dot(1).source;
  std::uint64_t number_of(const Source&) override { return 5; }
  const Source& source_of(std::uint64_t) override { return source; }
};

/// A packed state as numbers: one field with two heads, two deletes that saw two heads each.
struct Packed {
  std::uint64_t register_number = 7;
  Stamp stamp = Stamp::at(kNow);
  std::int64_t earlier = 0;
  std::uint64_t first_address = 1 << 1, second_address = 2 << 1;
  std::uint64_t key_of_second = 0;  ///< bytes of it; 0: none
  std::uint64_t heads_of_second = 2;
  std::uint64_t first_head = 0, second_head = 1;  ///< indexes
  std::uint64_t origin = 0;
  std::uint64_t in_row = 0;
  std::uint64_t first_delete = 0, second_delete = 1;
  std::uint64_t first_seen = 0, second_seen = 1;
  std::uint64_t index_limit = 0;  ///< added to the last index
  std::optional<std::uint64_t> level{};

  Bytes bytes() const {
    Writer out;
    out.varint(register_number);
    out.varint(1);
    out.varint(5 << 1 | (level ? 1 : 0));
    if (level) out.varint(*level);
    for (const std::uint64_t number : {std::uint64_t{9}, stamp.bits}) out.varint(number);
    out.integer(earlier);
    out.varint(2);
    out.varint(first_address);
    out.varint(1);
    head(out, 0);
    out.varint(second_address);
    if ((second_address & 1) != 0) out.sized(Bytes(key_of_second, 'k'));
    out.varint(heads_of_second);
    if (heads_of_second > 0) head(out, first_head);
    if (heads_of_second > 1) head(out, second_head);
    out.varint(2);
    for (const std::uint64_t index : {first_delete, second_delete}) {
      out.varint(origin);
      out.varint(index);
      out.varint(2);
      for (const std::uint64_t seen : {first_seen, second_seen + index_limit}) {
        out.varint(origin);
        out.varint(seen);
      }
    }
    return out.take();
  }
  void head(Writer& out, std::uint64_t index) const {
    out.varint(origin << 1 | in_row);
    out.varint(index);
    if (in_row == 0) Value::text("A").encode(out);
  }
};

bool decodes(const Packed& packed, const ValueFromRow& from_row = {}) {
  OneSource sources;
  const Bytes bytes = packed.bytes();
  Reader in(bytes);
  return decode_state(in, sources, from_row).has_value() && in.finished();
}

TEST(PackedState, IsReadWhenItFollowsEveryRule) {
  EXPECT_TRUE(decodes({}));
  EXPECT_TRUE(decodes({.earlier = kNow}));
  EXPECT_TRUE(decodes({.second_address = 2 << 1 | 1, .key_of_second = 3}));
  EXPECT_TRUE(decodes({.register_number = UINT32_MAX}));
  EXPECT_TRUE(decodes({.in_row = 1}, [](const Address&) { return Value::text("row"); }));
  EXPECT_TRUE(decodes({.level = 3}));
}

TEST(PackedState, IsRefusedWhenAListDoesNotRise) {
  EXPECT_FALSE(decodes({.first_address = 2 << 1, .second_address = 2 << 1})) << "an address twice";
  EXPECT_FALSE(decodes({.first_address = 3 << 1, .second_address = 2 << 1}));
  EXPECT_FALSE(decodes({.first_head = 1, .second_head = 1}));
  EXPECT_FALSE(decodes({.first_head = 2, .second_head = 1}));
  EXPECT_FALSE(decodes({.first_delete = 1, .second_delete = 1}));
  EXPECT_FALSE(decodes({.first_delete = 2, .second_delete = 1}));
  EXPECT_FALSE(decodes({.first_seen = 1, .second_seen = 1}));
  EXPECT_FALSE(decodes({.first_seen = 2, .second_seen = 1}));
}

TEST(PackedState, IsRefusedWhenANumberIsOutOfItsRange) {
  EXPECT_FALSE(decodes({.register_number = std::uint64_t{UINT32_MAX} + 1}));
  EXPECT_FALSE(decodes({.earlier = -1})) << "effective after its stamp";
  EXPECT_FALSE(decodes({.earlier = kNow + 1})) << "before time began";
  EXPECT_FALSE(decodes({.heads_of_second = 0})) << "an address without heads";
  EXPECT_FALSE(decodes({.origin = 1})) << "no such origin";
  EXPECT_FALSE(decodes({.second_address = 2 << 1 | 1, .key_of_second = 0})) << "a key that is none";
  EXPECT_FALSE(decodes({.in_row = 1})) << "a value in a row where there is no row";
  EXPECT_FALSE(decodes({.index_limit = UINT32_MAX}));
  EXPECT_FALSE(decodes({.level = 0})) << "no mandate is not written down";
}

TEST(PackedState, IsRefusedWhereverItIsCut) {
  const Bytes whole = Packed{}.bytes();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    OneSource sources;
    Reader in(ByteView(whole).first(length));
    EXPECT_FALSE(decode_state(in, sources)) << length;
  }
}

}  // namespace
}  // namespace wasl
