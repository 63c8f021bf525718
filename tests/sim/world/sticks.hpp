#pragma once
// Sticks: what an office hands out for the hub or for other offices is carried by hand, comes late, twice, or
// damaged. Frames alone: how they are sealed and split is tested with real files. Dice of its own. Thread:
// one.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/bundle/readers.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Sticks {
 public:
  explicit Sticks(World& world) : world_(world), dice_(world.options.seed ^ kOwnDice) {}
  void step();

 private:
  static constexpr std::uint64_t kOwnDice = 0x5354'4943'4b53'2121;
  struct Frame {
    Bytes bytes;
    std::optional<std::set<PublicKey>> readers;  ///< who can open it; nothing: it stands plain
  };
  using Frames = std::vector<Frame>;
  using Readers = std::map<std::string, SealedTo>;
  struct Stick {
    std::string from;  ///< an office
    bool for_hub = false;
    Frames frames;
  };

  static Status add_pushes(Replica& replica, const Readers& readers, Frames& frames);
  static Status add_entries(Replica& replica, const std::string& space, const Readers& readers,
                            Frames& frames);
  static Status take_all(Replica& replica, const Frames& frames);
  std::optional<Stick> for_hub(OfficeMachine& office);
  std::optional<Stick> for_offices(OfficeMachine& office);
  /// The hub takes it, and what it answers goes back to the office.
  bool bring_to_hub(const Stick& stick);
  bool bring(const Frames& frames, OfficeMachine& office);
  bool carry(Fault fault, OfficeMachine& office);
  void damage(Frames& frames);
  void note(OfficeMachine& office, const std::string& what, const Error& error);

  World& world_;
  test::Dice dice_;
  std::vector<Stick> old_;
};

}  // namespace wasl::sim
