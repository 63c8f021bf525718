#include "server/hub/bundling.hpp"

#include <algorithm>

#include "server/hub/batch.hpp"
#include "shared/wire/push_check.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kTicket = UINT64_MAX;  // sessions count from 1, the scribe has 0
constexpr std::size_t kVerdictsOfFrame = 1000;

Status check_serving(Hub& hub) {
  if (!hub.is_recovering()) return {};
  return fail(Errc::later, "the hub recovers from an old copy: it takes and gives no bundles",
              "bring the offices to it over a link, then open a new epoch");
}

std::string hello_key(const PublicKey& device) { return "bundled hello " + to_hex(device.view()); }

/// An office that syncs by sticks alone is waited for as any other.
Status renew_lease(Hub& hub, const Hello& hello) {
  WASL_LET(const auto note, hub.store().device(hello.device));
  if (note && note->counter >= hello.counter) return {};
  const bool of_this_log = hello.epoch == hub.authority().statement().epoch;
  const std::vector<Cursor> applied = of_this_log ? hello.cursors
                                      : note      ? note->applied
                                                  : std::vector<Cursor>();
  return hub.store().note_done(hello.device, note ? note->equal : std::nullopt, applied, hub.hub_time());
}

/// Held, refused and decided work of those for whom the device carries: itself and persons of its
/// organisation.
Result<std::vector<VerdictItem>> verdicts_for(Hub& hub, const PublicKey& device) {
  const AuthorityState& authority = hub.authority();
  const Device* known = authority.device(device);
  const auto concerns = [&](const PublicKey& author) {
    if (author == device) return true;
    const Person* person = authority.person(author);
    return person != nullptr && known != nullptr && authority.organisation_of(author) == known->organisation;
  };
  WASL_LET(std::vector<VerdictItem> verdicts, hub.decided(device));
  WASL_LET(const auto kept, hub.store().kept_list(true));
  for (const KeptSet& set : kept) {
    if (!concerns(set.header.source.author)) continue;
    const Verdict verdict = set.state == KeptState::held ? Verdict::hold(set.reason, set.detail)
                                                         : Verdict::refuse(set.reason, set.detail);
    add_verdict(verdicts, set.header.source.chain, set.header.sequence, verdict);
  }
  return verdicts;
}

}  // namespace

Result<TakenPush> take_bundled_push(Hub& hub, ByteView frame) {
  WASL_TRY(check_serving(hub));
  if (frame_kind(frame) != FrameKind::push) return fail(Errc::malformed, "this frame is no push");
  WASL_LET(Segment push, decode_segment(frame, hub.network()));
  WASL_TRY(check_push(push, hub.log_key().public_key(), hub.authority(), hub.network()));
  TakenPush taken;
  taken.sets = static_cast<std::uint64_t>(
      std::count_if(push.items.begin(), push.items.end(),
                    [](const SegmentItem& item) { return header_of(item) != nullptr; }));
  if (push.items.empty()) return taken;
  hub.committer().submit(kTicket, std::move(push));
  while (!hub.committer().is_idle()) {
    Committer::Committed committed = hub.commit();
    for (Committer::Ruling& ruling : committed.rulings) {
      if (ruling.ticket != kTicket) continue;
      std::move(ruling.verdicts.begin(), ruling.verdicts.end(), std::back_inserter(taken.verdicts));
    }
  }
  return taken;
}

Result<bool> note_bundled_hello(Hub& hub, ByteView frame) {
  WASL_LET(const Hello hello, decode_hello_frame(frame));
  if (hello.network != hub.network())
    return fail(Errc::wrong_network, "this bundle is of another network", "check which stick it is");
  if (hub.authority().device(hello.device) == nullptr) {
    return fail(Errc::unauthorised, "this network does not know the device that made this bundle",
                "it has to join first");
  }
  WASL_LET(const auto before, bundled_hello(hub, hello.device));
  if (!before || before->counter < hello.counter) {
    WASL_TRY(renew_lease(hub, hello));
    WASL_TRY(hub.store().transact([&] { return hub.store().set_meta(hello_key(hello.device), frame); }));
  }
  if (hello.epoch != 0 && hello.epoch != hub.authority().statement().epoch) return false;
  const Seen& seen = hello.checkpoint;
  if (seen.size == 0) return false;
  if (seen.size > hub.heads().size) return true;
  const auto proof = hub.prove(seen, {});
  return !proof || !ledger::verify_consistency(seen.size, seen.root, hub.heads().size, hub.heads().root,
                                               proof->consistency);
}

Result<std::optional<Hello>> bundled_hello(Hub& hub, const PublicKey& device) {
  WASL_LET(const auto stored, hub.store().meta(hello_key(device)));
  if (!stored) return std::optional<Hello>();
  WASL_LET(Hello hello, decode_hello_frame(*stored));
  return std::optional(std::move(hello));
}

namespace {

Result<std::optional<Vouched>> vouched_of(Hub& hub, const std::string& space) {
  WASL_TRY(check_serving(hub));
  WASL_LET(const auto leaf, hub.newest_leaf(space));
  if (!leaf) return std::optional<Vouched>();
  Vouched vouched;
  vouched.space = space;
  WASL_LET(vouched.key, hub.blinding_key(space));
  WASL_LET(vouched.proof, hub.prove({}, {leaf->index}));
  return std::optional(std::move(vouched));
}

}  // namespace

Result<CoveredFrame> covered_frame(Hub& hub, const std::string& space, Position from) {
  WASL_LET(auto vouched, vouched_of(hub, space));
  WASL_LET(const auto leaf, hub.newest_leaf(space));
  if (!vouched || !leaf || from > leaf->size)
    return fail(Errc::not_found, space + " has no entry at " + std::to_string(from));
  WASL_LET(const HubPort::EntriesFrame entries,
           hub.entries(space, from, {.own = std::nullopt, .alone = true}));
  if (entries.last < from || entries.last > leaf->size)
    return fail(Errc::corrupt, "the hub's log of " + space + " has a gap");
  WASL_LET(const Segment segment, decode_segment(*entries.frame, hub.network()));
  CoveredFrame out;
  out.last = entries.last;
  out.entries = entry_count(segment);
  out.has_openings = !segment.openings.empty();
  Covered covered{*std::move(vouched), {}, *entries.frame};
  WASL_LET(covered.consistency, hub.store().consistency(space, entries.last, leaf->size));
  out.frame = encode(covered);
  return out;
}

Result<std::optional<Bytes>> vouched_frame(Hub& hub, const std::string& space) {
  WASL_LET(const auto vouched, vouched_of(hub, space));
  return vouched ? std::optional(encode(*vouched)) : std::optional<Bytes>();
}

Result<std::vector<Bytes>> answer_frames(Hub& hub, const PublicKey& device) {
  WASL_TRY(check_serving(hub));
  WASL_LET(const auto verdicts, verdicts_for(hub, device));
  WASL_LET(const auto hello, bundled_hello(hub, device));
  Answer answer;
  answer.device = device;
  answer.hub_time = hub.hub_time();
  const bool knows = hello && hello->epoch == hub.authority().statement().epoch &&
                     hello->checkpoint.size <= hub.heads().size;
  if (knows) answer.base = hello->checkpoint;
  std::vector<std::uint64_t> leaves;
  for (const std::string& space : hub.authority().readable(device, hub.hub_time())) {
    WASL_LET(const auto leaf, hub.newest_leaf(space));
    if (leaf) leaves.push_back(leaf->index);
  }
  std::sort(leaves.begin(), leaves.end());
  WASL_LET(answer.proof, hub.prove(answer.base, leaves));
  std::vector<Bytes> frames;
  for (std::size_t i = 0; i == 0 || i < verdicts.size(); i += kVerdictsOfFrame) {
    const auto from = verdicts.begin() + static_cast<std::ptrdiff_t>(i);
    const auto to =
        verdicts.begin() + static_cast<std::ptrdiff_t>(std::min(i + kVerdictsOfFrame, verdicts.size()));
    answer.verdicts.assign(from, to);
    frames.push_back(encode(answer, hub.network(), hub.log_key()));
  }
  return frames;
}

}  // namespace wasl
