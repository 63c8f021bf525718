#include "shared/net/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace wasl {
namespace {

constexpr std::string_view kExporterLabel = "EXPORTER-Channel-Binding";  // RFC 9266, section 4.2

template <class T, void (*free_it)(T*)>
struct Freed {
  void operator()(T* what) const { free_it(what); }
};
using CertificatePtr = std::unique_ptr<X509, Freed<X509, X509_free>>;

/// The last thing that OpenSSL complained of on this thread, and nothing of it is left behind.
std::string complaint() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* words = code == 0 ? nullptr : ERR_reason_error_string(code);
  return words == nullptr ? "no reason is given" : words;
}

Hash pin_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  Hash pin;
  SHA256(der, static_cast<std::size_t>(size), pin.bytes.data());
  OPENSSL_free(der);
  return pin;
}

// ── Bytes to and from the socket. OpenSSL's own writes with write(), and a peer that is gone would end the
//    program by SIGPIPE.

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = send(static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))), data,
                         static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = recv(static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))), data,
                        static_cast<std::size_t>(size), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long bio_control(BIO* bio, int what, long, void*) {
  if (what == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* bio_of(int descriptor) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "wasl");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  return bio;
}

ssl_ctx_st* new_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  // Buffers go while nothing comes; and the link's own goodbye has been said when the socket closes.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_quiet_shutdown(context, 1);
  return context;
}

}  // namespace

// ── The hub's certificate

TlsIdentity::~TlsIdentity() = default;

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::load(const std::filesystem::path& certificate,
                                                             const std::filesystem::path& key) {
  WASL_LET(const Hash pin, pin_of_certificate(certificate));
  std::shared_ptr<TlsIdentity> out(new TlsIdentity(Context(new_context(TLS_server_method()), SSL_CTX_free)));
  SSL_CTX* const context = out->context();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return fail(Errc::invalid_value, certificate.string() + " holds no certificate chain: " + complaint(),
                "name the PEM file with the hub's certificate first and those that sign it behind");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string why = complaint();
    const bool other = why.find("mismatch") != std::string::npos;
    std::error_code gone;
    if (!std::filesystem::exists(key, gone))
      return fail(Errc::not_found, "there is no key file " + key.string(), "check the path of --tls-key");
    return fail(Errc::invalid_value,
                key.string() + (other ? " is the key of another certificate" : " holds no key: " + why),
                "name the PEM file with the key of " + certificate.string() + ", without a passphrase");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return fail(Errc::invalid_value, key.string() + " is not the key of " + certificate.string(),
                "name the key that the certificate was made for");
  }
  // A ticket holds all there is to know: nothing is kept here of links that have ended.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  const auto* const tag = reinterpret_cast<const unsigned char*>("wasl");
  SSL_CTX_set_session_id_context(context, tag, 4);
  out->pin_ = pin;
  X509* const own = SSL_CTX_get0_certificate(context);
  out->self_signed_ = X509_check_issued(own, own) == X509_V_OK;
  return std::shared_ptr<const TlsIdentity>(std::move(out));
}

Result<Hash> pin_of_certificate(const std::filesystem::path& file) {
  const std::unique_ptr<BIO, Freed<BIO, BIO_free_all>> in(BIO_new_file(file.c_str(), "r"));
  if (in == nullptr) {
    ERR_clear_error();
    return fail(Errc::not_found, "the certificate " + file.string() + " cannot be read",
                "check the path of the certificate, and who may read it");
  }
  const CertificatePtr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return fail(Errc::invalid_value, file.string() + " holds no certificate: " + complaint(),
                "name a PEM file that begins with -----BEGIN CERTIFICATE-----");
  }
  return pin_of(certificate.get());
}

// ── One end

struct TlsEnd::State {
  std::shared_ptr<const TlsIdentity> identity;
  TlsExpectation expectation;
  std::unique_ptr<SSL, Freed<SSL, SSL_free>> ssl;
  bool calls = false;
  std::string failure;  ///< first complaint
};

namespace {

int keep_session(SSL* ssl, SSL_SESSION* session) {
  const auto* expectation = static_cast<const TlsExpectation*>(SSL_get_app_data(ssl));
  unsigned char* der = nullptr;
  const int size = i2d_SSL_SESSION(session, &der);
  if (size > 0) {
    if (expectation != nullptr && expectation->keep_session)
      expectation->keep_session(Bytes(der, der + size));
    OPENSSL_free(der);
  }
  return 0;  // it stays OpenSSL's
}

/// Made once: a machine trusts more than a hundred certificates, and all are read.
SSL_CTX* calling_context(bool trusting) {
  const auto make = [](bool trusts) {
    SSL_CTX* context = new_context(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    if (trusts) SSL_CTX_set_default_verify_paths(context);
    return context;
  };
  if (trusting) {
    static SSL_CTX* const with_trust = make(true);
    return with_trust;
  }
  static SSL_CTX* const by_pin = make(false);
  return by_pin;
}

bool is_number(const std::string& host) {
  std::array<unsigned char, 16> room{};
  return inet_pton(AF_INET, host.c_str(), room.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), room.data()) == 1;
}

void expect_name(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
  if (is_number(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
  }
}

}  // namespace

TlsEnd::TlsEnd(const std::shared_ptr<const TlsIdentity>& identity, int descriptor)
    : state_(std::make_unique<State>()) {
  state_->identity = identity;
  state_->ssl.reset(SSL_new(identity->context()));
  if (state_->ssl == nullptr) throw std::bad_alloc();
  BIO* const bio = bio_of(descriptor);
  SSL_set_bio(state_->ssl.get(), bio, bio);
  SSL_set_accept_state(state_->ssl.get());
}

TlsEnd::TlsEnd(TlsExpectation expectation, int descriptor) : state_(std::make_unique<State>()) {
  state_->calls = true;
  state_->expectation = std::move(expectation);
  const TlsExpectation& expected = state_->expectation;
  state_->ssl.reset(SSL_new(calling_context(!expected.pin)));
  SSL* const ssl = state_->ssl.get();
  if (ssl == nullptr) throw std::bad_alloc();
  SSL_set_app_data(ssl, &state_->expectation);
  BIO* const bio = bio_of(descriptor);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  if (!is_number(expected.host)) SSL_set_tlsext_host_name(ssl, expected.host.c_str());
  if (!expected.pin) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    expect_name(ssl, expected.host);
  }
  if (expected.session.empty()) return;
  const unsigned char* at = expected.session.data();
  SSL_SESSION* const session = d2i_SSL_SESSION(nullptr, &at, static_cast<long>(expected.session.size()));
  if (session == nullptr) {
    ERR_clear_error();  // damaged: a whole handshake
    return;
  }
  if (SSL_SESSION_is_resumable(session) == 1) SSL_set_session(ssl, session);
  SSL_SESSION_free(session);
}

TlsEnd::~TlsEnd() = default;

TlsEnd::Step TlsEnd::step_of(int result) {
  switch (SSL_get_error(state_->ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Outcome::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {Outcome::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Outcome::ended};
    default: {
      const unsigned long code = ERR_peek_last_error();
      const bool cut = code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
      const std::string words = complaint();
      if (state_->failure.empty()) state_->failure = cut ? "the other end closed the connection" : words;
      return {cut ? Outcome::ended : Outcome::failed};
    }
  }
}

TlsEnd::Step TlsEnd::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(state_->ssl.get());
  if (result != 1) return step_of(result);
  const auto& pin = state_->expectation.pin;
  if (!pin) return {Outcome::done};
  const auto seen = binding();
  return {seen && seen->certificate == *pin ? Outcome::done : Outcome::failed};
}

TlsEnd::Step TlsEnd::read(void* data, std::size_t size) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(state_->ssl.get(), data, size, &got);
  return result == 1 ? Step{Outcome::done, got} : step_of(result);
}

TlsEnd::Step TlsEnd::write(const void* data, std::size_t size) {
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(state_->ssl.get(), data, size, &sent);
  return result == 1 ? Step{Outcome::done, sent} : step_of(result);
}

Error TlsEnd::error() const {
  const State& state = *state_;
  const long verdict = SSL_get_verify_result(state.ssl.get());
  if (state.expectation.pin && state.failure.empty()) {
    return {Errc::no_link, "shows another certificate than the address names (pin)",
            "somebody may stand between: ask the secretariat for the hub's address of today"};
  }
  if (state.calls && !state.expectation.pin && verdict == X509_V_ERR_CERT_NOT_YET_VALID) {
    return {Errc::no_link, "shows a certificate that is not valid yet by this machine's clock",
            "check the date of this machine"};
  }
  if (state.calls && !state.expectation.pin && verdict == X509_V_ERR_CERT_HAS_EXPIRED) {
    return {Errc::no_link, "shows a certificate that has expired by this machine's clock",
            "check the date of this machine; if it is right, tell the secretariat"};
  }
  if (state.calls && !state.expectation.pin && verdict != X509_V_OK) {
    return {Errc::no_link,
            std::string("shows a certificate that this machine does not trust: ") +
                X509_verify_cert_error_string(verdict),
            "check the address; a hub with a certificate of its own needs the address with #pin= that its "
            "secretariat gives"};
  }
  if (state.calls && state.failure.find("wrong version number") != std::string::npos) {
    return {Errc::no_link, "does not speak TLS",
            "check the address: ws:// instead of wss://, or another port"};
  }
  return {Errc::no_link, "broke off while TLS began: " + state.failure, "try again; check the address"};
}

Result<TlsBinding> TlsEnd::binding() const {
  SSL* const ssl = state_->ssl.get();
  TlsBinding out;
  if (SSL_export_keying_material(ssl, out.exporter.bytes.data(), Hash::kSize, kExporterLabel.data(),
                                 kExporterLabel.size(), nullptr, 0, 1) != 1) {
    return fail(Errc::no_link, "TLS gives no channel binding: " + complaint());
  }
  const X509* const certificate = state_->calls ? SSL_get0_peer_certificate(ssl) : SSL_get_certificate(ssl);
  if (certificate != nullptr) out.certificate = pin_of(certificate);
  return out;
}

}  // namespace wasl
