#pragma once
// One office's end of a link without a replica behind it: it pushes what was made ready and notes when what
// came.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/net/connect.hpp"
#include "shared/wire/messages.hpp"

namespace wasl::bench {

double seconds_now();

class Caller final : public ChannelHandler {
 public:
  Caller(Loop& loop, const std::string& url, Bytes hello);

  /// Keeps at most `ahead` frames on their way until all have their verdict.
  void push(std::vector<Bytes> frames, std::size_t sets_of_frame, std::size_t ahead);

  [[nodiscard]] bool is_open() const { return channel_ != nullptr && !ended_; }
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::optional<double> proved_at() const { return proved_at_; }
  /// When each frame of entries came.
  [[nodiscard]] const std::vector<double>& entries_at() const { return entries_at_; }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
  /// From a frame's departure to its verdict.
  [[nodiscard]] const std::vector<double>& answered_in() const { return answered_in_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t others() const { return others_; }
  [[nodiscard]] bool has_pushed_all() const { return waiting_.empty() && on_the_way_.empty(); }

  void on_message(ByteView message) override;
  void on_closed(const LinkEnd& end) override;

 private:
  void send_more();

  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<Channel> channel_;
  bool ended_ = false;
  std::string why_;
  std::optional<double> proved_at_;
  std::vector<double> entries_at_;
  std::uint64_t bytes_in_ = 0;
  std::deque<Bytes> waiting_;
  std::deque<double> on_the_way_;
  std::size_t sets_of_frame_ = 1, ahead_ = 1;
  std::uint64_t answered_sets_ = 0;
  std::vector<double> answered_in_;
  std::uint64_t accepted_ = 0, others_ = 0;
};

}  // namespace wasl::bench
