#include "tests/bench/load/served_hub.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "server/session/session_server.hpp"
#include "shared/log/log.hpp"

namespace wasl::bench {
namespace {

/// Never returns: nothing of the parent is destroyed here.
[[noreturn]] void serve(const test::HubWorld& world, int tell) {
  int code = 1;
  {
    log::only_errors();
    test::HubWorld copy(world);
    Loop loop;
    SessionServer sessions(loop, copy.hub());
    SessionServer::Options options;
    options.address = "127.0.0.1:0";
    if (sessions.listen(options)) {
      loop.on_signal([&] { loop.stop(); });
      const std::string port = std::to_string(sessions.port()) + "\n";
      if (::write(tell, port.data(), port.size()) == static_cast<ssize_t>(port.size())) {
        loop.run();
        code = 0;
      }
    }
  }
  ::_exit(code);
}

}  // namespace

ServedHub::ServedHub(const test::HubWorld& world) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("no second process");
  if (process_ == 0) {
    ::close(ends[0]);
    serve(world, ends[1]);
  }
  ::close(ends[1]);
  char text[16]{};
  const ssize_t got = ::read(ends[0], text, sizeof text - 1);
  ::close(ends[0]);
  if (got <= 0) throw std::runtime_error("the hub does not serve");
  url_ = "ws://127.0.0.1:" + std::to_string(std::stoi(text));
}

ServedHub::~ServedHub() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

std::uint64_t ServedHub::memory() const {
  std::ifstream statm("/proc/" + std::to_string(process_) + "/statm");
  std::uint64_t whole = 0, resident = 0, shared = 0;
  statm >> whole >> resident >> shared;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

double ServedHub::cpu_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(process_) + "/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream fields(line.substr(line.rfind(')') + 2));  // proc(5): from field 3, the state, on
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  std::uint64_t user = 0, system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace wasl::bench
