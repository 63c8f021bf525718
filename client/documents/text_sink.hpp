#pragma once
// Where the words of a document come together, up to as many as anybody reads.
#include <string>
#include <string_view>
#include <utility>

#include "client/documents/reading.hpp"

namespace wasl {

class TextSink {
 public:
  /// Line ends inside are blank space: lines are what end_line() says.
  void add(std::string_view text) {
    for (const char c : text.substr(0, kReadMost - std::min(kReadMost, text_.size())))
      text_ += c == '\n' || c == '\r' ? ' ' : c;
  }
  void space() { add(" "); }
  /// No line is empty.
  void end_line() {
    if (!text_.empty() && text_.back() != '\n' && !is_full()) text_ += '\n';
  }
  [[nodiscard]] bool is_full() const { return text_.size() >= kReadMost; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace wasl
