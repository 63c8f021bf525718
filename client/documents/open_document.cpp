#include "client/documents/open_document.hpp"

namespace wasl {
namespace {

class Content final : public XmlHandler {
 public:
  explicit Content(TextSink& out) : out_(out) {}

  bool on_start(std::string_view name, const XmlAttributes&) override {
    if (name == "tracked-changes") return false;
    if (is_paragraph(name)) ++paragraphs_;
    if (is_cell(name)) ++cells_;
    if (name == "s" || name == "tab") out_.space();
    if (name == "line-break") out_.end_line();
    return true;
  }
  void on_end(std::string_view name) override {
    if (is_paragraph(name)) --paragraphs_;
    if (is_cell(name)) --cells_;
    if (name == "table-row" || (is_paragraph(name) && cells_ == 0)) {
      out_.end_line();
    } else if (is_paragraph(name) || is_cell(name)) {
      out_.space();
    }
  }
  void on_text(std::string_view text) override {
    if (paragraphs_ > 0) out_.add(text);
  }
  [[nodiscard]] bool has_enough() const override { return out_.is_full(); }

 private:
  static bool is_paragraph(std::string_view name) { return name == "p" || name == "h"; }
  static bool is_cell(std::string_view name) { return name == "table-cell"; }

  TextSink& out_;
  std::size_t paragraphs_ = 0;  ///< in each other: a frame stands in a paragraph and holds some
  std::size_t cells_ = 0;
};

/// Whether the archive's list says that its parts are encrypted: the archive itself does not know.
class Manifest final : public XmlHandler {
 public:
  bool on_start(std::string_view name, const XmlAttributes&) override {
    is_locked = is_locked || name == "encryption-data";
    return true;
  }
  void on_end(std::string_view) override {}
  void on_text(std::string_view) override {}
  [[nodiscard]] bool has_enough() const override { return is_locked; }

  bool is_locked = false;
};

}  // namespace

Reading read_open_document(ZipArchive& archive, TextSink& out) {
  Manifest manifest;
  archive.read_xml("META-INF/manifest.xml", manifest);
  if (manifest.is_locked) return Reading::locked;
  Content content(out);
  return archive.read_xml("content.xml", content);
}

}  // namespace wasl
