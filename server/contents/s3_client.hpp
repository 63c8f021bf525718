#pragma once
// Objects of one bucket of an S3-compatible store, over libcurl, which signs (AWS signature version 4).
// Thread: one at a time; a call blocks, at most as long as Options::patience and one request.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

struct S3Key {
  std::string id;
  std::string secret;
};

struct S3Place {
  std::string endpoint;  ///< "https://s3.example.org", with a port where it has another one
  std::string region;
  std::string bucket;
  std::string prefix;  ///< before every name: empty, or it ends in '/'
  [[nodiscard]] std::string in_words() const { return endpoint + "/" + bucket + "/" + prefix; }
};

/// Two lines, the key's id and its secret; lines that begin with '#' do not count. Errors: not_found,
/// malformed, storage_failed.
Result<S3Key> read_s3_key(const std::string& text);
/// Errors: invalid_value.
Status check_s3_endpoint(const std::string& endpoint);
/// An endpoint in plain text on this machine, or one with TLS: nobody reads on the way.
bool is_private_endpoint(const std::string& endpoint);

class S3Client {
 public:
  struct Options {
    std::chrono::milliseconds connecting{5'000};
    std::chrono::milliseconds request{20'000};
    /// What a busy or unreachable store is asked again within; the wait between doubles from `pause` on.
    std::chrono::milliseconds patience{8'000};
    std::chrono::milliseconds pause{200};
    const std::atomic<bool>* stopping = nullptr;  ///< no call waits on when this is set
  };
  S3Client(S3Place place, S3Key key, Options options);
  ~S3Client();
  S3Client(S3Client&& other) noexcept;

  // Errors: no_link (nobody answers), later (it is busy or fails), unauthorised (the key), not_found (the
  // bucket), invalid_value (region, endpoint), storage_failed (it is full).
  Status put(const std::string& name, ByteView bytes);
  /// Nothing: there is no such object.
  Result<std::optional<Bytes>> get(const std::string& name);
  Status remove(const std::string& name);

  [[nodiscard]] const S3Place& place() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wasl
