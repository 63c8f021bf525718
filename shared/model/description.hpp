#pragma once
// What a register is: its fields, types, merge policies and words. Loaded from schema/registers/*.json and
// checked once; immutable afterwards, shared by every thread.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/model/value.hpp"

namespace wasl {

enum class FieldType : Byte {
  text,
  multilingual,
  code,
  reference,
  money,
  date,
  time,
  point,
  number,
  integer,
  flag,
};
/// Never changes for a field: a field is retired and a new one added.
enum class Policy : Byte { latest, review, authority, set, ledger, set_removal };

/// One text in the five working languages; every one is present.
struct Labels {
  std::string ar, en, fr, es, pt;
};

struct CodeItem {
  std::string code;
  Labels labels;
  bool retired = false;  ///< stays valid for old rows, cannot be chosen for new ones
};

struct Field {
  std::uint32_t number = 0;  ///< fixed, never reused, at least 1 (0 is the record's existence)
  std::string name;          ///< column, or REGISTER_NAME table of a set
  FieldType type = FieldType::text;
  Policy policy = Policy::latest;
  Labels labels;
  bool required = false;  ///< missing: "needs attention", never refused
  bool personal = false;  ///< represented by a commitment
  bool label = false;     ///< rights may be limited by it
  bool retired = false;
  bool publication = false;           ///< a mark of editions: writing it needs the right `publish`
  std::vector<CodeItem> codes;        ///< type code
  std::string target;                 ///< type reference: the register it points to
  std::optional<std::int64_t> least;  ///< integer, number, money
  std::optional<std::int64_t> most;
  std::size_t most_bytes = 0;  ///< text; 0: the general limit
  std::string search;          ///< "", "title" (folded words and trigrams) or "text" (folded words)

  [[nodiscard]] bool is_set() const { return policy == Policy::set || policy == Policy::set_removal; }
  /// A removal beats the additions that its author did not know.
  [[nodiscard]] bool removal_wins() const { return policy == Policy::set_removal; }
  /// Columns in the register's table: none for a set, NAME and NAME_currency for money, else NAME.
  [[nodiscard]] std::vector<std::string> columns() const;
};

/// A rule across fields; broken by merging two good edits, so it is shown and never refused.
struct Rule {
  std::string name;
  std::string before, after;  ///< the first must not be later or larger than the second
  Labels labels;
};

struct Register {
  std::uint32_t number = 0;  ///< fixed, never reused, at least 1 (0 is acts of authority)
  std::string name;
  Labels labels;
  std::string caption;        ///< the field that names a record to a person
  std::string default_space;  ///< "own", "section", "network" or "public"
  std::vector<Field> fields;  ///< by number rising
  std::vector<Rule> rules;
  Hash hash;         ///< of the description's canonical bytes
  std::string text;  ///< the file, as it is published

  [[nodiscard]] const Field* field(std::string_view field_name) const;
  [[nodiscard]] const Field* field(std::uint32_t field_number) const;
  /// Every field has policy `ledger`: inserts only, corrections are reversing entries.
  [[nodiscard]] bool is_ledger() const;
};

class Schema {
 public:
  /// @param files name → text of each description. Errors name file and key.
  static Result<Schema> load(const std::map<std::string, std::string>& files);

  /// The same with a description that comes new, or in the place of one of its number. Errors: invalid_value,
  /// as load(), and when it does more than add.
  [[nodiscard]] Result<Schema> with(const std::string& file, const std::string& text) const;
  /// The same with one that somebody published. What a later version wrote and this one cannot read is noted
  /// by its number. Errors: invalid_value: no version takes it.
  [[nodiscard]] Result<Schema> with_published(const std::string& text) const;
  /// These, and what `own` describes beyond them: for the tables of a program that is ahead of its network.
  [[nodiscard]] Schema joined(const Schema& own) const;

  [[nodiscard]] const std::vector<Register>& registers() const { return registers_; }  ///< by number rising
  [[nodiscard]] const Register* find(std::string_view name) const;
  [[nodiscard]] const Register* find(std::uint32_t number) const;
  /// The number in a description, whatever else it says. Errors: invalid_value.
  static Result<std::uint32_t> number_of(const std::string& file, const std::string& text);
  /// Whether a description of this register is in force that this version cannot read: then whatever follows
  /// from its fields is not known here.
  [[nodiscard]] bool is_unread(std::uint32_t number) const { return unread_.contains(number); }
  /// H over the description hashes by register number.
  [[nodiscard]] const Hash& hash() const { return hash_; }

 private:
  [[nodiscard]] Result<Schema> with(const std::string& file, Register content) const;
  void put(Register content);
  void settle_hash();

  std::vector<Register> registers_;
  std::set<std::uint32_t> unread_;
  Hash hash_;
};

/// The descriptions that this program was built with (schema/ embedded), loaded and checked.
const Schema& built_in_schema();

}  // namespace wasl
