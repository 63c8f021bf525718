#pragma once
// When everything is at rest: does every replica hold what the judge says, is everything there that was
// promised, and does nobody hold what they may not? Thread: one.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/judge/decisions.hpp"
#include "tests/sim/judge/judge.hpp"
#include "tests/sim/world/office_machine.hpp"
#include "tests/sim/world/persons.hpp"
#include "tests/sim/world/survivors.hpp"
#include "tests/sim/world/versions.hpp"

namespace wasl::sim {

/// What lies behind a commitment, and whose it is.
struct PersonalValue {
  Hash mark;
  Opening opening;
};
using PersonalValues = std::map<Hash, PersonalValue>;  ///< by commitment

class Judgement {
 public:
  using Offices = std::vector<OfficeMachine*>;
  /// Reads the hub's logs. @pre the hub is up and idle.
  Judgement(HubMachine& hub, const Versions& versions, Trace& trace);

  /// The logs themselves: times and authority positions never fall, chains have no gap, nothing is named
  /// before it is there, the digests are those of the judge.
  void check_logs();
  /// Rows, conflicts, digests and signed history of one office. @pre it is at rest.
  void check_office(OfficeMachine& office);
  /// It mirrors what it may read, entry by entry, and nothing else. @pre it is at rest.
  void check_section(SectionMachine& section);
  /// What an office holds of spaces that it may not read.
  void check_scope(OfficeMachine& office);
  /// Taking out everything unaccepted leaves exactly what was confirmed.
  void check_withdrawal(OfficeMachine& office);
  void check_promises(const OfficeMachine& office, const PublicKey& device, Millis newest_time);
  void check_survivors(const Survivors& survivors, const Offices& offices);
  /// Nothing of a device stands before somebody has confirmed it.
  void check_confirmations();
  /// Editions are written by persons alone, under the one id, hold no person's data, and what takes them back
  /// wins over what did not know of it. @param all what persons have signed: none of it is lost.
  void check_signed(const std::vector<SignedWork>& all);

  /// Until when the last erasure in the log can be withdrawn; nothing: none stands there.
  [[nodiscard]] std::optional<Millis> last_due() const;
  /// What is open anywhere: in the logs, and in work that waits at the hub or at an office.
  PersonalValues personal_values(const Offices& offices);
  /// The pieces of text among them that are erased by now and stand behind no other commitment.
  std::set<std::string> erased_tokens(const PersonalValues& known);
  /// Of what is erased no byte is in any file, of what is not nothing is missing. @param known what was ever
  /// open.
  void check_erased(const PersonalValues& known, const Offices& offices, SectionMachine* section);

 private:
  struct Erased;
  std::set<std::string> tokens_held(OfficeMachine& office);
  struct Space {
    std::vector<std::unique_ptr<ChangeSet>> sets;
    std::vector<PlacedSet> placed;
    std::vector<PlacedList> collected;
    Position size = 0;
  };
  void read_space(const std::string& name);
  void check_voids(const std::string& name, const Space& space);
  std::vector<ChangeSet> carried_shown(OfficeMachine& office);
  void compare(OfficeMachine& office, bool with_overlay);
  std::optional<Value> opening(OfficeMachine& office, const Hash& commitment);
  const Schema& schema_of(const OfficeMachine& office) const;
  void check_descriptions(OfficeMachine& office);
  void check_editions(const std::string& name, const Space& space);
  void check_marks(const std::string& name, const Space& space, const Register& reg);
  void check_signed(const SignedWork& one);
  [[nodiscard]] bool is_erased(const PersonalValue& value, const Hash& commitment);
  Erased erased_bytes(const PersonalValues& known);
  void check_files(const std::string& who, test::SimDisk& disk, const Erased& erased);
  void check_open(const std::string& who, const std::set<std::string>& spaces,
                  const std::function<bool(const Hash&)>& has);

  HubMachine& hub_;
  const Versions& versions_;
  Trace& trace_;
  std::map<std::string, Space> spaces_;
  JudgedDecisions decided_;
};

}  // namespace wasl::sim
