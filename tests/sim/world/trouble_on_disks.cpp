#include <sqlite3.h>

#include "tests/sim/world/trouble.hpp"

namespace wasl::sim {
namespace {

void fail_disk(World& world, test::SimDisk& disk, test::DiskCall call, int code) {
  disk.fail({call, world.dice.below(30), world.dice.chance(0.3), code});
  world.scheduler.after(world.some_time(10'000, 200'000), [&disk] { disk.mend(); });
}

}  // namespace

bool strike_disk(World& world, Fault fault, OfficeMachine& office) {
  // What the hub has lost lies with the offices alone: who loses it there too has no other copy.
  if (world.hub.is_recovering() && (fault == Fault::bit_flip || fault == Fault::wal_lost)) return false;
  switch (fault) {
    case Fault::disk_full: {
      std::uint64_t used = 0;
      for (const std::string& file : office.disk().files()) used += office.disk().size(file);
      office.disk().set_room(used + world.dice.below(100'000));
      world.scheduler.after(world.some_time(10'000, 200'000),
                            [&office] { office.disk().set_room(std::nullopt); });
      return true;
    }
    case Fault::io_error_read:
      fail_disk(world, office.disk(), test::DiskCall::read, SQLITE_IOERR_READ);
      return true;
    case Fault::io_error_write:
      fail_disk(world, office.disk(), test::DiskCall::write, SQLITE_IOERR_WRITE);
      return true;
    case Fault::io_error_sync:
      fail_disk(world, office.disk(), test::DiskCall::sync, SQLITE_IOERR_FSYNC);
      return true;
    case Fault::hub_io_error:
      fail_disk(world, world.hub.disk(),
                world.dice.chance(0.5) ? test::DiskCall::sync : test::DiskCall::write,
                world.dice.chance(0.5) ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE);
      return true;
    case Fault::power_cut:
    case Fault::power_cut_reordered:
      office.cut_power(fault == Fault::power_cut ? test::SimDisk::Tear::lose : test::SimDisk::Tear::reorder);
      office.start_after(world.some_time(5'000, 300'000));
      return true;
    case Fault::hub_power_cut:
      world.hub.cut_power(world.dice.chance(0.5) ? test::SimDisk::Tear::lose : test::SimDisk::Tear::reorder);
      world.hub.start_after(world.some_time(5'000, 60'000));
      return true;
    case Fault::bit_flip:
      office.kill();
      office.may_be_corrupt = true;
      world.damaged.insert(office.setting().name);
      world.survivors.excuse_unsealed(office.setting().name);
      office.disk().flip_bit(world.dice.chance(0.7) ? "replica.db" : "replica.db-wal");
      office.start_after(world.some_time(500, 5'000));
      return true;
    case Fault::wal_lost:
      office.kill();
      office.may_be_corrupt = true;
      world.damaged.insert(office.setting().name);
      world.survivors.excuse_unsealed(office.setting().name);
      office.disk().remove("replica.db-wal");
      office.start_after(world.some_time(500, 5'000));
      return true;
    default:
      return false;
  }
}

}  // namespace wasl::sim
