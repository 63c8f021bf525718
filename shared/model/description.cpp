#include "shared/model/description.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "schema/embedded.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/model/description_reader.hpp"

namespace wasl {

std::vector<std::string> Field::columns() const {
  if (is_set()) return {};
  if (type == FieldType::money) return {name, name + "_currency"};
  return {name};
}

const Field* Register::field(std::string_view field_name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == field_name; });
  return found == fields.end() ? nullptr : &*found;
}

const Field* Register::field(std::uint32_t field_number) const {
  const auto found = std::lower_bound(fields.begin(), fields.end(), field_number,
                                      [](const Field& f, std::uint32_t n) { return f.number < n; });
  return found == fields.end() || found->number != field_number ? nullptr : &*found;
}

bool Register::is_ledger() const {
  return std::all_of(fields.begin(), fields.end(), [](const Field& f) { return f.policy == Policy::ledger; });
}

const Register* Schema::find(std::string_view name) const {
  const auto found =
      std::find_if(registers_.begin(), registers_.end(), [&](const Register& r) { return r.name == name; });
  return found == registers_.end() ? nullptr : &*found;
}

const Register* Schema::find(std::uint32_t number) const {
  const auto found = std::lower_bound(registers_.begin(), registers_.end(), number,
                                      [](const Register& r, std::uint32_t n) { return r.number < n; });
  return found == registers_.end() || found->number != number ? nullptr : &*found;
}

Result<Schema> Schema::load(const std::map<std::string, std::string>& files) {
  std::vector<ReadDescription> all;
  for (const auto& [file, text] : files) {
    WASL_LET(Register content, read_description(file, text));
    all.push_back({file, std::move(content)});
  }
  WASL_TRY(check_descriptions(all));
  Schema out;
  for (ReadDescription& one : all) {
    one.content.hash = description_hash(one.content);
    out.registers_.push_back(std::move(one.content));
  }
  std::sort(out.registers_.begin(), out.registers_.end(),
            [](const Register& a, const Register& b) { return a.number < b.number; });
  out.hash_ = schema_hash(out.registers_);
  return out;
}

Result<std::uint32_t> Schema::number_of(const std::string& file, const std::string& text) {
  return number_of_description(file, text);
}

void Schema::put(Register content) {
  unread_.erase(content.number);
  std::erase_if(registers_, [&](const Register& one) { return one.number == content.number; });
  const auto place = std::upper_bound(registers_.begin(), registers_.end(), content.number,
                                      [](std::uint32_t n, const Register& r) { return n < r.number; });
  registers_.insert(place, std::move(content));
  settle_hash();
}

/// With something unread it is nobody's hash: no change set counts as written under what is known here.
void Schema::settle_hash() {
  hash_ = schema_hash(registers_);
  for (const std::uint32_t number : unread_)
    hash_ = crypto::hash("wasl.1/schema", {hash_.view(), view(std::to_string(number))});
}

Result<Schema> Schema::with(const std::string& file, const std::string& text) const {
  WASL_LET(Register content, read_description(file, text));
  return with(file, std::move(content));
}

Result<Schema> Schema::with(const std::string& file, Register content) const {
  std::vector<ReadDescription> all{{file, content}};
  for (const Register& one : registers_) {
    if (one.number != content.number) all.push_back({one.name + ".json", one});
  }
  WASL_TRY(check_descriptions(all, false));  // they come one by one
  if (const Register* before = find(content.number)) WASL_TRY(check_addition(file, *before, content));
  content.hash = description_hash(content);
  Schema out = *this;
  out.put(std::move(content));
  return out;
}

Result<Schema> Schema::with_published(const std::string& text) const {
  const std::string file = "the description";
  if (auto content = read_description(file, text)) return with(file, *std::move(content));
  WASL_LET(const std::uint32_t number, number_of_description(file, text));
  Schema out = *this;
  out.unread_.insert(number);
  out.settle_hash();
  return out;
}

Schema Schema::joined(const Schema& own) const {
  Schema out = *this;
  for (const Register& one : own.registers_) {
    const Register* here = out.find(one.number);
    if (here != nullptr && (here->hash == one.hash || !check_addition(one.name, *here, one))) continue;
    std::vector<ReadDescription> all{{one.name, one}};
    for (const Register& other : out.registers_) {
      if (other.number != one.number) all.push_back({other.name, other});
    }
    if (check_descriptions(all, false)) out.put(one);
  }
  return out;
}

const Schema& built_in_schema() {
  static const Schema schema = [] {
    auto loaded = Schema::load(embedded_descriptions());
    if (!loaded) {  // the unit tests load these files, so a program that was tested never comes here
      std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
      std::abort();
    }
    return *std::move(loaded);
  }();
  return schema;
}

}  // namespace wasl
