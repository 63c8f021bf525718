#include "shared/checkup/checkup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "shared/sqlite/database.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr Millis kDay = 86'400'000;

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes / kMegabyte) + " MB"; }

/// Written, synced and gone again.
Status try_to_write(const std::filesystem::path& file) {
  const int open = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const auto refused = [&](const char* what) {
    return fail(Errc::storage_failed, std::string(what) + " " + file.string() + ": " + std::strerror(errno));
  };
  if (open < 0) return refused("cannot make");
  const std::string page(4096, 'w');
  const bool written = ::write(open, page.data(), page.size()) == static_cast<ssize_t>(page.size());
  Status done;
  if (!written) {
    done = refused("cannot write");
  } else if (::fsync(open) != 0) {
    done = refused("cannot sync");
  }
  ::close(open);
  ::unlink(file.c_str());
  return done ? sync_folder(file.parent_path()) : done;
}

}  // namespace

std::string_view to_word(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::warn:
      return "warn";
    case Health::fail:
      return "fail";
  }
  return "";
}

Health worst_of(const Findings& findings) {
  Health worst = Health::ok;
  for (const Finding& one : findings) worst = std::max(worst, one.health);
  return worst;
}

std::string in_words(const Findings& findings) {
  std::string out;
  for (const Finding& one : findings) {
    if (!out.empty()) out += "\n";
    out += std::string(to_word(one.health)) + (one.health == Health::ok ? "    " : "  ") + one.check + ": " +
           one.words;
    if (!one.advice.empty()) out += "\n      " + one.advice;
  }
  return out;
}

nlohmann::json to_json(const Findings& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& one : findings) {
    list.push_back({{"check", one.check},
                    {"health", to_word(one.health)},
                    {"words", one.words},
                    {"advice", one.advice}});
  }
  return {{"health", to_word(worst_of(findings))}, {"findings", std::move(list)}};
}

Finding failed(std::string check, const Error& error) {
  return {std::move(check), Health::fail, error.message, error.hint};
}

Finding look_at_room(const std::filesystem::path& folder, std::uint64_t least) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) return {"room", Health::fail, folder.string() + ": " + error.message(), "is it there?"};
  const std::string words = megabytes(space.available) + " free where " + folder.string() + " lies";
  if (space.available >= least) return {"room", Health::ok, words};
  return {"room", Health::warn, words + ", less than " + megabytes(least),
          "free some, or move the folder to a larger disk: what is full refuses work"};
}

Finding look_at_writing(const std::filesystem::path& folder) {
  const Status written = try_to_write(folder / ("doctor." + std::to_string(::getpid())));
  if (written) return {"disk", Health::ok, "writes and syncs in " + folder.string()};
  Finding out = failed("disk", written.error());
  out.advice =
      "run as the user that owns the folder; is the disk full, mounted read-only, or failing (dmesg)?";
  return out;
}

Finding look_at_privacy(const std::vector<std::filesystem::path>& files) {
  std::string open;
  for (const std::filesystem::path& file : files) {
    struct stat state {};
    if (::stat(file.c_str(), &state) == 0 && (state.st_mode & 0077) != 0)
      open += (open.empty() ? "" : " ") + file.string();
  }
  if (open.empty()) return {"permissions", Health::ok, "nobody but their owner reads keys and databases"};
  return {"permissions", Health::fail, "other users of this machine may read " + open,
          "chmod go= " + open + "; a key that somebody may have copied has to be replaced"};
}

Finding look_at_database(std::string check, const std::filesystem::path& file) {
  auto database = Database::open({.path = file, .read_only = true});
  const Status sound = database ? database->check_with_indexes() : Status(tl::unexpected(database.error()));
  if (!sound) return failed(std::move(check), sound.error());
  std::error_code unknown;
  const auto size = std::filesystem::file_size(file, unknown);
  return {std::move(check), Health::ok,
          "every page of " + file.filename().string() + " is sound" +
              (unknown ? std::string() : " (" + megabytes(size) + ")")};
}

Finding look_at_clock_setting() {
  timex state{};
  const int answer = ::adjtimex(&state);
  if (answer >= 0 && answer != TIME_ERROR)
    return {"clock", Health::ok, "this machine's clock is kept right (NTP)"};
  return {"clock", Health::warn, "nobody keeps this machine's clock right",
          "where there is a network: systemctl enable --now systemd-timesyncd (or chrony)"};
}

Finding judge_certificate(const std::string& whose, Millis until, Millis now, std::int64_t days) {
  const std::int64_t left = (until - now) / kDay;
  const std::string advice = "renew it with the same key, so that addresses with a pin stay right";
  if (until <= now)
    return {"certificate", Health::fail,
            whose + " ended " + std::to_string((now - until) / kDay) + " days ago", advice};
  const std::string words = whose + " is valid for " + std::to_string(left) + " days more";
  if (left >= days) return {"certificate", Health::ok, words};
  return {"certificate", Health::warn, words, advice};
}

}  // namespace wasl
