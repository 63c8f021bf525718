#include "shared/net/local_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <set>
#include <system_error>

namespace wasl {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kRequestBytes = 2 * 1024 * 1024;  // a frame of a bundle, as text
constexpr std::size_t kAnswerBytes = 64 * 1024 * 1024;
constexpr milliseconds kQuestionLimit{10'000};  // a program that opens the socket and says nothing
constexpr std::size_t kQuestionsAtOnce = 64;

std::string words_of(int number) { return std::generic_category().message(number); }

/// A descriptor of the asking side.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof address.sun_path)
    return fail(
        Errc::limit_exceeded, path.filename().string() + ": the path of a local socket is too long",
        "use a folder whose path has fewer than " + std::to_string(sizeof address.sun_path - 16) + " bytes");
  text.copy(address.sun_path, text.size());
  return address;
}

int try_connect(int socket, const sockaddr_un& address) {
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

}  // namespace

class LocalServer::State : public std::enable_shared_from_this<LocalServer::State> {
 public:
  State(Loop& loop, std::filesystem::path path, std::function<std::string(std::string)> answer)
      : path_(std::move(path)), answer_(std::move(answer)), acceptor_(loop.context()) {}

  Status open() {
    WASL_LET(const sockaddr_un address, address_of(path_));
    WASL_TRY(clear_stale(address));
    error_code error;
    acceptor_.open(Protocol(), error);
    // Before bind, so that the file is never open to others, not even for a moment.
    if (!error && fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) != 0)
      error.assign(errno, error.category());
    if (!error) acceptor_.bind(Protocol::endpoint(path_.native()), error);
    if (!error) bound_ = true;
    if (!error && chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0) error.assign(errno, error.category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return fail(Errc::storage_failed,
                  path_.filename().string() + ": cannot make the socket: " + error.message(),
                  "check who may write its folder");
    return {};
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, Protocol::socket socket) {
      if (self->closed_) return;
      if (!error && self->questions_.size() < kQuestionsAtOnce) {
        const auto question = std::make_shared<Question>(std::move(socket), self);
        self->questions_.insert(question);
        question->start();
      }
      self->accept();
    });
  }

  void close() {
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    if (bound_) ::unlink(path_.c_str());
    for (const auto& question : std::exchange(questions_, {})) question->close();
  }

 private:
  struct Question : std::enable_shared_from_this<Question> {
    Question(Protocol::socket from, std::shared_ptr<State> owner)
        : state(std::move(owner)), socket(std::move(from)), deadline(socket.get_executor()) {}

    void start() {
      deadline.expires_after(kQuestionLimit);
      deadline.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled) self->leave();
      });
      read();
    }

    void read() {
      socket.async_read_some(asio::buffer(room),
                             [self = shared_from_this()](error_code error, std::size_t size) {
                               if (error || self->line.size() + size > kRequestBytes) return self->leave();
                               const auto had = self->line.size();
                               self->line.append(self->room.data(), size);
                               const auto end = self->line.find('\n', had);
                               if (end == std::string::npos) return self->read();
                               self->line.resize(end);
                               self->reply();
                             });
    }

    void reply() {
      answer = state->answer_(std::move(line));
      asio::async_write(socket, asio::buffer(answer),
                        [self = shared_from_this()](error_code, std::size_t) { self->leave(); });
    }

    void leave() {
      state->questions_.erase(shared_from_this());
      close();
    }

    void close() {
      deadline.cancel();
      error_code ignored;
      socket.close(ignored);
    }

    std::shared_ptr<State> state;
    Protocol::socket socket;
    asio::steady_timer deadline;
    std::array<char, 4096> room{};
    std::string line;
    std::string answer;
  };

  Status clear_stale(const sockaddr_un& address) const {
    struct stat found {};
    if (lstat(path_.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode))
      return fail(Errc::conflict, path_.filename().string() + ": there is a file where the socket should be");
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int error = try_connect(probe.get(), address);
    if (error == 0 || error == EAGAIN)
      return fail(Errc::locked, path_.filename().string() + ": another program already answers here");
    ::unlink(path_.c_str());
    return {};
  }

  std::filesystem::path path_;
  std::function<std::string(std::string)> answer_;
  Protocol::acceptor acceptor_;
  std::set<std::shared_ptr<Question>> questions_;
  bool bound_ = false;
  bool closed_ = false;
};

LocalServer::LocalServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
LocalServer::~LocalServer() { state_->close(); }

Result<std::unique_ptr<LocalServer>> LocalServer::open(Loop& loop, const std::filesystem::path& path,
                                                       std::function<std::string(std::string)> answer) {
  auto state = std::make_shared<State>(loop, path, std::move(answer));
  if (auto opened = state->open(); !opened) {
    state->close();
    return tl::unexpected(std::move(opened).error());
  }
  state->accept();
  return std::unique_ptr<LocalServer>(new LocalServer(std::move(state)));
}

Result<std::string> local_request(const std::filesystem::path& path, std::string request,
                                  milliseconds timeout) {
  WASL_LET(const sockaddr_un address, address_of(path));
  const std::string name = path.filename().string();
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (const int error = try_connect(socket.get(), address); error != 0) {
    if (error == ENOENT || error == ECONNREFUSED)
      return fail(Errc::not_found, name + ": no program answers here", "start it first");
    return fail(Errc::no_link, name + ": " + words_of(error));
  }

  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto wait = [&](short what) -> Status {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{socket.get(), what, 0};
    if (left.count() <= 0 || poll(&entry, 1, static_cast<int>(left.count())) == 0)
      return fail(Errc::no_link, name + ": no answer in time");
    return {};
  };
  const auto try_later = [] { return errno == EAGAIN || errno == EINTR; };

  request.push_back('\n');
  for (std::size_t sent = 0; sent < request.size();) {
    WASL_TRY(wait(POLLOUT));
    const ssize_t size = ::send(socket.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (size < 0 && !try_later()) return fail(Errc::no_link, name + ": " + words_of(errno));
    if (size > 0) sent += static_cast<std::size_t>(size);
  }
  std::string answer;
  std::array<char, 16 * 1024> room{};
  for (;;) {
    WASL_TRY(wait(POLLIN));
    const ssize_t size = ::recv(socket.get(), room.data(), room.size(), 0);
    if (size == 0) break;
    if (size < 0 && !try_later()) return fail(Errc::no_link, name + ": " + words_of(errno));
    if (size > 0) answer.append(room.data(), static_cast<std::size_t>(size));
    if (answer.size() > kAnswerBytes) return fail(Errc::limit_exceeded, name + ": the answer is too large");
  }
  if (answer.empty()) return fail(Errc::no_link, name + ": the program ended without an answer");
  return answer;
}

}  // namespace wasl
