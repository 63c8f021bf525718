// A list of what is collected: one form, and nothing else under its name.
#include "shared/ledger/collection.hpp"

#include <gtest/gtest.h>

#include "shared/base/packed.hpp"
#include "shared/wire/segment.hpp"
#include "tests/support/must.hpp"

namespace wasl::test {
namespace {

using ledger::Collection;
using ledger::EntryKind;

Errc refused(const Collection& list) {
  const auto taken = Collection::decode(list.encode());
  return taken ? Errc::not_found : taken.error().code;
}

Segment segment_of(EntryItem item, std::string space = "network") {
  Segment segment{std::move(space), 5, {}, {}};
  segment.items.emplace_back(std::move(item));
  return segment;
}

Errc refused(const Segment& segment) {
  const auto taken = decode_items(segment.space, segment.first, encode_items(segment), NetworkId{});
  return taken ? Errc::not_found : taken.error().code;
}

const Collection kList{4, {{7, "a"}, {7, "b"}, {9, "a"}}};

TEST(Collection, IsReadAsItWasWritten) { EXPECT_EQ(must(Collection::decode(kList.encode())), kList); }

TEST(Collection, HasOneForm) {
  EXPECT_EQ(refused(Collection{0, kList.records}), Errc::malformed) << "no floor";
  EXPECT_EQ(refused(Collection{4, {}}), Errc::malformed) << "no records";
  EXPECT_EQ(refused(Collection{4, {{7, "b"}, {7, "a"}}}), Errc::malformed) << "not rising";
  EXPECT_EQ(refused(Collection{4, {{7, "a"}, {7, "a"}}}), Errc::malformed) << "twice";
  EXPECT_EQ(refused(Collection{4, {{0, "a"}}}), Errc::malformed) << "an act";
  EXPECT_EQ(refused(Collection{4, {{7, ""}}}), Errc::malformed) << "no id";
  EXPECT_EQ(refused(Collection{4, {{7, std::string(65, 'a')}}}), Errc::malformed) << "a long id";
  Bytes more = kList.encode();
  more.push_back(0);
  EXPECT_FALSE(Collection::decode(more));
  Collection many{4, {}};
  for (std::size_t i = 0; i <= Collection::kRecordsMost; ++i)
    many.records.emplace_back(7, std::to_string(10'000 + i));
  EXPECT_EQ(refused(many), Errc::malformed) << "too many";
  many.records.pop_back();
  EXPECT_EQ(refused(many), Errc::not_found);
}

TEST(Collection, TravelsBesideTheEntryThatNamesIt) {
  const EntryItem item = collect_item({EntryKind::accept, {}, 3, 100}, kList);
  EXPECT_EQ(item.entry.kind, EntryKind::collect);
  const Segment taken = must(decode_items("network", 5, encode_items(segment_of(item)), NetworkId{}));
  EXPECT_EQ(*entry_of(taken.items.front()), item.entry);
  EXPECT_EQ(collection_of(taken.items.front()), kList);
  EXPECT_EQ(must(ledger::Entry::decode(item.entry.encode())), item.entry);
}

TEST(Collection, IsNeitherAnotherListNorOneOfAuthority) {
  EntryItem item = collect_item({EntryKind::accept, {}, 3, 100}, kList);
  EXPECT_EQ(refused(segment_of(item, "authority")), Errc::malformed);
  item.bytes = Collection{4, {{7, "c"}}}.encode();
  EXPECT_EQ(refused(segment_of(item)), Errc::malformed);
  item.bytes.clear();
  EXPECT_EQ(refused(segment_of(item)), Errc::malformed);
}

}  // namespace
}  // namespace wasl::test
