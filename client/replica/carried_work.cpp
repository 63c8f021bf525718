#include "client/replica/carried_work.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/wire/runs.hpp"

namespace wasl {
namespace {

constexpr std::string_view kEnding = ".push";

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().filename().string().ends_with(kEnding)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

/// Source and place first, so that names sort as chains go.
std::string CarriedWork::name_of(const Segment& run) {
  const auto at = place_of(run);
  if (!at) return {};
  std::string place = std::to_string(at->first);
  place.insert(0, 20 - std::min<std::size_t>(20, place.size()), '0');
  return to_hex(at->source.author.view()) + "-" + to_hex(at->source.chain.view()) + "-" + place + "-" +
         to_hex(at->name.view()).substr(0, 16) + std::string(kEnding);
}

Status CarriedWork::write(const std::filesystem::path& file, ByteView frame) const {
  std::error_code error;
  if (std::filesystem::create_directory(folder_, error)) WASL_TRY(sync_folder(folder_.parent_path()));
  if (error) return fail(Errc::storage_failed, "cannot make " + folder_.string() + ": " + error.message());
  WASL_LET(DiskFile out, DiskFile::open(file, DiskFile::Mode::create));
  WASL_TRY(out.write(0, frame));
  WASL_TRY(out.truncate(frame.size()));
  return out.sync();
}

Result<bool> CarriedWork::keep(const Segment& run) {
  const std::string name = name_of(run);
  if (name.empty() || file_exists(folder_ / name)) return false;
  const Bytes frame = encode_segment(FrameKind::push, run);
  std::uint64_t bytes = frame.size();
  for (const auto& file : files_in(folder_)) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(file, gone);
    if (!gone) bytes += size;
  }
  if (bytes > limits::kCarriedBytes) {
    return fail(Errc::limit_exceeded, "this office keeps as much of others' work as it may (64 MiB)",
                "run: wasl sync, or take a bundle to the hub; then import this one again");
  }
  WASL_TRY(write(folder_ / name, frame));
  return true;
}

Result<std::vector<CarriedWork::Run>> CarriedWork::runs(const NetworkId& network) const {
  std::vector<Run> out;
  for (const auto& path : files_in(folder_)) {
    WASL_LET(DiskFile file, DiskFile::open(path, DiskFile::Mode::read));
    WASL_LET(const Bytes frame, file.read());
    auto segment = decode_segment(frame, network);
    if (segment && verify_runs(*segment, network)) {
      out.push_back({path, std::move(*segment)});
    } else {
      WASL_TRY(remove_file(path));  // cut by a crash, or damaged: its author has it still
    }
  }
  return out;
}

Status CarriedWork::forget(const Run& run) { return remove_file(run.file); }

Status CarriedWork::forget(const std::string& name) const {
  return file_exists(folder_ / name) ? remove_file(folder_ / name) : Status();
}

Status CarriedWork::replace(const Run& run) const {
  return write(run.file, encode_segment(FrameKind::push, run.segment));
}

Status CarriedWork::destroy() const {
  for (const auto& file : files_in(folder_)) WASL_TRY(remove_file(file));
  return {};
}

}  // namespace wasl
