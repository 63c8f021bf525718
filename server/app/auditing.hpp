#pragma once
// wasl-hub audit: asks the logs and prints as it reads, beside a hub that serves.
#include <ostream>
#include <string>

#include "server/app/hub_folder.hpp"

namespace wasl {

enum class AuditForm { table, csv, one_document };

struct AuditArguments {
  std::string record, device, person, organisation, from, until;  ///< as typed; empty: all
  AuditForm form = AuditForm::table;
};

/// One line at a time: nothing is gathered. An error after the first line ends the JSON document properly,
/// with the error in it. @param begun whether anything was printed. Errors: not_found, invalid_value,
/// storage_failed, corrupt.
Status print_audit(const HubFolder& folder, const AuditArguments& arguments, std::ostream& out, bool& begun);

/// RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it.
std::string csv_field(std::string_view text);
/// "2026-03-04" or "2026-03-04T05:06:07Z". @param end a day counts whole: the moment after it.
Result<Millis> parse_moment(std::string_view text, bool end);

}  // namespace wasl
