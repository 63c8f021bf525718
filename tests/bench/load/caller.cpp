#include "tests/bench/load/caller.hpp"

#include <chrono>

namespace wasl::bench {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Caller::Caller(Loop& loop, const std::string& url, Bytes hello) {
  ConnectOptions options;
  options.url = url;
  options.hello = [hello = std::move(hello)](const Hash&) -> Result<Bytes> { return hello; };
  attempt_ = connect(loop, std::move(options), *this,
                     [this](tl::expected<std::unique_ptr<Channel>, NoChannel> channel) {
                       if (channel) {
                         channel_ = std::move(*channel);
                         send_more();
                       } else {
                         ended_ = true;
                         why_ = channel.error().error.message + " " + channel.error().body;
                       }
                     });
}

void Caller::push(std::vector<Bytes> frames, std::size_t sets_of_frame, std::size_t ahead) {
  for (Bytes& frame : frames) waiting_.push_back(std::move(frame));
  sets_of_frame_ = sets_of_frame;
  ahead_ = ahead;
  send_more();
}

void Caller::send_more() {
  while (channel_ != nullptr && !waiting_.empty() && on_the_way_.size() < ahead_) {
    on_the_way_.push_back(seconds_now());
    channel_->send(std::make_shared<const Bytes>(std::move(waiting_.front())));
    waiting_.pop_front();
  }
}

void Caller::on_message(ByteView message) {
  bytes_in_ += message.size();
  const auto kind = frame_kind(message);
  if (kind == FrameKind::entries) {
    entries_at_.push_back(seconds_now());
  } else if (kind == FrameKind::proof) {
    proved_at_ = seconds_now();
  } else if (kind == FrameKind::verdicts) {
    const auto verdicts = decode_verdicts(message);
    if (!verdicts) return;
    for (const VerdictItem& item : *verdicts) {
      (item.verdict.outcome == Outcome::accepted ? accepted_ : others_) += item.count;
      answered_sets_ += item.count;
    }
    while (!on_the_way_.empty() && answered_sets_ >= sets_of_frame_) {
      answered_in_.push_back(seconds_now() - on_the_way_.front());
      on_the_way_.pop_front();
      answered_sets_ -= sets_of_frame_;
    }
    send_more();
  } else if (kind == FrameKind::problem) {
    const auto problem = decode_problem(message);
    if (problem) why_ = problem->message;
  }
}

void Caller::on_closed(const LinkEnd& end) {
  ended_ = true;
  if (why_.empty()) why_ = end.error ? end.error->message : end.reason;
}

}  // namespace wasl::bench
