#include "client/cli/office.hpp"

namespace wasl::cli {

Result<std::unique_ptr<Replica>> Office::open() const {
  if (folder_.empty()) {
    return fail(Errc::not_found, "no folder is named", "name it with --data DIR, or set WASL_DATA");
  }
  WASL_LET(auto replica, Replica::open(folder_, ports()));
  WASL_LET(const bool enrolled, replica->identity().is_enrolled());
  if (!enrolled) {
    return fail(Errc::not_found, folder_.string() + " has not finished joining",
                "run the same wasl join command again");
  }
  return replica;
}

}  // namespace wasl::cli
