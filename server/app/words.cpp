#include "server/app/words.hpp"

#include <ctime>
#include <nlohmann/json.hpp>

namespace wasl {
namespace {

using nlohmann::json;

std::string text(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::string day(const json& millis) {
  if (!millis.is_number_integer()) return "never";
  const std::time_t seconds = millis.get<std::int64_t>() / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char out[32];
  std::strftime(out, sizeof out, "%Y-%m-%d %H:%M UTC", &parts);
  return out;
}

std::string status_in_words(const json& doc) {
  std::string out = "Network " + text(doc["network"]["name"]) + ", at " + text(doc["address"]) +
                    (doc["serving"].get<bool>() ? ", serving now\n" : ", not serving\n");
  for (const json& key : doc["keys"]) out += "  " + text(key) + "\n";
  out += "Spaces\n";
  for (const json& space : doc["spaces"]) {
    out += "  " + text(space["space"]) + ": " + text(space["position"]) + " entries";
    if (space["digest_position"] != space["position"]) out += ", digest at " + text(space["digest_position"]);
    out += "\n";
  }
  out += doc["devices"].empty() ? "No device has joined yet.\n" : "Devices\n";
  for (const json& device : doc["devices"]) {
    out += "  " + text(device["key"]) + "  " + text(device["organisation"]) + ", " + text(device["role"]) +
           ", last seen " + day(device["last_seen"]);
    if (device["equal"].is_boolean()) out += device["equal"].get<bool>() ? ", equal" : ", NOT equal";
    if (device["held"] != 0) out += ", " + text(device["held"]) + " held";
    if (device["refused"] != 0) out += ", " + text(device["refused"]) + " refused";
    if (device["revoked"].get<bool>()) out += ", revoked";
    out += "\n";
  }
  return out;
}

}  // namespace

std::string in_words(const std::string& command, const json& document) {
  if (command == "organisation add") {
    return "Added " + text(document["organisation"]) + "; its work goes to " + text(document["space"]) +
           ".\n";
  }
  if (command == "invite") {
    std::string picture;
    if (document.contains("qr")) picture += text(document["qr"]) + "\n";
    if (document.contains("png")) picture += "The same as a QR code: " + text(document["png"]) + "\n";
    if (document.contains("png_error"))
      picture += "No picture was written: " + text(document["png_error"]) + "\n";
    return picture + text(document["invitation"]) + "\n\nFor one device of " +
           text(document["organisation"]) + " as " + text(document["role"]) + ", until " +
           day(document["until"]) +
           ". It works once; send it as you would send a password.\nThe office runs: wasl join --data DIR "
           "INVITATION\n";
  }
  if (command == "status") return status_in_words(document);
  if (command == "witness add") {
    return "The checkpoint of size " + text(document["size"]) + " is cosigned by " +
           text(document["cosigned"]) + " of " + text(document["witnesses"]) + " witnesses; " +
           text(document["needed"]) + " are needed.\n";
  }
  if (command == "key") return text(document["vkey"]) + "\n";
  if (command == "init") {
    return "Made the network " + text(document["name"]) + " in " + text(document["data"]) +
           ".\nMove keys/root.key off this machine now: who holds it controls the network.\nNext: wasl-hub "
           "organisation add, wasl-hub invite, wasl-hub serve\n";
  }
  return document.dump(2) + "\n";
}

}  // namespace wasl
