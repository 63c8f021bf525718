#pragma once
// Grants as people type them and read them.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client/replica/replica.hpp"

namespace wasl::cli {

/// What a grant is to say, as typed on the command line or written into `act_draft`.
struct GrantRequest {
  std::string to;  ///< a public key in hex; "device": this office's device
  std::string role, organisation, mandate, reason;
  std::vector<std::string> rights, spaces, registers, labels;  ///< a label as NAME=VALUE,VALUE
  std::string from, until;                                     ///< YYYY-MM-DD (the whole day), or a time
  std::optional<std::uint32_t> depth, level;
  bool while_held = false;
  bool needs_acceptance = false;
};

/// Errors: invalid_value, not_found.
Result<GrantAct> grant_act_of(Replica& replica, const GrantRequest& request);
/// The grant that hands a person's own on to this office's device, to work under unattended; nothing when it
/// may not be passed on.
std::optional<GrantAct> pass_to_device(const AuthorityState& authority, const Grant& held,
                                       const PublicKey& device);
/// The person's grant under which an act is signed: the one named, or the first that `fits`, or the first
/// good one. Errors: unauthorised (none), not_found.
Result<const Grant*> grant_of(Replica& replica, const PublicKey& person, const std::string& named,
                              const std::function<bool(const Grant&)>& fits);
/// Errors: invalid_value.
Result<PublicKey> public_key_of(std::string_view hex);
/// 2026-12-31, or a time with its offset. @param end_of_day a day alone means up to its end.
Result<Millis> time_of(std::string_view text, bool end_of_day);

std::string_view to_word(GrantKind kind);
std::string_view to_word(Standing standing);
/// "read, write in section/africa on theme = network#climate; …".
std::string clauses_words(const std::vector<Clause>& clauses, const Schema& schema);
/// One act in a line.
std::string act_words(const Act& act, const AuthorityState& authority);
std::string short_name(const Hash& name);
std::string short_key(const PublicKey& key);

}  // namespace wasl::cli
