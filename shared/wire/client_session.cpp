#include "shared/wire/client_session.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/limits.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr Millis kProgressLimit =
    60'000;                             // a half-open link looks alive to TCP; no frame for this long ends it
constexpr Millis kLaterLimit = 30'000;  // how long one sync waits out a `later`
constexpr Millis kRetryMin = 200;
// What a person has just written waits behind what is queued: at 64 kbit/s 64 KiB take 8 s.
constexpr std::size_t kPushBytes = 64 * 1024;
constexpr std::size_t kRoomBytes = 2 * kPushBytes;

/// What only the other end can have done; the rest is trouble of our own.
bool is_lie(Errc code) {
  return code == Errc::caught || code == Errc::bad_signature || code == Errc::malformed ||
         code == Errc::wrong_network;
}

/// Of a push: each gets its verdict, a header without a body too.
std::uint64_t count_sets(const Segment& push) {
  return static_cast<std::uint64_t>(
      std::count_if(push.items.begin(), push.items.end(),
                    [](const SegmentItem& item) { return !std::holds_alternative<SignatureItem>(item); }));
}

}  // namespace

ClientSession::ClientSession(ClientPort& port, Options options, Millis now)
    : port_(port), options_(std::move(options)), room_(kRoomBytes), last_progress_(now), started_(now) {}

ClientSession::Output ClientSession::finish(Status status, Output&& out) {
  if (!status) {
    error_ = status.error();
    // It signs nothing that stands: what contradicts the log is its own doing, and accuses nobody else.
    if (summary_.by_section && error_->code == Errc::caught)
      error_ = Error{Errc::malformed, "the section's hub is not to be believed: " + error_->message,
                     "the network's hub is asked instead; tell the section"};
    summary_.equal.reset();  // an earlier proof says nothing of how it ended
    over_ = true;
    out.close = true;
  }
  if (!over_) {
    out.wake_at = last_progress_ + kProgressLimit;
    if (retry_at_) out.wake_at = std::min(*out.wake_at, *retry_at_);
  }
  return out;
}

void ClientSession::ask(Output& out, Bytes frame) {
  if (!waiting_) {
    waiting_ = true;
    ++summary_.round_trips;
  }
  out.frames.push_back(std::move(frame));
}

ClientSession::Output ClientSession::on_frame(ByteView frame, Millis now) {
  Output out;
  if (over_) return out;
  last_progress_ = now;
  Status done = take(frame, now, out);  // before `out` is moved from: arguments have no order
  if (!done && is_lie(done.error().code) && frame_kind(frame) != FrameKind::problem) {
    if (Status kept = port_.on_lie(done.error(), frame); !kept) done = std::move(kept);
  }
  return finish(std::move(done), std::move(out));
}

Status ClientSession::take(ByteView frame, Millis now, Output& out) {
  const auto kind = frame_kind(frame);
  if (!kind) return fail(Errc::malformed, "the hub sent an empty frame");
  if (*kind == FrameKind::problem) {
    WASL_LET(const Problem problem, decode_problem(frame));
    // Only what we saw ourselves proves a lie: a peer's word for it does not.
    const Errc code = errc_of(problem.code);
    return fail(code == Errc::caught ? Errc::malformed : code, problem.message, problem.hint);
  }
  if (!welcomed_ && *kind == FrameKind::statements && !std::exchange(walked_, true)) {
    WASL_LET(const auto statements, decode_statements(frame));
    WASL_LET(options_.log_key, port_.on_statements(statements));
    return {};
  }
  if (!welcomed_ && *kind == FrameKind::section && !summary_.by_section) {
    WASL_LET(const PublicKey device, decode_section(frame));
    WASL_TRY(port_.on_section(device));
    options_.log_key = device;
    summary_.by_section = true;
    return {};
  }
  if (!welcomed_) {  // until the hub has proved who it is, nothing of it is believed and nothing more is sent
    WASL_LET(const Welcome welcome, decode_welcome(frame, options_.hello, options_.log_key));
    WASL_TRY(port_.on_welcome(welcome));
    if (welcome.state == Welcome::State::new_epoch) {
      begins_again_ = true;
      return fail(Errc::later,
                  "the network has begun a new epoch of its log: the hub was restored from a copy",
                  "sync again; nothing is lost");
    }
    welcomed_ = true;
    if (options_.estimate && welcome.state == Welcome::State::recovering)
      return fail(Errc::later, "the hub takes back what it has lost and gives nothing now",
                  "ask again later");
    recovering_ = welcome.state == Welcome::State::recovering;
    if (recovering_) return bring_back(out);
    waiting_ = false;
    revoked_ = !welcome.same_spaces && welcome.spaces.empty();
    if (options_.follow) out.frames.push_back(encode_follow(*options_.follow));
    credit_ = welcome.push_credit;
    packing_ = welcome.packing.value_or(Welcome::Packing{});
    packing_.dictionary = std::min(packing_.dictionary, kNewestDictionary);
    if (packing_.streams)
      backlog_out_ = StreamSender(&streams_.packing, options_.thin ? Effort::thin_line : Effort::usual);
    return push(out);
  }
  if (const auto of_snapshot = snapshot_frame_kind(frame))
    return take_snapshot_frame(*of_snapshot, frame, out);
  switch (*kind) {
    case FrameKind::entries:
      return take_entries(frame, out);
    case FrameKind::not_rebuilt:
      if (!pushed_ || port_.known_logs() == nullptr)
        return fail(Errc::malformed, "the hub could not rebuild what stood alone");
      return not_rebuilt();
    case FrameKind::verdicts:
      return take_verdicts(frame, now, out);
    case FrameKind::proof:
      return take_proof(frame, out);
    case FrameKind::decided: {
      WASL_LET(const auto decided, decode_verdicts(frame));
      return port_.on_verdicts(decided);
    }
    case FrameKind::order:
      return obey(frame, out);
    case FrameKind::push: {
      if (!summary_.by_section) return fail(Errc::malformed, "the hub sent work that has no entry");
      WASL_LET(const Segment work, decode_segment(frame, options_.network));
      return port_.on_kept(work);
    }
    case FrameKind::leaves: {
      if (!options_.follow) return fail(Errc::malformed, "the hub sent leaves that nobody asked for");
      WASL_LET(const Leaves leaves, decode_leaves(frame));
      return port_.on_leaves(leaves);
    }
    case FrameKind::estimate: {
      if (!options_.estimate) return fail(Errc::malformed, "the hub sent an estimate that nobody asked for");
      WASL_LET(summary_.estimate, decode_estimate(frame));
      over_ = true;
      out.close = true;
      return {};
    }
    default:
      return fail(Errc::malformed, "the hub sent a frame of an unknown kind", "update the program");
  }
}

Status ClientSession::take_snapshot_frame(SnapshotFrameKind kind, ByteView frame, Output& out) {
  if (recovering_ || options_.estimate)
    return fail(Errc::malformed, "the hub sent a snapshot that nobody asked for");
  WASL_LET(auto answers, port_.on_snapshot_frame(frame));
  if (kind == SnapshotFrameKind::piece) ++summary_.received_pieces;
  waiting_ = finish_sent_;
  for (Bytes& answer : answers) ask(out, std::move(answer));
  return {};
}

Status ClientSession::not_rebuilt() {
  port_.on_not_rebuilt();
  begins_again_ = true;
  return fail(Errc::later, "a frame refers to a part of a log that one end does not hold so",
              "sync again: it is sent whole then; nothing is lost");
}

Status ClientSession::take_entries(ByteView frame, Output& out) {
  KnownLogs* const logs = port_.known_logs();
  auto segment = decode_segment(frame, options_.network, logs, &backlog_in_);
  const Status verified =
      segment ? verify_runs(*segment, options_.network) : Status(tl::unexpected(segment.error()));
  if (!verified) return logs != nullptr && refers_to_logs(frame) ? not_rebuilt() : verified;
  const auto sets = static_cast<std::uint64_t>(
      std::count_if(segment->items.begin(), segment->items.end(),
                    [](const SegmentItem& item) { return std::holds_alternative<SetItem>(item); }));
  Status taken = port_.on_entries(std::move(*segment));
  begins_again_ = !taken && taken.error().code == Errc::later;
  WASL_TRY(taken);
  summary_.received_sets += sets;
  return push(out);  // what was sealed, or came back from outbox.log, with the first entries
}

/// All of it, and then the question whether that was all: the hub's answer ends the session.
Status ClientSession::bring_back(Output& out) {
  if (finish_sent_) return {};
  while (room_ > 0) {
    if (!returning_) {
      WASL_LET(returning_, port_.next_return());
      returned_ = 0;
    }
    if (!returning_) break;
    const bool has_part = returned_ < returning_->parts.size();
    if (has_part) summary_.sent_sets += entry_count(returning_->parts[returned_]);
    Bytes frame = has_part ? encode_segment(FrameKind::returned, returning_->parts[returned_++])
                           : encode(returning_->vouched);
    if (!has_part) returning_.reset();
    room_ -= std::min(room_, frame.size());
    out.frames.push_back(std::move(frame));
  }
  if (room_ == 0) return {};
  finish_sent_ = true;
  waiting_ = false;
  ask(out, finish_frame());
  return {};
}

/// The order answers `finish`: whatever this device had is at the hub.
Status ClientSession::obey(ByteView frame, Output& out) {
  WASL_LET(const Segment order, decode_segment(frame, options_.network));
  if (!revoked_ || !finish_sent_ || !flights_.empty())
    return fail(Errc::malformed, "the hub ordered a wipe out of turn");
  WASL_TRY(verify_runs(order, options_.network));
  WASL_TRY(port_.on_order(order));
  WASL_TRY(port_.wipe());
  out.frames.push_back(wiped_frame());
  return fail(
      Errc::unauthorised,
      "the secretariat has ordered this device to be wiped: what it had not sent was handed over, and its "
      "keys and files are destroyed",
      "ask the secretariat for an invitation if this office goes on");
}

Status ClientSession::push(Output& out) {
  if (recovering_) return bring_back(out);
  // The final proof may be on its way already: what another program seals from here on is for the next
  // session.
  if (finish_sent_ || options_.estimate) return {};
  if (options_.extra) {
    flights_.emplace_back(count_sets(*options_.extra), 0);
    ask(out, encode_segment(FrameKind::push, *options_.extra));
    ++summary_.sent_sets;
    pushed_ = true;
    options_.extra.reset();
  }
  bool all_out = !options_.push;
  while (!all_out && !retry_at_ && in_flight_ < credit_ && room_ > 0) {
    const std::size_t most = room_to_push();
    summary_.kept_back = most == 0;
    std::optional<Segment> segment;
    if (most > 0) {
      WASL_LET(segment, port_.next_push(std::min<std::size_t>(most, credit_)));
    }
    if (!segment) {
      all_out = true;
      break;
    }
    const std::uint64_t sets = count_sets(*segment);
    Bytes frame = packed(*segment);
    flights_.emplace_back(sets, frame.size());
    in_flight_ += frame.size();
    room_ -= std::min(room_, frame.size());
    pushed_bytes_ += frame.size();
    summary_.sent_sets += sets;
    pushed_ = true;
    ask(out, std::move(frame));
  }
  if (all_out && !retry_at_ && in_flight_ < credit_ && (revoked_ || (pushed_ && !options_.live))) {
    finish_sent_ = true;
    backlog_out_.end();
    ask(out, finish_frame());
  }
  return {};
}

/// A frame that is nearly full has others behind it: a backlog, which goes through a stream.
Bytes ClientSession::packed(const Segment& segment) {
  const Bytes plain = plain_segment(FrameKind::push, segment, port_.known_logs());
  const bool in_stream = backlog_out_.is_open_for(segment.space) ||
                         (plain.size() > kPushBytes / 2 && backlog_out_.open(segment.space));
  if (in_stream) return pack_in_stream(plain, backlog_out_);
  backlog_out_.end();
  return pack_alone(plain, packing_.dictionary);
}

std::size_t ClientSession::room_to_push() const {
  if (!options_.push_most) return kPushBytes;
  if (pushed_bytes_ >= *options_.push_most) return 0;
  return std::min<std::uint64_t>(kPushBytes, *options_.push_most - pushed_bytes_);
}

Status ClientSession::take_verdicts(ByteView frame, Millis now, Output& out) {
  WASL_LET(const auto verdicts, decode_verdicts(frame));
  const bool of_section = std::any_of(verdicts.begin(), verdicts.end(), [](const VerdictItem& item) {
    return item.verdict.reason == Reason::with_section;
  });
  if (of_section && !summary_.by_section)
    return fail(Errc::malformed, "the hub says that a section's hub keeps what was sent");
  WASL_TRY(port_.on_verdicts(verdicts));
  waiting_ = finish_sent_;
  for (const VerdictItem& item : verdicts) {
    if (!extra_verdict_) extra_verdict_ = item.verdict;
    switch (item.verdict.outcome) {
      case Outcome::accepted:
        summary_.accepted += item.count;
        break;
      case Outcome::held:
        summary_.held += item.count;
        break;
      case Outcome::refused:
        summary_.refused += item.count;
        break;
      case Outcome::later:
        if (item.verdict.reason == Reason::with_section) {  // it goes on from there
          summary_.with_section += item.count;
          break;
        }
        retry_at_ = now + std::max(item.retry_after, kRetryMin);
        break;
    }
    std::uint64_t left = item.count;
    while (left > 0 && !flights_.empty()) {
      auto& [sets, bytes] = flights_.front();
      const std::uint64_t n = std::min(left, sets);
      sets -= n;
      left -= n;
      if (sets > 0) break;
      in_flight_ -= std::min(in_flight_, bytes);
      flights_.erase(flights_.begin());
    }
  }
  if (retry_at_ && !options_.live && now - started_ > kLaterLimit) {
    return fail(Errc::later, "the hub asks to wait longer than this sync may",
                "sync again later; nothing is lost");
  }
  return push(out);
}

Status ClientSession::take_proof(ByteView frame, Output& out) {
  WASL_LET(const Proof proof, decode_proof(frame));
  if (proof.behind && !summary_.by_section)
    return fail(Errc::malformed, "the hub says that it has seen less than this office");
  backlog_in_.end();
  WASL_LET(summary_.equal, port_.on_proof(proof));
  waiting_ = false;
  if (options_.live) {
    if (flights_.empty()) {
      WASL_TRY(port_.on_session_end(summary_.equal));
      backlog_out_.end();
      out.frames.push_back(encode(Done{summary_.equal, port_.applied_cursors()}));
    }
    return push(out);  // what was taken over from a damaged file once both were equal
  }
  if (retry_at_) return {};
  // Parts of a group whose rest was kept back have their verdict with it, in a later session.
  if (proof.final && !flights_.empty() && !summary_.kept_back) {
    return fail(Errc::malformed, "the hub has no verdict for something that was sent",
                "sync again; nothing is lost");
  }
  if (proof.final || (!pushed_ && summary_.equal == true)) {
    end(out);
    return port_.on_session_end(summary_.equal);
  }
  pushed_ = true;  // … or might have been: it is asked whether that was all, once all has left
  return push(out);
}

void ClientSession::end(Output& out) {
  backlog_out_.end();
  out.frames.push_back(encode(Done{summary_.equal, port_.applied_cursors()}));
  out.close = true;
  over_ = true;
}

ClientSession::Output ClientSession::on_local_commit(Millis now) {
  Output out;
  if (over_ || !welcomed_) return out;
  if (!expects()) last_progress_ = now;  // the hub's time to answer begins with the question
  Status done = push(out);
  return finish(std::move(done), std::move(out));
}

ClientSession::Output ClientSession::on_writable(Millis now) {
  Output out;
  if (over_ || !welcomed_) return out;
  room_ = kRoomBytes;
  last_progress_ = now;
  Status done = push(out);
  return finish(std::move(done), std::move(out));
}

bool ClientSession::expects() const { return waiting_ || !welcomed_ || !options_.live || !flights_.empty(); }

ClientSession::Output ClientSession::on_time(Millis now) {
  Output out;
  if (over_) return out;
  if (retry_at_ && now >= *retry_at_) {
    retry_at_.reset();
    finish_sent_ = false;
    flights_.clear();
    in_flight_ = 0;
    port_.rewind_push();
    Status done = push(out);
    return finish(std::move(done), std::move(out));
  }
  if (expects() && now - last_progress_ >= kProgressLimit) {
    return finish(fail(Errc::no_link, "the hub has not answered for a minute", "sync again; nothing is lost"),
                  std::move(out));
  }
  if (!expects()) last_progress_ = now;
  return finish({}, std::move(out));
}

}  // namespace wasl
