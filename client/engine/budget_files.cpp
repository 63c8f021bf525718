#include "client/engine/budget_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBudgetFile = "link-budget.json";
constexpr const char* kUsageFile = "link-usage.json";
constexpr const char* kTurnFile = "link-usage.lock";

/// A daemon and commands of one office count at once. Where the file cannot be made, nobody waits.
class Turn {
 public:
  explicit Turn(const std::filesystem::path& file)
      : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    while (descriptor_ >= 0 && flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~Turn() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int descriptor_;
};

std::string text_of(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::uint64_t number_of(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

/// The new file takes the old one's name when it is whole.
Status write_whole(const std::filesystem::path& file, const Json& document) {
  const std::filesystem::path draft = file.string() + ".new";
  {
    WASL_LET(auto out, DiskFile::open(draft, DiskFile::Mode::create));
    WASL_TRY(out.truncate(0));
    WASL_TRY(out.write(0, view(document.dump(2) + "\n")));
    WASL_TRY(out.sync());
  }
  std::error_code error;
  std::filesystem::rename(draft, file, error);
  if (error) return fail(Errc::storage_failed, "cannot write " + file.string() + ": " + error.message());
  return {};
}

Result<Json> read_whole(const std::filesystem::path& file) {
  if (!file_exists(file)) return Json();
  WASL_LET(auto in, DiskFile::open(file, DiskFile::Mode::read));
  WASL_LET(const Bytes bytes, in.read());
  return Json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

}  // namespace

Result<Budget> read_budget(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kBudgetFile;
  WASL_LET(const Json document, read_whole(file));
  if (document.is_null()) return Budget();
  const auto wrong = [&](const std::string& what) {
    return fail(Errc::invalid_value, file.string() + " is not understood: " + what,
                "put it right with: wasl budget, or remove the file for no limits at all");
  };
  if (!document.is_object()) return wrong("it is no JSON object");
  Budget out;
  for (const auto& [key, limits] :
       {std::pair{"session", &out.session}, {"day", &out.day}, {"month", &out.month}}) {
    const std::string text = text_of(document, key);
    if (text.empty()) continue;
    auto parsed = parse_limits(text);
    if (!parsed) return wrong(parsed.error().message);
    *limits = *parsed;
  }
  const std::string hours = text_of(document, "hours");
  if (!hours.empty()) {
    auto parsed = parse_hours(hours);
    if (!parsed) return wrong(parsed.error().message);
    out.hours = std::move(*parsed);
  }
  const std::string metered = text_of(document, "metered");
  const auto known = metered.empty() ? std::optional(Metered::yes) : parse_metered(metered);
  if (!known) return wrong("metered: " + metered);
  out.metered = *known;
  out.price = text_of(document, "price");
  out.currency = text_of(document, "currency");
  return out;
}

Status write_budget(const std::filesystem::path& folder, const Budget& budget) {
  return write_whole(folder / kBudgetFile, {{"session", to_text(budget.session)},
                                            {"day", to_text(budget.day)},
                                            {"month", to_text(budget.month)},
                                            {"hours", to_text(budget.hours)},
                                            {"metered", to_word(budget.metered)},
                                            {"price", budget.price},
                                            {"currency", budget.currency}});
}

Usage read_usage(const std::filesystem::path& folder) {
  const auto document = read_whole(folder / kUsageFile);
  if (!document || !document->is_object()) return {};
  Usage out;
  out.day = text_of(*document, "day");
  out.month = text_of(*document, "month");
  out.of_day = {number_of(*document, "day_received"), number_of(*document, "day_sent")};
  out.of_month = {number_of(*document, "month_received"), number_of(*document, "month_sent")};
  out.bits_per_second = number_of(*document, "bits_per_second");
  return out;
}

namespace {

Status write_usage(const std::filesystem::path& folder, const Usage& usage) {
  return write_whole(folder / kUsageFile, {{"day", usage.day},
                                           {"day_received", usage.of_day.down},
                                           {"day_sent", usage.of_day.up},
                                           {"month", usage.month},
                                           {"month_received", usage.of_month.down},
                                           {"month_sent", usage.of_month.up},
                                           {"bits_per_second", usage.bits_per_second}});
}

}  // namespace

Result<Usage> update_usage(const std::filesystem::path& folder, const std::function<void(Usage&)>& change) {
  const Turn turn(folder / kTurnFile);
  Usage usage = read_usage(folder);
  change(usage);
  WASL_TRY(write_usage(folder, usage));
  return usage;
}

}  // namespace wasl
