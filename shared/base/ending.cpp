#include "shared/base/ending.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

namespace wasl {
namespace {

constexpr int kFailed = 1;
const char* the_program = "wasl";

/// Allocates nothing.
void say(const char* what) { std::fprintf(stderr, "%s: %s\n", the_program, what); }

void say_current() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    say("memory ran out\n      close other programs, then run it again; nothing that was reported done is "
        "lost");
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("something failed that has no words");
  }
}

[[noreturn]] void end_at_once() {
  if (std::current_exception() != nullptr) say_current();
  std::_Exit(kFailed);
}

}  // namespace

int run_to_the_end(const char* program, const std::function<int()>& body) {
  the_program = program;
  std::set_terminate(end_at_once);
  try {
    return body();
  } catch (...) {
    say_current();
    return kFailed;
  }
}

}  // namespace wasl
