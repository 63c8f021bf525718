#pragma once
// A look at a machine and a folder, in findings. Thread: any; each look blocks.
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"

namespace wasl {

enum class Health { ok, warn, fail };
std::string_view to_word(Health health);

struct Finding {
  std::string check;  ///< what was looked at, one word
  Health health = Health::ok;
  std::string words;
  std::string advice{};  ///< what to do; empty when nothing is
};
using Findings = std::vector<Finding>;

Health worst_of(const Findings& findings);
/// A line each, what to do below it; no end of line at the end.
std::string in_words(const Findings& findings);
/// {"health","findings":[{"check","health","words","advice"}]}
nlohmann::json to_json(const Findings& findings);
/// What went wrong while looking.
Finding failed(std::string check, const Error& error);

/// @param least bytes below which it warns.
Finding look_at_room(const std::filesystem::path& folder, std::uint64_t least);
/// Writes a file in the folder, syncs it and its name, and removes it.
Finding look_at_writing(const std::filesystem::path& folder);
/// That nobody but their owner reads these. What is not there counts as private.
Finding look_at_privacy(const std::vector<std::filesystem::path>& files);
/// Reads every page and compares indexes with tables: seconds a gigabyte. Writes nothing, and keeps nobody
/// from writing.
Finding look_at_database(std::string check, const std::filesystem::path& file);
/// That somebody (NTP) sets this machine's clock.
Finding look_at_clock_setting();

/// @param until when the certificate ends. @param days below which it warns.
Finding judge_certificate(const std::string& whose, Millis until, Millis now, std::int64_t days);

}  // namespace wasl
