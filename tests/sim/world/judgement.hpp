#pragma once
// When everything is at rest: does every replica hold what the judge says, is everything there that was
// promised, and does nobody hold what they may not? Thread: one.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/judge/judge.hpp"
#include "tests/sim/world/office_machine.hpp"
#include "tests/sim/world/survivors.hpp"

namespace wasl::sim {

class Judgement {
 public:
  /// Reads the hub's logs. @pre the hub is up and idle.
  Judgement(HubMachine& hub, Trace& trace);

  /// The logs themselves: times and authority positions never fall, chains have no gap, nothing is named
  /// before it is there, the digests are those of the judge.
  void check_logs();
  /// Rows, conflicts, digests and signed history of one office. @pre it is at rest.
  void check_office(OfficeMachine& office);
  /// What an office holds of spaces that it may not read.
  void check_scope(OfficeMachine& office);
  /// Taking out everything unaccepted leaves exactly what was confirmed.
  void check_withdrawal(OfficeMachine& office);
  void check_promises(const OfficeMachine& office, const PublicKey& device, Millis newest_time);
  void check_survivors(const Survivors& survivors, const std::vector<OfficeMachine*>& offices);

 private:
  std::set<std::string> tokens_held(OfficeMachine& office);
  struct Space {
    std::vector<std::unique_ptr<ChangeSet>> sets;
    std::vector<PlacedSet> placed;
    Position size = 0;
  };
  void read_space(const std::string& name);
  void check_voids(const std::string& name, const Space& space);
  void compare(OfficeMachine& office, bool with_overlay);
  std::optional<Value> opening(OfficeMachine& office, const Hash& commitment);

  HubMachine& hub_;
  Trace& trace_;
  std::map<std::string, Space> spaces_;
};

}  // namespace wasl::sim
