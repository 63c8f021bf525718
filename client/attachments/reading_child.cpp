#include "client/attachments/reading_child.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace wasl {
namespace {

std::vector<std::string> limited(const std::vector<std::string>& command, const ReadingLimits& limits) {
  std::vector<std::string> out{"/usr/bin/timeout",
                               "--kill-after=1",
                               std::to_string(limits.wall.count()),
                               "/usr/bin/prlimit",
                               "--cpu=" + std::to_string(limits.processor.count()),
                               "--as=" + std::to_string(limits.memory),
                               "--fsize=0",
                               "--core=0",
                               "--nofile=64"};
  out.insert(out.end(), command.begin(), command.end());
  return out;
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
std::string read_some(int in, std::size_t most) {
  std::string out;
  std::array<char, 16 * 1024> buffer{};
  while (out.size() < most) {
    const ssize_t size = read(in, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return out;
}

}  // namespace

bool is_runnable(const std::filesystem::path& program) { return access(program.c_str(), X_OK) == 0; }

ReadingChild run_reading(const std::vector<std::string>& command, const ReadingLimits& limits,
                         std::size_t most) {
  ReadingChild out;
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return out;
  const pid_t child = start(limited(command, limits), ends[1]);
  close(ends[1]);
  if (child > 0) out.output = read_some(ends[0], most);
  close(ends[0]);  // who still writes ends by that
  if (child <= 0) return out;
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  out.end = ReadingChild::End::ended;
  if (out.output.size() >= most) return out;
  constexpr int kLate = 124, kKilled = 137;  // as timeout(1) says it
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : kKilled;
  if (out.code == kLate || out.code == kKilled) out.end = ReadingChild::End::stopped;
  return out;
}

}  // namespace wasl
