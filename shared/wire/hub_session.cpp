#include "shared/wire/hub_session.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "shared/base/limits.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/model/space_order.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/push_check.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr std::size_t kLinkRoomBytes = 1024 * 1024;  // queued at once; the channel says when it has left
constexpr std::size_t kStreamRoomBytes = 64 * 1024;  // … of a stream: others wait while one is packed
constexpr Millis kOfficeSilence = 120'000;  // an office that applies a large backlog stays silent for long
constexpr Millis kLiveLimit =
    12 * 3'600'000;                       // then it comes again: keys, rights and time are looked at anew
constexpr Millis kVerdictLimit = 30'000;  // from `finish` until every push has its verdict
constexpr Millis kDigestLimit = 5'000;    // … and until the digests have caught up: else "unknown"
constexpr Millis kQuiet = 300;            // live: a proof a burst, not a proof a commit
constexpr Millis kBreath = 100;
constexpr Millis kLook = 250;  // how often a session looks whether the digests and the witnesses are there
constexpr std::size_t kDecidedAtOnce = 1000;  // verdicts of a frame
constexpr Millis kFarewell = 5'000;           // the office closes; if it does not, we do
constexpr std::size_t kPiecesOwed = 256;      // an office asks for a few at a time

std::shared_ptr<const Bytes> shared(Bytes frame) { return std::make_shared<const Bytes>(std::move(frame)); }

bool is_the_hubs_own(Errc code) {
  return code == Errc::corrupt || code == Errc::storage_failed || code == Errc::locked ||
         code == Errc::later || code == Errc::no_link;  // … to its database
}

}  // namespace

Error words_for_office(const Error& error) {
  if (!is_the_hubs_own(error.code)) return error;
  return {Errc::later, "the hub has a problem of its own: " + error.message,
          "sync again later; nothing is lost"};
}

Result<Hello> HubSession::admit(HubPort& port, ByteView bytes, const std::vector<Hash>& bindings) {
  WASL_LET(Hello hello, decode_hello(bytes));
  if (hello.network != port.network()) {
    return fail(Errc::wrong_network, "this hub serves another network", "check the hub's address");
  }
  // An older log key: the statements that the answer begins with say what took its place.
  if (hello.hub != port.log_key().public_key() && !port.authority().was_log_key(hello.hub)) {
    return fail(Errc::wrong_network, "this hub has another log key than the one you expect",
                "check the hub's address; ask the secretariat");
  }
  // Bound to another connection it was carried here by somebody.
  if (std::find(bindings.begin(), bindings.end(), hello.binding) == bindings.end()) {
    return fail(Errc::unauthorised, "the hello was made for another connection",
                "connect to the hub directly");
  }
  const AuthorityState& authority = port.authority();
  const Millis now = port.hub_time();
  if (authority.is_revoked(hello.device) && authority.device(hello.device) == nullptr) {
    return fail(Errc::unauthorised, "this key was revoked",
                "ask the secretariat; a device that returns gets a new key");
  }
  if (port.is_section() && authority.device(hello.device) == nullptr) {
    return fail(Errc::later, "this is a section's hub: it knows no such device yet, and enrols none",
                "join over a link to the network's hub; the section's hub knows the device soon after");
  }
  if (const Grant* invitation = authority.invitation(hello.device)) {
    if (authority.is_used(hello.device)) {
      return fail(Errc::conflict, "this invitation was used before", "ask the secretariat for a new one");
    }
    if (invitation->act.until != 0 && now >= invitation->act.until) {
      return fail(Errc::unauthorised, "this invitation has expired", "ask the secretariat for a new one");
    }
    return hello;  // it reads `authority` alone, and a wrong clock at the first try must not lock it out
  } else if (authority.device(hello.device) == nullptr) {
    // It may have joined after the copy was made. What it brings proves itself, and it is given nothing.
    if (port.is_recovering()) return hello;
    return fail(Errc::unauthorised, "this network does not know this key", "join with an invitation first");
  }
  WASL_LET(const bool fresh, port.use_counter(hello.device, hello.counter));
  if (!fresh) {
    return fail(Errc::conflict,
                "this key has used this session number before: its folder was copied or restored",
                "use one copy only; the other needs an invitation of its own");
  }
  return hello;
}

HubSession::HubSession(HubPort& port, std::uint64_t id, Hello hello, const Hash& hello_hash, Millis now)
    : port_(port),
      id_(id),
      hello_(std::move(hello)),
      hello_hash_(hello_hash),
      known_(hello_.checkpoint),
      room_(kLinkRoomBytes),
      started_(now),
      last_progress_(now) {
  spaces_ = readable();
  revoked_ = spaces_.empty();
  const bool is_device = port_.authority().device(hello_.device) != nullptr;
  if (is_device && (hello_.flags & Hello::kFull) == 0) reader_.own = hello_.device;
  reader_.alone = (hello_.flags & Hello::kAlone) != 0;
  for (const Cursor& cursor : hello_.cursors) {
    if (std::find(spaces_.begin(), spaces_.end(), cursor.space) != spaces_.end()) {
      sent_[cursor.space] = cursor.position;
    }
  }
  if (port_.is_recovering()) {
    state_ = Welcome::State::recovering;
    if (spaces_.empty()) spaces_.emplace_back(kAuthoritySpace);
  } else if (hello_.epoch != 0 && hello_.epoch < port_.authority().statement().epoch) {
    state_ = Welcome::State::new_epoch;
  }
  for (const std::string& space : spaces_) sent_.try_emplace(space, 0);
  if ((hello_.flags & kHelloSnapshots) != 0) may_skip_.insert(spaces_.begin(), spaces_.end());
  may_skip_.erase(std::string(kAuthoritySpace));
  const StreamRooms* const rooms = port_.stream_rooms();
  if (!hello_.packing) return;
  reader_.dictionary = std::min(hello_.packing->dictionary, kNewestDictionary);
  if (rooms == nullptr || reader_.alone) return;
  backlog_out_ = StreamSender(&rooms->packing, hello_.packing->thin ? Effort::thin_line : Effort::usual);
  backlog_in_ = StreamReceiver(&rooms->unpacking);
}

std::vector<std::string> HubSession::readable() {
  auto spaces = port_.readable(hello_.device);
  sort_by_need(spaces);
  return spaces;
}

Status HubSession::welcome(Output& out, Millis) {
  if (hello_.statement < port_.authority().statement().number) {
    out.frames.push_back(shared(encode(port_.statements())));
  }
  if (port_.is_section()) out.frames.push_back(shared(encode_section(port_.log_key().public_key())));
  Welcome answer;
  answer.keys = port_.keys();
  answer.hub_time = port_.hub_time();
  answer.push_credit = limits::kPushCreditBytes;
  answer.state = state_;
  if (state_ != Welcome::State::serving) {
    answer.same_spaces = true;  // no key leaves, and nothing that it opens
    WASL_LET(answer.common, common_logs());
    out.frames.push_back(shared(encode(answer, hello_hash_, port_.log_key())));
    return {};
  }
  answer.staged = port_.staged(hello_.device);
  if (hello_.packing) answer.packing = Welcome::Packing{reader_.dictionary, backlog_in_.has_room()};
  std::map<std::string, bool> named;
  for (const Cursor& cursor : hello_.cursors) named[cursor.space] = cursor.has_key;
  answer.same_spaces = named.size() == spaces_.size() && named.size() == hello_.cursors.size();
  for (const std::string& space : spaces_) {
    WASL_LET(const auto key, port_.blinding_key(space));
    const auto it = named.find(space);
    answer.same_spaces = answer.same_spaces && it != named.end() && (it->second || !key);
    answer.spaces.push_back({space, key});
  }
  if (answer.same_spaces) answer.spaces.clear();
  out.frames.push_back(shared(encode(answer, hello_hash_, port_.log_key())));
  return {};
}

/// A revoked device keeps what it has of `authority`: without its rights it could seal nothing more, and what
/// it wrote would never come to be held.
Result<std::vector<CommonLog>> HubSession::common_logs() {
  std::vector<CommonLog> out;
  const bool is_device = port_.authority().device(hello_.device) != nullptr;
  for (const Cursor& cursor : hello_.cursors) {
    const bool keeps = is_device && cursor.space == kAuthoritySpace;
    if (!keeps && std::find(spaces_.begin(), spaces_.end(), cursor.space) == spaces_.end()) continue;
    WASL_LET(const Position size, port_.size(cursor.space));
    CommonLog one{cursor.space, std::min(size, cursor.position), ledger::empty_root()};
    if (one.size > 0) {
      WASL_LET(one.root, port_.root(one.space, one.size));
    }
    out.push_back(std::move(one));
  }
  return out;
}

HubSession::Output HubSession::start(Millis now) {
  Output out;
  Status done = welcome(out, now);
  if (done && (hello_.flags & Hello::kEstimate) != 0) {
    done = send_estimate(out, now);
    return finish(std::move(done), std::move(out), now);
  }
  if (done) done = tell_decided(out);
  if (done) done = advance(out, now);
  return finish(std::move(done), std::move(out), now);
}

/// And that is all: the office closes, and comes again when it wants it.
Status HubSession::send_estimate(Output& out, Millis now) {
  Estimate estimate;
  for (const std::string& space : spaces_) {
    WASL_LET(const Position size, port_.size(space));
    const Position here = std::min(sent_[space], size);
    if (here == size) continue;
    std::optional<HubPort::SnapshotOffer> offer;
    if (may_skip_.contains(space)) {
      WASL_LET(offer, snapshot_for(space, here));
    }
    WASL_LET(std::uint64_t bytes, port_.bytes_behind(space, here));
    if (offer) {  // all of its pieces: which of them the office has by itself, only the office knows
      WASL_LET(const std::uint64_t tail, port_.bytes_behind(space, offer->position));
      bytes = here == 0 ? tail + offer->bytes : std::min(bytes, tail + offer->bytes);
    }
    estimate.spaces.push_back({space, size - here, bytes});
  }
  out.frames.push_back(shared(encode(estimate)));
  done_at_ = now;
  return {};
}

Status HubSession::tell_decided(Output& out) {
  if (!revoked_ && (hello_.flags & Hello::kWaiting) == 0) return {};
  WASL_LET(const auto decided, port_.decided(hello_.device));
  for (std::size_t i = 0; i < decided.size(); i += kDecidedAtOnce) {
    const auto from = decided.begin() + static_cast<std::ptrdiff_t>(i);
    const auto to =
        decided.begin() + static_cast<std::ptrdiff_t>(std::min(i + kDecidedAtOnce, decided.size()));
    out.frames.push_back(shared(encode({from, to}, FrameKind::decided)));
  }
  return {};
}

HubSession::Output HubSession::on_decided(const std::vector<VerdictItem>& verdicts, Millis now) {
  Output out;
  if (over_) return out;
  out.frames.push_back(shared(encode(verdicts, FrameKind::decided)));
  Status done = advance(out, now);  // before `out` is moved from: arguments have no order
  return finish(std::move(done), std::move(out), now);
}

/// A revoked device is told so once what it had has its verdict; one that is to be wiped gets its order.
Status HubSession::dismiss(Output& out) {
  asked_at_.reset();
  const Device* device = port_.authority().device(hello_.device);
  WASL_LET(const auto order, port_.wipe_order(hello_.device));
  if (order) {
    out.frames.push_back(shared(encode_segment(FrameKind::order, *order)));
    return {};
  }
  std::string why = "its grant fell with the key that gave it";
  if (device != nullptr && device->revoked) {
    why = device->revoked->reason == RevocationReason::lost   ? "reported lost"
          : device->revoked->reason == RevocationReason::left ? "its holder has left"
                                                              : "reported compromised";
  }
  return fail(Errc::unauthorised,
              "this device's key was revoked (" + why +
                  "): what it sent since is held at the secretariat, and it receives nothing more",
              "ask the secretariat; a device that returns gets a new key");
}

HubSession::Output HubSession::on_frame(ByteView frame, Millis now) {
  Output out;
  if (over_) return out;
  last_progress_ = now;
  Status done = take(frame, now);
  if (done) done = advance(out, now);
  return finish(std::move(done), std::move(out), now);
}

Status HubSession::take(ByteView frame, Millis now) {
  const auto kind = frame_kind(frame);
  if (!kind) return fail(Errc::malformed, "an empty frame");
  const auto of_snapshot = snapshot_frame_kind(frame);
  if (of_snapshot == SnapshotFrameKind::begun) return take_begun(frame);
  if (of_snapshot == SnapshotFrameKind::pieces) return take_wanted_pieces(frame);
  switch (*kind) {
    case FrameKind::returned:
      return take_returned(frame);
    case FrameKind::vouched:
      return take_vouched(frame);
    case FrameKind::push:
      return take_push(frame);
    case FrameKind::follow: {
      WASL_LET(follows_, decode_follow(frame));
      return {};
    }
    case FrameKind::finish:
      if (state_ == Welcome::State::recovering) {
        WASL_TRY(port_.note_done(hello_.device, {}));
        return fail(Errc::later, "the hub was restored from an old copy and takes back what it had accepted",
                    "sync again later; nothing is lost, and what is written meanwhile waits");
      }
      if (frame.size() != 1) return fail(Errc::malformed, "a finish that does not follow the format");
      backlog_in_.end();
      asked_at_ = now;
      return {};
    case FrameKind::done: {
      WASL_LET(const Done done, decode_done(frame));
      backlog_in_.end();
      if (!is_live()) done_at_ = now;
      return revoked_ ? Status() : port_.note_done(hello_.device, done);
    }
    case FrameKind::wiped:
      if (frame.size() != 1 || !revoked_)
        return fail(Errc::malformed, "nobody asked this device to be wiped");
      done_at_ = now;
      return port_.note_wiped(hello_.device);
    default:
      return fail(Errc::malformed, "a frame of a kind that offices do not send");
  }
}

/// The office stands where the snapshot ends, or takes the log from its cursor on instead.
Status HubSession::take_begun(ByteView frame) {
  WASL_LET(const BegunFrame begun, decode_begun(frame));
  const auto offered = offered_.find(begun.space);
  if (offered == offered_.end() || (begun.position != 0 && begun.position != offered->second))
    return fail(Errc::malformed, "a space was begun from a snapshot that was not offered");
  if (begun.position != 0) sent_[begun.space] = begun.position;
  began_ = began_ || begun.position != 0;
  offered_.erase(offered);
  std::erase_if(pieces_owed_, [&](const auto& owed) { return owed.first == begun.space; });
  return {};
}

Status HubSession::take_wanted_pieces(ByteView frame) {
  WASL_LET(const PiecesFrame wanted, decode_pieces(frame));
  if (!offered_.contains(wanted.space) || pieces_owed_.size() + wanted.names.size() > kPiecesOwed)
    return fail(Errc::malformed, "pieces were asked for of what was not offered, or too many at once");
  for (const Hash& name : wanted.names) pieces_owed_.emplace_back(wanted.space, name);
  return {};
}

/// Behind entries: what somebody has just written does not wait for them.
Status HubSession::send_pieces(Output& out) {
  while (!pieces_owed_.empty() && room_ > 0) {
    const auto [space, name] = pieces_owed_.front();
    pieces_owed_.pop_front();
    WASL_LET(auto frames, port_.snapshot_piece(space, name));
    for (Bytes& frame : frames) {
      room_ -= std::min(room_, frame.size());
      out.frames.push_back(shared(std::move(frame)));
    }
  }
  return {};
}

/// What came back of a space, in the order of its log, until the word that closes it.
Status HubSession::take_returned(ByteView frame) {
  if (state_ != Welcome::State::recovering)
    return fail(Errc::malformed, "nothing was asked to be brought back");
  WASL_LET(Segment segment, decode_segment(frame, port_.network()));
  const Position next =
      returned_.empty() ? segment.first : returned_.back().first + entry_count(returned_.back());
  const bool goes_on = segment.first >= 1 && segment.first == next &&
                       (returned_.empty() || returned_.front().space == segment.space);
  if (!goes_on || std::find(spaces_.begin(), spaces_.end(), segment.space) == spaces_.end()) {
    return fail(Errc::malformed, "what is brought back has no beginning, or is of another space");
  }
  WASL_TRY(verify_runs(segment, port_.network()));
  returned_bytes_ += frame.size();
  if (returned_bytes_ > limits::kReturnedBytes) {
    return fail(Errc::limit_exceeded, "more is brought back at once than the hub holds");
  }
  returned_.push_back(std::move(segment));
  return {};
}

Status HubSession::take_vouched(ByteView frame) {
  WASL_LET(const Vouched vouched, decode_vouched(frame));
  if (returned_.empty() || vouched.space != returned_.front().space) {
    return fail(Errc::malformed, "a word for what was not brought back");
  }
  returned_bytes_ = 0;
  WASL_TRY(port_.take_back(std::exchange(returned_, {}), vouched));
  if (vouched.space == kAuthoritySpace) {
    auto now_readable = readable();
    if (!now_readable.empty()) spaces_ = std::move(now_readable);
  }
  return {};
}

Status HubSession::take_push(ByteView frame) {
  if (state_ != Welcome::State::serving) return fail(Errc::malformed, "a push to a hub that takes none now");
  if (bytes_waiting_ >= limits::kPushCreditBytes) {
    return fail(Errc::limit_exceeded, "more was pushed than the welcome allows without a verdict");
  }
  auto read =
      decode_segment(frame, port_.network(), reader_.alone ? nullptr : port_.known_logs(), &backlog_in_);
  Status checked = read ? check_push(*read, hello_.device, port_.authority(), port_.network())
                        : tl::unexpected(read.error());
  const bool has_no_room = !read && read.error().code == Errc::later;
  if (!checked && (refers_to_logs(frame) || has_no_room) && !reader_.alone) {
    not_rebuilt_ = true;
    return {};
  }
  WASL_TRY(checked);
  Segment& push = *read;
  if (push.items.empty()) return {};
  pushes_waiting_.push_back(frame.size());
  bytes_waiting_ += frame.size();
  pushed_sets_ += static_cast<std::uint64_t>(
      std::count_if(push.items.begin(), push.items.end(),
                    [](const SegmentItem& item) { return std::holds_alternative<SetItem>(item); }));
  port_.push(id_, std::move(push));
  return {};
}

HubSession::Output HubSession::on_ruling(const std::vector<VerdictItem>& verdicts, std::uint64_t taken,
                                         Millis now) {
  Output out;
  if (over_) return out;
  last_progress_ = now;
  for (; taken > 0 && !pushes_waiting_.empty(); --taken) {
    bytes_waiting_ -= pushes_waiting_.front();
    pushes_waiting_.pop_front();
  }
  if (!verdicts.empty()) {
    out.frames.push_back(shared(encode(verdicts)));
    if (is_live()) quiet_at_ = now + kQuiet;
  }
  Status done = advance(out, now);  // before `out` is moved from: arguments have no order
  return finish(std::move(done), std::move(out), now);
}

HubSession::Output HubSession::on_commit(const std::vector<std::string>& grown, Millis now) {
  Output out;
  if (over_) return out;
  if (state_ == Welcome::State::recovering && !port_.is_recovering()) {
    over_ = true;
    out.close = Close{true, "the hub has recovered: come again"};
    return out;
  }
  if (state_ != Welcome::State::serving) return finish({}, std::move(out), now);
  if (std::find(grown.begin(), grown.end(), kAuthoritySpace) != grown.end() && readable() != spaces_) {
    over_ = true;
    const std::string words = "what this key may read has changed";
    if (!is_live()) {  // one round that is waited for is done again at once
      out.frames.push_back(shared(
          encode(Problem{std::string(to_word(Errc::conflict)), words, "sync again; nothing is lost"})));
    }
    out.close = Close{true, words + ": come again"};
    return out;
  }
  // Who follows `heads` is to know the newest checkpoint that any office may have seen.
  const bool concerns = (follows_ && !grown.empty()) ||
                        std::any_of(grown.begin(), grown.end(),
                                    [&](const std::string& space) { return sent_.contains(space); });
  if (concerns && is_live()) quiet_at_ = now + kQuiet;
  Status done = concerns ? advance(out, now) : Status{};
  return finish(std::move(done), std::move(out), now);
}

HubSession::Output HubSession::on_kept(Millis now) {
  Output out;
  if (over_) return out;
  Status done = advance(out, now);  // before `out` is moved from: arguments have no order
  return finish(std::move(done), std::move(out), now);
}

HubSession::Output HubSession::on_writable(Millis now) {
  Output out;
  if (over_) return out;
  room_ = kLinkRoomBytes;
  last_progress_ = now;
  Status done = advance(out, now);  // before `out` is moved from: arguments have no order
  return finish(std::move(done), std::move(out), now);
}

HubSession::Output HubSession::on_time(Millis now) {
  Output out;
  if (over_) return out;
  if (done_at_ && now >= *done_at_ + kFarewell) {
    over_ = true;
    out.close = Close{true, "done"};
    return out;
  }
  if (is_live() ? now >= started_ + kLiveLimit : now >= last_progress_ + kOfficeSilence) {
    over_ = true;
    out.close = Close{true, is_live() ? "come again" : "nothing came for two minutes"};
    return out;
  }
  if (asked_at_ && !pushes_waiting_.empty() && now >= *asked_at_ + kVerdictLimit) {
    return finish(fail(Errc::later, "the hub could not decide in time", "sync again; nothing is lost"),
                  std::move(out), now);
  }
  Status done = advance(out, now);  // before `out` is moved from: arguments have no order
  return finish(std::move(done), std::move(out), now);
}

/// Whoever lost a replica gets back what its own work was, and with that the log, while it can be had.
Result<std::optional<HubPort::SnapshotOffer>> HubSession::snapshot_for(const std::string& space,
                                                                       Position from) {
  WASL_LET(auto offer, port_.snapshot(space, from));
  if (offer && !offer->only_way && !reader_.own) offer.reset();
  return offer;
}

Status HubSession::send_entries(Output& out, bool& all_sent) {
  all_sent = true;
  for (const std::string& space : spaces_) {
    if (may_skip_.erase(space) > 0) {
      WASL_LET(const auto offer, snapshot_for(space, sent_[space]));
      if (offer) {
        offered_[space] = offer->position;
        room_ -= std::min(room_, offer->frame->size());
        out.frames.push_back(offer->frame);
      }
    }
    if (offered_.contains(space)) continue;
    WASL_LET(const Position size, port_.size(space));
    Position& sent = sent_[space];
    while (sent < size && room_ > 0) {
      WASL_LET(const HubPort::EntriesFrame entries, next_entries(space, size));
      if (entries.last <= sent) return fail(Errc::corrupt, "the hub's log of " + space + " has a gap");
      sent = entries.last;
      room_ -= std::min(room_, entries.frame->size());
      out.frames.push_back(entries.frame);
    }
    // An office that holds more than the log has is shown so by the proof.
    if (sent >= size) continue;
    all_sent = false;
    is_behind_ = true;
    return {};  // `authority` first: later entries rest on it
  }
  all_sent = offered_.empty();
  is_behind_ = !all_sent;
  return {};
}

/// Alone, which is one for all readers; the frames of a backlog through its stream.
Result<HubPort::EntriesFrame> HubSession::next_entries(const std::string& space, Position size) {
  const Position from = sent_[space] + 1;
  HubPort::Reader reader = reader_;
  reader.alone = reader.alone || began_;
  if (!backlog_out_.is_open_for(space) || !is_behind_) {
    WASL_LET(HubPort::EntriesFrame alone, port_.entries(space, from, reader));
    bool more = is_behind_ && backlog_out_.has_room() && alone.frame->size() > limits::kStreamFromBytes;
    if (more && alone.last == size) {
      WASL_LET(more, waits_behind(space));
    }
    if (!more || !backlog_out_.open(space)) {
      backlog_out_.end();
      return alone;
    }
  }
  reader.plain = true;
  WASL_LET(const HubPort::EntriesFrame plain, port_.entries(space, from, reader));
  room_ = std::min(room_, kStreamRoomBytes);
  return HubPort::EntriesFrame{shared(pack_in_stream(*plain.frame, backlog_out_)), plain.last};
}

/// Whether other spaces, whose frames could go through the same stream, have entries to send.
Result<bool> HubSession::waits_behind(const std::string& space) {
  for (const std::string& other : spaces_) {
    if (other == space || offered_.contains(other) || stream_class(other) != stream_class(space)) continue;
    WASL_LET(const Position size, port_.size(other));
    if (sent_[other] < size) return true;
  }
  return false;
}

Result<bool> HubSession::digests_are_current() {
  for (const std::string& space : spaces_) {
    WASL_LET(const auto leaf, port_.newest_leaf(space));
    if (leaf && !leaf->digest_is_current) return false;
  }
  return true;
}

/// Behind entries, so that what has one by now is known.
Status HubSession::send_kept(Output& out) {
  while (room_ > 0 && !revoked_) {
    WASL_LET(const auto kept, port_.next_kept(kept_sent_, hello_.device, spaces_));
    if (!kept) return {};
    kept_sent_ = kept->number;
    room_ -= std::min(room_, kept->frame->size());
    out.frames.push_back(kept->frame);
  }
  return {};
}

Status HubSession::send_leaves(Output& out, bool& all_sent) {
  const std::uint64_t size = port_.heads().size;
  while (follows_ && *follows_ < size && room_ > 0) {
    Leaves frame{*follows_, {}};
    WASL_LET(frame.leaves,
             port_.heads_leaves(*follows_, std::min<std::uint64_t>(kLeavesOfFrame, size - *follows_)));
    if (frame.leaves.empty()) return fail(Errc::corrupt, "the hub's log of heads has a gap");
    *follows_ += frame.leaves.size();
    out.frames.push_back(shared(encode(frame)));
    room_ -= std::min(room_, out.frames.back()->size());
  }
  all_sent = !follows_ || *follows_ >= size;
  return {};
}

Status HubSession::send_proof(Output& out, bool final) {
  if (port_.is_section() && port_.heads().size < known_.size) {
    proved_ = true;
    quiet_at_.reset();
    backlog_out_.end();
    Proof nothing;
    nothing.final = final;
    nothing.behind = true;
    out.frames.push_back(shared(encode(nothing)));
    return {};
  }
  std::vector<std::uint64_t> leaves;
  const bool witnessed = port_.is_witnessed();
  const bool newly_witnessed = witnessed && !proved_witnessed_;
  for (const std::string& space : spaces_) {
    WASL_LET(const auto leaf, port_.newest_leaf(space));
    if (!leaf) continue;
    bool wanted = leaf->index >= known_.size;
    if (!proved_) {  // what the office had before is known by its hello only
      const auto cursor = std::find_if(hello_.cursors.begin(), hello_.cursors.end(),
                                       [&](const Cursor& c) { return c.space == space; });
      wanted = wanted || (hello_.flags & Hello::kLeaves) != 0 || cursor == hello_.cursors.end() ||
               cursor->position < leaf->size || (is_private_space(space) && !cursor->has_key);
    }
    if (wanted || newly_witnessed) leaves.push_back(leaf->index);
  }
  std::sort(leaves.begin(), leaves.end());
  WASL_LET(Proof proof, port_.prove(known_, leaves));
  proof.final = final;
  known_ = port_.heads();
  backlog_out_.end();
  proved_ = true;
  proved_witnessed_ = witnessed;
  quiet_at_.reset();
  out.frames.push_back(shared(encode(proof)));
  return {};
}

Status HubSession::advance(Output& out, Millis now) {
  if (not_rebuilt_) {
    over_ = true;
    out.frames.push_back(shared(not_rebuilt_frame()));
    out.close = Close{true, "a push that refers to what is not here: come again"};
    return {};
  }
  if (state_ != Welcome::State::serving || (hello_.flags & Hello::kEstimate) != 0) return {};
  bool all_sent = false;
  WASL_TRY(send_entries(out, all_sent));
  WASL_TRY(send_pieces(out));
  if (all_sent) WASL_TRY(send_kept(out));
  if (all_sent) WASL_TRY(send_leaves(out, all_sent));
  if (!all_sent || !pushes_waiting_.empty()) return {};
  if (revoked_) return asked_at_ ? dismiss(out) : Status();
  if (asked_at_) {
    WASL_LET(const bool current, digests_are_current());
    if (!(current && port_.is_witnessed()) && now < *asked_at_ + kDigestLimit) return {};
    asked_at_.reset();
    return send_proof(out, true);
  }
  if (!proved_) return send_proof(out, false);
  // Live: witnesses get as long as digests, and what they sign later is told when it comes.
  const bool witnessed = port_.is_witnessed();
  const bool due = quiet_at_ && now >= *quiet_at_ && (witnessed || now >= *quiet_at_ + kDigestLimit);
  if (due || (is_live() && witnessed && !proved_witnessed_)) return send_proof(out, false);
  return {};
}

HubSession::Output HubSession::finish(Status status, Output&& out, Millis now) {
  if (!status) {
    over_ = true;
    const Error& error = status.error();
    const Error said = words_for_office(error);
    out.frames.push_back(shared(encode(Problem{std::string(to_word(said.code)), said.message, said.hint})));
    out.close = Close{is_the_hubs_own(error.code), std::string(to_word(error.code))};
    return out;
  }
  Millis wake = is_live() ? started_ + kLiveLimit : last_progress_ + kOfficeSilence;
  if (done_at_) wake = std::min(wake, *done_at_ + kFarewell);
  if (asked_at_)
    wake = std::min(wake, *asked_at_ + (!pushes_waiting_.empty() ? kVerdictLimit : kDigestLimit));
  if (quiet_at_) wake = std::min(wake, *quiet_at_);
  if ((asked_at_ && pushes_waiting_.empty()) || (is_live() && !proved_witnessed_))
    wake = std::min(wake, now + kLook);
  out.wake_at = std::max(wake, now + kBreath);  // what is overdue waits for the channel or the committer
  return out;
}

}  // namespace wasl
