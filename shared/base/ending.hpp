#pragma once
// How a program ends when nothing of it can go on: in words, with an exit code, wherever it strikes.
#include <functional>

namespace wasl {

/// Runs `body` and returns what it returns. An exception that nobody expects (memory that ran out,
/// third-party code) ends the program with words on standard error and exit code 1, also inside a destructor,
/// where it cannot be caught.
int run_to_the_end(const char* program, const std::function<int()>& body);

}  // namespace wasl
