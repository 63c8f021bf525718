#include "shared/net/post_sessions.hpp"

#include <openssl/rand.h>

#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "shared/net/endings.hpp"
#include "shared/net/post_body.hpp"

namespace wasl {
namespace {

HttpAnswer frames_answer(const Bytes& body) {
  return {200, std::string(kPostType), to_text(body), {{"Cache-Control", "no-store"}}};
}

/// Who knows it speaks in the session: it must not be guessed.
std::string new_name() {
  std::array<Byte, kPostSessionBytes> bytes{};
  WASL_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return to_hex(bytes);
}

}  // namespace

/// One session. Its name stays for a while after its end, for an answer that was lost.
class PostSessions::Link : public std::enable_shared_from_this<PostSessions::Link> {
 public:
  Link(PostSessions& owner, std::string name)
      : owner_(&owner),
        loop_(owner.loop_),
        options_(owner.link_),
        limits_(owner.limits_),
        name_(std::move(name)),
        silence_(owner.loop_),
        answer_timer_(owner.loop_) {}

  // ── Towards the session machine

  void set_handler(ChannelHandler& handler) {
    if (!dropped_) handler_ = &handler;
  }

  void send(std::shared_ptr<const Bytes> message) {
    if (closing_ || finished_) return;
    WASL_ASSERT(!message->empty() && message->size() <= limits::kFrameBytes);
    queued_bytes_ += message->size();
    if (queued_bytes_ > options_.queue_limit_bytes) {
      closing_ = true;
      return finish_later(
          {.error = Error{Errc::limit_exceeded, "the other end reads too slowly: the link is cut", {}}});
    }
    queue_.push_back(std::move(message));
    if (reply_) answer_after(queued_bytes_ < limits_.answer_bytes ? limits_.gather : kNow);
  }

  void close(CloseCode code, std::string_view reason) {
    if (closing_ || finished_) return;
    closing_ = true;
    goodbye_ = PostGoodbye{static_cast<std::uint16_t>(code), goodbye_reason(reason)};
    if (reply_) return answer_after(kNow);
    if (owner_ == nullptr || !owner_->is_listening_)
      finish_later({.code = goodbye_->code, .reason = goodbye_->reason});
  }

  /// The owner of the channel is gone: what is cut off without a word is not known any more.
  void drop() {
    dropped_ = true;
    handler_ = nullptr;
    if (!finished_) forget();
  }

  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] const LinkTraffic& traffic() const { return traffic_; }
  void note_hello(std::size_t bytes) { traffic_.upgrade_in = traffic_.wire_in = bytes; }

  // ── Towards the listener

  [[nodiscard]] bool begin_call() {
    if (calls_ == limits_.calls) return false;
    ++calls_;
    silence_.cancel();
    return true;
  }

  void end_call() {
    --calls_;
    wait_for_calls();
  }

  void wait_for_calls() {
    if (calls_ > 0 || owner_ == nullptr) return;
    silence_.start(limits_.silence, [self = shared_from_this()] { self->fell_silent(); });
  }

  /// The answer to the hello, with what the session machine has said by then.
  HttpAnswer first_answer() {
    fill_answer();
    return answer();
  }

  void take(std::uint64_t number, bool waits, ByteView bytes, Reply reply) {
    if (number == number_ && number > 0) return say_again(std::move(reply));
    if (number != number_ + 1 || reply_ || finished_)
      return reply(http_refusal(409, Errc::conflict, "this POST is not the next of its session"));
    const auto body = read_post_body(bytes);
    if (!body) {
      const bool is_large = body.error().code == Errc::limit_exceeded;
      reply(http_refusal(is_large ? 413 : 400, body.error().code, body.error().message));
      return finish({.error = body.error()});
    }
    number_ = number;
    answer_.clear();
    reply_ = std::move(reply);
    traffic_.wire_in += bytes.size();
    const auto self = shared_from_this();  // any of them may end the session
    for (const ByteView frame : body->frames) {
      ++traffic_.messages_in;
      traffic_.payload_in += frame.size();
      if (!closing_ && handler_ != nullptr) handler_->on_message(frame);
      if (finished_ || owner_ == nullptr) break;
    }
    if (body->goodbye && !finished_) {
      closing_ = true;
      goodbye_ = PostGoodbye{body->goodbye->code, {}};
      finish(end_of_goodbye(body->goodbye->code, body->goodbye->reason));
    }
    if (finished_ || closing_ || !waits) return answer_after(kNow);
    answer_after(queue_.empty() ? limits_.wait
                                : (queued_bytes_ < limits_.answer_bytes ? limits_.gather : kNow));
  }

  /// The hub stops listening: nobody will ask again.
  void abandon() {
    owner_ = nullptr;
    silence_.cancel();
    answer_timer_.cancel();
    reply_ = nullptr;
  }

 private:
  static constexpr std::chrono::milliseconds kNow{0};

  void say_again(Reply reply) {
    if (!reply_) return reply(answer());
    // The one before waits on a connection that is lost, for all that its caller knows.
    auto before = std::exchange(reply_, std::move(reply));
    before(http_refusal(409, Errc::conflict, "this POST came again"));
  }

  void answer_after(std::chrono::milliseconds wait) {
    if (owner_ == nullptr) return;  // who waited has been told
    answer_timer_.start(wait, [self = shared_from_this()] { self->answer_now(); });
  }

  void answer_now() {
    if (!reply_) return;
    fill_answer();
    const auto reply = std::exchange(reply_, nullptr);
    reply(answer());
  }

  /// As much as fits, and what the machine says as room comes free. An end that was said is one.
  void fill_answer() {
    while (!queue_.empty() && answer_.size() < limits_.answer_bytes) {
      const auto frame = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= frame->size();
      ++traffic_.messages_out;
      traffic_.payload_out += frame->size();
      write_post_frame(answer_, *frame);
      if (!closing_ && handler_ != nullptr && queued_bytes_ < options_.writable_below_bytes)
        handler_->on_writable();
    }
    traffic_.wire_out += answer_.size();
    if (!goodbye_ || !queue_.empty()) return;
    const PostGoodbye said = *std::exchange(goodbye_, std::nullopt);
    write_post_goodbye(answer_, said);
    finish_later({.code = said.code, .reason = said.reason});
  }

  [[nodiscard]] HttpAnswer answer() const {
    HttpAnswer out = frames_answer(answer_);
    if (number_ == 0) out.headers.emplace_back(kSessionHeader, name_);
    return out;
  }

  void fell_silent() {
    finish({.error = Error{Errc::no_link, "no POST came any more", {}}});
    forget();
  }

  void finish_later(LinkEnd end) {
    loop_.post([self = shared_from_this(), end = std::move(end)] { self->finish(end); });
  }

  void finish(const LinkEnd& end) {
    if (finished_) return;
    finished_ = true;
    queue_.clear();
    queued_bytes_ = 0;
    ChannelHandler* handler = std::exchange(handler_, nullptr);
    if (handler != nullptr) handler->on_closed(end);
  }

  void forget() {
    if (owner_ == nullptr) return;
    PostSessions& owner = *std::exchange(owner_, nullptr);
    finished_ = true;
    silence_.cancel();
    answer_timer_.cancel();
    if (const auto reply = std::exchange(reply_, nullptr))
      reply(http_refusal(404, Errc::not_found, "this session is over"));
    owner.links_.erase(name_);  // last: it may have been what kept this
  }

  PostSessions* owner_;  // null: forgotten
  Loop& loop_;
  LinkOptions options_;
  PostLimits limits_;
  std::string name_;
  Timer silence_;
  Timer answer_timer_;
  ChannelHandler* handler_ = nullptr;
  std::deque<std::shared_ptr<const Bytes>> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t number_ = 0;  // of the POST that was taken last
  Bytes answer_;              // to it
  Reply reply_;               // waits for it
  std::size_t calls_ = 0;
  LinkTraffic traffic_;
  std::optional<PostGoodbye> goodbye_;  // to be said
  bool closing_ = false;                // nothing more is taken or handed up
  bool dropped_ = false;                // nobody owns the channel
  bool finished_ = false;               // only its last answer is left
};

/// The channel that the session machine owns.
class PostSessions::End final : public Channel {
 public:
  explicit End(std::shared_ptr<Link> link) : link_(std::move(link)) {}
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  ~End() override { link_->drop(); }
  void send(std::shared_ptr<const Bytes> message) override { link_->send(std::move(message)); }
  void close(CloseCode code, std::string_view reason) override { link_->close(code, reason); }
  [[nodiscard]] std::size_t queued_bytes() const override { return link_->queued_bytes(); }
  [[nodiscard]] const LinkTraffic& traffic() const override { return link_->traffic(); }

 private:
  std::shared_ptr<Link> link_;
};

PostSessions::Call::Call(std::shared_ptr<Link> link) : link_(std::move(link)) {}
PostSessions::Call::~Call() { link_->end_call(); }

PostSessions::PostSessions(Loop& loop, const LinkOptions& link, const PostLimits& limits, Accept accept)
    : loop_(loop), link_(link), limits_(limits), accept_(std::move(accept)) {}

PostSessions::~PostSessions() {
  for (const auto& [name, link] : std::exchange(links_, {})) link->abandon();
}

tl::expected<std::unique_ptr<PostSessions::Call>, HttpAnswer> PostSessions::begin(
    const std::string& session) {
  const auto found = links_.find(session);
  if (found == links_.end())
    return tl::unexpected(http_refusal(404, Errc::not_found, "there is no such session, or no more"));
  if (!found->second->begin_call())
    return tl::unexpected(http_refusal(429, Errc::later, "too many POSTs of this session are under way"));
  return std::make_unique<Call>(found->second);
}

PostSessions::Opened PostSessions::open(ByteView body, const Caller& caller) {
  const auto hello = read_post_body(body);
  if (!hello || hello->frames.size() != 1 || hello->goodbye)
    return {http_refusal(400, Errc::malformed, "a session begins with a hello")};
  if (links_.size() >= limits_.sessions)
    return {http_refusal(429, Errc::later, "too many sessions go by HTTP POSTs; come again in a minute")};
  const auto decided = accept_(hello->frames.front(), caller);
  if (const auto* refuse = std::get_if<RefuseLink>(&decided))
    return {{refuse->status, "application/json", refuse->json, {{"Cache-Control", "no-store"}}}};
  const std::string name = new_name();
  const auto link = std::make_shared<Link>(*this, name);
  links_[name] = link;
  link->note_hello(body.size());
  link->set_handler(std::get<AcceptLink>(decided).opened(std::make_unique<End>(link)));
  (void)link->begin_call();
  return {link->first_answer(), std::make_unique<Call>(link)};
}

void PostSessions::take(const Call& call, std::uint64_t number, bool waits, ByteView body, Reply reply) {
  call.link_->take(number, waits, body, std::move(reply));
}

void PostSessions::stop_listening() { is_listening_ = false; }

}  // namespace wasl
