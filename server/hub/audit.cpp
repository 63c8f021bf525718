#include "server/hub/audit.hpp"

#include <algorithm>
#include <deque>

#include "shared/authority/act_words.hpp"
#include "shared/model/operation_words.hpp"
#include "shared/wire/let_go.hpp"

namespace wasl {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;  // of one space at a time

std::string_view word_of(ledger::EntryKind kind) {
  switch (kind) {
    case ledger::EntryKind::accept:
      return "accepted";
    case ledger::EntryKind::adopt:
      return "adopted";
    case ledger::EntryKind::void_:
      return "voided";
    case ledger::EntryKind::unvoid:
      return "restored";
    case ledger::EntryKind::snapshot:
      return "snapshot";
    case ledger::EntryKind::statement:
      return "network statement";
    case ledger::EntryKind::collect:
      return "collected";
  }
  return "entry";
}

struct ReadRights {
  NetworkId network;
  AuthorityState state;
};

/// Change sets decode under their network's name, which the first entry gives.
Result<NetworkId> network_of(HubStore& store) {
  WASL_LET(const auto blocks, store.read(kAuthoritySpace, 1, 1, NetworkId{}));
  for (const Segment& block : blocks) {
    for (const SegmentItem& item : block.items) {
      const auto* other = std::get_if<EntryItem>(&item);
      if (other != nullptr && other->entry.kind == ledger::EntryKind::statement)
        return network_id(other->entry.hash);
    }
  }
  return fail(Errc::not_found, "this folder holds no network yet", "run: wasl-hub init");
}

Result<ReadRights> read_rights(HubStore& store) {
  ReadRights rights;
  WASL_LET(rights.network, network_of(store));
  std::optional<NetworkStatement> last;
  Hash last_hash;
  for (Position position = 0;;) {
    WASL_LET(const auto blocks, store.read(kAuthoritySpace, position + 1, 1 << 20, rights.network));
    if (blocks.empty()) return rights;
    for (const Segment& block : blocks) {
      Position at = block.first;
      for (const SegmentItem& item : block.items) {
        const auto* set = std::get_if<SetItem>(&item);
        const auto* other = std::get_if<EntryItem>(&item);
        if (set != nullptr && set->entry) {
          WASL_TRY(rights.state.apply(set->set, at, set->entry->hub_time));
        } else if (other != nullptr && other->entry.kind == ledger::EntryKind::statement) {
          WASL_LET(const SignedStatement statement, decode_signed_statement(other->bytes));
          WASL_LET(last, open_statement(statement, last ? &*last : nullptr, last ? &last_hash : nullptr));
          last_hash = statement.hash();
          rights.state.apply_statement(*last, last_hash, at);
        } else if (other == nullptr) {
          continue;
        }
        position = at++;
      }
    }
  }
}

class SpaceReader {
 public:
  SpaceReader(HubStore& store, const ReadRights& rights, const Schema& schema, const AuditFilter& filter,
              std::string space)
      : store_(store), rights_(rights), schema_(schema), filter_(filter), space_(std::move(space)) {}

  /// The next line that passes; null at the end of the log.
  Result<const AuditLine*> front() {
    while (lines_.empty() && !over_) WASL_TRY(fill());
    return lines_.empty() ? nullptr : &lines_.front();
  }
  void pop() { lines_.pop_front(); }

 private:
  Status fill() {
    WASL_LET(const auto blocks, store_.read(space_, next_, kReadBytes, rights_.network));
    over_ = blocks.empty();
    for (const Segment& block : blocks) {
      each_entry(block, [&](Position at, const SegmentItem& item, const Header* let_go) {
        if (at < next_) return;
        next_ = at + 1;
        if (const ChangeSet* set = effect_of(item)) {
          add(*set, *entry_of(item), at);
        } else if (let_go != nullptr) {
          add_let_go(*let_go, *entry_of(item), at);
        } else {
          add(*entry_of(item), at);
        }
      });
    }
    return {};
  }

  bool in_period(Millis time) const {
    return time >= filter_.from && (filter_.until == 0 || time < filter_.until);
  }

  /// Whose it is; nothing when the filter leaves it out.
  std::optional<AuditLine> begin_line(const Header& header, const ledger::Entry& entry, Position position) {
    if (!in_period(entry.hub_time)) return std::nullopt;
    AuditLine line;
    line.time = entry.hub_time;
    line.space = space_;
    line.position = position;
    line.kind = entry.kind;
    line.change_set = entry.hash;
    line.author = header.source.author;
    name_author(line, header);
    const std::string key = to_hex(line.author->view());
    const auto is_other = [&](const std::string& wanted, std::string_view kind) {
      return !wanted.empty() && !(line.author_kind == kind && key.starts_with(wanted));
    };
    if (is_other(filter_.device, "device") || is_other(filter_.person, "person")) return std::nullopt;
    if (!filter_.organisation.empty() && line.organisation != filter_.organisation) return std::nullopt;
    return line;
  }

  /// Any of them may be about the record that is asked for.
  void add_let_go(const Header& header, const ledger::Entry& entry, Position position) {
    auto line = begin_line(header, entry, position);
    if (!line) return;
    line->what = "its body was let go: the header alone is kept";
    lines_.push_back(*std::move(line));
  }

  void add(const ChangeSet& set, const ledger::Entry& entry, Position position) {
    auto begun = begin_line(set.header, entry, position);
    if (!begun) return;
    AuditLine line = *std::move(begun);
    for (const Operation& op : set.operations) {
      if (filter_.record && (op.register_number != filter_.record->first || op.id != filter_.record->second))
        continue;
      const Register* reg = schema_.find(op.register_number);
      line.register_name = op.register_number == 0 ? "authority"
                           : reg != nullptr        ? reg->name
                                                   : "register " + std::to_string(op.register_number);
      line.id = op.id;
      line.what = in_words(op, reg);
      if (op.kind == OperationKind::act) {
        if (const auto act = decode_act(op.value)) line.what = in_words(*act);
      }
      lines_.push_back(line);
    }
  }

  void name_author(AuditLine& line, const Header& header) const {
    if (header.grant.is_zero()) {
      line.author_kind = "registrar";
      return;
    }
    line.grant = header.grant;
    const Grant* grant = rights_.state.grant(header.grant);
    if (grant == nullptr) return;
    line.author_kind = grant->act.kind == GrantKind::device   ? "device"
                       : grant->act.kind == GrantKind::person ? "person"
                                                              : "invitation";
    line.organisation = grant->act.organisation;
    line.role = grant->act.role;
  }

  /// Nobody's change set: what the hub or the root keys put there.
  void add(const ledger::Entry& entry, Position position) {
    if (!in_period(entry.hub_time) || filter_.record || !filter_.device.empty() || !filter_.person.empty() ||
        !filter_.organisation.empty())
      return;
    AuditLine line;
    line.time = entry.hub_time;
    line.space = space_;
    line.position = position;
    line.kind = entry.kind;
    line.change_set = entry.hash;
    line.what = std::string(word_of(entry.kind)) + " " + to_hex(entry.hash.view()).substr(0, 12);
    lines_.push_back(std::move(line));
  }

  HubStore& store_;
  const ReadRights& rights_;
  const Schema& schema_;
  const AuditFilter& filter_;
  std::string space_;
  Position next_ = 1;
  bool over_ = false;
  std::deque<AuditLine> lines_;
};

}  // namespace

Result<Schema> schema_of(HubStore& store, const Schema& own) {
  WASL_LET(const ReadRights rights, read_rights(store));
  return rights.state.schema_with(own);
}

Status audit(HubStore& store, const Schema& schema, const AuditFilter& filter,
             const std::function<Status(const AuditLine&)>& tell) {
  WASL_LET(const ReadRights rights, read_rights(store));
  WASL_LET(const auto spaces, store.space_names());
  std::deque<SpaceReader> readers;
  for (const std::string& space : spaces) readers.emplace_back(store, rights, schema, filter, space);
  for (;;) {
    SpaceReader* first = nullptr;
    Millis earliest = 0;
    for (SpaceReader& reader : readers) {
      WASL_LET(const AuditLine* const line, reader.front());
      if (line == nullptr || (first != nullptr && line->time >= earliest)) continue;
      first = &reader;
      earliest = line->time;
    }
    if (first == nullptr) return {};
    WASL_LET(const AuditLine* const line, first->front());
    WASL_TRY(tell(*line));
    first->pop();
  }
}

}  // namespace wasl
