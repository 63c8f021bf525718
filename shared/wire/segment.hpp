#pragma once
// A segment: change sets of one space with their entries and signatures, as they travel and as they are kept
// (PROTOCOL.md section 5). Headers are packed against what came before in the same segment, and on a link
// bodies against logs that both ends hold; the signed bytes are rebuilt exactly, and their hashes prove it.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/ledger/collection.hpp"
#include "shared/ledger/entry.hpp"
#include "shared/model/change_set.hpp"

namespace wasl {

/// A change set, with its entry when it has one.
struct SetItem {
  std::optional<ledger::Entry> entry;
  ChangeSet set;
};
/// An entry whose change set the reader wrote itself and holds.
struct OwnItem {
  ledger::Entry entry;  ///< `hash` is empty on the wire: the reader fills it from its own change set
  Source source;
  Sequence sequence = 0;
};
/// A header in the place of a change set whose body does not travel: it keeps the chain provable.
struct StandInItem {
  Header header;
  Bytes header_bytes;
  Hash name;
  std::optional<Signature> taken_back = {};  ///< its author's, in a push: over `taken_back_message`
};
/// An entry of a change set whose header stands in the log already: `adopt`, or an `accept` of what was held.
struct LateItem {
  ledger::Entry entry;
  ChangeSet set;
};
/// Any other entry: `void`, `unvoid`, `snapshot`, `statement`, `collect`. A statement and a list of what is
/// collected bring their bytes, a void the position of what it voids.
struct EntryItem {
  ledger::Entry entry;
  Bytes bytes;
};
/// One signature for the run of a chain that ends at `last`; stands after the run.
struct SignatureItem {
  Source source;
  Sequence last = 0;
  Signature signature;
};
using SegmentItem = std::variant<SetItem, OwnItem, StandInItem, LateItem, EntryItem, SignatureItem>;

/// An opening and the commitment it opens; kept beside, because it may be erased.
struct OpeningItem {
  Hash commitment;
  Opening opening;
};

struct Segment {
  std::string space;
  Position first = 0;  ///< position of the first entry; 0 when nothing in it has one
  std::vector<SegmentItem> items;
  std::vector<OpeningItem> openings;  ///< not part of `encode_items`
};

class References;
/// @param logs what the items may refer to; null: they stand alone.
Bytes encode_items(const Segment& segment, References* logs = nullptr);
/// Errors: malformed, bad_signature, unsupported. Checks forms and hashes; signatures are `verify_runs`.
Result<Segment> decode_items(std::string space, Position first, ByteView bytes, const NetworkId& network,
                             References* logs = nullptr);

Bytes encode_openings(const std::vector<OpeningItem>& openings);
Result<std::vector<OpeningItem>> decode_openings(ByteView bytes);

/// Every change set with a body is covered by a signature in the same segment, chains link inside it, and no
/// signature is wrong. A chain of which an OwnItem stands in the segment is left out: the reader fills its
/// own change sets in and calls again. Errors: bad_signature, naming author and sequence.
Status verify_runs(const Segment& segment, const NetworkId& network);

/// Of a change set or a stand-in; null for other items.
const Header* header_of(const SegmentItem& item);
/// Its name. @pre it has a header.
const Hash& name_of(const SegmentItem& item);
/// The items that give the entries from `from` to `to`, without openings. Whole only where no signed run
/// crosses either border: at the end of a commit of the hub.
Segment part_of(const Segment& segment, Position from, Position to);
/// The item's entry; null for what has none.
const ledger::Entry* entry_of(const SegmentItem& item);
/// The change set that takes effect at the item's entry; null for other items.
const ChangeSet* effect_of(const SegmentItem& item);
EntryItem void_item(const ledger::Entry& entry, Position position);
/// Of a `void`: the position of what it voids. @pre decoded, or made by `void_item`.
Position voided_position(const EntryItem& item);
/// An entry by which these leave the state. Its hash is filled in.
EntryItem collect_item(ledger::Entry entry, const ledger::Collection& collection);
/// What it lists; nothing for any other item. @pre decoded, or made by `collect_item`.
std::optional<ledger::Collection> collection_of(const SegmentItem& item);
/// Number of entries in the segment.
std::size_t entry_count(const Segment& segment);

}  // namespace wasl
