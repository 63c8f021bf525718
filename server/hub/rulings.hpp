#pragma once
// What the parts of the committer have in common.
#include <string_view>
#include <vector>

#include "server/hub/committer.hpp"

namespace wasl {

constexpr Millis kRetryDisk = 1'000;
constexpr std::string_view kRecoveringKey = "recovering";

/// The same answer for every change set of the unit.
void answer_all(const Unit& unit, const Verdict& verdict, Millis retry_after, std::vector<VerdictItem>& out);
/// The ticket's, made where it is missing.
Committer::Ruling& ruling_of(std::vector<Committer::Ruling>& rulings, std::uint64_t ticket);

}  // namespace wasl
