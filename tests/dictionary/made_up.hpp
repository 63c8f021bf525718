#pragma once
// Records that nobody has written, from the registers' descriptions: values of each field's type, texts of a
// list of words. The same in every run.
#include <string>
#include <vector>

#include "shared/model/description.hpp"

namespace wasl::training {

/// Words of the five languages, each a list.
using Vocabulary = std::vector<std::vector<std::string>>;

/// The words of the descriptions' labels: what whoever speaks of these registers says most.
Vocabulary words_of(const Schema& schema);
/// Others, of a day's news about towns: for measuring what a dictionary gives to texts that it has not seen.
Vocabulary other_words();

class MadeUp {
 public:
  MadeUp(Vocabulary vocabulary, std::uint64_t seed) : words_(std::move(vocabulary)), state_(seed) {}

  /// A whole record as an INSERT of SQL. Needs no other record.
  std::string insert(const Register& reg, const std::string& id);
  /// Another value for one of its fields, as an UPDATE.
  std::string update(const Register& reg, const std::string& id);
  /// An id as programs make them: a UUID.
  std::string id();
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }

 private:
  std::uint64_t next();
  std::string text(std::size_t most_words);
  std::string in_languages(std::size_t most_words);
  std::string value(const Field& field);

  Vocabulary words_;
  std::uint64_t state_;
};

}  // namespace wasl::training
