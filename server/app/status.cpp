#include "server/app/status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/app/devices.hpp"
#include "server/app/section.hpp"
#include "server/hub/hub_files.hpp"
#include "server/hub/retention.hpp"
#include "server/session/session_journal.hpp"
#include "shared/authority/person_acts.hpp"
#include "shared/base/version.hpp"
#include "shared/ledger/heads.hpp"

namespace wasl {

using nlohmann::json;

namespace {

std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, 12); }

/// Entries that the device did not have when it was last seen, of the spaces that it then read.
Result<std::uint64_t> entries_behind(OpenHub& open, const DeviceNote& note) {
  std::uint64_t behind = 0;
  for (const Cursor& cursor : note.applied) {
    WASL_LET(const Position size, open.hub().size(cursor.space));
    if (size > cursor.position) behind += size - cursor.position;
  }
  return behind;
}

json failing(const DeviceJournal& journal, Millis seen) {
  if (!journal.fails(seen)) return nullptr;
  return {{"since", journal.failing_since},
          {"last", journal.failed},
          {"times", journal.failures},
          {"code", journal.code},
          {"reason", journal.reason}};
}

Result<json> device_line(OpenHub& open, const Device& device) {
  WASL_LET(const auto note, open.hub().store().device(device.key));
  WASL_LET(const KeptTotals kept, open.hub().store().kept_totals(device.key));
  WASL_LET(const std::uint64_t forks, open.hub().store().fork_count(device.key));
  WASL_LET(const json lease, lease_of(open, device.key));
  json line = {{"key", short_key(device.key)},
               {"organisation", device.organisation},
               {"role", device.role},
               {"last_seen", nullptr},
               {"equal", nullptr},
               {"held", kept.held},
               {"refused", kept.refused},
               {"forks", forks},
               {"behind", nullptr},
               {"program", nullptr},
               {"session", nullptr},
               {"lease", lease},
               {"failing", nullptr},
               {"unconfirmed", waits_for_confirmation(open.hub().authority(), device.grant)},
               {"revoked", device.revoked.has_value()}};
  if (note) {
    line["last_seen"] = note->last_seen;
    if (note->equal) line["equal"] = *note->equal;
    json applied = json::object();
    for (const Cursor& cursor : note->applied) applied[cursor.space] = cursor.position;
    line["applied"] = std::move(applied);
    WASL_LET(line["behind"], entries_behind(open, *note));
  }
  WASL_LET(const auto journal, SessionJournal::read(open.hub().store(), device.key));
  if (journal) {
    if (!journal->program.empty()) line["program"] = journal->program;
    line["session"] = {{"id", journal->session}, {"began", journal->began}, {"ended", journal->ended}};
    line["failing"] = failing(*journal, note ? note->last_seen : 0);
  }
  return line;
}

}  // namespace

namespace {

json by_age(const ByAge& ages) {
  return {{"day", ages.day}, {"week", ages.week}, {"month", ages.month}, {"older", ages.older}};
}

json time_or_null(Millis time) { return time == 0 ? json(nullptr) : json(time); }

/// What waits for a person, by reason and age, and since when.
Result<json> waiting(OpenHub& open) {
  WASL_LET(const auto counts, open.hub().store().kept_counts(open.hub().hub_time()));
  std::map<std::string, std::uint64_t> reasons;
  std::uint64_t refused = 0;
  ByAge held;
  for (const KeptCount& one : counts) {
    if (one.state != KeptState::held) {
      refused += one.sets.all();
      continue;
    }
    held.add(one.sets);
    reasons[std::string(to_word(one.reason))] += one.sets.all();
  }
  return json{{"held", held.all()},
              {"refused", refused},
              {"oldest", time_or_null(held.oldest)},
              {"by_age", by_age(held)},
              {"reasons", reasons}};
}

/// What of the space's log is news to nobody any more; null of `authority`, of which everything is kept.
Result<json> retention(OpenHub& open, const std::string& space) {
  if (space == kAuthoritySpace) return json(nullptr);
  const SnapshotShelf shelf(open.folder().snapshots());
  WASL_LET(const SpaceFloor floor, floor_of(open.hub(), shelf, space, open.folder().retention));
  json held_by = json::array();
  for (const PublicKey& key : floor.held_by) held_by.push_back(short_key(key));
  return json{{"floor", floor.floor}, {"old", floor.old}, {"held_by", std::move(held_by)}};
}

/// Records in conflict, by space and age.
Result<json> conflicts(OpenHub& open) {
  WASL_LET(const auto counts, open.hub().store().conflict_counts(open.hub().hub_time()));
  json spaces = json::object();
  ByAge all;
  for (const auto& [space, ages] : counts) {
    spaces[space] = ages.all();
    all.add(ages);
  }
  return json{{"records", all.all()},
              {"oldest", time_or_null(all.oldest)},
              {"by_age", by_age(all)},
              {"spaces", std::move(spaces)}};
}

/// The processes that serve the storage together; null: this one has it alone.
Result<json> processes(HubStore& store) {
  if (store.shared() == nullptr || store.shared()->is_section()) return json(nullptr);
  WASL_LET(const SharedStore::Standing now, store.shared()->standing());
  json list = json::array();
  for (const SharedStore::Process& one : now.processes) {
    list.push_back({{"place", one.place},
                    {"version", one.version},
                    {"since", one.began},
                    {"silent_seconds", one.silent / 1000},
                    {"leads", one.leads}});
  }
  return json{{"led", now.is_led},
              {"leading_since", now.is_led ? json(now.since) : json(nullptr)},
              {"fence", now.fence},
              {"waiting_pushes", now.waiting},
              {"processes", std::move(list)}};
}

json storage(const HubFolder& folder) {
  std::error_code gone;  // no write-ahead log: nothing in it
  const auto size = [&](const std::filesystem::path& file) {
    const auto bytes = std::filesystem::file_size(file, gone);
    return gone ? std::uint64_t{0} : std::uint64_t{bytes};
  };
  const auto room = std::filesystem::space(folder.path, gone);
  return {{"database_bytes", size(folder.database()) + size(folder.database().string() + "-wal")},
          {"free_bytes", gone ? json(nullptr) : json(room.available)}};
}

}  // namespace

json keys_in_words(const HubFolder& folder, const NetworkStatement& statement) {
  json words = json::array();
  if (folder.is_section()) {
    words.push_back("This is a section's hub: its key names it to offices, and signs nothing else.");
    return words;
  }
  words.push_back("The log key lies here: this hub signs what it accepts.");
  const KeysAtHub keys = keys_in(folder);
  if ((keys & kRegistrarAtHub) != 0) {
    words.push_back(
        "The registrar's key lies here: whoever controls this machine can add organisations and invite "
        "offices. "
        "Good for a trial.");
  }
  if ((keys & kPersonAtHub) != 0) {
    words.push_back(
        "An administrator's person's key lies here without a passphrase: whoever controls this machine can "
        "adopt and discard held work, revoke and wipe devices. Good for a trial.");
  }
  if ((keys & kRootAtHub) != 0) {
    words.push_back(
        "A root key lies here" +
        std::string(statement.threshold > 1 ? " (" + std::to_string(statement.threshold) + " of " +
                                                  std::to_string(statement.roots.size()) + " are needed)"
                                            : "") +
        ": whoever controls this machine controls the network for ever. Move it off this machine.");
  }
  if (std::filesystem::exists(folder.next_log_key())) {
    words.push_back("The next log key waits here for the network statement that names it.");
  }
  return words;
}

namespace {

/// Where contents of files lie, as the hub that serves found it last; null: in files.db.
Result<json> file_store(OpenHub& open, HubFiles& files) {
  WASL_LET(const auto state, AwayFiles::noted(files.store()));
  if (!state) return json(nullptr);
  json trouble = nullptr;
  if (state->trouble)
    trouble = {{"code", to_word(state->trouble->code)},
               {"reason", state->trouble->message},
               {"hint", state->trouble->hint},
               {"seconds", std::max<Millis>(0, open.hub().hub_time() - state->trouble_since) / 1000}};
  return json{
      {"place", state->place}, {"waiting_bytes", state->waiting_bytes}, {"trouble", std::move(trouble)}};
}

}  // namespace

Result<json> section_status(OpenHub& open) {
  if (open.section() == nullptr) return json(nullptr);
  WASL_LET(const UpstreamFile upstream, read_upstream(open.folder()));
  WASL_LET(const KeptWork::Totals kept, open.kept()->totals());
  json link = nullptr;
  if (open.upstream() != nullptr) {
    const Upstream::State& state = open.upstream()->state();
    link = {{"up", state.is_up},
            {"seconds", (steady_millis() - state.since) / 1000},
            {"trouble", state.trouble.empty() ? json(nullptr) : json(state.trouble)}};
  }
  return json{{"upstream", upstream.url},
              {"link", std::move(link)},
              {"mirrored_until", open.section()->seen_until()},
              {"kept",
               {{"runs", kept.runs},
                {"bytes", kept.bytes},
                {"waiting", kept.waiting},
                {"oldest", kept.oldest == 0 ? json(nullptr) : json(kept.oldest)}}}};
}

Result<json> status(OpenHub& open, bool serving) {
  Hub& hub = open.hub();
  const AuthorityState& authority = hub.authority();
  WASL_LET(const std::string address, open.address());
  json spaces = json::array();
  for (const std::string& name : authority.spaces()) {
    if (hub.is_section() && hub.size(name) == Position{0}) continue;  // it may not read it
    WASL_LET(const SpaceInfo* const info, hub.store().space(name));
    Position digest_position = 0;
    if (!info->leaf.empty()) {
      WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
      digest_position = leaf.digest_position;
    }
    WASL_LET(const json kept, retention(open, name));
    spaces.push_back({{"space", name},
                      {"position", info->size},
                      {"digest_position", digest_position},
                      {"retention", kept}});
  }
  json organisations = json::array();
  for (const auto& [id, organisation] : authority.organisations()) {
    organisations.push_back({{"id", id},
                             {"name", organisation.name},
                             {"kind", organisation.kind},
                             {"parent", organisation.parent}});
  }
  json devices = json::array();
  std::map<std::string, std::uint64_t> programs;
  for (const auto& [key, device] : authority.devices()) {
    WASL_LET(json line, device_line(open, device));
    if (line["program"].is_string()) ++programs[line["program"].get<std::string>()];
    devices.push_back(std::move(line));
  }
  WASL_LET(json quarantine, waiting(open));
  WASL_LET(json in_conflict, conflicts(open));
  WASL_LET(json hubs, processes(hub.store()));
  WASL_LET(json of_section, section_status(open));
  // Another connection than the one that serves: a look, which changes nothing of it.
  WASL_LET(const auto open_files, HubFiles::open(open.folder().path, hub));
  WASL_LET(const HubFiles::Totals files, open_files->totals());
  WASL_LET(json elsewhere, file_store(open, *open_files));
  return json{{"network", {{"name", authority.statement().name}, {"id", to_hex(hub.network().view())}}},
              {"address", address},
              {"serving", serving},
              {"recovering", hub.is_recovering()},
              {"log_key", to_hex(hub.log_key().public_key().view())},
              {"keys", keys_in_words(open.folder(), authority.statement())},
              {"statement",
               {{"number", authority.statement().number},
                {"hash", to_hex(authority.statement_hash().view())},
                {"roots", authority.statement().roots.size()},
                {"threshold", authority.statement().threshold},
                {"epoch", authority.statement().epoch}}},
              {"heads", hub.heads().size},
              {"version", program_version()},
              {"programs", programs},
              {"quarantine", std::move(quarantine)},
              {"conflicts", std::move(in_conflict)},
              {"storage", storage(open.folder())},
              {"hubs", std::move(hubs)},
              {"section", std::move(of_section)},
              {"files", {{"named", files.named}, {"whole", files.whole}, {"bytes", files.bytes}}},
              {"file_store", std::move(elsewhere)},
              {"spaces", std::move(spaces)},
              {"organisations", std::move(organisations)},
              {"devices", std::move(devices)}};
}

}  // namespace wasl
