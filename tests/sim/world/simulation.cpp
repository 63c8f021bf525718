#include "tests/sim/world/simulation.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <optional>

#include "shared/authority/person_acts.hpp"
#include "shared/ledger/digest.hpp"
#include "shared/store/sqlite_rows.hpp"
#include "tests/sim/world/judgement.hpp"
#include "tests/sim/world/persons.hpp"
#include "tests/sim/world/versions.hpp"
#include "tests/sim/world/work.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kHealLimit = 40 * 60'000;  // two of the daemon's longest waits, and time to exchange
constexpr Millis kHealStep = 5'000;
constexpr double kDecisions = 0.15;  ///< of one that persons take, beside each piece of work
constexpr std::uint64_t kWorkWhileErasing = 20;
constexpr Millis kBeforeErasing = 600'000;
constexpr std::uint64_t kWalMost = 48ULL << 20;
const std::vector<Fault> kOfficeFaults = {Fault::half_open_up,
                                          Fault::half_open_down,
                                          Fault::partition_one_way,
                                          Fault::partition_full,
                                          Fault::flapping,
                                          Fault::rate_2g,
                                          Fault::duplicate_connection,
                                          Fault::kill_office_at_write,
                                          Fault::kill_in_recovery,
                                          Fault::stop_for_an_hour,
                                          Fault::disk_full,
                                          Fault::io_error_read,
                                          Fault::io_error_write,
                                          Fault::io_error_sync,
                                          Fault::power_cut,
                                          Fault::power_cut_reordered,
                                          Fault::bit_flip,
                                          Fault::wal_lost,
                                          Fault::clock_2099,
                                          Fault::clock_1970,
                                          Fault::clock_backwards,
                                          Fault::clock_step,
                                          Fault::clock_drift,
                                          Fault::replica_restored,
                                          Fault::disk_cloned,
                                          Fault::two_daemons,
                                          Fault::kill_hub_at_write,
                                          Fault::hub_power_cut,
                                          Fault::hub_io_error,
                                          Fault::hub_restored,
                                          Fault::hub_recovered,
                                          Fault::late_join,
                                          Fault::invitation_reused,
                                          Fault::device_revoked,
                                          Fault::laptop_stolen,
                                          Fault::work_adopted,
                                          Fault::work_discarded};

const std::vector<Fault> kPersonsFaults = {Fault::value_erased,           Fault::erasure_withdrawn,
                                           Fault::record_published,       Fault::edition_withdrawn,
                                           Fault::descriptions_published, Fault::confirmation_awaited};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        dice_(options.seed),
        disks_(options.seed),
        faults_(without(Faults(options.seed, dice_), options.without)),
        trace_(scheduler_, options.shown),
        versions_(any_versions(dice_, faults_.is_on(Fault::value_erased))),
        hub_(scheduler_, versions_.in_force, faults_, dice_, trace_),
        work_(versions_.in_force, faults_, dice_, trace_, survivors_),
        persons_({hub_, faults_, trace_, work_, versions_}, options.seed) {}

  SimulationResult run() {
    found();
    const double trouble = 0.05 + 0.25 * static_cast<double>(dice_.below(100)) / 100;
    for (std::uint64_t i = 0; i < options_.operations; ++i) {
      if (dice_.chance(0.03)) back_up();
      if (dice_.chance(trouble)) make_trouble();
      decide();
      work_.step(any_office());
      check_bounds();
      const bool burst = dice_.chance(0.5);
      scheduler_.run_until(scheduler_.now() + static_cast<Millis>(dice_.below(burst ? 200 : 20'000)));
    }
    heal();
    judge();
    return result();
  }

 private:
  struct Backup {
    test::SimDisk::Image image;
    std::uint64_t when = 0;  ///< by the survivors' count
    bool may_be_caught = false;
  };

  static Faults without(Faults faults, const std::set<Fault>& off) {
    for (const Fault fault : off) faults.switch_off(fault);
    return faults;
  }

  OfficeMachine& any_office() { return *offices_[dice_.below(offices_.size())]; }

  void found() {
    hub_.add_organisation("world", "world", "");
    hub_.add_organisation("section-1", "section", "world");
    hub_.add_organisation("section-2", "section", "world");
    const std::uint64_t count = 2 + dice_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string association = "assoc-" + std::to_string(1 + i / 2);  // two offices of one association
      if (i % 2 == 0) hub_.add_organisation(association, "association", i < 2 ? "section-1" : "section-2");
      add_office(association);
    }
    for (auto& office : offices_) {
      if (faults_.strikes(Fault::clocks_apart, dice_, 1)) {
        office->clock().step(static_cast<Millis>(dice_.below(7'200'000)) - 3'600'000);
      }
      office->start();
    }
  }

  /// @return nothing when the hub could not take it.
  /// @param confirm its rights begin when a registrar says so.
  OfficeMachine* add_office(const std::string& organisation, bool confirm = false) {
    OfficeMachine::Setting setting;
    setting.name = "office-" + std::to_string(++office_count_);
    setting.organisation = organisation;
    setting.schema = &versions_.in_force;
    if (faults_.strikes(Fault::version_behind, dice_, 0.5)) {
      setting.schema = &versions_.behind;
    } else if (faults_.strikes(Fault::version_ahead, dice_, 0.5)) {
      setting.schema = &versions_.ahead;
    }
    setting.live = dice_.chance(0.6);
    auto office = std::make_unique<OfficeMachine>(
        OfficeMachine::World{scheduler_, faults_, dice_, trace_, hub_}, setting);
    office->unconfirmed = confirm;
    const auto invitation = hub_.invite(organisation, "officer", confirm);
    if (!invitation || !office->join(*invitation)) {
      if (late_joins_ > 0 || confirm) return nullptr;  // the hub's disk may fail under it
      trace_.violation(setting.name,
                       "cannot join: " + (invitation ? office->last_error().value_or(Error{}).message
                                                     : invitation.error().message));
    }
    if (invitation) used_invitations_.push_back(*invitation);
    wire(*office);
    offices_.push_back(std::move(office));
    return offices_.back().get();
  }

  void wire(OfficeMachine& office) {
    office.on_sealed = [this, name = office.setting().name] { survivors_.sealed(name); };
    // What nobody had sealed stood there alone; `wasl` reads what it can of it, and promises no more.
    office.on_damaged = [this, name = office.setting().name] { survivors_.excuse_unsealed(name); };
    office.on_equal = [this](OfficeMachine& one) { check_equal(one); };
    keep(office);
  }

  void keep(OfficeMachine& office) {
    images_[office.setting().name] = {office.disk().image(), survivors_.now(), office.may_be_caught};
  }

  /// "Synced" was said: where both hold the same number of entries, the states are the same.
  void check_equal(OfficeMachine& office) {
    ++synced_;
    if (!hub_.is_up() || hub_.old_heads || hub_.is_recovering() || office.replica() == nullptr) return;
    LogStore store(sqlite_rows(office.replica()->database()));
    for (const std::string& name :
         hub_.hub().authority().readable(office.replica()->device(), hub_.hub().hub_time())) {
      const auto here = store.space(name);
      const auto there = hub_.store().space(name);
      if (!here || !there || (*here)->size != (*there)->size || (*here)->applied != (*here)->digested)
        continue;
      const auto ours = digest_of(office, (*here)->number, name);
      const auto theirs = hub_.store().digest(name);
      if (ours && theirs && *ours != *theirs)
        trace_.violation(office.setting().name, "said synced while " + name + " differs");
    }
  }

  /// From what the office stores now; only nodes above what changed since the last time are computed.
  std::optional<Hash> digest_of(OfficeMachine& office, SpaceNumber number, const std::string& space) {
    auto select =
        office.replica()->database().prepare("SELECT bucket, hash FROM _wasl_bucket WHERE space = ?");
    if (!select) return std::nullopt;
    select->bind_all(number);
    std::vector<std::pair<unsigned, Hash>> filled;
    for (;;) {
      const auto found = select->step();
      if (!found) return std::nullopt;
      if (!*found) break;
      const auto hash = Hash::from(select->blob(1));
      const auto bucket = static_cast<std::uint64_t>(select->int64(0));
      if (!hash || bucket >= ledger::kDigestBuckets) return std::nullopt;
      filled.emplace_back(static_cast<unsigned>(bucket), *hash);
    }
    ledger::DigestTree& tree = digests_[{office.setting().name, space}];
    tree.assign(filled);
    return tree.root();
  }

  void check_bounds() {
    for (const auto& office : offices_) {
      if (office->disk().size("replica.db-wal") > kWalMost)
        trace_.violation(office->setting().name, "the write-ahead log grows without bound");
    }
    if (hub_.disk().size("hub.db-wal") > kWalMost)
      trace_.violation("hub", "the write-ahead log grows without bound");
  }

  // ── Trouble ──

  void make_trouble() {
    const auto fault = faults_.choose(dice_, kOfficeFaults);
    if (!fault) return;
    OfficeMachine& office = any_office();
    trace_.note(office.setting().name, "trouble: " + std::string(to_word(*fault)));
    if (office.revoked && takes_the_log(*fault)) return;
    if (!strike(*fault, office)) return;
    if (*fault != Fault::kill_office_at_write && *fault != Fault::kill_hub_at_write &&
        *fault != Fault::kill_in_recovery) {
      faults_.fired(*fault);  // those count themselves, when the write comes
    }
  }

  /// What persons decide beside the work. Its dice are its own.
  void decide() {
    test::Dice& dice = persons_.dice();
    if (!dice.chance(kDecisions)) return;
    const auto fault = faults_.choose(dice, kPersonsFaults);
    if (!fault) return;
    const bool done =
        *fault == Fault::confirmation_awaited ? join_unconfirmed() : persons_.decide(*fault, offices_);
    if (done) faults_.fired(*fault);
  }

  bool join_unconfirmed() {
    if (!hub_.is_in_charge() || joined_unconfirmed_) return false;
    OfficeMachine* const office = add_office(offices_[0]->setting().organisation, true);
    if (office == nullptr) return false;
    joined_unconfirmed_ = true;
    office->start();
    const Millis least = 60'000;
    const Millis wait = least + static_cast<Millis>(persons_.dice().below(900'000));
    scheduler_.after(wait, [this, office] { confirm(*office); });
    return true;
  }

  void confirm(OfficeMachine& office) {
    const bool sound = hub_.is_up() && !hub_.old_heads && !hub_.is_recovering();
    Status done;
    if (!sound || office.replica() == nullptr || !(done = hub_.confirm(office.replica()->device()))) {
      if (!done) trace_.note("hub", "does not confirm: " + done.error().message);
      scheduler_.after(10'000, [this, &office] { confirm(office); });
      return;
    }
    office.unconfirmed = false;
  }

  Millis some_time(Millis least, Millis most) {
    return least + static_cast<Millis>(dice_.below(static_cast<std::uint64_t>(most - least)));
  }

  bool strike(Fault fault, OfficeMachine& office) {
    switch (fault) {
      case Fault::half_open_up:
        office.lose(Side::office);
        return true;
      case Fault::half_open_down:
        office.lose(Side::hub);
        return true;
      case Fault::partition_one_way:
        return partition(office, dice_.chance(0.5), false, some_time(5'000, 120'000));
      case Fault::partition_full:
        return partition(office, true, true, some_time(5'000, 300'000));
      case Fault::flapping:
        for (Millis at = 0; at < 60'000; at += some_time(4'000, 10'000)) {
          scheduler_.after(at, [this, &office] { partition(office, true, true, some_time(2'000, 5'000)); });
        }
        return true;
      case Fault::rate_2g:
        office.line().bytes_per_milli = 5;
        office.line().latency = 350;
        scheduler_.after(some_time(60'000, 600'000), [this, &office] {
          if (!healing_) office.line().bytes_per_milli = 100;
        });
        return true;
      case Fault::duplicate_connection:
        office.duplicate_connection();
        return true;
      case Fault::two_daemons:
        office.second_daemon_for(some_time(60'000, 600'000));
        return true;
      case Fault::stop_for_an_hour:
        office.stop_for(dice_.chance(0.3) ? 3'600'000 : some_time(1'000, 120'000));
        return true;
      case Fault::kill_office_at_write:
        office.disk().kill_after(dice_.below(60));
        return true;
      case Fault::kill_in_recovery:
        office.kill();
        office.disk().kill_after(dice_.below(25));
        office.start_after(some_time(500, 5'000));
        return true;
      case Fault::kill_hub_at_write:
        hub_.disk().kill_after(dice_.below(60));
        return true;
      case Fault::late_join:
        return join_late();
      case Fault::invitation_reused:
        return reuse_invitation();
      default:
        return strike_disk(fault, office) || strike_clock(fault, office) || strike_by_operator(fault, office);
    }
  }

  bool partition(OfficeMachine& office, bool up, bool down, Millis duration) {
    if (healing_) return false;
    office.line().blocked[0] = up;
    office.line().blocked[1] = down || !up;
    scheduler_.after(duration, [&office] { office.line().blocked[0] = office.line().blocked[1] = false; });
    return true;
  }

  void fail_disk(test::SimDisk& disk, test::DiskCall call, int code) {
    disk.fail({call, dice_.below(30), dice_.chance(0.3), code});
    scheduler_.after(some_time(10'000, 200'000), [&disk] { disk.mend(); });
  }

  bool strike_disk(Fault fault, OfficeMachine& office) {
    // What the hub has lost lies with the offices alone: who loses it there too has no other copy.
    if (hub_.is_recovering() && (fault == Fault::bit_flip || fault == Fault::wal_lost)) return false;
    switch (fault) {
      case Fault::disk_full: {
        std::uint64_t used = 0;
        for (const std::string& file : office.disk().files()) used += office.disk().size(file);
        office.disk().set_room(used + dice_.below(100'000));
        scheduler_.after(some_time(10'000, 200'000), [&office] { office.disk().set_room(std::nullopt); });
        return true;
      }
      case Fault::io_error_read:
        fail_disk(office.disk(), test::DiskCall::read, SQLITE_IOERR_READ);
        return true;
      case Fault::io_error_write:
        fail_disk(office.disk(), test::DiskCall::write, SQLITE_IOERR_WRITE);
        return true;
      case Fault::io_error_sync:
        fail_disk(office.disk(), test::DiskCall::sync, SQLITE_IOERR_FSYNC);
        return true;
      case Fault::hub_io_error:
        fail_disk(hub_.disk(), dice_.chance(0.5) ? test::DiskCall::sync : test::DiskCall::write,
                  dice_.chance(0.5) ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE);
        return true;
      case Fault::power_cut:
      case Fault::power_cut_reordered:
        office.cut_power(fault == Fault::power_cut ? test::SimDisk::Tear::lose
                                                   : test::SimDisk::Tear::reorder);
        office.start_after(some_time(5'000, 300'000));
        return true;
      case Fault::hub_power_cut:
        hub_.cut_power(dice_.chance(0.5) ? test::SimDisk::Tear::lose : test::SimDisk::Tear::reorder);
        hub_.start_after(some_time(5'000, 60'000));
        return true;
      case Fault::bit_flip:
        office.kill();
        office.may_be_corrupt = true;
        damaged_.insert(office.setting().name);
        survivors_.excuse_unsealed(office.setting().name);
        office.disk().flip_bit(dice_.chance(0.7) ? "replica.db" : "replica.db-wal");
        office.start_after(some_time(500, 5'000));
        return true;
      case Fault::wal_lost:
        office.kill();
        office.may_be_corrupt = true;
        damaged_.insert(office.setting().name);
        survivors_.excuse_unsealed(office.setting().name);
        office.disk().remove("replica.db-wal");
        office.start_after(some_time(500, 5'000));
        return true;
      default:
        return false;
    }
  }

  bool strike_clock(Fault fault, OfficeMachine& office) {
    constexpr Millis k2099 = 4'070'908'800'000;
    switch (fault) {
      case Fault::clock_2099:
        office.clock().set(k2099);
        break;
      case Fault::clock_1970:
        office.clock().set(static_cast<Millis>(dice_.below(86'400'000)));
        break;
      case Fault::clock_backwards:
        office.clock().step(-3'600'000);
        if (dice_.chance(0.3)) hub_.clock().step(-some_time(1'000, 3'600'000));
        break;
      case Fault::clock_step:
        office.clock().step(some_time(1'000, 3'600'000));
        break;
      case Fault::clock_drift:
        office.clock().drift(dice_.chance(0.5) ? 0.0005 : -0.0005);
        hub_.clock().drift(dice_.chance(0.5) ? 0.0002 : -0.0002);
        break;
      default:
        return false;
    }
    scheduler_.after(some_time(60'000, 1'200'000), [&office] { office.clock().set_right(); });
    return true;
  }

  bool strike_by_operator(Fault fault, OfficeMachine& office) {
    switch (fault) {
      case Fault::replica_restored:
        return restore_replica(office);
      case Fault::disk_cloned:
        return clone(office);
      case Fault::hub_restored:
        return restore_hub();
      case Fault::device_revoked:
        return revoke(office, dice_.chance(0.5) ? RevocationReason::lost : RevocationReason::left, 0);
      case Fault::laptop_stolen:
        return revoke(office, RevocationReason::compromised,
                      hub_.is_up() ? hub_.hub().hub_time() - some_time(0, 600'000) : 0);
      case Fault::work_adopted:
        return decide_waiting(true);
      case Fault::work_discarded:
        return decide_waiting(false);
      case Fault::hub_recovered:
        return recover_hub();
      default:
        return false;
    }
  }

  /// The newest backup of the office comes back: the whole folder, or replica.db alone.
  bool restore_replica(OfficeMachine& office) {
    if (hub_.is_recovering()) return false;
    const auto& [image, when, may_be_caught] = images_[office.setting().name];
    test::SimDisk::Image put = image;
    office.kill();
    if (dice_.chance(0.5)) {
      put = office.disk().image();
      put.erase("replica.db-wal");
      for (const char* name : {"replica.db", "replica.db-wal"}) {
        if (const auto it = image.find(name); it != image.end()) put[name] = it->second;
      }
    }
    office.disk().restore(put);
    office.may_be_caught = office.may_be_caught || may_be_caught;
    office.went_back = true;
    survivors_.excuse(office.setting().name, when);
    office.start_after(some_time(500, 60'000));
    return true;
  }

  void back_up() {
    if (hub_.is_up() && !hub_.old_heads && !hub_.is_recovering()) {
      hub_image_ = hub_.image();
      hub_image_heads_ = hub_.hub().heads().size;
    }
    for (const auto& office : offices_) {
      if (dice_.chance(0.3)) keep(*office);
    }
  }

  /// One disk image put into a second machine, and both run.
  bool clone(OfficeMachine& office) {
    if (cloned_ || !office.is_running() || hub_.is_recovering()) return false;
    cloned_ = true;
    office.kill();
    OfficeMachine::Setting setting = office.setting();
    setting.name += "-copy";
    auto copy = std::make_unique<OfficeMachine>(
        OfficeMachine::World{scheduler_, faults_, dice_, trace_, hub_}, setting);
    copy->become(office.disk().image());
    office.start_after(500);
    copy->start_after(700);
    copy->may_be_corrupt = office.may_be_corrupt;
    if (damaged_.contains(office.setting().name)) damaged_.insert(setting.name);
    copy->may_be_caught = office.may_be_caught;
    copy->unconfirmed = office.unconfirmed;
    copy->went_back = office.went_back;
    wire(*copy);
    offices_.push_back(std::move(copy));
    return true;
  }

  /// An old copy of hub.db serves for a while. Who has seen more catches it; then the newest copy comes back.
  bool restore_hub() {
    if (!hub_.is_up() || !hub_image_ || hub_restored_ || hub_.is_recovering()) return false;
    if (hub_.hub().heads().size == hub_image_heads_) return false;
    hub_restored_ = true;
    hub_.kill();
    const auto newest = hub_.image();
    hub_.restore(*hub_image_);
    hub_.old_heads = hub_image_heads_;
    hub_.start_after(100);
    scheduler_.after(some_time(60'000, 400'000), [this, newest] {
      hub_.kill();
      hub_.restore(newest);
      hub_.old_heads.reset();
      hub_.start_after(100);
    });
    return true;
  }

  /// A registrar ends a device's rights. What was damaged stays in the network: without its log it could not
  /// hand over what it has.
  bool revoke(OfficeMachine& office, RevocationReason reason, Millis since) {
    if (!hub_.is_up() || hub_.old_heads || hub_.disk().failed() > 0 || office.replica() == nullptr)
      return false;
    const auto standing = std::ranges::count_if(offices_, [](const auto& one) { return !one->revoked; });
    if (office.revoked || office.may_be_corrupt || cloned_ || standing < 3) return false;
    if (is_unconfirmed(office)) return false;  // it would never learn that it might have sent its work
    const Status done = hub_.revoke({office.replica()->device(), reason, since});
    trace_.note("hub", "revokes: " + (done ? std::string("done") : done.error().message));
    office.revoked = done.has_value();
    decided_ = decided_ || done;
    return done.has_value();
  }

  /// By what the office knows.
  static bool is_unconfirmed(OfficeMachine& office) {
    if (office.unconfirmed) return true;
    const auto authority = office.replica()->authority();
    if (!authority) return true;
    const Device* device = (*authority)->device(office.replica()->device());
    return device == nullptr || waits_for_confirmation(**authority, device->grant);
  }

  /// An administrator decides about a change set that waits, with its group.
  bool decide_waiting(bool adopts) {
    if (!hub_.is_up() || hub_.old_heads || hub_.disk().failed() > 0) return false;
    const auto waiting = hub_.store().kept_list(true);
    if (!waiting || waiting->empty()) return false;
    const Header& one = (*waiting)[dice_.below(waiting->size())].header;
    std::vector<Hash> names;
    for (const KeptSet& kept : *waiting) {
      if (kept.header.source == one.source && kept.header.group == one.group && names.size() < kNamesOfAct)
        names.push_back(kept.name);
    }
    const Status done = adopts ? hub_.decide(AdoptAct{names}, one.space)
                               : hub_.decide(DiscardAct{one.space, names, DiscardReason::mistaken},
                                             std::string(kAuthoritySpace));
    trace_.note("hub", std::string(adopts ? "adopts " : "discards ") + std::to_string(names.size()) + ": " +
                           (done ? std::string("done") : done.error().message));
    decided_ = decided_ || done;
    return done.has_value();
  }

  /// What would leave a revoked device without the log by which it knows where its work belongs.
  static bool takes_the_log(Fault fault) {
    return fault == Fault::bit_flip || fault == Fault::wal_lost || fault == Fault::replica_restored ||
           fault == Fault::disk_cloned;
  }

  /// The hub's disk is lost, and an old copy takes its place. It knows, takes back what the offices hold, and
  /// when all have come the roots open a new epoch.
  bool recover_hub() {
    if (!hub_.is_up() || !hub_image_ || hub_recovered_ || hub_.old_heads || healing_) return false;
    if (hub_.hub().heads().size == hub_image_heads_ || !is_held_by_offices()) return false;
    if (decided_) return false;  // what waits at the hub, and what was decided of it, comes from no office
    hub_recovered_ = true;
    hub_.kill();
    hub_.recover(*hub_image_);
    hub_image_.reset();
    hub_.start_after(100);
    for (const auto& office : offices_) office->came_back = 0;
    scheduler_.after(60'000, [this] { open_epoch(); });
    return true;
  }

  /// Twice: who joined after the copy was made brings `authority` first, and only then is known.
  void open_epoch() {
    const bool all = std::all_of(offices_.begin(), offices_.end(),
                                 [](const auto& office) { return office->came_back >= 2; });
    if (!all || !hub_.open_epoch()) scheduler_.after(10'000, [this] { open_epoch(); });
  }

  /// Of each space some office has proved all that the hub signed.
  bool is_held_by_offices() {
    if (!damaged_.empty()) return false;
    const auto proved = [&](const std::string& space, Position size) {
      return std::any_of(offices_.begin(), offices_.end(), [&](const auto& office) {
        if (!office->is_running() || office->may_be_corrupt || office->replica() == nullptr) return false;
        LogStore store(sqlite_rows(office->replica()->database()));
        const auto info = store.space(space);
        return info && (*info)->proved == size;
      });
    };
    for (const std::string& name : hub_.hub().authority().spaces()) {
      const auto info = hub_.store().space(name);
      if (!info || ((*info)->size > 0 && !proved(name, (*info)->size))) return false;
    }
    return true;
  }

  bool join_late() {
    if (hub_.is_recovering()) return false;
    if (!hub_.is_up() || hub_.disk().failed() > 0 || late_joins_ >= 2 || hub_.old_heads) return false;
    ++late_joins_;
    OfficeMachine* const office = add_office(offices_[0]->setting().organisation);
    if (office != nullptr) office->start();
    return office != nullptr;
  }

  /// Somebody found an invitation that was used.
  bool reuse_invitation() {
    if (!hub_.is_up() || used_invitations_.empty() || hub_.old_heads || hub_.is_recovering()) return false;
    OfficeMachine::Setting setting = offices_[0]->setting();
    setting.name = "intruder-" + std::to_string(++intruders_);
    OfficeMachine intruder(OfficeMachine::World{scheduler_, faults_, dice_, trace_, hub_}, setting);
    if (intruder.join(used_invitations_[dice_.below(used_invitations_.size())])) {
      trace_.violation(setting.name, "joined with an invitation that was used");
    }
    return true;
  }

  // ── The end ──

  void heal() {
    faults_.end();
    healing_ = true;
    trace_.note("world", "heals");
    scheduler_.run_until(scheduler_.now() + 10);
    hub_.disk().mend();
    hub_.disk().no_kill();
    hub_.clock().set_right();
    for (const auto& office : offices_) {
      office->disk().mend();
      office->disk().no_kill();
      office->disk().set_room(std::nullopt);
      office->clock().set_right();
      office->line() = {};
      office->resume();
    }
    const Millis began = scheduler_.now();
    for (const Millis end = began + kHealLimit; scheduler_.now() < end;) {
      scheduler_.run_until(scheduler_.now() + kHealStep);
      if (hub_.is_up() && !hub_.old_heads && !hub_.is_recovering() && hub_.is_idle() && all_at_rest()) {
        healed_in_ = std::max(healed_in_, scheduler_.now() - began);
        return;
      }
      scrub();
    }
    for (const auto& office : offices_) {
      if (at_rest(*office)) continue;
      trace_.violation(office->setting().name,
                       "wedged: " + why_not(*office) + "; last error: " +
                           (office->last_error() ? office->last_error()->message : std::string("none")));
    }
    if (!hub_.is_up()) trace_.violation("hub", "does not come back");
  }

  /// Files that were damaged are looked at by whoever looks after the machine: `verify`, and what it says.
  void scrub() {
    for (const auto& office : offices_) {
      if (!damaged_.contains(office->setting().name) || !office->is_running()) continue;
      damaged_.erase(office->setting().name);
      const auto report = office->replica()->verify();
      if (report && report->ok) continue;
      office->remove_replica();
      office->start_after(1'000);
    }
  }

  bool all_at_rest() {
    return std::all_of(offices_.begin(), offices_.end(), [&](const auto& one) { return at_rest(*one); });
  }
  bool at_rest(OfficeMachine& office) { return why_not(office).empty(); }

  std::string spaces_of(OfficeMachine& office) {
    std::string words;
    LogStore store(sqlite_rows(office.replica()->database()));
    const auto names = store.space_names();
    if (!names) return names.error().message;
    for (const std::string& name : *names) {
      const auto info = store.space(name);
      if (!info) continue;
      const auto leaf = ledger::HeadsLeaf::decode((*info)->leaf);
      words += name + " " + std::to_string((*info)->size) + " applied " + std::to_string((*info)->applied) +
               " leaf " +
               (leaf ? std::to_string(leaf->size) + "/" + std::to_string(leaf->digest_position) : "none") +
               "; ";
    }
    return words;
  }

  std::string why_not(OfficeMachine& office) {
    if (!office.is_running() || office.replica() == nullptr) return "does not run";
    if (damaged_.contains(office.setting().name)) return "not looked at yet";
    if (office.revoked) {
      const auto left = office.replica()->status();
      if (!left) return left.error().message;
      return left->unsent == 0 ? "" : std::to_string(left->unsent) + " not handed over";
    }
    if (!office.is_equal()) return "no session ended with equal (" + spaces_of(office) + ")";
    const auto status = office.replica()->status();
    if (!status) return status.error().message;
    if (status->unsent > 0) return std::to_string(status->unsent) + " unsent";
    LogStore store(sqlite_rows(office.replica()->database()));
    for (const std::string& name :
         hub_.hub().authority().readable(office.replica()->device(), hub_.hub().hub_time())) {
      const auto here = store.space(name);
      const auto there = hub_.store().space(name);
      if (!here || !there || (*here)->size != (*there)->size) return "behind in " + name;
      if ((*here)->applied != (*here)->size) return "not applied in " + name;
    }
    return {};
  }

  void judge() {
    if (!trace_.violations().empty()) return;
    judge_all();
    wait_for_erasures();
    if (!trace_.violations().empty()) return;
    start_one_anew();
    Judgement after(hub_, versions_, trace_);
    if (erasing_) after.check_erased(personal_, machines());
    for (const auto& office : offices_) {
      if (office->replica() == nullptr || office->revoked) continue;
      after.check_office(*office);
      after.check_withdrawal(*office);
    }
    for (const std::string& name : hub_.hub().authority().spaces()) {
      if (const auto info = hub_.store().space(name)) change_sets_ += (*info)->size;
    }
  }

  void judge_all() {
    Judgement judgement(hub_, versions_, trace_);
    judgement.check_logs();
    judgement.check_confirmations();
    judgement.check_signed(persons_.signed_work());
    for (const auto& office : offices_) {
      judgement.check_promises(*office, office->replica()->device(), newest_time_of(*office));
      if (office->revoked) continue;
      judgement.check_office(*office);
      judgement.check_scope(*office);
    }
    judgement.check_survivors(survivors_, machines());
  }

  std::vector<OfficeMachine*> machines() {
    std::vector<OfficeMachine*> all;
    for (const auto& office : offices_) all.push_back(office.get());
    return all;
  }

  // ── Three days later ──

  /// All go home until the last erasure is about to come into force. Some are back before, some behind it,
  /// and while values go everywhere, people work and machines fail.
  void wait_for_erasures() {
    Judgement before(hub_, versions_, trace_);
    const auto due = before.last_due();
    if (!due || !trace_.violations().empty()) return;
    erasing_ = true;
    personal_ = before.personal_values(machines());
    trace_.note("world", "goes home");
    for (const auto& office : offices_) office->shut_down();
    const Millis wait = *due - hub_.hub().hub_time() - kBeforeErasing;
    scheduler_.run_until(scheduler_.now() + std::max<Millis>(0, wait));
    for (const auto& office : offices_) {
      office->start_after(persons_.dice().chance(0.5) ? 10 : time_while_erasing());
      const Millis when = time_while_erasing();
      scheduler_.after(when, [this, &office = *office] { fail_while_erasing(office); });
    }
    if (persons_.dice().chance(0.5))
      scheduler_.after(kBeforeErasing - 60'000,
                       [this] { hub_.disk().kill_after(persons_.dice().below(60)); });
    for (std::uint64_t i = 0; i < kWorkWhileErasing; ++i) {
      scheduler_.run_until(scheduler_.now() + 2 * kBeforeErasing / static_cast<Millis>(kWorkWhileErasing));
      work_.step(any_office());
    }
    heal();
    scheduler_.run_until(scheduler_.now() + kBeforeErasing / 2);  // a file that somebody reads is tried again
    heal();
    if (!trace_.violations().empty()) return;
    Judgement judgement(hub_, versions_, trace_);
    judgement.check_erased(personal_, machines());
    survivors_.discarded(judgement.erased_tokens(personal_));
    judge_all();
  }

  Millis time_while_erasing() {
    return static_cast<Millis>(persons_.dice().below(2 * static_cast<std::uint64_t>(kBeforeErasing)));
  }

  void fail_while_erasing(OfficeMachine& office) {
    test::Dice& dice = persons_.dice();
    switch (dice.below(8)) {
      case 0:
      case 1:
        return office.disk().kill_after(dice.below(200));
      case 2:
        office.cut_power(dice.chance(0.5) ? test::SimDisk::Tear::lose : test::SimDisk::Tear::reorder);
        return office.start_after(some_time(5'000, 300'000));
      case 3:
        return office.disk().fail({test::DiskCall::write, dice.below(100), false, SQLITE_IOERR_WRITE});
      case 4:
        return office.second_daemon_for(some_time(60'000, 600'000));
      default:
        return;
    }
  }

  /// As far as any machine with this device's key ever believed.
  Millis newest_time_of(OfficeMachine& office) {
    Millis newest = 0;
    for (const auto& one : offices_) {
      if (one->replica() != nullptr && one->replica()->device() == office.replica()->device())
        newest = std::max(newest, one->newest_time());
    }
    return newest;
  }

  /// The same log in other portions: one office loses replica.db and reads everything again.
  void start_one_anew() {
    std::vector<OfficeMachine*> standing;
    for (const auto& one : offices_) {
      if (!one->revoked) standing.push_back(one.get());
    }
    OfficeMachine& office = *standing[dice_.below(standing.size())];
    office.may_be_corrupt = true;
    office.remove_replica();
    office.start_after(10);
    const Millis end = scheduler_.now() + kHealLimit;
    while (scheduler_.now() < end) {
      scheduler_.run_until(scheduler_.now() + kHealStep);
      if (hub_.is_up() && all_at_rest()) return;
    }
    trace_.violation(office.setting().name, "does not start anew: " + why_not(office));
  }

  SimulationResult result() {
    SimulationResult out;
    for (const auto& office : offices_) trace_.note(office->setting().name, "end");
    trace_.note("hub",
                std::to_string(change_sets_) + " change sets, " + std::to_string(synced_) + " times equal");
    out.trace = trace_.hash();
    out.faults = faults_.counts();
    out.violations = trace_.violations();
    out.saved = work_.saved();
    out.change_sets = change_sets_;
    out.offices = offices_.size();
    out.healed_in = healed_in_;
    return out;
  }

  SimulationOptions options_;
  test::Dice dice_;
  test::SimDisks disks_;
  Scheduler scheduler_;
  Faults faults_;
  Trace trace_;
  Survivors survivors_;
  Versions versions_;
  HubMachine hub_;
  std::vector<std::unique_ptr<OfficeMachine>> offices_;
  Work work_;
  Persons persons_;
  PersonalValues personal_;  ///< what was open before anything was erased
  std::map<std::string, Backup> images_;
  std::optional<test::SimDisk::Image> hub_image_;
  std::uint64_t hub_image_heads_ = 0;
  std::map<std::pair<std::string, std::string>, ledger::DigestTree> digests_;  ///< by office and space
  std::vector<Invitation> used_invitations_;
  std::set<std::string> damaged_;
  std::uint64_t office_count_ = 0, late_joins_ = 0, intruders_ = 0, synced_ = 0, change_sets_ = 0;
  Millis healed_in_ = 0;
  bool cloned_ = false, hub_restored_ = false, hub_recovered_ = false, healing_ = false;
  bool joined_unconfirmed_ = false;
  bool erasing_ = false;  ///< an erasure came into force
  bool decided_ = false;  ///< a person revoked, adopted or discarded
};

}  // namespace

SimulationResult simulate(const SimulationOptions& options) { return Simulation(options).run(); }

}  // namespace wasl::sim
