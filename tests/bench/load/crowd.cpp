#include "tests/bench/load/crowd.hpp"

namespace wasl::bench {
namespace {

std::string record_of(std::size_t device, std::size_t record) {
  return "record-" + std::to_string(device) + "-" + std::to_string(record);
}

}  // namespace

Crowd::Crowd(std::size_t devices) {
  world_.add_organisation("ma", "association");
  devices_.reserve(devices);
  for (std::size_t i = 0; i < devices; ++i) {
    devices_.push_back({crypto::KeyPair::generate(world_.random()), std::nullopt, {}, 0, 0});
    Member& member = devices_.back();
    member.pen.emplace(world_, member.key, std::string(kSpace), world_.enrol(member.key, "ma"));
  }
}

void Crowd::create_records(std::size_t device, std::size_t records) {
  Member& member = devices_[device];
  for (std::size_t first = 0; first < records; first += kRecordsOfSet) {
    std::vector<Operation> operations;
    for (std::size_t i = first; i < first + kRecordsOfSet; ++i) {
      operations.push_back(test::Pen::create("project", record_of(device, i)));
      operations.push_back(test::Pen::write_text("project", record_of(device, i), "reference", "first"));
    }
    const ChangeSet set = write(member, std::move(operations));
    world_.push(member.pen->run({set}));
  }
}

/// Notes what the next writes of the same records replace.
ChangeSet Crowd::write(Member& member, std::vector<Operation> operations) {
  sort_by_record(operations);
  ChangeSet set = member.pen->write(std::move(operations));
  for (std::size_t o = 0; o < set.operations.size(); ++o)
    if (set.operations[o].kind == OperationKind::write) member.heads[set.operations[o].id] = set.dot(o);
  return set;
}

ChangeSet Crowd::next_set(std::size_t device) {
  Member& member = devices_[device];
  std::vector<Operation> operations;
  for (std::size_t i = 0; i < kRecordsOfSet; ++i) {
    const std::string record = record_of(device, member.next);
    member.next = (member.next + 1) % member.heads.size();
    operations.push_back(test::Pen::write_text(
        "project", record, "reference", "value " + std::to_string(++writes_), {member.heads.at(record)}));
  }
  return write(member, std::move(operations));
}

std::vector<Bytes> Crowd::writings(std::size_t device, std::size_t frames, std::size_t sets) {
  std::vector<Bytes> out;
  for (std::size_t f = 0; f < frames; ++f) {
    std::vector<ChangeSet> run;
    for (std::size_t s = 0; s < sets; ++s) run.push_back(next_set(device));
    out.push_back(encode_segment(FrameKind::push, devices_[device].pen->run(run)));
  }
  return out;
}

void Crowd::write_one(std::size_t device) { world_.push(devices_[device].pen->run({next_set(device)})); }

Bytes Crowd::hello(std::size_t device, bool live, Position behind) {
  Member& member = devices_[device];
  Hello hello;
  hello.flags = live ? Hello::kLive : Byte{0};
  hello.network = world_.network();
  hello.device = member.key.public_key();
  hello.hub = world_.hub().log_key().public_key();
  hello.counter = ++member.counter;
  hello.epoch = 1;
  hello.checkpoint = world_.hub().heads();
  for (const std::string& space :
       world_.hub().authority().readable(member.key.public_key(), world_.clock().now())) {
    const Position size = test::must(world_.hub().size(space));
    hello.cursors.push_back({space, space == kSpace ? size - std::min(size, behind) : size, true});
  }
  return encode(hello, member.key);
}

}  // namespace wasl::bench
