#include "shared/authority/roles.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "schema/embedded.hpp"

namespace wasl {
namespace {

using nlohmann::json;

constexpr std::pair<std::string_view, Rights> kRights[] = {{"read", kRead},     {"write", kWrite},
                                                           {"review", kReview}, {"publish", kPublish},
                                                           {"grant", kGrant},   {"admin", kAdmin}};
constexpr std::string_view kPlaces[] = {"own", "below", "section", "network", "public", "all"};
constexpr std::int64_t kDepthMost = 16;
constexpr std::int64_t kLevelMost = 255;

tl::unexpected<Error> refuse(const std::string& role, const std::string& what) {
  return fail(Errc::invalid_value, "roles.json: " + (role.empty() ? std::string() : role + ": ") + what,
              "see schema/README.md");
}

Result<Labels> read_labels(const json& role, const std::string& name) {
  Labels out;
  const auto labels = role.find("labels");
  const std::pair<const char*, std::string*> each[] = {
      {"ar", &out.ar}, {"en", &out.en}, {"fr", &out.fr}, {"es", &out.es}, {"pt", &out.pt}};
  if (labels == role.end() || !labels->is_object() || labels->size() != std::size(each))
    return refuse(name, "needs its labels in five languages");
  for (const auto& [language, text] : each) {
    const auto it = labels->find(language);
    if (it == labels->end() || !it->is_string() || it->get_ref<const std::string&>().empty())
      return refuse(name, std::string("has no label in ") + language);
    *text = it->get<std::string>();
  }
  return out;
}

/// The words of a list, each of which `take` must know.
template <class F>
Status read_words(const json& clause, const char* key, const std::string& name, F take) {
  const auto list = clause.find(key);
  if (list == clause.end() || !list->is_array() || list->empty())
    return refuse(name, std::string("a clause without its list of ") + key);
  for (const json& word : *list) {
    if (!word.is_string() || !take(word.get_ref<const std::string&>()))
      return refuse(name, std::string(key) + ": " + word.dump() + " is unknown");
  }
  return {};
}

Result<Clause> read_clause(const json& in, const std::string& name, const Schema& schema) {
  Clause out;
  if (!in.is_object()) return refuse(name, "a clause is no object");
  WASL_TRY(read_words(in, "rights", name, [&](const std::string& word) {
    out.rights |= right_of(word);
    return right_of(word) != 0;
  }));
  WASL_TRY(read_words(in, "spaces", name, [&](const std::string& word) {
    out.spaces.push_back(word);
    return std::find(std::begin(kPlaces), std::end(kPlaces), word) != std::end(kPlaces);
  }));
  if (!in.contains("registers")) return out;
  WASL_TRY(read_words(in, "registers", name, [&](const std::string& word) {
    const Register* reg = schema.find(word);
    if (reg != nullptr) out.registers.push_back(reg->number);
    return reg != nullptr;
  }));
  std::sort(out.registers.begin(), out.registers.end());
  return out;
}

Result<std::uint32_t> read_number(const json& role, const char* key, std::int64_t most,
                                  const std::string& name) {
  const auto it = role.find(key);
  if (it == role.end()) return 0U;
  if (!it->is_number_integer() || it->get<std::int64_t>() < 0 || it->get<std::int64_t>() > most)
    return refuse(name, std::string(key) + " is no number from 0 to " + std::to_string(most));
  return static_cast<std::uint32_t>(it->get<std::int64_t>());
}

Result<Role> read_role(const json& in, const Schema& schema) {
  Role out;
  const auto name = in.find("role");
  if (!in.is_object() || name == in.end() || !name->is_string()) return refuse({}, "a role without its name");
  out.name = name->get<std::string>();
  for (const auto& [key, value] : in.items()) {
    if (key != "role" && key != "labels" && key != "level" && key != "depth" && key != "persons_only" &&
        key != "clauses")
      return refuse(out.name, "the key " + key + " is unknown");
  }
  WASL_LET(out.labels, read_labels(in, out.name));
  WASL_LET(out.level, read_number(in, "level", kLevelMost, out.name));
  WASL_LET(out.depth, read_number(in, "depth", kDepthMost, out.name));
  const auto persons = in.find("persons_only");
  if (persons != in.end() && !persons->is_boolean()) return refuse(out.name, "persons_only is true or false");
  out.persons_only = persons != in.end() && persons->get<bool>();
  const auto clauses = in.find("clauses");
  if (clauses == in.end() || !clauses->is_array() || clauses->empty())
    return refuse(out.name, "needs clauses");
  for (const json& clause : *clauses) {
    WASL_LET(Clause read, read_clause(clause, out.name, schema));
    out.clauses.push_back(std::move(read));
  }
  return out;
}

}  // namespace

Rights right_of(std::string_view word) {
  for (const auto& [name, right] : kRights) {
    if (name == word) return right;
  }
  return 0;
}

std::string to_words(Rights rights) {
  std::string out;
  for (const auto& [name, right] : kRights) {
    if ((rights & right) != 0) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

Result<std::vector<Role>> load_roles(const std::string& text, const Schema& schema) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_array()) return refuse({}, "is no JSON list of roles");
  std::vector<Role> out;
  std::set<std::string> names;
  for (const json& one : all) {
    WASL_LET(Role role, read_role(one, schema));
    if (!names.insert(role.name).second) return refuse(role.name, "stands twice");
    out.push_back(std::move(role));
  }
  return out;
}

const std::vector<Role>& built_in_roles() {
  static const std::vector<Role> roles = [] {
    auto loaded = load_roles(embedded_roles(), built_in_schema());
    if (!loaded) {  // the unit tests load this file, so a program that was tested never comes here
      std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
      std::abort();
    }
    return *std::move(loaded);
  }();
  return roles;
}

const Role* find_role(std::string_view name) {
  const auto& roles = built_in_roles();
  const auto it =
      std::find_if(roles.begin(), roles.end(), [&](const Role& role) { return role.name == name; });
  return it == roles.end() ? nullptr : &*it;
}

std::string role_names(GrantKind kind) {
  std::string out;
  for (const Role& role : built_in_roles()) {
    if (kind == GrantKind::person || !role.persons_only) out += (out.empty() ? "" : ", ") + role.name;
  }
  return out;
}

namespace {

/// Own spaces of the organisation and of those that stand below it now.
std::vector<std::string> spaces_below(const AuthorityState& authority, std::string_view organisation) {
  std::vector<std::string> out;
  for (const auto& [id, act] : authority.organisations()) {
    std::string_view at = id;
    for (std::size_t steps = 0; at != organisation && steps < authority.organisations().size(); ++steps) {
      const OrganisationAct* const one = authority.organisation(at);
      if (one == nullptr) break;
      at = one->parent;
    }
    if (at == organisation) out.push_back(authority.own_space(id));
  }
  return out;
}

}  // namespace

std::optional<std::vector<Clause>> clauses_of_role(const AuthorityState& authority, std::string_view name,
                                                   std::string_view organisation, GrantKind kind) {
  const Role* role = find_role(name);
  const bool person = kind == GrantKind::person;
  if (role == nullptr || (role->persons_only && !person)) return std::nullopt;
  const auto places = [&](const std::string& word) -> std::vector<std::string> {
    if (word == "own") return {authority.own_space(organisation)};
    if (word == "below") return spaces_below(authority, organisation);
    if (word == "section") return {authority.section_space(organisation)};
    return {word == "all" ? std::string(kEverySpace) : word};
  };
  std::vector<Clause> out;
  for (const Clause& clause : role->clauses) {
    Clause spelt{clause.rights & ~(person ? 0 : kGrant | kAdmin), {}, clause.registers};
    for (const std::string& word : clause.spaces) {
      for (std::string& space : places(word)) {
        if (std::find(spelt.spaces.begin(), spelt.spaces.end(), space) == spelt.spaces.end())
          spelt.spaces.push_back(std::move(space));
      }
    }
    if (spelt.rights != 0) out.push_back(std::move(spelt));
  }
  return out;
}

}  // namespace wasl
