#pragma once
// Roles of the domain as named sets of rights, defined in schema/roles.json. A name for people: grants spell
// the rights out, so a change of this file changes nobody's rights.
#include <string>
#include <string_view>
#include <vector>

#include "shared/authority/authority_state.hpp"
#include "shared/model/description.hpp"

namespace wasl {

struct Role {
  std::string name;
  Labels labels;
  Level level = 0;              ///< of the mandate that usually comes with it
  std::uint32_t depth = 0;      ///< how often a person may pass on
  bool persons_only = false;    ///< a mandate: no device is invited with it
  std::vector<Clause> clauses;  ///< spaces are `own`, `below`, `section`, `network`, `public` or `all`
};

/// Errors name role and key.
Result<std::vector<Role>> load_roles(const std::string& text, const Schema& schema);
/// The roles that this program was built with, loaded and checked.
const std::vector<Role>& built_in_roles();
/// @return null for an unknown one.
const Role* find_role(std::string_view name);
/// "officer, editor, …": those that an invitation may name, or a person's key.
std::string role_names(GrantKind kind);

/// What the role spells out in an organisation, innermost space first. The rights `grant` and `admin` are of
/// a person's key alone. @return nothing for an unknown role, or one that this kind of key cannot have.
std::optional<std::vector<Clause>> clauses_of_role(const AuthorityState& authority, std::string_view role,
                                                   std::string_view organisation, GrantKind kind);

/// "write", …; 0 for an unknown word.
Rights right_of(std::string_view word);
/// "read, write".
std::string to_words(Rights rights);

}  // namespace wasl
