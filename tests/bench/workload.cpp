#include "tests/bench/workload.hpp"

#include <cstdio>
#include <stdexcept>

namespace wasl::bench {
namespace {

/// splitmix64: the same numbers on every machine.
struct Numbers {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9E3779B97F4A7C15ULL;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    return z ^ z >> 31;
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
};

const std::vector<std::vector<std::string>> kWords{
    {"water",  "road",      "school", "council", "district", "health",  "market",
     "bridge", "training",  "budget", "network", "climate",  "housing", "waste",
     "energy", "transport", "women",  "youth",   "report",   "local"},
    {"eau",     "route",     "école",  "conseil",  "quartier", "santé",    "marché",
     "pont",    "formation", "budget", "réseau",   "climat",   "logement", "déchets",
     "énergie", "transport", "femmes", "jeunesse", "rapport",  "locale"},
    {"ماء",  "طريق", "مدرسة", "مجلس",   "حي",   "صحة", "سوق",  "جسر",  "تكوين", "ميزانية",
     "شبكة", "مناخ", "سكن",   "نفايات", "طاقة", "نقل", "نساء", "شباب", "تقرير", "محلي"},
    {"agua",    "camino",     "escuela",     "consejo",  "barrio",  "salud",    "mercado",
     "puente",  "formación",  "presupuesto", "red",      "clima",   "vivienda", "residuos",
     "energía", "transporte", "mujeres",     "juventud", "informe", "local"}};

std::string words(Numbers& numbers, std::size_t bytes) {
  const auto& language = kWords[std::array<std::size_t, 10>{0, 0, 0, 0, 1, 1, 1, 2, 2, 3}[numbers.below(10)]];
  std::string out;
  while (out.size() < bytes) {
    if (!out.empty()) out += ' ';
    out += language[numbers.below(language.size())];
    if (numbers.below(6) == 0) out += std::to_string(numbers.below(1000));
  }
  return out;
}

std::string date(Numbers& numbers) {
  char text[64];
  std::snprintf(text, sizeof text, "20%02zu-%02zu-%02zu", 10 + numbers.below(20), 1 + numbers.below(12),
                1 + numbers.below(28));
  return text;
}

std::string pick(Numbers& numbers, std::initializer_list<const char*> list) {
  return *(list.begin() + numbers.below(list.size()));
}

std::string value(Numbers& numbers, std::size_t column) {
  switch (column) {
    case 0:
      return words(numbers, 36);
    case 1:
      return words(numbers, 190);
    case 2:
      return pick(numbers, {"ma", "sn", "fr", "es", "br", "nl", "za", "ke", "in", "ca", "mx", "tr"});
    case 3:
      return std::to_string(10000 + numbers.below(400) * 10);
    case 4:
      return pick(numbers, {"pipeline", "implementation", "finalisation", "closed", "cancelled"});
    case 5:
      return std::to_string(numbers.below(100'000'000));
    case 6:
      return pick(numbers, {"EUR", "USD", "XOF", "MAD", "BRL"});
    case 7:
    case 8:
      return date(numbers);
    case 9:
      return "office-" + std::to_string(numbers.below(300));
    default:
      return date(numbers) + "T10:00:00Z";
  }
}

std::string uuid(Numbers& numbers) {
  char text[64];
  const auto a = numbers.next();
  const auto b = numbers.next();
  std::snprintf(text, sizeof text, "%08x-%04x-7%03x-8%03x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a & 0xFFFF), static_cast<unsigned>(a >> 16 & 0xFFF),
                static_cast<unsigned>(b >> 48 & 0xFFF), static_cast<unsigned long long>(b & 0xFFFFFFFFFFFF));
  return text;
}

}  // namespace

std::vector<Row> make_rows() {
  Numbers numbers{42};
  std::vector<Row> rows(kRows);
  for (Row& row : rows) {
    row.id = uuid(numbers);
    for (std::size_t c = 0; c < kColumns.size(); ++c) row.values[c] = value(numbers, c);
  }
  return rows;
}

std::vector<Update> make_updates(unsigned office) {
  Numbers numbers{1000 + office};
  std::vector<Update> updates(kUpdates);
  for (Update& update : updates) {
    const bool shared = numbers.below(10) == 0;
    update.row = shared ? numbers.below(2000) : 2000 + numbers.below(kRows - 2000);
    update.column = numbers.below(10);
    update.value = value(numbers, update.column);
  }
  return updates;
}

Schema workload_schema() {
  const std::string labels = R"({"ar":"ا","en":"x","fr":"x","es":"x","pt":"x"})";
  std::string fields;
  for (std::size_t c = 0; c < kColumns.size(); ++c) {
    const std::string type = c == 0             ? "multilingual"
                             : c == 5           ? "integer"
                             : c == 7 || c == 8 ? "date"
                                                : "text";
    fields += (c > 0 ? "," : "") + std::string("{\"number\":") + std::to_string(c + 1) + ",\"name\":\"" +
              kColumns[c] + "\",\"type\":\"" + type + "\",\"policy\":\"latest\",\"labels\":" + labels + "}";
  }
  const std::string text = "{\"name\":\"bench_row\",\"number\":1,\"labels\":" + labels +
                           ",\"caption\":\"title\",\"default_space\":\"network\",\"fields\":[" + fields +
                           "]}";
  auto schema = Schema::load({{"bench_row.json", text}});
  if (!schema) throw std::runtime_error(schema.error().message);
  return std::move(*schema);
}

}  // namespace wasl::bench
