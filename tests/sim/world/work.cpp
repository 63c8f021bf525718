#include "tests/sim/world/work.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "shared/model/attachment.hpp"

namespace wasl::sim {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string two_digits(std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

}  // namespace

Work::Work(const Schema& schema, Faults& faults, test::Dice& dice, Trace& trace, Survivors& survivors)
    : faults_(faults), dice_(dice), trace_(trace), survivors_(survivors) {
  for (double& weight : weights_)
    weight = dice_.chance(0.8) ? 0.1 + static_cast<double>(dice_.below(100)) / 100 : 0;
  weights_[static_cast<std::size_t>(Kind::insert)] += 0.3;
  weights_[static_cast<std::size_t>(Kind::update)] += 0.5;
  weights_[static_cast<std::size_t>(Kind::bulk)] *= 0.05;
  weights_[static_cast<std::size_t>(Kind::discard)] *= 0.3;
  const auto& registers = schema.registers();
  for (int i = 0; i < 3; ++i) focus_.push_back(registers[dice_.below(registers.size())].name);
}

const Register& Work::any_register(const OfficeMachine& office) {
  const Schema& schema = *office.setting().schema;
  if (dice_.chance(0.75)) {
    if (const Register* reg = schema.find(focus_[dice_.below(focus_.size())])) return *reg;
  }
  return schema.registers()[dice_.below(schema.registers().size())];
}

std::string Work::id_of_any(OfficeMachine& office, const Register& reg) {
  const auto rows = office.rows("SELECT id FROM " + reg.name + " ORDER BY id LIMIT 40");
  return rows.empty() ? std::string() : rows[dice_.below(rows.size())][0];
}

void Work::step(OfficeMachine& office) {
  double at = std::accumulate(weights_.begin(), weights_.end(), 0.0) *
              static_cast<double>(dice_.below(1'000'000)) / 1e6;
  std::size_t kind = 0;
  while (kind + 1 < kKinds && (at -= weights_[kind]) >= 0) ++kind;
  const Register& reg = any_register(office);
  const auto fresh = [&] { return "r" + std::to_string(++ids_) + "-" + std::to_string(dice_.below(1000)); };
  std::vector<Written> all;
  bool through_wasl = false;
  switch (static_cast<Kind>(kind)) {
    case Kind::insert:
      all.push_back(insert(office, reg, "INSERT", fresh()));
      break;
    case Kind::update:
      all.push_back(update(office, reg));
      break;
    case Kind::transaction:
      for (std::uint64_t i = 0, n = 2 + dice_.below(6); i < n; ++i) {
        const Register& other = any_register(office);
        all.push_back(dice_.chance(0.4) ? insert(office, other, "INSERT", fresh()) : update(office, other));
      }
      break;
    case Kind::remove:
      all.push_back(remove(office, reg));
      break;
    case Kind::replace: {
      const std::string id = id_of_any(office, reg);
      all.push_back(insert(office, reg, "INSERT OR REPLACE", id.empty() ? fresh() : id));
      break;
    }
    case Kind::set_add:
      all.push_back(change_set_field(office, reg, true));
      break;
    case Kind::set_remove:
      all.push_back(change_set_field(office, reg, false));
      break;
    case Kind::clear:
      all.push_back(clear(office, reg));
      break;
    case Kind::bulk:
      for (std::uint64_t i = 0, n = 30 + dice_.below(100); i < n; ++i)
        all.push_back(insert(office, reg, "INSERT", fresh()));
      break;
    case Kind::resolve:
      return resolve(office);
    case Kind::discard:
      return discard(office);
    case Kind::write:
      through_wasl = true;
      all.push_back(dice_.chance(0.3) ? insert(office, reg, "INSERT", fresh()) : update(office, reg));
      break;
  }
  run(office, all, through_wasl);
}

std::string Work::literal(OfficeMachine& office, const Field& field, std::string& token) {
  const auto number = [&](std::int64_t least, std::int64_t most) {
    return std::to_string(
        least + static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(most - least) + 1)));
  };
  const auto text = [&] {
    token = survivors_.token();
    std::string whole = token;
    const bool may_be_long = field.most_bytes == 0 || field.most_bytes > 10'000;
    if (may_be_long && dice_.chance(0.02)) whole += std::string(4'000 + dice_.below(5'000), 'x');
    return whole;
  };
  const std::string day = "20" + two_digits(20 + dice_.below(10)) + "-" + two_digits(1 + dice_.below(12)) +
                          "-" + two_digits(1 + dice_.below(28));
  if (field.type ==
      kAttachmentField) {  // merged like any value; its bytes travel beside the sessions told here
    Attachment file{text().substr(0, 40) + ".pdf", "application/pdf", dice_.below(1'000'000), {}};
    file.root.bytes.fill(static_cast<Byte>(dice_.below(256)));
    return quoted(file.to_json());
  }
  switch (field.type) {
    case FieldType::text:
      return quoted(text());
    case FieldType::multilingual: {
      if (dice_.chance(0.5)) return quoted(text());
      constexpr std::array<const char*, 5> kTags = {"ar", "en", "fr", "es", "pt"};
      return quoted("{\"" + std::string(kTags[dice_.below(5)]) + "\":\"" + text() + "\"}");
    }
    case FieldType::code:
      return quoted(field.codes[dice_.below(field.codes.size())].code);
    case FieldType::reference: {
      const Register* target = office.setting().schema->find(field.target);
      const std::string id = target == nullptr ? std::string() : id_of_any(office, *target);
      return quoted(id.empty() || dice_.chance(0.1) ? "not-here-" + number(1, 20) : id);
    }
    case FieldType::money:
      return number(std::max<std::int64_t>(0, field.least.value_or(0)), 1'000'000);
    case FieldType::date:
      return quoted(day);
    case FieldType::time:
      return quoted(day + "T" + two_digits(dice_.below(24)) + ":00:00Z");
    case FieldType::point:
      return quoted(number(-80, 80) + ".5," + number(-170, 170) + ".25");
    case FieldType::number:
      return number(field.least.value_or(0), field.most.value_or(1000));
    case FieldType::integer:
      return number(field.least.value_or(0), field.most.value_or(3000));
    case FieldType::flag:
      return dice_.chance(0.5) ? "1" : "0";
  }
  return "NULL";
}

std::string Work::space_clause(OfficeMachine&, const Register& reg) {
  if (faults_.strikes(Fault::unauthorised_write, dice_, 0.2)) {
    constexpr std::array<const char*, 3> kForeign = {"association/nobody", "section/elsewhere", "authority"};
    return kForeign[dice_.below(3)];
  }
  if (dice_.chance(0.85)) return {};
  return reg.default_space == "network" ? "public" : "network";
}

Work::Written Work::insert(OfficeMachine& office, const Register& reg, const std::string& verb,
                           const std::string& id) {
  Written out;
  std::string columns = "id";
  std::string values = quoted(id);
  if (const std::string space = verb == "INSERT" ? space_clause(office, reg) : std::string();
      !space.empty()) {
    columns += ",space";
    values += "," + quoted(space);
  }
  for (const Field& field : reg.fields) {
    if (field.is_set() || field.retired || !dice_.chance(0.35)) continue;
    std::string token;
    const std::string value = literal(office, field, token);
    columns += "," + field.name;
    values += "," + value;
    if (field.type == FieldType::money) {
      columns += "," + field.name + "_currency";
      values += dice_.chance(0.5) ? ",'XOF'" : ",'EUR'";
    }
    if (!token.empty()) out.tokens.push_back({{office.setting().name, reg.name, id, field.name}, token});
  }
  if (verb != "INSERT") out.deleted.push_back({office.setting().name, reg.name, id, ""});
  out.sql = verb + " INTO " + reg.name + "(" + columns + ") VALUES(" + values + ")";
  return out;
}

Work::Written Work::update(OfficeMachine& office, const Register& reg) {
  Written out;
  const std::string id = id_of_any(office, reg);
  std::vector<const Field*> fields;
  for (const Field& field : reg.fields) {
    if (!field.is_set() && !field.retired && field.type != FieldType::money) fields.push_back(&field);
  }
  if (id.empty() || fields.empty()) return out;
  const Field& field = *fields[dice_.below(fields.size())];
  std::string token;
  const std::string value = literal(office, field, token);
  out.sql = "UPDATE " + reg.name + " SET " + field.name + "=" + value + " WHERE id=" + quoted(id);
  if (!token.empty()) out.tokens.push_back({{office.setting().name, reg.name, id, field.name}, token});
  return out;
}

Work::Written Work::remove(OfficeMachine& office, const Register& reg) {
  Written out;
  const std::string id = id_of_any(office, reg);
  if (id.empty()) return out;
  out.sql = "DELETE FROM " + reg.name + " WHERE id=" + quoted(id);
  out.deleted.push_back({office.setting().name, reg.name, id, ""});
  return out;
}

Work::Written Work::clear(OfficeMachine& office, const Register& reg) {
  Written out = update(office, reg);
  const auto equals = out.sql.find('=');
  const auto where = out.sql.rfind(" WHERE ");
  if (equals == std::string::npos) return out;
  out.sql = out.sql.substr(0, equals + 1) + "NULL" + out.sql.substr(where);
  for (const auto& [place, token] : std::exchange(out.tokens, {})) out.deleted.push_back(place);
  return out;
}

Work::Written Work::change_set_field(OfficeMachine& office, const Register& reg, bool add) {
  Written out;
  std::vector<const Field*> sets;
  for (const Field& field : reg.fields) {
    if (field.is_set() && !field.retired) sets.push_back(&field);
  }
  const std::string id = id_of_any(office, reg);
  if (sets.empty() || id.empty()) return out;
  const Field& field = *sets[dice_.below(sets.size())];
  const std::string table = reg.name + "_" + field.name;
  if (add) {
    std::string token;
    const std::string value = literal(office, field, token);
    out.sql = "INSERT OR IGNORE INTO " + table + "(record,value) VALUES(" + quoted(id) + "," + value + ")";
    if (!token.empty())
      out.tokens.push_back({{office.setting().name, reg.name, id, field.name + token}, token});
  } else {
    const auto rows = office.rows("SELECT record, value FROM " + table + " ORDER BY record, value LIMIT 20");
    if (rows.empty()) return out;
    const auto& row = rows[dice_.below(rows.size())];
    out.sql = "DELETE FROM " + table + " WHERE record=" + quoted(row[0]) + " AND value=" + quoted(row[1]);
    out.deleted.push_back({office.setting().name, reg.name, row[0], field.name + row[1]});
  }
  return out;
}

void Work::complete(OfficeMachine& office, const Register& reg, const std::string& id) {
  std::vector<Written> all;
  for (const Field& field : reg.fields) {
    if (!field.required || field.retired || field.is_set() || field.type == FieldType::money) continue;
    const std::string where = " WHERE id=" + quoted(id);
    if (office.rows("SELECT 1 FROM " + reg.name + where + " AND " + field.name + " IS NULL").empty())
      continue;
    Written one;
    std::string token;
    one.sql = "UPDATE " + reg.name + " SET " + field.name + "=" + literal(office, field, token) + where;
    if (!token.empty()) one.tokens.push_back({{office.setting().name, reg.name, id, field.name}, token});
    all.push_back(std::move(one));
  }
  run(office, all, false);
}

/// In a damaged file a statement may find no row under the id that it names, and succeed.
bool Work::stands(OfficeMachine& office, const Survivors::Place& place, const std::string& token) {
  const bool in_list = place.field.ends_with(token);
  const std::string column = in_list ? place.register_name + "_" +
                                           place.field.substr(0, place.field.size() - token.size()) +
                                           " WHERE value"
                                     : place.register_name + " WHERE " + place.field;
  return !office.rows("SELECT 1 FROM " + column + " LIKE '%" + token + "%'").empty();
}

void Work::run(OfficeMachine& office, const std::vector<Written>& all, bool through_wasl) {
  std::string sql;
  for (const Written& one : all) {
    if (!one.sql.empty()) sql += one.sql + ";";
  }
  if (sql.empty()) return;
  bool done = false;
  const std::uint64_t failed = office.disk().failed();
  if (through_wasl) {
    const auto status = office.act(
        [&](Replica& replica) { return replica.write([&](Database& db) { return db.exec(sql); }); });
    trace_.note(office.setting().name, "write: " + sql.substr(0, 200));
    done = status && *status;
  } else {
    done = office.tool(all.size() > 1 ? "BEGIN;" + sql + "COMMIT" : sql);
  }
  // A commit that met a failing disk, or the machine's end, may be found when the file is opened again: what
  // it wrote over is in doubt.
  const bool in_doubt = !done && (office.disk().failed() != failed || !office.is_running());
  for (const Written& one : all) {
    if (!done && !in_doubt) break;
    for (const Survivors::Place& gone : one.deleted) survivors_.deleted(gone, gone.field.empty());
    if (!in_doubt) continue;
    for (const auto& [place, token] : one.tokens) survivors_.deleted(place, false);
  }
  if (!done) {
    ++refused_;
    return;
  }
  ++saved_;
  for (const Written& one : all) {
    for (const auto& [place, token] : one.tokens) {
      if (!office.may_be_corrupt || stands(office, place, token)) survivors_.saved(place, token);
    }
  }
  if (through_wasl && !office.has_notes()) survivors_.sealed(office.setting().name);
}

void Work::resolve(OfficeMachine& office) {
  const auto done = office.act([&](Replica& replica) -> Status {
    WASL_LET(const auto conflicts, replica.conflicts());
    if (conflicts.empty()) return fail(Errc::not_found, "there is no conflict");  // nothing was sealed
    const Conflict& one = conflicts[dice_.below(conflicts.size())];
    Replica::Resolution resolution;
    resolution.register_name = one.register_name;
    resolution.id = one.id;
    resolution.field = one.field;
    resolution.key = one.key;
    resolution.space = one.space;
    resolution.take = dice_.below(one.values.size());
    trace_.note(office.setting().name, "resolve " + one.register_name + " " + one.id + " " + one.field);
    return replica.resolve(resolution);
  });
  if (done && !*done) trace_.note(office.setting().name, "not resolved: " + done->error().message);
}

void Work::discard(OfficeMachine& office) {
  std::set<std::string> tokens;
  const auto done = office.act([&](Replica& replica) -> Status {
    WASL_LET(auto select,
             replica.database().prepare("SELECT hash, body, openings FROM _wasl_pending WHERE state IN "
                                        "(0, 1, 2) ORDER BY no LIMIT 20"));
    std::vector<std::pair<Hash, std::string>> pending;
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      pending.emplace_back(*Hash::from(select.blob(0)), to_text(select.blob(1)) + to_text(select.blob(2)));
    }
    select.reset();
    if (pending.empty()) return fail(Errc::not_found, "nothing waits");  // nothing was sealed
    const auto& [name, bytes] = pending[dice_.below(pending.size())];
    find_tokens(bytes, tokens);
    // Discarded or in doubt: a person gave it up.
    survivors_.discarded(tokens);
    trace_.note(office.setting().name, "discard " + to_hex(name.view()).substr(0, 8));
    return replica.discard(name);
  });
  if (done && !*done) trace_.note(office.setting().name, "not discarded: " + done->error().message);
}

}  // namespace wasl::sim
