#include "shared/model/ids.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kOrganisationIdBytes = 32;

}  // namespace

bool is_organisation_id(std::string_view id) {
  if (id.empty() || id.size() > kOrganisationIdBytes) return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_record_id(std::string_view id) {
  return !id.empty() && id.size() <= limits::kIdBytes && is_utf8(view(id)) &&
         id.find_first_of(std::string_view("#\0", 2)) == std::string_view::npos;
}

bool is_space_name(std::string_view space) {
  if (!is_private_space(space)) return true;
  for (const std::string_view kind : {"section/", "association/", "committee/"})
    if (space.starts_with(kind)) return is_organisation_id(space.substr(kind.size()));
  return false;
}

}  // namespace wasl
