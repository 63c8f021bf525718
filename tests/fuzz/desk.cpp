// Lines on the socket of a hub that serves, and the files of its folder that hold text: keys and the
// checkpoint.
#include "server/app/desk.hpp"

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::size_t kLinesMost = 4;

/// One hub for all inputs; what they add to it is undone with the folder.
OpenHub& hub() {
  static const Folder folder;
  static const std::unique_ptr<OpenHub> open = [] {
    const HubFolder files{folder.path()};
    WASL_ASSERT(init_hub(files, {"Fuzz", ""}).has_value());
    auto opened = OpenHub::open(files);
    WASL_ASSERT(opened.has_value());
    return std::move(*opened);
  }();
  return *open;
}

void read_files(ByteView input) {
  static const Folder folder;
  const auto file = folder.path() / "text";
  WASL_ASSERT(write_text(file, to_text(input)).has_value());
  WASL_ASSERT(read_text(file) == to_text(input));
  static_cast<void>(read_unattended_key(file, crypto::KeyKind::log));
}

WASL_FUZZ(desk) {
  read_files(input);
  std::string_view text = text_view(input);
  for (std::size_t i = 0; i < kLinesMost && !text.empty(); ++i) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto document = nlohmann::json::parse(answer_line(hub(), std::string(text.substr(0, end))));
    WASL_ASSERT(document.is_object());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace
}  // namespace wasl::fuzz
