// Publishing: an edition is another record of the same register, written in an outer space by a person's key
// with the values that the source shows. What is drafted here is signed in acting.cpp.
#include "client/replica/publishing.hpp"

#include <algorithm>

#include "client/replica/attention.hpp"
#include "client/replica/replica.hpp"
#include "shared/model/attachment.hpp"
#include "shared/model/edition.hpp"
#include "shared/sql/table_ddl.hpp"
#include "shared/store/file_store.hpp"

namespace wasl {
namespace {

Address published_address(const Field& field) {
  return {field.number, element_key(Value::text(std::string(kPublishedCode)))};
}

/// A file is named by its space: the edition's value names the same bytes as readers there do, and files.db
/// knows them by both names from then on. Errors: not_found (not all of it is here).
Result<Value> published_file(const std::filesystem::path& folder, const NetworkId& network,
                             const Attachment& file, const SpaceInfo& inner, const SpaceInfo& outer,
                             Millis now) {
  if (is_private_space(outer.name) && !outer.key)
    return fail(Errc::no_link, "the key of " + outer.name + ", by which its files are named, is not here yet",
                "sync once, then publish again");
  WASL_LET(FileStore files, FileStore::open(folder / "files.db"));
  const auto copy =
      files.copy({inner.name, file.root, file.size}, attachment::chunk_key(network, inner.name, inner.key),
                 outer.name, attachment::chunk_key(network, outer.name, outer.key), now);
  if (!copy && copy.error().code == Errc::not_found)
    return fail(Errc::not_found, "the file " + file.name + " is not whole here, so it cannot be published",
                "bring it here with wasl fetch, or leave its field out with --fields");
  if (!copy) return tl::unexpected(copy.error());
  Attachment out = file;
  out.root = copy->root;
  return out.to_value();
}

/// The operations that lead from what the edition shows to what it is to show.
class EditionDiff {
 public:
  EditionDiff(const RecordState& edition, std::uint32_t register_number, const std::string& id)
      : edition_(edition), register_(register_number), id_(id) {}

  void create() { add(OperationKind::create, {}); }

  /// @param value null clears.
  void write(const Field& field, const Address& address, const Value& value) {
    const Head* head = edition_.heads.contains(address) ? edition_.shown(address, field.policy) : nullptr;
    const bool conflict = edition_.is_conflict(address, field.policy);
    if (!conflict && (head == nullptr ? value.is_null() : head->value == value)) return;
    Operation& op = add(conflict ? OperationKind::resolve : OperationKind::write, address);
    op.value = value;
    op.names = conflict ? edition_.all_dots(address) : edition_.plain_lineage(address, field.policy);
  }

  void put_in(const Field& field, const Address& address) {
    if (edition_.has_element(address, field.policy)) return;
    if (field.removal_wins()) {
      flag(address, true);
    } else {
      add(OperationKind::add, address);
    }
  }

  void take_out(const Field& field, const Address& address) {
    if (!edition_.has_element(address, field.policy)) return;
    if (field.removal_wins()) return flag(address, false);
    add(OperationKind::remove, address).names = edition_.all_dots(address);
  }

  std::vector<Operation> operations;

 private:
  Operation& add(OperationKind kind, const Address& address) {
    Operation op;
    op.kind = kind;
    op.register_number = register_;
    op.id = id_;
    op.address = address;
    return operations.emplace_back(std::move(op));
  }

  /// Over what says the contrary and is known: a withdrawal that is not known stands.
  void flag(const Address& address, bool in) {
    Operation& op = add(OperationKind::write, address);
    op.value = Value::flag(in);
    const auto heads = edition_.heads.find(address);
    if (heads == edition_.heads.end()) return;
    for (const Head& head : heads->second) {
      if (head.value == Value::flag(!in)) op.names.push_back(head.dot);
    }
  }

  const RecordState& edition_;
  std::uint32_t register_;
  const std::string& id_;
};

/// Addresses at which the state has a value or an element.
std::set<Address> addresses_of(const Field& field, const RecordState& state) {
  std::set<Address> out;
  for (const auto& [address, heads] : state.heads) {
    if (address.is_existence() || address.field != field.number) continue;
    const bool stands = field.is_set() ? state.has_element(address, field.policy)
                                       : !state.shown(address, field.policy)->value.is_null();
    if (stands) out.insert(address);
  }
  return out;
}

void note_places(const Field& field, const RecordState& state, const Address& address,
                 std::set<std::pair<Source, Sequence>>& places) {
  if (!field.is_set()) {
    const Dot& dot = state.shown(address, field.policy)->dot;
    places.emplace(dot.source, dot.sequence);
    return;
  }
  for (const Head& head : state.heads.at(address)) places.emplace(head.dot.source, head.dot.sequence);
}

Result<const Register*> with_editions(const Schema& schema, const std::string& name) {
  const Register* reg = schema.find(name);
  if (reg == nullptr) return fail(Errc::not_found, "there is no register " + name, "see: wasl registers");
  if (published_field(*reg) == nullptr)
    return fail(Errc::invalid_value, "records of " + name + " are not published",
                "write them in the space where they are to be read");
  return reg;
}

/// @param named none: those in which `shows` has a value.
Status choose_fields(const std::vector<std::string>& named, const Register& reg, const Schema& schema,
                     const RecordState& shows, PublicationDraft& out) {
  std::vector<const Field*> wanted;
  for (const std::string& name : named) {
    wanted.push_back(reg.field(name));
    if (wanted.back() == nullptr)
      return fail(Errc::not_found, reg.name + " has no field " + name,
                  "list its fields with: wasl registers " + reg.name);
  }
  for (const Field& field : reg.fields) {
    if (named.empty() && !field.publication && !addresses_of(field, shows).empty()) wanted.push_back(&field);
  }
  for (const Field* field : wanted) {
    if (may_be_published(*field, schema)) {
      out.fields.push_back(field);
    } else {
      out.left_out.push_back({field, LeftOut::personal});
    }
  }
  return {};
}

}  // namespace

/// What the edition says with all that persons of this office have signed and that has no entry yet.
Result<Replica::Edition> Replica::edition_of(std::uint32_t register_number, const std::string& space,
                                             const std::string& id) {
  WASL_LET(const LoadedRecord loaded, records_.load(register_number, space, id));
  RecordState room;
  Edition out{loaded.record.shown(room), false};
  WASL_LET(const auto acts, identity_.acts());
  for (const SignedAct& act : acts) {
    const Header& header = act.set.header;
    const bool waits = act.state == PendingState::unsent || act.state == PendingState::accepted;
    if (!waits || header.space != space) continue;
    WASL_LET(const bool placed, store_.has_entry(space, header.source, header.sequence));
    if (placed) continue;
    for (std::size_t i = 0; i < act.set.operations.size(); ++i) {
      const Operation& op = act.set.operations[i];
      if (op.register_number != register_number || op.id != id) continue;
      out.state.apply(
          op, {act.set.dot(i), header.stamp, header.stamp.millis(), authority_.level_of(header.grant)});
    }
  }
  out.is_known = out.state.heads.contains(Address{});
  return out;
}

Result<std::vector<PublicationStop>> Replica::stops_of(const Register& reg, const std::string& space,
                                                       const std::string& id,
                                                       const std::vector<const Field*>& chosen) {
  std::vector<PublicationStop> stops;
  const auto is_chosen = [&](const Field* field) {
    return std::find(chosen.begin(), chosen.end(), field) != chosen.end();
  };
  const auto holds = [&](const std::string& condition) -> Result<bool> {
    WASL_LET(auto select, db_.prepare("SELECT 1 FROM " + reg.name + " WHERE id = ? AND space = ? AND (" +
                                      condition + ")"));
    select.bind_all(id, space);
    return select.step();
  };
  for (const Field& field : reg.fields) {
    if (!field.required || field.retired) continue;
    WASL_LET(const bool has_value, holds(field.name + " IS NOT NULL"));
    if (!has_value || !is_chosen(&field)) stops.push_back({Stop::missing, &field, nullptr});
  }
  for (const Rule& rule : reg.rules) {
    if (!is_chosen(reg.field(rule.before)) || !is_chosen(reg.field(rule.after))) continue;
    WASL_LET(const bool broken, holds(broken_condition(reg, rule)));
    if (broken) stops.push_back({Stop::rule, nullptr, &rule});
  }
  return stops;
}

/// The same for readers of the outer space: an edition there instead of what they cannot know. Nothing: there
/// is none, and the space's name is not theirs to learn.
Result<std::optional<Value>> Replica::published_reference(const Value& value, const Field& field,
                                                          const std::string& outer) {
  const auto reference = value.as_reference();
  if (!reference) return std::optional(value);
  const Register* target = schema_->find(field.target);
  if (target != nullptr && published_field(*target) != nullptr) {
    const std::string id = edition_id(anchor_.network, reference->space, reference->id, outer);
    WASL_LET(const Edition edition, edition_of(target->number, outer, id));
    const Field& published = *published_field(*target);
    if (edition.state.has_element(published_address(published), published.policy))
      return std::optional(Value::reference(outer, id));
  }
  if (is_private_space(reference->space) && reference->space != outer) return std::optional<Value>();
  return std::optional(value);
}

Result<std::vector<Value>> Replica::names_of_change_sets(
    const std::string& space, const std::set<std::pair<Source, Sequence>>& places) {
  std::vector<Value> out;
  for (const auto& [source, sequence] : places) {
    WASL_LET(const auto found, find_set(space, source, sequence));
    if (found) out.push_back(Value::text(to_hex(found->name.view())));
  }
  return out;
}

Result<PublicationDraft> Replica::draft_publication(const PublicationRequest& request) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const Register* const reg, with_editions(*schema_, request.register_name));
  WASL_LET(const std::string space, space_of(*reg, request.id, request.space));
  // Nobody would judge the marks: whoever may write could publish.
  const Register* judged = authority_.schema_or(schema_in_force()).find(reg->number);
  if (judged == nullptr || published_field(*judged) == nullptr)
    return fail(Errc::unsupported, "the description of " + reg->name + " in force knows no editions yet",
                "ask the secretariat to run: wasl-hub schema publish --all");
  WASL_LET(const auto readable, readable_spaces());
  if (std::find(readable.begin(), readable.end(), request.outer) == readable.end() ||
      outwardness(request.outer) <= outwardness(space)) {
    return fail(Errc::invalid_value,
                "'" + request.outer + "' is no space that lies further out than " + space +
                    " and that this office reads",
                "publishing leads from an association to its section, to network, to public");
  }
  WASL_LET(const LoadedRecord loaded, records_.load(reg->number, space, request.id));
  RecordState room;
  const RecordState& source = loaded.record.shown(room);
  PublicationDraft out;
  out.register_name = reg->name;
  out.register_number = reg->number;
  out.space = request.outer;
  out.id = edition_id(anchor_.network, space, request.id, request.outer);
  WASL_LET(const Edition edition, edition_of(reg->number, out.space, out.id));

  WASL_TRY(choose_fields(request.fields, *reg, *schema_, edition.is_known ? edition.state : source, out));
  WASL_LET(out.stops, stops_of(*reg, space, request.id, out.fields));
  if (source.is_revived()) out.stops.push_back({Stop::revived, nullptr, nullptr});
  if (!out.stops.empty()) return out;

  EditionDiff diff(edition.state, reg->number, out.id);
  if (!edition.is_known) diff.create();
  std::set<std::pair<Source, Sequence>> places;
  for (const Field& field : reg->fields) {
    if (field.publication) continue;
    std::map<Address, Value> wanted;  // of a set: its elements
    if (std::find(out.fields.begin(), out.fields.end(), &field) != out.fields.end()) {
      for (const Address& address : addresses_of(field, source)) {
        const Value value =
            field.is_set() ? element_of(address.key) : source.shown(address, field.policy)->value;
        WASL_LET(auto shown, published_reference(value, field, out.space));
        if (const auto file = as_attachment(value)) {
          WASL_LET(const SpaceInfo* const inner, store_.space(space));
          const SpaceInfo from = *inner;  // the next call may move it
          WASL_LET(const SpaceInfo* const outer, store_.space(out.space));
          WASL_LET(shown, published_file(folder_, anchor_.network, *file, from, *outer, ports_.clock->now()));
        }
        if (!shown) {
          out.left_out.push_back({&field, LeftOut::reference});
          continue;
        }
        wanted[field.is_set() ? Address{field.number, element_key(*shown)} : address] = *shown;
        note_places(field, source, address, places);
      }
      if (field.required && wanted.empty()) out.stops.push_back({Stop::missing, &field, nullptr});
    }
    for (const Address& address : addresses_of(field, edition.state)) {
      if (wanted.contains(address)) continue;
      field.is_set() ? diff.take_out(field, address) : diff.write(field, address, Value::null());
    }
    for (const auto& [address, value] : wanted)
      field.is_set() ? diff.put_in(field, address) : diff.write(field, address, value);
  }
  if (!out.stops.empty()) return out;
  const Field& published = *published_field(*reg);
  diff.put_in(published, published_address(published));
  if (!diff.operations.empty()) {
    const Field& shows = *edition_of_field(*reg);
    WASL_LET(const auto names, names_of_change_sets(space, places));
    std::set<Address> wanted;
    for (const Value& name : names) wanted.insert({shows.number, element_key(name)});
    for (const Address& address : addresses_of(shows, edition.state)) {
      if (!wanted.contains(address)) diff.take_out(shows, address);
    }
    for (const Address& address : wanted) diff.put_in(shows, address);
  }
  out.operations = std::move(diff.operations);
  return out;
}

Result<PublicationDraft> Replica::draft_withdrawal(const PublicationRequest& request) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const Register* const reg, with_editions(*schema_, request.register_name));
  WASL_LET(const auto readable, readable_spaces());
  std::vector<std::string> inner{request.space.value_or("")};  // where the source may stand
  if (!request.space) {
    WASL_LET(inner, records_.spaces_of(*reg, request.id));
  }
  const Field& published = *published_field(*reg);
  std::vector<std::pair<std::string, std::string>> found;  // space and id of editions
  for (const std::string& outer : readable) {
    if (!request.outer.empty() && outer != request.outer) continue;
    std::vector<std::string> ids;
    if (is_edition_id(request.id)) ids.push_back(request.id);
    for (const std::string& space : inner) {
      if (outwardness(outer) > outwardness(space))
        ids.push_back(edition_id(anchor_.network, space, request.id, outer));
    }
    for (const std::string& id : ids) {
      WASL_LET(const Edition edition, edition_of(reg->number, outer, id));
      if (edition.state.has_element(published_address(published), published.policy))
        found.emplace_back(outer, id);
    }
  }
  if (found.empty())
    return fail(Errc::not_found,
                reg->name + " " + request.id + " is not published" +
                    (request.outer.empty() ? "" : " in " + request.outer),
                "a publication counts after the next sync; see: wasl show " + reg->name + " " + request.id);
  if (found.size() > 1)
    return fail(Errc::conflict, reg->name + " " + request.id + " is published in several spaces",
                "name one with --from");
  PublicationDraft out;
  out.register_name = reg->name;
  out.register_number = reg->number;
  std::tie(out.space, out.id) = found.front();
  WASL_LET(const Edition edition, edition_of(reg->number, out.space, out.id));
  EditionDiff diff(edition.state, reg->number, out.id);
  diff.take_out(published, published_address(published));
  out.operations = std::move(diff.operations);
  return out;
}

Result<Hash> Replica::sign_publication(const crypto::KeyPair& person, const Hash& under,
                                       const PublicationDraft& draft) {
  if (draft.operations.empty())
    return fail(Errc::invalid_value, "there is nothing to sign",
                "it stays a draft, or says all of it already");
  WASL_LET(const Edition edition, edition_of(draft.register_number, draft.space, draft.id));
  const auto record = [&](std::string_view id) { return id == draft.id ? &edition.state : nullptr; };
  WASL_LET(const ChangeSet set, sign_by_person(person, under, draft.space, draft.operations, record));
  return set.name;
}

Result<Replica::EditionsAside> Replica::editions_aside(const Register& reg) {
  EditionsAside out;
  const Field* published = published_field(reg);
  if (published == nullptr || !tables_ready_) return out;
  std::map<std::string, std::set<std::string>> editions;  // by space, those that are published
  {
    // By their marks, one of which every edition has: there are few, and records may be many.
    const std::string marks = sql::set_table(reg, *published);
    WASL_LET(
        auto select,
        db_.prepare("SELECT e.space, e.record, EXISTS(SELECT 1 FROM " + marks +
                    " p WHERE p.record = e.record AND p.space = e.space) FROM (SELECT space, record FROM " +
                    marks + " UNION SELECT space, record FROM " +
                    sql::set_table(reg, *edition_of_field(reg)) + ") e"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      RecordPlace place{std::string(select.text(0)), reg.number, std::string(select.text(1))};
      if (select.int64(2) == 0) {
        out.withdrawn.insert(std::move(place));
      } else {
        editions[place.space].insert(place.id);
      }
    }
  }
  if (editions.empty()) return out;
  WASL_LET(auto select, db_.prepare("SELECT space, id FROM " + reg.name));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    const std::string space(select.text(0));
    const std::string id(select.text(1));
    if (out.withdrawn.contains({space, reg.number, id})) continue;
    for (const auto& [outer, ids] : editions) {
      if (outwardness(outer) <= outwardness(space)) continue;
      std::string edition = edition_id(anchor_.network, space, id, outer);
      if (ids.contains(edition)) out.held.insert({outer, reg.number, std::move(edition)});
    }
  }
}

}  // namespace wasl
