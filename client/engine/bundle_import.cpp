#include "client/engine/bundle_import.hpp"

#include <algorithm>
#include <set>

#include "shared/bundle/carried_files.hpp"
#include "shared/bundle/contents.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr std::size_t kRefusedNamed = 50;

class Import {
 public:
  Import(Replica& replica, OfficeFiles& attached) : replica_(replica), attached_(attached) {}

  Result<BundleImported> run(std::vector<std::filesystem::path> files) {
    WASL_LET(secret_, replica_.identity().sealing_secret());
    WASL_TRY(replica_.begin_import());
    WASL_TRY(sort(files));
    bool first = true;
    do {
      fresh_ = not_ours_ = false;
      out_.refused.clear();
      out_.sealed_for_others = 0;
      for (auto& [space, gap] : out_.spaces) gap.missing_to = 0;
      for (const auto& file : files) WASL_TRY(take_file(file, first));
      first = false;
    } while (fresh_ && (has_gap() || not_ours_ || !out_.refused.empty()));
    WASL_LET(out_.equal, replica_.end_import());
    WASL_TRY(take_attached(files));
    if (out_.equal == true && !out_.is_complete()) out_.equal.reset();  // the hub had signed more
    return std::move(out_);
  }

 private:
  /// As they were made, so that few gaps are met; each is read once before anything is taken of any.
  Status sort(std::vector<std::filesystem::path>& files) {
    std::map<std::filesystem::path, std::tuple<Millis, BundleSet, std::uint64_t>> made;
    for (const auto& file : files) {
      WASL_LET(const Bundle bundle, read_bundle(file));
      WASL_TRY(check_head(file, bundle.head));
      made[file] = {bundle.head.made, bundle.head.set, bundle.head.part};
    }
    std::stable_sort(files.begin(), files.end(),
                     [&](const auto& a, const auto& b) { return made[a] < made[b]; });
    return {};
  }

  Status check_head(const std::filesystem::path& file, const BundleHead& head) const {
    if (head.network != replica_.network().network) {
      return fail(Errc::wrong_network, file.string() + " is of another network",
                  "check which stick it is: nothing of it was taken");
    }
    if (head.audience == BundleHead::Audience::hub && head.by != replica_.device()) {
      return fail(Errc::unauthorised, file.string() + " is for the hub",
                  "there it is imported with: wasl-hub bundle import");
    }
    if (head.audience == BundleHead::Audience::hub) {
      return fail(Errc::unauthorised, file.string() + " was made here, for the hub",
                  "take it there: wasl-hub bundle import; what comes back is for this office");
    }
    if (head.device && *head.device != replica_.device()) {
      return fail(
          Errc::unauthorised,
          file.string() + " is for another device (" + to_hex(head.device->view()).substr(0, 12) + ")",
          "this one is " + to_hex(replica_.device().view()).substr(0, 12) +
              ": ask for a bundle that is for it");
    }
    return {};
  }

  [[nodiscard]] bool has_gap() const {
    return std::any_of(out_.spaces.begin(), out_.spaces.end(),
                       [](const auto& space) { return space.second.missing_to != 0; });
  }

  Status take_file(const std::filesystem::path& file, bool first) {
    WASL_LET(const Bundle bundle, read_bundle(file));
    if (!bundle.is_whole()) refuse(file.filename().string() + ": " + damage_words(bundle));
    const auto secrets = open_locks(bundle.head, replica_.device(), secret_);
    for (const BundleFrame& stored : bundle.frames) {
      const auto frame = open_frame(bundle, stored, secrets);
      if (!frame && secrets.contains(stored.lock)) {
        refuse(file.filename().string() + ": frame " + std::to_string(stored.number) + " does not open");
      } else if (!frame) {
        ++out_.sealed_for_others;
      } else if (Status taken = take_frame(*frame, first); !taken) {
        return taken;
      }
    }
    return {};
  }

  Status take_frame(const Bytes& frame, bool first) {
    if (frame.empty()) return {};
    if (frame[0] == kCoveredFrame) return take(decode_covered(frame), &Replica::take_covered);
    if (frame[0] == kAnswerFrame) {
      auto answer = decode_answer(frame, replica_.network().network, replica_.network().log_key);
      if (answer && answer->device == replica_.device()) out_.told = true;
      return take(std::move(answer), &Replica::take_answer);
    }
    if (snapshot_frame_kind(frame)) {
      WASL_LET(const Arrival arrival, replica_.take_snapshot_frame(frame));
      note(arrival);
      return {};
    }
    switch (static_cast<FrameKind>(frame[0])) {
      case FrameKind::vouched:
        return take(decode_vouched(frame), &Replica::take_vouched);
      case FrameKind::statements:
        return take(decode_statements(frame), &Replica::take_statements);
      case FrameKind::push:
        return first ? take_push(frame) : Status();
      default:
        return {};  // for somebody else, or of a newer version: what it rests on stays as it was
    }
  }

  /// Behind the change sets, which name them. A list may lie in another file than what it names: as long as
  /// something is new, all are read again.
  Status take_attached(const std::vector<std::filesystem::path>& files) {
    attached_.read_bundles();
    std::set<attachment::FileId> named;
    for (bool again = true; again;) {
      again = false;
      for (const auto& file : files) {
        WASL_LET(const Bundle bundle, read_bundle(file));
        CarriedFiles carried(attached_);
        const auto secrets = open_locks(bundle.head, replica_.device(), secret_);
        for (const BundleFrame& stored : bundle.frames) {
          const auto frame = open_frame(bundle, stored, secrets);
          if (!frame) continue;
          if (const Status added = carried.add(*frame); !added) refuse(added.error().message);
        }
        if (!carried.named().empty()) WASL_TRY(attached_.ask_for(carried.named()));
        named.insert(carried.named().begin(), carried.named().end());
        if (!carried.has_chunks()) continue;
        WASL_LET(const std::uint64_t taken, carried.give(FileExchange::End::office));
        out_.chunks += taken;
        again = again || taken > 0;
      }
    }
    for (const std::string& one : attached_.wrong()) refuse(one);
    for (const attachment::FileId& file : named) {
      const ShownFile shown{"", file.space, "", "", {"", "", file.size, file.root}};
      WASL_LET(const OfficeFiles::State state, attached_.state(shown));
      out_.attached.push_back({file, state.progress});
    }
    return {};
  }

  template <class Frame>
  Status take(Result<Frame> frame, Result<Arrival> (Replica::*into)(const Frame&)) {
    if (!frame) {
      refuse(frame.error().message);
      return {};
    }
    WASL_LET(const Arrival arrival, (replica_.*into)(*frame));
    note(arrival);
    return {};
  }

  Status take_push(const Bytes& frame) {
    const auto push = decode_segment(frame, replica_.network().network);
    if (!push) {
      refuse(push.error().message);
      return {};
    }
    WASL_LET(const auto arrivals, replica_.take_push(*push));
    for (const Arrival& arrival : arrivals) note(arrival);
    return {};
  }

  void note(const Arrival& arrival) {
    switch (arrival.what) {
      case Arrival::What::taken: {
        if (arrival.space.empty()) return;
        fresh_ = true;
        BundleImported::Space& space = out_.spaces[arrival.space];
        if (space.first == 0) space.first = arrival.first;
        space.held = std::max(space.held, arrival.held);
        space.sets += arrival.sets;
        return;
      }
      case Arrival::What::known:
        return;
      case Arrival::What::not_ours:
        not_ours_ = true;
        return;
      case Arrival::What::gap: {
        BundleImported::Space& space = out_.spaces[arrival.space];
        space.held = std::max(space.held, arrival.held);
        const Position to = arrival.first - 1;
        if (space.missing_to == 0 || to < space.missing_to) space.missing_to = to;
        return;
      }
      case Arrival::What::altered:
        refuse(arrival.words);
        return;
      case Arrival::What::kept:
        out_.carried += arrival.sets;
        return;
    }
  }

  void refuse(std::string words) {
    if (out_.refused.size() < kRefusedNamed) out_.refused.push_back(std::move(words));
  }

  Replica& replica_;
  OfficeFiles& attached_;
  crypto::Seed secret_;
  BundleImported out_;
  bool fresh_ = false;     ///< something was taken in this pass
  bool not_ours_ = false;  ///< a grant that comes in another file may change that
};

}  // namespace

bool BundleImported::is_complete() const {
  return refused.empty() && std::all_of(spaces.begin(), spaces.end(),
                                        [](const auto& one) { return one.second.missing_to == 0; });
}

Result<BundleImported> import_bundles(Replica& replica, OfficeFiles& attached,
                                      const std::vector<std::filesystem::path>& files) {
  return Import(replica, attached).run(files);
}

}  // namespace wasl
