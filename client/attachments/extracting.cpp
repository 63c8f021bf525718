#include "client/attachments/extracting.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <vector>

#include "shared/text/characters.hpp"

namespace wasl {
namespace {

constexpr char32_t kNoCharacter = 0xfffd;
constexpr std::size_t kReadMost = 4 * kTextMost;  // before blank space goes

bool is_runnable(const std::filesystem::path& program) { return access(program.c_str(), X_OK) == 0; }

/// Under limits of its own for time, memory and files, in words of coreutils and util-linux.
std::vector<std::string> command_of(const Extractor& extractor, const std::filesystem::path& file) {
  return {"/usr/bin/timeout",
          "--kill-after=1",
          std::to_string(extractor.wall.count()),
          "/usr/bin/prlimit",
          "--cpu=" + std::to_string(extractor.processor.count()),
          "--as=" + std::to_string(extractor.memory),
          "--fsize=0",
          "--core=0",
          "--nofile=64",
          extractor.program.string(),
          "-q",
          "-enc",
          "UTF-8",
          "-nopgbrk",
          std::filesystem::absolute(file).string(),
          "-"};
}

/// With nothing but this pipe to write to. @return 0: it could not be started.
pid_t start(const std::vector<std::string>& command, int out) {
  std::vector<char*> arguments;
  for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  std::array<char*, 2> environment{const_cast<char*>("LC_ALL=C.UTF-8"), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", 0, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", 1, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, arguments.front(), &files, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&files);
  return failed == 0 ? child : 0;
}

/// Until the child closes its end, or has written more than anybody reads.
std::string read_some(int in) {
  std::string out;
  std::array<char, 16 * 1024> buffer{};
  while (out.size() < kReadMost) {
    const ssize_t size = read(in, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return out;
}

ExtractedText text_of_pdf(const std::filesystem::path& file, const Extractor& extractor) {
  if (!is_runnable(extractor.program))
    return {"", extractor.program.string() + " is not on this machine (Debian: poppler-utils)"};
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {"", "this machine has no room for another program"};
  const pid_t child = start(command_of(extractor, file), ends[1]);
  close(ends[1]);
  ExtractedText out{child > 0 ? read_some(ends[0]) : std::string(), ""};
  close(ends[0]);  // who still writes ends by that
  int status = -1;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  constexpr int kLate = 124, kKilled = 137;  // as timeout(1) says it
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kKilled;
  const bool read_enough = out.text.size() >= kReadMost;
  if (code == 0 || read_enough) return out;
  return {"", code == kLate || code == kKilled ? "reading it took more time or memory than a document may"
                                               : "it is damaged, or locked by a password"};
}

Result<ExtractedText> text_of_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::not_found, "cannot read " + file.string());
  std::string text(kReadMost, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return ExtractedText{std::move(text), ""};
}

}  // namespace

bool may_have_text(std::string_view type) {
  return type == "application/pdf" || type == "text/plain" || type == "text/markdown" || type == "text/csv";
}

bool tidy_text(std::string& text) {
  std::string out;
  unsigned line_ends = 2;  // since the last character; none stands at the beginning
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_character(text, at);
    if (c == U'\n') {
      if (line_ends++ < 2) out += '\n';
      space = false;
    } else if (c <= U' ' || (c >= 0x7f && c <= 0xa0)) {
      space = true;
    } else if (c != kNoCharacter) {
      if (space && line_ends == 0) out += ' ';
      text::append_character(c, out);
      line_ends = 0;
      space = false;
    }
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  const bool cut = out.size() > kTextMost;
  if (cut) {
    std::size_t end = kTextMost;
    while ((static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
    out.resize(end);
  }
  text = std::move(out);
  return cut;
}

Result<ExtractedText> text_of(const std::filesystem::path& file, std::string_view type,
                              const Extractor& extractor) {
  ExtractedText out;
  if (type == "application/pdf") {
    out = text_of_pdf(file, extractor);
  } else if (may_have_text(type)) {
    WASL_LET(out, text_of_text(file));
  }
  if (tidy_text(out.text)) out.note = "its first " + std::to_string(kTextMost / 1024) + " KiB of text alone";
  if (out.text.empty() && out.note.empty() && may_have_text(type))
    out.note = "it holds no text: pictures of pages, perhaps";
  return out;
}

}  // namespace wasl
