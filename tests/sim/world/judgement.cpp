#include "tests/sim/world/judgement.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <set>

#include "shared/store/sqlite_rows.hpp"

namespace wasl::sim {
namespace {

constexpr std::size_t kWordsMost = 5;  // of one kind: the first differences say enough

/// Each row as its columns one after the other, a zero between.
std::vector<std::string> rows_of(Database& db, const std::string& query) {
  std::vector<std::string> rows;
  sqlite3_stmt* select = nullptr;
  if (sqlite3_prepare_v2(db.handle(), query.c_str(), -1, &select, nullptr) != SQLITE_OK) return rows;
  while (sqlite3_step(select) == SQLITE_ROW) {
    std::string& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(select); ++i) {
      if (i > 0) row += '\0';
      const void* bytes = sqlite3_column_blob(select, i);
      if (bytes != nullptr)
        row.append(static_cast<const char*>(bytes),
                   static_cast<std::size_t>(sqlite3_column_bytes(select, i)));
    }
  }
  sqlite3_finalize(select);
  return rows;
}

}  // namespace

Judgement::Judgement(HubMachine& hub, const Versions& versions, Trace& trace)
    : hub_(hub), versions_(versions), trace_(trace) {
  for (const std::string& name : hub_.hub().authority().spaces()) read_space(name);
  decided_ = decisions(hub_.network(), spaces_[std::string(kAuthoritySpace)].placed);
}

void Judgement::read_space(const std::string& name) {
  Space& space = spaces_[name];
  const auto info = hub_.store().space(name);
  if (!info) return trace_.violation("hub", info.error().message);
  space.size = (*info)->size;
  if (space.size == 0) return;
  auto segments = hub_.store().read(name, 1, SIZE_MAX, hub_.network());
  if (!segments) return trace_.violation("hub", segments.error().message);
  Position position = 0;
  for (Segment& segment : *segments) {
    if (segment.first != position + 1) trace_.violation("hub", "a gap in the log of " + name);
    position = segment.first - 1;
    for (SegmentItem& item : segment.items) {
      const ledger::Entry* entry = entry_of(item);
      if (entry == nullptr) continue;
      ++position;
      if (const ChangeSet* set = effect_of(item)) {
        space.sets.push_back(std::make_unique<ChangeSet>(*set));
        space.placed.push_back({space.sets.back().get(), position, entry->hub_time,
                                entry->kind == ledger::EntryKind::adopt, false, entry->authority});
      } else if (entry->kind == ledger::EntryKind::void_) {
        const auto voided = std::find_if(space.placed.begin(), space.placed.end(), [&](const PlacedSet& one) {
          return one.set->name == entry->hash && !one.voided;
        });
        if (voided == space.placed.end()) {
          trace_.violation("hub", "voids what does not stand in " + name);
        } else {
          voided->voided = true;
          voided->voided_at = position;
        }
      } else if (auto list = collection_of(item)) {
        space.collected.push_back({position, list->floor, std::move(list->records)});
      }
    }
  }
  if (position != space.size) trace_.violation("hub", "the log of " + name + " ends before its size");
}

void Judgement::check_logs() {
  for (const auto& [name, space] : spaces_) {
    Millis last = 0;
    std::set<Dot> known;
    std::set<std::pair<Source, Sequence>> places;
    std::set<Dot> of_group;
    for (const PlacedSet& placed : space.placed) {
      if (placed.hub_time < last) trace_.violation("hub", "hub time falls in " + name);
      last = placed.hub_time;
      for (std::size_t i = 0; i < placed.set->operations.size(); ++i) {
        if (!known.insert(placed.set->dot(i)).second)
          trace_.violation("hub", "an operation stands twice in " + name);
        of_group.insert(placed.set->dot(i));
        places.emplace(placed.set->dot(i).source, placed.set->dot(i).sequence);
      }
      for (const Operation& op : placed.set->operations) {
        for (const Dot& dot : op.names) {
          // Rule 6.5 asks for the place: an office whose file was damaged may name an operation that it never
          // had.
          if (!places.contains({dot.source, dot.sequence}))
            trace_.violation("hub", "something unknown is superseded in " + name);
        }
      }
    }
    if (name != kAuthoritySpace) check_voids(name, space);
    const auto stored = hub_.store().digest(name);
    const Hash judged = digest(confirmed(hub_.schema(), space.placed, space.collected));
    for (const std::string& words : wrongly_collected(hub_.schema(), space.placed, space.collected))
      trace_.violation("hub", "collects of " + name + " what is not dead: " + words);
    if (name != kAuthoritySpace && (!stored || *stored != judged))
      trace_.violation("hub", "the digest of " + name + " is not the judge's");
  }
}

void Judgement::check_section(SectionMachine& section) {
  const auto readable = hub_.hub().authority().readable(section.device(), hub_.hub().hub_time());
  const auto names = section.store().space_names();
  if (!names) return trace_.violation("section", names.error().message);
  for (const std::string& name : *names) {
    const auto here = section.store().space(name);
    const auto there = hub_.store().space(name);
    if (!here || !there) continue;
    if (std::ranges::find(readable, name) == readable.end()) {
      if ((*here)->size > 0) trace_.violation("section", "mirrors " + name + ", which it may not read");
    } else if ((*here)->size != (*there)->size || (*here)->frontier.root() != (*there)->frontier.root()) {
      trace_.violation("section", "has another log of " + name);
    }
  }
}

/// Section 6.6, by looking at everything: what a stolen key wrote since is voided, with what its adoptions
/// brought, and nothing else. No grant falls here: nobody whose key is stolen gave one.
void Judgement::check_voids(const std::string& name, const Space& space) {
  bool falls = false;
  for (const PlacedSet& placed : space.placed) {
    if (!placed.adopted) {
      falls = std::ranges::any_of(hub_.hub().authority().revocations(), [&](const Revocation& revocation) {
        return revocation.act.reason == RevocationReason::compromised &&
               revocation.act.key == placed.set->header.source.author &&
               placed.hub_time >= revocation.act.since;
      });
    }
    if (falls != placed.voided)
      trace_.violation("hub", std::string(falls ? "lets stand" : "voids") + " an entry of " + name + " at " +
                                  std::to_string(placed.position));
  }
}

std::optional<Value> Judgement::opening(OfficeMachine& office, const Hash& commitment) {
  const auto at_hub = hub_.store().opening(commitment);
  if (at_hub && *at_hub) return (*at_hub)->value;
  LogStore store(sqlite_rows(office.replica()->database()));
  const auto here = store.opening(commitment);
  return here && *here ? std::optional((*here)->value) : std::nullopt;
}

/// Descriptions only add: what is in force and what the office's program has beyond.
const Schema& Judgement::schema_of(const OfficeMachine& office) const {
  const Schema& own = *office.setting().schema;
  if (decided_.descriptions.empty() || own.hash() == versions_.ahead.hash()) return own;
  const bool ahead = std::ranges::any_of(
      decided_.descriptions, [&](const auto& one) { return versions_.in_force.find(one.first) == nullptr; });
  return ahead ? versions_.ahead : versions_.in_force;
}

/// Others' work that has no entry and will get none, for the hub lacks what stands before it.
std::vector<ChangeSet> Judgement::carried_shown(OfficeMachine& office) {
  std::vector<ChangeSet> out;
  Database& db = office.replica()->database();
  LogStore store(sqlite_rows(db));
  auto runs = office.carried().runs(hub_.network());
  if (!runs) {
    trace_.violation(office.setting().name, runs.error().message);
    return out;
  }
  for (CarriedWork::Run& run : *runs) {
    for (SegmentItem& item : run.segment.items) {
      auto* const with_body = std::get_if<SetItem>(&item);
      if (with_body == nullptr) continue;
      const Header& header = with_body->set.header;
      const auto entry = store.has_entry(header.space, header.source, header.sequence);
      const bool shown = std::ranges::all_of(with_body->set.operations, [&](const Operation& op) {
        auto select =
            db.prepare("SELECT 1 FROM _wasl_carried WHERE run = ? AND space = ? AND register = ? AND id = ?");
        if (select) select->bind_all(run.name, header.space, op.register_number, op.id);
        return select && *select->step();
      });
      if (entry && !*entry && shown) out.push_back(std::move(with_body->set));
    }
  }
  return out;
}

void Judgement::compare(OfficeMachine& office, bool with_overlay) {
  const std::string& who = office.setting().name;
  const Schema& schema = schema_of(office);
  Replica& replica = *office.replica();
  std::map<std::string, std::vector<OverlaySet>> overlays;
  std::vector<std::unique_ptr<ChangeSet>> sets;
  auto select = replica.database().prepare(
      "SELECT header, body, came_in FROM _wasl_pending WHERE state < 3 ORDER BY no");
  while (with_overlay && select && *select->step()) {
    auto set = decode_change_set(select->blob(0), select->blob(1));
    if (!set) return trace_.violation(who, "a damaged change set waits");
    sets.push_back(std::make_unique<ChangeSet>(std::move(*set)));
    overlays[sets.back()->header.space].push_back({sets.back().get(), select->int64(2)});
  }
  for (ChangeSet& set : carried_shown(office)) {
    sets.push_back(std::make_unique<ChangeSet>(std::move(set)));
    const Header& header = sets.back()->header;
    overlays[header.space].push_back(
        {sets.back().get(), std::min(header.stamp.millis(), hub_.hub().hub_time())});
  }
  JudgedSpaces judged;
  for (const std::string& name : hub_.hub().authority().readable(replica.device(), hub_.hub().hub_time())) {
    if (name != kAuthoritySpace)
      judged[name] = shown(schema, spaces_[name].placed, overlays[name], spaces_[name].collected);
  }
  for (const auto& [name, overlay] : overlays) {
    if (!judged.contains(name)) judged[name] = shown(schema, {}, overlay);
  }
  const auto words = compare_rows(
      schema, judged, replica.database().handle(),
      [&](const Hash& commitment) { return opening(office, commitment); }, "en");
  for (std::size_t i = 0; i < std::min(words.size(), kWordsMost); ++i)
    trace_.violation(who, (with_overlay ? "" : "after withdrawing: ") + words[i]);
  const auto conflicts = replica.conflicts();
  if (!conflicts) return trace_.violation(who, conflicts.error().message);
  std::vector<ListedConflict> listed;
  for (const Conflict& one : *conflicts)
    listed.push_back({one.register_name, one.space, one.id, one.field, one.key});
  const auto differing = compare_conflicts(
      judged, listed, [&](const std::string& space, const std::string& id, const Hash& commitment) {
        return decided_.is_erased(mark_of(hub_.network(), space, id), commitment, hub_.hub().hub_time());
      });
  for (std::size_t i = 0; i < std::min(differing.size(), kWordsMost); ++i)
    trace_.violation(who, differing[i]);
}

void Judgement::check_office(OfficeMachine& office) {
  const std::string& who = office.setting().name;
  Replica& replica = *office.replica();
  LogStore store(sqlite_rows(replica.database()));
  for (const std::string& name : hub_.hub().authority().readable(replica.device(), hub_.hub().hub_time())) {
    const auto info = store.space(name);
    if (!info || (*info)->size != spaces_[name].size) {
      trace_.violation(who, "holds " + std::to_string(info ? (*info)->size : 0) + " of " +
                                std::to_string(spaces_[name].size) + " entries of " + name);
      continue;
    }
    if (name == kAuthoritySpace || (*info)->digested != (*info)->applied) continue;
    const auto here = store.digest(name);
    const auto there = hub_.store().digest(name);
    if (!here || !there || *here != *there)
      trace_.violation(who, "its digest of " + name + " is not the hub's");
  }
  check_descriptions(office);
  compare(office, true);
  const auto report = replica.verify();
  if (!report) return trace_.violation(who, "verify: " + report.error().message);
  for (const std::string& problem : report->problems) trace_.violation(who, "verify: " + problem);
}

/// Blocks of the log are compressed, where pieces of two texts make a third: they are read as change sets.
std::set<std::string> Judgement::tokens_held(OfficeMachine& office) {
  std::set<std::string> held;
  for (const std::string& file : office.disk().files()) {
    if (file.find("replica.db") == std::string::npos)
      find_tokens(to_text(office.disk().content(file).value_or(Bytes())), held);
  }
  Database& db = office.replica()->database();
  for (const std::string& table : rows_of(db, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    if (table == "_wasl_block") continue;
    for (const std::string& row : rows_of(db, "SELECT * FROM " + table)) find_tokens(row, held);
  }
  LogStore store(sqlite_rows(db));
  const auto spaces = store.space_names();
  for (const std::string& name : spaces.value_or(std::vector<std::string>())) {
    const auto segments = store.read(name, 1, SIZE_MAX, hub_.network());
    if (!segments) continue;
    for (const Segment& segment : *segments) {
      for (const SegmentItem& item : segment.items) {
        if (const ChangeSet* set = effect_of(item)) find_tokens(to_text(set->body_bytes), held);
      }
    }
  }
  return held;
}

void Judgement::check_scope(OfficeMachine& office) {
  const auto readable = hub_.hub().authority().readable(office.replica()->device(), hub_.hub().hub_time());
  const std::set<std::string> may(readable.begin(), readable.end());
  std::map<std::string, std::string> foreign;  // token → space
  for (const auto& [name, space] : spaces_) {
    if (may.contains(name)) continue;
    for (const auto& set : space.sets) {
      if (set->header.source.author == office.replica()->device()) continue;
      std::set<std::string> tokens;
      find_tokens(to_text(set->body_bytes), tokens);
      for (const std::string& token : tokens) foreign[token] = name;
    }
  }
  // What was published of it further out is there for the office to read.
  std::set<std::string> open;
  for (const std::string& name : may) {
    for (const auto& set : spaces_[name].sets) find_tokens(to_text(set->body_bytes), open);
  }
  std::erase_if(foreign, [&](const auto& one) { return open.contains(one.first); });
  if (foreign.empty()) return;
  const std::set<std::string> held = tokens_held(office);
  for (const auto& [token, name] : foreign) {
    if (held.contains(token))
      return trace_.violation(office.setting().name, token + " of " + name + ", which it may not read");
  }
}

void Judgement::check_withdrawal(OfficeMachine& office) {
  Replica& replica = *office.replica();
  for (;;) {
    std::optional<Hash> last;
    {
      auto select = replica.database().prepare(
          "SELECT hash FROM _wasl_pending WHERE state < 3 ORDER BY no DESC LIMIT 1");
      if (select && *select->step()) last = Hash::from(select->blob(0));
    }
    if (!last) break;
    const Status done = replica.discard(*last);
    if (!done) return trace_.violation(office.setting().name, "discard: " + done.error().message);
  }
  compare(office, false);
}

void Judgement::check_promises(const OfficeMachine& office, const PublicKey& device, Millis newest_time) {
  std::set<Witness::Promise> placed;
  for (const auto& [name, space] : spaces_) {
    for (const auto& set : space.sets) {
      placed.insert({set->header.source.chain, set->header.sequence});  // persons send through it too
      // One bad clock moves nobody: a stamp is never later than what its author's machine believed.
      if (set->header.source.author == device && set->header.stamp.millis() > newest_time + 1)
        trace_.violation(office.setting().name, "a stamp later than its own clock ever stood");
    }
  }
  for (const Witness::Promise& promise : office.promises()) {
    if (!placed.contains(promise))
      return trace_.violation(office.setting().name, "the hub said accepted, and its log does not have it: " +
                                                         to_hex(promise.chain.view()) + " " +
                                                         std::to_string(promise.sequence));
  }
}

void Judgement::check_survivors(const Survivors& survivors, const std::vector<OfficeMachine*>& offices) {
  std::set<std::string> found;
  for (const auto& [name, space] : spaces_) {
    for (const auto& set : space.sets) {
      find_tokens(to_text(set->body_bytes), found);
      for (const Operation& op : set->operations) {
        if (op.value.type != ValueType::commitment) continue;
        const auto opened = hub_.store().opening(*Hash::from(op.value.data));
        if (opened && *opened) find_tokens(to_text((*opened)->value.data), found);
      }
    }
  }
  for (OfficeMachine* office : offices) {
    auto select = office->replica()->database().prepare("SELECT body, openings FROM _wasl_pending");
    while (select && *select->step()) {
      find_tokens(to_text(select->blob(0)), found);
      find_tokens(to_text(select->blob(1)), found);
    }
  }
  for (const std::string& words : survivors.missing(found)) trace_.violation("somebody", "lost " + words);
}

}  // namespace wasl::sim
