#include "client/cli/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace wasl::cli {
namespace {

tl::unexpected<Error> disk(const char* what, const std::filesystem::path& file) {
  return fail(Errc::storage_failed, std::string(what) + " " + file.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_bytes) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return fail(Errc::not_found, "there is no file " + file.string());
  std::ifstream in(file, std::ios::binary);
  if (!in) return disk("cannot read", file);
  std::string text;
  for (char block[64 * 1024]; in.read(block, sizeof block) || in.gcount() > 0;) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > most_bytes)
      return fail(Errc::limit_exceeded, file.string() + " is too large for what it should be");
  }
  if (in.bad()) return disk("cannot read", file);
  return text;
}

Status write_new_file(const std::filesystem::path& file, std::string_view text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) {
    if (errno == EEXIST)
      return fail(Errc::conflict, file.string() + " exists already", "choose another name");
    return disk("cannot write", file);
  }
  bool written = true;
  for (std::string_view rest = text; written && !rest.empty();) {
    const auto count = ::write(out, rest.data(), rest.size());
    written = count > 0;
    if (written) rest.remove_prefix(static_cast<std::size_t>(count));
  }
  written = written && ::fsync(out) == 0;
  const auto error = disk("cannot write", file);
  ::close(out);
  if (written) return {};
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  return error;
}

}  // namespace wasl::cli
