#pragma once
// A receipt: what a record says, with everything that proves who wrote it and by which right, down to the
// signatures. A C2SP tlog-proof (c2sp.org/tlog-proof) of the leaf of `heads` that covers it; the rest is the
// proof's extra data (PROTOCOL.md section 16). Values and their text. Nothing here is believed: see checking.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/ledger/blinding.hpp"
#include "shared/ledger/entry.hpp"
#include "shared/model/change_set.hpp"

namespace wasl {

/// A leaf of `heads`, and its way to a signed checkpoint.
struct ProvedHead {
  std::string note;
  std::uint64_t index = 0;
  Bytes leaf;
  std::vector<Hash> path;  ///< nearest sibling first
  bool operator==(const ProvedHead&) const = default;
};

/// A change set at its place in a log, with the headers that follow it up to the one whose name is signed.
struct ProvedSet {
  Position position = 0;
  ledger::Entry entry;
  Bytes header;
  Bytes body;
  std::vector<Bytes> following;
  Signature signature;
  bool operator==(const ProvedSet&) const = default;
};

/// A signed network statement at its place in `authority`.
struct ProvedStatement {
  Position position = 0;
  ledger::Entry entry;
  Bytes statement;
  bool operator==(const ProvedStatement&) const = default;
};

struct Receipt {
  static constexpr Byte kVersion = 1;

  NetworkId network;
  std::string space;
  std::uint32_t register_number = 0;
  std::string id;
  /// Of a private space: without it nobody can compare an entry with its leaf. Whoever gets the receipt gets
  /// it, and can tell from `heads` when and by how many entries the space grows; nothing of what they say.
  std::optional<ledger::BlindingKey> key;
  ProvedHead head;                          ///< of the record's space
  ProvedHead authority;                     ///< of `authority`; an empty note: under the same checkpoint
  std::vector<ProvedStatement> statements;  ///< by position, rising; so are the others
  std::vector<ProvedSet> rights;            ///< of `authority`: who was granted what, from the registrar on
  std::vector<ProvedSet> changes;           ///< of the space
  std::vector<Hash> authority_inclusion;    ///< statements and rights in one proof
  std::vector<Hash> inclusion;              ///< changes in one proof

  bool operator==(const Receipt&) const = default;
};

constexpr std::size_t kReceiptBytes = 32 * 1024 * 1024;  // of text: 64 change sets of the largest kind
constexpr std::size_t kReceiptSets = 4096;               // and one receipt holds at most so many

std::string encode(const Receipt& receipt);
/// Errors: malformed, limit_exceeded, unsupported.
Result<Receipt> decode_receipt(std::string_view text);

}  // namespace wasl
