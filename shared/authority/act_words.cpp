#include "shared/authority/act_words.hpp"

namespace wasl {
namespace {

std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, 12); }

std::string_view word_of(GrantKind kind) {
  switch (kind) {
    case GrantKind::device:
      return "device";
    case GrantKind::invitation:
      return "invitation";
    case GrantKind::person:
      return "person";
  }
  return "key";
}

std::string_view word_of(RevocationReason reason) {
  switch (reason) {
    case RevocationReason::lost:
      return "lost";
    case RevocationReason::left:
      return "left";
    case RevocationReason::compromised:
      return "compromised";
  }
  return "revoked";
}

struct Words {
  std::string operator()(const OrganisationAct& act) const {
    return "added the " + act.kind + " " + act.id + (act.parent.empty() ? "" : " under " + act.parent);
  }
  std::string operator()(const GrantAct& act) const {
    return "granted the " + std::string(word_of(act.kind)) + " " + short_key(act.grantee) + " the role " +
           act.role + " of " + act.organisation;
  }
  std::string operator()(const EnrolAct& act) const { return "enrolled the device " + short_key(act.device); }
  std::string operator()(const RevokeAct& act) const {
    return "revoked " + short_key(act.key) + ": " + std::string(word_of(act.reason));
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "act of authority";
  }
};

}  // namespace

std::string in_words(const Act& act) { return std::visit(Words{}, act); }

}  // namespace wasl
