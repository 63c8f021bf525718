#pragma once
// A network's `authority` in a few lines, and the question whether a change set may stand.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/authority/authorise.hpp"

namespace wasl::test {

inline crypto::KeyPair key_of(Byte b) {
  crypto::Seed seed;
  seed.bytes.fill(b);
  return crypto::KeyPair::from_seed(seed);
}

class AuthorityDesk : public ::testing::Test {
 protected:
  static constexpr Millis kNow = 1'700'000'000'000;
  static constexpr Rights kOfficer = kRead | kWrite;

  AuthorityDesk() {
    NetworkStatement statement;
    statement.log_key = log_key.public_key();
    statement.registrars = {registrar.public_key()};
    authority.apply_statement(statement, Hash{});
    place(registrar, OrganisationAct{"asia", "section", "", "Asia"});
  }
  ChangeSet set_of(const crypto::KeyPair& key, std::string space, std::vector<Operation> operations,
                   const Hash& grant = {}) {
    Header header;
    header.space = std::move(space);
    header.source.author = key.public_key();
    header.source.chain.bytes.fill(++chains);
    header.sequence = 1;
    header.stamp = Stamp::at(kNow);
    header.grant = grant;
    header.schema = built_in_schema().hash();
    sort_by_record(operations);
    return make_change_set(std::move(header), std::move(operations));
  }
  ChangeSet acts_of(const crypto::KeyPair& key, const std::vector<Act>& acts, const Hash& grant = {}) {
    std::vector<Operation> operations;
    for (const Act& act : acts) operations.push_back(act_operation(encode_act(act)));
    return set_of(key, "authority", std::move(operations), grant);
  }
  Operation act_operation(Value value) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = "act-" + std::to_string(++ids);
    op.value = std::move(value);
    return op;
  }
  /// Puts it into the log of `authority`, whatever the rules say. @return the name that a grant in it has.
  Hash place(const crypto::KeyPair& key, const Act& act, const Hash& grant = {}, Millis now = kNow) {
    const ChangeSet set = acts_of(key, {act}, grant);
    EXPECT_TRUE(authority.apply(set, ++position, now));
    return grant_name(set.header.network, set.dot(0), set.operations[0].value);
  }
  /// Puts it into the log of the space, whatever the rules say.
  const ChangeSet& place(const ChangeSet& set) {
    for (std::size_t i = 0; i < set.operations.size(); ++i) {
      records[set.operations[i].id].apply(set.operations[i], {set.dot(i), set.header.stamp, kNow});
    }
    entries.insert({set.header.source, set.header.sequence});
    return set;
  }
  static GrantAct grant_act(GrantKind kind, const PublicKey& grantee, Rights rights = kOfficer) {
    return {kind, grantee, "asia", "officer", {{rights, {"section/asia"}, {}}}, 0, 0, 0};
  }
  Verdict ask(const ChangeSet& set, Millis now = kNow) const {
    const auto record = [this](std::string_view id) {
      const auto it = records.find(std::string(id));
      return it == records.end() ? nullptr : &it->second;
    };
    const auto in_log = [this](const Source& source, Sequence sequence) {
      return entries.contains({source, sequence});
    };
    const auto no_roots = [](std::string_view, Position) { return std::optional<Hash>(); };
    return authorise(set, authority, position, built_in_schema(), now, {record, in_log, no_roots});
  }
  Reason reason(const ChangeSet& set, Millis now = kNow) const { return ask(set, now).reason; }

  crypto::KeyPair registrar = key_of(4), log_key = key_of(5), device = key_of(1), invited = key_of(6);
  AuthorityState authority;
  Position position = 1;
  std::map<std::string, RecordState> records;
  std::set<std::pair<Source, Sequence>> entries;

 private:
  Byte chains = 0;
  int ids = 0;
};

}  // namespace wasl::test
