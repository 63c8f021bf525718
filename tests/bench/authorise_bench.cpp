// Decisions a second with 10,000 grants in force: plain ones, delegated ones up a chain of four "while held",
// and ones limited by labels. One core, no disk. Prints; never fails for a figure.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "shared/authority/authorise.hpp"
#include "shared/model/field_value.hpp"

namespace wasl::bench {
namespace {

constexpr std::size_t kGrants = 10'000;
constexpr std::size_t kDecisions = 1'000'000;
constexpr Millis kNow = 1'700'000'000'000;
constexpr std::size_t kChain = 4;

crypto::KeyPair key_of(std::size_t number) {
  crypto::Seed seed;
  for (std::size_t i = 0; i < 4; ++i) seed.bytes[i] = static_cast<Byte>(number >> (8 * i));
  seed.bytes[31] = 1;
  return crypto::KeyPair::from_seed(seed);
}

class Network {
 public:
  Network() {
    NetworkStatement statement;
    statement.registrars = {registrar_.public_key()};
    authority_.apply_statement(statement, Hash{});
    apply(registrar_, OrganisationAct{"africa", "section", "", "Africa"}, {});
    std::vector<Hash> parents(kChain);
    Clause clause{kRead | kWrite | kGrant, {"section/africa"}, {}};
    for (std::size_t depth = 0; depth < kChain; ++depth) {
      GrantAct act{GrantKind::person, key_of(depth).public_key(), "africa", "officer", {clause}, 0, 0, 8};
      act.depth = static_cast<std::uint32_t>(8 - depth);
      act.flags = depth == 0 ? 0 : kWhileHeld;
      parents[depth] = apply(key_of(depth), act, depth == 0 ? Hash{} : parents[depth - 1]);
    }
    for (std::size_t i = 0; names_.size() < kGrants; ++i) {
      const crypto::KeyPair device = key_of(1000 + i);
      GrantAct act{GrantKind::device, device.public_key(), "africa", "officer", {clause}, 0, 0, 0};
      const bool limited = i % 4 == 3;
      if (limited) act.clauses[0].labels = {{"theme", {Value::reference("network", "climate")}}};
      act.flags = i % 2 == 1 ? kWhileHeld : 0;
      names_.push_back(apply(device, act, act.flags == 0 ? Hash{} : parents.back()));
      devices_.push_back(device.public_key());
    }
    record_.register_number = project_;
    write(OperationKind::create, {}, Value::null());
    write(OperationKind::add, {theme_, element_key(Value::reference("network", "climate"))}, Value::null());
  }

  /// A field update under each of the grants in turn.
  std::vector<ChangeSet> work() const {
    std::vector<ChangeSet> out;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      Header header;
      header.space = "section/africa";
      header.source.author = devices_[i];
      header.stamp = Stamp::at(kNow);
      header.grant = names_[i];
      Operation op;
      op.kind = OperationKind::write;
      op.register_number = project_;
      op.id = "r";
      op.address = {built_in_schema().find(project_)->field("reference")->number, {}};
      op.value = Value::text("R-" + std::to_string(i));
      out.push_back(make_change_set(std::move(header), {std::move(op)}));
    }
    return out;
  }
  bool accepts(const ChangeSet& set) const {
    const auto record = [this](std::string_view) { return &record_; };
    const auto in_log = [](const Source&, Sequence) { return true; };
    const auto no_roots = [](std::string_view, Position) { return std::optional<Hash>(); };
    return authorise(set, authority_, position_, built_in_schema(), kNow, {record, in_log, no_roots})
               .outcome == Outcome::accepted;
  }

 private:
  Hash apply(const crypto::KeyPair& key, const Act& act, const Hash& under) {
    Header header;
    header.space = kAuthoritySpace;
    header.source.author = key.public_key();
    for (std::size_t i = 0; i < 4; ++i)
      header.source.chain.bytes[i] = static_cast<Byte>(position_ >> (8 * i));
    header.grant = under;
    Operation op;
    op.kind = OperationKind::act;
    op.id = "a";
    op.value = encode_act(act);
    const ChangeSet set = make_change_set(std::move(header), {std::move(op)});
    if (!authority_.apply(set, ++position_, kNow)) std::abort();
    return grant_name(set.header.network, set.dot(0), set.operations[0].value);
  }
  void write(OperationKind kind, Address address, Value value) {
    Operation op;
    op.kind = kind;
    op.register_number = project_;
    op.id = "r";
    op.address = std::move(address);
    op.value = std::move(value);
    record_.apply(op, {{{registrar_.public_key(), {}}, ++writes_, 0}, {}, 0});
  }

  const std::uint32_t project_ = built_in_schema().find("project")->number;
  const std::uint32_t theme_ = built_in_schema().find("project")->field("theme")->number;
  crypto::KeyPair registrar_ = key_of(999);
  AuthorityState authority_;
  Position position_ = 1;
  Sequence writes_ = 0;
  std::vector<Hash> names_;
  std::vector<PublicKey> devices_;
  RecordState record_;
};

int run() {
  const Network network;
  const std::vector<ChangeSet> sets = network.work();
  const auto begin = std::chrono::steady_clock::now();
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < kDecisions; ++i) accepted += network.accepts(sets[i % sets.size()]) ? 1 : 0;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("authorise: %.0f decisions/s with %zu grants (%zu of %zu accepted)\n",
              static_cast<double>(kDecisions) / took.count(), kGrants, accepted, kDecisions);
  return accepted == kDecisions ? 0 : 1;
}

}  // namespace
}  // namespace wasl::bench

int main() { return wasl::bench::run(); }
