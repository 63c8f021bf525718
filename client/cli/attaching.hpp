#pragma once
// The commands about files in fields of records.
#include <optional>
#include <string>
#include <vector>

#include "client/cli/answer.hpp"
#include "client/cli/office.hpp"

namespace wasl::cli {

struct AttachArguments {
  std::string register_name, id, field, file;
  std::string type;  ///< media type; empty: by the file's ending
  std::optional<std::string> space;
};
Result<Answer> attach(const Office& office, const AttachArguments& arguments);
struct FetchArguments {
  std::string register_name, id, field;
  std::string out, url;  ///< a folder or a new file; empty: it is only brought here
  std::optional<std::string> space;
  bool release = false;  ///< of pin: no longer
};
Result<Answer> fetch(const Office& office, const FetchArguments& arguments);
Result<Answer> pin(const Office& office, const FetchArguments& arguments);
struct AttachmentsArguments {
  std::vector<std::string> policy;  ///< "all", "on-demand", or "up-to" and a size
  std::string quota;                ///< a size, or none
};
/// Sets what is named, and lists the files that records show.
Result<Answer> attachments(const Office& office, const AttachmentsArguments& arguments);

}  // namespace wasl::cli
