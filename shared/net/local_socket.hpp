#pragma once
// One question, one answer between programs of the same user on the same machine: a line of JSON goes in,
// a document comes out, over a Unix socket that only its owner may open.
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/net/loop.hpp"

namespace wasl {

/// Answers requests. Thread: the Loop's; `answer` gets the line without its end and must not block long.
class LocalServer {
 public:
  /// Replaces a socket that nobody listens on. @return locked when somebody does.
  static Result<std::unique_ptr<LocalServer>> open(Loop& loop, const std::filesystem::path& path,
                                                   std::function<std::string(std::string)> answer);
  ~LocalServer();  ///< removes the socket; answers under way are dropped
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

 private:
  class State;
  explicit LocalServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// Asks and waits. Blocks the calling thread: for command lines, never on the Loop.
/// @return not_found when no program listens there, no_link when it does not answer in time.
Result<std::string> local_request(const std::filesystem::path& path, std::string request,
                                  std::chrono::milliseconds timeout);

}  // namespace wasl
