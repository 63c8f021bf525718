// What several hub processes over one PostgreSQL have in common: the lead, what is shown of it, questions and
// requests. Needs the server that WASL_POSTGRES names.
#include <gtest/gtest.h>

#include <unistd.h>

#include "server/store/postgres_hub_store.hpp"
#include "tests/support/must.hpp"
#include "tests/support/test_store.hpp"

namespace wasl::test {
namespace {

constexpr std::string_view kSpace = "section/africa";

struct SharedStores : testing::TestWithParam<std::string> {
  void SetUp() override {
    place.emplace("wasl-shared-" + std::to_string(getpid()) + "-" + std::to_string(++count_),
                  StoreKind::postgres);
    first = must(PostgresHubStore::open_to_share(place->address()));
    second = must(PostgresHubStore::open_to_share(place->address()));
    ASSERT_TRUE(must(one().try_lead()));
    must(one().publish("note of 0", 0));
    must(two().look());
  }
  SharedStore& one() { return *first->shared(); }
  SharedStore& two() { return *second->shared(); }
  /// As if who leads had been silent for longer than it may.
  void silence() {
    const auto connection = must(PostgresConnection::open(place->address()));
    must(connection->run("UPDATE hub_fence SET renewed = clock_timestamp() - interval '1 minute'"));
  }
  static Status put(HubStore& store, std::string_view key) {
    return store.transact([&] { return store.set_meta(key, view("1")); });
  }

  std::optional<TestStore> place;
  std::unique_ptr<HubStore> first, second;

 private:
  static inline int count_ = 0;
};

std::vector<std::string> servers() {
  const auto address = postgres_address();
  return address ? std::vector{*address} : std::vector<std::string>();
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SharedStores);
INSTANTIATE_TEST_SUITE_P(Shared, SharedStores, testing::ValuesIn(servers()),
                         [](const auto&) { return std::string("Postgres"); });

TEST_P(SharedStores, OneLeadsAndWhoFollowsCommitsNothing) {
  EXPECT_FALSE(must(two().try_lead()));
  EXPECT_EQ(put(*second, "a").error().code, Errc::locked);
  must(put(*first, "b"));
  EXPECT_FALSE(must(second->meta("a")).has_value());
  EXPECT_FALSE(two().is_free());
  EXPECT_EQ(two().publish("note", 0).error().code, Errc::conflict);
}

TEST_P(SharedStores, WhoResignsIsFollowedAtOnceAndFollows) {
  must(one().resign());
  must(two().look());
  EXPECT_TRUE(two().is_free());
  EXPECT_TRUE(must(two().try_lead()));
  EXPECT_FALSE(one().leads());
  EXPECT_EQ(put(*first, "a").error().code, Errc::locked);
  EXPECT_FALSE(first->must_reopen());
  must(put(*second, "b"));
  must(two().resign());
  EXPECT_TRUE(must(one().try_lead()));
  must(put(*first, "c"));
}

TEST_P(SharedStores, WhoWasSilentIsDeposedAndItsLateCommitAndNoteAreRefused) {
  const Status late = first->transact([&]() -> Status {
    must(first->set_meta("late", view("1")));
    silence();
    EXPECT_TRUE(must(two().try_lead()));
    must(put(*second, "in time"));
    return {};
  });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::conflict);
  EXPECT_EQ(one().publish("late note", 0).error().code, Errc::conflict);
  EXPECT_FALSE(one().leads());
  EXPECT_TRUE(first->must_reopen());
  EXPECT_FALSE(must(second->meta("late")).has_value());
  EXPECT_TRUE(must(second->meta("in time")).has_value());
}

TEST_P(SharedStores, WhoFollowsSeesNothingBeforeItIsSigned) {
  EXPECT_EQ(must(two().look()), std::nullopt);
  must(first->transact([&]() -> Status {
    SpaceInfo& info = *must(first->space(kSpace));
    info.as_of = 7;
    must(first->save_space(info));
    return first->append_heads(0, view("leaf"), {});
  }));
  EXPECT_EQ(must(two().look()), std::nullopt);
  must(one().publish("note of 1", 1));
  const auto news = must(two().look());
  ASSERT_TRUE(news);
  EXPECT_EQ(news->note, "note of 1");
  EXPECT_EQ(must(second->space(kSpace))->as_of, 7);
  // What comes later is not seen before the next look that brings news.
  must(first->transact([&]() -> Status {
    SpaceInfo& info = *must(first->space(kSpace));
    info.as_of = 8;
    return first->save_space(info);
  }));
  EXPECT_EQ(must(second->space(kSpace))->as_of, 7);
  must(two().look());
  EXPECT_EQ(must(second->space(kSpace))->as_of, 8);
}

TEST_P(SharedStores, AQuestionIsAnsweredWithTheCommitOrNotAtAll) {
  const std::vector<SharedStore::Question> questions{{1, to_bytes(view("a"))}, {2, to_bytes(view("b"))}};
  must(two().ask(questions));
  must(two().ask(questions));  // the answer to the first was lost: nothing is asked twice
  auto asked = must(one().asked(10));
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].by, two().self());
  EXPECT_EQ(asked[0].data, to_bytes(view("a")));
  EXPECT_FALSE(first->transact([&]() -> Status {
    must(one().answer(asked[0].by, asked[0].number, view("no")));
    return fail(Errc::invalid_value, "no");
  }));
  EXPECT_EQ(must(one().asked(10)).size(), 2U);
  must(first->transact([&]() -> Status {
    must(one().tell_all(view("to all")));
    return one().answer(asked[0].by, asked[0].number, view("yes"));
  }));
  asked = must(one().asked(10));
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].number, 2U);
  const auto news = must(two().look());
  ASSERT_TRUE(news);
  ASSERT_EQ(news->answers.size(), 2U);
  EXPECT_EQ(news->answers[0].question, std::nullopt);
  EXPECT_EQ(news->answers[1].question, 1U);
  EXPECT_EQ(news->answers[1].data, to_bytes(view("yes")));
  EXPECT_EQ(must(two().look()), std::nullopt);  // each once
}

TEST_P(SharedStores, WhatWaitedIsThereForWhoLeadsNext) {
  must(two().ask(std::vector<SharedStore::Question>{{1, to_bytes(view("a"))}}));
  silence();
  ASSERT_TRUE(must(two().try_lead()));
  const auto asked = must(two().asked(10));
  ASSERT_EQ(asked.size(), 1U);
  must(second->transact([&] { return two().answer(asked[0].by, asked[0].number, view("yes")); }));
  const auto news = must(two().look());  // it is its own
  ASSERT_TRUE(news);
  ASSERT_EQ(news->answers.size(), 1U);
}

TEST_P(SharedStores, ARequestIsTakenOnceOrWithdrawn) {
  auto request = must(PostgresRequest::send(place->address(), "do"));
  EXPECT_FALSE(must(request.nobody_leads()));
  EXPECT_EQ(must(request.answer()), std::nullopt);
  const auto taken = must(one().take_request());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->text, "do");
  EXPECT_FALSE(must(one().take_request()).has_value());
  EXPECT_FALSE(must(request.withdraw()));
  must(one().reply(taken->id, "done"));
  EXPECT_EQ(must(request.answer()), "done");
  auto other = must(PostgresRequest::send(place->address(), "never"));
  EXPECT_TRUE(must(other.withdraw()));
  EXPECT_FALSE(must(one().take_request()).has_value());
  must(one().resign());
  EXPECT_TRUE(must(request.nobody_leads()));
}

TEST_P(SharedStores, WhoIsThereIsSeenByAll) {
  must(one().say_here("here ws://1"));
  must(two().say_here("there ws://2"));
  must(two().say_here("there ws://3"));
  auto standing = must(one().standing());
  ASSERT_EQ(standing.processes.size(), 2U);
  EXPECT_TRUE(standing.is_led);
  EXPECT_EQ(standing.processes[0].leads, standing.processes[0].place == "here ws://1");
  EXPECT_NE(standing.processes[0].leads, standing.processes[1].leads);
  must(one().say_gone());
  must(one().resign());
  standing = must(two().standing());
  ASSERT_EQ(standing.processes.size(), 1U);
  EXPECT_EQ(standing.processes[0].place, "there ws://3");
  EXPECT_FALSE(standing.is_led);
}

}  // namespace
}  // namespace wasl::test
