// A whole command line of `wasl`: it becomes a function to call, help, or an error in words. Nothing is
// called.
#include "client/cli/arguments.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(command_line) {
  std::vector<std::string> words{"wasl"};
  std::string text = to_text(input);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    words.emplace_back(text.substr(at, end - at).c_str());  // the system ends an argument at a zero byte
    at = end + 1;
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto line = cli::parse_command_line(static_cast<int>(words.size()), arguments.data());
  WASL_ASSERT(line.run != nullptr || line.help || (line.error && !line.error->message.empty()));
}

}  // namespace
}  // namespace wasl::fuzz
