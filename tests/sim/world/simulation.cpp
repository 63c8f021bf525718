#include "tests/sim/world/simulation.hpp"

#include "tests/sim/world/attaching.hpp"
#include "tests/sim/world/collecting.hpp"
#include "tests/sim/world/ending.hpp"
#include "tests/sim/world/invariants.hpp"
#include "tests/sim/world/membership.hpp"
#include "tests/sim/world/operators.hpp"
#include "tests/sim/world/rest.hpp"
#include "tests/sim/world/secretariat.hpp"
#include "tests/sim/world/sticks.hpp"
#include "tests/sim/world/trouble.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {
namespace {

constexpr double kDecisions = 0.15;  ///< of one that persons take, beside each piece of work

const std::vector<Fault> kPersonsFaults = {Fault::value_erased,           Fault::erasure_withdrawn,
                                           Fault::record_published,       Fault::edition_withdrawn,
                                           Fault::descriptions_published, Fault::confirmation_awaited,
                                           Fault::revoked_unheard};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options) : world_(options) {}

  SimulationResult run() {
    membership_.found();
    test::Dice& dice = world_.dice;
    const double trouble = 0.05 + 0.25 * static_cast<double>(dice.below(100)) / 100;
    for (std::uint64_t i = 0; i < world_.options.operations; ++i) {
      if (dice.chance(0.03)) operators_.back_up();
      if (dice.chance(trouble)) trouble_.make();
      decide();
      world_.work.step(world_.any_office());
      attaching_.step();
      collecting_.step();
      sticks_.step();
      invariants_.check_bounds();
      const bool burst = dice.chance(0.5);
      world_.scheduler.run_until(world_.scheduler.now() +
                                 static_cast<Millis>(dice.below(burst ? 200 : 20'000)));
    }
    rest_.heal();
    ending_.judge();
    return result();
  }

 private:
  /// What persons decide beside the work. Its dice are its own.
  void decide() {
    test::Dice& dice = world_.persons.dice();
    if (!dice.chance(kDecisions)) return;
    const auto fault = world_.faults.choose(dice, kPersonsFaults);
    if (!fault) return;
    if (*fault == Fault::revoked_unheard) return membership_.shut_out_unheard(secretariat_);
    const bool done = *fault == Fault::confirmation_awaited ? membership_.join_unconfirmed()
                                                            : world_.persons.decide(*fault, world_.offices);
    if (done) world_.faults.fired(*fault);
  }

  SimulationResult result() {
    SimulationResult out;
    for (const auto& office : world_.offices) world_.trace.note(office->setting().name, "end");
    world_.trace.note("hub", std::to_string(ending_.change_sets()) + " change sets, " +
                                 std::to_string(invariants_.synced()) + " times equal");
    out.trace = world_.trace.hash();
    out.faults = world_.faults.counts();
    out.violations = world_.trace.violations();
    out.saved = world_.work.saved();
    out.change_sets = ending_.change_sets();
    out.offices = world_.offices.size();
    out.healed_in = rest_.healed_in();
    return out;
  }

  World world_;
  Invariants invariants_{world_};
  Membership membership_{world_};
  Secretariat secretariat_{world_};
  Operators operators_{world_};
  Trouble trouble_{world_, {membership_, secretariat_, operators_}};
  Attaching attaching_{world_};
  Collecting collecting_{world_};
  Sticks sticks_{world_};
  Rest rest_{world_, [this](OfficeMachine& office) { return attaching_.why_not(office); }};
  Ending ending_{world_, rest_, attaching_};
};

}  // namespace

SimulationResult simulate(const SimulationOptions& options) { return Simulation(options).run(); }

}  // namespace wasl::sim
