#include "tests/sim/world/rest.hpp"

#include <algorithm>

#include "shared/store/sqlite_rows.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kHealLimit = 40 * 60'000;  // two of the daemon's longest waits, and time to exchange
constexpr Millis kHealStep = 5'000;

}  // namespace

void Rest::heal() {
  world_.faults.end();
  world_.healing = true;
  world_.trace.note("world", "heals");
  mend();
  const Millis began = world_.scheduler.now();
  for (const Millis end = began + kHealLimit; world_.scheduler.now() < end;) {
    world_.scheduler.run_until(world_.scheduler.now() + kHealStep);
    if (world_.hub.is_up() && !world_.hub.old_heads && !world_.hub.is_recovering() && world_.hub.is_idle() &&
        all_at_rest()) {
      healed_in_ = std::max(healed_in_, world_.scheduler.now() - began);
      return;
    }
    scrub();
  }
  for (const auto& office : world_.offices) {
    const std::string why = why_not(*office);
    if (why.empty()) continue;
    world_.trace.violation(office->setting().name,
                           "wedged: " + why + "; last error: " +
                               (office->last_error() ? office->last_error()->message : std::string("none")));
  }
  if (const std::string why = why_not_section(); !why.empty())
    world_.trace.violation("section", "wedged: " + why);
  if (!world_.hub.is_up()) world_.trace.violation("hub", "does not come back");
}

void Rest::mend() {
  world_.scheduler.run_until(world_.scheduler.now() + 10);
  world_.hub.disk().mend();
  world_.hub.disk().no_kill();
  world_.hub.clock().set_right();
  if (world_.section != nullptr) {
    world_.section->disk().mend();
    world_.section->disk().no_kill();
    world_.section->line() = {};
  }
  for (const auto& office : world_.offices) {
    office->disk().mend();
    office->disk().no_kill();
    office->disk().set_room(std::nullopt);
    office->clock().set_right();
    office->line() = {};
    office->resume();
  }
}

/// Files that were damaged are looked at by whoever looks after the machine: `verify`, and what it says.
void Rest::scrub() {
  for (const auto& office : world_.offices) {
    if (!world_.damaged.contains(office->setting().name) || !office->is_running()) continue;
    world_.damaged.erase(office->setting().name);
    const auto report = office->replica()->verify();
    if (report && report->ok) continue;
    office->remove_replica();
    office->start_after(1'000);
  }
}

bool Rest::all_at_rest() {
  return why_not_section().empty() &&
         std::ranges::all_of(world_.offices, [&](const auto& one) { return why_not(*one).empty(); });
}

std::string Rest::spaces_of(OfficeMachine& office) {
  std::string words;
  LogStore store(sqlite_rows(office.replica()->database()));
  const auto names = store.space_names();
  if (!names) return names.error().message;
  for (const std::string& name : *names) {
    const auto info = store.space(name);
    if (!info) continue;
    const auto leaf = ledger::HeadsLeaf::decode((*info)->leaf);
    words += name + " " + std::to_string((*info)->size) + " applied " + std::to_string((*info)->applied) +
             " leaf " +
             (leaf ? std::to_string(leaf->size) + "/" + std::to_string(leaf->digest_position) : "none") +
             "; ";
  }
  return words;
}

/// Nothing when it is at rest.
std::string Rest::why_not(OfficeMachine& office) {
  if (!office.is_running() || office.replica() == nullptr) return "does not run";
  if (world_.damaged.contains(office.setting().name)) return "not looked at yet";
  if (office.revoked) {
    const auto left = office.replica()->status();
    if (!left) return left.error().message;
    return left->unsent == 0 ? "" : std::to_string(left->unsent) + " not handed over";
  }
  if (!office.is_equal()) return "no session ended with equal (" + spaces_of(office) + ")";
  const auto status = office.replica()->status();
  if (!status) return status.error().message;
  if (status->unsent > 0) return std::to_string(status->unsent) + " unsent";
  LogStore store(sqlite_rows(office.replica()->database()));
  for (const std::string& name :
       world_.hub.hub().authority().readable(office.replica()->device(), world_.hub.hub().hub_time())) {
    const auto here = store.space(name);
    const auto there = world_.hub.store().space(name);
    if (!here || !there || (*here)->size != (*there)->size) return "behind in " + name;
    if ((*here)->applied != (*here)->size) return "not applied in " + name;
  }
  const auto carried = office.carried().runs(world_.hub.network());
  if (!carried) return carried.error().message;
  for (const CarriedWork::Run& run : *carried) {
    if (!is_settled(run.segment)) return "carries what the hub could place";
  }
  return also_(office);
}

/// Nothing when it is at rest, or there is none.
std::string Rest::why_not_section() {
  if (world_.section == nullptr) return "";
  SectionMachine& section = *world_.section;
  if (!section.is_serving()) return "does not serve";
  for (const std::string& name :
       world_.hub.hub().authority().readable(section.device(), world_.hub.hub().hub_time())) {
    const auto here = section.store().space(name);
    const auto there = world_.hub.store().space(name);
    if (!here || !there || (*here)->size != (*there)->size) return "behind in " + name;
  }
  return is_carried_up(section) ? "" : "work that it keeps is not carried up";
}

/// The network's hub knows all of it, but for what stands behind a gap: an office that went back to an older
/// copy goes on in another chain.
bool Rest::is_settled(const Segment& work) {
  HubStore& above = world_.hub.store();
  return std::ranges::all_of(work.items, [&](const SegmentItem& item) {
    const Header* const header = header_of(item);
    if (header == nullptr) return true;
    const auto entry = above.find(header->source, header->sequence);
    const auto kept = above.kept(header->source, header->sequence);
    const auto end = above.chain_end(header->source);
    return entry && kept && end && (*entry || *kept || header->sequence != end->last + 1);
  });
}

bool Rest::is_carried_up(SectionMachine& section) {
  for (std::uint64_t after = 0;;) {
    const auto run = section.kept().next_to_carry(after, world_.hub.network());
    if (!run) return false;
    if (!*run) return true;
    after = (*run)->number;
    if (!is_settled((*run)->segment)) return false;
  }
}

void Rest::start_one_anew() {
  std::vector<OfficeMachine*> standing;
  for (const auto& one : world_.offices) {
    if (!one->revoked) standing.push_back(one.get());
  }
  OfficeMachine& office = *standing[world_.dice.below(standing.size())];
  office.may_be_corrupt = true;
  office.remove_replica();
  office.start_after(10);
  const Millis end = world_.scheduler.now() + kHealLimit;
  while (world_.scheduler.now() < end) {
    world_.scheduler.run_until(world_.scheduler.now() + kHealStep);
    if (world_.hub.is_up() && all_at_rest()) return;
  }
  for (const auto& one : world_.offices) {
    if (const std::string why = why_not(*one); !why.empty())
      world_.trace.violation(one->setting().name,
                             "not at rest when " + office.setting().name + " starts anew: " + why);
  }
  if (!world_.hub.is_up()) world_.trace.violation("hub", "does not come back");
}

}  // namespace wasl::sim
