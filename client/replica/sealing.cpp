// What programs wrote becomes change sets: captured notes are grouped by record, compared with what was
// shown, and sealed. Only the end of a group counts.
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "client/replica/replica.hpp"
#include "shared/authority/labels.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl {
namespace {

using sql::CaptureKind;

constexpr std::size_t kGroupRecordsMost = 20'000;  // bounds memory; a larger import becomes several groups

/// The notes of one record, folded: what its row held when its clock was written.
struct CapturedRecord {
  const Register* reg = nullptr;
  std::string space;
  std::string id;
  std::map<std::size_t, SqlValue> base;  ///< columns as they were
  std::optional<Bytes> clock;            ///< of a row that was deleted or replaced
  bool whole = false;                    ///< `base` has every column
  bool removed = false;
  bool written = false;          ///< by INSERT, REPLACE or UPDATE: a row stood there
  std::set<std::uint32_t> sets;  ///< set fields with notes
};

SqlValue from_json(const nlohmann::json& json) {
  if (json.is_number_integer() || json.is_boolean()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  return {};
}

void fold(CapturedRecord& record, CaptureKind kind, const nlohmann::json& old,
          const std::optional<Bytes>& clock) {
  switch (kind) {
    case CaptureKind::inserted:
      record.written = true;
      break;
    case CaptureKind::updated:
      record.written = true;
      if (record.whole) break;
      for (std::size_t i = 0; i + 1 < old.size(); i += 2) {
        if (old[i].is_number_unsigned())
          record.base.emplace(old[i].get<std::size_t>(), from_json(old[i + 1]));
      }
      break;
    case CaptureKind::removed:
    case CaptureKind::replaced:
      if (!record.whole && clock) {
        for (std::size_t i = 0; i < old.size(); ++i) record.base.emplace(i, from_json(old[i]));
        record.clock = clock;
        record.whole = true;
      }
      (kind == CaptureKind::removed ? record.removed : record.written) = true;
      break;
    case CaptureKind::set_added:
    case CaptureKind::set_removed:
      if (!old.empty() && old[0].is_number_unsigned()) record.sets.insert(old[0].get<std::uint32_t>());
      break;
  }
}

Operation operation(OperationKind kind, const CapturedRecord& record, Address address = {}) {
  Operation op;
  op.kind = kind;
  op.register_number = record.reg->number;
  op.id = record.id;
  op.address = std::move(address);
  return op;
}

std::size_t size_of(const PlainOperation& plain) {
  return 24 + plain.operation.value.data.size() + plain.operation.address.key.size() +
         plain.operation.note.size() + plain.operation.names.size() * 12;
}

}  // namespace

/// @param written when the newest of it was written, by the machine's clock then.
Result<Stamp> Replica::next_stamp(Millis written) {
  WASL_LET(auto select, db_.prepare("SELECT max(stamp) FROM _wasl_chain"));
  WASL_TRY(select.step());
  return Stamp::next({static_cast<std::uint64_t>(select.int64(0))}, std::min(written, ports_.clock->now()));
}

Result<Replica::OwnChain> Replica::own_chain(std::string_view space, bool bulk) {
  WASL_LET(auto select,
           db_.prepare("SELECT chain, last, name FROM _wasl_chain WHERE space = ? AND bulk = ? AND "
                       "retired = 0"));
  select.bind_all(space, bulk ? 1 : 0);
  WASL_LET(const bool found, select.step());
  OwnChain chain;
  chain.source.author = device_.public_key();
  if (found) {
    chain.source.chain = ChainId::from(select.blob(0)).value_or(ChainId{});
    chain.last = static_cast<Sequence>(select.int64(1));
    if (chain.last > 0) chain.name = Hash::from(select.blob(2)).value_or(Hash{});
    return chain;
  }
  chain.source.chain = ports_.random->fixed<ChainId>();
  WASL_TRY(identity_.add_chain(chain.source.chain, space, bulk));
  WASL_LET(auto insert, db_.prepare("INSERT INTO _wasl_chain(chain, space, bulk) VALUES(?, ?, ?)"));
  insert.bind_all(chain.source.chain, space, bulk ? 1 : 0);
  WASL_TRY(insert.run());
  return chain;
}

Status Replica::insert_pending(const SealedSet& sealed) {
  const Header& header = sealed.set.header;
  WASL_LET(auto insert,
           db_.prepare("INSERT INTO _wasl_pending(hash, space, chain, sequence, header, body, openings, "
                       "came_in) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.bind_all(sealed.set.name, header.space, header.source.chain, header.sequence,
                  ByteView(sealed.set.header_bytes), ByteView(sealed.set.body_bytes),
                  ByteView(encode_openings(sealed.openings)), ports_.clock->now());
  WASL_TRY(insert.run());
  WASL_LET(auto update, db_.prepare("UPDATE _wasl_chain SET last = ?1, name = ?2, stamp = max(stamp, ?3) "
                                    "WHERE chain = ?4 AND last < ?1"));
  update.bind_all(header.sequence, sealed.set.name, static_cast<std::int64_t>(header.stamp.bits),
                  header.source.chain);
  return update.run();
}

Status Replica::make_durable(const std::vector<SealedSet>& sealed) {
  if (sealed.empty()) return {};
  std::vector<OutboxItem> items;
  items.reserve(sealed.size());
  for (const SealedSet& one : sealed)
    items.push_back({one.set.header_bytes, one.set.body_bytes, one.openings});
  return outbox_.append(items);
}

Status Replica::commit(Transaction& transaction, const std::vector<SealedSet>& sealed) {
  WASL_TRY(make_durable(sealed));
  return sealed.empty() ? transaction.commit() : commit_logged(transaction);
}

/// After outbox.log was given what this writes. A commit that met an I/O error may stand or not: then
/// outbox.log keeps it, and the next open settles what replica.db has of it.
Status Replica::commit_logged(Transaction& transaction) {
  Status committed = transaction.commit();
  if (!committed && !db_.must_reopen()) outbox_.take_back();
  return committed;
}

/// An id alone, as programs write it. @return the reference with the space where the record stands.
Result<Value> Replica::resolve_reference(const Value& written, std::string_view space, const Field& field) {
  if (written.type != ValueType::text) return written;
  const std::string id = written.as_text().value_or("");
  const Register* target = schema_->find(field.target);
  std::vector<std::string> held;
  if (target != nullptr) {
    WASL_LET(held, records_.spaces_of(*target, id));
  }
  // Nearest first; what is not held here may come later, and is looked for where this record stands.
  for (const std::string_view candidate : {space, kNetworkSpace, kPublicSpace}) {
    if (std::find(held.begin(), held.end(), candidate) != held.end()) return Value::reference(candidate, id);
  }
  return Value::reference(held.size() == 1 ? std::string_view(held[0]) : space, id);
}

Result<Replica::Grants> Replica::grants_now() {
  Grants out;
  WASL_LET(out.own, own_grant());
  WASL_LET(out.now, hub_time());
  out.usable = authority_.grants_of(device_.public_key());
  std::erase_if(out.usable, [&](const Grant* grant) {
    return authority_.standing(*grant, authority_applied_, out.now) != Standing::valid;
  });
  return out;
}

/// The enrolment's where it covers the work; else what was passed on to this device; for a field that a
/// mandate decides the highest that covers it. Where none does, the hub says so.
const Grant* Replica::grant_for(const Grants& grants, const std::string& space,
                                const std::vector<PlainOperation>& operations,
                                const RecordState& before) const {
  const bool only_own = grants.usable.size() == 1 && grants.usable.front() == grants.own;
  if (operations.empty() || grants.usable.empty() || only_own) return grants.own;
  const std::uint32_t number = operations.front().operation.register_number;
  const Register* reg = schema_->find(number);
  RecordState after = before;
  Rights needed = kWrite;
  bool by_mandate = false;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& op = operations[i].operation;
    after.apply(op, {{{device_.public_key(), {}}, 1, static_cast<std::uint32_t>(i)}, {}, 0, 0});
    const Field* field = reg == nullptr || op.address.is_existence() ? nullptr : reg->field(op.address.field);
    if (field == nullptr) continue;
    by_mandate = by_mandate || field->policy == Policy::authority;
    if (field->policy == Policy::review && op.kind == OperationKind::resolve) needed |= kReview;
  }
  const Grant* chosen = nullptr;
  for (const Grant* grant : grants.usable) {
    if (!covers_record(grant->act, needed, space, number, reg, &before, after, grants.now)) continue;
    if (chosen == nullptr || (by_mandate && stands_above(grant->act.level, chosen->act.level)))
      chosen = grant;
  }
  return chosen == nullptr ? grants.own : chosen;
}

/// Of the highest mandate under which such records may be written.
Level Replica::level_in(const Grants& grants, const std::string& space, const Register& reg) {
  Level level = 0;
  for (const Grant* grant : grants.usable) {
    const bool may =
        covers(grant->act, kWrite, space, reg.number, grants.now, [](const Clause&) { return true; });
    if (may && stands_above(grant->act.level, level)) level = grant->act.level;
  }
  return level;
}

/// Splits by record above 32 KiB, gives dots, commits personal values, and lays the result over the records.
Result<std::vector<SealedSet>> Replica::seal_operations(const std::string& space,
                                                        std::vector<PlainOperation> operations, bool bulk,
                                                        std::optional<GroupId>& group, Millis written,
                                                        LoadedRecords& records, const Grant* grant) {
  std::stable_sort(operations.begin(), operations.end(),
                   [](const PlainOperation& a, const PlainOperation& b) {
                     return std::tie(a.operation.register_number, a.operation.id) <
                            std::tie(b.operation.register_number, b.operation.id);
                   });
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  std::size_t part_begin = 0;
  std::size_t part_bytes = 0;
  for (std::size_t i = 0; i < operations.size();) {
    std::size_t end = i;
    std::size_t bytes = 32;
    for (; end < operations.size() && operations[end].operation.id == operations[i].operation.id &&
           operations[end].operation.register_number == operations[i].operation.register_number;
         ++end) {
      bytes += size_of(operations[end]);
    }
    if (part_bytes > 0 && part_bytes + bytes > limits::kChangeSetSplitBytes) {
      parts.emplace_back(part_begin, i);
      part_begin = i;
      part_bytes = 0;
    }
    part_bytes += bytes;
    i = end;
  }
  parts.emplace_back(part_begin, operations.size());

  if (grant == nullptr) {
    WASL_LET(grant, own_grant());
  }
  WASL_LET(const Seen seen_authority, proved(kAuthoritySpace));
  WASL_LET(const Seen seen, proved(space));
  WASL_LET(OwnChain chain, own_chain(space, bulk));
  const Millis now = ports_.clock->now();
  std::vector<SealedSet> sealed;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    Header header;
    header.network = anchor_.network;
    header.space = space;
    header.source = chain.source;
    header.sequence = ++chain.last;
    header.previous = chain.name;
    header.schema = schema_->hash();
    header.grant = grant->name;
    header.seen = seen;
    header.seen_authority = seen_authority;
    WASL_LET(header.stamp, next_stamp(written));
    if (!group) group = group_at(header.source, header.sequence);
    header.group = *group;
    header.part = static_cast<std::uint32_t>(p + 1);
    header.parts = static_cast<std::uint32_t>(parts.size());
    SealedSet out;
    std::vector<Operation> ops;
    for (std::size_t i = parts[p].first; i < parts[p].second; ++i) {
      Operation op = std::move(operations[i].operation);
      if (operations[i].personal && !op.value.is_null()) {
        const Dot dot{header.source, header.sequence, static_cast<std::uint32_t>(ops.size())};
        Opening opening{ports_.random->fixed<Salt>(), op.value};
        const Hash commitment = commitment_of(anchor_.network, space, op.id, op.address.field, dot, opening);
        op.value = Value::commitment(commitment);
        out.openings.push_back({commitment, std::move(opening)});
        WASL_TRY(store_.put_opening(out.openings.back()));
      }
      ops.push_back(std::move(op));
    }
    out.set = make_change_set(std::move(header), std::move(ops));
    if (out.set.body_bytes.size() > limits::kChangeSetBytes) {
      return fail(Errc::limit_exceeded, "one record is larger than 256 KiB",
                  "move long texts into attachments");
    }
    chain.name = out.set.name;
    for (std::size_t i = 0; i < out.set.operations.size(); ++i) {
      const Operation& op = out.set.operations[i];
      LoadedRecord& loaded = records.at({op.register_number, op.id});
      loaded.record.overlay.push_back({op, out.set.dot(i), out.set.header.sequence, out.set.header.source,
                                       out.set.header.stamp, std::min(out.set.header.stamp.millis(), now),
                                       grant->act.level});
    }
    WASL_TRY(insert_pending(out));
    sealed.push_back(std::move(out));
  }
  return sealed;
}

namespace {

/// The operations that lead from what was shown to what the row says now.
class RowDiff {
 public:
  struct Writer {
    PublicKey key;
    Level level = 0;       ///< of the highest mandate under which the record may be written
    bool foreign = false;  ///< another program
  };
  RowDiff(const CapturedRecord& captured, const LoadedRecord& loaded, const RecordState& state,
          ShownValues shown, const Writer& writer, Millis now)
      : captured_(captured),
        loaded_(loaded),
        state_(state),
        shown_(std::move(shown)),
        writer_(writer),
        now_(now) {}

  void write(const Field& field, const Address& address, const Value& value) {
    const auto shown = shown_.values.find(address);
    if (shown == shown_.values.end() ? value.is_null() : shown->second == value) return;
    PlainOperation plain{operation(OperationKind::write, captured_, address), field.personal};
    plain.operation.value = value;
    if (is_stale(address, value) || repeats_head(field, address, value)) {
      plain.operation.names = {};
    } else if (field.policy == Policy::authority) {
      plain.operation.names = state_.authority_lineage(address, writer_.key, writer_.level);
    } else {
      plain.operation.names = state_.plain_lineage(address, field.policy);
    }
    out.push_back(std::move(plain));
  }
  void add(const Field& field, const Address& address) {
    if (shown_.elements.contains(address)) return;
    if (field.removal_wins()) {
      put(address, true);
    } else {
      out.push_back({operation(OperationKind::add, captured_, address)});
    }
  }
  void remove(const Field& field, const Address& address) {
    if (field.removal_wins()) return put(address, false);
    PlainOperation plain{operation(OperationKind::remove, captured_, address)};
    plain.operation.names = state_.all_dots(address);
    out.push_back(std::move(plain));
  }
  const ShownValues& shown() const { return shown_; }

  std::vector<PlainOperation> out;

 private:
  /// Where removal wins an element is written in or out, over what says the contrary.
  void put(const Address& address, bool in) {
    PlainOperation plain{operation(OperationKind::write, captured_, address)};
    plain.operation.value = Value::flag(in);
    const auto heads = state_.heads.find(address);
    if (heads != state_.heads.end()) {
      for (const Head& head : heads->second) {
        if (head.value == Value::flag(!in)) plain.operation.names.push_back(head.dot);
      }
    }
    out.push_back(std::move(plain));
  }
  /// A program puts back what a remote change replaced: it had read the row before.
  bool is_stale(const Address& address, const Value& value) const {
    if (!writer_.foreign) return false;
    const auto hash = value_hash(value);
    return std::any_of(loaded_.record.replaced.begin(), loaded_.record.replaced.end(),
                       [&](const ReplacedValue& r) {
                         return r.address == address && r.value_hash == hash && r.is_fresh(now_);
                       });
  }
  /// A conflict under review ends by a resolution only, not by writing one side's value again.
  bool repeats_head(const Field& field, const Address& address, const Value& value) const {
    if (field.policy != Policy::review || !state_.is_conflict(address)) return false;
    const auto& heads = state_.heads.at(address);
    return std::any_of(heads.begin(), heads.end(), [&](const Head& head) { return head.value == value; });
  }

  const CapturedRecord& captured_;
  const LoadedRecord& loaded_;
  const RecordState& state_;
  ShownValues shown_;
  Writer writer_;
  Millis now_;
};

bool decided_by_mandate(const Register& reg) {
  return std::any_of(reg.fields.begin(), reg.fields.end(),
                     [](const Field& field) { return field.policy == Policy::authority; });
}

bool was_said(const SaidBefore& said, const std::string& space, const Operation& op) {
  const auto [begin, end] = said.equal_range({space, op.register_number, op.id});
  return std::any_of(begin, end, [&](const auto& one) { return one.second == op; });
}

}  // namespace

/// A row that was written and is not there was deleted, and that was noted, or an index leads elsewhere.
Status Replica::check_removed(std::uint32_t reg, const std::string& space, const std::string& id) {
  WASL_LET(auto select, db_.prepare("SELECT 1 FROM _wasl_capture WHERE register = ? AND space = ? AND id = ? "
                                    "AND kind = ? LIMIT 1"));
  select.bind_all(reg, space, id, static_cast<int>(CaptureKind::removed));
  WASL_LET(const bool found, select.step());
  if (found) return {};
  return fail(Errc::corrupt,
              "replica.db is damaged: the row " + id + " of " + space + " is not where it was written",
              "start wasl daemon: it puts the file aside and takes over what was written there");
}

Result<std::vector<SealedSet>> Replica::seal_captured(bool foreign, const SaidBefore& said) {
  std::vector<SealedSet> sealed;
  WASL_LET(notes_wait_, waits_for_grant());
  if (notes_wait_) return sealed;
  std::vector<std::tuple<std::uint32_t, std::string, std::string>> order;
  std::map<std::tuple<std::uint32_t, std::string, std::string>, CapturedRecord> captured;
  std::int64_t last = 0;
  Millis written = 0;
  {
    WASL_LET(auto select,
             db_.prepare("SELECT seq, register, space, id, kind, old, clock, at FROM _wasl_capture ORDER "
                         "BY seq"));
    while (captured.size() < kGroupRecordsMost) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      last = select.int64(0);
      written = std::max(written, select.int64(7));
      const auto* reg = schema_->find(static_cast<std::uint32_t>(select.int64(1)));
      if (reg == nullptr || !is_utf8(view(select.text(3)))) continue;  // an id that nobody could read again
      const std::tuple key{reg->number, std::string(select.text(2)), std::string(select.text(3))};
      const auto [it, made] = captured.try_emplace(key);
      if (made) {
        it->second.reg = reg;
        it->second.space = select.text(2);
        it->second.id = select.text(3);
        order.push_back(key);
      }
      const auto old =
          select.is_null(5) ? nlohmann::json::array() : nlohmann::json::parse(select.text(5), nullptr, false);
      std::optional<Bytes> clock;
      if (const ByteView kept = select.blob(6); !kept.empty() && kept[0] != 0) clock = to_bytes(kept);
      fold(it->second, static_cast<CaptureKind>(select.int64(4)),
           old.is_array() ? old : nlohmann::json::array(), clock);
    }
  }
  const auto drop_notes = [&]() -> Status {
    WASL_LET(auto erase, db_.prepare("DELETE FROM _wasl_capture WHERE seq <= ?"));
    erase.bind_all(last);
    return erase.run();
  };
  if (captured.empty()) {  // notes that say nothing must go too: `seal` comes again until none is left
    WASL_TRY(drop_notes());
    return sealed;
  }

  WASL_LET(const Grants grants, grants_now());
  std::map<std::pair<std::string, Hash>, std::vector<PlainOperation>> by_space;  ///< and by grant
  std::map<std::string, LoadedRecords> records;
  for (const auto& key : order) {
    const CapturedRecord& c = captured.at(key);
    WASL_LET(LoadedRecord loaded, records_.load(c.reg->number, c.space, c.id, &c.base, c.clock));
    RecordState room;
    const RecordState& state = loaded.record.shown(room);
    std::optional<Error> failed;
    const auto open = [&](const Hash& commitment) {
      auto value = records_.open(commitment);
      if (!value) failed = value.error();
      return value ? *value : Value::null();
    };
    RowDiff::Writer writer{device_.public_key(), 0, foreign};
    if (decided_by_mandate(*c.reg)) writer.level = level_in(grants, c.space, *c.reg);
    RowDiff diff(c, loaded, state, state.is_alive() ? shown_values(state, *c.reg, open) : ShownValues(),
                 writer, ports_.clock->now());
    if (!loaded.rowid) {
      if (c.written && !c.removed) WASL_TRY(check_removed(c.reg->number, c.space, c.id));
      if (state.is_alive()) {
        PlainOperation plain{operation(OperationKind::erase, c)};
        plain.operation.names = state.all_dots();
        diff.out.push_back(std::move(plain));
      }
    } else {
      if (!state.exists()) diff.out.push_back({operation(OperationKind::create, c)});
      const Row shown_row = render_row(*c.reg, diff.shown().values);
      std::size_t at = 0;
      for (const Field& field : c.reg->fields) {
        if (field.is_set()) {
          if (!c.sets.contains(field.number) && !c.removed && loaded.has_clock) continue;
          WASL_LET(auto select, db_.prepare("SELECT value FROM " + c.reg->name + "_" + field.name +
                                            " WHERE record = ? AND (space = ? OR space IS NULL)"));
          select.bind_all(c.id, c.space);
          std::set<Address> there;
          for (;;) {
            WASL_LET(const bool found, select.step());
            if (!found) break;
            auto parsed = parse_element(field, column_value(select, 0));
            if (!parsed) continue;  // no canonical form: it stays in this file alone
            Value element = std::move(*parsed);
            if (field.type == FieldType::reference) {
              // An element that is shown already keeps the space that it was written with.
              const auto id = element.as_text();
              const auto same = std::find_if(
                  diff.shown().elements.begin(), diff.shown().elements.end(), [&](const Address& a) {
                    const auto r = a.field == field.number ? element_of(a.key).as_reference() : std::nullopt;
                    return r && id && r->id == *id;
                  });
              if (same != diff.shown().elements.end()) {
                element = element_of(same->key);
              } else {
                WASL_LET(element, resolve_reference(element, c.space, field));
              }
            }
            there.insert({field.number, element_key(element)});
          }
          select.reset();
          for (const Address& address : there) diff.add(field, address);
          for (const Address& address : diff.shown().elements) {
            if (address.field == field.number && !there.contains(address)) diff.remove(field, address);
          }
          continue;
        }
        const std::size_t width = field.type == FieldType::money ? 2 : 1;
        const auto begin = static_cast<std::ptrdiff_t>(at);
        const std::vector<SqlValue> now(loaded.row.begin() + begin,
                                        loaded.row.begin() + begin + static_cast<std::ptrdiff_t>(width));
        const bool same = std::equal(now.begin(), now.end(), shown_row.begin() + begin);
        at += width;
        if (same) continue;
        auto parsed = parse_field(field, now, anchor_.language);
        if (!parsed) continue;  // the triggers refuse it; without them the row goes back to what was shown
        for (auto& [address, value] : parsed->values) {
          if (field.type == FieldType::reference) {
            const auto shown = diff.shown().values.find(address);
            const auto id = value.as_text();
            const auto reference =
                shown == diff.shown().values.end() ? std::nullopt : shown->second.as_reference();
            if (id && reference && reference->id == *id) continue;
            WASL_LET(value, resolve_reference(value, c.space, field));
          }
          diff.write(field, address, value);
        }
        for (const auto& [address, value] : diff.shown().values) {
          if (address.field == field.number && parsed->whole && !parsed->values.contains(address)) {
            diff.write(field, address, Value::null());
          }
        }
      }
    }
    if (failed) return tl::unexpected(*failed);
    std::erase_if(diff.out,
                  [&](const PlainOperation& plain) { return was_said(said, c.space, plain.operation); });
    if (!diff.out.empty()) {
      auto& operations = by_space[{c.space, grant_for(grants, c.space, diff.out, state)->name}];
      std::move(diff.out.begin(), diff.out.end(), std::back_inserter(operations));
    }
    records[c.space].emplace(std::pair(c.reg->number, c.id), std::move(loaded));
  }

  const bool bulk = captured.size() > limits::kBulkGroupRecords;
  std::optional<GroupId> group;
  for (auto& [place, operations] : by_space) {
    const std::string& space = place.first;
    // Work on records that a bulk chain made and nobody accepted yet follows them on that chain.
    bool follows_bulk = bulk;
    WASL_LET(auto select,
             db_.prepare("SELECT chain FROM _wasl_chain WHERE space = ? AND bulk = 1 AND retired = 0"));
    select.bind_all(space);
    WASL_LET(const bool has_bulk, select.step());
    if (has_bulk && !bulk) {
      const auto chain = ChainId::from(select.blob(0));
      for (const PlainOperation& plain : operations) {
        const auto& overlay =
            records[space].at({plain.operation.register_number, plain.operation.id}).record.overlay;
        follows_bulk =
            follows_bulk || std::any_of(overlay.begin(), overlay.end(),
                                        [&](const OverlayOperation& o) { return o.source.chain == *chain; });
      }
    }
    select.reset();
    WASL_LET(auto made, seal_operations(space, std::move(operations), follows_bulk, group, written,
                                        records[space], authority_.grant(place.second)));
    for (SealedSet& one : made) sealed.push_back(std::move(one));
  }
  for (auto& [space, loaded] : records) {
    for (auto& [id, record] : loaded) WASL_TRY(records_.save(record, ports_.clock->now(), {}));
  }
  WASL_TRY(drop_notes());
  return sealed;
}

}  // namespace wasl
