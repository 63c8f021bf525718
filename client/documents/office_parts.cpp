#include "client/documents/office_parts.hpp"

#include <algorithm>
#include <tuple>

namespace wasl {
namespace {

constexpr std::size_t kPartsMost = 10'000;

struct Found {
  std::size_t kind;
  std::string name;
  /// slide2 before slide10.
  bool operator<(const Found& other) const {
    return std::tuple(kind, name.size(), std::string_view(name)) <
           std::tuple(other.kind, other.name.size(), std::string_view(other.name));
  }
};

class ContentTypes final : public XmlHandler {
 public:
  explicit ContentTypes(const std::vector<std::string_view>& kinds) : kinds_(kinds) {}

  bool on_start(std::string_view name, const XmlAttributes& attributes) override {
    if (name != "Override") return true;
    std::string_view part = attributes.find("PartName");
    const std::string_view type = attributes.find("ContentType");
    if (part.starts_with('/')) part.remove_prefix(1);
    const auto kind =
        std::find_if(kinds_.begin(), kinds_.end(), [&](std::string_view one) { return type.ends_with(one); });
    if (kind != kinds_.end() && found.size() < kPartsMost)
      found.push_back({static_cast<std::size_t>(kind - kinds_.begin()), std::string(part)});
    return true;
  }
  void on_end(std::string_view) override {}
  void on_text(std::string_view) override {}

  std::vector<Found> found;

 private:
  const std::vector<std::string_view>& kinds_;
};

}  // namespace

OfficeParts find_parts(ZipArchive& archive, const std::vector<std::string_view>& kinds) {
  ContentTypes types(kinds);
  OfficeParts out;
  out.reading = archive.read_xml("[Content_Types].xml", types);
  if (out.reading != Reading::whole) return out;
  std::sort(types.found.begin(), types.found.end());
  if (types.found.empty() || types.found.front().kind != 0) out.reading = Reading::damaged;
  for (Found& one : types.found) out.names.push_back(std::move(one.name));
  return out;
}

}  // namespace wasl
