#pragma once
// A hub and an office that has joined it, made once and copied for each input: the same start every time.
#include "tests/fuzz/odd.hpp"
#include "tests/fuzz/small_schema.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::fuzz {

struct OfficeWorld {
  OfficeWorld();

  test::HubWorld world;
  test::HubOffice office;

 private:
  struct Made;
  explicit OfficeWorld(Made& made);
};

}  // namespace wasl::fuzz
