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
constexpr std::size_t kStreamFromBytes = 4 * 1024;        // less is packed as well frame by frame
constexpr int kStreamWindowLog = 19;    // 512 KiB: what a stream may refer back to, in memory twice
constexpr long kStreamsPacked = 32;     // by a hub at once; further backlogs go frame by frame
constexpr long kStreamsUnpacked = 128;  // … of pushes
constexpr std::size_t kSegmentItems = 1
                                      << 16;  // decoded, the smallest items take 100 times their bytes: 45 MB
constexpr std::size_t kSegmentOperations = 1 << 18;  // … and the smallest operations 200 times: 75 MB
constexpr std::size_t kReferences =
    1024;  // of a frame to change sets of a log: each may cost reading a block
constexpr std::size_t kHelloBytes = 1024;          // fits every proxy's header limit
constexpr std::size_t kBulkGroupRecords = 1000;    // a larger group goes on a chain of its own
constexpr std::size_t kGroupParts = 1 << 16;       // 65,536 × 32 KiB = 2 GiB
constexpr std::size_t kGroupOperations = 1 << 20;  // judged at once, decoded: 300 MB

// What a stranger may cost the hub: a connection that has not upgraded.
constexpr std::size_t kStrangers = 256;          // then the oldest of whoever has most goes: 4 MB in all
constexpr std::size_t kRequestBytes = 8 * 1024;  // a hello of 1 KiB and what proxies add
constexpr std::int64_t kRequestMillis = 10'000;  // until the request is whole: ten times a slow line's need
constexpr std::int64_t kAnswerMillis = 10'000;   // until a refusal has left
constexpr std::int64_t kLingerMillis = 2'000;    // until the other end has read it and closes
constexpr std::size_t kLingerBytes = 64 * 1024;  // … or has sent this much more

// What a link may cost beside its messages.
constexpr std::size_t kOverheadBytes =
    64 * 1024;                           // frame headers, pings and empty frames in 12 hours, five times over
constexpr std::size_t kOverheadTls = 5;  // … so many times more over TLS: a ping of 6 bytes takes 28
constexpr std::size_t kOverheadPart = 2;  // … and one byte for so many of messages
constexpr std::size_t kMessageBytesPerSecond =
    200;  // of a message under way: the slowest phone network gives more

// An office knows the hub's time but for the way of a message: what it erased a moment ago is no fault.
constexpr std::int64_t kErasureSlackMillis = 5 * 60'000;

constexpr std::size_t kReturnedBytes =
    256 * 1024 * 1024;  // of one space, brought back to a restored hub at once

// Bundles: frames in a file that a person carries.
constexpr std::size_t kBundleBytes = 64 * 1024 * 1024;      // one file, read whole; a larger export is split
constexpr std::size_t kBundleSplitBytes = 2 * 1024 * 1024;  // the least of a split: the largest frame fits
constexpr std::size_t kBundleFrameBytes = kFrameBytes + 256 * 1024;  // a frame with the proof beside it
constexpr std::size_t kBundleHeadBytes = 8 * 1024 * 1024;  // nearly all of it is for whom it is sealed
constexpr std::size_t kBundleFrames = 1 << 16;
constexpr std::size_t kBundleLocks = 258;        // one a space, one for the hub
constexpr std::size_t kBundleRecipients = 4096;  // of one lock: 112 bytes each
constexpr std::size_t kBundleCursors = 256;
constexpr std::size_t kAnswerVerdicts = 1 << 16;
constexpr std::size_t kCarriedBytes =
    64 * 1024 * 1024;  // of others' work that an office keeps until the hub has it

// What one device may cost the hub. Kept work is held and refused work together.
constexpr std::size_t kChainsOfDevice = 64;  // two a space, and what forks and restored folders begin anew
constexpr std::size_t kPushCreditBytes =
    64 * 1024 * 1024;  // pushed and without a verdict: a group is judged whole
constexpr std::size_t kStagedBytesOfDevice = 64 * 1024 * 1024;  // groups whose last part is still to come
constexpr std::size_t kStagedBytes = 512 * 1024 * 1024;         // … of all devices
constexpr std::size_t kKeptOfDevice = 10'000;
constexpr std::size_t kKeptBytesOfDevice = 64 * 1024 * 1024;
constexpr std::size_t kSessionsOfKey = 8;  // a phone that changes cells leaves dead ones behind for a minute

}  // namespace wasl::limits
