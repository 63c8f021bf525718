#pragma once
// Text in whatever characters it came in, as UTF-8.
#include <string>
#include <string_view>

namespace wasl {

/// What a page says of itself in its first bytes; empty: nothing.
std::string charset_of_page(std::string_view bytes);
/// By its byte order mark, else as it is where it is UTF-8, else by the charset; what that cannot read is
/// left out. An unknown charset: as it is.
std::string to_utf8(std::string_view bytes, const std::string& charset);

}  // namespace wasl
