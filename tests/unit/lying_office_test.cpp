// An enrolled office whose program lies: each lie gets its answer by name, costs the hub a bounded amount,
// and leaves honest work alone.
#include <gtest/gtest.h>

#include "shared/base/limits.hpp"
#include "shared/wire/compression.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

constexpr std::string_view kAfrica = "section/africa";

struct LyingOffice : testing::Test {
  HubWorld world;
  crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  crypto::KeyPair honest_device = crypto::KeyPair::generate(world.random());
  Hash grant, honest_grant;
  std::optional<Pen> pen, honest;

  LyingOffice() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    grant = world.enrol(device, "senegal");
    honest_grant = world.enrol(honest_device, "senegal");
    pen.emplace(world, device, std::string(kAfrica), grant);
    honest.emplace(world, honest_device, std::string(kAfrica), honest_grant);
  }
  ~LyingOffice() override {
    EXPECT_EQ(verdict(honest->run({honest->write({Pen::create("project", "honest")})})).outcome,
              Outcome::accepted)
        << "honest offices keep working";
  }
  /// As often as it takes.
  std::vector<VerdictItem> verdicts(Segment push) {
    std::vector<VerdictItem> all = world.push(std::move(push));
    while (!world.hub().committer().is_idle()) {
      for (auto& ruling : world.hub().commit().rulings) {
        std::move(ruling.verdicts.begin(), ruling.verdicts.end(), std::back_inserter(all));
      }
    }
    return all;
  }
  Verdict verdict(Segment push) {
    const auto all = verdicts(std::move(push));
    if (all.empty()) throw std::runtime_error("no verdict");
    return all.back().verdict;
  }
  Segment signed_alone(const ChangeSet& set, std::string_view tag = "wasl.1/run") const {
    Segment out{set.header.space, 0, {}, {}};
    Bytes message = to_bytes(tag);
    append(message, ByteView(run_message(set.header.network, set.name)).subspan(10));
    out.items.emplace_back(SetItem{std::nullopt, set});
    out.items.emplace_back(SignatureItem{set.header.source, set.header.sequence, device.sign(message)});
    return out;
  }
  ChangeSet altered(const std::function<void(Header&)>& lie, const std::string& id = "a") {
    Header header = pen->write({Pen::create("project", id)}).header;
    lie(header);
    return make_change_set(header, {Pen::create("project", id)});
  }
  /// What a session answers to one frame: the word of its problem, or nothing.
  std::string problem(const Bytes& frame) {
    Hello hello;
    hello.network = world.network();
    hello.device = device.public_key();
    hello.hub = world.hub().log_key().public_key();
    hello.counter = ++counter;
    const Bytes bytes = encode(hello, device);
    HubSession session(world.hub(), 1, must(HubSession::admit(world.hub(), bytes)), hello_hash(bytes), 0);
    session.start(0);
    const auto out = session.on_frame(frame, 0);
    while (!world.hub().committer().is_idle()) world.hub().commit();
    if (!out.close) return {};
    EXPECT_FALSE(out.close->proper);
    return must(decode_problem(*out.frames.back())).code;
  }
  std::string problem(const Segment& push) { return problem(encode_segment(FrameKind::push, push)); }
  Bytes push_frame(Byte compressed, ByteView items) const {
    Writer out;
    out.byte(static_cast<Byte>(FrameKind::push));
    out.byte(compressed);
    out.sized(kAfrica);
    out.varint(0);
    out.sized(items);
    return out.take();
  }
  std::uint64_t counter = 1;
};

TEST_F(LyingOffice, SpeaksForOthers) {
  // What another office has signed it may carry; what nobody of the network has, it may not.
  const auto nobody = crypto::KeyPair::generate(world.random());
  Pen unknown(world, nobody, std::string(kAfrica), honest_grant);
  EXPECT_EQ(problem(unknown.run({unknown.write({Pen::create("project", "a")})})), "unauthorised");
  EXPECT_EQ(problem(signed_alone(altered([](Header& h) { h.network.bytes[0] ^= 1; }))), "bad_signature");
  EXPECT_EQ(problem(signed_alone(altered([](Header&) {}), "wasl.1/rum")), "bad_signature");
  EXPECT_EQ(problem(signed_alone(altered([](Header&) {}), "wasl.1/hello")), "bad_signature");
}

TEST_F(LyingOffice, BreaksItsChainInsideARun) {
  std::vector<ChangeSet> run{pen->write({Pen::create("project", "a")}),
                             pen->write({Pen::create("project", "b")}),
                             pen->write({Pen::create("project", "c")})};
  EXPECT_EQ(problem(pen->run({run[0], run[2]})), "bad_signature") << "a gap";
  Header header = run[1].header;
  header.previous.bytes[0] ^= 1;
  EXPECT_EQ(problem(pen->run({run[0], make_change_set(header, run[1].operations)})), "bad_signature");
  Segment unsigned_run = pen->run({run[0]});
  unsigned_run.items.pop_back();
  EXPECT_EQ(problem(unsigned_run), "bad_signature");
}

TEST_F(LyingOffice, SendsWhatNoProgramWrites) {
  EXPECT_EQ(problem(Bytes{}), "malformed");
  EXPECT_EQ(problem(Bytes{17, 0}), "malformed") << "a finish with something behind it";
  EXPECT_EQ(problem(Bytes{99}), "malformed");
  EXPECT_EQ(problem(Bytes(limits::kFrameBytes, 16)), "malformed");
  Segment placed = signed_alone(altered([](Header&) {}));
  std::get<SetItem>(placed.items[0]).entry.emplace();
  placed.first = 1;
  EXPECT_EQ(problem(placed), "malformed") << "positions are the hub's to give";
  EXPECT_EQ(problem(signed_alone(altered([](Header& h) { h.part = 2; }))), "malformed");
  EXPECT_EQ(problem(signed_alone(altered([](Header& h) { h.parts = limits::kGroupParts + 1; }))),
            "malformed");
}

TEST_F(LyingOffice, SendsTooMuchInOneFrame) {
  const auto large = [&](Operation op) {
    return signed_alone(make_change_set(pen->write({Pen::create("project", "a")}).header, {std::move(op)}));
  };
  EXPECT_EQ(
      problem(large(Pen::write_text("project", "a", "title", std::string(limits::kValueBytes + 1, 'x')))),
      "malformed");
  EXPECT_EQ(problem(large(Pen::create("project", std::string(limits::kIdBytes + 1, 'x')))), "malformed");
  std::vector<Dot> names;
  for (std::uint32_t i = 0; i <= limits::kDotsOfOperation; ++i) names.push_back({honest->source(), 1, i});
  EXPECT_EQ(problem(large(Pen::write_text("project", "a", "title", "x", names))), "malformed");
  const std::vector<Operation> many(limits::kOperations + 1, Pen::create("project", "a"));
  EXPECT_EQ(problem(signed_alone(make_change_set(altered([](Header&) {}).header, many))), "malformed");

  Writer items;  // 10^5 change sets of a few bytes each are announced
  items.varint(100'000);
  EXPECT_EQ(problem(push_frame(0, items.bytes())), "malformed");
  const Bytes bomb = compress(Bytes(64 * 1024 * 1024, 0), kWireLevel);
  ASSERT_LT(bomb.size(), 64 * 1024U);
  EXPECT_EQ(problem(push_frame(1, bomb)), "limit_exceeded") << "64 MiB in a few kilobytes";
}

TEST_F(LyingOffice, ForksItsLog) {
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "a")})})).outcome, Outcome::accepted);
  for (const std::string id : {"b", "c", "d"}) {
    pen->rewind(0, {});
    EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", id)})})).reason, Reason::fork);
  }
  pen->rewind(1, Hash{});
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "e")})})).reason, Reason::fork)
      << "a previous one that never was";
  pen->rewind(7, Hash{});
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "f")})})).outcome, Outcome::later)
      << "a gap";
}

TEST_F(LyingOffice, ForgesParents) {
  verdict(honest->run(
      {honest->write({Pen::create("project", "h"), Pen::write_text("project", "h", "reference", "H")})}));
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "a")})})).outcome, Outcome::accepted);
  const auto naming = [&](const Dot& dot) {
    return verdict(pen->run({pen->write({Pen::write_text("project", "a", "reference", "A", {dot})})}));
  };
  EXPECT_EQ(naming({honest->source(), 99, 0}).reason, Reason::depends) << "heads that do not exist";
  const SpaceInfo* info = must(world.store().space(kAfrica));
  const Bytes before = to_bytes(record_hash("h", *must(world.store().record(info->number, "h"))).view());
  EXPECT_EQ(naming({honest->source(), 1, 1}).outcome, Outcome::accepted)
      << "another record's: takes nothing off";
  EXPECT_EQ(to_bytes(record_hash("h", *must(world.store().record(info->number, "h"))).view()), before);
}

/// Readers would find the place behind the entry, or not at all, and accuse the hub.
TEST_F(LyingOffice, NamesWorkOfAnotherSpace) {
  Pen own(world, honest_device, "association/senegal", honest_grant);
  EXPECT_EQ(verdict(own.run({own.write({Pen::create("project", "o")})})).outcome, Outcome::accepted);
  const auto naming = [&](const std::string& id) {
    return pen->run({pen->write({Pen::create("project", id),
                                 Pen::write_text("project", id, "reference", "A", {{own.source(), 1, 0}})})});
  };
  EXPECT_EQ(verdict(naming("a")).reason, Reason::depends) << "committed before";
  Segment both = own.run({own.write({Pen::create("project", "p")})});
  world.hub().push(1, std::move(both));
  EXPECT_EQ(verdict(naming("b")).reason, Reason::depends) << "in the same commit";
}

TEST_F(LyingOffice, SawWhatNeverWas) {
  const Hash authority = must(world.store().root(kAuthoritySpace, 2));
  const auto saw = [&](Seen seen, Seen seen_authority, const std::string& id) {
    const ChangeSet set = altered(
        [&](Header& h) {
          h.seen = seen;
          h.seen_authority = seen_authority;
        },
        id);
    const Verdict answer = verdict(signed_alone(set));
    pen->rewind(set.header.sequence, set.name);
    return answer;
  };
  EXPECT_EQ(saw({}, {2, authority}, "a").outcome, Outcome::accepted);
  EXPECT_EQ(saw({1, Hash{}}, {}, "b").reason, Reason::seen) << "a root that the log never had";
  EXPECT_EQ(saw({99, Hash{}}, {}, "c").reason, Reason::seen) << "more than there is";
  EXPECT_EQ(saw({}, {3, authority}, "d").reason, Reason::seen);
  EXPECT_EQ(saw({1, must(world.store().root(kAfrica, 1))}, {2, authority}, "e").outcome, Outcome::accepted)
      << "the chain goes on behind what was refused";
}

TEST_F(LyingOffice, TurnsBackItsClock) {
  const ChangeSet first = pen->write({Pen::create("project", "a")});
  EXPECT_EQ(verdict(pen->run({first})).outcome, Outcome::accepted);
  for (const std::uint64_t back : {0U, 1U}) {
    const ChangeSet set = altered([&](Header& h) { h.stamp.bits = first.header.stamp.bits - back; });
    const Verdict answer = verdict(signed_alone(set));
    EXPECT_EQ(answer.reason, Reason::malformed);
    EXPECT_NE(answer.detail.find("turns back its clock"), std::string::npos) << answer.detail;
    pen->rewind(1, first.name);
  }
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "b")})})).outcome, Outcome::accepted)
      << "nothing of it had a place";
}

TEST_F(LyingOffice, BeginsTooManyChains) {
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "first")})})).outcome, Outcome::accepted);
  for (std::size_t i = 1; i < limits::kChainsOfDevice; ++i) {
    Pen one(world, device, std::string(kAfrica), grant);
    EXPECT_EQ(verdict(one.run({one.write({Pen::create("project", "p" + std::to_string(i))})})).outcome,
              Outcome::accepted);
  }
  Pen chain(world, device, std::string(kAfrica), grant);
  const Segment push = chain.run({chain.write({Pen::create("project", "more")})});
  EXPECT_EQ(verdict(push).reason, Reason::too_many_chains);
  world.reopen();
  EXPECT_EQ(verdict(push).reason, Reason::too_many_chains);
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "own")})})).outcome, Outcome::accepted);
}

TEST_F(LyingOffice, FloodsWithWorkThatIsHeld) {
  Pen flood(world, device, std::string(kAfrica), grant);
  std::size_t later = 0;
  for (std::size_t sent = 0; sent < limits::kKeptOfDevice + 128; sent += 64) {
    std::vector<ChangeSet> run;
    for (std::size_t i = 0; i < 64; ++i) {
      run.push_back(flood.write({Pen::write_text("project", "nobody", "reference", "A")}));
    }
    for (const VerdictItem& item : verdicts(flood.run(run))) {
      later += item.verdict.reason == Reason::too_much_held ? item.count : 0;
    }
  }
  EXPECT_GT(later, 0U);
  const KeptTotals kept = must(world.store().kept_totals(device.public_key()));
  EXPECT_LE(kept.held, limits::kKeptOfDevice + 64);
  EXPECT_EQ(verdict(pen->run({pen->write({Pen::create("project", "a")})})).outcome, Outcome::accepted)
      << "only more of what is held has to wait";
  const auto mixed =
      verdicts(pen->run({pen->write({Pen::create("project", "b")}),
                         pen->write({Pen::write_text("project", "nobody", "reference", "A")})}));
  ASSERT_EQ(mixed.size(), 2U);
  EXPECT_EQ(mixed[0].verdict.outcome, Outcome::accepted);
  EXPECT_EQ(mixed[1].verdict.outcome, Outcome::refused)
      << "it stands under one signature with what was accepted";
  EXPECT_EQ(mixed[1].verdict.reason, Reason::too_much_held);
  EXPECT_LE(must(world.store().kept_totals(device.public_key())).held, kept.held);
}

TEST_F(LyingOffice, BeginsGroupsThatNeverEnd) {
  for (std::size_t i = 0; i <= limits::kChainsOfDevice; ++i) {
    Pen chain(world, device, std::string(kAfrica), grant);
    const auto answers = verdicts(chain.run({chain.write({Pen::create("project", "a")}, 1, 2)}));
    EXPECT_EQ(answers.empty(), i < limits::kChainsOfDevice) << i;
    for (const VerdictItem& item : answers) EXPECT_EQ(item.verdict.reason, Reason::too_much_held);
  }
  EXPECT_EQ(world.hub().staged(device.public_key()).size(), limits::kChainsOfDevice);
}

TEST_F(LyingOffice, StagesNoMoreThanADeviceMay) {
  Staging staging;
  const std::string text(limits::kValueBytes, 'x');
  std::vector<Operation> record{Pen::create("project", "a")};
  for (int i = 0; i < 15; ++i) record.push_back(Pen::write_text("project", "a", "title", text));
  std::size_t part = 0;
  for (bool put_off = false; !put_off; ++part) {
    ASSERT_LT(part, 300U) << "64 MiB are 273 parts of 240 KiB";
    const ChangeSet set = pen->write(record, static_cast<std::uint32_t>(part + 1), limits::kGroupParts);
    Segment push{std::string(kAfrica), 0, {}, {}};
    push.items.emplace_back(SetItem{std::nullopt, set});
    push.items.emplace_back(SignatureItem{set.header.source, set.header.sequence, {}});
    const auto added = staging.add(1, std::move(push));
    EXPECT_TRUE(added.ready.empty());
    put_off = !added.answers.empty();
  }
  EXPECT_GT(part, 200U);
  EXPECT_FALSE(staging.holds(device.public_key())) << "and the room is free again";
}

TEST_F(LyingOffice, ComesInTwice) {
  Hello hello;
  hello.network = world.network();
  hello.device = device.public_key();
  hello.hub = world.hub().log_key().public_key();
  hello.counter = 5;
  const Bytes bytes = encode(hello, device);
  EXPECT_TRUE(HubSession::admit(world.hub(), bytes));
  EXPECT_EQ(HubSession::admit(world.hub(), bytes).error().code, Errc::conflict) << "said again by somebody";
  hello.counter = std::uint64_t{1} << 63;
  EXPECT_FALSE(HubSession::admit(world.hub(), encode(hello, device))) << "it would be the last one ever";
  hello.counter = 6;
  EXPECT_TRUE(HubSession::admit(world.hub(), encode(hello, device)));
}

TEST_F(LyingOffice, ActsWithoutRight) {
  std::vector<Operation> acts;
  for (int i = 0; i < 1'000; ++i) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = to_hex(world.random().fixed<GroupId>().view());
    op.value = encode_act(Act(RevokeAct{honest_device.public_key(), RevocationReason::lost, 0}));
    acts.push_back(std::move(op));
  }
  Pen authority(world, device, std::string(kAuthoritySpace), grant);
  EXPECT_EQ(verdict(authority.run({authority.write(acts)})).reason, Reason::no_right);
}

TEST_F(LyingOffice, ManyTinyChangeSetsWaitTheirTurn) {
  std::vector<SegmentItem> items;
  for (int run = 0; run < 100; ++run) {
    std::vector<ChangeSet> sets;
    for (int i = 0; i < 64; ++i)
      sets.push_back(pen->write({Pen::create("project", "t" + std::to_string(run * 64 + i))}));
    Segment one = pen->run(sets);
    std::move(one.items.begin(), one.items.end(), std::back_inserter(items));
  }
  world.hub().push(1, Segment{std::string(kAfrica), 0, std::move(items), {}});
  world.hub().push(2, honest->run({honest->write({Pen::create("project", "h")})}));
  bool heard = false;
  for (const auto& ruling : world.hub().commit().rulings)
    heard = heard || (ruling.ticket == 2 && ruling.taken == 1);
  EXPECT_TRUE(heard) << "the honest office is not behind them";
  EXPECT_FALSE(world.hub().committer().is_idle());
  while (!world.hub().committer().is_idle()) world.hub().commit();
  EXPECT_EQ(must(world.hub().size(std::string(kAfrica))), 6'401U);
}

}  // namespace
}  // namespace wasl::test
