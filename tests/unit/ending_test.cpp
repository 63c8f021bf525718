// A program that cannot go on says so and ends with 1, wherever it strikes.
#include "shared/base/ending.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace wasl {
namespace {

struct EndsBadly {
  ~EndsBadly() { throw_it(); }  // as a destructor of third-party code does when memory has run out
  static void throw_it() { throw std::bad_alloc(); }
};

TEST(Ending, ReturnsWhatTheProgramReturns) {
  EXPECT_EQ(run_to_the_end("wasl", [] { return 7; }), 7);
}

TEST(EndingDeathTest, AnExceptionBecomesWordsAndACode) {
  EXPECT_EXIT(std::exit(run_to_the_end("wasl", []() -> int { throw std::bad_alloc(); })),
              testing::ExitedWithCode(1), "wasl: memory ran out");
  EXPECT_EXIT(std::exit(run_to_the_end("wasl-hub", []() -> int { throw std::runtime_error("a reason"); })),
              testing::ExitedWithCode(1), "wasl-hub: a reason");
}

TEST(EndingDeathTest, AlsoWhereItCannotBeCaught) {
  EXPECT_EXIT(std::exit(run_to_the_end("wasl",
                                       [] {
                                         const EndsBadly struck;
                                         return 0;
                                       })),
              testing::ExitedWithCode(1), "wasl: memory ran out");
}

}  // namespace
}  // namespace wasl
