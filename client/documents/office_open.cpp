#include "client/documents/office_open.hpp"

#include <charconv>

#include "client/documents/office_parts.hpp"

namespace wasl {
namespace {

/// Text of words and slides stands in elements `t` alone; what was deleted, and second forms of drawings, do
/// not count.
class Paragraphs final : public XmlHandler {
 public:
  explicit Paragraphs(TextSink& out) : out_(out) {}

  bool on_start(std::string_view name, const XmlAttributes&) override {
    if (name == "Fallback" || name == "del" || name == "moveFrom" || name == "tabs") return false;
    in_text_ = name == "t" || name == "text";  // comments of slides are `text`
    if (name == "tc") ++cells_;
    if (name == "br" || name == "cr") out_.end_line();
    if (name == "tab") out_.space();
    return true;
  }
  void on_end(std::string_view name) override {
    in_text_ = false;
    if (name == "tc") --cells_;
    if (name == "tr" || name == "text" || (name == "p" && cells_ == 0)) {
      out_.end_line();
    } else if (name == "p" || name == "tc") {
      out_.space();
    }
  }
  void on_text(std::string_view text) override {
    if (in_text_) out_.add(text);
  }
  [[nodiscard]] bool has_enough() const override { return out_.is_full(); }

 private:
  TextSink& out_;
  bool in_text_ = false;
  std::size_t cells_ = 0;  ///< of tables in each other
};

Reading read_paragraphs(ZipArchive& archive, const std::vector<std::string_view>& kinds, TextSink& out) {
  const OfficeParts parts = find_parts(archive, kinds);
  if (parts.reading != Reading::whole) return parts.reading;
  for (const std::string& part : parts.names) {
    Paragraphs handler(out);
    if (const Reading reading = archive.read_xml(part, handler); reading != Reading::whole) return reading;
  }
  return Reading::whole;
}

class SheetNames final : public XmlHandler {
 public:
  explicit SheetNames(TextSink& out) : out_(out) {}
  bool on_start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "sheet") {
      out_.add(attributes.find("name"));
      out_.end_line();
    }
    return true;
  }
  void on_end(std::string_view) override {}
  void on_text(std::string_view) override {}
  [[nodiscard]] bool has_enough() const override { return out_.is_full(); }

 private:
  TextSink& out_;
};

/// Texts of cells, which cells name by number.
class SharedStrings final : public XmlHandler {
 public:
  bool on_start(std::string_view name, const XmlAttributes&) override {
    if (name == "rPh") return false;  // how it is read aloud
    in_text_ = name == "t";
    return true;
  }
  void on_end(std::string_view name) override {
    in_text_ = false;
    if (name == "si") ends_.push_back(all_.size());
  }
  void on_text(std::string_view text) override {
    if (in_text_) all_ += text;
  }
  [[nodiscard]] bool has_enough() const override { return all_.size() + 8 * ends_.size() > kMost; }

  /// Empty: there is none of that number.
  [[nodiscard]] std::string_view at(std::string_view number) const {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (error != std::errc() || end != number.data() + number.size() || index >= ends_.size()) return {};
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(all_).substr(begin, ends_[index] - begin);
  }

 private:
  static constexpr std::size_t kMost = 32 * 1024 * 1024;
  std::string all_;
  std::vector<std::size_t> ends_;
  bool in_text_ = false;
};

class Cells final : public XmlHandler {
 public:
  Cells(const SharedStrings& shared, TextSink& out) : shared_(shared), out_(out) {}

  bool on_start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "f" || name == "rPh") return false;
    if (name == "c") {
      is_shared_ = attributes.find("t") == "s";
      value_.clear();
    }
    in_value_ = name == "v" || name == "t";
    return true;
  }
  void on_end(std::string_view name) override {
    in_value_ = false;
    if (name == "row") out_.end_line();
    if (name != "c") return;
    out_.add(is_shared_ ? shared_.at(value_) : value_);
    out_.space();
  }
  void on_text(std::string_view text) override {
    if (in_value_ && value_.size() < kReadMost) value_ += text;
  }
  [[nodiscard]] bool has_enough() const override { return out_.is_full(); }

 private:
  const SharedStrings& shared_;
  TextSink& out_;
  std::string value_;
  bool is_shared_ = false;
  bool in_value_ = false;
};

}  // namespace

Reading read_words(ZipArchive& archive, TextSink& out) {
  return read_paragraphs(archive,
                         {"wordprocessingml.document.main+xml", "wordprocessingml.footnotes+xml",
                          "wordprocessingml.endnotes+xml", "wordprocessingml.comments+xml",
                          "wordprocessingml.header+xml", "wordprocessingml.footer+xml"},
                         out);
}

Reading read_slides(ZipArchive& archive, TextSink& out) {
  return read_paragraphs(
      archive, {"presentationml.slide+xml", "presentationml.notesSlide+xml", "presentationml.comments+xml"},
      out);
}

Reading read_sheets(ZipArchive& archive, TextSink& out) {
  const OfficeParts books = find_parts(archive, {"spreadsheetml.sheet.main+xml"});
  if (books.reading != Reading::whole) return books.reading;
  SheetNames names(out);
  if (const Reading reading = archive.read_xml(books.names.front(), names); reading != Reading::whole)
    return reading;
  SharedStrings shared;
  const OfficeParts strings = find_parts(archive, {"spreadsheetml.sharedStrings+xml"});
  Reading all = Reading::whole;
  if (!strings.names.empty()) all = archive.read_xml(strings.names.front(), shared);
  if (all == Reading::damaged || all == Reading::locked) return all;
  const OfficeParts sheets = find_parts(archive, {"spreadsheetml.worksheet+xml"});
  for (const std::string& part : sheets.names) {
    Cells cells(shared, out);
    if (const Reading reading = archive.read_xml(part, cells); reading != Reading::whole) return reading;
  }
  return all;
}

}  // namespace wasl
