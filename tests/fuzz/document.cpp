// Office documents and pages from anywhere: the first byte says what they claim to be.
#include "client/documents/document_text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::string_view kTypes[] = {
    kWordsType, kSlidesType, kSheetsType, "application/vnd.oasis.opendocument.text", kHtmlType, "text/plain"};

WASL_FUZZ(document) {
  if (input.empty()) return;
  const std::string_view type = kTypes[input.front() % std::size(kTypes)];
  const DocumentText read = document_text_of(text_view(input.subspan(1)), type);
  const bool nothing = read.reading == Reading::damaged || read.reading == Reading::locked;
  WASL_ASSERT(!nothing || read.text.empty());
  WASL_ASSERT(read.text.size() <= 4 * kReadMost + 4096);
}

}  // namespace
}  // namespace wasl::fuzz
