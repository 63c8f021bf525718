// What an office asks of its replica: conflicts, status, history; and the two acts on what it finds, resolve
// and discard.
#include <algorithm>

#include "client/replica/replica.hpp"
#include "shared/authority/invitation.hpp"
#include "shared/model/edition.hpp"
#include "shared/model/operation_words.hpp"

namespace wasl {
namespace {

constexpr std::size_t kPackedHeaderBytes = 40;  // of a lone small change set, with its part of a signature

Result<Millis> stored_millis(LogStore& store, std::string_view key) {
  WASL_LET(const auto bytes, store.meta(key));
  return bytes ? Reader(*bytes).integer() : Millis{0};
}

/// Where no language is named, the one in conflict is meant.
Result<Address> address_in_conflict(const Field& field, std::string_view key, const RecordState& state) {
  Address address{field.number, to_bytes(key)};
  const auto is_conflict = [&](const Address& of) {
    return state.is_conflict(of, field.policy) ||
           (field.policy == Policy::authority && !state.proposals(of).empty());
  };
  if (!key.empty() || field.type != FieldType::multilingual || is_conflict(address)) return address;
  for (const auto& [candidate, heads] : state.heads) {
    if (candidate.field != field.number || !is_conflict(candidate)) continue;
    if (!address.key.empty()) {
      return fail(Errc::conflict, "several languages of " + field.name + " are in conflict",
                  "name one, as in " + field.name + "." + to_text(candidate.key));
    }
    address = candidate;
  }
  return address;
}

}  // namespace

Result<std::vector<Conflict>> Replica::conflicts() {
  return fields_of_several_values([](const Field& field, const RecordState& state, const Address& address) {
    return state.is_conflict(address, field.policy);
  });
}

Result<std::vector<Conflict>> Replica::proposals() {
  return fields_of_several_values([](const Field& field, const RecordState& state, const Address& address) {
    return field.policy == Policy::authority && !state.proposals(address).empty();
  });
}

Result<std::vector<Conflict>> Replica::fields_of_several_values(
    const std::function<bool(const Field&, const RecordState&, const Address&)>& wanted) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  struct Place {
    std::string space, id;
    std::uint32_t number;
  };
  std::vector<Place> places;
  {
    WASL_LET(auto select,
             db_.prepare("SELECT s.name, c.id, c.register FROM _wasl_conflict c JOIN _wasl_space s ON "
                         "s.no = c.space ORDER BY s.name, c.register, c.id"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      places.push_back({std::string(select.text(0)), std::string(select.text(1)),
                        static_cast<std::uint32_t>(select.int64(2))});
    }
  }
  std::vector<Conflict> out;
  for (const Place& place : places) {
    const Register* reg = schema_->find(place.number);
    if (reg == nullptr) continue;
    WASL_LET(const LoadedRecord loaded, records_.load(place.number, place.space, place.id));
    RecordState room;
    const RecordState& state = loaded.record.shown(room);
    for (const auto& [address, heads] : state.heads) {
      const Field* field = address.is_existence() ? nullptr : reg->field(address.field);
      if (field == nullptr || field->is_set() || !wanted(*field, state, address)) continue;
      const Head* winner = state.shown(address, field->policy);
      Conflict conflict{reg->name, place.space, place.id, field->name, to_text(address.key), {}};
      bool all_erased = true;
      for (const Head& head : heads) {
        Value plain = head.value;
        if (plain.type == ValueType::commitment) {
          WASL_LET(plain, records_.open(Hash::from(plain.data).value_or(Hash{})));
          all_erased = all_erased && plain.is_null();
        } else {
          all_erased = false;
        }
        conflict.values.push_back({plain.is_null() ? "" : plain.to_display(), head.dot.source.author,
                                   organisation_of(head.dot.source.author), head.effective, &head == winner,
                                   plain.is_null(), head.level});
      }
      if (!all_erased) out.push_back(std::move(conflict));  // of nothing there is nothing to decide
    }
  }
  return out;
}

Status Replica::resolve(const Resolution& r) {
  const Register* reg = schema_->find(r.register_name);
  if (reg == nullptr)
    return fail(Errc::not_found, "there is no register " + r.register_name, "see: wasl list --help");
  const Field* field = reg->field(r.field);
  if (field == nullptr || field->is_set()) {
    return fail(Errc::not_found, reg->name + " has no field " + r.field + " that can be in conflict");
  }
  if (is_publication(*reg, r.id, 0)) {
    return fail(Errc::unauthorised, reg->name + " " + r.id + " is an edition",
                "publish its source again: what that says ends the conflict");
  }
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  WASL_LET(const std::string space, space_of(*reg, r.id, r.space));
  WASL_LET(const Grants grants, grants_now());
  const bool may_review = std::any_of(grants.usable.begin(), grants.usable.end(), [&](const Grant* grant) {
    return covers(grant->act, kReview, space, reg->number, grants.now, [](const Clause&) { return true; });
  });
  if (field->policy == Policy::review && !may_review) {
    return fail(Errc::unauthorised,
                "resolving " + reg->name + "." + field->name + " needs the right `review`",
                "ask an administrator or a publisher of your organisation to resolve it");
  }
  WASL_LET(LoadedRecord loaded, records_.load(reg->number, space, r.id));
  RecordState room;
  const RecordState& state = loaded.record.shown(room);
  WASL_LET(const Address address, address_in_conflict(*field, r.key, state));
  const bool proposed = field->policy == Policy::authority && !state.proposals(address).empty();
  if (!proposed && !state.is_conflict(address, field->policy)) {
    return fail(Errc::not_found, reg->name + " " + r.id + " has no conflict in " + field->name,
                "list conflicts with: wasl conflicts");
  }
  const auto& heads = state.heads.at(address);
  PlainOperation plain{
      Operation{OperationKind::resolve, reg->number, r.id, address, {}, state.all_dots(address), r.note, {}},
      field->personal};
  if (r.take) {
    if (*r.take >= heads.size()) {
      return fail(Errc::invalid_value, "--take must be 0 to " + std::to_string(heads.size() - 1),
                  "the values are listed by: wasl conflicts");
    }
    plain.operation.value = heads[*r.take].value;
    if (plain.operation.value.type == ValueType::commitment) {
      WASL_LET(plain.operation.value, records_.open(Hash::from(plain.operation.value.data).value_or(Hash{})));
    }
  } else if (r.value) {
    std::vector<SqlValue> columns{*r.value};
    if (field->type == FieldType::money) {
      return fail(Errc::invalid_value, "an amount of money is resolved with --take",
                  "or take one and set it after");
    }
    WASL_LET(auto parsed, parse_field(*field, columns, to_text(address.key)));
    if (!parsed.values.empty()) plain.operation.value = parsed.values.begin()->second;
    if (field->type == FieldType::reference) {
      WASL_LET(plain.operation.value, resolve_reference(plain.operation.value, space, *field));
    }
  }
  const Grant* const used = grant_for(grants, space, {plain}, state);
  const Head* winner = state.shown(address, field->policy);
  if (field->policy == Policy::authority && stands_above(winner->level, used->act.level)) {
    return fail(Errc::unauthorised,
                reg->name + "." + field->name + " is decided by a mandate of level " +
                    std::to_string(winner->level) + " or above",
                "write the value you propose: it is listed for the holder of that mandate");
  }
  LoadedRecords records;
  records.emplace(std::pair(reg->number, r.id), std::move(loaded));
  std::optional<GroupId> group;
  WASL_LET(auto sealed,
           seal_operations(space, {std::move(plain)}, false, group, ports_.clock->now(), records, used));
  for (auto& [id, record] : records) WASL_TRY(records_.save(record, ports_.clock->now(), {}));
  for (const SealedSet& one : captured) sealed.push_back(one);
  return commit(transaction, sealed);
}

Result<Hash> Replica::find_pending(std::string_view hex_prefix) {
  std::optional<Hash> only;
  WASL_LET(auto select,
           db_.prepare("SELECT hash FROM _wasl_pending WHERE state <> 4 AND lower(hex(hash)) LIKE ? || '%'"));
  const bool is_hex = hex_prefix.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  select.bind_all(is_hex ? hex_prefix : "-");  // no pattern of SQL's
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    if (only)
      return fail(Errc::conflict, "several change sets begin with " + std::string(hex_prefix),
                  "name more of it");
    only = Hash::from(select.blob(0));
  }
  if (only) return *only;
  return fail(Errc::not_found, "no change set of that name waits here",
              "list what waits with: wasl status; what was accepted is undone by writing again");
}

Result<std::map<std::string, SpaceStatus::Partial>> Replica::partial_spaces() {
  std::map<std::string, SpaceStatus::Partial> out;
  WASL_TRY(store_.refresh());
  WASL_LET(const Millis last_sync, stored_millis(store_, "last sync"));
  WASL_LET(const auto spaces, readable_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(const auto offer, kept_offer(store_, space));
    if (!offer) {
      if (last_sync == 0 && info->as_of == 0) out[space] = {};
      continue;
    }
    WASL_LET(const auto here, store_.rows().piece_names(info->number));
    const std::set<Hash> have(here.begin(), here.end());
    SpaceStatus::Partial partial;
    for (const snapshot::Part& part : offer->manifest.parts()) {
      const bool is_here = have.contains(part.name);
      ++partial.pieces;
      partial.here += is_here ? 1 : 0;
      partial.bytes += is_here ? 0 : part.bytes;
    }
    partial.older = info->size > 0;
    out[space] = partial;
  }
  return out;
}

/// Takes a change set out of the overlay.
Status Replica::lift(const ChangeSet& set) {
  for (const Operation& op : set.operations) {
    WASL_LET(LoadedRecord loaded, records_.load(op.register_number, set.header.space, op.id));
    loaded.record.drop_overlay(set.header.source, set.header.sequence);
    WASL_TRY(loaded.record.exists() ? records_.save(loaded, ports_.clock->now(), {})
                                    : records_.remove(loaded));
  }
  return {};
}

/// Takes a change set that waits out of the overlay and the list.
Status Replica::withdraw(const ChangeSet& set, PendingState state) {
  WASL_TRY(lift(set));
  for (const Operation& op : set.operations) {
    // Nothing here names it any more. Should the hub have it by now, it comes back with the entry.
    if (op.value.type == ValueType::commitment)
      WASL_TRY(store_.forget_opening(Hash::from(op.value.data).value_or(Hash{})));
  }
  // What the hub has not seen keeps its place: its header alone travels, so that the chain stays provable.
  const std::string_view sql = state == PendingState::unsent
                                   ? "UPDATE _wasl_pending SET state = 4 WHERE hash = ?"
                                   : "DELETE FROM _wasl_pending WHERE hash = ?";
  WASL_LET(auto change, db_.prepare(sql));
  change.bind_all(set.name);
  return change.run();
}

Status Replica::discard(const Hash& change_set) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(follow_tables());
  WASL_LET(auto select, db_.prepare("SELECT header, body, state FROM _wasl_pending WHERE hash = ?"));
  select.bind_all(change_set);
  WASL_LET(const bool found, select.step());
  if (!found || select.int64(2) == static_cast<int>(PendingState::discarded)) {
    return fail(Errc::not_found, "no change set of that name waits here",
                "list what waits with: wasl status; what was accepted is undone by writing again");
  }
  const auto state = static_cast<PendingState>(select.int64(2));
  if (state == PendingState::accepted) {
    return fail(Errc::conflict, "the hub has accepted this change set", "undo it by writing again");
  }
  WASL_LET(const ChangeSet set, decode_change_set(select.blob(0), select.blob(1)));
  select.reset();
  WASL_TRY(withdraw(set, state));
  WASL_TRY(outbox_.append({{set.header_bytes, {}, {}}}));
  Status committed = commit_logged(transaction);
  if (!committed) store_.forget();
  return committed;
}

/// What the roots signed is known; where the other keys lie only the hub can say, and it says it of itself.
Result<std::vector<std::string>> Replica::keys_at_hub() {
  const NetworkStatement& statement = authority_.statement();
  std::vector<std::string> words;
  words.push_back("network statement " + std::to_string(statement.number) + ": " +
                  std::to_string(statement.threshold) + " of " + std::to_string(statement.roots.size()) +
                  " root keys sign the next one; the hub's log key is " +
                  to_hex(statement.log_key.view()).substr(0, 12));
  WASL_LET(const auto told, store_.meta("keys at hub"));
  if (!told || told->size() != 1) {
    words.emplace_back("which other keys lie on the hub's machine is not known: it has not said so yet");
    return words;
  }
  const KeysAtHub keys = told->front();
  if ((keys & kRootAtHub) != 0) {
    words.emplace_back(
        "by the hub's own word a root key lies on its machine: whoever controls it controls the network");
  }
  if ((keys & kRegistrarAtHub) != 0) {
    words.emplace_back(
        "by the hub's own word a registrar's key lies on its machine: whoever controls it can invite "
        "offices");
  }
  if ((keys & kPersonAtHub) != 0) {
    words.emplace_back(
        "by the hub's own word a person's key without a passphrase lies on its machine: whoever controls it "
        "can do what that person may");
  }
  if (keys == 0) words.emplace_back("by the hub's own word no key but its log key lies on its machine");
  return words;
}

Result<ReplicaStatus> Replica::status() {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  ReplicaStatus out;
  out.network = authority_.statement().name;
  out.organisation = anchor_.organisation;
  out.device = to_hex(device_.public_key().view());
  out.hub = anchor_.url;
  if (const Device* device = authority_.device(device_.public_key())) out.role = device->role;
  WASL_LET(const bool unconfirmed, is_unconfirmed());
  if (unconfirmed) out.fingerprint = fingerprint(device_.public_key());
  WASL_LET(auto select,
           db_.prepare(
               "SELECT hash, space, state, reason, detail, header, body, length(openings) FROM _wasl_pending "
               "WHERE state <> 4 ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto state = static_cast<PendingState>(select.int64(2));
    if (state == PendingState::unsent) {
      ++out.unsent;
      if (static_cast<Reason>(select.int64(3)) == Reason::with_section) ++out.with_section;
      out.unsent_bytes +=
          kPackedHeaderBytes + select.blob(6).size() + static_cast<std::uint64_t>(select.int64(7));
    }
    if (state == PendingState::accepted) ++out.unacknowledged;
    if (state == PendingState::held) ++out.held;
    if (state == PendingState::refused) ++out.refused;
    if (state != PendingState::held && state != PendingState::refused) continue;
    PendingSet set{Hash::from(select.blob(0)).value_or(Hash{}), std::string(select.text(1)), state,
                   static_cast<Reason>(select.int64(3)),        std::string(select.text(4)), {}};
    if (const auto decoded = decode_change_set(select.blob(5), select.blob(6))) {
      for (const Operation& op : decoded->operations) {
        const Register* reg = schema_->find(op.register_number);
        std::pair<std::string, std::string> record{reg != nullptr ? reg->name : "", op.id};
        if (set.records.empty() || set.records.back() != record) set.records.push_back(std::move(record));
      }
    }
    out.waiting.push_back(std::move(set));
  }
  WASL_LET(const auto acts, identity_.acts());
  for (const SignedAct& act : acts) {
    const Header& header = act.set.header;
    WASL_LET(const bool placed, store_.has_entry(header.space, header.source, header.sequence));
    if (placed) continue;
    if (act.state == PendingState::unsent) ++out.unsent;
    if (act.state == PendingState::accepted) ++out.unacknowledged;
    if (act.state == PendingState::held) ++out.held;
    if (act.state == PendingState::refused) ++out.refused;
    if (act.state != PendingState::held && act.state != PendingState::refused) continue;
    out.waiting.push_back({act.set.name, act.set.header.space, act.state, act.reason, act.detail, {}});
  }
  WASL_LET(out.last_sync, stored_millis(store_, "last sync"));
  WASL_LET(out.clock_offset, stored_millis(store_, "clock offset"));
  WASL_LET(const auto spaces, readable_spaces());
  WASL_LET(const auto partial, partial_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    out.spaces.push_back({space, info->applied, info->as_of, info->begins_behind(), {}});
    if (const auto one = partial.find(space); one != partial.end()) out.spaces.back().partial = one->second;
  }
  WASL_LET(out.keys, keys_at_hub());
  WASL_LET(out.notices, identity_.evidence());
  WASL_LET(const CheckpointAnchor anchor, identity_.checkpoint());
  const auto kept = witnessed_by(anchor.note);  // false on a damaged note: the next sync brings it again
  const Witnessed witnessed = kept ? *kept : Witnessed{0, authority_.statement().witnesses.size()};
  if (!witnessed.is_enough()) {
    out.notices.push_back("the hub's newest checkpoint is cosigned by " + std::to_string(witnessed.have) +
                          " of " + std::to_string(witnessed.of) + " witnesses, and " +
                          std::to_string(ledger::witnesses_needed(witnessed.of)) +
                          " are needed: until then nobody but the hub says that all offices see one history");
  }
  WASL_LET(const bool still_there, must_rewrite());
  if (still_there)
    out.notices.push_back(
        "what was erased may still stand in free pages of this folder: another program has it open, or there "
        "is no room; it is tried again at each sync");
  constexpr Millis kClockTolerance = 5 * 60 * 1000;
  if (out.last_sync != 0 && std::abs(out.clock_offset) > kClockTolerance) {
    out.notices.push_back("this machine's clock differs from the hub's by " +
                          std::to_string(out.clock_offset / 1000) +
                          " seconds: set it; no work is lost by it");
  }
  WASL_TRY(transaction.commit());
  WASL_LET(const auto conflicts_now, conflicts());
  out.conflicts = conflicts_now.size();
  WASL_LET(const auto attention_now, attention());
  out.attention = attention_now.size();
  return out;
}

Result<std::vector<HistoryLine>> Replica::history(const std::optional<std::string>& register_name,
                                                  const std::optional<std::string>& id) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  const Register* wanted = register_name ? schema_->find(*register_name) : nullptr;
  if (register_name && wanted == nullptr)
    return fail(Errc::not_found, "there is no register " + *register_name);
  std::vector<HistoryLine> out;
  const auto collect = [&](const ChangeSet& set, Position position, Millis time, ledger::EntryKind kind,
                           bool voided) {
    for (const Operation& op : set.operations) {
      if (wanted != nullptr && op.register_number != wanted->number) continue;
      if (id && op.id != *id) continue;
      const Register* reg = schema_->find(op.register_number);
      HistoryLine line{set.header.space,
                       position,
                       set.name,
                       set.header.source.author,
                       organisation_of(set.header.source.author),
                       time,
                       reg != nullptr            ? reg->name
                       : op.register_number == 0 ? "authority"
                                                 : "?",
                       op.id,
                       in_words(op, reg) + (kind == ledger::EntryKind::adopt ? " (adopted)" : "") +
                           (voided ? " (voided: its key was reported compromised)" : "")};
      out.push_back(std::move(line));
    }
  };
  WASL_LET(const auto spaces, readable_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(const auto voided, store_.voided(info->number, info->applied));
    for (Position next = info->begins_behind() + 1; next <= info->size;) {
      WASL_LET(const auto segments, store_.read(space, next, limits::kSegmentTargetBytes, anchor_.network));
      if (segments.empty()) break;
      for (const Segment& segment : segments) {
        Position position = segment.first;
        for (const SegmentItem& item : segment.items) {
          const ledger::Entry* entry = entry_of(item);
          if (entry == nullptr) continue;
          if (const ChangeSet* set = effect_of(item))
            collect(*set, position, std::min(set->header.stamp.millis(), entry->hub_time), entry->kind,
                    voided.contains(position));
          ++position;
        }
        next = position;
      }
    }
  }
  if (wanted != nullptr && id) {
    for (const std::string& space : spaces) WASL_TRY(add_erasures(*wanted, space, *id, out));
  }
  WASL_LET(auto select, db_.prepare("SELECT header, body FROM _wasl_pending WHERE state <> 4 ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto set = decode_change_set(select.blob(0), select.blob(1));
    if (set) collect(*set, 0, set->header.stamp.millis(), ledger::EntryKind::accept, false);
  }
  return out;
}

}  // namespace wasl
