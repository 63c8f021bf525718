#include "client/cli/files_view.hpp"

#include <nlohmann/json.hpp>

#include "client/cli/words.hpp"
#include "client/engine/budget.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Result<FilesSummary> summary_of(OfficeFiles& files, const FilesOutcome& outcome) {
  FilesSummary out{{}, outcome, files.wrong()};
  WASL_LET(out.totals, files.totals());
  return out;
}

Result<std::uint64_t> size_of(const std::string& text) {
  WASL_LET(const ByteLimits limits, parse_limits(text));
  if (!limits.down || limits.up != limits.down)
    return fail(Errc::invalid_value, "'" + text + "' is no size", "write for example 500k, 2M or 1.5G");
  return *limits.down;
}

Json files_json(const FilesSummary& files) {
  const OfficeFiles::Totals& totals = files.totals;
  Json out{{"shown", totals.shown},
           {"here", totals.here},
           {"coming", totals.coming},
           {"coming_bytes", totals.bytes_coming},
           {"unsent", totals.unsent},
           {"stored_bytes", totals.bytes},
           {"received_chunks", files.outcome.chunks_in},
           {"sent_chunks", files.outcome.chunks_out},
           {"refused", files.wrong}};
  if (files.outcome.error) out["why"] = files.outcome.error->message;
  return out;
}

std::string files_words(const FilesSummary& files) {
  const OfficeFiles::Totals& totals = files.totals;
  std::string out;
  if (totals.shown > 0) {
    out += "\nFiles: " + std::to_string(totals.here) + " of " + std::to_string(totals.shown) + " here (" +
           bytes_words(totals.bytes) + ")";
    if (totals.coming > 0)
      out += ", " + std::to_string(totals.coming) + " to come (" + bytes_words(totals.bytes_coming) + ")";
    if (totals.unsent > 0) out += ", " + std::to_string(totals.unsent) + " not at the hub yet";
    out += ". See: wasl attachments";
  }
  if (files.outcome.error)
    out += "\nNot all files came or went: " + files.outcome.error->message + "; " + files.outcome.error->hint;
  for (const std::string& wrong : files.wrong) out += "\nRefused: " + wrong;
  return out;
}

}  // namespace wasl::cli
