#include "client/attachments/office_files.hpp"

#include "client/attachments/extracting.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>

#include "client/attachments/writing_out.hpp"

namespace wasl {

using attachment::ChunkKey;
using attachment::FileId;

namespace {

constexpr Millis kOrphansAfter = 24LL * 3600 * 1000;  // from attaching to writing the record
constexpr std::string_view kPolicy = "policy", kUpTo = "up_to", kQuota = "quota", kEpoch = "epoch";

std::optional<std::uint64_t> number_of(const std::optional<std::string>& text) {
  std::uint64_t out = 0;
  if (!text) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), out);
  if (read.ec != std::errc() || read.ptr != text->data() + text->size()) return std::nullopt;
  return out;
}

std::vector<const Field*> file_fields(const Register& reg) {
  std::vector<const Field*> out;
  for (const Field& field : reg.fields)
    if (field.type == kAttachmentField) out.push_back(&field);
  return out;
}

}  // namespace

Result<std::unique_ptr<OfficeFiles>> OfficeFiles::open(const std::filesystem::path& folder, Replica& replica,
                                                       Clock& clock) {
  WASL_LET(FileStore store, FileStore::open(folder / "files.db"));
  std::unique_ptr<OfficeFiles> out(new OfficeFiles(std::move(store), replica, clock));
  WASL_TRY(out->check_epoch());
  return out;
}

/// A hub that was restored from an old copy may have lost files: it is asked about each of them again.
Status OfficeFiles::check_epoch() {
  WASL_LET(const AuthorityState* const authority, replica_.authority());
  const std::string epoch = std::to_string(authority->statement().epoch);
  WASL_LET(const auto known, store_.setting(kEpoch));
  if (known == epoch) return {};
  WASL_LET(const auto files, store_.files());
  for (const KnownFile& file : files) WASL_TRY(store_.set(file.id, FileStore::Mark::at_hub, false));
  return store_.set_setting(kEpoch, epoch);
}

Result<std::vector<ShownFile>> OfficeFiles::shown() {
  std::vector<ShownFile> out;
  for (const Register& reg : replica_.schema().registers()) {
    for (const Field* field : file_fields(reg)) {
      WASL_LET(auto select,
               replica_.database().prepare("SELECT space, id, " + field->name + " FROM " + reg.name +
                                           " WHERE " + field->name + " IS NOT NULL ORDER BY space, id"));
      for (;;) {
        WASL_LET(const bool found, select.step());
        if (!found) break;
        auto attachment = parse_attachment(select.text(2));
        if (!attachment) continue;  // no trigger would have let it in
        out.push_back({reg.name, std::string(select.text(0)), std::string(select.text(1)), field->name,
                       std::move(*attachment)});
      }
    }
  }
  return out;
}

Result<ShownFile> OfficeFiles::find(const std::string& register_name, const std::string& id,
                                    const std::string& field, const std::optional<std::string>& space) {
  const Register* reg = replica_.schema().find(register_name);
  const Field* wanted = reg == nullptr ? nullptr : reg->field(field);
  if (wanted == nullptr || wanted->type != kAttachmentField)
    return fail(Errc::invalid_value, register_name + " has no field " + field + " for a file",
                "list the fields with: wasl registers " + register_name);
  WASL_LET(const std::string where, replica_.space_of(*reg, id, space));
  WASL_LET(const auto all, shown());
  for (const ShownFile& one : all) {
    if (one.register_name == register_name && one.id == id && one.field == field && one.space == where)
      return one;
  }
  return fail(Errc::not_found, register_name + " " + id + " has no file in " + field,
              "attach one with: wasl attach " + register_name + " " + id + " " + field + " FILE");
}

Result<std::optional<ChunkKey>> OfficeFiles::key(const std::string& space) {
  std::optional<ledger::BlindingKey> blinding;
  if (is_private_space(space)) {
    WASL_LET(auto find, replica_.database().prepare("SELECT key FROM _wasl_space WHERE name = ?"));
    find.bind_all(space);
    WASL_LET(const bool found, find.step());
    if (found) blinding = ledger::BlindingKey::from(find.blob(0));
    if (!blinding) return std::optional<ChunkKey>();
  }
  return std::optional(attachment::chunk_key(replica_.network().network, space, blinding));
}

Result<ChunkKey> OfficeFiles::key_here(const std::string& space) {
  WASL_LET(const auto known, key(space));
  if (!known)
    return fail(Errc::no_link, "the key of " + space + ", by which its files are named, is not here yet",
                "sync once, then try again");
  return *known;
}

Result<Attachment> OfficeFiles::take_in(const std::filesystem::path& file, const std::string& space,
                                        const std::string& type) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(Errc::not_found, "there is no file " + file.string(), "name a file");
  std::ifstream in(file, std::ios::binary);
  const auto unreadable = [&] {
    return fail(Errc::storage_failed, "cannot read " + file.string() + ": " + std::strerror(errno));
  };
  if (!in) return unreadable();
  const auto more = [&](std::span<Byte> room) -> Result<std::size_t> {
    in.read(reinterpret_cast<char*>(room.data()), static_cast<std::streamsize>(room.size()));
    if (in.bad()) return unreadable();
    return static_cast<std::size_t>(in.gcount());
  };
  return take_in(file.filename().string(), more, space, type);
}

Result<Attachment> OfficeFiles::take_in(const std::string& name, const FileStore::Source& more,
                                        const std::string& space, const std::string& type) {
  WASL_LET(const ChunkKey space_key, key_here(space));
  Attachment out{safe_file_name(name), type, 0, {}};
  WASL_LET(const FileId id, store_.cut(space, space_key, out.name, more, clock_.now()));
  out.size = id.size;
  out.root = id.root;
  return out;
}

Result<Attachment> OfficeFiles::take_in(std::string_view text, const std::string& name,
                                        const std::string& space, const std::string& type) {
  const auto more = [&](std::span<Byte> room) -> Result<std::size_t> {
    const std::string_view part = text.substr(0, room.size());
    std::copy(part.begin(), part.end(), room.begin());
    text.remove_prefix(part.size());
    return part.size();
  };
  return take_in(name, more, space, type);
}

Result<Attachment> OfficeFiles::take_over(const ShownFile& shown, const std::string& space) {
  WASL_LET(const ChunkKey from, key_here(shown.space));
  WASL_LET(const ChunkKey to, key_here(space));
  WASL_LET(const FileId id, store_.copy(shown.file(), from, space, to, clock_.now()));
  Attachment out = shown.attachment;
  out.root = id.root;
  return out;
}

Status OfficeFiles::write_out(const FileId& file, const std::filesystem::path& to) {
  WASL_TRY(key_here(file.space));
  WASL_LET(NewFile out, NewFile::begin(to));
  WASL_TRY(read_out(file, [&](ByteView bytes) { return out.write(bytes); }));
  WASL_TRY(out.finish());
  return store_.touch(file, clock_.now());
}

Status OfficeFiles::read_out(const FileId& file, const std::function<Status(ByteView)>& sink) {
  WASL_LET(const ChunkKey space_key, key_here(file.space));
  return store_.write_out(file, space_key, sink);
}

Result<bool> OfficeFiles::has_text(const FileId& file) {
  if (file.size > kTextMost) return false;
  WASL_LET(const auto known, store_.find(file));
  return known && known->whole;
}

Result<std::optional<std::string>> OfficeFiles::text(const FileId& file) {
  WASL_LET(const bool here, has_text(file));
  WASL_LET(const auto space_key, key(file.space));
  if (!here || !space_key) return std::optional<std::string>();
  std::string out;
  const Status read = store_.write_out(file, *space_key, [&](ByteView bytes) -> Status {
    out += text_view(bytes);
    return {};
  });
  if (!read && read.error().code == Errc::not_found) return std::optional<std::string>();
  WASL_TRY(read);
  tidy_text(out);  // of whoever attached it
  return std::optional(std::move(out));
}

Result<FilePolicy> OfficeFiles::policy() {
  FilePolicy out;
  WASL_LET(const auto kind, store_.setting(kPolicy));
  if (kind == "all") out.kind = FilePolicy::Kind::all;
  if (kind == "on-demand") out.kind = FilePolicy::Kind::on_demand;
  WASL_LET(const auto up_to, store_.setting(kUpTo));
  out.up_to = number_of(up_to).value_or(out.up_to);
  WASL_LET(const auto quota, store_.setting(kQuota));
  out.quota = number_of(quota);
  return out;
}

Status OfficeFiles::set_policy(const FilePolicy& policy) {
  const std::string_view kind = policy.kind == FilePolicy::Kind::all     ? "all"
                                : policy.kind == FilePolicy::Kind::up_to ? "up-to"
                                                                         : "on-demand";
  WASL_TRY(store_.set_setting(kPolicy, kind));
  WASL_TRY(store_.set_setting(kUpTo, std::to_string(policy.up_to)));
  WASL_TRY(store_.set_setting(kQuota, policy.quota ? std::to_string(*policy.quota) : "none"));
  WASL_TRY(note_shown());
  WASL_LET(const auto files, store_.files());
  for (const KnownFile& file : files) {
    if (!file.attached || file.kept == policy.takes(file.id.size)) continue;
    // What is here stays until the quota needs its room; what was only to come is not fetched.
    if (!file.kept || (!file.whole && !file.pinned && file.at_hub))
      WASL_TRY(store_.set(file.id, FileStore::Mark::kept, policy.takes(file.id.size)));
  }
  return make_room(policy);
}

Status OfficeFiles::ask_for(const FileId& file) { return ask_for(std::vector{file}); }

Status OfficeFiles::ask_for(const std::vector<FileId>& files) {
  WASL_TRY(note_shown());
  for (const FileId& file : files) {
    WASL_TRY(store_.set(file, FileStore::Mark::kept, true));
    WASL_TRY(store_.touch(file, clock_.now()));
  }
  return {};
}

Status OfficeFiles::pin(const FileId& file, bool pinned) {
  WASL_TRY(store_.set(file, FileStore::Mark::pinned, pinned));
  return pinned ? ask_for(file) : Status();
}

Status OfficeFiles::note_shown() {
  WASL_LET(const auto all, shown());
  WASL_LET(const FilePolicy rule, policy());
  for (const ShownFile& one : all) {
    WASL_LET(const bool fresh, store_.note(one.file(), one.attachment.name, true, clock_.now()));
    if (fresh && rule.takes(one.attachment.size))
      WASL_TRY(store_.set(one.file(), FileStore::Mark::kept, true));
  }
  return {};
}

/// Only what the hub has said it holds goes, so nothing is lost by it.
Status OfficeFiles::make_room(const FilePolicy& policy) {
  if (!policy.quota) return {};
  WASL_LET(auto files, store_.files());
  std::sort(files.begin(), files.end(),
            [](const KnownFile& a, const KnownFile& b) { return a.used < b.used; });
  std::uint64_t needed = 0;
  for (const KnownFile& file : files) needed += file.kept ? file.id.size : 0;
  for (const KnownFile& file : files) {
    if (needed <= *policy.quota) return {};
    if (!file.kept || !file.whole || file.pinned || !file.at_hub) continue;
    WASL_TRY(store_.set(file.id, FileStore::Mark::kept, false));
    needed -= file.id.size;
  }
  return {};
}

Result<OfficeFiles::State> OfficeFiles::state(const ShownFile& shown) {
  State out;
  WASL_LET(const auto known, store_.find(shown.file()));
  if (known) out.known = *known;
  WASL_LET(const auto space_key, key(shown.space));
  out.progress.all = attachment::chunks_of(shown.attachment.size);
  if (space_key) {
    WASL_LET(out.progress, store_.progress(shown.file(), *space_key));
  }
  return out;
}

Result<OfficeFiles::Totals> OfficeFiles::totals() {
  WASL_TRY(note_shown());
  WASL_LET(const auto all, shown());
  Totals out;
  out.shown = all.size();
  for (const ShownFile& one : all) {
    WASL_LET(const auto known, store_.find(one.file()));
    if (!known) continue;
    out.here += known->whole ? 1 : 0;
    out.unsent += known->whole && !known->at_hub ? 1 : 0;
    if (!known->kept || known->whole) continue;
    ++out.coming;
    out.bytes_coming += one.attachment.size;
  }
  WASL_LET(out.bytes, store_.bytes());
  return out;
}

Result<std::uint64_t> OfficeFiles::tidy_up() {
  WASL_TRY(note_shown());
  WASL_LET(const FilePolicy rule, policy());
  WASL_TRY(make_room(rule));
  return store_.sweep(clock_.now() - kOrphansAfter);
}

Result<std::optional<ChunkFrame>> OfficeFiles::read(const std::string& space, const Hash& name) {
  WASL_LET(const auto space_key, key(space));
  if (!space_key) return std::optional<ChunkFrame>();
  WASL_LET(auto chunk, store_.read(space, *space_key, name));
  if (!chunk) return std::optional<ChunkFrame>();
  return std::optional(ChunkFrame{space, chunk->level, std::move(chunk->bytes)});
}

/// Whoever gave all of it has it; what was put together from parts of others may be nowhere else.
Status OfficeFiles::on_whole(const FileId& file, bool all_came) {
  WASL_TRY(store_.set(file, FileStore::Mark::whole, true));
  if (all_came && !from_bundles_) WASL_TRY(on_held(file));
  return store_.touch(file, clock_.now());
}

void OfficeFiles::on_wrong(const FileId& file, const std::string& what) {
  const auto known = store_.find(file);
  const std::string name = known && *known ? (*known)->name : to_hex(file.root.view()).substr(0, 12);
  wrong_.push_back(name + " in " + file.space + ": " + what + "; it was not taken");
}

/// Those that somebody wants whatever the policy says first, then small ones: most people are served soonest.
Result<std::vector<FileId>> OfficeFiles::wanted() {
  WASL_TRY(note_shown());
  WASL_LET(const FilePolicy rule, policy());
  WASL_TRY(make_room(rule));
  WASL_LET(auto files, store_.files());
  std::uint64_t room = rule.quota.value_or(UINT64_MAX);
  for (const KnownFile& file : files) {
    if (file.kept && file.whole) room -= std::min(room, file.id.size);
  }
  std::stable_sort(files.begin(), files.end(), [&](const KnownFile& a, const KnownFile& b) {
    const bool sooner_a = a.pinned || !rule.takes(a.id.size), sooner_b = b.pinned || !rule.takes(b.id.size);
    return sooner_a != sooner_b ? sooner_a : a.id.size < b.id.size;
  });
  std::vector<FileId> out;
  for (const KnownFile& file : files) {
    if (!file.kept || file.whole || !file.attached || file.id.size > room) continue;
    room -= file.id.size;
    out.push_back(file.id);
  }
  return out;
}

Result<std::vector<FileId>> OfficeFiles::offered() {
  WASL_TRY(check_epoch());  // it may have begun since this was opened
  WASL_LET(const auto files, store_.files());
  std::vector<FileId> out;
  for (const KnownFile& file : files) {
    if (file.attached && file.kept && file.whole && !file.at_hub) out.push_back(file.id);
  }
  // Small ones first, and so the text of a document before its file.
  std::stable_sort(out.begin(), out.end(), [](const FileId& a, const FileId& b) { return a.size < b.size; });
  return out;
}

Status OfficeFiles::on_held(const FileId& file) {
  return with_section_ ? Status() : store_.set(file, FileStore::Mark::at_hub, true);
}

}  // namespace wasl
