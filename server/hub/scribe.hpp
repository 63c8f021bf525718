#pragma once
// Drafts change sets of registrars and persons and takes them once they are signed. They are like anybody's
// and go through the same committer. Thread: the hub's.
#include <functional>
#include <string>
#include <vector>

#include "server/hub/committer.hpp"

namespace wasl {

class Scribe {
 public:
  struct Ports {
    HubStore& store;
    Committer& committer;
    const Schema& schema;
    Clock& clock;
    Random& random;
    std::function<Committer::Committed()> commit;  ///< commits what is queued and tells whom it concerns
  };
  explicit Scribe(Ports ports) : ports_(std::move(ports)) {}

  /// The next change set of the author's chain in the space; whoever holds the key signs its name as a run.
  Result<ChangeSet> draft(const PublicKey& author, const std::string& space, const Hash& grant,
                          std::vector<Operation> operations);
  /// @return once it is accepted. Errors: unauthorised (held or refused, with the reason in words),
  /// bad_signature, storage_failed.
  Status submit(ChangeSet set, const Signature& signature);
  Operation act_operation(const Act& act);
  /// One change set in `space` under `grant` (zeros: a registrar's). @return its name once it is accepted.
  /// Errors: unauthorised (held or refused, with the reason in words), storage_failed.
  Result<Hash> write(const crypto::KeyPair& key, const std::string& space, const Hash& grant,
                     std::vector<Operation> operations);
  /// The same for one act of authority.
  Status act(const crypto::KeyPair& key, const Hash& grant, const Act& act);

 private:
  Result<Header> next_header(const PublicKey& author, const std::string& space, const Hash& grant);

  Ports ports_;
};

}  // namespace wasl
