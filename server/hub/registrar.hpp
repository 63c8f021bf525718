#pragma once
// Writes acts of authority with the registrar's key. They are change sets like anybody's and go through the
// same committer. Thread: the hub's.
#include <functional>
#include <string>

#include "server/hub/committer.hpp"
#include "shared/authority/invitation.hpp"

namespace wasl {

class Registrar {
 public:
  struct Ports {
    HubStore& store;
    Committer& committer;
    const Schema& schema;
    Clock& clock;
    Random& random;
    std::function<Committer::Committed()> commit;  ///< commits what is queued and tells whom it concerns
  };
  Registrar(Ports ports, const crypto::KeyPair& key) : ports_(std::move(ports)), key_(key) {}

  /// Errors: invalid_value (id, kind), not_found (parent), conflict (id taken), unauthorised.
  Status add_organisation(const OrganisationAct& organisation);
  /// Errors: not_found (organisation), invalid_value (role).
  Result<Invitation> invite(const std::string& organisation, const std::string& role, const std::string& url);

 private:
  Status act(const Act& act);

  Ports ports_;
  const crypto::KeyPair& key_;
};

}  // namespace wasl
