// Erasures, judged: no byte of what is erased anywhere, and nothing else gone.
#include <algorithm>
#include <bitset>
#include <cstring>
#include <unordered_map>

#include "shared/store/sqlite_rows.hpp"
#include "tests/sim/world/judgement.hpp"

namespace wasl::sim {
namespace {

constexpr std::size_t kWordsMost = 5;

std::uint64_t first_eight(const Byte* bytes) {
  std::uint64_t out = 0;
  std::memcpy(&out, bytes, sizeof out);
  return out;
}

template <class F>
void each_value(const ChangeSet& set, F visit) {
  for (const Operation& operation : set.operations) {
    if (operation.value.type == ValueType::commitment) visit(*Hash::from(operation.value.data), operation.id);
  }
}

}  // namespace

/// What to look for in files.
struct Judgement::Erased {
  std::unordered_map<std::uint64_t, Salt> salts;  ///< by their first eight bytes
  std::bitset<1 << 16> beginnings;                ///< the first two of each: most bytes begin none
  std::set<std::string> tokens;

  [[nodiscard]] bool has_salt(ByteView bytes) const {
    for (std::size_t at = 0; at + Salt::kSize <= bytes.size(); ++at) {
      const Byte* here = bytes.data() + at;
      if (!beginnings[static_cast<std::size_t>(here[0]) << 8 | here[1]]) continue;
      const auto found = salts.find(first_eight(here));
      if (found != salts.end() && std::equal(found->second.bytes.begin(), found->second.bytes.end(), here))
        return true;
    }
    return false;
  }
};

std::optional<Millis> Judgement::last_due() const {
  std::optional<Millis> last;
  for (const JudgedErasure& one : decided_.erasures) last = std::max(last.value_or(0), one.due());
  return last;
}

PersonalValues Judgement::personal_values(const Offices& offices) {
  PersonalValues out;
  const auto add = [&](const Header& header, const std::string& id, const Hash& commitment,
                       const std::optional<Opening>& opening) {
    if (opening) out[commitment] = {mark_of(hub_.network(), header.space, id), *opening};
  };
  const auto add_all = [&](const Bytes& header, const Bytes& body, const std::vector<OpeningItem>& openings) {
    const auto set = decode_change_set(header, body);
    if (!set) return;
    each_value(*set, [&](const Hash& commitment, const std::string& id) {
      for (const OpeningItem& item : openings) {
        if (item.commitment == commitment) add(set->header, id, commitment, item.opening);
      }
    });
  };
  for (const auto& [name, space] : spaces_) {
    for (const auto& set : space.sets) {
      each_value(*set, [&](const Hash& commitment, const std::string& id) {
        const auto at_hub = hub_.store().opening(commitment);
        if (at_hub) add(set->header, id, commitment, *at_hub);
        for (OfficeMachine* office : offices) {
          if (office->replica() == nullptr || out.contains(commitment)) continue;
          LogStore store(sqlite_rows(office->replica()->database()));
          if (const auto here = store.opening(commitment)) add(set->header, id, commitment, *here);
        }
      });
    }
  }
  if (const auto kept = hub_.store().kept_list(true)) {
    for (const KeptSet& one : *kept) add_all(one.header_bytes, one.body, one.openings);
  }
  for (OfficeMachine* office : offices) {
    if (office->replica() == nullptr) continue;
    auto select = office->replica()->database().prepare("SELECT header, body, openings FROM _wasl_pending");
    while (select && *select->step()) {
      if (const auto openings = decode_openings(select->blob(2)))
        add_all(to_bytes(select->blob(0)), to_bytes(select->blob(1)), *openings);
    }
  }
  return out;
}

bool Judgement::is_erased(const PersonalValue& value, const Hash& commitment) {
  return decided_.is_erased(value.mark, commitment, hub_.hub().hub_time());
}

std::set<std::string> Judgement::erased_tokens(const PersonalValues& known) {
  std::set<std::string> gone;
  std::set<std::string> stay;
  for (const auto& [commitment, value] : known)
    find_tokens(to_text(value.opening.value.data), is_erased(value, commitment) ? gone : stay);
  std::erase_if(gone, [&](const std::string& token) { return stay.contains(token); });
  return gone;
}

Judgement::Erased Judgement::erased_bytes(const PersonalValues& known) {
  Erased out;
  out.tokens = erased_tokens(known);
  for (const auto& [commitment, value] : known) {
    if (!is_erased(value, commitment)) continue;
    const Salt& salt = value.opening.salt;
    out.salts.emplace(first_eight(salt.bytes.data()), salt);
    out.beginnings.set(static_cast<std::size_t>(salt.bytes[0]) << 8 | salt.bytes[1]);
  }
  return out;
}

void Judgement::check_files(const std::string& who, test::SimDisk& disk, const Erased& erased) {
  for (const std::string& file : disk.files()) {
    // The program finds these by listing its folder, and simulated disks cannot be listed by the system.
    if (file.find(".damaged-") != std::string::npos) continue;
    const Bytes content = disk.content(file).value_or(Bytes());
    if (erased.has_salt(content)) trace_.violation(who, "a salt that is erased stands in " + file);
    std::set<std::string> found;
    find_tokens(to_text(content), found);
    const auto token =
        std::ranges::find_if(found, [&](const auto& one) { return erased.tokens.contains(one); });
    if (token != found.end()) trace_.violation(who, *token + ", which is erased, stands in " + file);
  }
}

void Judgement::check_open(const std::string& who, const std::set<std::string>& spaces,
                           const std::function<bool(const Hash&)>& has) {
  std::size_t said = 0;
  for (const std::string& name : spaces) {
    for (const PlacedSet& placed : spaces_[name].placed) {
      each_value(*placed.set, [&](const Hash& commitment, const std::string& id) {
        const PersonalValue value{mark_of(hub_.network(), name, id), {}};
        if (placed.voided || is_erased(value, commitment) || has(commitment) || ++said > kWordsMost) return;
        trace_.violation(who, "a value of " + name + "#" + id + " is missing, and nobody erased it");
      });
    }
  }
}

void Judgement::check_erased(const PersonalValues& known, const Offices& offices, SectionMachine* section) {
  PersonalValues all = personal_values(offices);
  all.insert(known.begin(), known.end());
  const Erased erased = erased_bytes(all);
  check_files("hub", hub_.disk(), erased);
  if (section != nullptr) check_files("section", section->disk(), erased);
  std::set<std::string> every;
  for (const auto& [name, space] : spaces_) every.insert(name);
  check_open("hub", every, [&](const Hash& commitment) {
    const auto opening = hub_.store().opening(commitment);
    return opening && *opening;
  });
  for (OfficeMachine* office : offices) {
    if (office->replica() == nullptr || office->revoked) continue;
    check_files(office->setting().name, office->disk(), erased);
    LogStore store(sqlite_rows(office->replica()->database()));
    const auto readable = hub_.hub().authority().readable(office->replica()->device(), hub_.hub().hub_time());
    check_open(office->setting().name, {readable.begin(), readable.end()}, [&](const Hash& commitment) {
      const auto opening = store.opening(commitment);
      return opening && *opening;
    });
  }
}

}  // namespace wasl::sim
