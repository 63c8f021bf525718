#pragma once
// What hub processes over one storage write to each other: units that one has gathered and another judges,
// and what became of them. Bytes of our own, kept for moments and never shown outside.
#include <vector>

#include "server/hub/batch.hpp"
#include "server/hub/staging.hpp"

namespace wasl {

Bytes encode_unit(const Unit& unit);
/// Signatures were checked by who gathered it. Errors: malformed.
Result<Unit> decode_unit(ByteView bytes, const NetworkId& network);

Bytes encode_decided(const Batch::Decided& decided);
Result<Batch::Decided> decode_decided(ByteView bytes);

}  // namespace wasl
