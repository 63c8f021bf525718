#pragma once
// A section's hub as a folder and as a process: how it joins a network, fills its store, and stays linked.
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "server/app/open_hub.hpp"
#include "server/hub/hub_files.hpp"
#include "server/section/upstream.hpp"

namespace wasl {

/// What the folder notes of the network that it mirrors.
struct UpstreamFile {
  NetworkId network;
  PublicKey log_key;  ///< when it joined
  std::string url;
};
/// Errors: not_found (no section's folder), corrupt.
Result<UpstreamFile> read_upstream(const HubFolder& folder);

/// Makes the folder of a section's hub: its key, its enrolment at the network's hub, and the first copy of
/// what it may read. May be run again after a cut. @param url another way to the network's hub than the
/// invitation says; empty: that. Errors: malformed (no invitation), conflict (the folder holds something
/// else), unauthorised, no_link.
Result<nlohmann::json> init_section(const HubFolder& folder, const std::string& invitation,
                                    const std::string& url);

/// Where nothing is mirrored yet, or what is belongs to an older epoch, takes it from the network's hub.
/// @pre nobody else has the folder open. @param url as above. Errors: no_link, and those of a session.
Status fill_section(const HubFolder& folder, const std::string& url);

/// Keeps a section's hub in touch with the network's while it serves. Thread: the Loop's.
class Mirroring {
 public:
  /// @param files what the hub keeps of them. @param anew called when what is mirrored has to be taken anew:
  /// the folder is to be opened again.
  Mirroring(Loop& loop, OpenHub& open, HubFiles& files, std::function<void()> anew);
  ~Mirroring();
  Mirroring(const Mirroring&) = delete;
  Mirroring& operator=(const Mirroring&) = delete;

  /// @param url as above.
  Status start(const std::string& url);

 private:
  Loop& loop_;
  void look_for_files();

  OpenHub& open_;
  HubFiles& files_;
  std::function<void()> anew_;
  crypto::SystemRandom random_;
  Mirror mirror_;
  Millis renews_at_ = 0;       ///< steady: when to look next
  Millis renews_link_at_ = 0;  ///< steady: not before
  Millis renew_wait_ = 0;      ///< after that
  std::optional<Upstream> upstream_;
  Timer push_;
  Timer files_timer_;
};

}  // namespace wasl
