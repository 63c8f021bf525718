#include "client/documents/zip_archive.hpp"

#include <zip.h>

#include <array>

namespace wasl {
namespace {

constexpr std::uint64_t kUnpackedMost = 64 * 1024 * 1024;

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

void ZipArchive::Close::operator()(zip* archive) const { zip_discard(archive); }

std::optional<ZipArchive> ZipArchive::open(const std::filesystem::path& file) {
  zip_t* const archive = zip_open(file.c_str(), ZIP_RDONLY, nullptr);
  return archive == nullptr ? std::optional<ZipArchive>() : ZipArchive(archive);
}

std::optional<ZipArchive> ZipArchive::of(std::string_view bytes) {
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr);
  if (source == nullptr) return std::nullopt;
  zip_t* const archive = zip_open_from_source(source, ZIP_RDONLY, nullptr);
  if (archive != nullptr) return ZipArchive(archive);
  zip_source_free(source);
  return std::nullopt;
}

Reading ZipArchive::read(const std::string& part, const std::function<bool(std::string_view)>& sink) {
  zip_stat_t about{};
  if (zip_stat(archive_.get(), part.c_str(), 0, &about) != 0) return Reading::damaged;
  if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
    return Reading::locked;
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen(archive_.get(), part.c_str(), 0));
  if (!file) return Reading::damaged;
  std::array<char, 16 * 1024> block{};
  for (;;) {
    const zip_int64_t size = zip_fread(file.get(), block.data(), block.size());
    if (size < 0) return Reading::damaged;
    if (size == 0) return Reading::whole;
    unpacked_ += static_cast<std::uint64_t>(size);
    if (unpacked_ > kUnpackedMost) return Reading::part;
    if (!sink({block.data(), static_cast<std::size_t>(size)})) return Reading::part;
  }
}

Reading ZipArchive::read_xml(const std::string& part, XmlHandler& handler) {
  XmlReader xml(handler);
  bool is_xml = true;
  const Reading reading = read(part, [&](std::string_view block) {
    is_xml = xml.feed(block);
    return is_xml && !handler.has_enough();
  });
  if (!is_xml) return Reading::damaged;
  if (reading == Reading::whole && !xml.finish()) return Reading::damaged;
  return reading;
}

}  // namespace wasl
