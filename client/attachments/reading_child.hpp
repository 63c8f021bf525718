#pragma once
// What another program writes about a file, under limits of its own for time, memory and files, in words of
// coreutils and util-linux. It can write to nothing but its output, and has no environment. Blocks until it
// ends.
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace wasl {

struct ReadingLimits {
  std::chrono::seconds wall{30};
  std::chrono::seconds processor{20};
  std::size_t memory = 512 * 1024 * 1024;  ///< bytes of address space
};

struct ReadingChild {
  enum class End { not_started, ended, stopped };  ///< stopped: by one of its limits
  End end = End::not_started;
  int code = 0;  ///< of one that ended
  std::string output;
};

bool is_runnable(const std::filesystem::path& program);
/// @param most of its output is read; then it is let go, and has ended with 0.
ReadingChild run_reading(const std::vector<std::string>& command, const ReadingLimits& limits,
                         std::size_t most);

}  // namespace wasl
