#pragma once
// What short frames are packed against: dictionaries of zstd, numbered, trained on made-up records by
// tests/dictionary. One that has been given out never changes; a better one is a new number.
#include "shared/base/bytes.hpp"

namespace wasl {

/// Whoever knows a version knows all before it.
constexpr Byte kNewestDictionary = 1;

/// @pre 1 <= version <= kNewestDictionary.
ByteView dictionary(Byte version);

}  // namespace wasl
