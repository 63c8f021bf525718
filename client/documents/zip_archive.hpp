#pragma once
// The parts of a document that is a ZIP archive, read block by block: what they say of their size is not
// believed.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/documents/reading.hpp"
#include "client/documents/xml_reader.hpp"

struct zip;

namespace wasl {

class ZipArchive {
 public:
  /// Nothing: it is no such archive.
  static std::optional<ZipArchive> open(const std::filesystem::path& file);
  /// The bytes must outlive it.
  static std::optional<ZipArchive> of(std::string_view bytes);

  /// Until its end, or until the sink has enough and says false. All parts together may become 64 MiB.
  Reading read(const std::string& part, const std::function<bool(std::string_view)>& sink);
  /// part: the handler has enough. Damaged, too, where there is no such part.
  Reading read_xml(const std::string& part, XmlHandler& handler);

 private:
  struct Close {
    void operator()(zip* archive) const;
  };
  explicit ZipArchive(zip* archive) : archive_(archive) {}

  std::unique_ptr<zip, Close> archive_;
  std::uint64_t unpacked_ = 0;
};

}  // namespace wasl
