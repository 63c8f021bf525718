#pragma once
// Of which documents text is to be had, and how reading one ends: what wasl-text and who starts it both know.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace wasl {

/// Also the exit codes of wasl-text.
enum class Reading : int {
  whole = 0,
  part = 3,     ///< as much as a document may take of time, memory and text
  damaged = 4,  ///< or something else than its type says
  locked = 5,   ///< by a password
};

constexpr std::size_t kReadMost = 2 * 1024 * 1024;  // bytes of text, before blank space goes

constexpr std::string_view kWordsType =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
constexpr std::string_view kSlidesType =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";
constexpr std::string_view kSheetsType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
constexpr std::string_view kHtmlType = "text/html";

constexpr std::array<std::string_view, 3> kOpenDocumentTypes{
    "application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text"};
constexpr std::array<std::string_view, 3> kTextTypes{"text/csv", "text/markdown", "text/plain"};

/// A file of this type is text already, if it is in UTF-8.
constexpr bool is_text_type(std::string_view type) {
  return std::find(kTextTypes.begin(), kTextTypes.end(), type) != kTextTypes.end();
}
constexpr bool is_open_document(std::string_view type) {
  return std::find(kOpenDocumentTypes.begin(), kOpenDocumentTypes.end(), type) != kOpenDocumentTypes.end();
}
/// What wasl-text reads beside text files.
constexpr bool is_document(std::string_view type) {
  return type == kWordsType || type == kSlidesType || type == kSheetsType || type == kHtmlType ||
         is_open_document(type);
}

}  // namespace wasl
