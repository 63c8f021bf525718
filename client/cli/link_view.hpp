#pragma once
// The link as it is paid for, and how it gets through, for machines and for people.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "client/engine/link_account.hpp"
#include "client/engine/link_memory.hpp"

namespace wasl::cli {

nlohmann::ordered_json link_json(const LinkAccount& account);
std::string link_words(const LinkAccount& account);

/// "websocket", "posts"
std::string_view carrier_word(Carrier carrier);
/// What carried the last link, why, and until when that stays the first choice.
nlohmann::ordered_json carrier_json(const LastLink& last);
/// Empty: a WebSocket, as always.
std::string carrier_words(const LastLink& last);

}  // namespace wasl::cli
