#pragma once
// Office Open XML (ECMA-376): docx, pptx, xlsx. Which parts hold what, the archive's list of content types
// says.
#include "client/documents/text_sink.hpp"
#include "client/documents/zip_archive.hpp"

namespace wasl {

/// Paragraphs, then notes, comments, headers and footers.
Reading read_words(ZipArchive& archive, TextSink& out);
/// Slides, then their notes and comments.
Reading read_slides(ZipArchive& archive, TextSink& out);
/// The sheets' names, then their cells, a row a line: values as they are stored, a date as its number.
Reading read_sheets(ZipArchive& archive, TextSink& out);

}  // namespace wasl
