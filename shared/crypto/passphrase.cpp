#include "shared/crypto/passphrase.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wasl::crypto {
namespace {

constexpr std::size_t kLineBytes = 1024;

/// Reads one line. @return nothing when there is none, or when it is too long.
std::optional<std::string> read_line(int from) {
  std::string line;
  line.reserve(kLineBytes);  // no copy stays behind in memory that was given back
  for (;;) {
    char one = 0;
    const ssize_t got = ::read(from, &one, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || line.size() == kLineBytes) return std::nullopt;
    if (got == 0) return line.empty() ? std::nullopt : std::optional(std::move(line));
    if (one == '\n') break;
    line.push_back(one);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

/// The terminal with its echo off.
class Terminal {
 public:
  Terminal() : file_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (file_ < 0 || ::tcgetattr(file_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_quiet_ = ::tcsetattr(file_, TCSAFLUSH, &quiet) == 0;
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (is_quiet_) ::tcsetattr(file_, TCSAFLUSH, &before_);
    if (file_ >= 0) ::close(file_);
  }
  [[nodiscard]] bool is_quiet() const { return is_quiet_; }
  std::optional<std::string> ask(const std::string& prompt) {
    say(prompt + ": ");
    auto line = read_line(file_);
    say("\n");
    return line;
  }

 private:
  void say(std::string_view words) {
    while (!words.empty()) {
      const ssize_t done = ::write(file_, words.data(), words.size());
      if (done <= 0) return;
      words.remove_prefix(static_cast<std::size_t>(done));
    }
  }
  int file_;
  termios before_{};
  bool is_quiet_ = false;
};

Result<Passphrase> read_from(const std::filesystem::path& file) {
  const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) {
    const Errc code = errno == ENOENT ? Errc::not_found : Errc::storage_failed;
    return fail(code, "cannot read the passphrase from " + file.string() + ": " + std::strerror(errno));
  }
  auto line = read_line(in);
  ::close(in);
  if (!line || line->empty()) {
    return fail(Errc::invalid_value, file.string() + " holds no passphrase",
                "its first line is the passphrase");
  }
  return Passphrase(std::move(*line));
}

Result<Passphrase> ask_at(Terminal& terminal, const std::string& prompt) {
  if (!terminal.is_quiet()) {
    return fail(Errc::not_found, "there is no terminal to ask for the passphrase at",
                "name a file that holds it: --passphrase-file FILE");
  }
  auto line = terminal.ask(prompt);
  if (!line || line->empty()) return fail(Errc::invalid_value, "no passphrase was given");
  return Passphrase(std::move(*line));
}

}  // namespace

Passphrase::Passphrase(Passphrase&& other) noexcept : words_(other.words_) {
  sodium_memzero(other.words_.data(), other.words_.size());
  other.words_.clear();
}

Passphrase::~Passphrase() { sodium_memzero(words_.data(), words_.size()); }

Result<Passphrase> ask_passphrase(const std::string& prompt,
                                  const std::optional<std::filesystem::path>& file) {
  if (file) return read_from(*file);
  Terminal terminal;
  return ask_at(terminal, prompt);
}

Result<Passphrase> ask_new_passphrase(const std::string& prompt,
                                      const std::optional<std::filesystem::path>& file) {
  const auto check = [](const Passphrase& given) -> Status {
    if (given.view().size() >= kPassphraseLeast) return {};
    return fail(Errc::invalid_value,
                "a passphrase has at least " + std::to_string(kPassphraseLeast) + " characters",
                "several words that nobody would guess are best");
  };
  if (file) {
    WASL_LET(Passphrase given, read_from(*file));
    WASL_TRY(check(given));
    return given;
  }
  Terminal terminal;
  WASL_LET(Passphrase first, ask_at(terminal, prompt));
  WASL_TRY(check(first));
  WASL_LET(const Passphrase second, ask_at(terminal, "The same once more"));
  if (first.view() != second.view())
    return fail(Errc::invalid_value, "the two were not the same", "try again");
  return first;
}

Result<KeyPair> load_key(const std::filesystem::path& path, KeyKind kind,
                         const std::optional<std::filesystem::path>& passphrase_file) {
  WASL_LET(const KeyFile file, read_key_file(path, kind));
  if (!file.is_sealed()) return file.open();
  WASL_LET(const Passphrase passphrase, ask_passphrase("Passphrase of " + path.string(), passphrase_file));
  return file.open(passphrase.view());
}

}  // namespace wasl::crypto
