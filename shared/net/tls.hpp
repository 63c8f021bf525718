#pragma once
// TLS 1.3, nothing older, and no early data. The hub's certificate on one side, what the office expects to
// see on the other. No header of OpenSSL is needed to include this one.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace wasl {

/// A certificate with what signs it, and its key. Shared by all links that began while it was in use.
class TlsIdentity {
 public:
  /// PEM. Errors: not_found (a file that cannot be read), invalid_value (no certificate, no key, or a key of
  /// another certificate).
  static Result<std::shared_ptr<const TlsIdentity>> load(const std::filesystem::path& certificate,
                                                         const std::filesystem::path& key);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  [[nodiscard]] const Hash& pin() const { return pin_; }
  /// Nobody vouches for it but itself: offices know it by its pin.
  [[nodiscard]] bool is_self_signed() const { return self_signed_; }
  [[nodiscard]] ssl_ctx_st* context() const { return context_.get(); }

 private:
  using Context = std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)>;
  explicit TlsIdentity(Context context) : context_(std::move(context)) {}
  Context context_;
  Hash pin_;
  bool self_signed_ = false;
};

/// SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469, section 2.4). The file may hold more behind
/// it.
Result<Hash> pin_of_certificate(const std::filesystem::path& certificate);

/// What the calling side goes by.
struct TlsExpectation {
  std::string host{};         ///< the certificate's name, unless there is a pin
  std::optional<Hash> pin{};  ///< then neither name nor dates nor issuer count: a wrong clock harms nobody
  Bytes session{};            ///< of an earlier link to the same address: saves the certificate's bytes
  std::function<void(Bytes)> keep_session{};  ///< called on the loop's thread whenever a new one came
};

/// What ties a hello to the TLS link it travels on.
struct TlsBinding {
  Hash exporter;     ///< RFC 9266
  Hash certificate;  ///< pin of the one that was seen or shown: all that a proxy can pass on
};

/// One end of TLS over a descriptor that does not block and is not owned. Nothing waits in here: a call says
/// what it waits for.
class TlsEnd {
 public:
  TlsEnd(const std::shared_ptr<const TlsIdentity>& identity, int descriptor);
  /// Errors in handshake(): what the trusted certificates of this machine do not allow.
  TlsEnd(TlsExpectation expectation, int descriptor);
  ~TlsEnd();
  TlsEnd(const TlsEnd&) = delete;
  TlsEnd& operator=(const TlsEnd&) = delete;

  enum class Outcome { done, wants_read, wants_write, ended, failed };
  struct Step {
    Outcome outcome = Outcome::failed;
    std::size_t bytes = 0;
  };
  Step handshake();
  Step read(void* data, std::size_t size);
  /// After wants_*: again with the same bytes.
  Step write(const void* data, std::size_t size);
  /// Of a handshake that failed, in words.
  [[nodiscard]] Error error() const;
  /// @pre the handshake is done.
  [[nodiscard]] Result<TlsBinding> binding() const;

 private:
  struct State;
  Step step_of(int result);
  std::unique_ptr<State> state_;
};

}  // namespace wasl
