#pragma once
// OpenDocument (ISO/IEC 26300): odt, ods, odp.
#include "client/documents/text_sink.hpp"
#include "client/documents/zip_archive.hpp"

namespace wasl {

/// Paragraphs, headings and cells, a row a line, without what was deleted.
Reading read_open_document(ZipArchive& archive, TextSink& out);

}  // namespace wasl
