#pragma once
// What a store says of itself when its network moves between stores: small values by name, which stay behind.
#include <string_view>

#include "shared/base/bytes.hpp"

namespace wasl {

/// In the store that was left: where its network went, in words.
constexpr std::string_view kMovedMark = "moved";
/// In the store that is filled.
constexpr std::string_view kArrivalMark = "arrival";
constexpr Byte kArriving = 1;  ///< not whole: nobody opens it
constexpr Byte kArrived = 2;   ///< whole and checked; who opens it to write takes the mark away

inline bool is_mark(std::string_view key) { return key == kMovedMark || key == kArrivalMark; }

}  // namespace wasl
