// TLS under a link: who is believed, what a hello is bound to, and what the other end of a mistake reads.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "shared/net/listener.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/relay.hpp"

namespace wasl {
namespace {

using namespace std::chrono_literals;

/// Keeps what it hears.
struct Ear : ChannelHandler {
  void on_message(ByteView bytes) override { heard.push_back(to_bytes(bytes)); }
  void on_closed(const LinkEnd& how) override { end = how; }
  std::vector<Bytes> heard;
  std::optional<LinkEnd> end;
};

class Tls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wasl-tls-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    // What this machine trusts is read once, when the first link without a pin begins.
    trusted_ = test::make_certificate(folder_, "trusted", "IP:127.0.0.1");
    old_ = test::make_certificate(folder_, "old", "IP:127.0.0.1", -60);
    early_ = test::make_certificate(folder_, "early", "IP:127.0.0.1", 60);
    other_name_ = test::make_certificate(folder_, "other-name", "DNS:hub.example");
    std::ofstream all(folder_ / "all.pem");
    for (const auto& one : {trusted_, old_, early_, other_name_})
      all << std::ifstream(one.certificate).rdbuf();
    setenv("SSL_CERT_FILE", (folder_ / "all.pem").c_str(), 1);
  }
  static void TearDownTestSuite() {
    unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(folder_);
  }

  static std::shared_ptr<const TlsIdentity> identity(const test::CertificateFiles& files) {
    auto loaded = TlsIdentity::load(files.certificate, files.key);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : nullptr;
  }

  void listen(std::shared_ptr<const TlsIdentity> shown) {
    ListenOptions options;
    options.address = "127.0.0.1:0";
    options.header_limit = 500ms;
    options.tls = std::move(shown);
    ListenCallbacks callbacks;
    callbacks.on_upgrade = [this](ByteView hello, const Caller& caller) -> UpgradeAnswer {
      hello_ = to_bytes(hello);
      caller_ = caller;
      return AcceptLink{[this](std::unique_ptr<Channel> channel) -> ChannelHandler& {
        there_ = std::move(channel);
        there_->send(std::make_shared<const Bytes>(300, Byte{9}));
        return there_ear_;
      }};
    };
    auto listener = Listener::open(loop_, options, std::move(callbacks));
    ASSERT_TRUE(listener) << listener.error().message;
    listener_ = std::move(*listener);
  }

  [[nodiscard]] std::string url(const std::string& scheme, const std::string& fragment = {},
                                int port = 0) const {
    return scheme + "://127.0.0.1:" + std::to_string(port == 0 ? listener_->port() : port) + fragment;
  }
  static std::string pinned(const test::CertificateFiles& files) {
    return "#pin=" + to_base64url(pin_of_certificate(files.certificate)->view());
  }

  /// @return why there is no link; nothing when there is one.
  std::optional<NoChannel> dial(ConnectOptions options) {
    here_.reset();
    std::optional<tl::expected<std::unique_ptr<Channel>, NoChannel>> answer;
    options.hello = [this](const Hash& binding) {
      bound_to_ = binding;
      return to_bytes(binding.view());
    };
    options.handshake_limit = 3s;
    options.keep_tls_session = [this](Bytes session) { kept_.push_back(std::move(session)); };
    attempt_ = connect(loop_, options, here_ear_, [&](auto result) { answer = std::move(result); });
    until([&] { return answer.has_value(); });
    if (!answer) return NoChannel{Error{Errc::later, "no answer at all", {}}};
    if (!*answer) return answer->error();
    here_ = std::move(**answer);
    return std::nullopt;
  }

  bool until(const std::function<bool()>& fine) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!fine() && std::chrono::steady_clock::now() < deadline) loop_.run_for(2ms);
    return fine();
  }

  static inline std::filesystem::path folder_;
  static inline test::CertificateFiles trusted_, old_, early_, other_name_;
  Loop loop_;
  Ear here_ear_, there_ear_;
  std::unique_ptr<Channel> here_, there_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Attempt> attempt_;
  Bytes hello_;
  Caller caller_;
  Hash bound_to_;
  std::vector<Bytes> kept_;
};

TEST_F(Tls, CarriesWholeMessagesBothWays) {
  listen(identity(trusted_));
  const auto failure = dial({.url = url("wss")});
  ASSERT_FALSE(failure) << failure->error.message;
  ASSERT_TRUE(until([&] { return here_ear_.heard.size() == 1; })) << "it came with the answer";
  // Larger than a record, than the system's buffers, and many small ones between.
  for (const std::size_t size : {1UL, 100UL, 16'384UL, 16'385UL, 900'000UL, 7UL, 1'000'000UL}) {
    here_->send(std::make_shared<const Bytes>(size, Byte{1}));
    there_->send(std::make_shared<const Bytes>(size, Byte{2}));
  }
  ASSERT_TRUE(until([&] { return here_ear_.heard.size() == 8 && there_ear_.heard.size() == 7; }));
  EXPECT_EQ(here_ear_.heard[7], Bytes(1'000'000, Byte{2}));
  EXPECT_EQ(there_ear_.heard[4], Bytes(900'000, Byte{1}));
  here_->close(CloseCode::normal, "");
  ASSERT_TRUE(until([&] { return here_ear_.end && there_ear_.end; }));
  EXPECT_FALSE(here_ear_.end->error);
  EXPECT_FALSE(there_ear_.end->error);
}

TEST_F(Tls, TiesTheHelloToThisConnectionAlone) {
  listen(identity(trusted_));
  ASSERT_FALSE(dial({.url = url("wss")}));
  const Hash first = bound_to_;
  EXPECT_EQ(hello_, to_bytes(first.view()));
  ASSERT_TRUE(caller_.tls);
  EXPECT_EQ(caller_.tls->exporter, first) << "both ends see the same connection";
  EXPECT_EQ(caller_.tls->certificate, *pin_of_certificate(trusted_.certificate));
  ASSERT_FALSE(dial({.url = url("wss")}));
  EXPECT_NE(bound_to_, first);
  ASSERT_FALSE(dial({.url = url("wss"), .binds_certificate = true}));
  EXPECT_EQ(bound_to_, *pin_of_certificate(trusted_.certificate)) << "what a proxy can know too";
}

TEST_F(Tls, AnEarlierSessionSavesTheCertificate) {
  listen(identity(trusted_));
  const auto bytes_of = [&](Bytes session) {
    test::Relay relay({.to_port = listener_->port()});
    here_ear_.heard.clear();
    EXPECT_FALSE(dial({.url = url("wss", "", relay.port()), .tls_session = std::move(session)}));
    EXPECT_TRUE(until([&] { return here_ear_.heard.size() == 1; }));
    here_.reset();
    return relay.bytes_down();
  };
  const auto whole = bytes_of({});
  ASSERT_FALSE(kept_.empty());
  const Hash before = bound_to_;
  const auto resumed = bytes_of(kept_.back());
  EXPECT_LT(resumed + 400, whole) << "no certificate and no signature over it";
  EXPECT_NE(bound_to_, before);
  EXPECT_EQ(caller_.tls->exporter, bound_to_);
  EXPECT_GE(bytes_of(Bytes(100, Byte{3})) + 50, whole) << "damaged: a whole handshake, no error";
  RecordProperty("handshake_bytes_down", static_cast<int>(whole));
  RecordProperty("resumed_bytes_down", static_cast<int>(resumed));
}

TEST_F(Tls, APinCountsInThePlaceOfNameDateAndIssuer) {
  const auto own = test::make_certificate(folder_, "own", "DNS:elsewhere.example", -60);
  listen(identity(own));
  const auto failure = dial({.url = url("wss", pinned(own))});
  EXPECT_FALSE(failure) << failure->error.message;
  const auto other = dial({.url = url("wss", pinned(trusted_))});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->error.code, Errc::no_link);
  EXPECT_NE(other->error.message.find("another certificate than the address names"), std::string::npos);
}

TEST_F(Tls, ACertificateIsCheckedAndTheWordsSayWhatIsWrong) {
  const auto words = [&](const test::CertificateFiles& shown) {
    listen(identity(shown));
    const auto failure = dial({.url = url("wss")});
    return failure ? failure->error.message : std::string();
  };
  EXPECT_EQ(words(trusted_), "");
  EXPECT_NE(words(old_).find("has expired by this machine's clock"), std::string::npos);
  EXPECT_NE(words(early_).find("not valid yet by this machine's clock"), std::string::npos);
  EXPECT_NE(words(other_name_).find("does not trust: "), std::string::npos);
  const auto strange = test::make_certificate(folder_, "strange", "IP:127.0.0.1");
  EXPECT_NE(words(strange).find("does not trust: "), std::string::npos);
}

TEST_F(Tls, WhoSpeaksOtherwiseIsToldSo) {
  listen(identity(trusted_));
  const auto plain = dial({.url = url("ws")});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->http_status, 400);
  EXPECT_NE(plain->body.find("wss://"), std::string::npos) << plain->body;
  listen(nullptr);
  const auto encrypted = dial({.url = url("wss")});
  ASSERT_TRUE(encrypted);
  EXPECT_NE(encrypted->error.message.find("does not speak TLS"), std::string::npos)
      << encrypted->error.message;
}

TEST_F(Tls, WhoeverStopsInTheHandshakeIsShownOut) {
  listen(identity(trusted_));
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(listener_->port());
  ASSERT_EQ(::connect(silent, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const Bytes beginning{0x16, 0x03, 0x01, 0x02, 0x00};  // of a record that never comes
  ASSERT_EQ(send(silent, beginning.data(), beginning.size(), MSG_NOSIGNAL), 5);
  char room = 0;
  EXPECT_TRUE(until([&] { return recv(silent, &room, 1, MSG_DONTWAIT) == 0; })) << "after header_limit";
  close(silent);
  EXPECT_FALSE(dial({.url = url("wss")})) << "others are served as before";
}

TEST_F(Tls, AnotherCertificateIsShownFromThenOn) {
  listen(identity(trusted_));
  ASSERT_FALSE(dial({.url = url("wss", pinned(trusted_))}));
  const auto kept = std::move(here_);
  const auto kept_there = std::move(there_);
  const auto next = test::make_certificate(folder_, "renewed", "IP:127.0.0.1");
  listener_->show(identity(next));
  EXPECT_FALSE(dial({.url = url("wss", pinned(next))}));
  EXPECT_TRUE(dial({.url = url("wss", pinned(trusted_))}));
  EXPECT_FALSE(here_ear_.end) << "links that were open go on";
}

TEST_F(Tls, FilesThatAreNoIdentityAreNamed) {
  const auto code = [](const std::filesystem::path& certificate, const std::filesystem::path& key) {
    const auto loaded = TlsIdentity::load(certificate, key);
    EXPECT_FALSE(loaded);
    return loaded ? Errc::later : loaded.error().code;
  };
  EXPECT_EQ(code(folder_ / "none.pem", trusted_.key), Errc::not_found);
  EXPECT_EQ(code(trusted_.certificate, folder_ / "none.key"), Errc::not_found);
  EXPECT_EQ(code(trusted_.key, trusted_.key), Errc::invalid_value);
  EXPECT_EQ(code(trusted_.certificate, trusted_.certificate), Errc::invalid_value);
  EXPECT_EQ(code(trusted_.certificate, old_.key), Errc::invalid_value);
  EXPECT_TRUE(identity(trusted_)->is_self_signed());
}

}  // namespace
}  // namespace wasl
