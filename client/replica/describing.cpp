// Tables and triggers follow the register descriptions in force. What came while nobody here knew its field
// or register was carried in the records' clocks, and is shown from now on.
#include <algorithm>

#include "client/replica/objects.hpp"
#include "client/replica/replica.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl {
namespace {

constexpr std::string_view kHashName = "descriptions";
constexpr std::string_view kTextsName = "texts of descriptions";
constexpr std::size_t kTextMost = 1 << 20;
constexpr std::size_t kRegistersMost = 4096;

Hash sum_of(ByteView texts) { return crypto::hash("wasl/1 texts", texts); }

/// The texts, and their sum: one that cannot be read is either damaged or newer than this program.
Bytes pack_texts(const Schema& schema) {
  Writer out;
  out.varint(schema.registers().size());
  for (const Register& reg : schema.registers()) out.sized(reg.text);
  Bytes packed = out.take();
  const Hash sum = sum_of(packed);
  packed.insert(packed.end(), sum.bytes.begin(), sum.bytes.end());
  return packed;
}

Result<Schema> unpack_texts(ByteView packed) {
  Reader in(packed);
  std::vector<std::string> texts;
  const auto count = in.count(kRegistersMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) texts.push_back(in.text(kTextMost));
  if (!in.finished()) {  // without a sum an older program wrote them
    const bool has_sum = packed.size() > Hash::kSize;
    const ByteView summed = packed.first(has_sum ? packed.size() - Hash::kSize : 0);
    if (!has_sum || in.fixed<Hash>() != sum_of(summed) || !in.finished())
      return fail(Errc::corrupt, "replica.db: the descriptions of its tables are damaged");
  }
  Schema schema;
  for (const std::string& text : texts) {
    auto next = schema.with("replica.db", text);
    if (!next) {
      return fail(Errc::unsupported,
                  "the tables of replica.db follow a description that this version cannot read",
                  "update the program; nothing is lost");
    }
    schema = *std::move(next);
  }
  return schema;
}

bool has_table(const Objects& objects, const std::string& name) { return objects.contains({"table", name}); }
bool has_trigger(const Objects& objects, const sql::Statement& wanted) {
  const auto found = objects.find({"trigger", wanted.name});
  return found != objects.end() && found->second == wanted.sql;
}

}  // namespace

void Replica::use(Schema schema) {
  // Records that are loaded point into the one before: all live as long as the replica.
  schema_ = described_.emplace_back(std::make_unique<const Schema>(std::move(schema))).get();
  records_.use(*schema_);
}

/// Another program of this office may have remade the tables.
Status Replica::follow_tables() {
  WASL_LET(const auto hash, store_.meta(kHashName));
  if (!hash || Hash::from(*hash) == schema_->hash()) return {};
  WASL_LET(const auto texts, store_.meta(kTextsName));
  if (!texts) return fail(Errc::corrupt, "replica.db: the descriptions of its tables are missing");
  WASL_LET(Schema schema, unpack_texts(*texts));
  use(std::move(schema));
  return {};
}

struct Replica::Wanted {
  Schema schema;
  std::vector<sql::Statement> tables, triggers;

  [[nodiscard]] bool stands_in(const Objects& objects) const {
    return std::ranges::all_of(tables, [&](const auto& one) { return has_table(objects, one.name); }) &&
           std::ranges::all_of(triggers, [&](const auto& one) { return has_trigger(objects, one); });
  }
};

Replica::Wanted Replica::wanted_here() const {
  // What is published comes first; tables only grow, and a program ahead of its network has its own as well.
  const auto published = authority_.newest_schema();
  Wanted out{published != nullptr ? published->joined(*schema_).joined(*ports_.schema)
                                  : schema_->joined(*ports_.schema),
             {},
             {}};
  for (const Register& reg : out.schema.registers()) {
    std::string space = reg.default_space;
    if (space == "own") space = authority_.own_space(anchor_.organisation);
    if (space == "section") space = authority_.section_space(anchor_.organisation);
    for (auto& one : sql::table_statements(reg, space)) out.tables.push_back(std::move(one));
    for (auto& one : sql::trigger_statements(reg, space)) out.triggers.push_back(std::move(one));
  }
  return out;
}

Status Replica::prepare_tables() {
  if (authority_.organisation(anchor_.organisation) == nullptr) return {};
  WASL_TRY(follow_tables());
  Wanted wanted = wanted_here();
  WASL_LET(const Objects objects, objects_of(db_));
  WASL_LET(const auto hash, store_.meta(kHashName));
  tables_ready_ = hash && Hash::from(*hash) == wanted.schema.hash() && wanted.stands_in(objects);
  described_by_ = authority_.newest_schema();
  if (!tables_ready_) return remake_tables();
  if (described_by_ != nullptr) use(std::move(wanted.schema));  // its words may be newer
  return {};
}

/// In one transaction: between a new column and what is shown in it a program's row would be taken for an
/// edit that empties it.
Status Replica::remake_tables() {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(follow_tables());
  Wanted wanted = wanted_here();
  WASL_LET(const Objects objects, objects_of(db_));
  std::map<std::uint32_t, std::set<std::uint32_t>> fresh;  // fields without a column or table yet
  std::set<std::uint32_t> born;
  for (const Register& reg : wanted.schema.registers()) {
    if (!has_table(objects, reg.name)) {
      born.insert(reg.number);
      continue;
    }
    WASL_LET(const auto columns, columns_in(db_, reg.name));
    for (const Field& field : reg.fields) {
      const bool there = field.is_set() ? has_table(objects, sql::set_table(reg, field))
                                        : columns.contains(field.columns().front());
      if (there) continue;
      fresh[reg.number].insert(field.number);
      for (const sql::Statement& column : sql::column_statements(reg, field)) WASL_TRY(db_.exec(column.sql));
    }
  }
  for (const auto& one : wanted.tables) {
    if (!has_table(objects, one.name)) WASL_TRY(db_.exec(one.sql));
  }
  for (const auto& one : wanted.triggers) {
    if (has_trigger(objects, one)) continue;
    WASL_TRY(db_.exec("DROP TRIGGER IF EXISTS " + one.name));
    WASL_TRY(db_.exec(one.sql));
  }
  WASL_TRY(store_.set_meta(kHashName, wanted.schema.hash().view()));
  WASL_TRY(store_.set_meta(kTextsName, pack_texts(wanted.schema)));
  use(std::move(wanted.schema));
  for (const auto& [number, fields] : fresh) WASL_TRY(records_.show_fields(*schema_->find(number), fields));
  for (const std::uint32_t number : born)
    WASL_TRY(records_.show_hidden(*schema_->find(number), ports_.clock->now()));
  WASL_TRY(transaction.commit());
  tables_ready_ = true;
  return {};
}

}  // namespace wasl
