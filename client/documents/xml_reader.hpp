#pragma once
// XML as it comes, for handlers that look at names without their prefix. No document type is taken, so
// nothing is expanded and nothing else is opened. Errors are told by false, once and for ever.
#include <memory>
#include <string_view>

namespace wasl {

class XmlAttributes {
 public:
  explicit XmlAttributes(const char** pairs) : pairs_(pairs) {}
  /// By its name without a prefix; empty: there is none.
  [[nodiscard]] std::string_view find(std::string_view name) const;

 private:
  const char** pairs_;
};

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  /// @return false: neither this element nor what is inside is told.
  virtual bool on_start(std::string_view name, const XmlAttributes& attributes) = 0;
  virtual void on_end(std::string_view name) = 0;
  virtual void on_text(std::string_view text) = 0;
  [[nodiscard]] virtual bool has_enough() const { return false; }
};

class XmlReader {
 public:
  /// The handler must outlive it.
  explicit XmlReader(XmlHandler& handler);
  ~XmlReader();
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  bool feed(std::string_view bytes);
  /// Whether it was one whole document.
  bool finish();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace wasl
