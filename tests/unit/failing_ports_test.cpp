// Whatever call a session makes of its hub or of its replica fails: the session ends, and the next one makes
// both ends equal. As SQLite tests memory: the first call, the second, and on in growing steps until none is
// left.
#include <gtest/gtest.h>

#include "tests/support/lied_to.hpp"

namespace wasl {
namespace {

using test::CarriedSession;
using test::HubOffice;
using test::HubPeer;
using test::kAfrica;
using test::Scene;

/// Lets so many calls work, and fails the next one.
class Fuse {
 public:
  explicit Fuse(std::size_t calls) : left_(calls) {}
  [[nodiscard]] bool burnt() const { return burnt_; }
  template <class Call>
  auto pass(Call call) -> decltype(call()) {
    if (!burnt_ && left_-- == 0) {
      burnt_ = true;
      return fail(Errc::storage_failed, "the disk does not answer");
    }
    return call();
  }

 private:
  std::size_t left_;
  bool burnt_ = false;
};

class FailingHub final : public HubPort {
 public:
  FailingHub(HubPort& hub, Fuse& fuse) : hub_(hub), fuse_(fuse) {}
  [[nodiscard]] const NetworkId& network() const override { return hub_.network(); }
  [[nodiscard]] const crypto::KeyPair& log_key() const override { return hub_.log_key(); }
  [[nodiscard]] const AuthorityState& authority() const override { return hub_.authority(); }
  [[nodiscard]] const std::vector<SignedStatement>& statements() const override { return hub_.statements(); }
  [[nodiscard]] KeysAtHub keys() const override { return hub_.keys(); }
  Millis hub_time() override { return hub_.hub_time(); }
  Result<bool> use_counter(const PublicKey& key, std::uint64_t counter) override {
    return fuse_.pass([&] { return hub_.use_counter(key, counter); });
  }
  Result<std::optional<ledger::BlindingKey>> blinding_key(const std::string& space) override {
    return fuse_.pass([&] { return hub_.blinding_key(space); });
  }
  std::vector<Staged> staged(const PublicKey& key) override { return hub_.staged(key); }
  Result<Position> size(const std::string& space) override {
    return fuse_.pass([&] { return hub_.size(space); });
  }
  Result<std::uint64_t> bytes_behind(const std::string& space, Position size) override {
    return fuse_.pass([&] { return hub_.bytes_behind(space, size); });
  }
  Result<EntriesFrame> entries(const std::string& space, Position from, const Reader& reader) override {
    return fuse_.pass([&] { return hub_.entries(space, from, reader); });
  }
  Result<std::optional<SnapshotOffer>> snapshot(const std::string& space, Position from) override {
    return fuse_.pass([&] { return hub_.snapshot(space, from); });
  }
  Result<std::vector<Bytes>> snapshot_piece(const std::string& space, const Hash& name) override {
    return fuse_.pass([&] { return hub_.snapshot_piece(space, name); });
  }
  KnownLogs* known_logs() override { return hub_.known_logs(); }
  const StreamRooms* stream_rooms() override { return hub_.stream_rooms(); }
  void push(std::uint64_t session, Segment segment) override { hub_.push(session, std::move(segment)); }
  Result<std::optional<NewestLeaf>> newest_leaf(const std::string& space) override {
    return fuse_.pass([&] { return hub_.newest_leaf(space); });
  }
  Seen heads() override { return hub_.heads(); }
  bool is_witnessed() override { return hub_.is_witnessed(); }
  Result<Proof> prove(const Seen& known, const std::vector<std::uint64_t>& leaves) override {
    return fuse_.pass([&] { return hub_.prove(known, leaves); });
  }
  Status note_done(const PublicKey& key, const Done& done) override {
    return fuse_.pass([&] { return hub_.note_done(key, done); });
  }
  [[nodiscard]] bool is_recovering() const override { return hub_.is_recovering(); }
  Result<Hash> root(const std::string& space, Position size) override {
    return fuse_.pass([&] { return hub_.root(space, size); });
  }
  Status take_back(std::vector<Segment> segments, const Vouched& vouched) override {
    return fuse_.pass([&] { return hub_.take_back(std::move(segments), vouched); });
  }
  Result<std::vector<VerdictItem>> decided(const PublicKey& key) override {
    return fuse_.pass([&] { return hub_.decided(key); });
  }
  Result<std::optional<Segment>> wipe_order(const PublicKey& key) override {
    return fuse_.pass([&] { return hub_.wipe_order(key); });
  }
  Status note_wiped(const PublicKey& key) override {
    return fuse_.pass([&] { return hub_.note_wiped(key); });
  }
  std::vector<std::string> readable(const PublicKey& key) override { return hub_.readable(key); }

 private:
  HubPort& hub_;
  Fuse& fuse_;
};

class FailingOffice final : public ClientPort {
 public:
  FailingOffice(ClientPort& office, Fuse& fuse) : office_(office), fuse_(fuse) {}
  Result<PublicKey> on_statements(const std::vector<SignedStatement>& statements) override {
    return fuse_.pass([&] { return office_.on_statements(statements); });
  }
  Status on_welcome(const Welcome& welcome) override {
    return fuse_.pass([&] { return office_.on_welcome(welcome); });
  }
  Result<std::optional<Return>> next_return() override {
    return fuse_.pass([&] { return office_.next_return(); });
  }
  Result<std::optional<Segment>> next_push(std::size_t most_bytes) override {
    return fuse_.pass([&] { return office_.next_push(most_bytes); });
  }
  void rewind_push() override { office_.rewind_push(); }
  Status on_verdicts(const std::vector<VerdictItem>& verdicts) override {
    return fuse_.pass([&] { return office_.on_verdicts(verdicts); });
  }
  Status on_entries(Segment segment) override {
    return fuse_.pass([&] { return office_.on_entries(std::move(segment)); });
  }
  Result<std::vector<Bytes>> on_snapshot_frame(ByteView frame) override {
    return fuse_.pass([&] { return office_.on_snapshot_frame(frame); });
  }
  Result<std::optional<bool>> on_proof(const Proof& proof) override {
    return fuse_.pass([&] { return office_.on_proof(proof); });
  }
  std::vector<Cursor> applied_cursors() override { return office_.applied_cursors(); }
  Status on_order(const Segment& order) override {
    return fuse_.pass([&] { return office_.on_order(order); });
  }
  Status wipe() override {
    return fuse_.pass([&] { return office_.wipe(); });
  }
  Status on_session_end(std::optional<bool> equal) override {
    return fuse_.pass([&] { return office_.on_session_end(equal); });
  }
  Status on_lie(const Error& seen, ByteView frame) override { return office_.on_lie(seen, frame); }
  KnownLogs* known_logs() override { return office_.known_logs(); }
  void on_not_rebuilt() override { office_.on_not_rebuilt(); }

 private:
  ClientPort& office_;
  Fuse& fuse_;
};

enum class End { hub, office };

class FailingPeer final : public HubPeer {
 public:
  FailingPeer(Hub& hub, End end, std::size_t calls)
      : HubPeer(hub), end_(end), fuse_(calls), hub_port_(hub, fuse_) {}
  HubPort& port() override { return end_ == End::hub ? hub_port_ : HubPeer::port(); }
  ClientPort& office(Replica& replica) override {
    if (end_ == End::hub) return replica;
    office_port_.emplace(replica, fuse_);
    return *office_port_;
  }
  [[nodiscard]] bool failed() const { return fuse_.burnt(); }

 private:
  End end_;
  Fuse fuse_;
  FailingHub hub_port_;
  std::optional<FailingOffice> office_port_;
};

class FailingPorts : public testing::TestWithParam<End> {};

TEST_P(FailingPorts, ASessionEndsInWordsAndTheNextOneIsWhole) {
  std::size_t calls = 0;
  for (bool failed = true; failed; calls += 1 + calls / 8) {
    ASSERT_LT(calls, 1000U);
    SCOPED_TRACE("call " + std::to_string(calls));
    Scene scene;  // news wait at the hub for mali, and mali has some of its own
    scene.mali->sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'Light')");
    FailingPeer peer(scene.world.hub(), GetParam(), calls);
    const CarriedSession session = scene.mali->sync_with(peer);
    failed = peer.failed();
    // The hub may have said all that the office waits for before it failed.
    EXPECT_TRUE(failed || !session.error);
    if (GetParam() == End::office) {
      EXPECT_EQ(session.error.has_value(), failed);
    }
    if (session.error) {  // the hub's own trouble is no fault of the office: it comes again
      EXPECT_TRUE(session.error->code == Errc::storage_failed || session.error->code == Errc::later)
          << session.error->message;
    }
    Scene::must_sync(*scene.mali);
    EXPECT_EQ(scene.mali->sync().summary.equal, true);
    EXPECT_EQ(scene.projects(), "p1|Water\np2|Light\nx0|\nx1|");
    Scene::must_sync(*scene.senegal);
    EXPECT_EQ(scene.senegal->rows("SELECT title FROM project WHERE id = 'p2'"), "Light");
  }
  EXPECT_GT(calls, 5U);
}

INSTANTIATE_TEST_SUITE_P(Ends, FailingPorts, testing::Values(End::hub, End::office),
                         [](const auto& of) { return of.param == End::hub ? "hub" : "office"; });

}  // namespace
}  // namespace wasl
