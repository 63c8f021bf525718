#include "server/migration/stored_tables.hpp"

#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

StoredColumn number(const char* name) { return {name}; }
StoredColumn maybe_number(const char* name) { return {name, ColumnKind::number, true}; }
StoredColumn text(const char* name) { return {name, ColumnKind::text}; }
StoredColumn blob(const char* name) { return {name, ColumnKind::blob}; }
StoredColumn maybe_blob(const char* name) { return {name, ColumnKind::blob, true}; }

StoredTable of_logs(const std::string& name, std::size_t key, std::vector<StoredColumn> columns,
                    int page = 1'000) {
  return {"_wasl_" + name, "log_" + name, std::move(columns), key, page};
}
StoredTable of_hub(const std::string& name, std::size_t key, std::vector<StoredColumn> columns,
                   int page = 1'000) {
  return {"hub_" + name, "hub_" + name, std::move(columns), key, page};
}

constexpr int kLargeRows = 16;  // a block is about as large as a frame

StoredTable stand_ins() {
  StoredColumn space = number("space");
  space.joined_in_sqlite = true;
  StoredTable out =
      of_logs("stand_in", 3, {space, number("source"), number("sequence"), blob("name"), number("block")});
  out.sqlite_from =
      "(SELECT s.space AS space, i.source AS source, i.sequence AS sequence, i.name AS name, "
      "i.block AS block FROM _wasl_stand_in i JOIN _wasl_source s ON s.no = i.source)";
  return out;
}

}  // namespace

const std::vector<CopiedTable>& copied_tables() {
  static const std::vector<CopiedTable> tables{
      {of_logs("meta", 1, {text("key"), blob("value")}), TableUse::meta},
      {of_logs("space", 1,
               {number("no"), text("name"), number("size"), number("applied"), number("digested"),
                blob("frontier"), maybe_blob("key"), number("leaf_index"), blob("leaf"), number("as_of"),
                number("proved"), number("authority")})},
      {of_logs("source", 1,
               {number("no"), blob("author"), blob("chain"), maybe_number("space"), number("last"),
                maybe_blob("name"), number("stamp")})},
      {of_logs("opening", 1, {blob("commitment"), blob("salt"), blob("value")}, 100)},
      {of_logs("node", 3, {number("space"), number("level"), number("no"), blob("hash")})},
      {of_logs("block", 2,
               {number("space"), number("no"), number("first"), number("last"), number("raw"), blob("data")},
               kLargeRows),
       TableUse::block},
      {of_logs("entry", 2,
               {number("space"), number("position"), number("kind"), blob("hash"), number("authority"),
                number("time"), maybe_number("source"), maybe_number("sequence"), number("block")}),
       TableUse::entry},
      {stand_ins(), TableUse::stand_in},
      {of_logs("parked", 2, {number("space"), text("id"), blob("state")}, 100)},
      {of_logs("bucket", 2, {number("space"), number("bucket"), blob("hash"), blob("data")}, 100)},
      {of_logs("piece", 2, {number("space"), blob("name"), blob("data")}, kLargeRows)},
      {of_hub("heads_leaf", 1, {number("no"), blob("leaf")}), TableUse::heads_leaf},
      {of_hub("heads_node", 2, {number("level"), number("no"), blob("hash")})},
      {of_hub("conflict", 2, {number("space"), text("id"), number("since")})},
      {of_hub("device", 1,
              {blob("key"), number("counter"), number("last_seen"), maybe_number("equal"), blob("applied"),
               number("wiped")})},
      {of_hub(
          "kept", 1,
          {number("no"), blob("author"), blob("chain"), number("sequence"), number("fork"), blob("name"),
           blob("header"), blob("body"), blob("openings"), maybe_number("run_last"), maybe_blob("signature"),
           number("state"), number("reason"), text("detail"), number("at"), text("space")},
          kLargeRows)}};
  return tables;
}

const StoredTable& block_names() {
  static const StoredTable names = of_logs("block", 2, {number("space"), number("no")}, 10'000);
  return names;
}

Hash hash_of(const StoredRow& row) {
  Writer out;
  for (const StoredValue& value : row) {
    out.varint(value.index());
    if (const auto* number = std::get_if<std::int64_t>(&value)) out.integer(*number);
    if (const auto* text = std::get_if<std::string>(&value)) out.sized(*text);
    if (const auto* blob = std::get_if<Bytes>(&value)) out.sized(*blob);
  }
  return crypto::hash("wasl stored row", out.bytes());
}

std::size_t bytes_of(const StoredRow& row) {
  std::size_t bytes = 0;
  for (const StoredValue& value : row) {
    bytes += sizeof value;
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
    if (const auto* blob = std::get_if<Bytes>(&value)) bytes += blob->size();
  }
  return bytes;
}

}  // namespace wasl
