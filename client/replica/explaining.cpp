// Who wrote what is shown, under which grant, and who gave it: up to a registrar and the network statement.
#include <algorithm>

#include "client/replica/replica.hpp"

namespace wasl {
namespace {

constexpr std::size_t kGrantsMost = 64;  // of one chain: a damaged log must not turn it into a circle

}  // namespace

Result<Hash> Replica::find_grant(std::string_view prefix) {
  WASL_TRY(catch_up_authority());
  std::optional<Hash> only;
  for (const auto& [name, grant] : authority_.grants()) {
    if (prefix.empty() || !to_hex(name.view()).starts_with(prefix)) continue;
    if (only)
      return fail(Errc::conflict, "several grants begin with " + std::string(prefix), "name more of it");
    only = name;
  }
  if (only) return *only;
  return fail(Errc::not_found, "no grant of that name is known here", "list them with: wasl grants");
}

/// The change set that stands at this place of a chain, in the log or among what waits.
Result<std::optional<Replica::FoundSet>> Replica::find_set(const std::string& space, const Source& source,
                                                           Sequence sequence) {
  WASL_LET(const auto place, store_.find(source, sequence));
  if (place) {
    WASL_LET(const auto segments, store_.read(space, place->position, 1, anchor_.network));
    for (const Segment& segment : segments) {
      for (const SegmentItem& item : segment.items) {
        const ChangeSet* set = effect_of(item);
        if (set != nullptr && set->header.source == source && set->header.sequence == sequence)
          return std::optional(FoundSet{set->header, set->name, place->position});
      }
    }
    return std::optional<FoundSet>();
  }
  WASL_LET(auto select,
           db_.prepare("SELECT header, hash FROM _wasl_pending WHERE chain = ? AND sequence = ?"));
  select.bind_all(source.chain, sequence);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<FoundSet>();
  WASL_LET(Header header, decode_header(select.blob(0)));
  return std::optional(FoundSet{std::move(header), Hash::from(select.blob(1)).value_or(Hash{}), 0});
}

Result<std::vector<WhyGrant>> Replica::chain_of_grants(const Hash& used) {
  std::vector<WhyGrant> out;
  WASL_LET(const Millis now, hub_time());
  Hash name = used;
  while (out.size() < kGrantsMost) {
    const Grant* grant = authority_.grant(name);
    if (grant == nullptr) break;
    WhyGrant one{name,
                 grant->act,
                 grant->issuer,
                 grant->parent,
                 grant->position,
                 {},
                 authority_.standing(*grant, authority_applied_, now)};
    WASL_LET(const auto segments,
             store_.read(std::string(kAuthoritySpace), grant->position, 1, anchor_.network));
    for (const Segment& segment : segments) {
      Position position = segment.first - 1;
      for (const SegmentItem& item : segment.items) {
        const auto* set = std::get_if<SetItem>(&item);
        if (!std::holds_alternative<EntryItem>(item) && (set == nullptr || !set->entry)) continue;
        if (++position == grant->position && set != nullptr) one.change_set = set->set.name;
      }
    }
    out.push_back(std::move(one));
    if (grant->parent.is_zero()) break;
    name = grant->parent;
  }
  return out;
}

Result<std::vector<WhyField>> Replica::why(const std::string& register_name, const std::string& id,
                                           const std::optional<std::string>& in_space) {
  const Register* reg = schema_->find(register_name);
  if (reg == nullptr)
    return fail(Errc::not_found, "there is no register " + register_name, "see: wasl registers");
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const std::string space, space_of(*reg, id, in_space));
  WASL_LET(const LoadedRecord loaded, records_.load(reg->number, space, id));
  RecordState room;
  const RecordState& state = loaded.record.shown(room);
  std::vector<WhyField> out;
  for (const auto& [address, heads] : state.heads) {
    const Field* field = address.is_existence() ? nullptr : reg->field(address.field);
    if (!address.is_existence() && field == nullptr) continue;
    const bool element = field != nullptr && field->is_set();
    if (element && !state.has_element(address, field->policy)) continue;
    const Head* head = state.shown(address, field == nullptr || element ? Policy::latest : field->policy);
    Value plain = element ? element_of(address.key) : head->value;
    if (plain.type == ValueType::commitment) {
      WASL_LET(plain, records_.open(Hash::from(plain.data).value_or(Hash{})));
    }
    WhyField one;
    one.field = field == nullptr ? "" : field->name;
    one.key = element ? "" : to_text(address.key);
    one.value = plain.is_null() ? "" : plain.to_display();
    one.author = head->dot.source.author;
    one.organisation = organisation_of(one.author);
    one.time = head->effective;
    one.space = space;
    one.statement = authority_.statement().number;
    WASL_LET(const auto set, find_set(space, head->dot.source, head->dot.sequence));
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    one.is_before_start = !set && LogStore::stands_before(*info, head->dot.source, head->dot.sequence);
    if (set) {
      one.change_set = set->name;
      one.position = set->position;
      WASL_LET(one.grants, chain_of_grants(set->header.grant));
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace wasl
