#include "client/search/search_index.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "client/documents/reading.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/text/folding.hpp"

namespace wasl {
namespace {

// Every character but spaces: what makes a word is decided by folding alone, before.
constexpr std::string_view kTables = R"sql(
CREATE TABLE IF NOT EXISTS record(no INTEGER PRIMARY KEY, register TEXT NOT NULL, space TEXT NOT NULL,
  id TEXT NOT NULL, hash INTEGER NOT NULL, UNIQUE(register, space, id));
CREATE VIRTUAL TABLE IF NOT EXISTS word USING fts5(title, body,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'");
)sql";

struct Texts {
  std::string title, body;
  std::vector<Attachment> files;  ///< that say more
};

void add_text(std::string& out, std::string_view text) {
  if (!out.empty()) out += '\n';
  out += text;
}

/// All languages of a column, one after the other.
std::string plain_text(std::string_view column) {
  if (column.empty() || column.front() != '{') return std::string(column);
  const auto json = nlohmann::json::parse(column, nullptr, false);
  if (!json.is_object()) return std::string(column);
  std::string out;
  for (const auto& [tag, text] : json.items()) {
    if (text.is_string()) add_text(out, text.get<std::string>());
  }
  return out;
}

std::string names_of(const std::vector<Attachment>& files) {
  std::string out;
  for (const Attachment& file : files) out += to_hex(file.root.view());
  return out;
}

std::int64_t hash_of(const Texts& texts) {
  const Hash hash =
      crypto::hash("wasl.1/search", {view(texts.title), ByteView(), view("\n\n"), view(texts.body),
                                     view("\n\n"), view(names_of(texts.files))});
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | hash.bytes[i];
  return static_cast<std::int64_t>(number >> 1);
}

struct Indexed {
  std::int64_t no = 0;
  std::int64_t hash = 0;
  bool seen = false;
};
using Known = std::map<std::tuple<std::string, std::string, std::string>, Indexed>;

Result<Known> read_known(Database& db) {
  Known known;
  WASL_LET(auto select, db.prepare("SELECT register, space, id, no, hash FROM record"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return known;
    known[{std::string(select.text(0)), std::string(select.text(1)), std::string(select.text(2))}] = {
        select.int64(3), select.int64(4), false};
  }
}

Status forget_words(Database& db, std::int64_t no) {
  WASL_LET(auto erase, db.prepare("DELETE FROM word WHERE rowid = ?"));
  erase.bind_all(no);
  return erase.run();
}

Status write_words(Database& db, std::int64_t no, const Texts& texts) {
  WASL_LET(auto insert, db.prepare("INSERT INTO word(rowid, title, body) VALUES(?, ?, ?)"));
  insert.bind_all(no, text::fold_words(texts.title), text::fold_words(texts.body));
  return insert.run();
}

/// Of a field of files: the text beside it, or the file itself where it is one.
Result<std::optional<Attachment>> text_file(FileTexts* files, const std::string& space,
                                            std::string_view beside, std::string_view file) {
  for (const std::string_view json : {beside, file}) {
    const auto attachment = parse_attachment(json);
    if (files == nullptr || !attachment || !is_text_type(attachment->type)) continue;
    WASL_LET(const auto here, files->text(space, *attachment, false));
    if (here) return std::optional(*attachment);
  }
  return std::optional<Attachment>();
}

/// The columns of a register that are searched.
struct Columns {
  std::vector<const Field*> texts;
  std::size_t files = 0;  ///< pairs of columns behind those: the text beside a file, and the file
  std::string names;
};

Columns columns_of(const Register& reg) {
  Columns out;
  for (const Field& field : reg.fields) {
    if (field.search.empty() || field.is_set()) continue;
    out.texts.push_back(&field);
    out.names += ", " + field.name;
  }
  for (const Field& field : reg.fields) {
    const Field* const beside = field.type == kAttachmentField ? text_field(reg, field) : nullptr;
    if (beside == nullptr || field.retired) continue;
    ++out.files;
    out.names += ", " + beside->name + ", " + field.name;
  }
  return out;
}

Status update_register(Database& db, Database& replica, const Register& reg, FileTexts* files, Known& known) {
  const auto [fields, file_columns, names] = columns_of(reg);
  if (names.empty()) return {};
  WASL_LET(auto select, replica.prepare("SELECT space, id" + names + " FROM " + reg.name));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return {};
    Texts texts;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const int column = static_cast<int>(i) + 2;
      if (select.is_null(column)) continue;
      add_text(fields[i]->search == "title" ? texts.title : texts.body, plain_text(select.text(column)));
    }
    const std::string space(select.text(0));
    for (std::size_t i = 0; i < file_columns; ++i) {
      const int column = static_cast<int>(fields.size() + 2 * i) + 2;
      WASL_LET(auto file, text_file(files, space, select.text(column), select.text(column + 1)));
      if (file) texts.files.push_back(*std::move(file));
    }
    const std::int64_t hash = hash_of(texts);
    Indexed& indexed = known[{reg.name, std::string(select.text(0)), std::string(select.text(1))}];
    indexed.seen = true;
    if (indexed.no != 0 && indexed.hash == hash) continue;
    if (indexed.no != 0) {
      WASL_TRY(forget_words(db, indexed.no));
      WASL_LET(auto update, db.prepare("UPDATE record SET hash = ? WHERE no = ?"));
      update.bind_all(hash, indexed.no);
      WASL_TRY(update.run());
    } else {
      WASL_LET(auto insert, db.prepare("INSERT INTO record(register, space, id, hash) VALUES(?, ?, ?, ?)"));
      insert.bind_all(reg.name, select.text(0), select.text(1), hash);
      WASL_TRY(insert.run());
      indexed.no = db.last_insert_id();
    }
    indexed.hash = hash;
    for (const Attachment& file : texts.files) {
      WASL_LET(const auto text, files->text(space, file, true));
      if (text) add_text(texts.body, *text);
    }
    WASL_TRY(write_words(db, indexed.no, texts));
  }
}

}  // namespace

Result<SearchIndex> SearchIndex::open(const std::filesystem::path& folder) {
  OpenOptions options;
  options.path = folder / "search.db";
  options.create = true;
  const auto attempt = [&]() -> Result<SearchIndex> {
    WASL_LET(Database database, Database::open(options));
    WASL_TRY(database.exec(kTables));
    return SearchIndex(std::move(database));
  };
  auto opened = attempt();
  if (opened || opened.error().code != Errc::corrupt) return opened;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;  // what cannot be removed is reported by the next attempt
    std::filesystem::remove(options.path.string() + suffix, ignored);
  }
  return attempt();
}

Status SearchIndex::update(Database& replica, const Schema& schema, FileTexts* files) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_LET(Known known, read_known(db_));
  for (const Register& reg : schema.registers()) WASL_TRY(update_register(db_, replica, reg, files, known));
  for (const auto& [place, indexed] : known) {
    if (indexed.seen) continue;
    WASL_TRY(forget_words(db_, indexed.no));
    WASL_LET(auto erase, db_.prepare("DELETE FROM record WHERE no = ?"));
    erase.bind_all(indexed.no);
    WASL_TRY(erase.run());
  }
  return transaction.commit();
}

Result<std::vector<SearchHit>> SearchIndex::find(std::string_view text, std::size_t most) {
  std::vector<SearchHit> hits;
  const std::string query = text::search_query(text);
  if (query.empty()) return hits;
  WASL_LET(auto select,
           db_.prepare("SELECT r.register, r.space, r.id FROM word JOIN record r ON r.no = word.rowid "
                       "WHERE word MATCH ? ORDER BY bm25(word, 4.0, 1.0), r.no LIMIT ?"));
  select.bind_all(query, most);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return hits;
    hits.push_back({std::string(select.text(0)), std::string(select.text(1)), std::string(select.text(2))});
  }
}

}  // namespace wasl
