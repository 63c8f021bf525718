// What persons decided, judged: confirmations, descriptions, editions.
#include <algorithm>

#include "tests/sim/world/judgement.hpp"

namespace wasl::sim {
namespace {

const Field* publication_field(const Register& reg, Policy policy) {
  const auto found = std::ranges::find_if(
      reg.fields, [&](const Field& field) { return field.publication && field.policy == policy; });
  return found == reg.fields.end() ? nullptr : &*found;
}

/// One write of the mark `published`.
struct Mark {
  const PlacedSet* placed = nullptr;
  const Operation* operation = nullptr;
  Dot dot;
  [[nodiscard]] bool names(const Mark& other) const {
    return std::ranges::find(operation->names, other.dot) != operation->names.end();
  }
  [[nodiscard]] bool knew(const Mark& other) const {
    return other.placed->position <= placed->set->header.seen.size;
  }
};

}  // namespace

void Judgement::check_confirmations() {
  for (const auto& [name, space] : spaces_) {
    for (const PlacedSet& placed : space.placed) {
      const auto grant = decided_.grants.find(placed.set->header.grant);
      if (name == kAuthoritySpace || placed.adopted || grant == decided_.grants.end()) continue;
      const JudgedGrant& held = grant->second;
      if (held.needs_confirmation && (!held.confirmed || *held.confirmed > placed.authority))
        trace_.violation("hub", "accepted work of a device before it was confirmed, in " + name);
    }
  }
}

/// Section 10: what is in force is the newest of each number, and everybody holds `authority`.
void Judgement::check_descriptions(OfficeMachine& office) {
  if (decided_.descriptions.empty()) return;
  const auto authority = office.replica()->authority();
  const Schema* known = authority ? (*authority)->schema() : nullptr;
  for (const auto& [number, file] : decided_.descriptions) {
    const Register* reg = known == nullptr ? nullptr : known->find(number);
    if (reg == nullptr || reg->text != file)
      trace_.violation(office.setting().name,
                       "does not know the description in force of register " + std::to_string(number));
  }
}

void Judgement::check_signed(const std::vector<SignedWork>& all) {
  for (const SignedWork& one : all) check_signed(one);
  for (const auto& [name, space] : spaces_) {
    if (name != kAuthoritySpace) check_editions(name, space);
  }
}

void Judgement::check_signed(const SignedWork& one) {
  const auto& sets = spaces_[one.space].sets;
  const auto found = std::ranges::find_if(sets, [&](const auto& set) { return set->name == one.change_set; });
  if (found == sets.end()) {
    if (one.office->went_back || one.office->replica() == nullptr) return;
    const auto acts = one.office->replica()->identity().acts();
    const bool told = acts && std::ranges::any_of(*acts, [&](const SignedAct& act) {
                        return act.set.name == one.change_set &&
                               (act.state == PendingState::held || act.state == PendingState::refused);
                      });
    if (!told) trace_.violation(one.office->setting().name, "lost what a person had signed for " + one.space);
    return;
  }
  if (one.source_id.empty()) return;
  const std::string id = edition_of(hub_.network(), one.source_space, one.source_id, one.space);
  for (const Operation& operation : (*found)->operations) {
    if (operation.register_number != one.register_number || operation.id != id)
      trace_.violation(one.office->setting().name,
                       one.source_id + " was published in " + one.space + " as " + operation.id);
  }
}

void Judgement::check_editions(const std::string& name, const Space& space) {
  for (const Register& reg : versions_.ahead.registers()) {
    if (publication_field(reg, Policy::set_removal) == nullptr) continue;
    for (const PlacedSet& placed : space.placed) {
      for (const Operation& operation : placed.set->operations) {
        if (operation.register_number != reg.number || !is_edition(operation.id) || placed.voided) continue;
        const auto grant = decided_.grants.find(placed.set->header.grant);
        const bool by_person = grant != decided_.grants.end() && grant->second.of_person;
        if (!by_person && !placed.adopted)
          trace_.violation("hub", "lets a device write the edition " + operation.id + " of " + name);
        const Field* field = reg.field(operation.address.field);
        if (operation.value.type == ValueType::commitment || (field != nullptr && field->personal))
          trace_.violation("hub", "the edition " + operation.id + " of " + name + " holds a person's data");
      }
    }
    check_marks(name, space, reg);
  }
}

/// Sections 9.3 and 9.7: each lists what it knows of the contrary, so that one withdrawal which nobody who
/// publishes knew of is enough, and a publication which knows of all brings the edition back. What that makes
/// of the lists is judged with the rows.
void Judgement::check_marks(const std::string& name, const Space& space, const Register& reg) {
  const Field& published = *publication_field(reg, Policy::set_removal);
  std::map<std::string, std::vector<Mark>> editions;
  for (const PlacedSet& placed : space.placed) {
    for (std::size_t i = 0; i < placed.set->operations.size(); ++i) {
      const Operation& operation = placed.set->operations[i];
      if (operation.register_number == reg.number && operation.address.field == published.number &&
          !placed.voided && is_edition(operation.id))
        editions[operation.id].push_back({&placed, &operation, placed.set->dot(i)});
    }
  }
  for (const auto& [id, marks] : editions) {
    for (std::size_t i = 0; i < marks.size(); ++i) {
      for (std::size_t earlier = 0; earlier < i; ++earlier) {
        if (marks[earlier].operation->value == marks[i].operation->value || !marks[i].knew(marks[earlier]))
          continue;
        const bool taken = std::any_of(marks.begin(), marks.begin() + static_cast<std::ptrdiff_t>(i + 1),
                                       [&](const Mark& one) { return one.names(marks[earlier]); });
        if (!taken)
          trace_.violation("hub", "a mark of the edition " + id + " of " + name +
                                      " was written over one that it knew and does not name");
      }
    }
  }
}

}  // namespace wasl::sim
