// What the links promise: whole messages, words for every end, nothing that hangs. Real sockets on the
// loopback; the bad lines are made by tests/support/relay.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "shared/base/limits.hpp"
#include "shared/net/listener.hpp"
#include "shared/net/local_socket.hpp"
#include "tests/support/relay.hpp"

namespace wasl {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

std::shared_ptr<const Bytes> message(std::size_t size, Byte fill = 7) {
  return std::make_shared<const Bytes>(size, fill);
}

/// Notes what it is told.
struct Notes : ChannelHandler {
  void on_message(ByteView bytes) override {
    messages.push_back(to_bytes(bytes));
    if (then) then(bytes);
  }
  void on_writable() override { ++writable; }
  void on_closed(const LinkEnd& how) override { end = how; }

  std::vector<Bytes> messages;
  std::function<void(ByteView)> then;
  int writable = 0;
  std::optional<LinkEnd> end;
};

/// A caller and an answerer on one loop.
class NetTest : public testing::Test {
 protected:
  void listen(ListenOptions options = {}) {
    options.address = "127.0.0.1:0";
    ListenCallbacks callbacks;
    callbacks.on_upgrade = [this](ByteView hello, const Caller& caller) -> UpgradeAnswer {
      hello_ = to_bytes(hello);
      remote_ = caller.remote;
      if (refusal_) return *refusal_;
      return AcceptLink{[this](std::unique_ptr<Channel> channel) -> ChannelHandler& {
        there_ = std::move(channel);
        if (greet_) greet_(*there_);
        return there_notes_;
      }};
    };
    callbacks.on_request = [](const std::string& method, const std::string& target) {
      return HttpAnswer{.status = target == "/health" ? 200 : 404, .body = method + " " + target + "\n"};
    };
    auto listener = Listener::open(loop_, options, std::move(callbacks));
    ASSERT_TRUE(listener) << listener.error().message;
    listener_ = std::move(*listener);
  }

  void dial(ConnectOptions options = {}, std::uint16_t port = 0) {
    if (options.url.empty())
      options.url = "ws://127.0.0.1:" + std::to_string(port == 0 ? listener_->port() : port);
    if (!options.hello) options.hello = [](const Hash&) { return to_bytes("hello, hub"); };
    attempt_ = connect(loop_, options, here_notes_,
                       [this](tl::expected<std::unique_ptr<Channel>, NoChannel> result) {
                         ++answers_;
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
  }

  bool until(const std::function<bool()>& fine, milliseconds most = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + most;
    while (!fine() && std::chrono::steady_clock::now() < deadline) loop_.run_for(2ms);
    return fine();
  }

  /// Speaks raw TCP with the listener from another thread. @return all that came back.
  std::string raw(const std::string& text) {
    auto asked = std::async(std::launch::async, [port = listener_->port(), text] {
      const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port);
      std::string answer;
      if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
          send(socket, text.data(), text.size(), MSG_NOSIGNAL) >= 0) {
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

  /// Upgrades as any caller, then sends the same bytes again and again. @return whether it was cut off.
  bool flooded_out(const std::string& bytes, std::chrono::seconds most = 8s) {
    auto flood = std::async(std::launch::async, [port = listener_->port(), bytes, most] {
      const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port);
      const std::string upgrade =
          "GET /wasl HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Protocol: wasl.1\r\nWasl-Hello: aGk\r\n\r\n";
      char room[4096];
      bool cut = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
                 send(socket, upgrade.data(), upgrade.size(), MSG_NOSIGNAL) < 0 ||
                 recv(socket, room, sizeof room, 0) <= 0;
      const auto end = std::chrono::steady_clock::now() + most;
      while (!cut && std::chrono::steady_clock::now() < end) {
        cut = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0;
        while (recv(socket, room, sizeof room, MSG_DONTWAIT) > 0) continue;
      }
      close(socket);
      return cut;
    });
    EXPECT_TRUE(until([&] { return flood.wait_for(0s) == std::future_status::ready; }, most + 2s));
    return flood.get();
  }

  Loop loop_;
  Notes here_notes_, there_notes_;
  std::function<void(Channel&)> greet_;
  std::optional<RefuseLink> refusal_;
  Bytes hello_;
  std::string remote_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Channel> here_, there_;
  std::unique_ptr<Attempt> attempt_;
  std::optional<NoChannel> failure_;
  int answers_ = 0;
};

LinkOptions quick() { return {.idle_limit = 300ms, .ping_every = 60ms, .close_limit = 500ms}; }

TEST_F(NetTest, EchoesMessagesFromOneByteToOneMebibyte) {
  listen();
  there_notes_.then = [&](ByteView bytes) { there_->send(std::make_shared<const Bytes>(to_bytes(bytes))); };
  link();
  std::uint64_t sum = 0;
  std::vector<std::size_t> sizes{1, 125, 126, 1000, 65535, 65536, 300'000, limits::kFrameBytes};
  for (const std::size_t size : sizes) {
    here_->send(message(size, static_cast<Byte>(size)));
    sum += size;
  }
  ASSERT_TRUE(until([&] { return here_notes_.messages.size() == sizes.size(); }));
  for (std::size_t i = 0; i < sizes.size(); ++i)
    EXPECT_EQ(here_notes_.messages[i], *message(sizes[i], static_cast<Byte>(sizes[i])));
  EXPECT_EQ(here_->traffic().payload_out, sum);
  EXPECT_EQ(here_->traffic().payload_in, sum);
  EXPECT_EQ(there_->traffic().messages_in, sizes.size());
  EXPECT_EQ(here_->queued_bytes(), 0U);
  EXPECT_GT(here_notes_.writable, 0);
}

TEST_F(NetTest, TheHelloArrivesWithTheUpgradeAndTheFirstMessagesWithItsAnswer) {
  listen();
  test::Relay relay({.to_port = listener_->port()});
  greet_ = [](Channel& channel) {
    for (Byte i = 0; i < 3; ++i) channel.send(message(100, i));
  };
  ConnectOptions options;
  options.hello = [](const Hash&) { return *message(1024, 200); };
  link(options, relay.port());
  ASSERT_TRUE(until([&] { return here_notes_.messages.size() == 3; }));
  EXPECT_EQ(hello_, *message(1024, 200));
  EXPECT_TRUE(remote_.starts_with("127.0.0.1:"));
  const LinkTraffic& here = here_->traffic();
  const LinkTraffic& there = there_->traffic();
  EXPECT_EQ(relay.bytes_up(), here.upgrade_out) << "the caller sent nothing but its request";
  EXPECT_EQ(relay.bytes_down(), here.upgrade_in + 3 * (100 + 2)) << "two bytes of frame header each";
  EXPECT_EQ(here.upgrade_out, there.upgrade_in);
  EXPECT_EQ(here.upgrade_in, there.upgrade_out);
  RecordProperty("request_bytes_with_hello_of_1024", static_cast<int>(here.upgrade_out));
  RecordProperty("response_bytes", static_cast<int>(here.upgrade_in));
}

TEST_F(NetTest, AMessageOverTheLimitClosesTheLinkInWords) {
  ListenOptions options;
  options.link.message_limit_bytes = 64 * 1024;
  listen(options);
  link();
  here_->send(message(64 * 1024 + 1));
  ASSERT_TRUE(until([&] { return here_notes_.end && there_notes_.end; }));
  EXPECT_EQ(there_notes_.end->error.value().code, Errc::limit_exceeded);
  EXPECT_EQ(here_notes_.end->error.value().code, Errc::limit_exceeded);
  EXPECT_EQ(here_notes_.end->code, 1009);
  EXPECT_EQ(here_notes_.end->error->message, "the other end refused a message as too large");
  EXPECT_TRUE(there_notes_.messages.empty());
}

TEST_F(NetTest, ARefusalReachesTheCallerWithItsWords) {
  listen();
  refusal_ =
      RefuseLink{403, R"({"error":{"code":"unauthorised","message":"this device is not known","hint":""}})"};
  dial();
  ASSERT_TRUE(until([&] { return failure_.has_value(); }));
  EXPECT_EQ(failure_->error.code, Errc::no_link);
  EXPECT_NE(failure_->error.message.find("HTTP 403"), std::string::npos);
  EXPECT_EQ(failure_->http_status, 403);
  EXPECT_EQ(failure_->body, refusal_->json);
  EXPECT_EQ(answers_, 1);
}

TEST_F(NetTest, ALongRefusalIsCut) {
  listen();
  refusal_ = RefuseLink{503, std::string(100'000, 'x')};
  dial();
  ASSERT_TRUE(until([&] { return failure_.has_value(); }));
  EXPECT_EQ(failure_->body.size(), 4096U);
}

TEST_F(NetTest, TellsWhyThereIsNoLink) {
  listen();
  const auto port = std::to_string(listener_->port());
  const auto outcome = [&](const std::string& url) {
    failure_.reset();
    dial({.url = url, .handshake_limit = 300ms});
    EXPECT_TRUE(until([&] { return failure_.has_value(); })) << url;
    return failure_.value_or(NoChannel{{Errc::corrupt, "no answer", {}}}).error;
  };
  EXPECT_NE(
      outcome("wss://127.0.0.1:" + port + "#pin=" + std::string(43, 'A')).message.find("does not speak TLS"),
      std::string::npos);
  EXPECT_EQ(outcome("ftp://127.0.0.1:" + port).code, Errc::invalid_value);
  EXPECT_NE(outcome("ws://127.0.0.1:" + port + "/elsewhere").message.find("HTTP 404"), std::string::npos);
  EXPECT_NE(outcome("ws://127.0.0.1:1").message.find("refuses"), std::string::npos);
  EXPECT_EQ(outcome("ws://no-such-host.invalid:1").code, Errc::no_link);
  test::Relay silent({.to_port = listener_->port()});
  silent.freeze(true);
  EXPECT_NE(outcome("ws://127.0.0.1:" + std::to_string(silent.port())).message.find("within 0.3 s"),
            std::string::npos);
}

TEST_F(NetTest, AnAttemptThatIsGivenUpIsNotHeardOfAgain) {
  listen();
  dial();
  attempt_.reset();
  loop_.run_for(100ms);
  EXPECT_EQ(answers_, 0);
}

TEST_F(NetTest, GoodbyeBringsWhatWasQueuedBefore) {
  listen();
  link();
  for (int i = 0; i < 20; ++i) there_->send(message(100'000));
  there_->close(CloseCode::going_away, "the hub restarts");
  there_->send(message(1));  // too late, ignored
  ASSERT_TRUE(until([&] { return here_notes_.end && there_notes_.end; }));
  EXPECT_EQ(here_notes_.messages.size(), 20U);
  EXPECT_FALSE(here_notes_.end->error);
  EXPECT_EQ(here_notes_.end->code, 1001);
  EXPECT_EQ(here_notes_.end->reason, "the hub restarts");
  EXPECT_FALSE(there_notes_.end->error);
}

TEST_F(NetTest, AGoodbyeForARuleIsAnErrorForTheOther) {
  listen();
  link();
  there_->close(CloseCode::policy,
                std::string(122, 'x') + "\u00e9");  // cut between characters, not inside one
  ASSERT_TRUE(until([&] { return here_notes_.end.has_value(); }));
  EXPECT_EQ(here_notes_.end->error.value().code, Errc::no_link);
  EXPECT_EQ(here_notes_.end->reason, std::string(122, 'x'));
}

TEST_F(NetTest, AGoodbyeThatNobodyAnswersEndsToo) {
  ListenOptions options;
  options.link.close_limit = 100ms;
  listen(options);
  test::Relay relay({.to_port = listener_->port()});
  link({}, relay.port());
  relay.freeze(true);
  there_->close(CloseCode::normal, "");
  ASSERT_TRUE(until([&] { return there_notes_.end.has_value(); }, 2s));
  EXPECT_TRUE(there_notes_.end->error);
}

TEST_F(NetTest, ABrokenLineIsAnError) {
  listen();
  test::Relay relay({.to_port = listener_->port(), .cut_after = 20'000});
  link({}, relay.port());
  here_->send(message(100'000));
  ASSERT_TRUE(until([&] { return here_notes_.end && there_notes_.end; }));
  EXPECT_EQ(here_notes_.end->error.value().code, Errc::no_link);
  EXPECT_EQ(there_notes_.end->error.value().code, Errc::no_link);
  EXPECT_EQ(relay.bytes_up() + relay.bytes_down(), 20'000U);
}

TEST_F(NetTest, BothSidesNoticeAHalfOpenLink) {
  ListenOptions options;
  options.link = quick();
  listen(options);
  test::Relay relay({.to_port = listener_->port()});
  link({.link = quick()}, relay.port());
  relay.freeze(true);
  ASSERT_TRUE(until([&] { return here_notes_.end && there_notes_.end; }, 3s));
  EXPECT_EQ(here_notes_.end->error.value().message, "nothing came through for 0.3 s");
  EXPECT_EQ(there_notes_.end->error.value().code, Errc::no_link);
}

TEST_F(NetTest, AnIdleLinkStaysByItsPings) {
  ListenOptions options;
  options.link = quick();
  listen(options);
  link({.link = quick()});
  loop_.run_for(900ms);
  EXPECT_FALSE(here_notes_.end);
  EXPECT_FALSE(there_notes_.end);
}

TEST_F(NetTest, ALongUploadOverASlowLineIsNotTakenForDead) {
  ListenOptions options;
  options.link = quick();
  listen(options);
  test::Relay relay({.to_port = listener_->port(), .rate_up = 2'000'000});
  link({.link = quick()}, relay.port());
  here_->send(message(400'000));  // 1.6 s, five times the limit
  ASSERT_TRUE(until([&] { return there_notes_.messages.size() == 1 || here_notes_.end; }));
  EXPECT_EQ(there_notes_.messages.size(), 1U) << here_notes_.end->error->message;
}

TEST_F(NetTest, AReaderThatDoesNotReadIsCut) {
  ListenOptions options;
  options.link.queue_limit_bytes = 1024 * 1024;
  listen(options);
  test::Relay relay({.to_port = listener_->port(), .rate_down = 1'000'000});
  link({}, relay.port());
  for (int i = 0; i < 64 && !there_notes_.end; ++i) {
    there_->send(message(256 * 1024));
    loop_.run_for(2ms);
  }
  ASSERT_TRUE(until([&] { return there_notes_.end.has_value(); }));
  EXPECT_EQ(there_notes_.end->error.value().code, Errc::limit_exceeded);
  EXPECT_EQ(there_->queued_bytes(), 0U);
}

TEST_F(NetTest, AChannelMayBeDestroyedWhileItTellsSomething) {
  listen();
  greet_ = [](Channel& channel) {
    channel.send(message(1));
    channel.send(message(2));
  };
  here_notes_.then = [&](ByteView) { here_.reset(); };
  dial();
  ASSERT_TRUE(until([&] { return there_notes_.end.has_value(); }));
  EXPECT_EQ(here_notes_.messages.size(), 1U);
  EXPECT_FALSE(here_notes_.end) << "no farewell to who has destroyed it";
}

TEST_F(NetTest, AnswersPagesOnTheSamePort) {
  listen();
  const std::string page = raw("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(page.starts_with("HTTP/1.1 200 OK\r\n")) << page;
  EXPECT_TRUE(page.ends_with("\r\n\r\nGET /health\n")) << page;
  EXPECT_TRUE(raw("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("\r\n\r\n"));
  EXPECT_TRUE(raw("GET /wasl HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(
      raw("POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 405"));
}

TEST_F(NetTest, RefusesWhatIsNoRequest) {
  listen();
  EXPECT_TRUE(raw("gibberish\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(raw("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431"));
  const std::string upgrade =
      "GET /wasl HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";
  EXPECT_TRUE(raw(upgrade + "Sec-WebSocket-Protocol: wasl.1\r\n\r\n").starts_with("HTTP/1.1 400"))
      << "no hello";
  EXPECT_TRUE(
      raw(upgrade + "Wasl-Hello: aGk\r\nSec-WebSocket-Protocol: other\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(raw(upgrade + "Wasl-Hello: aGk\r\nSec-WebSocket-Protocol: wasl.1\r\n\r\nearly")
                  .starts_with("HTTP/1.1 400"));
  EXPECT_EQ(there_, nullptr);
}

TEST_F(NetTest, ACallerWhoSaysNothingIsDropped) {
  ListenOptions options;
  options.header_limit = 100ms;
  options.unupgraded_limit = 1;
  listen(options);
  EXPECT_EQ(raw("GET /health HT"), "") << "the time is over";
  EXPECT_NE(raw("GET /health HTTP/1.1\r\n\r\n"), "") << "and the place is free again";
}

TEST_F(NetTest, WhoHoldsConnectionsOpenShutsNobodyOut) {
  ListenOptions options;
  options.unupgraded_limit = 3;
  listen(options);
  std::vector<int> held;
  for (int i = 0; i < 8; ++i) {
    held.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener_->port());
    ASSERT_EQ(::connect(held.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(raw("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200"));
  char room[1];
  EXPECT_EQ(recv(held.front(), room, 1, MSG_DONTWAIT), 0) << "the oldest had to go";
  EXPECT_LT(recv(held.back(), room, 1, MSG_DONTWAIT), 0) << "the newest is still there";
  for (const int socket : held) close(socket);
}

TEST_F(NetTest, FloodsWithoutContentAreCutOff) {
  listen();
  std::string pings, empty_fragments, tiny_fragments;
  const std::string mask(4, '\0');
  for (int i = 0; i < 1000; ++i) {
    pings += "\x89\x80" + mask;
    empty_fragments += std::string(i == 0 ? "\x02" : "\0", 1) + "\x80" + mask;
    tiny_fragments += std::string(i == 0 ? "\x02" : "\0", 1) + "\x81" + mask + "x";
  }
  tiny_fragments += "\x80\x80" + mask;
  EXPECT_TRUE(flooded_out(pings));
  EXPECT_TRUE(flooded_out(tiny_fragments));
  empty_fragments += "\x80\x80" + mask;
  EXPECT_TRUE(flooded_out(empty_fragments));
}

TEST_F(NetTest, AMessageThatDripsIsNotWaitedFor) {
  ListenOptions options;
  options.link = quick();
  listen(options);
  const auto began = std::chrono::steady_clock::now();
  // A message of 1 MiB is announced; then a byte comes whenever the sender is asked.
  auto drip = std::async(std::launch::async, [port = listener_->port()] {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const std::string upgrade =
        "GET /wasl HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: wasl.1\r\nWasl-Hello: aGk\r\n\r\n";
    const std::string head("\x82\xFF\0\0\0\0\0\x10\0\0\0\0\0\0", 14);
    char room[4096];
    bool cut = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
               send(socket, upgrade.data(), upgrade.size(), MSG_NOSIGNAL) < 0 ||
               recv(socket, room, sizeof room, 0) <= 0 ||
               send(socket, head.data(), head.size(), MSG_NOSIGNAL) < 0;
    for (int i = 0; i < 400 && !cut; ++i) {
      cut = send(socket, "x", 1, MSG_NOSIGNAL) < 0;
      std::this_thread::sleep_for(20ms);
    }
    close(socket);
    return cut;
  });
  EXPECT_TRUE(until([&] { return drip.wait_for(0s) == std::future_status::ready; }));
  EXPECT_TRUE(drip.get());
  EXPECT_LT(std::chrono::steady_clock::now() - began, 6s);
}

TEST_F(NetTest, ATakenPortIsLocked) {
  listen();
  ListenOptions options;
  options.address = "127.0.0.1:" + std::to_string(listener_->port());
  const auto second = Listener::open(loop_, options, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::locked);
  options.address = "localhost";
  EXPECT_EQ(Listener::open(loop_, options, {}).error().code, Errc::invalid_value);
}

TEST(LinkUrl, HasAHostAPortAndAPath) {
  const auto url = parse_url("ws://[::1]:7707/a/b").value();
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, "7707");
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(parse_url("ws://hub.example").value().port, "80");
  EXPECT_EQ(parse_url("ws://hub.example/").value().path, "/wasl");
  EXPECT_FALSE(url.tls);
  const auto pinned = parse_url("wss://hub.example/w#pin=" + std::string(43, 'A')).value();
  EXPECT_TRUE(pinned.tls);
  EXPECT_EQ(pinned.port, "443");
  EXPECT_EQ(pinned.path, "/w");
  EXPECT_EQ(pinned.pin, Hash{});
  EXPECT_FALSE(parse_url("wss://hub.example").value().pin);
  EXPECT_FALSE(pinned.posts);
  const auto posts = parse_url("https://hub.example#pin=" + std::string(43, 'A')).value();
  EXPECT_TRUE(posts.posts && posts.tls && posts.pin);
  EXPECT_EQ(posts.port, "443");
  EXPECT_FALSE(parse_url("http://hub.example").value().tls);
  for (const char* bad :
       {"", "hub", "ws://", "ws://:1", "ws://a:0", "ws://a:99999", "ws://a:b", "ws://u@a", "ws://a b",
        "ws://[::1", "ws://a/\r\nX: y", "ws://a/#pin=AA", "wss://a/#pin=AA", "wss://a#name=b", "wss://#pin="})
    EXPECT_EQ(parse_url(bad).error().code, Errc::invalid_value) << bad;
}

class LocalSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "wasl-net-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "socket"; }

  Result<std::string> ask(const std::string& question, milliseconds limit = 5s) {
    auto asked = std::async(std::launch::async,
                            [this, question, limit] { return local_request(path(), question, limit); });
    while (asked.wait_for(0s) != std::future_status::ready) loop_.run_for(2ms);
    return asked.get();
  }

  Loop loop_;

 private:
  std::filesystem::path folder_;
};

std::string echo(const std::string& line) { return "{\"asked\":" + line + "}"; }

TEST_F(LocalSocketTest, AnswersALineWithADocument) {
  auto server = LocalServer::open(loop_, path(), echo).value();
  EXPECT_EQ(ask("{\"do\":\"status\"}").value(), "{\"asked\":{\"do\":\"status\"}}");
  const std::string large(900'000, 'x');
  EXPECT_EQ(ask(large).value().size(), large.size() + 10);
}

TEST_F(LocalSocketTest, IsOpenToItsOwnerOnly) {
  const auto server = LocalServer::open(loop_, path(), echo).value();
  struct stat found {};
  ASSERT_EQ(stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(LocalSocketTest, ReplacesAStaleSocketAndNothingElse) {
  const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().native().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(stale);
  EXPECT_EQ(ask("{}").error().code, Errc::not_found);
  {
    const auto server = LocalServer::open(loop_, path(), echo);
    ASSERT_TRUE(server) << server.error().message;
    EXPECT_EQ(LocalServer::open(loop_, path(), echo).error().code, Errc::locked);
    EXPECT_TRUE(ask("{}")) << "the second one did not take the socket away";
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
  std::ofstream(path()) << "a file";
  EXPECT_EQ(LocalServer::open(loop_, path(), echo).error().code, Errc::conflict);
}

TEST_F(LocalSocketTest, SaysWhenNobodyAnswers) {
  EXPECT_EQ(ask("{}").error().code, Errc::not_found);
  const auto server = LocalServer::open(loop_, path(), echo).value();
  EXPECT_EQ(local_request(path(), "{}", 50ms).error().code, Errc::no_link) << "the loop does not run";
}

TEST(Loop, RunsWhatIsPostedAndStops) {
  Loop loop;
  int ran = 0;
  loop.post([&] {
    ++ran;
    loop.stop();
  });
  EXPECT_EQ(ran, 0);
  loop.run();
  EXPECT_EQ(ran, 1);
}

TEST(Loop, ASignalAsksFirstAndASecondStops) {
  Loop loop;
  int asked = 0;
  loop.on_signal([&] {
    ++asked;
    std::raise(SIGTERM);
  });
  std::raise(SIGINT);
  loop.run();
  EXPECT_EQ(asked, 1);
}

TEST(Timer, FiresOnceAndNotAfterCancel) {
  Loop loop;
  Timer timer(loop);
  int fired = 0;
  timer.start(1ms, [&] { fired += 100; });
  timer.start(2ms, [&] { ++fired; });
  loop.run_for(30ms);
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.armed());
  timer.start(1ms, [&] { ++fired; });
  std::this_thread::sleep_for(5ms);  // due, but not run yet
  timer.cancel();
  loop.run_for(10ms);
  EXPECT_EQ(fired, 1);
}

TEST(Timer, MayEndInsideItsOwnCall) {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop);
  bool fired = false;
  timer->start(1ms, [&] {
    timer.reset();
    fired = true;
  });
  loop.run_for(20ms);
  EXPECT_TRUE(fired);
}

TEST(BackoffTimer, WaitsLongerUpToABoundAndShortAgainAfterReset) {
  struct Half : Random {
    void fill(std::span<Byte> out) override {
      std::fill(out.begin(), out.end(), Byte{0});
      out[0] = 0x80;
    }
  } random;
  Loop loop;
  BackoffTimer timer(loop, random, {.first = 1000ms, .doubles_below = 3200ms, .most = 3500ms});
  EXPECT_EQ(timer.start([] {}), 750ms);
  EXPECT_EQ(timer.start([] {}), 1500ms);
  EXPECT_EQ(timer.start([] {}), 2400ms);
  EXPECT_EQ(timer.start([] {}), 2550ms);
  EXPECT_EQ(timer.start([] {}), 2625ms);
  EXPECT_EQ(timer.start([] {}), 2625ms);
  timer.reset();
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(timer.start([] {}), 750ms);
}

}  // namespace
}  // namespace wasl
