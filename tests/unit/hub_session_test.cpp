// The hub's end of a session: what comes in, what goes out; no hub behind it.
#include "shared/wire/hub_session.hpp"

#include <gtest/gtest.h>

#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

/// Answers from plain members.
struct FakePort final : HubPort {
  TestRandom random;
  crypto::KeyPair log = crypto::KeyPair::generate(random);
  NetworkId id{};
  AuthorityState state;
  Millis time = 1'700'000'000'000;
  std::uint64_t counter = 0;
  std::map<std::string, Position> sizes;
  std::map<std::string, NewestLeaf> leaves;
  Seen signed_heads;
  std::vector<Segment> pushes;
  std::vector<std::vector<std::uint64_t>> proved;
  std::optional<Done> done;
  std::vector<SignedStatement> signed_statements;

  const NetworkId& network() const override { return id; }
  const crypto::KeyPair& log_key() const override { return log; }
  const AuthorityState& authority() const override { return state; }
  const std::vector<SignedStatement>& statements() const override { return signed_statements; }
  KeysAtHub keys() const override { return kRegistrarAtHub; }
  Millis hub_time() override { return time; }
  Result<bool> use_counter(const PublicKey&, std::uint64_t n) override {
    const bool fresh = n > counter;
    counter = std::max(counter, n);
    return fresh;
  }
  Result<std::optional<ledger::BlindingKey>> blinding_key(const std::string& space) override {
    if (!is_private_space(space)) return std::optional<ledger::BlindingKey>();
    return std::optional(ledger::BlindingKey{});
  }
  std::vector<Staged> staged(const PublicKey&) override { return {}; }
  Result<Position> size(const std::string& space) override { return sizes[space]; }
  Result<std::uint64_t> bytes_behind(const std::string& space, Position size) override {
    return (sizes[space] - size) * 100;
  }
  Result<EntriesFrame> entries(const std::string& space, Position from, const Reader&) override {
    Bytes frame(300'000, static_cast<Byte>(FrameKind::entries));
    frame[1] = static_cast<Byte>(space[0]);
    return EntriesFrame{std::make_shared<const Bytes>(std::move(frame)), from};
  }
  void push(std::uint64_t, Segment segment) override { pushes.push_back(std::move(segment)); }
  Result<std::optional<NewestLeaf>> newest_leaf(const std::string& space) override {
    const auto it = leaves.find(space);
    return it == leaves.end() ? std::optional<NewestLeaf>() : std::optional(it->second);
  }
  Seen heads() override { return signed_heads; }
  Result<Proof> prove(const Seen&, const std::vector<std::uint64_t>& indexes) override {
    proved.push_back(indexes);
    return Proof{};
  }
  bool is_witnessed() override { return true; }
  bool recovers = false;
  std::vector<std::string> taken_back;
  bool is_recovering() const override { return recovers; }
  Result<Hash> root(const std::string&, Position) override { return Hash{}; }
  Status take_back(std::vector<Segment> segments, const Vouched&) override {
    for (const Segment& segment : segments) taken_back.push_back(segment.space);
    return {};
  }
  Status note_done(const PublicKey&, const Done& d) override {
    done = d;
    return {};
  }
  Result<std::vector<VerdictItem>> decided(const PublicKey&) override { return decisions; }
  Result<std::optional<Segment>> wipe_order(const PublicKey&) override { return order; }
  Status note_wiped(const PublicKey&) override {
    wiped = true;
    return {};
  }
  std::vector<VerdictItem> decisions;
  std::optional<Segment> order;
  bool wiped = false;
};

struct HubSessionTest : testing::Test {
  FakePort port;
  crypto::KeyPair device = crypto::KeyPair::generate(port.random);
  Hello hello;
  Sequence acts = 1;

  HubSessionTest() {
    NetworkStatement statement;
    statement.log_key = port.log.public_key();
    port.state.apply_statement(statement, Hash{});
    give(GrantKind::device, device, "asia");
    hello.device = device.public_key();
    hello.hub = port.log.public_key();
    hello.counter = 1;
    hello.cursors = {{"authority", 0, false}, {"network", 0, false}};
  }
  void give(GrantKind kind, const crypto::KeyPair& key, const std::string& organisation) {
    GrantAct grant;
    grant.kind = kind;
    grant.grantee = key.public_key();
    grant.organisation = organisation;
    grant.clauses = {{kRead | kWrite, {"network"}, {}}};
    Operation op;
    op.kind = OperationKind::act;
    op.id = "grant";
    op.value = encode_act(grant);
    Header header;
    header.space = kAuthoritySpace;
    header.sequence = ++acts;
    must(port.state.apply(make_change_set(header, {op}), acts, 0));
  }
  Result<Hello> admit() { return HubSession::admit(port, encode(hello, device)); }
  HubSession session() { return HubSession(port, 1, hello, Hash{}, port.time); }
  static std::vector<FrameKind> kinds(const HubSession::Output& out) {
    std::vector<FrameKind> list;
    for (const auto& frame : out.frames) list.push_back(*frame_kind(*frame));
    return list;
  }
  Segment push_of(const crypto::KeyPair& key) {
    Header header;
    header.network = port.id;
    header.space = "network";
    header.source.author = key.public_key();
    Operation op;
    op.kind = OperationKind::create;
    op.register_number = 1;
    op.id = "a";
    ChangeSet set = make_change_set(header, {op});
    Segment segment{"network", 0, {}, {}};
    const SignatureItem signature{header.source, 1, key.sign(run_message(port.id, set.name))};
    segment.items.emplace_back(SetItem{std::nullopt, std::move(set)});
    segment.items.emplace_back(signature);
    return segment;
  }
};
using enum FrameKind;
using Kinds = std::vector<FrameKind>;

TEST_F(HubSessionTest, AdmitsAKnownKeyOnceForACounter) {
  EXPECT_TRUE(admit());
  EXPECT_EQ(admit().error().code, Errc::conflict);
  ++hello.counter;
  EXPECT_TRUE(admit());
}

TEST_F(HubSessionTest, CarriesWhatDevicesAndPersonsOfTheNetworkSigned) {
  const auto carries = [&](const crypto::KeyPair& person) {
    HubSession one = session();
    one.start(port.time);
    port.pushes.clear();
    one.on_frame(encode_segment(FrameKind::push, push_of(person)), port.time);
    return port.pushes.size() == 1;
  };
  const auto own = crypto::KeyPair::generate(port.random),
             of_network = crypto::KeyPair::generate(port.random),
             other = crypto::KeyPair::generate(port.random),
             stranger = crypto::KeyPair::generate(port.random),
             second_device = crypto::KeyPair::generate(port.random);
  give(GrantKind::person, own, "asia");
  give(GrantKind::person, of_network, "");
  give(GrantKind::person, other, "africa");
  give(GrantKind::device, second_device, "asia");
  EXPECT_TRUE(carries(device));
  EXPECT_TRUE(carries(own));
  EXPECT_TRUE(carries(of_network));
  EXPECT_TRUE(carries(other));
  EXPECT_TRUE(carries(second_device)) << "what came in a bundle";
  EXPECT_FALSE(carries(stranger));
}

TEST_F(HubSessionTest, AnOfficeThatKnowsAnOlderLogKeyGetsTheStatementsFirst) {
  EXPECT_EQ(kinds(session().start(port.time)).front(), welcome);
  NetworkStatement next;
  next.number = 2;
  port.log = crypto::KeyPair::generate(port.random);
  next.log_key = port.log.public_key();
  port.state.apply_statement(next, Hash{}, 3);
  ASSERT_TRUE(admit());
  const auto frames = kinds(session().start(port.time));
  EXPECT_EQ(frames[0], statements);
  EXPECT_EQ(frames[1], welcome);
}

TEST_F(HubSessionTest, ARecoveringHubListensToAnyKeyAndSaysNothing) {
  port.recovers = true;
  port.sizes["network"] = 5;
  hello.device = {};
  const crypto::KeyPair stranger = crypto::KeyPair::generate(port.random);
  hello.device = stranger.public_key();
  ASSERT_TRUE(HubSession::admit(port, encode(hello, stranger)));
  HubSession one = session();
  EXPECT_EQ(kinds(one.start(port.time)), Kinds{welcome});
  EXPECT_EQ(kinds(one.on_commit({"authority", "network"}, port.time)), Kinds{});
  const auto refused = one.on_frame(encode_segment(push, push_of(stranger)), port.time);
  EXPECT_TRUE(refused.close) << "no push";
  EXPECT_TRUE(port.pushes.empty());
}

TEST_F(HubSessionTest, WhatIsBroughtBackBelongsToOneReadableSpace) {
  port.recovers = true;
  HubSession one = session();
  one.start(port.time);
  Vouched word;
  word.space = "network";
  EXPECT_TRUE(one.on_frame(encode(word), port.time).close) << "nothing came before it";
  HubSession two = session();
  two.start(port.time);
  Segment other = push_of(device);
  other.space = "association/x";
  other.first = 1;
  EXPECT_TRUE(two.on_frame(encode_segment(returned, other), port.time).close);
  EXPECT_TRUE(port.taken_back.empty());
}

TEST_F(HubSessionTest, RefusesAnOfficeThatExpectsAKeyThatNoStatementNamed) {
  hello.hub = device.public_key();
  EXPECT_EQ(admit().error().code, Errc::wrong_network);
}

TEST_F(HubSessionTest, RefusesStrangersAndOtherNetworks) {
  hello.network.bytes[0] = 1;
  EXPECT_EQ(admit().error().code, Errc::wrong_network);
  hello.network = {};
  hello.hub = device.public_key();
  EXPECT_EQ(admit().error().code, Errc::wrong_network);
  hello.hub = port.log.public_key();
  device = crypto::KeyPair::generate(port.random);
  hello.device = device.public_key();
  EXPECT_EQ(admit().error().code, Errc::unauthorised);
  Bytes bytes = encode(hello, device);
  bytes[5] ^= 1;
  EXPECT_FALSE(HubSession::admit(port, bytes));
}

TEST_F(HubSessionTest, SaysItAllWithTheAnswer) {
  port.sizes = {{"authority", 1}, {"network", 1}};
  HubSession s = session();
  const auto out = s.start(port.time);
  EXPECT_EQ(kinds(out), (Kinds{welcome, entries, entries, proof}));
  EXPECT_EQ((*out.frames[1])[1], 'a') << "authority first";
  EXPECT_TRUE(out.wake_at);
}

TEST_F(HubSessionTest, SendsNoMoreThanTheChannelTakes) {
  port.sizes = {{"authority", 0}, {"network", 10}};
  HubSession s = session();
  std::size_t frames = s.start(port.time).frames.size() - 1;
  EXPECT_LE(frames, 4U);
  Kinds last;
  for (int i = 0; i < 10 && (last.empty() || last.back() != proof); ++i) {
    last = kinds(s.on_writable(port.time));
    frames += last.size();
  }
  EXPECT_EQ(frames, 11U);
  EXPECT_EQ(last.back(), proof);
}

TEST_F(HubSessionTest, ProvesAtOnceToAnOfficeThatHoldsMoreThanTheLogHas) {
  port.sizes = {{"authority", 0}, {"network", 2}};
  hello.cursors = {{"authority", 0, false}, {"network", 5, false}};
  HubSession s = session();
  EXPECT_EQ(kinds(s.start(port.time)).back(), FrameKind::proof) << "and is caught by it: a log never shrinks";
}

TEST_F(HubSessionTest, ProvesFinallyWhenEveryPushHasItsVerdict) {
  HubSession s = session();
  s.start(port.time);
  EXPECT_TRUE(s.on_frame(encode_segment(FrameKind::push, push_of(device)), port.time).frames.empty());
  ASSERT_EQ(port.pushes.size(), 1U);
  EXPECT_TRUE(s.on_frame(finish_frame(), port.time).frames.empty());
  port.sizes["network"] = 1;
  const auto out = s.on_ruling({{{}, 1, 1, Verdict::accept(), 0}}, 1, port.time);
  EXPECT_EQ(kinds(out), (Kinds{verdicts, entries, proof}));
  EXPECT_TRUE(must(decode_proof(*out.frames.back())).final);
}

TEST_F(HubSessionTest, OneRulingMayAnswerSeveralPushes) {
  HubSession s = session();
  s.start(port.time);
  for (int i = 0; i < 2; ++i) s.on_frame(encode_segment(FrameKind::push, push_of(device)), port.time);
  EXPECT_TRUE(s.on_frame(finish_frame(), port.time).frames.empty());
  EXPECT_EQ(kinds(s.on_ruling({{{}, 1, 2, Verdict::accept(), 0}}, 2, port.time)), (Kinds{verdicts, proof}));
}

TEST_F(HubSessionTest, WaitsFiveSecondsForADigest) {
  HubSession s = session();
  s.start(port.time);
  port.leaves["network"] = {0, 1, false};
  EXPECT_TRUE(s.on_frame(finish_frame(), port.time).frames.empty());
  EXPECT_TRUE(s.on_time(port.time + 4'000).frames.empty());
  EXPECT_EQ(kinds(s.on_time(port.time + 5'000)), Kinds{proof});
}

TEST_F(HubSessionTest, EndsWithWordsOverAnothersWork) {
  HubSession s = session();
  s.start(port.time);
  const auto stranger = crypto::KeyPair::generate(port.random);
  const auto out = s.on_frame(encode_segment(FrameKind::push, push_of(stranger)), port.time);
  EXPECT_EQ(kinds(out), Kinds{problem});
  ASSERT_TRUE(out.close);
  EXPECT_FALSE(out.close->proper);
  EXPECT_TRUE(port.pushes.empty());
}

TEST_F(HubSessionTest, EndsWithWordsOverEveryFlippedByteThatChangesAnything) {
  const Bytes items = encode_items(push_of(device));
  Bytes frame = encode_segment(FrameKind::push, push_of(device));
  for (std::size_t i = 0; i < frame.size(); ++i) {
    Bytes wrong = frame;
    wrong[i] ^= 1;
    HubSession s = session();
    s.start(port.time);
    const auto out = s.on_frame(wrong, port.time);
    // A compressor can say the same in two ways; then nothing was changed.
    if (!out.close && !port.pushes.empty() && encode_items(port.pushes.back()) == items) continue;
    EXPECT_TRUE(out.close && kinds(out) == Kinds{problem}) << i;
  }
  EXPECT_LE(port.pushes.size(), 2U);
}

TEST_F(HubSessionTest, ALiveSessionProvesABurstNotACommit) {
  hello.flags = Hello::kLive;
  HubSession s = session();
  s.start(port.time);
  for (Position size = 1; size <= 3; ++size) {
    port.sizes["network"] = size;
    EXPECT_EQ(kinds(s.on_commit({"network"}, port.time)), Kinds{entries});
  }
  EXPECT_EQ(kinds(s.on_time(port.time + 1'000)), Kinds{proof});
  EXPECT_TRUE(s.on_commit({"section/other"}, port.time + 1'000).frames.empty());
}

TEST_F(HubSessionTest, ClosesWhenNothingComesForLong) {
  HubSession s = session();
  const auto out = s.start(port.time);
  EXPECT_TRUE(s.on_time(*out.wake_at).close);
}

}  // namespace
}  // namespace wasl::test
