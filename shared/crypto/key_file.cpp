#include "shared/crypto/key_file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

namespace wasl::crypto {
namespace {

constexpr std::string_view kVersionLine = "wasl-key 1";
constexpr std::string_view kVersionWord = "wasl-key ";
constexpr std::size_t kFileBytes = 16 * 1024;
constexpr std::size_t kCheckBytes = 8;
// What a file may make its reader spend.
constexpr std::uint64_t kPassesMost = 16;
constexpr std::uint64_t kMemoryLeast = 8 * 1024;
constexpr std::uint64_t kMemoryMost = 1024 * 1024 * 1024;

constexpr std::array kKinds{KeyKind::root, KeyKind::registrar, KeyKind::log, KeyKind::person,
                            KeyKind::device};

tl::unexpected<Error> damaged() {
  return fail(Errc::corrupt, "this is no whole key file: it was damaged or cut short",
              "use the other copy of it");
}

std::string check_of(std::string_view text) {
  return to_hex(hash("wasl.1/key-file", view(text)).view().first(kCheckBytes));
}

/// `NAME VALUE…` lines from the front of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool begins(std::string_view start) const { return rest_.starts_with(start); }
  std::string_view next() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) {
      whole_ = false;
      return std::exchange(rest_, {});
    }
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  /// The words of a line of this name, or none when it is another.
  std::vector<std::string_view> words(std::string_view name) {
    std::string_view line = next();
    std::vector<std::string_view> out;
    while (true) {
      const auto end = line.find(' ');
      out.push_back(line.substr(0, end));
      if (end == std::string_view::npos) break;
      line.remove_prefix(end + 1);
    }
    if (out.front() != name) return {};
    out.erase(out.begin());
    return out;
  }
  [[nodiscard]] bool finished() const { return whole_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool whole_ = true;
};

template <class F>
std::optional<F> fixed_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  auto out = bytes ? F::from(*bytes) : std::nullopt;
  if (out && to_hex(out->view()) != hex) return std::nullopt;  // one spelling
  return out;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(number) != text) return std::nullopt;
  return number;
}

tl::unexpected<Error> disk(const std::filesystem::path& path, std::string_view what) {
  return fail(Errc::storage_failed,
              "cannot " + std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

/// A descriptor that is closed.
class File {
 public:
  explicit File(int number) : number_(number) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

Status write_whole(const std::filesystem::path& path, std::string_view text) {
  const File out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out.is_open()) return disk(path, "write");
  while (!text.empty()) {
    const ssize_t done = ::write(out.number(), text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return disk(path, "write");
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  if (::fsync(out.number()) != 0) return disk(path, "write");
  return {};
}

Status sync_names(const std::filesystem::path& folder) {
  const File open(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open.is_open() || (::fsync(open.number()) != 0 && errno != EINVAL)) return disk(folder, "write to");
  return {};
}

/// @return false: there is a file of that name.
Result<bool> move_to_free_name(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) return disk(to, "write");
  // A file system of a stick that knows no such step.
  if (::access(to.c_str(), F_OK) == 0) return false;
  if (::rename(from.c_str(), to.c_str()) != 0) return disk(to, "write");
  return true;
}

Status put(const std::filesystem::path& path, const KeyFile& file, bool replace) {
  std::string text = file.encode();
  const std::filesystem::path fresh = path.string() + ".new-" + std::to_string(::getpid());
  Status written = write_whole(fresh, text);
  sodium_memzero(text.data(), text.size());
  Result<bool> moved = true;
  if (written && replace && ::rename(fresh.c_str(), path.c_str()) != 0) moved = disk(path, "write");
  if (written && !replace) moved = move_to_free_name(fresh, path);
  const bool done = written && moved && *moved;
  if (!done) ::unlink(fresh.c_str());
  WASL_TRY(written);
  if (!moved) return tl::unexpected(moved.error());
  if (!*moved) {
    return fail(Errc::conflict, path.string() + " exists already",
                "choose another name; a key is never written over");
  }
  return sync_names(path.parent_path());
}

}  // namespace

std::string_view to_word(KeyKind kind) {
  switch (kind) {
    case KeyKind::root:
      return "root";
    case KeyKind::registrar:
      return "registrar";
    case KeyKind::log:
      return "log";
    case KeyKind::person:
      return "person";
    case KeyKind::device:
      return "device";
  }
  return "unknown";
}

KeyFile KeyFile::plain(KeyKind kind, const KeyPair& key, std::string words) {
  KeyFile file;
  file.kind_ = kind;
  file.public_ = key.public_key();
  file.words_ = std::move(words);
  file.secret_ = key.seed();
  return file;
}

/// The key of the box hangs on kind and public key too: neither can be exchanged beside a sealed secret.
Result<Hash> KeyFile::sealing_key(const Sealed& sealed, std::string_view passphrase) const {
  static_assert(Salt::kSize == crypto_pwhash_SALTBYTES);
  Hash stretched;
  if (crypto_pwhash(stretched.bytes.data(), stretched.bytes.size(), passphrase.data(), passphrase.size(),
                    sealed.salt.bytes.data(), sealed.cost.passes, sealed.cost.memory,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Errc::storage_failed,
                "this machine gives too little memory to open a sealed key: " +
                    std::to_string(sealed.cost.memory / (1024 * 1024)) + " MiB are needed",
                "close other programs, or use another machine");
  }
  const Hash key = hash("wasl.1/key-seal", {stretched.view(), view(to_word(kind_)), public_.view()});
  sodium_memzero(stretched.bytes.data(), stretched.bytes.size());
  return key;
}

Result<KeyFile> KeyFile::sealed(KeyKind kind, const KeyPair& key, std::string words,
                                std::string_view passphrase, Random& random, const SealCost& cost) {
  static_assert(kBoxBytes == crypto_secretbox_MACBYTES + Seed::kSize);
  if (passphrase.empty()) return fail(Errc::invalid_value, "a sealed key needs a passphrase");
  KeyFile file = plain(kind, key, std::move(words));
  Sealed sealed;
  sealed.cost = cost;
  sealed.salt = random.fixed<Salt>();
  random.fill(sealed.nonce.bytes);
  WASL_LET(Hash secret, file.sealing_key(sealed, passphrase));
  Seed seed = key.seed();
  crypto_secretbox_easy(sealed.box.bytes.data(), seed.bytes.data(), seed.bytes.size(),
                        sealed.nonce.bytes.data(), secret.bytes.data());
  sodium_memzero(seed.bytes.data(), seed.bytes.size());
  sodium_memzero(secret.bytes.data(), secret.bytes.size());
  file.secret_ = sealed;
  return file;
}

Result<KeyPair> KeyFile::open(std::string_view passphrase) const {
  Seed seed;
  if (const auto* plain = std::get_if<Plain>(&secret_)) {
    seed = *plain;
  } else {
    const auto& sealed = std::get<Sealed>(secret_);
    WASL_LET(Hash secret, sealing_key(sealed, passphrase));
    const bool opens = crypto_secretbox_open_easy(seed.bytes.data(), sealed.box.bytes.data(), kBoxBytes,
                                                  sealed.nonce.bytes.data(), secret.bytes.data()) == 0;
    sodium_memzero(secret.bytes.data(), secret.bytes.size());
    if (!opens) {
      return fail(Errc::unauthorised, "this passphrase does not open the key",
                  "try again; without the passphrase nobody can open it");
    }
  }
  KeyPair pair = KeyPair::from_seed(seed);
  sodium_memzero(seed.bytes.data(), seed.bytes.size());
  if (pair.public_key() != public_) return damaged();
  return pair;
}

std::string KeyFile::encode() const {
  std::string text(kVersionLine);
  text += "\n";
  for (std::size_t at = 0; at < words_.size();) {
    const auto end = std::min(words_.find('\n', at), words_.size());
    text += "# " + words_.substr(at, end - at) + "\n";
    at = end + 1;
  }
  text += "kind " + std::string(to_word(kind_)) + "\npublic " + to_hex(public_.view()) + "\n";
  if (const auto* plain = std::get_if<Plain>(&secret_)) {
    text += "secret " + to_hex(plain->view()) + "\n";
  } else {
    const auto& sealed = std::get<Sealed>(secret_);
    text += "argon2id " + std::to_string(sealed.cost.passes) + " " + std::to_string(sealed.cost.memory) +
            " " + to_hex(sealed.salt.view()) + "\nsealed " + to_hex(sealed.nonce.view()) + " " +
            to_hex(sealed.box.view()) + "\n";
  }
  text += "check " + check_of(text) + "\n";
  return text;
}

Result<KeyFile> KeyFile::decode(std::string_view text) {
  if (text.size() > kFileBytes) return damaged();
  if (text.starts_with(kVersionWord) && !text.starts_with(std::string(kVersionLine) + "\n")) {
    return fail(Errc::unsupported, "this key file was written by a newer version", "update the program");
  }
  KeyFile file;
  Lines lines(text);
  if (lines.next() != kVersionLine) return damaged();
  for (bool first = true; lines.begins("# "); first = false) {
    if (!first) file.words_ += "\n";
    file.words_ += lines.next().substr(2);
  }
  const auto kind = lines.words("kind");
  const auto named = kind.size() == 1 ? std::find_if(kKinds.begin(), kKinds.end(),
                                                     [&](KeyKind k) { return to_word(k) == kind[0]; })
                                      : kKinds.end();
  if (named == kKinds.end()) return damaged();
  file.kind_ = *named;
  const auto public_key = lines.words("public");
  const auto known = public_key.size() == 1 ? fixed_of<PublicKey>(public_key[0]) : std::nullopt;
  if (!known) return damaged();
  file.public_ = *known;
  if (lines.begins("secret ")) {
    const auto secret = lines.words("secret");
    const auto seed = secret.size() == 1 ? fixed_of<Seed>(secret[0]) : std::nullopt;
    if (!seed) return damaged();
    file.secret_ = *seed;
  } else {
    const auto cost = lines.words("argon2id");
    const auto box = lines.words("sealed");
    if (cost.size() != 3 || box.size() != 2) return damaged();
    const auto passes = number_of(cost[0]);
    const auto memory = number_of(cost[1]);
    const auto salt = fixed_of<Salt>(cost[2]);
    const auto nonce = fixed_of<decltype(Sealed::nonce)>(box[0]);
    const auto sealed = fixed_of<decltype(Sealed::box)>(box[1]);
    const bool fits = passes && memory && *passes >= 1 && *passes <= kPassesMost && *memory >= kMemoryLeast &&
                      *memory <= kMemoryMost;
    if (!fits || !salt || !nonce || !sealed) return damaged();
    file.secret_ = Sealed{{*passes, *memory}, *salt, *nonce, *sealed};
  }
  const auto check = lines.words("check");
  if (check.size() != 1 || !lines.finished() || file.encode() != text) return damaged();
  return file;
}

Status write_key_file(const std::filesystem::path& path, const KeyFile& file) {
  return put(path, file, false);
}

Status replace_key_file(const std::filesystem::path& path, const KeyFile& file) {
  return put(path, file, true);
}

Result<KeyFile> read_key_file(const std::filesystem::path& path) {
  const File in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in.is_open()) {
    if (errno == ENOENT) {
      return fail(Errc::not_found, "there is no key file " + path.string(), "check the name");
    }
    return disk(path, "read");
  }
  std::string text(kFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(in.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk(path, "read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  auto file = KeyFile::decode(std::string_view(text).substr(0, size));
  sodium_memzero(text.data(), text.size());
  if (!file) {
    const Error& error = file.error();
    return fail(error.code, path.string() + ": " + error.message, error.hint);
  }
  return file;
}

Result<KeyFile> read_key_file(const std::filesystem::path& path, KeyKind kind) {
  WASL_LET(KeyFile file, read_key_file(path));
  if (file.kind() != kind) {
    return fail(Errc::invalid_value,
                path.string() + " holds a " + std::string(to_word(file.kind())) + " key, and a " +
                    std::string(to_word(kind)) + " key is needed",
                "name the right file");
  }
  return file;
}

}  // namespace wasl::crypto
