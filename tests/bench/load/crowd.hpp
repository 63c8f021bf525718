#pragma once
// A network with a hub and many devices, made before the hub serves: what each device says and writes is
// ready, so that the driver costs little beside the hub that is measured.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/wire/messages.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::bench {

constexpr std::string_view kSpace = "network";  // what everybody reads
constexpr std::size_t kRecordsOfSet = 10;

class Crowd {
 public:
  explicit Crowd(std::size_t devices);

  [[nodiscard]] std::size_t size() const { return devices_.size(); }
  /// Frames of `sets` change sets each; every set changes the next ten records of the device's own.
  std::vector<Bytes> writings(std::size_t device, std::size_t frames, std::size_t sets);
  /// The device's own records: accepted at once, before the hub serves. @param records a multiple of ten
  void create_records(std::size_t device, std::size_t records = kRecordsOfSet);
  /// One change set more in the log, for others to pull.
  void write_one(std::size_t device);
  /// Says that it holds all there is now, but for the newest `behind` entries of the space.
  Bytes hello(std::size_t device, bool live, Position behind = 0);

  test::HubWorld& world() { return world_; }

 private:
  struct Member {
    crypto::KeyPair key;
    std::optional<test::Pen> pen;
    std::map<std::string, Dot> heads;  ///< of its records
    std::size_t next = 0;              ///< record that is written next
    std::uint64_t counter = 0;
  };
  static ChangeSet write(Member& member, std::vector<Operation> operations);
  ChangeSet next_set(std::size_t device);

  test::HubWorld world_;
  std::vector<Member> devices_;
  std::uint64_t writes_ = 0;
};

}  // namespace wasl::bench
