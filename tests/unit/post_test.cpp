// Sessions that go by HTTP POSTs: the same whole messages as on a WebSocket, whatever gets lost between.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "client/engine/fallback.hpp"
#include "client/engine/link_memory.hpp"
#include "shared/base/limits.hpp"
#include "shared/net/listener.hpp"
#include "shared/net/post_body.hpp"
#include "shared/net/post_sessions.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/relay.hpp"

namespace wasl {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

std::shared_ptr<const Bytes> message(std::size_t size, Byte fill = 7) {
  return std::make_shared<const Bytes>(size, fill);
}

Bytes body_of(const std::vector<std::string>& frames, std::optional<PostGoodbye> goodbye = {}) {
  Bytes out;
  for (const std::string& frame : frames) write_post_frame(out, view(frame));
  if (goodbye) write_post_goodbye(out, *goodbye);
  return out;
}

std::vector<std::string> frames_of(const std::string& body) {
  std::vector<std::string> out;
  const auto read = read_post_body(view(body));
  EXPECT_TRUE(read);
  if (read)
    for (const ByteView frame : read->frames) out.push_back(to_text(frame));
  return out;
}

struct Ear : ChannelHandler {
  void on_message(ByteView bytes) override {
    heard.push_back(to_bytes(bytes));
    if (const auto now = then) now(bytes);  // it may put another in its place
  }
  void on_writable() override {
    if (more) more();
  }
  void on_closed(const LinkEnd& how) override {
    ++ends;
    end = how;
  }
  std::vector<Bytes> heard;
  std::function<void(ByteView)> then;
  std::function<void()> more;
  std::optional<LinkEnd> end;
  int ends = 0;
};

// ── The body

TEST(PostBody, ComesOutAsItWentIn) {
  const Bytes bytes = body_of({"a", std::string(300, 'b')}, PostGoodbye{1001, "the hub stops"});
  const auto body = read_post_body(bytes).value();
  ASSERT_EQ(body.frames.size(), 2U);
  EXPECT_EQ(body.frames[1].size(), 300U);
  EXPECT_EQ(body.goodbye, (PostGoodbye{1001, "the hub stops"}));
  EXPECT_TRUE(read_post_body({}).value().frames.empty());
}

TEST(PostBody, IsRefusedWhenItIsCutOrGoesOnOrIsTooMuch) {
  const Bytes whole = body_of({"abc"}, PostGoodbye{1000, "x"});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == 4) continue;  // behind the frame: whole, too
    EXPECT_EQ(read_post_body(ByteView(whole).first(size)).error().code, Errc::malformed) << size;
  }
  Bytes longer = whole;
  longer.push_back(1);
  EXPECT_EQ(read_post_body(longer).error().code, Errc::malformed);
  EXPECT_EQ(read_post_body(Bytes(kPostBytes + 1, 0)).error().code, Errc::limit_exceeded);
  Bytes many;
  for (std::size_t i = 0; i <= kPostFrames; ++i) write_post_frame(many, view("x"));
  EXPECT_EQ(read_post_body(many).error().code, Errc::limit_exceeded);
  const Bytes large{0x81, 0x80, 0x40, 0x01};  // a frame of 1 MiB and a byte
  EXPECT_EQ(read_post_body(large).error().code, Errc::malformed);
}

TEST(PostBody, NumbersHaveOneSpelling) {
  EXPECT_EQ(read_post_number("0"), 0U);
  EXPECT_EQ(read_post_number("17"), 17U);
  for (const char* bad : {"", "01", "+1", "-1", "1 ", " 1", "1a", "99999999999999999999"})
    EXPECT_FALSE(read_post_number(bad)) << bad;
}

// ── The hub's end, without sockets

class PostSessionsTest : public testing::Test {
 protected:
  PostSessionsTest() {
    limits_.wait = 300ms;
    limits_.silence = 400ms;
    limits_.sessions = 3;
    limits_.answer_bytes = 1'000;
    begin_listening();
  }

  void begin_listening() {
    sessions_.emplace(loop_, LinkOptions{}, limits_, [this](ByteView hello, const Caller&) -> UpgradeAnswer {
      if (text_view(hello) == "no") return RefuseLink{403, "{\"error\":{}}"};
      return AcceptLink{[this](std::unique_ptr<Channel> channel) -> ChannelHandler& {
        channel_ = std::move(channel);
        channel_->send(std::make_shared<const Bytes>(to_bytes("welcome")));
        return ear_;
      }};
    });
  }

  /// @return the session's name.
  std::string open() {
    auto opened = sessions_->open(body_of({"hello"}), Caller{"somebody"});
    EXPECT_EQ(opened.answer.status, 200);
    EXPECT_NE(opened.call, nullptr);
    EXPECT_EQ(frames_of(opened.answer.body), std::vector<std::string>{"welcome"});
    for (const auto& [name, value] : opened.answer.headers) {
      if (name == kSessionHeader) return value;
    }
    ADD_FAILURE() << "the answer names no session";
    return "";
  }

  struct Asked {
    std::unique_ptr<PostSessions::Call> call;
    std::shared_ptr<std::optional<HttpAnswer>> answer = std::make_shared<std::optional<HttpAnswer>>();
    [[nodiscard]] int status() const { return *answer ? (*answer)->status : 0; }
    [[nodiscard]] std::vector<std::string> frames() const { return frames_of((*answer)->body); }
  };
  Asked ask(const std::string& session, std::uint64_t number, const Bytes& body, bool waits = true) {
    Asked out;
    auto call = sessions_->begin(session);
    if (!call) {
      *out.answer = call.error();
      return out;
    }
    out.call = std::move(*call);
    sessions_->take(*out.call, number, waits, body, [to = out.answer](HttpAnswer said) { *to = said; });
    return out;
  }
  bool until(const std::function<bool()>& fine) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!fine() && std::chrono::steady_clock::now() < deadline) loop_.run_for(2ms);
    return fine();
  }

  Loop loop_;
  PostLimits limits_;
  Ear ear_;
  std::unique_ptr<Channel> channel_;
  std::optional<PostSessions> sessions_;
};

TEST_F(PostSessionsTest, AnswersWhenThereIsSomethingToSay) {
  const std::string session = open();
  EXPECT_EQ(session.size(), 2 * kPostSessionBytes);
  const Asked asked = ask(session, 1, body_of({"question"}));
  EXPECT_EQ(ear_.heard, std::vector<Bytes>{to_bytes("question")});
  loop_.run_for(50ms);
  EXPECT_EQ(asked.status(), 0);  // it waits
  channel_->send(std::make_shared<const Bytes>(to_bytes("answer")));
  channel_->send(std::make_shared<const Bytes>(to_bytes("and more")));
  ASSERT_TRUE(until([&] { return asked.status() != 0; }));
  EXPECT_EQ(asked.frames(), (std::vector<std::string>{"answer", "and more"}));
}

TEST_F(PostSessionsTest, SaysNothingAfterAWhileOrAtOnceWhenMoreComes) {
  const std::string session = open();
  const Asked quick = ask(session, 1, body_of({"one"}), false);
  ASSERT_TRUE(until([&] { return quick.status() == 200; }));
  EXPECT_TRUE(quick.frames().empty());
  const auto began = std::chrono::steady_clock::now();
  const Asked slow = ask(session, 2, {});
  ASSERT_TRUE(until([&] { return slow.status() == 200; }));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 250ms);
}

TEST_F(PostSessionsTest, ARepeatedPostIsTakenOnceAndAnsweredAlike) {
  const std::string session = open();
  ear_.then = [&](ByteView) { channel_->send(std::make_shared<const Bytes>(to_bytes("verdict"))); };
  const Asked first = ask(session, 1, body_of({"push"}));
  ASSERT_TRUE(until([&] { return first.status() == 200; }));
  const Asked again = ask(session, 1, body_of({"push"}));
  ASSERT_TRUE(until([&] { return again.status() == 200; }));
  EXPECT_EQ((*first.answer)->body, (*again.answer)->body);
  EXPECT_EQ(ear_.heard.size(), 1U);
}

TEST_F(PostSessionsTest, ARepeatTakesThePlaceOfOneThatWaits) {
  const std::string session = open();
  const Asked lost = ask(session, 1, body_of({"push"}));
  const Asked again = ask(session, 1, body_of({"push"}));
  EXPECT_EQ(lost.status(), 409);
  channel_->send(std::make_shared<const Bytes>(to_bytes("verdict")));
  ASSERT_TRUE(until([&] { return again.status() == 200; }));
  EXPECT_EQ(again.frames(), std::vector<std::string>{"verdict"});
  EXPECT_EQ(ear_.heard.size(), 1U);
}

TEST_F(PostSessionsTest, OutOfOrderIsRefusedAndChangesNothing) {
  const std::string session = open();
  for (const std::uint64_t number : {0U, 2U, 3U})
    EXPECT_EQ(ask(session, number, body_of({"x"})).status(), 409);
  EXPECT_TRUE(ear_.heard.empty());
  const Asked next = ask(session, 1, body_of({"x"}), false);
  ASSERT_TRUE(until([&] { return next.status() == 200; }));
  EXPECT_EQ(ask(session, 3, {}).status(), 409);
}

TEST_F(PostSessionsTest, AnUnknownSessionIsNotFound) {
  EXPECT_EQ(ask(std::string(32, '0'), 1, {}).status(), 404);
  EXPECT_EQ(ask("", 1, {}).status(), 404);
  const std::string session = open();
  channel_.reset();  // the session machine cut it off
  EXPECT_EQ(ask(session, 1, {}).status(), 404);
}

TEST_F(PostSessionsTest, BytesThatAreNoFramesEndTheSession) {
  const std::string session = open();
  EXPECT_EQ(ask(session, 1, Bytes{5, 1, 2}).status(), 400);
  ASSERT_TRUE(ear_.end);
  EXPECT_EQ(ear_.end->error->code, Errc::malformed);
}

TEST_F(PostSessionsTest, WhoIsNotHeardOfIsForgotten) {
  const std::string session = open();
  ASSERT_TRUE(until([&] { return ear_.end.has_value(); }));
  EXPECT_EQ(ear_.end->error->code, Errc::no_link);
  EXPECT_EQ(ask(session, 1, {}).status(), 404);
}

TEST_F(PostSessionsTest, WhileAPostIsReadTheSessionStays) {
  const std::string session = open();
  auto call = sessions_->begin(session);
  ASSERT_TRUE(call);
  loop_.run_for(600ms);
  EXPECT_FALSE(ear_.end);
  call->reset();
  EXPECT_TRUE(until([&] { return ear_.end.has_value(); }));
}

TEST_F(PostSessionsTest, AGoodbyeBringsWhatWasSaidBeforeAndItsAnswerMayBeLost) {
  const std::string session = open();
  const Asked asked = ask(session, 1, {});
  channel_->send(std::make_shared<const Bytes>(to_bytes("last words")));
  channel_->close(CloseCode::policy, "enough");
  ASSERT_TRUE(until([&] { return ear_.end.has_value(); }));
  EXPECT_EQ(ear_.end->code, 1008);
  channel_.reset();  // as the hub does
  const Asked again = ask(session, 1, {});
  ASSERT_EQ(again.status(), 200);
  EXPECT_EQ((*again.answer)->body, (*asked.answer)->body);
  const auto body = read_post_body(view((*again.answer)->body)).value();
  EXPECT_EQ(body.frames.size(), 1U);
  EXPECT_EQ(body.goodbye, (PostGoodbye{1008, "enough"}));
}

TEST_F(PostSessionsTest, TheOthersGoodbyeEndsItBehindItsFrames) {
  const std::string session = open();
  const Asked asked = ask(session, 1, body_of({"done"}, PostGoodbye{1000, ""}));
  EXPECT_EQ(ear_.heard.size(), 1U);
  ASSERT_TRUE(ear_.end);
  EXPECT_FALSE(ear_.end->error);
  EXPECT_TRUE(until([&] { return asked.status() == 200; }));
}

TEST_F(PostSessionsTest, AnAnswerIsBoundedAndTheRestFollows) {
  const std::string session = open();
  int left = 20;
  ear_.more = [&] {
    if (left-- > 0) channel_->send(message(300));
  };
  channel_->send(message(300));
  std::size_t frames = 0;
  for (std::uint64_t number = 1; frames < 21; ++number) {
    ASSERT_LT(number, 10U);
    const Asked asked = ask(session, number, {});
    ASSERT_TRUE(until([&] { return asked.status() == 200; }));
    EXPECT_LE((*asked.answer)->body.size(), limits_.answer_bytes + 302);
    frames += asked.frames().size();
  }
}

TEST_F(PostSessionsTest, SessionsAndTheirPostsAreCounted) {
  const std::string session = open();
  std::vector<Asked> held;
  for (int i = 0; i < 3; ++i) {
    auto call = sessions_->begin(session);
    ASSERT_TRUE(call);
    held.push_back({std::move(*call)});
  }
  EXPECT_EQ(ask(session, 1, {}).status(), 429);
  held.clear();
  EXPECT_NE(ask(session, 1, {}).status(), 429);
  std::vector<std::unique_ptr<Channel>> channels;
  for (int i = 0; i < 2; ++i) {
    channels.push_back(std::move(channel_));
    open();
  }
  EXPECT_EQ(sessions_->open(body_of({"hello"}), Caller{"x"}).answer.status, 429);
}

TEST_F(PostSessionsTest, ASessionBeginsWithOneHello) {
  EXPECT_EQ(sessions_->open(body_of({"no"}), Caller{"x"}).answer.status, 403);
  EXPECT_EQ(sessions_->open({}, Caller{"x"}).answer.status, 400);
  EXPECT_EQ(sessions_->open(body_of({"a", "b"}), Caller{"x"}).answer.status, 400);
  EXPECT_EQ(sessions_->open(body_of({"a"}, PostGoodbye{1000, ""}), Caller{"x"}).answer.status, 400);
}

TEST_F(PostSessionsTest, AReaderThatIsFedTooMuchIsCut) {
  const std::string session = open();
  const std::size_t most = LinkOptions{}.queue_limit_bytes / limits::kFrameBytes;
  for (std::size_t i = 0; i <= most; ++i) channel_->send(message(limits::kFrameBytes));
  ASSERT_TRUE(until([&] { return ear_.end.has_value(); }));
  EXPECT_EQ(ear_.end->error->code, Errc::limit_exceeded);
}

TEST_F(PostSessionsTest, WhenNobodyCanAskAnyMoreAGoodbyeEndsAtOnce) {
  open();
  sessions_->stop_listening();
  channel_->close(CloseCode::going_away, "the hub stops");
  ASSERT_TRUE(until([&] { return ear_.end.has_value(); }));
  EXPECT_EQ(ear_.end->code, 1001);
}

// ── Both ends over sockets

class PostLink : public testing::Test {
 protected:
  void listen(ListenOptions options = {}) {
    options.address = "127.0.0.1:0";
    ListenCallbacks callbacks;
    callbacks.on_upgrade = [this](ByteView hello, const Caller& caller) -> UpgradeAnswer {
      hello_ = to_bytes(hello);
      caller_ = caller;
      if (refusal_) return *refusal_;
      return AcceptLink{[this](std::unique_ptr<Channel> channel) -> ChannelHandler& {
        there_ = std::move(channel);
        there_->send(message(9));
        return there_ear_;
      }};
    };
    auto listener = Listener::open(loop_, options, std::move(callbacks));
    ASSERT_TRUE(listener) << listener.error().message;
    listener_ = std::move(*listener);
  }

  void dial(ConnectOptions options = {}, std::uint16_t port = 0) {
    if (options.url.empty())
      options.url = "http://127.0.0.1:" + std::to_string(port == 0 ? listener_->port() : port);
    options.hello = [](const Hash& binding) { return to_bytes(binding.view()); };
    attempt_ = connect(loop_, options, here_ear_, [this](auto result) {
      if (result)
        here_ = std::move(*result);
      else
        failure_ = std::move(result).error();
    });
  }
  void link(const ConnectOptions& options = {}, std::uint16_t port = 0) {
    dial(options, port);
    ASSERT_TRUE(until([&] { return here_ != nullptr; }))
        << (failure_ ? failure_->error.message : "no answer");
    attempt_.reset();
  }
  /// As sessions do: what is to be said stands when the first answer comes. Later it would wait for the next.
  void say_with_the_first_word(std::function<void()> say) {
    here_ear_.then = [this, say = std::move(say)](ByteView) {
      here_ear_.then = nullptr;
      say();
    };
  }
  bool until(const std::function<bool()>& fine, milliseconds most = 15s) {
    const auto deadline = std::chrono::steady_clock::now() + most;
    while (!fine() && std::chrono::steady_clock::now() < deadline) loop_.run_for(2ms);
    return fine();
  }

  /// Speaks raw TCP with the listener from another thread. @return all that came back.
  std::string raw(const std::string& text, bool ends = true) {
    auto asked = std::async(std::launch::async, [port = listener_->port(), text, ends] {
      const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port);
      std::string answer;
      if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
          send(socket, text.data(), text.size(), MSG_NOSIGNAL) >= 0) {
        if (ends) shutdown(socket, SHUT_WR);
        char room[4096];
        for (ssize_t size; (size = recv(socket, room, sizeof room, 0)) > 0;)
          answer.append(room, static_cast<std::size_t>(size));
      }
      close(socket);
      return answer;
    });
    EXPECT_TRUE(until([&] { return asked.wait_for(0s) == std::future_status::ready; }));
    return asked.get();
  }
  static std::string post(const std::string& headers, const std::string& body) {
    return "POST /wasl HTTP/1.1\r\nHost: x\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  static std::string status_of(const std::string& answer) { return answer.substr(0, 12); }

  Loop loop_;
  Ear here_ear_, there_ear_;
  std::unique_ptr<Channel> here_, there_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Attempt> attempt_;
  std::optional<NoChannel> failure_;
  std::optional<RefuseLink> refusal_;
  Bytes hello_;
  Caller caller_;
};

TEST_F(PostLink, CarriesMessagesFromOneByteToOneMebibyteBothWays) {
  listen();
  there_ear_.then = [&](ByteView bytes) { there_->send(std::make_shared<const Bytes>(to_bytes(bytes))); };
  const std::vector<std::size_t> sizes{1, 127, 128, 65'536, limits::kFrameBytes, 3};
  say_with_the_first_word([&] {
    for (const std::size_t size : sizes) here_->send(message(size, static_cast<Byte>(size)));
  });
  link();
  EXPECT_EQ(hello_.size(), 32U);
  ASSERT_TRUE(until([&] { return here_ear_.heard.size() == sizes.size() + 1; }));
  EXPECT_EQ(here_ear_.heard.front().size(), 9U);
  for (std::size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(here_ear_.heard[i + 1].size(), sizes[i]);
  EXPECT_GT(here_->traffic().wire_out, limits::kFrameBytes);
  EXPECT_EQ(here_->traffic().messages_out, sizes.size());
}

TEST_F(PostLink, MakesMoreWhileThereIsRoom) {
  listen();
  int left = 50;
  here_ear_.more = [&] {
    if (left-- > 0) here_->send(message(20'000));
  };
  say_with_the_first_word([&] { here_->send(message(20'000)); });
  link();
  EXPECT_TRUE(until([&] { return there_ear_.heard.size() == 51; }, 4s));  // 1 MB: no POST of it waits
}

TEST_F(PostLink, ARefusalReachesTheCallerWithItsWords) {
  listen();
  refusal_ = RefuseLink{409, R"({"error":{"code":"conflict"}})"};
  dial();
  ASSERT_TRUE(until([&] { return failure_.has_value(); }));
  EXPECT_EQ(failure_->http_status, 409);
  EXPECT_EQ(failure_->how, NoChannel::How::answered);
  EXPECT_EQ(failure_->body, refusal_->json);
}

TEST_F(PostLink, GoodbyesGoBothWays) {
  listen();
  link();
  here_->send(message(5));
  here_->close(CloseCode::normal, "");
  ASSERT_TRUE(until([&] { return there_ear_.end && here_ear_.end; }));
  EXPECT_EQ(there_ear_.heard.size(), 1U);
  EXPECT_FALSE(there_ear_.end->error);
  EXPECT_FALSE(here_ear_.end->error);
  here_ear_.end.reset();
  here_.reset();
  link();
  there_->send(message(6));
  there_->close(CloseCode::policy, "enough");
  ASSERT_TRUE(until([&] { return here_ear_.end.has_value(); }));
  EXPECT_EQ(here_ear_.heard.back().size(), 6U);
  EXPECT_EQ(here_ear_.end->code, 1008);
  EXPECT_TRUE(here_ear_.end->error);
}

TEST_F(PostLink, CutConnectionsLoseAndRepeatNothing) {
  listen();
  test::RelayOptions options;
  options.to_port = listener_->port();
  options.cut_after = 250'000;  // in the middle of a POST or of its answer
  test::Relay relay(options);
  there_ear_.then = [&](ByteView bytes) { there_->send(std::make_shared<const Bytes>(to_bytes(bytes))); };
  say_with_the_first_word([&] {
    for (Byte i = 0; i < 60; ++i) here_->send(message(10'000, i));
  });
  link({}, relay.port());
  ASSERT_TRUE(until([&] { return here_ear_.heard.size() == 61; }, 30s))
      << here_ear_.heard.size()
      << (here_ear_.end && here_ear_.end->error ? here_ear_.end->error->message : "");
  EXPECT_GT(relay.connections(), 3U);
  ASSERT_EQ(there_ear_.heard.size(), 60U);
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(there_ear_.heard[i].front(), i);
    EXPECT_EQ(here_ear_.heard[i + 1].front(), i);
  }
}

TEST_F(PostLink, AHubThatIsGoneIsGivenUp) {
  listen();
  link();
  listener_.reset();
  there_.reset();
  ASSERT_TRUE(until([&] { return here_ear_.end.has_value(); }, 40s));
  ASSERT_TRUE(here_ear_.end->error);
  EXPECT_EQ(here_ear_.end->error->code, Errc::no_link);
}

TEST_F(PostLink, TheHubsFarewellReachesWhoWaits) {
  listen();
  link();
  ASSERT_TRUE(until([&] { return here_ear_.heard.size() == 1; }));
  loop_.run_for(100ms);  // the next POST waits at the hub by now
  listener_.reset();
  there_->close(CloseCode::going_away, "the hub stops");
  ASSERT_TRUE(until([&] { return here_ear_.end.has_value(); }, 3s));
  EXPECT_EQ(here_ear_.end->code, 1001);
  EXPECT_TRUE(until([&] { return there_ear_.end.has_value(); }, 3s));
}

TEST_F(PostLink, ASilentHubIsNotWaitedForLongerThanSaid) {
  listen();
  test::Relay relay({.to_port = listener_->port()});
  relay.freeze(true);
  ConnectOptions options;
  options.handshake_limit = 400ms;
  options.waited = 600ms;
  dial(options, relay.port());
  ASSERT_TRUE(until([&] { return failure_.has_value(); }, 3s));
  EXPECT_EQ(failure_->how, NoChannel::How::silent);
  EXPECT_NE(failure_->error.message.find("did not answer within 1 s"), std::string::npos)
      << failure_->error.message;
}

TEST_F(PostLink, AnAttemptThatIsGivenUpIsNotHeardOfAgain) {
  listen();
  dial();
  attempt_.reset();
  loop_.run_for(100ms);
  EXPECT_EQ(here_, nullptr);
  EXPECT_FALSE(failure_);
}

TEST_F(PostLink, AChannelMayBeDestroyedWhileItTellsSomething) {
  listen();
  here_ear_.then = [&](ByteView) { here_.reset(); };
  dial();
  ASSERT_TRUE(until([&] { return here_ear_.heard.size() == 1; }));
  there_ear_.then = [&](ByteView) { there_.reset(); };
  here_ear_.then = nullptr;
  link();
  here_->send(message(3));
  ASSERT_TRUE(until([&] { return there_ == nullptr; }));
  EXPECT_TRUE(until([&] { return here_ear_.end.has_value(); }));
}

TEST_F(PostLink, WhatIsNoPostOfASessionIsToldSo) {
  ListenOptions options;
  options.header_limit = 500ms;
  listen(options);
  const std::string type = "Content-Type: application/wasl.1\r\n";
  const std::string hello = to_text(body_of({"hello"}));
  EXPECT_EQ(status_of(raw(post("", hello))), "HTTP/1.1 415");
  EXPECT_EQ(status_of(raw(post("Content-Type: text/plain\r\n", hello))), "HTTP/1.1 415");
  EXPECT_EQ(status_of(raw(post(type, "xx"))), "HTTP/1.1 400");
  EXPECT_EQ(status_of(raw(post(type, std::string(kPostHelloBytes + 1, 'x')))), "HTTP/1.1 413");
  EXPECT_EQ(status_of(raw(post(type + "Wasl-Session: 00\r\nWasl-Number: 1\r\n", ""))), "HTTP/1.1 404");
  EXPECT_EQ(status_of(raw(post(type + "Wasl-Session: 00\r\n", ""))), "HTTP/1.1 400");
  const std::string opened = raw(post(type, hello));
  EXPECT_EQ(status_of(opened), "HTTP/1.1 200");
  const auto at = opened.find("Wasl-Session: ");
  ASSERT_NE(at, std::string::npos);
  const std::string ours = type + "Wasl-Session: " + opened.substr(at + 14, 32) + "\r\n";
  EXPECT_EQ(status_of(raw(post(ours + "Wasl-Number: 2\r\n", ""))), "HTTP/1.1 409");
  EXPECT_EQ(status_of(raw("POST /wasl HTTP/1.1\r\nHost: x\r\n" + ours +
                          "Wasl-Number: 1\r\nContent-Length: 5000000\r\n\r\n")),
            "HTTP/1.1 413");
  EXPECT_EQ(status_of(raw(post(ours + "Wasl-Number: 1\r\nWasl-Wait: 0\r\n", ""))), "HTTP/1.1 200");
  // As a proxy may pass it on.
  EXPECT_EQ(status_of(raw(
                "POST /wasl HTTP/1.1\r\nHost: x\r\n" + ours +
                "Wasl-Number: 2\r\nWasl-Wait: 0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\1a\r\n0\r\n\r\n")),
            "HTTP/1.1 200");
  EXPECT_EQ(there_ear_.heard, std::vector<Bytes>{to_bytes("a")});
  EXPECT_EQ(status_of(raw("POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")), "HTTP/1.1 405");
}

TEST_F(PostLink, ABodyThatDoesNotComeIsNotWaitedFor) {
  ListenOptions options;
  options.header_limit = 400ms;
  options.link.idle_limit = 1500ms;
  listen(options);
  const std::string begun =
      "POST /wasl HTTP/1.1\r\nHost: x\r\nContent-Type: application/wasl.1\r\nContent-Length: 20\r\n";
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(raw(begun + "\r\nab", false), "");
  const auto stranger = std::chrono::steady_clock::now() - began;
  EXPECT_GE(stranger, 300ms);
  const std::string opened = raw(post("Content-Type: application/wasl.1\r\n", to_text(body_of({"hello"}))));
  const auto at = opened.find("Wasl-Session: ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(
      raw(begun + "Wasl-Session: " + opened.substr(at + 14, 32) + "\r\nWasl-Number: 1\r\n\r\nab", false), "");
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1500ms);
  EXPECT_FALSE(there_ear_.end);  // the session waits for the POST to come again
  EXPECT_TRUE(there_ear_.heard.empty());
}

TEST_F(PostLink, IsBoundToTheTlsConnectionOfItsHello) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-post-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const auto files = test::make_certificate(pattern, "hub", "IP:127.0.0.1");
  ListenOptions options;
  options.tls = TlsIdentity::load(files.certificate, files.key).value();
  listen(options);
  ConnectOptions caller;
  caller.url = "https://127.0.0.1:" + std::to_string(listener_->port()) +
               "#pin=" + to_base64url(pin_of_certificate(files.certificate)->view());
  std::size_t kept = 0;
  caller.keep_tls_session = [&](Bytes) { ++kept; };
  link(caller);
  ASSERT_TRUE(caller_.tls);
  EXPECT_EQ(hello_, to_bytes(caller_.tls->exporter.view()));
  here_->send(message(200'000));
  ASSERT_TRUE(until([&] { return there_ear_.heard.size() == 1; }));
  EXPECT_TRUE(until([&] { return kept > 0; }));
  std::filesystem::remove_all(pattern);
}

// ── The choice

NoChannel no_channel(NoChannel::How how, int status = 0) {
  return {{Errc::no_link, "no", ""}, how, status, ""};
}

TEST(Fallback, OnlyWhatStandsBetweenLeadsToPosts) {
  using How = NoChannel::How;
  EXPECT_EQ(obstacle_of(no_channel(How::unreachable), false), Obstacle::none);
  EXPECT_EQ(obstacle_of(no_channel(How::silent), false), Obstacle::silent);
  EXPECT_EQ(obstacle_of(no_channel(How::broken_off), false), Obstacle::cut);
  EXPECT_EQ(obstacle_of(no_channel(How::answered, 403), false), Obstacle::refused);
  EXPECT_EQ(obstacle_of(no_channel(How::answered, 403), true), Obstacle::none);
}

TEST(Fallback, ARefusalCountsAtOnceAndForADayInThatNetwork) {
  const CarrierMemory memory = after_posts({}, Obstacle::refused, 403, 1'000'000, "a");
  EXPECT_EQ(first_carrier(memory, 1'000'001, "a"), Carrier::posts);
  EXPECT_EQ(first_carrier(memory, 1'000'000 + kPostsFor - 1, "a"), Carrier::posts);
  EXPECT_EQ(first_carrier(memory, 1'000'000 + kPostsFor, "a"), Carrier::web_socket);
  EXPECT_EQ(first_carrier(memory, 999'999, "a"), Carrier::web_socket);  // a clock that was set back
  EXPECT_EQ(first_carrier(memory, 1'000'001, "b"), Carrier::web_socket);
  EXPECT_EQ(first_carrier({}, 1'000'001, "a"), Carrier::web_socket);
  EXPECT_NE(why_words(memory).find("HTTP 403"), std::string::npos);
}

TEST(Fallback, WhatMayPassCountsTheSecondTimeInARow) {
  for (const auto& [met, status] : std::vector<std::pair<Obstacle, int>>{
           {Obstacle::silent, 0}, {Obstacle::cut, 0}, {Obstacle::refused, 502}}) {
    const CarrierMemory once = after_posts({}, met, status, 5'000, "a");
    EXPECT_EQ(first_carrier(once, 6'000, "a"), Carrier::web_socket);
    const CarrierMemory twice = after_posts(once, met, status, 6'000, "a");
    EXPECT_EQ(first_carrier(twice, 7'000, "a"), Carrier::posts);
    const CarrierMemory elsewhere = after_posts(once, met, status, 6'000, "b");
    EXPECT_EQ(first_carrier(elsewhere, 7'000, "b"), Carrier::web_socket);
    EXPECT_FALSE(why_words(once).empty());
  }
}

TEST(Fallback, IsRememberedWithTheLink) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-link-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const LinkMemory memory{true, to_bytes("session"), after_posts({}, Obstacle::refused, 403, 77, "10.0.0.1")};
  remember_link(pattern, "ws://hub", memory);
  const LinkMemory again = recall_link(pattern, "ws://hub");
  EXPECT_TRUE(again.binds_certificate);
  EXPECT_EQ(again.tls_session, memory.tls_session);
  EXPECT_EQ(again.carrier, memory.carrier);
  EXPECT_EQ(recall_link(pattern, "ws://other").carrier, CarrierMemory());
  EXPECT_EQ(recall_last_link(pattern).url, "ws://hub");
  std::filesystem::resize_file(pattern + "/link.memory", 20);
  EXPECT_EQ(recall_link(pattern, "ws://hub").carrier, CarrierMemory());
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace wasl
