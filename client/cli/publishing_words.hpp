#pragma once
// What publishing says to a person, in the five working languages. Pure.
#include <string>
#include <string_view>

#include "client/replica/publishing.hpp"

namespace wasl::cli {

/// Why a record stays a draft: one reason.
std::string stop_words(const PublicationStop& stop, std::string_view language);
/// Why the edition leaves a field out.
std::string left_out_words(const LeftOutField& left, std::string_view language);

/// "The record is not published:", "Signed for publication in SPACE as ID: FIELDS", "Signed to be withdrawn
/// from SPACE", "The edition says all of it already".
enum class PublishingWord { stopped, published, withdrawn, unchanged, after_sync };
const std::string& publishing_words(PublishingWord word, std::string_view language);

}  // namespace wasl::cli
