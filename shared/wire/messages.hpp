#pragma once
// The frames of a sync session (PROTOCOL.md section 7): values and their bytes. Each WebSocket message is one
// frame: kind byte, then what the kind says.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/authority/authorise.hpp"
#include "shared/base/bytes.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/ledger/blinding.hpp"
#include "shared/wire/known_logs.hpp"
#include "shared/wire/segment.hpp"
#include "shared/wire/streams.hpp"

namespace wasl {

struct Cursor {
  std::string space;
  Position position = 0;  ///< entries stored
  bool has_key = false;   ///< holds the blinding key of a private space
};

/// What an office says with its upgrade request, signed by its key; at most 1 KiB.
struct Hello {
  static constexpr Byte kVersion = 1;
  static constexpr Byte kLive = 1;       ///< stays connected
  static constexpr Byte kFull = 2;       ///< send its own change sets too: the replica was rebuilt
  static constexpr Byte kLeaves = 4;     ///< prove the newest leaf of every readable space again
  static constexpr Byte kWaiting = 8;    ///< own work is held or refused here: tell what was decided since
  static constexpr Byte kEstimate = 16;  ///< tell how much there is to receive, and give nothing of it
  static constexpr Byte kAlone = 32;     ///< a frame could not be rebuilt: let all of them stand alone

  Byte flags = 0;
  NetworkId network;
  PublicKey device;
  PublicKey hub;                ///< the log key it expects
  std::uint64_t counter = 0;    ///< never used twice by this key
  Hash binding;                 ///< of the channel; 32 zero bytes on plain loopback
  std::uint64_t statement = 1;  ///< number of the newest network statement that it has walked
  std::uint64_t epoch = 0;      ///< of the hub's log, that what it holds belongs to; 0: it holds nothing yet
  Seen checkpoint;              ///< of `heads`, last verified
  std::vector<Cursor> cursors;
  struct Packing {
    Byte dictionary = 0;  ///< newest that it knows
    bool thin = false;    ///< bytes are dearer to it than the hub's time
  };
  std::optional<Packing> packing;  ///< it knows streams and dictionaries
};
Bytes encode(const Hello& hello, const crypto::KeyPair& device);
/// Checks the signature. Errors: malformed, bad_signature, unsupported.
Result<Hello> decode_hello(ByteView bytes);
Hash hello_hash(ByteView hello_bytes);

struct SpaceKey {
  std::string space;
  std::optional<ledger::BlindingKey> key;
};

constexpr std::size_t kStagedMost = 1'024;  // of a welcome
/// Change sets of one chain that the hub holds up to here, and that have no entry.
struct Staged {
  ChainId chain;
  Sequence last = 0;
  Hash name;  ///< of the change set at `last`: a copy of the folder may have written another
};

/// As much of a space's log as both sides may hold alike: the smaller of the two sizes, and the hub's root
/// there.
struct CommonLog {
  std::string space;
  Position size = 0;
  Hash root;
};

/// Keys that the hub says lie on its machine, beside the log key: whoever controls it has them too.
using KeysAtHub = Byte;
constexpr KeysAtHub kRootAtHub = 1;
constexpr KeysAtHub kRegistrarAtHub = 2;
constexpr KeysAtHub kPersonAtHub = 4;  ///< a person's key that no passphrase seals

/// The hub's answer: proves that it holds the log key, and for this hello.
struct Welcome {
  Millis hub_time = 0;
  std::uint64_t push_credit = 0;  ///< bytes of pushes that may be without a verdict
  KeysAtHub keys = 0;             ///< by its own word
  bool same_spaces = false;       ///< the cursors name exactly what may be read, and no key is missing
  std::vector<SpaceKey> spaces;   ///< otherwise: all that may be read
  std::vector<Staged> staged;     ///< need not be sent again
  enum class State : Byte {
    serving = 0,
    new_epoch = 1,   ///< what the office holds belongs to an older one: it puts that right, and comes again
    recovering = 2,  ///< restored from an old copy: it takes back what it has signed, and gives nothing
  };
  State state = State::serving;
  std::vector<CommonLog>
      common;  ///< unless serving: of each log that the hello named and the hub may speak of
  /// How frames of this session may be packed.
  struct Packing {
    Byte dictionary = 0;   ///< newest that both know; 0: none
    bool streams = false;  ///< pushes may come in streams: there is room now
  };
  std::optional<Packing> packing;  ///< only for a hello that speaks of it, when serving
};
Bytes encode(const Welcome& welcome, const Hash& hello, const crypto::KeyPair& log_key);
/// @param frame as received. Errors: malformed, wrong_network (another key answered).
Result<Welcome> decode_welcome(ByteView frame, const Hash& hello, const PublicKey& log_key);

enum class FrameKind : Byte {
  welcome = 1,
  entries = 2,
  proof = 3,
  verdicts = 4,
  problem = 5,
  decided = 6,
  order = 7,
  statements = 8,
  estimate = 9,
  not_rebuilt = 10,
  section = 14,
  returned = 20,
  vouched = 21,
  push = 16,
  finish = 17,
  done = 18,
  wiped = 19,
  follow = 29,
  leaves = 30,
};
/// @return nothing for an empty frame.
std::optional<FrameKind> frame_kind(ByteView frame);

/// Before the welcome, for an office that expects an older log key: all network statements from number 1 on.
/// Roots sign them, so it needs to believe nobody who carries them.
Bytes encode(const std::vector<SignedStatement>& statements);
Result<std::vector<SignedStatement>> decode_statements(ByteView frame);

/// Entries of a log, or a push of change sets without entries, its items as they are: what a frame is packed
/// from.
/// @param logs what the other end holds as well: a push may refer to all of it, entries to those before them.
/// Null: the frame stands alone.
Bytes plain_segment(FrameKind kind, const Segment& segment, KnownLogs* logs = nullptr);
/// The same frame with its items compressed when that is shorter, openings never.
/// @param dictionary newest that the reader knows; 0: none.
Bytes pack_alone(ByteView plain, Byte dictionary = 0);
/// The same frame as the next part of a stream. @pre that is open for the frame's space.
Bytes pack_in_stream(ByteView plain, StreamSender& stream);
/// plain_segment(), then pack_alone().
Bytes encode_segment(FrameKind kind, const Segment& segment, KnownLogs* logs = nullptr, Byte dictionary = 0);
/// @param stream what came before in this session; a frame that is no part of it ends it. Null: no frame is.
/// Errors: as of `decode_items`; later: no room for a stream. A frame that refers to logs or is part of a
/// stream is malformed where none are given.
Result<Segment> decode_segment(ByteView frame, const NetworkId& network, KnownLogs* logs = nullptr,
                               StreamReceiver* stream = nullptr);
/// A frame that cannot be rebuilt may accuse nobody: it is asked for again, standing alone.
bool refers_to_logs(ByteView frame);

/// What a session would bring.
struct Estimate {
  struct Space {
    std::string space;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  ///< as stored; frames are about as long
  };
  std::vector<Space> spaces;  ///< where there is something
};
Bytes encode(const Estimate& estimate);
Result<Estimate> decode_estimate(ByteView frame);

struct LeafProof {
  std::uint64_t index = 0;
  Bytes leaf;
};

/// What the hub has signed, and that it continues what the reader knew.
struct Proof {
  bool final = false;             ///< answers `finish`: everything pushed before has its verdict
  bool behind = false;            ///< of a section's hub, alone: it has seen less than the reader
  std::string checkpoint;         ///< signed note; empty: nothing changed since the checkpoint both know
  std::vector<Hash> consistency;  ///< from the size both know
  std::vector<LeafProof> leaves;  ///< newest leaf of each readable space that is newer than that size
  std::vector<Hash> inclusion;    ///< for all of them, each shared node once
};
Bytes encode(const Proof& proof);
Result<Proof> decode_proof(ByteView frame);

/// Before its welcome: whoever answers is no network's hub but a section's, and this is its device's key.
Bytes encode_section(const PublicKey& device);
Result<PublicKey> decode_section(ByteView frame);

/// Asks for the leaves of `heads` from this index on, before each proof as far as it goes.
Bytes encode_follow(std::uint64_t from);
Result<std::uint64_t> decode_follow(ByteView frame);
constexpr std::size_t kLeavesOfFrame = 2'048;  // some 400 KB
struct Leaves {
  std::uint64_t first = 0;
  std::vector<Bytes> leaves;
};
Bytes encode(const Leaves& leaves);
Result<Leaves> decode_leaves(ByteView frame);

/// Closes what an office brings back of one space's log to a hub that lost it: the proof by which the hub had
/// signed it, and the blinding key of a private space.
struct Vouched {
  std::string space;
  std::optional<ledger::BlindingKey> key;
  Proof proof;  ///< checkpoint, leaves and their inclusion
};
Bytes encode(const Vouched& vouched);
Result<Vouched> decode_vouched(ByteView frame);

/// The verdict on `count` change sets of a chain of the session's key.
struct VerdictItem {
  ChainId chain;
  Sequence first = 0;
  std::uint64_t count = 1;
  Verdict verdict;
  Millis retry_after = 0;  ///< of `later`
};
/// Joins verdicts of neighbours that are the same.
void add_verdict(std::vector<VerdictItem>& verdicts, const ChainId& chain, Sequence sequence,
                 const Verdict& verdict, Millis retry_after = 0);

/// @param kind verdicts on what was pushed, or `decided` since.
Bytes encode(const std::vector<VerdictItem>& verdicts, FrameKind kind = FrameKind::verdicts);
Result<std::vector<VerdictItem>> decode_verdicts(ByteView frame);

struct Problem {
  std::string code;
  std::string message;
  std::string hint;
};
Bytes encode(const Problem& problem);
Result<Problem> decode_problem(ByteView frame);

/// How a session ended for the office.
struct Done {
  std::optional<bool> equal;
  std::vector<Cursor> applied;
};
Bytes encode(const Done& done);
Result<Done> decode_done(ByteView frame);

/// A push refers to what the hub does not hold so: come again with frames that stand alone.
Bytes not_rebuilt_frame();
Bytes finish_frame();
/// Keys and files of the device are destroyed.
Bytes wiped_frame();

}  // namespace wasl
