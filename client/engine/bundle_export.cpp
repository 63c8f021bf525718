#include "client/engine/bundle_export.hpp"

#include <algorithm>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/bundle/carried_files.hpp"
#include "shared/bundle/readers.hpp"

namespace wasl {
namespace {

BundleHead head_of(const Replica& replica, BundleHead::Audience audience, Clock& clock, Random& random) {
  BundleHead head;
  head.network = replica.network().network;
  head.by = replica.device();
  head.made = clock.now();
  head.audience = audience;
  head.set = random.fixed<BundleSet>();
  return head;
}

/// Work without entries: of these spaces alone where any is named.
Status add_work(Replica& replica, const std::vector<std::string>& spaces,
                const std::map<std::string, std::size_t>& audiences, std::optional<std::size_t> others,
                BundleFiles& files, BundleExported& out) {
  replica.rewind_push();
  for (;;) {
    WASL_LET(const auto push, replica.next_push(limits::kSegmentTargetBytes));
    if (!push) return {};
    if (!spaces.empty() && std::find(spaces.begin(), spaces.end(), push->space) == spaces.end()) continue;
    PackedFrame frame{others, encode_segment(FrameKind::push, *push)};
    if (const auto own = audiences.find(push->space); own != audiences.end()) frame.audience = own->second;
    if (stands_plain(push->space, !push->openings.empty())) frame.audience.reset();
    out.work += static_cast<std::uint64_t>(
        std::count_if(push->items.begin(), push->items.end(),
                      [](const SegmentItem& item) { return header_of(item) != nullptr; }));
    WASL_TRY(files.add(std::move(frame)));
  }
}

/// Small ones first, each once. Of these spaces alone where any is named.
Result<std::vector<attachment::FileId>> files_to_carry(OfficeFiles& attached, const BundleRequest& request,
                                                       const std::vector<std::string>& spaces) {
  std::set<attachment::FileId> chosen;
  if (spaces.empty()) {
    WASL_TRY(attached.tidy_up());  // what records show by now
    WASL_LET(const auto unsent, attached.offered());
    chosen.insert(unsent.begin(), unsent.end());
  } else {
    WASL_LET(const auto shown, attached.shown());
    for (const ShownFile& one : shown) {
      if (std::find(spaces.begin(), spaces.end(), one.space) == spaces.end()) continue;
      WASL_LET(const OfficeFiles::State state, attached.state(one));
      if (state.known.whole) chosen.insert(one.file());
    }
  }
  std::vector<attachment::FileId> out(chosen.begin(), chosen.end());
  std::erase_if(out, [&](const attachment::FileId& file) { return file.size > request.files_up_to; });
  std::ranges::stable_sort(out, {}, &attachment::FileId::size);
  return out;
}

Status add_attached(OfficeFiles& attached, const BundleRequest& request,
                    const std::vector<std::string>& spaces,
                    const std::function<std::size_t(const std::string&)>& audience_of, BundleFiles& files,
                    BundleExported& out) {
  if (!request.with_files) return {};
  WASL_LET(const auto chosen, files_to_carry(attached, request, spaces));
  const auto add = [&](const std::string& space, Bytes bytes) {
    PackedFrame frame{audience_of(space), std::move(bytes)};
    if (stands_plain(space, false)) frame.audience.reset();
    return files.add(std::move(frame));
  };
  for (const attachment::FileId& file : chosen) {
    WASL_TRY(add(file.space, encode_files(FileFrameKind::offer, {file})));
    const auto read = [&](const Hash& name) { return attached.read(file.space, name); };
    const auto sink = [&](Bytes frame) { return add(file.space, std::move(frame)); };
    const Status whole = each_chunk_frame(file, read, sink);
    if (!whole && whole.error().code == Errc::not_found) continue;  // damaged: it comes again over a link
    WASL_TRY(whole);
    ++out.attached;
    out.attached_bytes += file.size;
  }
  return {};
}

Result<BundleExported> for_hub(Replica& replica, OfficeFiles& attached, const BundleRequest& request,
                               Clock& clock, Random& random) {
  WASL_LET(const Bytes hello, replica.make_bundle_hello());
  BundlePlan plan;
  plan.head = head_of(replica, BundleHead::Audience::hub, clock, random);
  plan.audiences.push_back(sealed_to_hub(replica.network().log_key));
  plan.prologue.push_back({0, encode_hello_frame(hello)});
  plan.split_bytes = request.split_bytes;
  BundleFiles files(request.file, std::move(plan), random);
  BundleExported out;
  WASL_TRY(add_work(replica, {}, {}, 0, files, out));
  const auto the_hub = [](const std::string&) { return std::size_t{0}; };
  WASL_TRY(add_attached(attached, request, {}, the_hub, files, out));
  WASL_LET(out.files, files.finish());
  return out;
}

/// What this office has proved of the space, and the proof of its end.
Status add_entries(Replica& replica, const std::string& space, std::size_t audience, Position since,
                   BundleFiles& files, BundleExported& out) {
  WASL_LET(const auto vouched, replica.vouched(space));
  if (!vouched) {
    out.unproved.push_back(space);
    return {};
  }
  BundleExported::Range range{space, since + 1, since};
  for (;;) {
    WASL_LET(const auto part, replica.next_covered(space, range.last + 1));
    if (!part) break;
    range.last = part->last;
    PackedFrame frame{audience, encode(part->covered)};
    if (stands_plain(space, part->has_openings)) frame.audience.reset();
    WASL_TRY(files.add(std::move(frame)));
  }
  if (range.last > since) out.entries.push_back(range);
  PackedFrame frame{audience, encode(*vouched)};
  if (stands_plain(space, false)) frame.audience.reset();
  return files.add(std::move(frame));
}

Result<BundleExported> for_offices(Replica& replica, OfficeFiles& attached, const BundleRequest& request,
                                   Clock& clock, Random& random) {
  WASL_LET(const std::size_t sealed, replica.seal());
  static_cast<void>(sealed);
  WASL_LET(const AuthorityState* const authority, replica.authority());
  WASL_LET(const Millis now, replica.hub_time());
  const auto readable = authority->readable(replica.device(), now);
  std::vector<std::string> spaces = request.all ? readable : request.spaces;
  for (const std::string& space : spaces) {
    if (std::find(readable.begin(), readable.end(), space) != readable.end()) continue;
    return fail(Errc::not_found, "this office does not read a space " + space, "see: wasl status");
  }
  const auto authority_first = [](const std::string& space) { return space == kAuthoritySpace; };
  std::stable_partition(spaces.begin(), spaces.end(), authority_first);

  BundlePlan plan;
  const bool one = !request.all && spaces.size() == 1;
  plan.head = head_of(replica, one ? BundleHead::Audience::space : BundleHead::Audience::all, clock, random);
  if (one && !is_private_space(spaces.front())) plan.head.space = spaces.front();
  auto who = readers(*authority, now);
  std::map<std::string, std::size_t> audiences;
  for (const std::string& space : spaces) {
    SealedTo to = who[space];
    // The hub reads everything: it may take the work that is in it.
    for (const SealedTo::Key& hub : sealed_to_hub(replica.network().log_key).keys) to.keys.push_back(hub);
    audiences[space] = plan.audiences.size();
    plan.audiences.push_back(std::move(to));
    if (stands_plain(space, false)) plan.head.since.push_back({space, request.since, false});
  }
  WASL_LET(const auto statements, replica.signed_statements());
  if (!statements.empty()) plan.prologue.push_back({std::nullopt, encode(statements)});
  plan.split_bytes = request.split_bytes;
  BundleFiles files(request.file, std::move(plan), random);
  BundleExported out;
  for (const std::string& space : spaces)
    WASL_TRY(add_entries(replica, space, audiences.at(space), request.since, files, out));
  WASL_TRY(add_work(replica, spaces, audiences, std::nullopt, files, out));
  const auto readers_of = [&](const std::string& space) { return audiences.at(space); };
  WASL_TRY(add_attached(attached, request, spaces, readers_of, files, out));
  WASL_LET(out.files, files.finish());
  return out;
}

}  // namespace

Result<BundleExported> export_bundle(Replica& replica, OfficeFiles& attached, const BundleRequest& request,
                                     Clock& clock, Random& random) {
  if (request.all || !request.spaces.empty()) return for_offices(replica, attached, request, clock, random);
  return for_hub(replica, attached, request, clock, random);
}

}  // namespace wasl
