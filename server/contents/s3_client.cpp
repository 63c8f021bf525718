#include "server/contents/s3_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "server/contents/s3_errors.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

constexpr std::size_t kAnswerMost = 1 << 20;  // chunks have 16 KiB, words of an error less
constexpr long kSlowBytes = 64;               // a second, for so long: the store has gone away
constexpr long kSlowSeconds = 10;
constexpr std::chrono::milliseconds kPauseMost{3'000};

/// Once a process, before any thread; libcurl says that nothing need end it.
void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  WASL_ASSERT(started == CURLE_OK);
}

std::size_t take(char* data, std::size_t, std::size_t count, void* to) {
  Bytes& out = *static_cast<Bytes*>(to);
  if (out.size() + count > kAnswerMost) return 0;
  append(out, view(std::string_view(data, count)));
  return count;
}

struct Sending {
  ByteView rest;
};
std::size_t give(char* to, std::size_t size, std::size_t count, void* from) {
  Sending& sending = *static_cast<Sending*>(from);
  const std::size_t now = std::min(size * count, sending.rest.size());
  std::copy_n(sending.rest.begin(), now, reinterpret_cast<Byte*>(to));
  sending.rest = sending.rest.subspan(now);
  return now;
}

int is_stopped(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* stopping = static_cast<const std::atomic<bool>*>(flag);
  return stopping != nullptr && *stopping ? 1 : 0;
}

enum class Verb { put, get, remove };

struct List {
  ~List() { curl_slist_free_all(head); }
  void add(const std::string& line) { head = curl_slist_append(head, line.c_str()); }
  curl_slist* head = nullptr;
};

}  // namespace

struct S3Client::State {
  State(S3Place where, S3Key with, Options how)
      : place(std::move(where)), key(std::move(with)), options(how) {
    start_curl();
    curl = curl_easy_init();
    WASL_ASSERT(curl != nullptr);
  }
  ~State() { curl_easy_cleanup(curl); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    WASL_ASSERT(curl_easy_setopt(curl, option, value) == CURLE_OK);
  }
  [[nodiscard]] bool is_stopping() const { return options.stopping != nullptr && *options.stopping; }

  S3Answer ask(Verb verb, const std::string& name, ByteView bytes);
  Result<std::optional<Bytes>> ask_on(Verb verb, const std::string& name, ByteView bytes);

  S3Place place;
  S3Key key;
  Options options;
  CURL* curl = nullptr;  // keeps the connection for the next request
};

S3Answer S3Client::State::ask(Verb verb, const std::string& name, ByteView bytes) {
  S3Answer answer;
  Sending sending{bytes};
  List headers;
  // The store holds the body against it, and libcurl signs it. A header without a value would spoil the
  // signature.
  headers.add("x-amz-content-sha256: " + to_hex(crypto::sha256({bytes}).view()));
  headers.add("Content-Type: application/octet-stream");
  char words[CURL_ERROR_SIZE] = "";
  curl_easy_reset(curl);
  set(CURLOPT_URL, (place.endpoint + "/" + place.bucket + "/" + place.prefix + name).c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_AWS_SIGV4, ("aws:amz:" + place.region + ":s3").c_str());
  set(CURLOPT_USERNAME, key.id.c_str());
  set(CURLOPT_PASSWORD, key.secret.c_str());
  set(CURLOPT_HTTPHEADER, headers.head);
  set(CURLOPT_ERRORBUFFER, words);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connecting.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.request.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, kSlowBytes);
  set(CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, is_stopped);
  set(CURLOPT_XFERINFODATA, options.stopping);
  set(CURLOPT_WRITEFUNCTION, take);
  set(CURLOPT_WRITEDATA, &answer.body);
  if (verb == Verb::put) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, give);
    set(CURLOPT_READDATA, &sending);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(bytes.size()));
  }
  if (verb == Verb::remove) set(CURLOPT_CUSTOMREQUEST, "DELETE");
  const CURLcode done = curl_easy_perform(curl);
  if (done == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  if (done != CURLE_OK) answer.failure = *words != '\0' ? words : curl_easy_strerror(done);
  return answer;
}

/// What may be better in a moment is asked again, later each time.
Result<std::optional<Bytes>> S3Client::State::ask_on(Verb verb, const std::string& name, ByteView bytes) {
  const auto until = std::chrono::steady_clock::now() + options.patience;
  for (auto pause = options.pause;; pause = std::min(2 * pause, kPauseMost)) {
    S3Answer answer = ask(verb, name, bytes);
    if (answer.is_done()) return std::optional(std::move(answer.body));
    if (answer.is_missing_object()) return std::optional<Bytes>();
    const bool again = answer.may_be_better_soon() && std::chrono::steady_clock::now() + pause < until;
    if (!again || is_stopping()) return tl::unexpected(error_of(answer, place));
    for (auto waited = std::chrono::milliseconds(0); waited < pause && !is_stopping();
         waited += std::chrono::milliseconds(50))
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

S3Client::S3Client(S3Place place, S3Key key, Options options)
    : state_(std::make_unique<State>(std::move(place), std::move(key), options)) {}
S3Client::~S3Client() = default;
S3Client::S3Client(S3Client&& other) noexcept = default;

const S3Place& S3Client::place() const { return state_->place; }

Status S3Client::put(const std::string& name, ByteView bytes) {
  WASL_LET(const auto done, state_->ask_on(Verb::put, name, bytes));
  if (done) return {};
  return fail(Errc::later, "the store at " + state_->place.endpoint + " did not take an object");
}

Result<std::optional<Bytes>> S3Client::get(const std::string& name) {
  return state_->ask_on(Verb::get, name, {});
}

Status S3Client::remove(const std::string& name) {
  WASL_TRY(state_->ask_on(Verb::remove, name, {}));
  return {};
}

Result<S3Key> read_s3_key(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  if (lines.size() == 2) return S3Key{lines[0], lines[1]};
  return fail(Errc::invalid_value,
              "a key file of an object store has two lines: the key's id, then its secret");
}

namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kTls = "https://";

std::string_view host_of(std::string_view endpoint) {
  endpoint.remove_prefix(endpoint.starts_with(kTls) ? kTls.size() : kPlain.size());
  if (endpoint.starts_with('[')) return endpoint.substr(0, endpoint.find(']') + 1);
  return endpoint.substr(0, endpoint.find(':'));
}

}  // namespace

Status check_s3_endpoint(const std::string& endpoint) {
  const bool has_scheme = endpoint.starts_with(kTls) || endpoint.starts_with(kPlain);
  const std::string_view rest =
      has_scheme ? std::string_view(endpoint).substr(endpoint.find("//") + 2) : std::string_view();
  if (!rest.empty() && rest.find_first_of("/?#@ ") == std::string_view::npos && !host_of(endpoint).empty())
    return {};
  return fail(Errc::invalid_value,
              "an endpoint is https://HOST or https://HOST:PORT, without bucket and key");
}

bool is_private_endpoint(const std::string& endpoint) {
  if (endpoint.starts_with(kTls)) return true;
  const std::string_view host = host_of(endpoint);
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace wasl
