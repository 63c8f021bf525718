#pragma once
// The commands that act on a hub, as questions and answers in JSON: asked directly, or over the socket of the
// hub that serves. Thread: the hub's.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "server/app/open_hub.hpp"

namespace wasl {

/// {"error":{"code","message","hint"}}
nlohmann::json to_json(const Error& error);

/// @param request {"command": "organisation add" | "invite" | "status" | "devices" | "revoke" | "key" | …}.
/// @return the document to print, or an error document. Never throws.
nlohmann::json answer(OpenHub& open, const nlohmann::json& request, bool serving);

/// The same on lines of text, for the socket.
std::string answer_line(OpenHub& open, const std::string& request);

/// Acts of a person: the hub drafts what the request says, the key signs it here, the hub takes it. The key
/// never leaves this process.
nlohmann::json ask_signed(const HubFolder& folder, nlohmann::json request, const crypto::KeyPair& key);

/// Takes the folder's lock and answers, or hands the request to the hub that serves there.
nlohmann::json ask(const HubFolder& folder, const nlohmann::json& request);

}  // namespace wasl
