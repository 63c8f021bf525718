#pragma once
// The one signed log: leaves, checkpoints and the proofs that readers get. Thread: the hub's.
#include <optional>
#include <string>
#include <vector>

#include "server/store/hub_store.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/ledger/note.hpp"

namespace wasl {

class HeadsLog {
 public:
  explicit HeadsLog(HubStore& store) : store_(store) {}

  /// Reads the right edge from the store.
  Status load();
  /// The transaction of the last appends was committed, or was not: what is in memory follows without asking
  /// a disk that may have failed.
  void keep() { kept_ = frontier_; }
  void take_back() { frontier_ = kept_; }
  [[nodiscard]] std::uint64_t size() const { return frontier_.size(); }
  /// Of the first `size` leaves. @pre the log has them.
  Result<Hash> root(std::uint64_t size);
  /// Hub time of the newest leaf; 0 when there is none.
  Result<Millis> last_time();
  /// Inside the commit's transaction. @return the leaf's index.
  Result<std::uint64_t> append(const ledger::HeadsLeaf& leaf);
  /// Signs what is durable: computes the root again from stored nodes first. Errors: corrupt.
  Status sign(const std::string& origin, const crypto::KeyPair& log_key);
  /// For who follows: what another process over the same storage has signed takes the place of what was
  /// known. Errors: corrupt (it is not of the stored log), bad_signature.
  Status adopt(const std::string& note, const std::string& origin, const PublicKey& log_key,
               const std::vector<PublicKey>& witnesses);
  /// The newest signed note, with the cosignatures that have come for it.
  [[nodiscard]] std::string note() const { return note_ + cosigned_; }
  /// Takes what witnesses have signed: lines, or the note with them. Durable when it returns. @return how
  /// many of the witnesses have cosigned the newest note. Errors: conflict (another checkpoint than the
  /// newest), malformed, bad_signature, not_found (no line by one of these witnesses), storage_failed.
  Result<std::size_t> take_cosignatures(std::string_view text, const std::vector<PublicKey>& witnesses);
  /// Whether so many witnesses have cosigned the newest note as make it witnessed.
  [[nodiscard]] bool is_witnessed(const std::vector<PublicKey>& witnesses) const {
    return cosigned_count_ >= ledger::witnesses_needed(witnesses.size());
  }
  [[nodiscard]] std::size_t cosigned_count() const { return cosigned_count_; }
  /// After a start: what witnesses had signed, where it is still of the newest note.
  Status recall_cosignatures(const std::vector<PublicKey>& witnesses);
  /// What was signed: size and root.
  [[nodiscard]] const Seen& seen() const { return seen_; }

  /// Proves that the signed log continues `known` and holds these leaves (rising, below size()).
  Result<Proof> prove(const Seen& known, const std::vector<std::uint64_t>& leaves);

 private:
  HubStore& store_;
  ledger::Frontier frontier_;
  ledger::Frontier kept_;
  std::string note_;                ///< as the log key alone signed it
  std::string cosigned_;            ///< lines of witnesses below it
  std::size_t cosigned_count_ = 0;  ///< witnesses
  Seen seen_;
};

}  // namespace wasl
