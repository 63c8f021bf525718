// wasl attach, wasl fetch, wasl attachments, wasl pin
#include "client/cli/attaching.hpp"

#include <nlohmann/json.hpp>

#include "client/attachments/extracting.hpp"
#include "client/cli/files_view.hpp"
#include "client/cli/names.hpp"
#include "client/cli/words.hpp"
#include "client/engine/budget.hpp"
#include "client/engine/link_account.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

struct EndingType {
  std::string_view ending, type;
};
/// What offices attach; anything else is bytes, unless --type says more.
constexpr EndingType kTypes[] = {
    {".csv", "text/csv"},
    {".doc", "application/msword"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {".gif", "image/gif"},
    {".htm", "text/html"},
    {".html", "text/html"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".json", "application/json"},
    {".md", "text/markdown"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".odp", "application/vnd.oasis.opendocument.presentation"},
    {".ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {".odt", "application/vnd.oasis.opendocument.text"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".ppt", "application/vnd.ms-powerpoint"},
    {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {".rtf", "application/rtf"},
    {".txt", "text/plain"},
    {".webp", "image/webp"},
    {".xls", "application/vnd.ms-excel"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".zip", "application/zip"},
};

std::string type_of(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  for (char& c : ending) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const EndingType& known : kTypes)
    if (known.ending == ending) return std::string(known.type);
  return "application/octet-stream";
}

Json attachment_json(const Attachment& attachment) {
  return {{"name", attachment.name},
          {"type", attachment.type},
          {"size", attachment.size},
          {"file", to_hex(attachment.root.view())}};
}

Json place_json(const ShownFile& shown) {
  return {
      {"register", shown.register_name}, {"id", shown.id}, {"space", shown.space}, {"field", shown.field}};
}

std::string policy_words(const FilePolicy& policy) {
  if (policy.kind == FilePolicy::Kind::all) return "all";
  if (policy.kind == FilePolicy::Kind::on_demand) return "on-demand";
  return "up-to " + std::to_string(policy.up_to);
}

Result<FilePolicy> changed(FilePolicy policy, const AttachmentsArguments& arguments) {
  if (!arguments.policy.empty()) {
    const std::string& kind = arguments.policy.front();
    const bool up_to = kind == "up-to";
    if (arguments.policy.size() != (up_to ? 2 : 1) || (!up_to && kind != "all" && kind != "on-demand"))
      return fail(Errc::invalid_value, "the policy is none that there is",
                  "write --policy all, --policy up-to 2M, or --policy on-demand");
    policy.kind = up_to           ? FilePolicy::Kind::up_to
                  : kind == "all" ? FilePolicy::Kind::all
                                  : FilePolicy::Kind::on_demand;
    if (up_to) {
      WASL_LET(policy.up_to, size_of(arguments.policy[1]));
    }
  }
  if (arguments.quota == "none") {
    policy.quota.reset();
  } else if (!arguments.quota.empty()) {
    WASL_LET(policy.quota, size_of(arguments.quota));
  }
  return policy;
}

std::string state_words(const OfficeFiles::State& state) {
  const KnownFile& known = state.known;
  std::string out;
  if (known.whole) {
    out = known.at_hub ? "here, and at the hub" : "here, not at the hub yet";
  } else {
    const std::uint64_t percent = state.progress.here * 100 / state.progress.all;
    out = known.kept ? std::to_string(percent) + " % here, the rest comes" : "not here: wasl fetch";
  }
  return out + (known.pinned ? ", pinned" : "");
}

/// The text of a file, kept as a file of its own, so that it goes before it and can be found.
struct TextBeside {
  const Field* field = nullptr;  ///< null: the register has none
  std::optional<Attachment> attachment;
  std::string note;  ///< for people
};

Result<TextBeside> text_beside(OfficeFiles& files, const Register& reg, const Field& field,
                               const std::filesystem::path& file, const std::string& space,
                               const Attachment& attachment) {
  TextBeside out{text_field(reg, field), {}, {}};
  if (out.field == nullptr || !may_have_text(attachment.type)) return out;
  if (is_own_text(file, attachment.type)) return out;
  WASL_LET(const ExtractedText extracted, text_of(file, attachment.type));
  out.note = extracted.note;
  if (extracted.text.empty()) return out;
  WASL_LET(out.attachment, files.take_in(extracted.text, attachment.name + ".txt", space, "text/plain"));
  return out;
}

std::string text_words(const TextBeside& text) {
  if (text.attachment)
    return " Its text (" + bytes_words(text.attachment->size) + (text.note.empty() ? "" : ": " + text.note) +
           ") goes before it, and is found by wasl search.";
  return text.note.empty() ? "" : " No text goes before it: " + text.note + ".";
}

/// One session now, so that what was asked for comes. Errors: those of the session.
Status run_session_for(OfficeFiles& files, Replica& replica, const Office& office, const std::string& url) {
  const std::string address = url.empty() ? replica.network().url : url;
  if (address.empty())
    return fail(Errc::not_found, "the hub's address is not known", "name it with --url ws://HOST:PORT");
  WASL_LET(LinkAccount account, LinkAccount::open(office.folder(), office.clock()));
  const Allowance allowed = account.allowance();
  if (!allowed.may_start) return fail(Errc::later, allowed.why, "it comes with a later sync");
  Loop loop;
  SyncRun::Options options;
  options.url = address;
  options.memory = office.folder();
  options.receive_most = allowed.down;
  options.send_most = allowed.up;
  options.files = &files;
  const SyncOutcome outcome = run_session(loop, replica, std::move(options));
  (void)account.close(outcome.traffic, outcome.took);
  if (outcome.error) return tl::unexpected(*outcome.error);
  if (outcome.files.error) return tl::unexpected(*outcome.files.error);
  return {};
}

/// Errors: those of the session; later, when it brought not all of it.
Status bring_here(OfficeFiles& files, Replica& replica, const Office& office, const ShownFile& shown,
                  const std::string& url) {
  WASL_TRY(files.ask_for(shown.file()));
  WASL_LET(OfficeFiles::State state, files.state(shown));
  if (state.progress.here == state.progress.all) return {};
  WASL_TRY(run_session_for(files, replica, office, url));
  WASL_LET(state, files.state(shown));
  if (state.progress.here == state.progress.all) return {};
  const std::string why = files.wrong().empty() ? "the hub does not hold all of it yet, or there is no "
                                                  "room for it under the quota"
                                                : files.wrong().front();
  return fail(Errc::later, shown.attachment.name + " is not whole here: " + why,
              "it comes with a later sync; see: wasl attachments");
}

}  // namespace

Result<Answer> attach(const Office& office, const AttachArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const Field* const field, find_field(*reg, arguments.field));
  if (field->type != kAttachmentField || field->retired)
    return fail(Errc::invalid_value, reg->name + "." + field->name + " takes no file",
                "list the fields with: wasl registers " + reg->name);
  const std::string type = arguments.type.empty() ? type_of(arguments.file) : arguments.type;
  if (!is_media_type(type))
    return fail(Errc::invalid_value, "'" + type + "' is no media type", "write for example application/pdf");
  WASL_LET(const std::string space, replica->space_of(*reg, arguments.id, arguments.space));
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const Attachment attachment, files->take_in(arguments.file, space, type));
  WASL_LET(const TextBeside text, text_beside(*files, *reg, *field, arguments.file, space, attachment));
  const Status written = replica->write([&](Database& db) -> Status {
    WASL_LET(auto update, db.prepare("UPDATE " + reg->name + " SET " + field->name + " = ?1" +
                                     (text.field != nullptr ? ", " + text.field->name + " = ?4" : "") +
                                     " WHERE id = ?2 AND space = ?3"));
    update.bind_all(attachment.to_json(), arguments.id, space);
    if (text.field != nullptr && text.attachment) update.bind(4, text.attachment->to_json());
    WASL_TRY(update.run());
    if (db.changes() == 1) return {};
    return fail(Errc::not_found, "there is no " + reg->name + " " + arguments.id, "see: wasl list");
  });
  WASL_TRY(written);
  WASL_TRY(files->tidy_up());
  const ShownFile shown{reg->name, space, arguments.id, field->name, attachment};
  Json out = place_json(shown);
  out["attachment"] = attachment_json(attachment);
  if (text.attachment) out["text"] = attachment_json(*text.attachment);
  if (!text.note.empty()) out["note"] = text.note;
  return Answer{out.dump(),
                "Attached " + attachment.to_display() + " to " + reg->name + " " + arguments.id + " in " +
                    space + ". It goes to the hub behind the change sets of the next sync." +
                    text_words(text),
                kDone};
}

Result<Answer> fetch(const Office& office, const FetchArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const ShownFile shown,
           files->find(arguments.register_name, arguments.id, arguments.field, arguments.space));
  WASL_TRY(bring_here(*files, *replica, office, shown, arguments.url));
  Json out = place_json(shown);
  out["attachment"] = attachment_json(shown.attachment);
  std::string words = shown.attachment.to_display() + " is here.";
  if (!arguments.out.empty()) {
    std::filesystem::path to = arguments.out;
    std::error_code ignored;
    if (std::filesystem::is_directory(to, ignored)) to /= shown.attachment.name;
    Status written = files->write_out(shown.file(), to);
    if (!written &&
        written.error().code == Errc::not_found) {  // a chunk was damaged: it is noticed when read
      WASL_TRY(bring_here(*files, *replica, office, shown, arguments.url));
      written = files->write_out(shown.file(), to);
    }
    WASL_TRY(written);
    out["written"] = to.string();
    words += " Written to " + to.string() + ".";
  }
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> attachments(const Office& office, const AttachmentsArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const FilePolicy before, files->policy());
  WASL_LET(const FilePolicy policy, changed(before, arguments));
  if (policy != before) WASL_TRY(files->set_policy(policy));
  WASL_TRY(files->tidy_up());
  WASL_LET(const auto all, files->shown());
  WASL_LET(const FilesSummary summary, summary_of(*files, {}));
  Json out{{"policy", policy_words(policy)},
           {"quota", policy.quota ? Json(*policy.quota) : Json(nullptr)},
           {"stored_bytes", summary.totals.bytes},
           {"files", Json::array()}};
  std::string words = "Policy: " + policy_words(policy) +
                      ", quota: " + (policy.quota ? bytes_words(*policy.quota) : "none") +
                      ", stored: " + bytes_words(summary.totals.bytes);
  for (const ShownFile& shown : all) {
    WASL_LET(const OfficeFiles::State state, files->state(shown));
    Json one = place_json(shown);
    one["attachment"] = attachment_json(shown.attachment);
    one["here"] = state.known.whole;
    one["wanted"] = state.known.kept;
    one["at_hub"] = state.known.at_hub;
    one["pinned"] = state.known.pinned;
    one["chunks"] = {{"here", state.progress.here}, {"all", state.progress.all}};
    out["files"].push_back(std::move(one));
    words += "\n" + shown.register_name + " " + shown.id + " " + shown.field + " in " + shown.space + "\n  " +
             shown.attachment.to_display() + ": " + state_words(state);
  }
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> pin(const Office& office, const FetchArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const ShownFile shown,
           files->find(arguments.register_name, arguments.id, arguments.field, arguments.space));
  WASL_TRY(files->pin(shown.file(), !arguments.release));
  Json out = place_json(shown);
  out["pinned"] = !arguments.release;
  return Answer{
      out.dump(),
      shown.attachment.name + (arguments.release ? " is no longer pinned."
                                                 : " is pinned: it comes with the next sync, and stays."),
      kDone};
}

}  // namespace wasl::cli
