#pragma once
// One line an event on standard error, key=value, ids and never bodies. info: an operator acts on it or
// counts it; error: somebody must look. Any thread.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace wasl::log {

/// A value of a line: text is quoted when it needs it.
class Field {
 public:
  Field(std::string_view text) : text_(text) {}         // NOLINT: reads well at the call
  Field(const std::string& text) : text_(text) {}       // NOLINT
  Field(const char* text) : text_(text) {}              // NOLINT
  Field(std::uint64_t n) : text_(std::to_string(n)) {}  // NOLINT
  Field(std::int64_t n) : text_(std::to_string(n)) {}   // NOLINT
  Field(int n) : text_(std::to_string(n)) {}            // NOLINT
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};
using Fields = std::initializer_list<std::pair<std::string_view, Field>>;

void info(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});
/// Commands that print a document keep standard error quiet: errors only.
void only_errors();
/// For programs that make disks fail on purpose.
void silence();

}  // namespace wasl::log
