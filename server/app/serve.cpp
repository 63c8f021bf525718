#include "server/app/serve.hpp"

#include <chrono>
#include <thread>

#include "server/app/desk.hpp"
#include "server/session/session_server.hpp"
#include "shared/log/log.hpp"
#include "shared/net/local_socket.hpp"

namespace wasl {
namespace {

constexpr int kLockTries = 40;  // a command of a moment may hold the folder: two seconds
constexpr std::chrono::milliseconds kCheckpointEvery{1'000};

/// Where offices on this machine find the port; 0.0.0.0 is no address to connect to.
std::string url_of(const std::string& listen, std::uint16_t port) {
  std::string host = listen.substr(0, listen.rfind(':'));
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return "ws://" + host + ":" + std::to_string(port);
}

Result<FolderLock> take_lock(const HubFolder& folder) {
  for (int i = 0;; ++i) {
    auto lock = FolderLock::take(folder);
    if (lock || lock.error().code != Errc::locked || i == kLockTries) {
      if (!lock && lock.error().code == Errc::locked) {
        return fail(Errc::locked, "a hub serves this folder already", "stop it first, or use its address");
      }
      return lock;
    }
    if (local_request(folder.socket(), R"({"command":"ping"})", std::chrono::milliseconds(500)))
      i = kLockTries - 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

Status serve(const HubFolder& folder, const std::string& listen,
             const std::function<void(const std::string& url, std::uint16_t port)>& listening) {
  if (!std::filesystem::exists(folder.database())) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  WASL_LET(const FolderLock lock, take_lock(folder));
  WASL_LET(const auto open, OpenHub::open(folder));
  Loop loop;
  SessionServer sessions(loop, open->hub());
  WASL_TRY(sessions.listen(listen));
  const std::string url = url_of(listen, sessions.port());
  WASL_TRY(open->set_listening(url));
  WASL_LET(const auto desk, LocalServer::open(loop, folder.socket(), [&](const std::string& request) {
             return answer_line(*open, request);
           }));
  // What was signed is noted apart from the database, so that an older copy of that is noticed at the next
  // start.
  Timer note_timer(loop);
  std::uint64_t noted = open->hub().heads().size;
  std::function<void()> note = [&] {
    if (open->hub().heads().size != noted) open->note_checkpoint();
    noted = open->hub().heads().size;
    note_timer.start(kCheckpointEvery, note);
  };
  note();
  loop.on_signal([&] {
    log::info("hub.stopping");
    sessions.stop([&] { loop.stop(); });
  });
  log::info("hub.serving", {{"address", url}, {"heads", noted}});
  listening(url, sessions.port());
  loop.run();
  open->note_checkpoint();
  log::info("hub.stopped", {{"heads", open->hub().heads().size}});
  return {};
}

}  // namespace wasl
