#pragma once
// A section's hub without sockets: its folder, its mirror of a HubWorld's hub, and its end of sessions with
// offices, the frames carried by hand.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "server/section/mirror.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {

class SectionWorld {
 public:
  explicit SectionWorld(HubWorld& world, const std::string& organisation = "africa");
  ~SectionWorld();
  SectionWorld(const SectionWorld&) = delete;
  SectionWorld& operator=(const SectionWorld&) = delete;

  Hub& hub() { return *hub_; }
  KeptWork& kept() { return *kept_; }
  Mirror& mirror() { return *mirror_; }
  const crypto::KeyPair& device() const { return device_; }

  struct Linked {
    std::optional<Error> error;
    SessionSummary summary;
  };
  /// One session with the network's hub; `cut_after` frames in either direction the link breaks.
  /// @param alter a frame on its way down.
  Linked link(std::size_t cut_after = SIZE_MAX,
              const std::function<std::shared_ptr<const Bytes>(std::shared_ptr<const Bytes>)>& alter = {});
  /// One session of an office with this hub.
  HubOffice::Session near(HubOffice& office);
  /// The same through somebody who alters what the hub says.
  HubOffice::Session near(HubOffice& office,
                          std::function<std::shared_ptr<const Bytes>(std::shared_ptr<const Bytes>)> alter);

  /// As after a crash.
  void reopen();
  /// Its disk is lost, but for its key: it takes a new copy.
  void lose_disk();

 private:
  void open_store();
  void serve();

  HubWorld& world_;
  std::filesystem::path folder_;
  crypto::KeyPair device_;
  std::unique_ptr<HubStore> store_;
  std::optional<KeptWork> kept_;
  std::optional<SectionStore> section_;
  std::optional<Mirror> mirror_;
  std::unique_ptr<Hub> hub_;
};

}  // namespace wasl::test
