// wasl-text TYPE FILE: prints the text of a document. How it ended is the exit code (reading.hpp).
// Started by wasl under limits; it needs none of its own, and keeps nothing.
#include <cstdio>
#include <exception>

#include "client/documents/document_text.hpp"

int main(int argc, char** argv) {
  using wasl::Reading;
  if (argc != 3) {
    std::fputs("usage: wasl-text TYPE FILE\nwasl runs it to read the text of documents.\n", stderr);
    return 2;
  }
  try {
    const wasl::DocumentText out = wasl::document_text(std::filesystem::path(argv[2]), argv[1]);
    const bool written = std::fwrite(out.text.data(), 1, out.text.size(), stdout) == out.text.size() &&
                         std::fflush(stdout) == 0;
    return static_cast<int>(written ? out.reading : Reading::part);
  } catch (const std::exception&) {  // no more memory
    return static_cast<int>(Reading::part);
  }
}
