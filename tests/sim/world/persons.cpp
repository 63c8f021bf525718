#include "tests/sim/world/persons.hpp"

#include <algorithm>
#include <array>

#include "shared/authority/erasures.hpp"
#include "shared/model/edition.hpp"

namespace wasl::sim {
namespace {

constexpr Byte kFirstSeed = 0xB0;
constexpr std::array<const char*, 4> kOuter = {"section/section-1", "section/section-2", "network", "public"};
constexpr std::array<ErasureReason, 4> kReasons = {ErasureReason::requested, ErasureReason::consent_withdrawn,
                                                   ErasureReason::no_longer_needed, ErasureReason::unlawful};

bool has_personal_field(const Register& reg) {
  return std::ranges::any_of(reg.fields, [](const Field& field) { return field.personal; });
}

}  // namespace

bool Persons::decide(Fault fault, const Offices& offices) {
  OfficeMachine& office = any(offices);
  switch (fault) {
    case Fault::value_erased:
      return is_enrolled(office) && erase(office);
    case Fault::erasure_withdrawn:
      return is_enrolled(office) && withdraw_erasure(office);
    case Fault::record_published:
      return is_enrolled(office) && publish(office, offices);
    case Fault::edition_withdrawn:
      return is_enrolled(office) && withdraw_edition(office);
    case Fault::descriptions_published:
      return in_.hub.is_in_charge() &&
             in_.hub.publish(dice_.chance(0.5) ? in_.versions.in_force : in_.versions.ahead);
    default:
      return false;
  }
}

const crypto::KeyPair& Persons::key_of(const OfficeMachine& office) {
  const std::string& name = office.setting().name;
  const std::string first = name.substr(0, name.find("-copy"));
  crypto::Seed seed;
  seed.bytes.fill(static_cast<Byte>(kFirstSeed + keys_.size()));
  return keys_.try_emplace(first, crypto::KeyPair::from_seed(seed)).first->second;
}

bool Persons::is_enrolled(const OfficeMachine& office) {
  if (!in_.hub.is_in_charge()) return false;
  const PublicKey& key = key_of(office).public_key();
  if (in_.hub.hub().authority().person(key) != nullptr) return true;
  const Status enrolled = in_.hub.enrol(key);
  in_.trace.note("hub", "enrols a person: " + (enrolled ? std::string("done") : enrolled.error().message));
  return enrolled.has_value();
}

std::vector<Persons::Place> Persons::places(OfficeMachine& office, const std::string& query) {
  std::vector<Place> out;
  for (const auto& row : office.rows(query + " ORDER BY 1, 2 LIMIT 40")) out.push_back({row[0], row[1]});
  return out;
}

/// @param work what is signed under the person's grant.
bool Persons::sign(OfficeMachine& office,
                   const std::function<Result<SignedWork>(Replica&, const Hash&)>& work) {
  std::string why = "the office does not run";
  bool done = false;
  // What was waiting is sealed in any case: for the machine all of it is well.
  const auto ran = office.act([&](Replica& replica) -> Status {
    WASL_LET(const AuthorityState* const authority, replica.authority());
    const auto grants = authority->grants_of(key_of(office).public_key());
    if (grants.empty()) return fail(Errc::not_found, "the office does not know the person yet");
    auto signed_work = work(replica, grants.front()->name);
    if (!signed_work) {
      why = signed_work.error().message;
      return {};
    }
    signed_work->office = &office;
    signed_.push_back(*std::move(signed_work));
    done = true;
    return {};
  });
  if (ran && !*ran) why = ran->error().message;
  in_.trace.note(office.setting().name, done ? "a person signs" : "not signed: " + why);
  return done;
}

bool Persons::erase(OfficeMachine& office) {
  const auto& registers = office.setting().schema->registers();
  const auto reg = std::ranges::find_if(registers, has_personal_field);
  if (reg == registers.end()) return false;
  const auto all = places(office, "SELECT space, id FROM " + reg->name);
  if (all.empty()) return false;
  const Place place = all[dice_.below(all.size())];
  if (dice_.chance(0.3)) return erase_at_hub(place);
  const ErasureReason reason = kReasons[dice_.below(kReasons.size())];
  return sign(office, [&](Replica& replica, const Hash& grant) -> Result<SignedWork> {
    WASL_LET(const auto commitments, replica.erasable(place.space, place.id));
    if (commitments.empty()) return fail(Errc::not_found, "nothing personal is left of " + place.id);
    const Hash mark = record_mark(in_.hub.network(), place.space, place.id);
    WASL_LET(const auto acts, replica.sign_acts(key_of(office), grant,
                                                acts_of_erasure(place.space, mark, commitments, reason)));
    in_.trace.note(office.setting().name, "erases " + place.space + "#" + place.id);
    return SignedWork{acts.change_set, nullptr, std::string(kAuthoritySpace), {}, {}, 0};
  });
}

bool Persons::erase_at_hub(const Place& place) {
  const AuthorityState& authority = in_.hub.hub().authority();
  const auto spaces = authority.spaces();
  if (std::ranges::find(spaces, place.space) == spaces.end()) return false;
  const Hash mark = record_mark(in_.hub.network(), place.space, place.id);
  auto commitments = in_.hub.store().commitments_of(place.space, place.id, in_.hub.network());
  if (!commitments) return false;
  for (const Hash& commitment : authority.listed(mark)) commitments->erase(commitment);
  bool done = false;
  for (const Act& act : acts_of_erasure(place.space, mark, *commitments, kReasons[dice_.below(4)]))
    done = in_.hub.decide(act, std::string(kAuthoritySpace)).has_value() || done;
  in_.trace.note("hub", "erases " + place.space + "#" + place.id + (done ? "" : ": not done"));
  return done;
}

bool Persons::withdraw_erasure(OfficeMachine& office) {
  const AuthorityState& authority = in_.hub.hub().authority();
  std::vector<Hash> waiting;
  for (const Erasure& erasure : authority.erasures()) {
    if (!erasure.withdrawn && !erasure.is_in_force(in_.hub.hub().hub_time()))
      waiting.push_back(erasure.change_set);
  }
  if (waiting.empty()) return false;
  const WithdrawErasureAct act{waiting[dice_.below(waiting.size())]};
  if (dice_.chance(0.3)) return in_.hub.decide(act, std::string(kAuthoritySpace)).has_value();
  return sign(office, [&](Replica& replica, const Hash& grant) -> Result<SignedWork> {
    WASL_LET(const auto acts, replica.sign_acts(key_of(office), grant, {act}));
    return SignedWork{acts.change_set, nullptr, std::string(kAuthoritySpace), {}, {}, 0};
  });
}

const Register* Persons::any_with_editions(const OfficeMachine& office) {
  std::vector<const Register*> all;
  for (const Register& reg : office.setting().schema->registers()) {
    if (published_field(reg) != nullptr) all.push_back(&reg);
  }
  return all.empty() ? nullptr : all[dice_.below(all.size())];
}

/// And often another office publishes the same at once: neither knows of the other.
bool Persons::publish(OfficeMachine& office, const Offices& offices) {
  const Register* const reg = any_with_editions(office);
  if (reg == nullptr) return false;
  const auto all = places(office, "SELECT space, id FROM " + reg->name);
  if (all.empty()) return false;
  const Place source = all[dice_.below(all.size())];
  const std::string outer = kOuter[dice_.below(kOuter.size())];
  in_.work.complete(office, *reg, source.id);
  const bool done = publish(office, *reg, source, outer);
  OfficeMachine& other = any(offices);
  if (dice_.chance(0.5) && is_enrolled(other)) publish(other, *reg, source, outer);
  return done;
}

bool Persons::publish(OfficeMachine& office, const Register& reg, const Place& source,
                      const std::string& outer) {
  return sign(office, [&](Replica& replica, const Hash& grant) -> Result<SignedWork> {
    WASL_LET(const PublicationDraft draft,
             replica.draft_publication({reg.name, source.id, source.space, outer, {}}));
    WASL_LET(const Hash name, replica.sign_publication(key_of(office), grant, draft));
    in_.trace.note(office.setting().name, "publishes " + source.space + "#" + source.id + " in " + outer);
    return SignedWork{name, nullptr, outer, source.space, source.id, reg.number};
  });
}

bool Persons::withdraw_edition(OfficeMachine& office) {
  const Register* const reg = any_with_editions(office);
  if (reg == nullptr) return false;
  const auto all =
      places(office, "SELECT space, record FROM " + reg->name + "_" + published_field(*reg)->name);
  if (all.empty()) return false;
  const Place edition = all[dice_.below(all.size())];
  return sign(office, [&](Replica& replica, const Hash& grant) -> Result<SignedWork> {
    WASL_LET(const PublicationDraft draft,
             replica.draft_withdrawal({reg->name, edition.id, std::nullopt, edition.space, {}}));
    WASL_LET(const Hash name, replica.sign_publication(key_of(office), grant, draft));
    in_.trace.note(office.setting().name, "withdraws " + edition.space + "#" + edition.id);
    return SignedWork{name, nullptr, edition.space, {}, {}, 0};
  });
}

}  // namespace wasl::sim
