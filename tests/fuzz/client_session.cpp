// A hub that lies, with the hub's own key: an honest session of a real office with a real hub, into which
// frames are mixed that are damaged, made up, or signed and wrong. The office ends such a session in words,
// and works on.
#include <deque>

#include "shared/ledger/heads.hpp"
#include "shared/ledger/note.hpp"
#include "tests/fuzz/office_world.hpp"

namespace wasl::fuzz {
namespace {

using test::must;

constexpr std::uint64_t kTicket = 1;
constexpr std::size_t kStepsMost = 32;
const std::vector<std::string> kSpaces{"section/asia", "network", "public", "authority", "section/other"};

class Session {
 public:
  explicit Session(ByteView input)
      : feed_(input), hub_(made_.world.hub()), replica_(made_.office.replica()) {}

  void run() {
    if (!write_and_seal()) return;
    const Bytes hello = must(replica_.make_hello(feed_.flag(), {}));
    hello_ = hello_hash(hello);
    server_.emplace(hub_, kTicket, must(HubSession::admit(hub_, hello)), hello_, now());
    ClientSession::Options options;
    options.live = (must(decode_hello(hello)).flags & Hello::kLive) != 0;
    options.network = hub_.network();
    options.log_key = hub_.log_key().public_key();
    options.hello = hello_;
    client_.emplace(replica_, std::move(options), now());
    from_hub(server_->start(now()));
    for (std::size_t i = 0; i < kStepsMost && !feed_.empty(); ++i) step();
    check_after();
  }

 private:
  [[nodiscard]] Millis now() { return made_.world.clock().now(); }

  /// @return false: a forged note of a row that is not there, which is damage and said to be.
  bool write_and_seal() {
    write();
    const auto sealed = replica_.seal();
    if (!sealed && forged_ && sealed.error().code == Errc::corrupt) return false;
    must(sealed);
    return true;
  }

  void write() {
    const std::string sql = odd_sql(feed_);
    forged_ = forged_ || sql.starts_with("INSERT INTO _wasl_capture");
    try {
      made_.office.sql(sql);
    } catch (const std::runtime_error&) {
      ++refused_;  // by a trigger, which is its right
    }
  }

  void from_hub(HubSession::Output out) {
    for (auto& frame : out.frames) down_.push_back(std::move(frame));
  }

  void take(const ClientSession::Output& out) {
    for (const Bytes& frame : out.frames) up_.push_back(frame);
    WASL_ASSERT(!client_->is_over() || out.close || out.frames.empty());
    WASL_ASSERT(!client_->error() || !client_->error()->message.empty());
  }

  void say(const Bytes& frame) { take(client_->on_frame(frame, now())); }

  void honest(bool harmed) {
    if (down_.empty()) return from_hub(server_->on_writable(now()));
    const auto frame = down_.front();
    down_.pop_front();
    say(harmed ? damaged(feed_, *frame) : *frame);
  }

  void hub_works() {
    while (!up_.empty()) {
      const Bytes frame = std::move(up_.front());
      up_.pop_front();
      from_hub(server_->on_frame(frame, now()));
    }
    const auto committed = hub_.commit();
    for (const auto& ruling : committed.rulings)
      from_hub(server_->on_ruling(ruling.verdicts, ruling.taken, now()));
    from_hub(server_->on_commit(committed.grown, now()));
  }

  void welcome() {
    Welcome welcome;
    welcome.hub_time = static_cast<Millis>(feed_.number() >> 1);
    welcome.push_credit = feed_.number();
    welcome.same_spaces = feed_.flag();
    if (!welcome.same_spaces && feed_.flag()) {
      welcome.spaces.push_back({feed_.one_of(kSpaces), feed_.fixed<ledger::BlindingKey>()});
    }
    if (feed_.flag())
      welcome.staged.push_back({feed_.fixed<ChainId>(), feed_.number() >> 1, feed_.fixed<Hash>()});
    say(encode(welcome, hello_, hub_.log_key()));
  }

  /// Entries that stand where the office's log ends, of a change set that its author signed, rightful or not.
  void entries() {
    const std::string space = feed_.one_of(kSpaces);
    const crypto::KeyPair& author = known_key(feed_.byte() % 3);
    Header header;
    header.network = hub_.network();
    header.space = space;
    header.source = {author.public_key(), {}};
    header.schema = feed_.flag() ? made_.world.schema().hash() : Hash{};
    header.stamp.bits = feed_.number();
    header.grant = feed_.flag() ? hub_.authority().devices().begin()->second.grant : Hash{};
    const Dot own{header.source, 1, 0};
    const ChangeSet set = make_change_set(header, odd_operations(feed_, {own}));
    ledger::Entry entry{ledger::EntryKind::accept, set.name, feed_.number() >> 1, 0};
    if (feed_.flag()) entry.authority = must(hub_.size(std::string(kAuthoritySpace)));
    entry.hub_time = feed_.flag() ? now() : static_cast<Millis>(feed_.number() >> 1);
    Segment segment{space, must(hub_.store().space(space))->size + 1, {}, {}};
    if (feed_.below(8) == 7) segment.first = feed_.number() >> 1;
    if (feed_.below(4) == 3) {
      entry.kind = static_cast<ledger::EntryKind>(1 + feed_.below(7));
      segment.items.emplace_back(EntryItem{entry, to_bytes(feed_.bytes(256))});
    } else if (feed_.below(4) == 3) {
      segment.items.emplace_back(
          OwnItem{entry, {replica_.device(), feed_.fixed<ChainId>()}, feed_.number() >> 1});
    } else {
      segment.items.emplace_back(SetItem{entry, set});
    }
    const Signature signature = author.sign(run_message(hub_.network(), set.name));
    segment.items.emplace_back(SignatureItem{header.source, 1, signature});
    if (feed_.below(8) == 7) segment.openings.push_back({feed_.fixed<Hash>(), {Salt{}, odd_value(feed_)}});
    const Bytes frame =
        encode_segment(FrameKind::entries, segment, feed_.flag() ? hub_.known_logs() : nullptr);
    say(feed_.below(4) == 3 ? damaged(feed_, frame) : frame);
  }

  void verdicts() {
    std::vector<VerdictItem> items;
    const auto chains = must(replica_.identity().chains());
    for (std::size_t left = 1 + feed_.below(3); left > 0; --left) {
      VerdictItem item;
      item.chain =
          chains.empty() || feed_.below(4) == 3 ? feed_.fixed<ChainId>() : feed_.one_of(chains).chain;
      item.first = feed_.number() >> 1;
      item.count = feed_.number() >> 1;
      item.verdict.outcome = static_cast<Outcome>(1 + feed_.below(4));
      item.verdict.reason = static_cast<Reason>(feed_.byte());
      item.verdict.detail = feed_.text(300);
      item.retry_after = static_cast<Millis>(feed_.below(100'000));
      items.push_back(std::move(item));
    }
    say(encode(items));
  }

  void proof() {
    Proof proof;
    proof.final = feed_.flag();
    const Seen heads = hub_.heads();
    ledger::Checkpoint checkpoint{ledger::heads_origin(hub_.network(), 1), heads.size, heads.root};
    if (feed_.below(4) == 3) checkpoint.size = feed_.number() >> 1;
    if (feed_.below(4) == 3) checkpoint.root = feed_.fixed<Hash>();
    proof.checkpoint = must(ledger::sign_checkpoint(checkpoint, hub_.log_key()));
    for (std::size_t left = feed_.below(3); left > 0; --left)
      proof.consistency.push_back(feed_.fixed<Hash>());
    for (std::size_t left = feed_.below(3); left > 0; --left) {
      ledger::HeadsLeaf leaf;
      leaf.name = to_bytes(view(feed_.one_of(kSpaces)));
      leaf.size = feed_.number() >> 1;
      leaf.digest_position = leaf.size;
      proof.leaves.push_back({feed_.number(), feed_.flag() ? leaf.encode() : to_bytes(feed_.bytes(64))});
    }
    say(encode(proof));
  }

  void step() {
    switch (feed_.below(12)) {
      case 0:
        return say(to_bytes(feed_.bytes(512)));
      case 1:
        return honest(true);
      case 2:
        return welcome();
      case 3:
        return entries();
      case 4:
        return verdicts();
      case 5:
        return proof();
      case 6:
        made_.world.clock().time += static_cast<Millis>(feed_.below(100'000));
        return take(client_->on_time(now()));
      case 7:
        write();
        must(replica_.seal());
        return take(client_->on_local_commit(now()));
      case 8:
      case 9:
        return hub_works();
      default:
        return honest(false);
    }
  }

  /// Whatever was said, own work goes on and the folder opens.
  void check_after() {
    if (!write_and_seal()) return;
    must(replica_.status());
    try {
      made_.office.reopen();
    } catch (const std::runtime_error& error) {  // entries of a later version: it stops there, in words
      WASL_ASSERT(std::string_view(error.what()).find("update the program") != std::string_view::npos);
      return;
    }
    WASL_ASSERT(must(made_.office.replica().seal()) == 0);
  }

  Feed feed_;
  OfficeWorld made_;
  Hub& hub_;
  Replica& replica_;
  Hash hello_;
  std::optional<HubSession> server_;
  std::optional<ClientSession> client_;
  std::deque<std::shared_ptr<const Bytes>> down_;
  std::deque<Bytes> up_;
  std::size_t refused_ = 0;
  bool forged_ = false;
};

WASL_FUZZ(client_session) { Session(input).run(); }

}  // namespace
}  // namespace wasl::fuzz
