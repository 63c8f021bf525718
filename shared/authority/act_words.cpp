#include "shared/authority/act_words.hpp"

#include "shared/model/description.hpp"

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
  std::string operator()(const AcceptAct& act) const { return "accepted the grant " + short_name(act.grant); }
  std::string operator()(const EndAct& act) const {
    return "ended the grant " + short_name(act.grant) + ": " + std::string(to_word(act.reason));
  }
  std::string operator()(const DiscardAct& act) const {
    return "discarded " + names(act.names) + " in " + act.space;
  }
  std::string operator()(const WipeAct& act) const {
    return "ordered to wipe the device " + short_key(act.device);
  }
  std::string operator()(const AdoptAct& act) const { return "adopted " + names(act.names); }
  std::string operator()(const ConfirmAct& act) const {
    return "confirmed the key of the grant " + short_name(act.grant);
  }
  std::string operator()(const EraseAct& act) const {
    return "ordered to erase " + std::to_string(act.commitments.size()) + " personal values of a record in " +
           act.space + ": " + std::string(to_word(act.reason));
  }
  std::string operator()(const WithdrawErasureAct& act) const {
    return "withdrew the erasure " + short_name(act.change_set);
  }
  std::string operator()(const DescriptionAct& act) const {
    const auto described = Schema().with_published(act.json);
    const bool read = described && !described->registers().empty();
    return "published the description of " + (read ? described->registers().front().name : "a register");
  }

 private:
  static std::string short_name(const Hash& name) { return to_hex(name.view()).substr(0, 12); }
  static std::string names(const std::vector<Hash>& list) {
    std::string out;
    for (const Hash& name : list) out += (out.empty() ? "" : ", ") + short_name(name);
    return out;
  }
};

}  // namespace

std::string in_words(const Act& act) { return std::visit(Words{}, act); }

}  // namespace wasl
