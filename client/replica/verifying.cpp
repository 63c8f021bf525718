// Proof without a network: everything is computed again from signed history and compared with what is kept.
#include <algorithm>

#include "client/replica/damage.hpp"
#include "client/replica/replay.hpp"
#include "client/replica/replica.hpp"
#include "shared/base/limits.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl {
namespace {

constexpr Millis kWhenever = limits::kNumberMost;

}  // namespace

Result<VerifyReport> Replica::verify() {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  VerifyReport report;
  const auto problem = [&](std::string words) { report.problems.push_back(std::move(words)); };
  if (Status authority = catch_up_authority(); !authority) problem("authority: " + authority.error().message);
  if (Status pages = db_.check_with_indexes(); !pages) {
    if (pages.error().code != Errc::corrupt) return tl::unexpected(pages.error());
    problem(pages.error().message);
  }
  WaitingValues waiting;
  {
    WASL_LET(auto select, db_.prepare("SELECT hash, header, body FROM _wasl_pending"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      const auto set = decode_change_set(select.blob(1), select.blob(2));
      if (!set || Hash::from(select.blob(0)) != set->name) {
        problem("a change set that waits to be sent is damaged: " + to_hex(select.blob(0)));
        continue;
      }
      ++report.change_sets;
      for (std::size_t i = 0; i < set->operations.size(); ++i)
        waiting.emplace(set->dot(i), set->operations[i].value);
    }
  }
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(SpaceInfo* const info, store_.space(space));
    WASL_LET(const bool behind, store_.has_rows_behind(*info));
    if (behind) problem(space + ": rows stand behind the end of its log");
    WASL_LET(const std::set<Position> voided, store_.voided(info->number, info->size));
    if (Status opened = check_start_openings(*info, report.problems); !opened)
      problem(opened.error().message);
    auto replay = replay_space(
        store_, *info, anchor_.network, authority_, [&](Position position, const ChangeSet& set) {
          return voided.contains(position) ? Status() : check_stored_openings(set, report.problems);
        });
    if (!replay) {
      problem(space + ": " + replay.error().message);
      continue;
    }
    report.change_sets += replay->change_sets;
    if (replay->frontier.root() != info->frontier.root())
      problem(space + ": the entries do not give the root kept");
    if (!info->leaf.empty()) {
      const auto leaf = ledger::HeadsLeaf::decode(info->leaf);
      if (!leaf) {
        problem(space + ": the signed head is damaged");
      } else if (leaf->size == info->size && leaf->root != replay->frontier.root()) {
        problem(space + ": the entries do not give the root that the hub signed");
      }
    }
    for (const auto& [id, state] : replay->records) {
      if (state.register_number == 0) continue;
      auto loaded = records_.load(state.register_number, space, id);
      if (!loaded) {
        problem(space + " " + id + ": " + loaded.error().message);
      } else if (loaded->record.confirmed != state) {
        problem(space + " " + id + ": the record kept is not what signed history says; run: wasl repair");
      } else {
        WASL_LET(const auto flaw, flaw_of(*loaded, waiting));
        if (flaw) problem(space + " " + id + ": " + *flaw);
      }
    }
    WASL_LET(const auto wrong, check_other_rows(space, *replay, waiting));
    for (const std::string& row : wrong) problem(row);
    WASL_TRY(settle_digest(*info));
    WASL_LET(const Hash digest, store_.digest(space));
    if (digest != replay->digest())
      problem(space + ": the state digest is not that of signed history; run: wasl repair");
  }
  report.ok = report.problems.empty();
  WASL_TRY(tell_what_is_proved(report));
  WASL_LET(const auto keys, keys_at_hub());
  for (const std::string& words : keys) report.statements.push_back(words);
  WASL_TRY(tell_evidence(report));
  WASL_TRY(transaction.commit());
  return report;
}

/// The same of the records from which the space was begun.
Status Replica::check_start_openings(const SpaceInfo& info, std::vector<std::string>& wrong) {
  return store_.each_start_record(info, [&](const std::string& id, const RecordState& state) -> Status {
    const Hash mark = record_mark(anchor_.network, info.name, id);
    for (const snapshot::PersonalValue& value : snapshot::personal_values(state)) {
      WASL_LET(const auto opening, store_.opening(value.commitment));
      const bool opens = opening && commitment_of(anchor_.network, info.name, id, value.field, value.dot,
                                                  *opening) == value.commitment;
      if (opens || (!opening && authority_.is_erased(mark, value.commitment, kWhenever))) continue;
      wrong.push_back(info.name + " " + id + ": a personal value cannot be opened, and nobody has erased it");
    }
    return {};
  });
}

/// Every personal value of a change set that stands and is not listed to be erased (another machine's clock
/// may have been ahead) has the opening that gives its commitment. Adds what has not, in words.
Status Replica::check_stored_openings(const ChangeSet& set, std::vector<std::string>& wrong) {
  const std::string& space = set.header.space;
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    const auto commitment = op.value.type == ValueType::commitment ? Hash::from(op.value.data) : std::nullopt;
    if (!commitment) continue;
    WASL_LET(const auto opening, store_.opening(*commitment));
    const bool opens = opening && commitment_of(anchor_.network, space, op.id, op.address.field, set.dot(i),
                                                *opening) == *commitment;
    if (opens || (!opening && is_erased(authority_, set.header, op, kWhenever))) continue;
    wrong.push_back(space + " " + op.id + ": a personal value cannot be opened, and nobody has erased it");
  }
  return {};
}

/// Where proof begins and ends, and who stands behind it.
Status Replica::tell_what_is_proved(VerifyReport& report) {
  WASL_LET(const auto spaces, store_.space_names());
  std::vector<std::string> vouched_for;
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (!info->start) continue;
    vouched_for.push_back(
        "vouched for: what the first " + std::to_string(info->begins_behind()) + " entries of " + space +
        " came to. It was taken from a snapshot that the hub signed, and its state digest is "
        "the one in the signed log; who wrote what, and when, is the hub's word. Proof begins "
        "at entry " +
        std::to_string(info->begins_behind() + 1));
  }
  report.statements.push_back(
      "proved: every change set that this replica holds" +
      std::string(vouched_for.empty() ? ", from the first entry of each space on" : "") +
      ": bodies, chains, signatures, rights, roots, state digests" +
      (vouched_for.empty() ? ". Nothing is merely vouched for: no space was begun from a snapshot" : ""));
  for (std::string& words : vouched_for) report.statements.push_back(std::move(words));
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    report.spaces.push_back({space, info->size, info->proved, info->begins_behind()});
    if (info->size > info->proved) {
      report.statements.push_back(
          "taken on trust until the next sync: " + std::to_string(info->size - info->proved) +
          " entries of " + space + " that stand under no signed head yet");
    }
  }
  WASL_LET(const CheckpointAnchor anchor, identity_.checkpoint());
  if (anchor.heads.size == 0) return {};
  const auto witnessed = witnessed_by(anchor.note);
  const std::string checkpoint =
      "the newest checkpoint of the hub is of size " + std::to_string(anchor.heads.size);
  if (!witnessed) {
    report.statements.push_back(checkpoint + "; a cosignature on it is false: " + witnessed.error().message);
  } else if (witnessed->of == 0) {
    report.statements.push_back(
        checkpoint +
        "; the network names no witnesses, so that every office sees the same log is vouched "
        "for by the hub alone (compare notes with: wasl proof compare)");
  } else {
    report.statements.push_back(checkpoint + ", cosigned by " + std::to_string(witnessed->have) + " of " +
                                std::to_string(witnessed->of) + " witnesses (" +
                                std::to_string(ledger::witnesses_needed(witnessed->of)) + " are needed)");
  }
  return {};
}

Status Replica::tell_evidence(VerifyReport& report) {
  WASL_LET(const auto evidence, identity_.evidence());
  for (const std::string& what : evidence) report.statements.push_back("evidence kept: " + what);
  const std::string origin = ledger::heads_origin(anchor_.network, authority_.statement().epoch);
  return identity_.each_evidence([&](const Identity::Evidence& one) -> Status {
    const auto ours = ledger::open_checkpoint(text_view(one.ours), origin, anchor_.log_key);
    const auto theirs = ledger::open_checkpoint(text_view(one.theirs), origin, anchor_.log_key);
    if (ours && theirs && ours->size == theirs->size && ours->root != theirs->root) {
      report.statements.push_back("proved: the hub signed two histories of size " +
                                  std::to_string(ours->size) +
                                  "; both notes are written to files by: wasl proof evidence --out DIR");
    }
    return {};
  });
}

/// What is wrong with the row and the office's own work in it. A value that is shown stands in the row alone,
/// so the work that waits is compared with what was sealed.
Result<std::optional<std::string>> Replica::flaw_of(const LoadedRecord& loaded,
                                                    const WaitingValues& waiting) {
  for (const OverlayOperation& own : loaded.record.overlay) {
    const auto sealed = waiting.find(own.dot);
    if (sealed != waiting.end() && sealed->second != own.operation.value)
      return std::optional<std::string>("the row differs from what was sealed");
  }
  if (!loaded.rowid || loaded.reg == nullptr) return std::optional<std::string>();
  RecordState room;
  const auto shown = shown_values(loaded.record.shown(room), *loaded.reg, [&](const Hash& commitment) {
    const auto value = records_.open(commitment);
    return value ? *value : Value::null();
  });
  WASL_LET(const bool lists_agree, lists_are(loaded, shown.elements));
  if (lists_agree && render_row(*loaded.reg, shown.values) == loaded.row) return std::optional<std::string>();
  return std::optional<std::string>("the row differs from what the record says; run: wasl repair");
}

/// A value without a canonical form stays in this file alone, and is left out here as sealing leaves it.
Result<bool> Replica::lists_are(const LoadedRecord& loaded, const std::set<Address>& elements) {
  for (const Field& field : loaded.reg->fields) {
    if (!field.is_set()) continue;
    std::set<SqlValue> said, there;
    for (const Address& address : elements) {
      if (address.field == field.number) said.insert(render_element(element_of(address.key)));
    }
    WASL_LET(auto select, db_.prepare("SELECT value FROM " + sql::set_table(*loaded.reg, field) +
                                      " WHERE record = ? AND (space = ? OR space IS NULL)"));
    select.bind_all(loaded.record.id, loaded.record.space);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      if (const auto element = parse_element(field, column_value(select, 0)))
        there.insert(render_element(*element));
    }
    if (there != said) return false;
  }
  return true;
}

/// Rows of records that nobody has confirmed: the office's own work that waits, and those that stand for no
/// record and are not noted either, because a failing disk took the note of who wrote them.
Result<std::vector<std::string>> Replica::check_other_rows(const std::string& space, const Replay& replay,
                                                           const WaitingValues& waiting) {
  std::vector<std::string> words;
  for (const Register& reg : schema_->registers()) {
    if (!tables_ready_) break;
    std::vector<std::string> ids;
    {
      WASL_LET(auto select, db_.prepare("SELECT id FROM " + reg.name +
                                        " AS r WHERE space = ?1 AND NOT EXISTS(SELECT 1 FROM _wasl_capture "
                                        "WHERE register = ?2 AND space = ?1 AND id = r.id)"));
      select.bind_all(space, reg.number);
      for (;;) {
        WASL_LET(const bool found, select.step());
        if (!found) break;
        ids.emplace_back(select.text(0));
      }
    }
    for (const std::string& id : ids) {
      const auto said = replay.records.find(id);
      if (said != replay.records.end() && said->second.register_number == reg.number) continue;
      const auto loaded = records_.load(reg.number, space, id);
      const std::string row = space + " " + id + ": ";
      if (!loaded) {
        words.push_back(row + loaded.error().message);
      } else if (!loaded->record.exists()) {
        words.push_back(row + "a row of " + reg.name +
                        " that nobody is known to have written; change it, and it is sent");
      } else {
        WASL_LET(const auto flaw, flaw_of(*loaded, waiting));
        if (flaw) words.push_back(row + *flaw);
      }
    }
  }
  return words;
}

/// Before the hub is accused: what is kept of these records must be what signed history says of them.
Status Replica::check_own_state(const std::string& space,
                                const std::map<std::string, LoadedRecord>& records) {
  WASL_LET(SpaceInfo* const info, store_.space(space));
  WASL_LET(const Replay replay, replay_space(store_, *info, anchor_.network, authority_));
  for (const auto& [id, loaded] : records) {
    if (loaded.register_number == 0) continue;
    const auto said = replay.records.find(id);
    const RecordState& kept = loaded.record.confirmed;
    // An id that the hub gives to a second register is no damage here.
    const bool known = said != replay.records.end() && said->second.register_number == loaded.register_number;
    if (known ? kept == said->second : !kept.exists()) continue;
    return damaged_here(space + " " + id + " is not what signed history says");
  }
  return {};
}

/// Before a chain is called broken: where the replica believes that it ends must be what the log says.
Status Replica::check_own_chains(const Segment& segment) {
  std::set<Source> sources;
  for (const SegmentItem& item : segment.items) {
    if (const Header* header = header_of(item)) sources.insert(header->source);
  }
  store_.forget();
  WASL_LET(const SpaceInfo* const info, store_.space(segment.space));
  WASL_LET(const auto ends, store_.ends_in_log(*info, sources, anchor_.network));
  for (const auto& [source, end] : ends) {
    WASL_LET(const ChainEnd kept, store_.chain_end(source));
    if (kept != end) return damaged_here(segment.space + ": a chain does not end where the log says");
  }
  return {};
}

Result<std::vector<std::string>> Replica::rebuild(std::string_view space_name) {
  WASL_TRY(seal());
  WASL_LET(const bool whole, can_replay(std::string(space_name)));
  if (!whole) {
    WASL_TRY(give_up(store_, space_name));
    return fail(
        Errc::corrupt,
        "a piece of the snapshot from which " + std::string(space_name) + " was begun is damaged here",
        "sync: what is damaged is fetched again; nothing is lost");
  }
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  WASL_LET(SpaceInfo* const info, store_.space(space_name));
  WASL_LET(const Replay replay, replay_space(store_, *info, anchor_.network, authority_));
  std::vector<std::string> changed;
  WASL_TRY(store_.clear_state(info->number));
  for (const auto& [id, state] : replay.records) {
    const Register* reg = schema_->find(state.register_number);
    auto loaded = records_.load(state.register_number, space_name, id);
    LoadedRecord record;
    if (loaded) {
      record = std::move(*loaded);
    } else {  // its clock cannot be read: the overlay in it is sealed work, which the list of pending sets
              // still has
      WASL_LET(record, records_.load_row(state.register_number, space_name, id));
      WASL_TRY(restore_overlay(record));
      WASL_TRY(restore_carried(record));
    }
    if (record.record.confirmed != state) changed.push_back((reg != nullptr ? reg->name : "?") + " " + id);
    record.record.confirmed = state;
    WASL_TRY(records_.save(record, ports_.clock->now(), {.confirmed = true}));
  }
  WASL_TRY(store_.flush_digest());
  info->digested = info->applied;
  WASL_TRY(store_.save_space(*info));
  WASL_TRY(commit(transaction, captured));
  return changed;
}

/// Lays the pending change sets over a record whose own clock is lost.
Status Replica::restore_overlay(LoadedRecord& loaded) {
  WASL_LET(auto select,
           db_.prepare("SELECT header, body, came_in FROM _wasl_pending WHERE space = ? AND state <> 4 "
                       "ORDER BY no"));
  select.bind_all(loaded.record.space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return {};
    const auto set = decode_change_set(select.blob(0), select.blob(1));
    if (!set) continue;
    for (std::size_t i = 0; i < set->operations.size(); ++i) {
      const Operation& op = set->operations[i];
      if (op.id != loaded.record.id || op.register_number != loaded.register_number) continue;
      loaded.record.overlay.push_back(
          {op, set->dot(i), set->header.sequence, set->header.source, set->header.stamp,
           std::min(set->header.stamp.millis(), select.int64(2)), authority_.level_of(set->header.grant)});
    }
  }
}

/// Likewise what of others' work was shown over it.
Status Replica::restore_carried(LoadedRecord& loaded) {
  WASL_LET(const auto runs, carried_.runs(anchor_.network));
  for (const CarriedWork::Run& run : runs) {
    WASL_LET(auto select,
             db_.prepare("SELECT 1 FROM _wasl_carried WHERE run = ? AND space = ? AND register = ? "
                         "AND id = ?"));
    select.bind_all(run.name, loaded.record.space, loaded.register_number, loaded.record.id);
    WASL_LET(const bool shown, select.step());
    if (!shown) continue;
    for (const SegmentItem& item : run.segment.items) {
      const auto* const with_body = std::get_if<SetItem>(&item);
      if (with_body == nullptr) continue;
      const ChangeSet& set = with_body->set;
      WASL_LET(const bool entry, store_.has_entry(set.header.space, set.header.source, set.header.sequence));
      if (entry) continue;
      for (std::size_t i = 0; i < set.operations.size(); ++i) {
        const Operation& op = set.operations[i];
        if (op.id != loaded.record.id || op.register_number != loaded.register_number) continue;
        loaded.record.overlay.push_back({op, set.dot(i), set.header.sequence, set.header.source,
                                         set.header.stamp,
                                         std::min(set.header.stamp.millis(), ports_.clock->now()),
                                         authority_.level_of(set.header.grant)});
      }
    }
  }
  return {};
}

}  // namespace wasl
