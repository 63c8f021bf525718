#pragma once
// Files that offices attach to their records: their bytes are kept outside every disk, chunks of them are
// damaged, and files.db is lost here and there. At the end every file that somebody still holds is at the hub
// and wherever a policy asks for it, byte by byte. Dice of its own. Thread: one.
#include <map>
#include <string>

#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Attaching {
 public:
  explicit Attaching(World& world) : world_(world), dice_(world.options.seed ^ kOwnDice) {}
  void step();
  /// Why the office's files are not at rest; nothing when they are.
  std::string why_not(OfficeMachine& office);
  /// Reads every file that is said to be whole: what comes is what was attached, and what is damaged is
  /// noticed by that. @return how many are.
  std::size_t read_all();

 private:
  static constexpr std::uint64_t kOwnDice = 0x4649'4c45'5321'2121;

  bool attach(OfficeMachine& office);
  bool share(OfficeMachine& office);
  void choose_policy(OfficeMachine& office);
  bool strike(Fault fault, OfficeMachine& office);
  Bytes any_bytes();
  Bytes any_part();
  std::optional<FilePort::Standing> standing(OfficeMachine& office, const attachment::FileId& file);
  std::size_t read_of_office(OfficeMachine& office);
  std::size_t read_of_hub();
  /// @return whether it could be read.
  bool is_right(const std::string& who, const attachment::FileId& file,
                const std::function<Status(const std::function<Status(ByteView)>&)>& read);

  World& world_;
  test::Dice dice_;
  std::map<attachment::FileId, Bytes> files_;  ///< all that were cut, attached in the end or not
  std::uint64_t count_ = 0;
};

}  // namespace wasl::sim
