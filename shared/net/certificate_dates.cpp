#include "shared/net/certificate_dates.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>

namespace wasl {
namespace {

template <class T, void (*free_it)(T*)>
struct Freed {
  void operator()(T* what) const { free_it(what); }
};
using CertificatePtr = std::unique_ptr<X509, Freed<X509, X509_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL, SSL_free>>;
using AddressPtr = std::unique_ptr<addrinfo, Freed<addrinfo, freeaddrinfo>>;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// OpenSSL's own socket writes with write(): a peer that is gone would end the program by SIGPIPE.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() {
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{}, before_{};
};

Result<Millis> end_of(const X509* certificate) {
  tm parts{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1)
    return fail(Errc::invalid_value, "the certificate does not say how long it is valid");
  return static_cast<Millis>(timegm(&parts)) * 1000;
}

tl::unexpected<Error> no_link(const LinkUrl& url, const std::string& why) {
  return fail(Errc::no_link, url.host + ":" + url.port + " " + why);
}

/// To the first of its addresses that answers.
Result<Socket> connect_to(const LinkUrl& url, std::chrono::milliseconds timeout) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(url.host.c_str(), url.port.c_str(), &wanted, &found) != 0)
    return no_link(url, "has no address: is the name right, and does this machine resolve names?");
  const AddressPtr addresses(found);
  const timeval patience{timeout.count() / 1000, timeout.count() % 1000 * 1000};
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    Socket socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
    if (socket.get() < 0) continue;
    // On Linux connect() keeps to SO_SNDTIMEO.
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket.get(), at->ai_addr, at->ai_addrlen) == 0) return socket;
  }
  return no_link(url, "does not answer");
}

}  // namespace

Result<Millis> certificate_end(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"), std::fclose);
  if (!in) return fail(Errc::not_found, "cannot read the certificate " + file.string());
  const CertificatePtr certificate(PEM_read_X509(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!certificate) return fail(Errc::invalid_value, file.string() + " holds no certificate");
  return end_of(certificate.get());
}

Result<Millis> shown_certificate_end(const LinkUrl& url, std::chrono::milliseconds timeout) {
  WASL_LET(const Socket socket, connect_to(url, timeout));
  const ContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  const SslPtr ssl(SSL_new(context.get()));
  if (!ssl) throw std::bad_alloc();
  SSL_set_tlsext_host_name(ssl.get(), url.host.c_str());
  SSL_set_fd(ssl.get(), socket.get());
  const NoPipeSignal quiet;
  const bool shaken = SSL_connect(ssl.get()) == 1;
  ERR_clear_error();
  if (!shaken) return no_link(url, "does not speak TLS 1.3");
  const CertificatePtr certificate(SSL_get1_peer_certificate(ssl.get()));
  return end_of(certificate.get());
}

Status port_answers(const LinkUrl& url, std::chrono::milliseconds timeout) {
  WASL_TRY(connect_to(url, timeout));
  return {};
}

}  // namespace wasl
