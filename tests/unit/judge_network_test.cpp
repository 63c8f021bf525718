// The judge beside real replicas: after hundreds of steps of random work every office's rows, conflicts and
// digests are what the judge says of the same change sets.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <deque>

#include "tests/sim/judge/judge.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kDay = 24LL * 3600 * kSecond;

/// What a space's log or an office's waiting work holds, owned here: the judge only points to it.
struct Held {
  std::vector<Segment> segments;
  std::deque<ChangeSet> own;
  std::map<Hash, Value> openings;

  void keep(const std::vector<OpeningItem>& items) {
    for (const OpeningItem& item : items) openings[item.commitment] = item.opening.value;
  }
};

/// The entries of a space's log up to a position.
std::vector<sim::PlacedSet> read_log(MiniHub& hub, const std::string& space, Position size, Held& held) {
  held.segments = hub.entries(space, 0);
  std::vector<sim::PlacedSet> out;
  for (const Segment& segment : held.segments) {
    held.keep(segment.openings);
    Position position = segment.first;
    for (const SegmentItem& item : segment.items) {
      const auto* set = std::get_if<SetItem>(&item);
      const bool has_entry = set != nullptr || std::holds_alternative<EntryItem>(item);
      if (set != nullptr && position <= size) out.push_back({&set->set, position, set->entry->hub_time});
      if (has_entry) ++position;
    }
  }
  return out;
}

/// The office's own work in a space that has no entry and was not discarded, as it was sealed.
std::vector<sim::OverlaySet> read_overlay(Database& db, const std::string& space,
                                          const std::vector<sim::PlacedSet>& placed, Held& held) {
  std::vector<sim::OverlaySet> out;
  auto select = must(
      db.prepare("SELECT header, body, openings, came_in FROM _wasl_pending WHERE space = ? AND state <> 4 "
                 "ORDER BY no"));
  select.bind_all(space);
  while (must(select.step())) {
    held.own.push_back(must(decode_change_set(select.blob(0), select.blob(1))));
    held.keep(must(decode_openings(select.blob(2))));
    const Hash& name = held.own.back().name;
    const bool has_entry = std::any_of(placed.begin(), placed.end(),
                                       [&](const sim::PlacedSet& one) { return one.set->name == name; });
    if (!has_entry) out.push_back({&held.own.back(), select.int64(3)});
  }
  return out;
}

/// What the office may read, and where it wrote without a right.
std::set<std::string> spaces_of(MiniHub& hub, Office& office, Millis now) {
  std::set<std::string> out;
  for (const std::string& space : hub.authority().readable(office.replica().device(), now)) out.insert(space);
  auto select = must(office.replica().database().prepare("SELECT space FROM _wasl_pending"));
  while (must(select.step())) out.insert(std::string(select.text(0)));
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

/// Rows and list of conflicts of an office, after everything is sealed, against the judge.
std::string differences(MiniHub& hub, Office& office, Millis now) {
  must(office.replica().seal());
  std::map<std::string, Position> sizes;
  for (const SpaceStatus& one : must(office.replica().status()).spaces) sizes[one.space] = one.position;
  std::map<std::string, Held> held;
  sim::JudgedSpaces spaces;
  std::map<Hash, Value> openings;
  for (const std::string& space : spaces_of(hub, office, now)) {
    const auto placed = read_log(hub, space, sizes[space], held[space]);
    const auto overlay = read_overlay(office.replica().database(), space, placed, held[space]);
    spaces[space] = sim::shown(hub.schema(), placed, overlay);
    openings.merge(held[space].openings);
  }
  const sim::Openings open = [&](const Hash& commitment) {
    const auto found = openings.find(commitment);
    return found == openings.end() ? std::nullopt : std::optional(found->second);
  };
  auto out = sim::compare_rows(hub.schema(), spaces, office.replica().database().handle(), open);
  std::vector<sim::ListedConflict> listed;
  for (const Conflict& one : must(office.replica().conflicts()))
    listed.push_back({one.register_name, one.space, one.id, one.field, one.key});
  for (std::string& line : sim::compare_conflicts(spaces, listed)) out.push_back(std::move(line));
  return joined(out);
}

/// State digests of all spaces at the hub against the judge.
std::string digest_differences(MiniHub& hub) {
  std::string out;
  for (const std::string& space : hub.authority().spaces()) {
    Held held;
    const auto records = sim::confirmed(hub.schema(), read_log(hub, space, hub.size(space), held));
    if (sim::digest(records) != hub.digest(space)) out += space + ": another digest\n";
  }
  return out;
}

/// Three offices, two of one association, and what their programs write.
struct RandomNetwork : testing::TestWithParam<std::uint64_t> {
  TestClock clock;
  TestRandom random;
  std::unique_ptr<MiniHub> hub;
  std::vector<std::unique_ptr<Office>> offices;
  std::size_t refused = 0;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    random.state += GetParam();
    hub = std::make_unique<MiniHub>(clock, random);
    hub->add_organisation("africa", "section");
    hub->add_organisation("ma", "association", "africa");
    hub->add_organisation("sn", "association", "africa");
    for (const auto& [organisation, role] :
         {std::pair("ma", "administrator"), std::pair("ma", "officer"), std::pair("sn", "administrator")})
      offices.push_back(std::make_unique<Office>(*hub, clock, random, organisation, role));
    offices[0]->sql("INSERT INTO theme(id, space) VALUES('t0', 'network'), ('t1', 'network')");
    for (auto& office : offices) office->sync();
  }

  std::size_t pick(std::size_t below) {
    std::array<Byte, 4> bytes{};
    random.fill(bytes);
    return (std::size_t{bytes[0]} << 16 | std::size_t{bytes[1]} << 8 | bytes[2]) % below;
  }
  std::string one_of(const std::vector<std::string>& words) { return words[pick(words.size())]; }
  std::string number(std::size_t below) { return std::to_string(pick(below)); }
  std::string text() { return "'v" + number(4) + "'"; }

  std::string project_statement() {
    const std::string id = "p" + number(6);
    const std::string where = " WHERE id='" + id + "'";
    const std::string space = "'" + one_of({"network", "section/africa", "association/ma", "public"}) + "'";
    switch (pick(12)) {
      case 0:
      case 1:
        return "INSERT INTO project(id, space, title) VALUES('" + id + "', " + space + ", " + text() + ")";
      case 2:
        return "UPDATE project SET reference=" + text() + where;
      case 3:
        return "UPDATE project SET title=json_object('fr', " + text() + ", 'und', " + text() + ")" + where;
      case 4:
        return "UPDATE project SET title=" + text() + ", place='48." + number(3) + "0,-2.5'" + where;
      case 5:
        return "UPDATE project SET status='" + one_of({"pipeline", "closed", "suspended"}) + "'" + where;
      case 6:
        return "UPDATE project SET budget=" + number(3) + ", budget_currency='XOF'" + where;
      case 7:
        return "DELETE FROM project" + where;
      case 8:
        return "REPLACE INTO project(id, space, title, reference) SELECT id, space, " + text() + ", " +
               text() + " FROM project" + where;
      case 9:
        return "INSERT INTO project_theme(record, value) SELECT id, 't" + number(2) + "' FROM project" +
               where;
      case 10:
        return "DELETE FROM project_theme WHERE value='t" + number(2) + "' AND record='" + id + "'";
      default:
        return "UPDATE project SET reference=NULL, status=NULL, budget=NULL, budget_currency=NULL" + where;
    }
  }

  std::string other_statement() {
    const std::string id = number(4);
    switch (pick(8)) {
      case 0:
        return "INSERT INTO person(id, space, name, position) VALUES('h" + id + "', 'section/africa', " +
               text() + ", " + text() + ")";
      case 1:
        return "UPDATE person SET name=" + text() + ", birth_year=19" + number(3) + "0 WHERE id='h" + id +
               "'";
      case 2:
        return "UPDATE person SET position=json_object('en', " + text() + ") WHERE id='h" + id + "'";
      case 3:
        return "DELETE FROM person WHERE id='h" + id + "'";
      case 4:
        return "INSERT INTO ledger_entry(id, space, kind, amount, amount_currency) VALUES('l" + number(50) +
               "', 'section/africa', 'payment', " + number(900) + ", 'XOF')";
      case 5:
        return "INSERT INTO project_party(id, space, share) VALUES('y" + id + "', 'network', " + number(90) +
               ".5)";
      case 6:
        return "UPDATE project_party SET share=" + number(3) + ".25, project='p" + number(6) +
               "' WHERE id='y" + id + "'";
      default:
        return "INSERT INTO need(id, space, title) VALUES('p" + id + "', 'network', " + text() + ")";
    }
  }

  /// A trigger may refuse a statement (an id that another space has, a ledger's entry): nothing has changed.
  void write(Office& office) {
    try {
      office.sql(pick(3) == 0 ? other_statement() : project_statement());
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }

  void resolve(Office& office) {
    const auto conflicts = must(office.replica().conflicts());
    if (conflicts.empty()) return;
    const Conflict& one = conflicts[pick(conflicts.size())];
    const Status done = office.replica().resolve(
        {one.register_name, one.id, one.field, one.key, one.space, pick(one.values.size()), {}, ""});
    EXPECT_TRUE(done || done.error().code == Errc::unauthorised) << done.error().message;
  }

  void discard(Office& office) {
    must(office.replica().seal());
    std::set<Hash> waiting;
    for (const HistoryLine& line : must(office.replica().history(std::nullopt, std::nullopt)))
      if (line.position == 0) waiting.insert(line.change_set);
    if (waiting.empty()) return;
    must(office.replica().discard(*std::next(waiting.begin(), static_cast<long>(pick(waiting.size())))));
  }

  void step(Office& office) {
    clock.time += static_cast<Millis>(pick(3)) * kSecond;
    if (pick(40) == 0) clock.time += kDay;
    switch (pick(16)) {
      case 0:
      case 1:
        EXPECT_EQ(office.sync(), true);
        break;
      case 2:
        must(office.replica().seal());
        break;
      case 3:
        resolve(office);
        break;
      case 4:
        discard(office);
        break;
      default:
        write(office);
    }
  }
};

TEST_P(RandomNetwork, ShowsWhatTheJudgeSays) {
  constexpr std::size_t kSteps = 300, kBetween = 10;
  for (std::size_t at = 1; at <= kSteps; ++at) {
    Office& office = *offices[pick(offices.size())];
    step(office);
    if (at % kBetween != 0) continue;
    ASSERT_EQ(differences(*hub, office, clock.time), "") << "after step " << at;
  }
  for (int round = 0; round < 2; ++round)
    for (auto& office : offices) EXPECT_EQ(office->sync(), true);
  for (auto& office : offices) EXPECT_EQ(differences(*hub, *office, clock.time), "");
  EXPECT_EQ(digest_differences(*hub), "");
  EXPECT_LT(refused, kSteps / 4) << "most of the work is work";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomNetwork, testing::Values(1, 2, 3));

}  // namespace
}  // namespace wasl::test
