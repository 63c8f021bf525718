#include "tests/support/section_world.hpp"

#include <cstdlib>
#include <deque>

#include "server/store/open_store.hpp"

namespace wasl::test {
namespace {

std::filesystem::path new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-section-XXXXXX").string();
  return mkdtemp(pattern.data());
}

using Alter = std::function<std::shared_ptr<const Bytes>(std::shared_ptr<const Bytes>)>;

/// A hub that follows answers what it passes on at its next look.
class SectionPeer final : public HubPeer {
 public:
  SectionPeer(Hub& hub, Alter alter) : HubPeer(hub), alter_(std::move(alter)) {}
  Committer::Committed commit() override {
    Committer::Committed out = hub_.commit();
    Committer::Committed news = must(hub_.committer().look());
    std::move(news.rulings.begin(), news.rulings.end(), std::back_inserter(out.rulings));
    out.kept = news.kept;
    return out;
  }
  std::shared_ptr<const Bytes> alter(std::shared_ptr<const Bytes> frame) override {
    return alter_ ? alter_(std::move(frame)) : std::move(frame);
  }

 private:
  Alter alter_;
};

}  // namespace

SectionWorld::SectionWorld(HubWorld& world, const std::string& organisation)
    : world_(world), folder_(new_folder()), device_(crypto::KeyPair::generate(world.random())) {
  world_.enrol(device_, organisation, "section_hub");
  open_store();
  if (const Linked linked = link(); linked.error) throw std::runtime_error(linked.error->message);
  serve();
}

SectionWorld::~SectionWorld() {
  hub_.reset();
  mirror_.reset();
  section_.reset();
  kept_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void SectionWorld::open_store() {
  hub_.reset();
  mirror_.reset();
  section_.reset();
  kept_.reset();
  store_.reset();
  store_ = must(open_hub_store(folder_ / "hub.db", StoreUse::create));
  kept_.emplace(must(KeptWork::open(folder_ / "section.db")));
  kept_->tell_time(world_.clock());
  section_.emplace(*store_, *kept_, world_.network());
  mirror_.emplace(Mirror::Ports{*store_, *kept_, *section_, device_, world_.clock(), world_.random(),
                                world_.network(), world_.hub().authority().statement().log_key});
  must(mirror_->start());
}

void SectionWorld::serve() {
  store_->share_through(*section_);
  hub_ = std::make_unique<Hub>(
      Committer::Ports{*store_, world_.schema(), device_, world_.clock(), world_.random()});
  hub_->keep_in(*kept_);
  must(hub_->committer().start());
}

void SectionWorld::reopen() {
  open_store();
  serve();
}

void SectionWorld::lose_disk() {
  hub_.reset();
  mirror_.reset();
  section_.reset();
  kept_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  open_store();
  if (const Linked linked = link(); linked.error) throw std::runtime_error(linked.error->message);
  serve();
}

SectionWorld::Linked SectionWorld::link(std::size_t cut_after, const Alter& alter) {
  constexpr std::uint64_t kId = 9;
  Hub& above = world_.hub();
  const Millis now = ++world_.clock().time;
  const Bytes hello = must(mirror_->make_hello(false, {}));
  const auto admitted = HubSession::admit(above, hello);
  if (!admitted) return {admitted.error(), {}};
  HubSession server(above, kId, *admitted, hello_hash(hello), now);
  ClientSession::Options options;
  options.network = world_.network();
  options.log_key = mirror_->log_key();
  options.hello = hello_hash(hello);
  options.follow = mirror_->heads_size();
  ClientSession client(*mirror_, std::move(options), now);
  std::deque<std::shared_ptr<const Bytes>> down;
  std::deque<Bytes> up;
  const auto from_hub = [&](HubSession::Output out) {
    for (auto& frame : out.frames) down.push_back(alter ? alter(std::move(frame)) : std::move(frame));
  };
  const auto from_mirror = [&](ClientSession::Output out) {
    for (Bytes& frame : out.frames) up.push_back(std::move(frame));
  };
  from_hub(server.start(now));
  for (std::size_t frames = 0;; ++frames) {
    if (frames == cut_after && !(up.empty() && down.empty())) break;
    if (!down.empty()) {
      const auto frame = down.front();
      down.pop_front();
      from_mirror(client.on_frame(*frame, now));
      if (down.empty()) from_hub(server.on_writable(now));
    } else if (!up.empty()) {
      const Bytes frame = std::move(up.front());
      up.pop_front();
      from_hub(server.on_frame(frame, now));
      if (up.empty()) from_mirror(client.on_writable(now));
    } else if (!above.committer().is_idle()) {
      const auto committed = above.commit();
      for (const auto& ruling : committed.rulings) {
        if (ruling.ticket == kId) from_hub(server.on_ruling(ruling.verdicts, ruling.taken, now));
      }
      from_hub(server.on_commit(committed.grown, now));
    } else {
      break;
    }
  }
  if (hub_) must(hub_->look());
  return {client.error(), client.summary()};
}

HubOffice::Session SectionWorld::near(HubOffice& office) { return near(office, {}); }

HubOffice::Session SectionWorld::near(HubOffice& office, Alter alter) {
  ++world_.clock().time;
  SectionPeer peer(*hub_, std::move(alter));
  return office.sync_with(peer);
}

}  // namespace wasl::test
