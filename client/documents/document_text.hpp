#pragma once
// The text of office documents and pages, from anywhere: any bytes end in text, or in a word why there is
// none. Memory is bounded by limits for each part but for the tree of a page; who starts wasl-text bounds the
// rest.
#include <filesystem>
#include <string>
#include <string_view>

#include "client/documents/reading.hpp"

namespace wasl {

struct DocumentText {
  std::string text;  ///< UTF-8, not tidied; empty where it is damaged or locked
  Reading reading = Reading::whole;
};

/// @pre is_document(type) or is_text_type(type); of another type it is damaged.
DocumentText document_text(const std::filesystem::path& file, std::string_view type);
DocumentText document_text_of(std::string_view bytes, std::string_view type);

}  // namespace wasl
