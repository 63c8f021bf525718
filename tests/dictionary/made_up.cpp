#include "tests/dictionary/made_up.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <sstream>

#include "shared/model/attachment.hpp"

namespace wasl::training {
namespace {

constexpr std::array<const char*, 5> kLanguages{"ar", "en", "fr", "es", "pt"};
constexpr std::array<const char*, 8> kCurrencies{"EUR", "USD", "XOF", "MAD", "BRL", "KES", "TRY", "MXN"};
constexpr std::array<const char*, 12> kCountries{"MA", "SN", "FR", "ES", "BR", "NL",
                                                 "ZA", "KE", "IN", "CA", "MX", "TR"};

void add_words(std::set<std::string>& to, const std::string& label) {
  std::istringstream in(label);
  for (std::string word; in >> word;) to.insert(word);
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

/// Those that a plain INSERT of an office may fill.
bool is_written(const Field& field) {
  return !field.is_set() && !field.retired && !field.publication && field.type != kAttachmentField;
}

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 96> room{};
  std::snprintf(room.data(), room.size(), format, values...);
  return room.data();
}

}  // namespace

Vocabulary words_of(const Schema& schema) {
  std::array<std::set<std::string>, kLanguages.size()> found;
  const auto add = [&](const Labels& labels) {
    const std::array<const std::string*, kLanguages.size()> all{&labels.ar, &labels.en, &labels.fr,
                                                                &labels.es, &labels.pt};
    for (std::size_t i = 0; i < all.size(); ++i) add_words(found[i], *all[i]);
  };
  for (const Register& reg : schema.registers()) {
    add(reg.labels);
    for (const Field& field : reg.fields) {
      add(field.labels);
      for (const CodeItem& code : field.codes) add(code.labels);
    }
    for (const Rule& rule : reg.rules) add(rule.labels);
  }
  Vocabulary out;
  for (const auto& one : found) out.emplace_back(one.begin(), one.end());
  return out;
}

Vocabulary other_words() {
  return {{"ماء", "طريق", "مدرسة", "حي", "سوق", "جسر", "قرية", "مطر", "حصاد", "نهر", "شارع", "مصنع"},
          {"water", "road", "school", "bridge", "harvest", "village", "rain", "clinic", "street", "river",
           "well", "youth"},
          {"eau", "route", "école", "pont", "récolte", "village", "pluie", "rue", "fleuve", "puits", "marché",
           "jeunes"},
          {"agua", "camino", "escuela", "puente", "cosecha", "aldea", "lluvia", "calle", "río", "pozo",
           "mercado", "salud"},
          {"água", "estrada", "escola", "ponte", "colheita", "aldeia", "chuva", "rua", "rio", "poço", "feira",
           "saúde"}};
}

std::uint64_t MadeUp::next() {  // splitmix64
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
  return z ^ z >> 31;
}

std::string MadeUp::text(std::size_t most_words) {
  const auto& words = words_[below(words_.size())];
  std::string out;
  for (std::size_t left = 1 + below(most_words); left > 0; --left)
    out += (out.empty() ? "" : " ") + words[below(words.size())];
  return out;
}

std::string MadeUp::in_languages(std::size_t most_words) {
  if (below(3) > 0) return text(most_words);
  std::string out;
  for (std::size_t i = 0; i < kLanguages.size(); ++i) {
    if (below(2) == 0) continue;
    std::string words;
    for (std::size_t left = 1 + below(most_words); left > 0; --left)
      words += (words.empty() ? "" : " ") + words_[i][below(words_[i].size())];
    words.erase(std::remove(words.begin(), words.end(), '"'), words.end());
    out += (out.empty() ? "{\"" : ",\"") + std::string(kLanguages[i]) + "\":\"" + words + "\"";
  }
  return out.empty() ? text(most_words) : out + "}";
}

/// As SQL.
std::string MadeUp::value(const Field& field) {
  const std::size_t words = field.most_bytes > 0 && field.most_bytes <= 128 ? 3
                            : field.search == "text"                        ? 20
                                                                            : 7;
  switch (field.type) {
    case FieldType::text:
      return quoted(text(words));
    case FieldType::multilingual:
      return quoted(in_languages(words));
    case FieldType::code:
      return quoted(field.codes[below(field.codes.size())].code);
    case FieldType::reference:
      return quoted("network#" + (field.target == "area" ? kCountries[below(kCountries.size())] : id()));
    case FieldType::money:
      return std::to_string(below(100'000) * 1'000) + "," + quoted(kCurrencies[below(kCurrencies.size())]);
    case FieldType::date:
      return quoted(formatted("20%02zu-%02zu-%02zu", 20 + below(15), 1 + below(12), 1 + below(28)));
    case FieldType::time:
      return quoted(formatted("20%02zu-%02zu-%02zuT%02zu:%02zu:00Z", 20 + below(15), 1 + below(12),
                              1 + below(28), below(24), 15 * below(4)));
    case FieldType::point:
      return quoted(formatted("%.5f,%.5f", static_cast<double>(below(120)) - 60 + 0.12345,
                              static_cast<double>(below(300)) - 150 + 0.54321));
    case FieldType::number:
      return formatted("%zu.%zu", below(1'000), 1 + below(9));
    case FieldType::integer: {
      const std::int64_t least = field.least.value_or(0);
      const std::int64_t most = std::min(field.most.value_or(least + 1'000), least + 1'000);
      return std::to_string(least +
                            static_cast<std::int64_t>(below(static_cast<std::size_t>(most - least + 1))));
    }
    case FieldType::flag:
      return below(2) == 0 ? "0" : "1";
  }
  return "NULL";
}

std::string MadeUp::insert(const Register& reg, const std::string& id) {
  std::string names = "id,space";
  std::string values = quoted(id) + ",'network'";
  for (const Field& field : reg.fields) {
    if (!is_written(field) || (!field.required && below(2) == 0)) continue;
    for (const std::string& column : field.columns()) names += "," + column;
    values += "," + value(field);
  }
  return "INSERT INTO " + reg.name + "(" + names + ") VALUES(" + values + ")";
}

std::string MadeUp::update(const Register& reg, const std::string& id) {
  std::vector<const Field*> fields;
  for (const Field& field : reg.fields) {
    if (is_written(field)) fields.push_back(&field);
  }
  const Field& field = *fields[below(fields.size())];
  std::string names;
  for (const std::string& column : field.columns()) names += (names.empty() ? "" : ",") + column;
  return "UPDATE " + reg.name + " SET (" + names + ") = (SELECT " + value(field) + ") WHERE id=" + quoted(id);
}

std::string MadeUp::id() {
  const auto a = next();
  const auto b = next();
  return formatted("%08x-%04x-7%03x-8%03x-%012llx", static_cast<unsigned>(a >> 32),
                   static_cast<unsigned>(a & 0xFFFF), static_cast<unsigned>(a >> 16 & 0xFFF),
                   static_cast<unsigned>(b >> 48 & 0xFFF),
                   static_cast<unsigned long long>(b & 0xFFFFFFFFFFFF));
}

}  // namespace wasl::training
