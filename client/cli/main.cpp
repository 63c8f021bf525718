// wasl: the office's program.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "client/cli/arguments.hpp"
#include "client/engine/system_clock.hpp"
#include "shared/base/ending.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::cli {
namespace {

int tell_error(const Error& error, bool json) {
  if (json) {
    const nlohmann::ordered_json out{
        {"error", {{"code", to_word(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
    std::printf("%s\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fprintf(stderr, "wasl: %s\n", error.message.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "      %s\n", error.hint.c_str());
  }
  return exit_code_of(error.code);
}

int run(int argc, char** argv) {
  const CommandLine line = parse_command_line(argc, argv);
  if (line.help) {
    std::printf("%s", line.help->c_str());
    return kDone;
  }
  if (line.error) return tell_error(*line.error, line.json);
  if (!crypto::start()) {
    return tell_error({Errc::storage_failed, "this machine gives no randomness", "check /dev/urandom"},
                      line.json);
  }
  SystemClock clock;
  crypto::SystemRandom random;
  const Result<Answer> answer = line.run(Office(line.folder, clock, random));
  if (!answer) return tell_error(answer.error(), line.json);
  std::printf("%s\n", (line.json ? answer->json : answer->words).c_str());
  if (std::fflush(stdout) != 0) return kFailed;
  return answer->exit_code;
}

}  // namespace
}  // namespace wasl::cli

int main(int argc, char** argv) {
  return wasl::run_to_the_end("wasl", [&] { return wasl::cli::run(argc, argv); });
}
