#include "client/replica/carried_work.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr std::string_view kEnding = ".push";

/// Source and place first, so that names sort as chains go.
std::string file_name(const Segment& run) {
  const Header* first = nullptr;
  Hash last{};
  for (const SegmentItem& item : run.items) {
    const Header* header = header_of(item);
    if (header == nullptr) continue;
    if (first == nullptr) first = header;
    last = name_of(item);
  }
  if (first == nullptr) return {};
  std::string place = std::to_string(first->sequence);
  place.insert(0, 20 - std::min<std::size_t>(20, place.size()), '0');
  return to_hex(first->source.author.view()) + "-" + to_hex(first->source.chain.view()) + "-" + place + "-" +
         to_hex(last.view()).substr(0, 16) + std::string(kEnding);
}

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
  const std::string name = file_name(run);
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

Status CarriedWork::replace(const Run& run) const {
  return write(run.file, encode_segment(FrameKind::push, run.segment));
}

Status CarriedWork::destroy() const {
  for (const auto& file : files_in(folder_)) WASL_TRY(remove_file(file));
  return {};
}

std::vector<Segment> runs_of(const Segment& push) {
  std::map<Hash, const OpeningItem*> openings;
  for (const OpeningItem& opening : push.openings) openings[opening.commitment] = &opening;
  std::map<Source, Segment> open;
  std::vector<Segment> out;
  for (const SegmentItem& item : push.items) {
    if (const auto* signature = std::get_if<SignatureItem>(&item)) {
      const auto it = open.find(signature->source);
      if (it == open.end()) continue;
      it->second.items.push_back(item);
      out.push_back(std::move(it->second));
      open.erase(it);
      continue;
    }
    const Header* header = header_of(item);
    if (header == nullptr) continue;
    Segment& run = open.try_emplace(header->source, Segment{push.space, 0, {}, {}}).first->second;
    run.items.push_back(item);
    const auto* set = std::get_if<SetItem>(&item);
    if (set == nullptr) continue;
    for (const Operation& op : set->set.operations) {
      if (op.value.type != ValueType::commitment) continue;
      const auto commitment = Hash::from(op.value.data);
      const auto found = commitment ? openings.find(*commitment) : openings.end();
      if (found != openings.end()) run.openings.push_back(*found->second);
    }
  }
  return out;
}

}  // namespace wasl
