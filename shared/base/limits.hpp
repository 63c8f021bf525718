#pragma once
// Every bound in one place, with its unit and its reason.
#include <cstddef>
#include <cstdint>

namespace wasl::limits {

constexpr std::size_t kValueBytes = 16 * 1024;           // one field; longer text is an attachment
constexpr std::size_t kKeyBytes = 1024;                  // language tag or set element of an address
constexpr std::size_t kIdBytes = 64;                     // a record's id
constexpr std::size_t kSpaceBytes = 64;                  // a space's name
constexpr std::size_t kChangeSetSplitBytes = 32 * 1024;  // a group is split by record above this
constexpr std::size_t kChangeSetBytes = 256 * 1024;      // one record that is larger than the split
constexpr std::size_t kRunChangeSets = 64;               // one signature covers at most this many
constexpr std::size_t kRunBytes = 16 * 1024;             // … and this much, or one larger change set alone
constexpr std::size_t kOperations = 100'000;             // of one change set
constexpr std::size_t kDotsOfOperation = 4096;           // heads that one operation may name
constexpr std::uint64_t kNumberMost = INT64_MAX;  // sequences, positions and times fit SQL's signed 64 bits
constexpr std::size_t kFrameBytes = 1024 * 1024;  // one WebSocket message
constexpr std::size_t kFrameRoomBytes = 4 * 1024 * 1024;  // the same, decompressed
constexpr std::size_t kSegmentTargetBytes = 256 * 1024;   // a backlog travels in frames of about this size
constexpr std::size_t kSegmentItems = 1
                                      << 16;  // decoded, the smallest items take 100 times their bytes: 45 MB
constexpr std::size_t kSegmentOperations = 1 << 18;  // … and the smallest operations 200 times: 75 MB
constexpr std::size_t kHelloBytes = 1024;            // fits every proxy's header limit
constexpr std::size_t kBulkGroupRecords = 1000;      // a larger group goes on a chain of its own
constexpr std::size_t kGroupParts = 1 << 16;         // 65,536 × 32 KiB = 2 GiB
constexpr std::size_t kChainsOfDevice = 64;
constexpr std::size_t kHeldBytesOfDevice = 64 * 1024 * 1024;
constexpr std::size_t kHeldOfDevice = 10'000;

}  // namespace wasl::limits
