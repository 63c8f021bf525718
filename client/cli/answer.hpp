#pragma once
// What a command hands back: a document for machines, words for people, and how the program ends.
#include <string>

#include "shared/base/result.hpp"

namespace wasl::cli {

struct Answer {
  std::string json;   ///< one document
  std::string words;  ///< for people; may be several lines, no end of line at the end
  int exit_code = 0;
};

/// Exit codes, the same for every command.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kNoLink = 3;
constexpr int kNotEqual = 4;
constexpr int kCaught = 5;

int exit_code_of(Errc code);

}  // namespace wasl::cli
