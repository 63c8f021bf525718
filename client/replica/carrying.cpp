// Others' work that came in a bundle and has no entry: offered to the hub with the own, until it has an
// answer. Carrying needs no trust: each run is its author's by the signature.
#include <algorithm>
#include <map>
#include <set>

#include "client/replica/replica.hpp"
#include "shared/store/erasing.hpp"
#include "shared/wire/runs.hpp"

namespace wasl {
namespace {

const Header* first_header(const Segment& run) {
  for (const SegmentItem& item : run.items)
    if (const Header* header = header_of(item)) return header;
  return nullptr;
}

Sequence last_of(const Segment& run) {
  const auto* signature = run.items.empty() ? nullptr : std::get_if<SignatureItem>(&run.items.back());
  return signature == nullptr ? 0 : signature->last;
}

}  // namespace

Result<std::vector<Arrival>> Replica::take_push(const Segment& push) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  std::vector<Arrival> out;
  const auto tell = [&](Arrival::What what, std::uint64_t sets, std::string words) {
    Arrival arrival{what};
    arrival.space = push.space;
    arrival.sets = sets;
    arrival.words = std::move(words);
    out.push_back(std::move(arrival));
  };
  const bool only_sets = std::all_of(push.items.begin(), push.items.end(), [](const SegmentItem& item) {
    const auto* set = std::get_if<SetItem>(&item);
    return set != nullptr ? !set->entry : !entry_of(item);
  });
  const Status runs = verify_runs(push, anchor_.network);
  if (push.first != 0 || !only_sets || !runs) {
    tell(Arrival::What::altered, 0, runs ? "work without entries that has some" : runs.error().message);
    return out;
  }
  WASL_LET(const Millis now, proved_time());
  for (Segment& run : runs_of(push)) {
    const Header* header = first_header(run);
    if (header == nullptr || header->source.author == device_.public_key()) continue;
    const Author& author = header->source.author;
    const auto sets = static_cast<std::uint64_t>(
        std::count_if(run.items.begin(), run.items.end(),
                      [](const SegmentItem& item) { return header_of(item) != nullptr; }));
    if (authority_.device(author) == nullptr && authority_.person(author) == nullptr) {
      tell(Arrival::What::not_ours, sets, "of a key that this office does not know yet");
      continue;
    }
    WASL_LET(const bool placed, store_.has_entry(run.space, header->source, last_of(run)));
    if (placed) {
      tell(Arrival::What::known, sets, {});
      continue;
    }
    if (!opens_truly(run, anchor_.network)) {
      tell(Arrival::What::altered, sets, "personal values that are not those of the signed work");
      continue;
    }
    drop_erased(authority_, now, run);
    const auto fresh = carried_.keep(run);
    if (!fresh && fresh.error().code != Errc::limit_exceeded) return tl::unexpected(fresh.error());
    if (!fresh) {
      tell(Arrival::What::altered, sets, fresh.error().message + "; " + fresh.error().hint);
      continue;
    }
    if (*fresh && carried_gaps_.erase(header->source.chain) > 0) {  // it may be what was missing
      std::erase_if(carried_pushed_, [&](const std::string& name) {
        return name.starts_with(CarriedWork::beginning_of(header->source));
      });
    }
    WASL_TRY(show_carried(run));
    tell(*fresh ? Arrival::What::kept : Arrival::What::known, sets, {});
  }
  return out;
}

/// Behind all own work: runs of one space, as many as a frame holds. In one segment a chain has no gap.
Result<std::optional<Segment>> Replica::next_carried() {
  WASL_LET(auto runs, carried_.runs(anchor_.network));
  Segment segment;
  std::map<Source, Sequence> ends;
  std::size_t bytes = 0;
  for (CarriedWork::Run& carried : runs) {
    Segment& run = carried.segment;
    const Header* header = first_header(run);
    if (header == nullptr || carried_pushed_.contains(carried.name)) continue;
    const auto staged = staged_of_others_.find(header->source.chain);
    const bool is_known = staged != staged_of_others_.end() && last_of(run) <= staged->second;
    if (is_known || carried_gaps_.contains(header->source.chain) || !may_be_told(run.space)) continue;
    const auto end = ends.find(header->source);
    const bool goes_on = end == ends.end() || header->sequence == end->second + 1;
    if (!segment.items.empty() && (run.space != segment.space || !goes_on)) break;
    carried_pushed_.insert(std::move(carried.name));
    ends[header->source] = last_of(run);
    bytes += encode_items(run).size();
    segment.space = run.space;
    std::move(run.items.begin(), run.items.end(), std::back_inserter(segment.items));
    segment.openings.insert(segment.openings.end(), run.openings.begin(), run.openings.end());
    if (bytes >= limits::kSegmentTargetBytes) break;
  }
  if (segment.items.empty()) return std::optional<Segment>();
  return std::optional(std::move(segment));
}

/// Asked again in this session, a hub that lacks what stands before would say the same, and a section's hub
/// that has it is no nearer to an entry.
void Replica::note_later(const std::vector<VerdictItem>& verdicts) {
  for (const VerdictItem& item : verdicts) {
    if (item.verdict.outcome != Outcome::later) continue;
    if (item.verdict.reason == Reason::gap) carried_gaps_.insert(item.chain);
    if (item.verdict.reason != Reason::with_section) continue;
    Sequence& last = staged_of_others_[item.chain];
    last = std::max(last, item.first + item.count - 1);
  }
}

/// The hub has an answer: its author gets it from the hub.
Status Replica::forget_carried(const std::vector<VerdictItem>& verdicts) {
  note_later(verdicts);
  WASL_LET(const auto runs, carried_.runs(anchor_.network));
  for (const CarriedWork::Run& run : runs) {
    const Header* header = first_header(run.segment);
    const Sequence last = last_of(run.segment);
    const bool answered =
        header != nullptr && std::any_of(verdicts.begin(), verdicts.end(), [&](const VerdictItem& item) {
          return item.verdict.outcome != Outcome::later && item.chain == header->source.chain &&
                 last >= item.first && last < item.first + item.count;
        });
    if (!answered) continue;
    WASL_LET(const bool entry, store_.has_entry(run.segment.space, header->source, last));
    const bool stays = entry || std::ranges::none_of(verdicts, [&](const VerdictItem& item) {
                         return item.chain == header->source.chain && last >= item.first &&
                                last - item.first < item.count && item.verdict.outcome != Outcome::accepted;
                       });
    if (!stays) hidden_soon_.push_back(run.name);
    WASL_TRY(carried_.forget(run.name));
  }
  return {};
}

/// What has its entry by now needs nobody to carry it.
Status Replica::settle_carried() {
  carried_pushed_.clear();
  WASL_LET(const auto runs, carried_.runs(anchor_.network));
  for (const CarriedWork::Run& run : runs) {
    const Header* header = first_header(run.segment);
    if (header == nullptr) continue;
    WASL_LET(const bool placed, store_.has_entry(run.segment.space, header->source, last_of(run.segment)));
    if (placed) {
      WASL_TRY(carried_.forget(run.name));
    } else if (tables_ready_) {
      WASL_TRY(show_carried(run.segment));  // a crash, or a lost replica.db, came between
    }
  }
  return settle_shown();
}

Status Replica::erase_carried(const ErasedList& list, const std::string& space) {
  WASL_LET(auto runs, carried_.runs(anchor_.network));
  for (CarriedWork::Run& run : runs) {
    if (run.segment.space != space) continue;
    std::set<Hash> gone;
    for (const SegmentItem& item : run.segment.items) {
      const auto* set = std::get_if<SetItem>(&item);
      if (set == nullptr) continue;
      for (const Hash& one : listed_openings(list, set->set, run.segment.openings)) gone.insert(one);
    }
    if (gone.empty()) continue;
    std::erase_if(run.segment.openings,
                  [&](const OpeningItem& opening) { return gone.contains(opening.commitment); });
    WASL_TRY(carried_.replace(run));
  }
  return {};
}

}  // namespace wasl
