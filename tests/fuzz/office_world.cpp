#include "tests/fuzz/office_world.hpp"

namespace wasl::fuzz {

struct OfficeWorld::Made {
  Made() : world(small_schema()) {
    world.add_organisation("asia", "section");
    office.emplace(world, world.invite("asia"));
    office->sql("INSERT INTO thing(id, name, title) VALUES('a', 'first', 'water')");
    if (const auto session = office->sync(); session.error) throw std::runtime_error(session.error->message);
  }
  test::HubWorld world;
  std::optional<test::HubOffice> office;
};

OfficeWorld::OfficeWorld()
    : OfficeWorld([]() -> Made& {
        static Made made;
        return made;
      }()) {}

OfficeWorld::OfficeWorld(Made& made) : world(made.world), office(world, *made.office) {}

}  // namespace wasl::fuzz
