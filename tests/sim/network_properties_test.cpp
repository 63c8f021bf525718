// Random work of two offices on the real replica: whatever they do and whenever they sync, both end with the
// same rows, both prove it, and signed history gives the same state when it is replayed.
#include <gtest/gtest.h>
// rapidcheck needs gtest first
#include <rapidcheck/gtest.h>

#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

constexpr const char* kShared =
    "SELECT id, space, title, reference, status, budget, budget_currency FROM project WHERE space='network' "
    "ORDER BY id";
constexpr const char* kSets = "SELECT record, value FROM project_theme ORDER BY 1, 2";

std::string literal(int n) { return "'v" + std::to_string(n) + "'"; }

/// One statement as some program might send it.
std::string random_statement() {
  const std::string id = "p" + std::to_string(*rc::gen::inRange(0, 4));
  const std::string value = literal(*rc::gen::inRange(0, 4));
  const std::string where = " WHERE id='" + id + "'";
  switch (*rc::gen::inRange(0, 11)) {
    case 0:
      return "INSERT OR IGNORE INTO project(id, space, title) VALUES('" + id + "', 'network', " + value + ")";
    case 1:
      return "UPDATE project SET reference=" + value + where;
    case 2:
      return "UPDATE project SET title=json_object('fr', " + value + ", 'und', " + value + ")" + where;
    case 3:
      return "UPDATE project SET title=" + value + where;
    case 4:
      return "UPDATE project SET status='" +
             *rc::gen::element<std::string>("pipeline", "implementation", "closed") + "'" + where;
    case 5:
      return "UPDATE project SET budget=" + std::to_string(*rc::gen::inRange(0, 3)) +
             ", budget_currency='XOF'" + where;
    case 6:
      return "DELETE FROM project" + where;
    case 7:
      return "REPLACE INTO project(id, space, title, reference) VALUES('" + id + "', 'network', " + value +
             ", " + value + ")";
    case 8:
      return "INSERT OR IGNORE INTO project_theme(record, value) SELECT id, 't" +
             std::to_string(*rc::gen::inRange(0, 2)) + "' FROM project" + where;
    case 9:
      return "DELETE FROM project_theme WHERE record='" + id + "'";
    default:
      return "UPDATE project SET reference=NULL, status=NULL" + where;
  }
}

RC_GTEST_PROP(Network, EndsEqualAndProvedWhateverTheOfficesDo, ()) {
  RC_ASSERT(crypto::start());
  TestClock clock;
  TestRandom random;
  random.state += static_cast<std::uint64_t>(*rc::gen::inRange(1, 1 << 30));
  MiniHub hub(clock, random);
  hub.add_organisation("ma", "association");
  hub.add_organisation("sn", "association");
  Office a(hub, clock, random, "ma", "administrator");
  Office b(hub, clock, random, "sn", "administrator");
  a.sql("INSERT INTO theme(id, space) VALUES('t0', 'network'), ('t1', 'network')");
  a.sync();
  b.sync();
  const int steps = *rc::gen::inRange(5, 40);
  for (int step = 0; step < steps; ++step) {
    Office& office = *rc::gen::inRange(0, 2) == 0 ? a : b;
    clock.time += *rc::gen::inRange(0, 1000);
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
        RC_ASSERT(office.sync() == std::optional(true));
        break;
      case 1:
        must(office.replica().seal());
        break;
      case 2: {  // taking everything out again restores what was confirmed
        must(office.replica().seal());
        const auto history = must(office.replica().history(std::nullopt, std::nullopt));
        std::set<Hash> waiting;
        for (const auto& line : history) {
          if (line.position == 0) waiting.insert(line.change_set);
        }
        for (const Hash& change_set : waiting) must(office.replica().discard(change_set));
        RC_ASSERT(must(office.replica().verify()).problems == std::vector<std::string>());
        break;
      }
      case 3: {
        const auto conflicts = must(office.replica().conflicts());
        if (!conflicts.empty()) {
          const auto& c = conflicts.front();
          must(office.replica().resolve({c.register_name, c.id, c.field, c.key, c.space, 0, {}, ""}));
        }
        break;
      }
      default:
        office.sql(random_statement());
    }
  }
  RC_ASSERT(a.sync() == std::optional(true));
  RC_ASSERT(b.sync() == std::optional(true));
  RC_ASSERT(a.sync() == std::optional(true));
  RC_ASSERT(a.rows(kShared) == b.rows(kShared));
  RC_ASSERT(a.rows(kSets) == b.rows(kSets));
  const auto in_a = must(a.replica().conflicts());
  const auto in_b = must(b.replica().conflicts());
  RC_ASSERT(in_a.size() == in_b.size());
  for (std::size_t i = 0; i < in_a.size(); ++i) {
    RC_ASSERT(in_a[i].id == in_b[i].id && in_a[i].field == in_b[i].field &&
              in_a[i].values.size() == in_b[i].values.size());
  }
  for (Office* office : {&a, &b})
    RC_ASSERT(must(office->replica().verify()).problems == std::vector<std::string>());
  RC_ASSERT(must(a.replica().status()).unsent == 0U);
}

}  // namespace
}  // namespace wasl::test
