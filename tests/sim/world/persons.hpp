#pragma once
// What persons decide with keys of their own, at an office or at the hub: erasing, publishing, and taking
// both back. Dice of their own: what a seed means for everything else stays as it was. Thread: one.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/world/office_machine.hpp"
#include "tests/sim/world/versions.hpp"
#include "tests/sim/world/work.hpp"

namespace wasl::sim {

/// A person signed it: it must be in the log of the space, or the office says why not.
struct SignedWork {
  Hash change_set;
  OfficeMachine* office = nullptr;
  std::string space;
  std::string source_space, source_id;  ///< of an edition that is published; empty for anything else
  std::uint32_t register_number = 0;
};

class Persons {
 public:
  struct Ports {
    HubMachine& hub;
    Faults& faults;
    Trace& trace;
    Work& work;
    const Versions& versions;
  };
  using Offices = std::vector<std::unique_ptr<OfficeMachine>>;
  Persons(const Ports& ports, std::uint64_t seed) : in_(ports), dice_(seed ^ kOwnDice) {}

  test::Dice& dice() { return dice_; }
  /// What the fault's name says, if it can be done now. @return whether it was.
  bool decide(Fault fault, const Offices& offices);
  [[nodiscard]] const std::vector<SignedWork>& signed_work() const { return signed_; }

 private:
  static constexpr std::uint64_t kOwnDice = 0x5045'5253'4f4e'5321;
  struct Place {
    std::string space, id;
  };

  OfficeMachine& any(const Offices& offices) { return *offices[dice_.below(offices.size())]; }
  const crypto::KeyPair& key_of(const OfficeMachine& office);
  bool is_enrolled(const OfficeMachine& office);
  std::vector<Place> places(OfficeMachine& office, const std::string& query);
  bool sign(OfficeMachine& office, const std::function<Result<SignedWork>(Replica&, const Hash&)>& work);

  bool erase(OfficeMachine& office);
  bool erase_at_hub(const Place& place);
  bool withdraw_erasure(OfficeMachine& office);
  bool publish(OfficeMachine& office, const Offices& offices);
  bool publish(OfficeMachine& office, const Register& reg, const Place& source, const std::string& outer);
  bool withdraw_edition(OfficeMachine& office);
  const Register* any_with_editions(const OfficeMachine& office);

  Ports in_;
  test::Dice dice_;
  std::map<std::string, crypto::KeyPair> keys_;  ///< by office; copies of it share the person
  std::vector<SignedWork> signed_;
};

}  // namespace wasl::sim
