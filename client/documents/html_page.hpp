#pragma once
// What a reader of an HTML page sees of it as words.
#include "client/documents/text_sink.hpp"

namespace wasl {

/// Any text is a page. part: it holds more than anybody reads.
Reading read_html(std::string_view page, TextSink& out);

}  // namespace wasl
