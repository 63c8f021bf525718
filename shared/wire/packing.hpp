#pragma once
// Headers, entries and bodies packed against what came before in the same segment and, where the frame may
// refer to logs, against these (PROTOCOL.md section 5). Both ends of the codec of `segment`.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/ledger/entry.hpp"
#include "shared/model/change_set.hpp"
#include "shared/wire/references.hpp"

namespace wasl {

/// What both ends remember while they walk a segment.
struct Walk {
  References* logs = nullptr;  ///< null: the frame stands alone
  std::vector<Source> sources;
  std::map<Source, std::pair<Sequence, Hash>> ends;  ///< per chain: last sequence and name
  Header last;
  std::map<Source, Header> lasts;  ///< per chain, where the frame may refer to logs
  ledger::Entry last_entry;

  /// The header that one of this chain is packed against.
  [[nodiscard]] const Header& before(const Source& source) const;
  void passed(const Header& header, const Hash& name);
};

/// @param next sequence of the header whose chain this is; 0: the source alone is meant.
void encode_source_reference(Writer& out, Walk& walk, const Source& source, Sequence next = 0);
Source decode_source_reference(Reader& in, Walk& walk);

void encode_entry_times(Writer& out, Walk& walk, const ledger::Entry& entry);
void decode_entry_times(Reader& in, Walk& walk, ledger::Entry& entry);

/// Everything of the header but network, space and body hash, which the reader has from elsewhere.
void encode_packed_header(Writer& out, Walk& walk, const Header& header);
Header decode_packed_header(Reader& in, Walk& walk, const NetworkId& network, const std::string& space);

/// The body's operations; places and dots that stand in the logs are referred to. @pre walk.logs
void encode_stripped_body(Writer& out, Walk& walk, const ChangeSet& set);
/// The body's own bytes again. Errors: malformed (also when it refers to what is not here), limit_exceeded.
Result<Bytes> decode_stripped_body(Reader& in, Walk& walk, const Source& own, std::size_t operations_most);

}  // namespace wasl
