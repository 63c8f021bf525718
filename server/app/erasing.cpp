#include "server/app/erasing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/app/drafts.hpp"
#include "shared/authority/erasures.hpp"

namespace wasl {

using nlohmann::json;

namespace {

struct RecordPlace {
  std::string space, id;
};

/// SPACE#ID, or an id that only one space has.
Result<RecordPlace> find_record(OpenHub& open, const std::string& named) {
  const auto spaces = open.hub().authority().spaces();
  const auto at = named.find('#');
  if (at != std::string::npos) {
    RecordPlace place{named.substr(0, at), named.substr(at + 1)};
    if (std::ranges::find(spaces, place.space) != spaces.end()) return place;
    return fail(Errc::not_found, "there is no space " + place.space, "see: wasl-hub status");
  }
  std::optional<RecordPlace> only;
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, open.hub().store().space(space));
    WASL_LET(const auto record, open.hub().store().record(info->number, named));
    if (!record || space == kAuthoritySpace) continue;
    if (only) return fail(Errc::conflict, "several spaces have a record " + named, "name it SPACE#ID");
    only = RecordPlace{space, named};
  }
  if (only) return *only;
  return fail(Errc::not_found, "no space has a record " + named, "name it as SPACE#ID");
}

Result<json> withdraw_erasure(OpenHub& open, const json& request, const RecordPlace& place,
                              const Hash& mark) {
  const auto acts = acts_of_withdrawal(open.hub().authority(), mark, open.hub().hub_time());
  if (acts.empty())
    return fail(Errc::not_found, "no erasure of " + place.id + " waits", "what is in force is gone for good");
  const std::size_t count = acts.size();
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), place.space, acts,
               {{"withdrawn", count}, {"space", place.space}, {"id", place.id}});
}

}  // namespace

Result<json> erase(OpenHub& open, const json& request) {
  WASL_LET(const RecordPlace place, find_record(open, text_of(request, "record")));
  const NetworkId& network = open.hub().network();
  const Hash mark = record_mark(network, place.space, place.id);
  if (request.value("withdraw", false)) return withdraw_erasure(open, request, place, mark);
  const auto reason = erasure_reason(text_of(request, "reason"));
  if (!reason)
    return fail(Errc::invalid_value, "an erasure needs a reason",
                "use requested, consent_withdrawn, no_longer_needed or unlawful");
  WASL_LET(auto commitments, open.hub().store().commitments_of(place.space, place.id, network));
  for (const Hash& commitment : open.hub().authority().listed(mark)) commitments.erase(commitment);
  if (commitments.empty())
    return fail(Errc::not_found, place.id + " has no personal value that is not on a list already", {});
  const auto acts = acts_of_erasure(place.space, mark, commitments, *reason);
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), place.space, acts,
               {{"space", place.space},
                {"id", place.id},
                {"values", commitments.size()},
                {"reason", to_word(*reason)},
                {"not_before", open.hub().hub_time() + kErasureDelay}});
}

}  // namespace wasl
