#pragma once
// A whole network in one process for tests of the replica: a root, a registrar, a hub that accepts what
// `authorise` accepts, and offices on folders of their own. Time is a number that the test sets.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "client/replica/replica.hpp"
#include "shared/authority/roles.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/note.hpp"
#include "shared/store/stored_logs.hpp"
#include "tests/support/must.hpp"

namespace wasl::test {

struct TestClock final : Clock {
  Millis time = 1'700'000'000'000;
  Millis now() override { return time; }
};

/// xorshift64*: the same on every machine.
struct TestRandom final : Random {
  std::uint64_t state = 88172645463325252ULL;
  void fill(std::span<Byte> out) override {
    for (Byte& b : out) {
      state ^= state >> 12;
      state ^= state << 25;
      state ^= state >> 27;
      b = static_cast<Byte>(state * 2685821657736338717ULL >> 56);
    }
  }
};

class MiniHub {
 public:
  MiniHub(TestClock& clock, TestRandom& random, const Schema& schema = built_in_schema());
  const Schema& schema() const { return schema_; }

  void add_organisation(const std::string& id, const std::string& kind, const std::string& parent = "");
  /// A fresh invitation's key.
  crypto::KeyPair invite(const std::string& organisation, const std::string& role = "officer");
  NetworkAnchor anchor(const std::string& organisation) const;

  Welcome welcome(const PublicKey& device, const Hello& hello);
  /// Gives places to what may have them. @return verdicts, one a change set.
  std::vector<VerdictItem> push(const Segment& segment);
  /// Entries after `position`, in blocks as they were accepted.
  std::vector<Segment> entries(const std::string& space, Position position);
  Proof proof(const PublicKey& device, std::uint64_t from, bool final);

  const AuthorityState& authority() const { return authority_; }
  const NetworkId& network() const { return network_; }
  std::map<std::string, Bytes> states(const std::string& space);
  Hash digest(const std::string& space) { return must(store_.digest(space)); }
  KnownLogs& logs() { return logs_; }
  Position size(const std::string& space) { return must(store_.space(space))->size; }

 private:
  Verdict place(const SetItem& item, std::vector<SegmentItem>& accepted);
  void act(const Act& act);
  void commit_heads();

  TestClock& clock_;
  TestRandom& random_;
  const Schema& schema_;
  Database db_;
  LogStore store_;
  crypto::KeyPair root_, registrar_, log_key_;
  NetworkId network_;
  StoredLogs logs_{store_, network_};
  Hash statement_hash_;
  AuthorityState authority_;
  std::map<std::string, ledger::BlindingKey> keys_;
  Source registrar_chain_;
  std::map<Source, std::vector<StandInItem>> withheld_;
  ledger::Frontier heads_;
  std::vector<ledger::Node> nodes_;
  std::map<std::string, std::pair<std::uint64_t, ledger::HeadsLeaf>> newest_;
};

class Office {
 public:
  /// Joins by an invitation of the hub.
  Office(MiniHub& hub, TestClock& clock, TestRandom& random, const std::string& organisation,
         const std::string& role = "officer");
  ~Office();

  Replica& replica() { return *replica_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// A whole session. @return what both sides can say of their states.
  std::optional<bool> sync();
  /// As any program would: a connection of its own, triggers on.
  void sql(const std::string& statement);
  /// Rows as text, columns separated by '|', rows by newline.
  std::string rows(const std::string& query);
  void close();
  void reopen();

 private:
  std::optional<bool> session(const Bytes& hello, std::optional<Segment> extra, bool push);

  MiniHub& hub_;
  TestClock& clock_;
  TestRandom& random_;
  std::filesystem::path folder_;
  std::unique_ptr<Replica> replica_;
};

}  // namespace wasl::test
