#pragma once
// Times, counts and near names in words. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/environment.hpp"
#include "shared/model/description.hpp"

namespace wasl::cli {

std::string with_section_words(std::size_t change_sets);

/// "2026-03-04T05:06:07.089Z"; empty for 0 (never).
std::string iso_time(Millis time);
/// "2 hours ago (2026-03-04 05:06 UTC)"; "never" for 0.
std::string time_words(Millis time, Millis now);
/// "1 change set", "3 change sets".
std::string counted(std::uint64_t count, std::string_view one);
std::string bytes_words(std::uint64_t bytes);

/// Those of `names` that a person may have meant, nearest first, at most three.
std::vector<std::string> near_names(std::string_view meant, const std::vector<std::string>& names);
/// "; did you mean X or Y?", or nothing.
std::string did_you_mean(std::string_view meant, const std::vector<std::string>& names);

/// What the person at a device that waits for confirmation has to do. @param language as of `label`.
std::string confirmation_words(std::string_view fingerprint, std::string_view language);

/// That a medium may be pulled out now. @param language as of `label`.
const std::string& safe_to_remove(std::string_view language);

/// @param language one of ar, en, fr, es, pt; anything else is read as en.
const std::string& label(const Labels& labels, std::string_view language);

}  // namespace wasl::cli
