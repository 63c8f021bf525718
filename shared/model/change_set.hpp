#pragma once
// The change set: what is signed, chained and ordered (PROTOCOL.md section 4). Pure values and their one
// canonical packed form. Ids hash unsigned bytes; a signature covers a run through the chain of hashes.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/limits.hpp"
#include "shared/base/result.hpp"
#include "shared/model/ids.hpp"
#include "shared/model/value.hpp"

namespace wasl {

/// What the author had last verified of a space's log when it sealed.
struct Seen {
  std::uint64_t size = 0;
  Hash root;
  auto operator<=>(const Seen&) const = default;
};

struct Header {
  static constexpr Byte kVersion = 1;

  NetworkId network;
  std::string space;
  Source source;
  Sequence sequence = 1;
  Hash previous;  ///< name of the chain's previous change set; 32 zero bytes at sequence 1
  Hash schema;
  Hash grant;  ///< name of the grant used; 32 zero bytes: the network statement itself
  Seen seen;
  Seen seen_authority;
  Stamp stamp;
  GroupId group;
  std::uint32_t part = 1;  ///< 1-based, among the parts of this group in this space
  std::uint32_t parts = 1;
  Hash body;

  bool operator==(const Header&) const = default;
};

Bytes encode(const Header& header);
Result<Header> decode_header(ByteView bytes);
/// The change set's name: BLAKE2b-256 of the header's bytes.
Hash name_of(ByteView header_bytes);
Hash body_hash(ByteView body_bytes);

enum class OperationKind : Byte {
  create = 1,   ///< the record's existence begins
  write = 2,    ///< a plain write: supersedes the heads it names
  resolve = 3,  ///< ends a conflict: names every head its author knew
  add = 4,      ///< an element joins a set
  remove = 5,   ///< names every add of the element that its author knew
  erase = 6,    ///< delete: names the heads it saw and supersedes none
  act = 7,      ///< an act of authority, in the space `authority` only
};

// What an operation of a kind brings.
bool names_dots(OperationKind kind);
bool has_address(OperationKind kind);
bool has_value(OperationKind kind);

struct Operation {
  OperationKind kind = OperationKind::create;
  std::uint32_t register_number = 0;
  std::string id;
  Address address;               ///< write, resolve, add, remove
  Value value;                   ///< write, resolve, act
  std::vector<Dot> names;        ///< the dots it supersedes (delete: saw), rising
  std::string note;              ///< resolve: why, in words
  std::optional<Dot> first_dot;  ///< of a re-sealed operation

  bool operator==(const Operation&) const = default;
};

/// Operations grouped by record, records rising by (register, id). @pre sorted so; see `sort_by_record`.
Bytes encode_body(const Source& own, const std::vector<Operation>& operations);
Result<std::vector<Operation>> decode_body(const Source& own, ByteView bytes);
void sort_by_record(std::vector<Operation>& operations);

/// A header with its body and both as bytes, decoded once.
struct ChangeSet {
  Header header;
  Bytes header_bytes;
  Bytes body_bytes;
  Hash name;
  std::vector<Operation> operations;

  /// The dot of the operation at `index`: its first dot, or the place where it stands.
  [[nodiscard]] Dot dot(std::size_t index) const {
    const auto& first = operations[index].first_dot;
    return first ? *first : Dot{header.source, header.sequence, static_cast<std::uint32_t>(index)};
  }
};

/// Seals: computes the body's hash, the header's bytes and the name.
ChangeSet make_change_set(Header header, std::vector<Operation> operations);
/// Decodes and checks that header and body belong together. Errors: malformed, bad_signature (hash),
/// unsupported.
Result<ChangeSet> decode_change_set(ByteView header_bytes, ByteView body_bytes);
Result<ChangeSet> decode_change_set(Header header, ByteView body_bytes);

/// Where a chain ends, for whoever reads it.
struct ChainEnd {
  Sequence last = 0;
  Hash name{};
  std::string space{};  ///< of the chain; empty for one that is not known
  Stamp stamp{};
  bool operator==(const ChainEnd&) const = default;
};
/// Whether the chain goes on with this header. Errors: malformed.
Status check_next(const ChainEnd& end, const Header& header);
ChainEnd end_after(const Header& header, const Hash& name);

/// The name of a group whose first part stands there: whoever makes a group may choose any other.
GroupId group_at(const Source& source, Sequence first);

/// What an author signs for a run that ends with the change set of this name.
Bytes run_message(const NetworkId& network, const Hash& last_name);
/// What an author signs who takes back a change set that has no entry: its header stays in the chain.
Bytes taken_back_message(const NetworkId& network, const Hash& name);

/// Value and salt behind a commitment; travels beside the change set, never inside.
struct Opening {
  Salt salt;
  Value value;
  bool operator==(const Opening&) const = default;
};
Hash commitment_of(const NetworkId& network, std::string_view space, std::string_view id, std::uint32_t field,
                   const Dot& dot, const Opening& opening);

void encode_id(Writer& out, std::string_view id);
std::string decode_id(Reader& in);
void encode_source(Writer& out, const Source& source);
Source decode_source(Reader& in);

}  // namespace wasl
