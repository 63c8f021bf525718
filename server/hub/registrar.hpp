#pragma once
// Acts of the registrar's key. Thread: the hub's.
#include <map>
#include <string>
#include <vector>

#include "server/hub/scribe.hpp"
#include "shared/authority/invitation.hpp"

namespace wasl {

class Registrar {
 public:
  using Ports = Scribe::Ports;
  Registrar(const Ports& ports, const crypto::KeyPair& key) : ports_(ports), scribe_(ports), key_(key) {}

  /// Errors: invalid_value (id, kind), not_found (parent), conflict (id taken), unauthorised.
  Status add_organisation(const OrganisationAct& organisation);
  struct Inviting {
    std::string organisation, role;
    std::string url;       ///< of the hub
    bool confirm = false;  ///< the device gets its rights once somebody has compared its fingerprint
  };
  /// Errors: not_found (organisation), invalid_value (role).
  Result<Invitation> invite(const Inviting& inviting);
  Status confirm(const ConfirmAct& confirm);
  /// Gives a person's key a role in an organisation. Errors: not_found (organisation), invalid_value (role,
  /// key), unauthorised.
  Status give(const PublicKey& person, const std::string& role, const std::string& organisation);
  /// Errors: unauthorised (three others today already).
  Status revoke(const RevokeAct& revoke);
  /// Puts register descriptions into force, all by one change set; those of this program too as long as none
  /// is. What is in force already is left as it is. @param files name → text. @return the registers' names.
  /// Errors: invalid_value (no description, or more than an addition), limit_exceeded, unauthorised.
  Result<std::vector<std::string>> publish(const std::map<std::string, std::string>& files);
  /// Gives a person's key all rights in all spaces, those to come too. Errors: conflict, unauthorised.
  Status enrol_administrator(const PublicKey& person);

 private:
  Status act(const Act& act);

  Ports ports_;
  Scribe scribe_;
  const crypto::KeyPair& key_;
};

}  // namespace wasl
