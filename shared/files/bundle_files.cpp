#include "shared/files/bundle_files.hpp"

#include <charconv>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

BundleFiles::BundleFiles(const std::filesystem::path& file, BundlePlan plan, Random& random)
    : folder_(folder_of(file)),
      name_(file.filename().string()),
      packer_(std::move(plan), random),
      files_(folder_) {}

/// What cannot be read again is not handed to anybody.
Status BundleFiles::write(ByteView bytes) {
  WASL_LET(const Bundle read, decode_bundle(bytes));
  WASL_ASSERT(read.is_whole());
  sizes_.push_back(bytes.size());
  return files_.add(bytes);
}

Status BundleFiles::add(PackedFrame frame) {
  WASL_LET(const auto whole, packer_.add(std::move(frame)));
  return whole ? write(*whole) : Status();
}

Result<std::vector<BundleFiles::Written>> BundleFiles::finish() {
  if (name_.empty()) return fail(Errc::invalid_value, "name the file that is to be written");
  WASL_LET(const Bytes last, packer_.finish());
  WASL_TRY(write(last));
  std::vector<std::string> names;
  std::vector<Written> out;
  for (std::size_t i = 0; i < files_.count(); ++i) {
    names.push_back(files_.count() == 1
                        ? name_
                        : name_ + "." + std::to_string(i + 1) + "-of-" + std::to_string(files_.count()));
    out.push_back({folder_ / names.back(), sizes_[i]});
  }
  WASL_TRY(files_.name(names));
  return out;
}

Result<std::size_t> split_bytes(std::string_view text) {
  if (text.empty()) return std::size_t{0};
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const bool is_size = error == std::errc() && bytes <= limits::kBundleBytes &&
                       (unit.empty() || unit == "k" || unit == "K" || unit == "m" || unit == "M");
  if (is_size && !unit.empty()) bytes *= unit == "k" || unit == "K" ? 1000 : 1'000'000;
  if (!is_size || bytes < limits::kBundleSplitBytes || bytes > limits::kBundleBytes) {
    return fail(Errc::invalid_value, "a split of " + std::string(text) + " cannot be",
                "it is between 2.1 and 67 million bytes: write it as 5M");
  }
  return static_cast<std::size_t>(bytes);
}

Result<Bundle> read_bundle(const std::filesystem::path& file) {
  WASL_LET(const Bytes bytes, read_whole(file, limits::kBundleBytes));
  auto bundle = decode_bundle(bytes);
  if (!bundle) bundle.error().message = file.string() + ": " + bundle.error().message;
  return bundle;
}

}  // namespace wasl
