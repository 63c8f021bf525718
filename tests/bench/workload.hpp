#pragma once
// Workload W: 20,000 rows of 12 columns, then 20,000 single-field updates an office, 10 a transaction, a
// tenth of them in a shared pool of 2,000 rows. Made by a fixed seed; values of a made-up vocabulary.
#include <array>
#include <string>
#include <vector>

#include "shared/model/description.hpp"

namespace wasl::bench {

constexpr std::size_t kRows = 20'000;
constexpr std::size_t kUpdates = 20'000;
constexpr std::size_t kRowsOfTransaction = 100;
constexpr std::size_t kUpdatesOfTransaction = 10;
constexpr std::array<const char*, 11> kColumns{"title",    "summary", "country", "sector", "status", "budget",
                                               "currency", "starts",  "ends",    "owner",  "updated"};

struct Row {
  std::string id;
  std::array<std::string, kColumns.size()> values;  ///< as SQL text; budget is a number
};
struct Update {
  std::size_t row;
  std::size_t column;
  std::string value;
};

std::vector<Row> make_rows();
std::vector<Update> make_updates(unsigned office);
/// The register `bench_row` of these columns, as a description file would say it.
Schema workload_schema();

}  // namespace wasl::bench
