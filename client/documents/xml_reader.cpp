#include "client/documents/xml_reader.hpp"

#include <expat.h>

namespace wasl {
namespace {

constexpr std::size_t kDeepest = 1000;  // elements in each other

std::string_view without_prefix(std::string_view name) { return name.substr(name.rfind(':') + 1); }

}  // namespace

std::string_view XmlAttributes::find(std::string_view name) const {
  for (const char** pair = pairs_; *pair != nullptr; pair += 2)
    if (without_prefix(*pair) == name) return pair[1];
  return {};
}

struct XmlReader::Parser {
  XML_Parser expat = XML_ParserCreate(nullptr);
  XmlHandler& handler;
  std::size_t depth = 0;
  std::size_t passed_over = 0;  ///< depth at which an element began of which nothing is told; 0: none

  explicit Parser(XmlHandler& to) : handler(to) {
    if (expat == nullptr) return;
    XML_SetUserData(expat, this);
    XML_SetElementHandler(expat, &Parser::start, &Parser::end);
    XML_SetCharacterDataHandler(expat, &Parser::text);
    XML_SetStartDoctypeDeclHandler(expat, &Parser::doctype);
  }
  ~Parser() { XML_ParserFree(expat); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  bool parse(std::string_view bytes, bool is_last) {
    return expat != nullptr &&
           XML_Parse(expat, bytes.data(), static_cast<int>(bytes.size()), is_last ? 1 : 0) == XML_STATUS_OK;
  }
  void stop() { XML_StopParser(expat, XML_FALSE); }

  static Parser& of(void* self) { return *static_cast<Parser*>(self); }
  static void start(void* self, const char* name, const char** attributes) {
    Parser& parser = of(self);
    if (++parser.depth > kDeepest) return parser.stop();
    if (parser.passed_over == 0 && !parser.handler.on_start(without_prefix(name), XmlAttributes(attributes)))
      parser.passed_over = parser.depth;
  }
  static void end(void* self, const char* name) {
    Parser& parser = of(self);
    const bool told = parser.passed_over == 0;
    if (parser.passed_over == parser.depth) parser.passed_over = 0;
    --parser.depth;
    if (told) parser.handler.on_end(without_prefix(name));
  }
  static void text(void* self, const char* text, int size) {
    Parser& parser = of(self);
    if (parser.passed_over == 0) parser.handler.on_text({text, static_cast<std::size_t>(size)});
  }
  static void doctype(void* self, const char*, const char*, const char*, int) { of(self).stop(); }
};

XmlReader::XmlReader(XmlHandler& handler) : parser_(std::make_unique<Parser>(handler)) {}
XmlReader::~XmlReader() = default;

bool XmlReader::feed(std::string_view bytes) { return parser_->parse(bytes, false); }
bool XmlReader::finish() { return parser_->parse({}, true); }

}  // namespace wasl
