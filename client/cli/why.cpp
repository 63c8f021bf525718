// wasl why: who wrote what is shown of a record, and who gave them the right to
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/grant_words.hpp"
#include "client/cli/names.hpp"
#include "client/cli/words.hpp"
#include "shared/authority/roles.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string who(const WhyGrant& grant) {
  return std::string(to_word(grant.act.kind)) + " " + short_key(grant.act.grantee) + " of " +
         (grant.act.organisation.empty() ? "the network" : grant.act.organisation);
}

std::string chain_words(const WhyField& field, const Schema& schema) {
  std::string out;
  for (const WhyGrant& grant : field.grants) {
    out += "\n    " + std::string(out.empty() ? "under" : "itself under") + " the grant " +
           short_name(grant.name) + " to the " + who(grant) + " (" + grant.act.role +
           (grant.act.level == 0 ? "" : ", level " + std::to_string(grant.act.level)) +
           "): " + clauses_words(grant.act.clauses, schema) +
           (grant.act.until == 0 ? "" : ", until " + iso_time(grant.act.until)) +
           (grant.standing == Standing::valid ? "" : ", now " + std::string(to_word(grant.standing))) +
           "\n      signed by " + short_key(grant.issuer) +
           (grant.issuer_grant.is_zero()
                ? ", a registrar by network statement " + std::to_string(field.statement)
                : "") +
           ", in change set " + short_name(grant.change_set) + " at authority " +
           std::to_string(grant.position);
  }
  return out;
}

Json field_json(const WhyField& field, const Schema& schema) {
  Json out{{"field", field.field.empty() ? Json(nullptr) : Json(field.field)},
           {"value", field.value},
           {"author", to_hex(field.author.view())},
           {"organisation", field.organisation},
           {"time", iso_time(field.time)},
           {"change_set", to_hex(field.change_set.view())},
           {"space", field.space},
           {"position", field.position == 0 ? Json(nullptr) : Json(field.position)},
           {"before_snapshot", field.is_before_start},
           {"grants", Json::array()},
           {"statement", field.statement}};
  if (!field.key.empty()) out["key"] = field.key;
  for (const WhyGrant& grant : field.grants) {
    out["grants"].push_back({{"grant", to_hex(grant.name.view())},
                             {"kind", to_word(grant.act.kind)},
                             {"grantee", to_hex(grant.act.grantee.view())},
                             {"organisation", grant.act.organisation},
                             {"role", grant.act.role},
                             {"level", grant.act.level},
                             {"rights", clauses_words(grant.act.clauses, schema)},
                             {"issuer", to_hex(grant.issuer.view())},
                             {"registrar", grant.issuer_grant.is_zero()},
                             {"change_set", to_hex(grant.change_set.view())},
                             {"position", grant.position},
                             {"standing", to_word(grant.standing)}});
  }
  return out;
}

}  // namespace

Result<Answer> why(const Office& office, const RecordArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const auto fields, replica->why(reg->name, arguments.id, arguments.space));
  Json out{{"register", reg->name}, {"id", arguments.id}, {"fields", Json::array()}};
  std::string words = reg->name + " " + arguments.id;
  for (const WhyField& field : fields) {
    out["fields"].push_back(field_json(field, replica->schema()));
    words +=
        "\n  " +
        (field.field.empty() ? std::string("created")
                             : field.field + (field.key.empty() ? "" : "." + field.key) + " = " +
                                   (field.value.empty() ? "(no value)" : field.value)) +
        ": by " + (field.organisation.empty() ? "" : field.organisation + ", ") + "key " +
        short_key(field.author) + ", " + time_words(field.time, office.clock().now()) +
        (field.is_before_start ? ", before the snapshot with which this office began (the hub vouches for it)"
         : field.position == 0 ? ", not accepted yet"
                               : ", change set " + short_name(field.change_set) + " at " + field.space + " " +
                                     std::to_string(field.position)) +
        chain_words(field, replica->schema());
  }
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
