#pragma once
// What people do all day, made up from the registers' descriptions: programs that write SQL, persons who
// resolve and discard. A seed gives each kind of work its own weight.
#include <array>
#include <string>
#include <vector>

#include "tests/sim/world/office_machine.hpp"
#include "tests/sim/world/survivors.hpp"

namespace wasl::sim {

class Work {
 public:
  Work(const Schema& schema, Faults& faults, test::Dice& dice, Trace& trace, Survivors& survivors);
  /// Something that somebody does at this office.
  void step(OfficeMachine& office);
  /// Somebody fills in what the register requires and the record lacks.
  void complete(OfficeMachine& office, const Register& reg, const std::string& id);
  [[nodiscard]] std::uint64_t saved() const { return saved_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  enum class Kind {
    insert,
    update,
    transaction,
    remove,
    replace,
    set_add,
    set_remove,
    clear,
    bulk,
    resolve,
    discard,
    write
  };
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::write) + 1;

  /// One statement, and the texts that it saves.
  struct Written {
    std::string sql;
    std::vector<std::pair<Survivors::Place, std::string>> tokens;
    std::vector<Survivors::Place> deleted;
  };

  const Register& any_register(const OfficeMachine& office);
  std::string id_of_any(OfficeMachine& office, const Register& reg);
  Written insert(OfficeMachine& office, const Register& reg, const std::string& verb, const std::string& id);
  Written update(OfficeMachine& office, const Register& reg);
  Written remove(OfficeMachine& office, const Register& reg);
  Written change_set_field(OfficeMachine& office, const Register& reg, bool add);
  Written clear(OfficeMachine& office, const Register& reg);
  /// A literal of the field's type. @param token set when it holds a new text.
  std::string literal(OfficeMachine& office, const Field& field, std::string& token);
  void run(OfficeMachine& office, const std::vector<Written>& all, bool through_wasl);
  static bool stands(OfficeMachine& office, const Survivors::Place& place, const std::string& token);
  void resolve(OfficeMachine& office);
  void discard(OfficeMachine& office);
  std::string space_clause(OfficeMachine& office, const Register& reg);

  Faults& faults_;
  test::Dice& dice_;
  Trace& trace_;
  Survivors& survivors_;
  std::array<double, kKinds> weights_{};
  std::vector<std::string> focus_;  ///< registers that this seed works on most
  std::uint64_t ids_ = 0;
  std::uint64_t saved_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace wasl::sim
