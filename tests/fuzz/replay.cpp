// Every kept input through its target, with the ordinary compiler: what fuzzing once found stays found.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

Bytes contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, target] : targets()) out.push_back(name);
  return out;
}

class Corpus : public ::testing::TestWithParam<std::string> {};

TEST_P(Corpus, IsTaken) {
  ASSERT_TRUE(crypto::start());
  const Target target = targets().at(GetParam());
  target({});
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(WASL_CORPUS "/") + GetParam())) {
    SCOPED_TRACE(entry.path().filename());
    target(contents(entry.path()));
    ++files;
  }
  EXPECT_GT(files, 0U);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, ::testing::ValuesIn(names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace wasl::fuzz
