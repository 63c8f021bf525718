// What needs attention: never refused at writing, because a draft may be unfinished and two good edits may
// break a rule together.
#include "client/replica/attention.hpp"

#include "client/replica/replica.hpp"

namespace wasl {

std::string broken_condition(const Register& reg, const Rule& rule) {
  const Field* field = reg.field(rule.before);
  if (field != nullptr && field->type == FieldType::time) {
    return "julianday(" + rule.before + ") > julianday(" + rule.after + ")";
  }
  std::string condition = rule.before + " > " + rule.after;
  if (field != nullptr && field->type == FieldType::money) {
    condition += " AND " + rule.before + "_currency = " + rule.after + "_currency";
  }
  return condition;
}

Result<std::vector<AttentionItem>> Replica::attention() {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_, Transaction::Kind::deferred));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_TRY(follow_tables());
  std::vector<AttentionItem> out;
  if (!tables_ready_) return out;  // joined, and the network is not known yet
  const auto collect = [&](const Register& reg, const std::string& condition, std::string_view kind,
                           const std::string& words) -> Status {
    WASL_LET(auto select,
             db_.prepare("SELECT space, id FROM " + reg.name + " WHERE " + condition + " ORDER BY rowid"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) return {};
      out.push_back(
          {reg.name, std::string(select.text(0)), std::string(select.text(1)), std::string(kind), words});
    }
  };
  for (const Register& reg : schema_->registers()) {
    for (const Field& field : reg.fields) {
      if (!field.required || field.retired) continue;
      const std::size_t before = out.size();
      WASL_TRY(collect(reg, field.name + " IS NULL", "missing", field.name + " is missing"));
      if (field.personal) WASL_TRY(forgive_erased(out, before));
    }
    for (const Rule& rule : reg.rules) {
      WASL_TRY(collect(reg, broken_condition(reg, rule), "rule",
                       rule.labels.en + ": " + rule.before + " is after " + rule.after));
    }
  }
  struct Place {
    std::string space, id;
    std::uint32_t number;
  };
  std::vector<Place> places;
  {
    WASL_LET(auto select,
             db_.prepare("SELECT s.name, r.id, r.register FROM _wasl_revived r JOIN _wasl_space s ON "
                         "s.no = r.space ORDER BY s.name, r.register, r.id"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      places.push_back({std::string(select.text(0)), std::string(select.text(1)),
                        static_cast<std::uint32_t>(select.int64(2))});
    }
  }
  for (const Place& place : places) {
    const Register* reg = schema_->find(place.number);
    if (reg == nullptr) continue;
    WASL_LET(const LoadedRecord loaded, records_.load(place.number, place.space, place.id));
    RecordState room;
    if (!loaded.record.shown(room).is_revived()) continue;
    out.push_back({reg->name, place.space, place.id, "revived",
                   "somebody deleted it while somebody else edited it; the edit brought it back"});
  }
  WASL_TRY(add_left_behind(out));
  return out;
}

}  // namespace wasl
