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

std::string failing_in_words(const json& devices) {
  std::string out;
  for (const json& device : devices) {
    const json& failing = device["failing"];
    if (failing.is_null()) continue;
    out += "  " + text(device["key"]) + "  " + text(device["organisation"]) + ", since " +
           day(failing["since"]) + ", " + text(failing["times"]) + " times, last " + day(failing["last"]) +
           ": " + text(failing["reason"]) + " (" + text(failing["code"]) + ")\n";
  }
  return out.empty() ? "No device fails to sync.\n" : "Fail to sync\n" + out;
}

std::string ages_in_words(const json& ages) {
  return text(ages["day"]) + " of the last day, " + text(ages["week"]) + " of the week before, " +
         text(ages["month"]) + " of the month, " + text(ages["older"]) + " older";
}

std::string conflict_totals(const json& conflicts) {
  if (conflicts["records"] == 0) return "";
  std::string out = text(conflicts["records"]) + " records are in conflict (" +
                    ages_in_words(conflicts["by_age"]) + "), the oldest since " + day(conflicts["oldest"]) +
                    ": their offices resolve them\n";
  for (const auto& [space, count] : conflicts["spaces"].items())
    out += "  " + space + ": " + text(count) + "\n";
  return out;
}

std::string quarantine_totals(const json& quarantine) {
  if (quarantine["held"] == 0) return "";
  std::string reasons;
  for (const auto& [reason, count] : quarantine["reasons"].items())
    reasons += (reasons.empty() ? "" : ", ") + text(count) + " " + reason;
  return text(quarantine["held"]) + " change sets wait for a person (" + reasons + "), the oldest since " +
         day(quarantine["oldest"]) + " (" + ages_in_words(quarantine["by_age"]) +
         "): wasl-hub quarantine list\n";
}

std::string lease_in_words(const json& lease) {
  if (lease.is_null()) return "";
  return (lease["lapsed"].get<bool>() ? ", not waited for since " : ", waited for until ") +
         day(lease["until"]);
}

std::string retention_in_words(const json& retention) {
  if (retention.is_null() || retention["old"] == 0) return "";
  std::string out = ", " + text(retention["floor"]) + " of them known to all";
  for (const json& key : retention["held_by"]) out += ", not yet to " + text(key);
  return out;
}

std::string storage_in_words(const json& storage) {
  const auto megabytes = [](const json& bytes) {
    return bytes.is_number() ? std::to_string(bytes.get<std::uint64_t>() / 1'000'000) + " MB"
                             : std::string("?");
  };
  return "hub.db takes " + megabytes(storage["database_bytes"]) + ", " + megabytes(storage["free_bytes"]) +
         " are free\n";
}

std::string hubs_in_words(const json& hubs) {
  if (hubs.is_null()) return "";
  std::string out;
  for (const json& one : hubs["processes"]) {
    out += "  " + text(one["place"]) + ", since " + day(one["since"]) +
           (one["leads"].get<bool>() ? ", LEADS since " + day(hubs["leading_since"]) : ", follows");
    if (one["silent_seconds"] >= 5) out += ", silent for " + text(one["silent_seconds"]) + " s";
    out += "\n";
  }
  if (out.empty()) return "No hub serves this database.\n";
  return "Hubs over this database (fence " + text(hubs["fence"]) + ", " + text(hubs["waiting_pushes"]) +
         " pushes wait for the one that leads)\n" + out;
}

std::string section_in_words(const json& section) {
  if (section.is_null()) return {};
  std::string out =
      "  It mirrors " + text(section["upstream"]) + ", all of it as of " + day(section["mirrored_until"]);
  if (const json& link = section["link"]; !link.is_null()) {
    out += link["up"].get<bool>() ? "; linked for " : "; NO LINK for ";
    out += text(link["seconds"]) + " s";
    if (!link["trouble"].is_null()) out += " (" + text(link["trouble"]) + ")";
  }
  const json& kept = section["kept"];
  out += ".\n  It keeps " + text(kept["runs"]) + " pieces of work without entries, " + text(kept["bytes"]) +
         " bytes";
  if (kept["waiting"] != 0)
    out +=
        "; " + text(kept["waiting"]) + " wait for the network's hub, the oldest since " + day(kept["oldest"]);
  return out + ".\n";
}

std::string file_store_in_words(const json& store) {
  if (store.is_null()) return "";
  std::string out = "  Their contents lie in " + text(store["place"]);
  if (store["waiting_bytes"] != 0)
    out += "; " + text(store["waiting_bytes"]) + " bytes have yet to be brought there";
  const json& trouble = store["trouble"];
  if (trouble.is_null()) return out + ".\n";
  return out + ".\n  FAILS for " + text(trouble["seconds"]) + " s: " + text(trouble["reason"]) + "\n  " +
         text(trouble["hint"]) + "\n";
}

std::string status_in_words(const json& doc) {
  std::string out = "Network " + text(doc["network"]["name"]) + ", at " + text(doc["address"]) +
                    (doc["serving"].get<bool>() ? ", serving now\n" : ", not serving\n");
  if (doc["recovering"].get<bool>()) {
    out +=
        "RECOVERING from an old copy: it takes back what offices hold, and gives nothing.\n"
        "When every office that can come has come, open a new epoch: wasl-hub root statement --new-epoch\n";
  }
  for (const json& key : doc["keys"]) out += "  " + text(key) + "\n";
  out += section_in_words(doc["section"]);
  out += failing_in_words(doc["devices"]) + quarantine_totals(doc["quarantine"]) +
         conflict_totals(doc["conflicts"]) + storage_in_words(doc["storage"]) + hubs_in_words(doc["hubs"]);
  out += "Spaces\n";
  for (const json& space : doc["spaces"]) {
    out += "  " + text(space["space"]) + ": " + text(space["position"]) + " entries";
    if (space["digest_position"] != space["position"]) out += ", digest at " + text(space["digest_position"]);
    out += retention_in_words(space["retention"]);
    out += "\n";
  }
  const json& files = doc["files"];
  if (files["named"] != 0)
    out += "Files\n  " + text(files["whole"]) + " of " + text(files["named"]) + " whole here, " +
           text(files["bytes"]) + " bytes\n";
  out += file_store_in_words(doc["file_store"]);
  out += doc["devices"].empty() ? "No device has joined yet.\n" : "Devices\n";
  for (const json& device : doc["devices"]) {
    out += "  " + text(device["key"]) + "  " + text(device["organisation"]) + ", " + text(device["role"]) +
           ", last seen " + day(device["last_seen"]);
    if (device["equal"].is_boolean()) out += device["equal"].get<bool>() ? ", equal" : ", NOT equal";
    if (device["behind"].is_number() && device["behind"] != 0)
      out += ", " + text(device["behind"]) + " entries behind";
    if (device["program"].is_string()) out += ", " + text(device["program"]);
    if (device["held"] != 0) out += ", " + text(device["held"]) + " held";
    if (device["refused"] != 0) out += ", " + text(device["refused"]) + " refused";
    if (device["forks"] != 0) {
      out += ", ITS FOLDER WAS COPIED OR RESTORED (" + text(device["forks"]) +
             " chains with two histories; both are kept, see that one copy only is used)";
    }
    if (!device["lease"].is_null() && device["lease"]["lapsed"].get<bool>())
      out += lease_in_words(device["lease"]);
    if (device["unconfirmed"].get<bool>()) out += ", waits for confirmation";
    if (device["revoked"].get<bool>()) out += ", revoked";
    out += "\n";
  }
  return out;
}

std::string signing_in_words(const char* which, const json& roots) {
  std::string out = std::string(which) + ": " + std::to_string(roots["signed"].size()) + " of " +
                    text(roots["threshold"]) + " signatures" +
                    (roots["complete"].get<bool>() ? ", enough\n" : ", not enough\n");
  for (const json& key : roots["signed"]) out += "  " + text(key).substr(0, 12) + " has signed\n";
  for (const json& key : roots["missing"]) out += "  " + text(key).substr(0, 12) + " has not signed\n";
  return out;
}

std::string statement_in_words(const json& doc) {
  std::string out = "Network statement " + text(doc["number"]) + " of " + text(doc["network"]) + ", in " +
                    text(doc["file"]) + "\n";
  for (const json& change : doc["changes"]) out += "  " + text(change) + "\n";
  if (doc.contains("roots_before")) out += signing_in_words("Roots before it", doc["roots_before"]);
  out += signing_in_words(doc.contains("roots_before") ? "Its own roots" : "Roots", doc["roots"]);
  out += doc["complete"].get<bool>() ? "Next: wasl-hub root place " + text(doc["file"]) + " --data HUB\n"
                                     : "Next: carry the file to somebody who has not signed, and there run: "
                                       "wasl-hub root sign " +
                                           text(doc["file"]) + " --key FILE\n";
  return out;
}

std::string root_in_words(const std::string& command, const json& doc) {
  if (command == "root make") {
    return "Made a root key in " + text(doc["file"]) +
           (doc["sealed"].get<bool>() ? ", sealed under the passphrase" : ", without a passphrase") +
           ".\nIts public key: " + text(doc["public"]) + "\n";
  }
  if (command == "root log-key") {
    return "Made the next log key. A network statement has to name it:\n  wasl-hub root statement "
           "--log-key " +
           text(doc["public"]) + " --data HUB --out FILE\n";
  }
  if (command == "root place") {
    return "Network statement " + text(doc["number"]) + " is in force.\n" +
           (doc.contains("founded") ? "Next: wasl-hub organisation add, wasl-hub invite, wasl-hub serve\n"
                                    : "");
  }
  return statement_in_words(doc);
}

std::string devices_in_words(const json& doc) {
  if (doc["devices"].empty()) return "No device has joined yet.\n";
  std::string out;
  for (const json& device : doc["devices"]) {
    out += text(device["device"]).substr(0, 12) + "  " + text(device["organisation"]) + ", " +
           text(device["state"]) + ", last seen " + day(device["last_seen"]) +
           lease_in_words(device["lease"]) + "\n";
  }
  return out;
}

std::string after_joining(const json& invitation) {
  const std::string role = text(invitation["role"]);
  if (invitation["confirm"].get<bool>())
    return "Its rights begin when you have heard its fingerprint: wasl-hub confirm FINGERPRINT\n";
  if (role != "publisher" && role != "administrator") return {};
  return "Whoever uses it first becomes " + role +
         ": with --confirm its rights begin only once you have compared the device's fingerprint.\n";
}

std::string quarantine_in_words(const json& doc) {
  if (doc["quarantine"].empty()) return "Nothing waits.\n";
  std::string out;
  std::string last;
  for (const json& line : doc["quarantine"]) {
    if (line["change_set"] != last) {
      last = text(line["change_set"]);
      out += last.substr(0, 12) + "  " + text(line["reason"]) + ", of device " +
             text(line["device"]).substr(0, 12) + "\n";
    }
    out += "    " + text(line["register"]) + " " + text(line["id"]) + "\n";
  }
  return out + "See one: wasl-hub quarantine show CHANGE_SET; then adopt or discard it.\n";
}

std::string waiting_in_words(const json& doc) {
  std::string out = "Change set " + text(doc["change_set"]) + "\n  " + text(doc["state"]) + ", " +
                    text(doc["reason"]) + ": " + text(doc["words"]) + "\n";
  if (!text(doc["detail"]).empty()) out += "  " + text(doc["detail"]) + "\n";
  out += "  by device " + text(doc["device"]).substr(0, 12) + " of " + text(doc["organisation"]) + " in " +
         text(doc["space"]) + ", written " + day(doc["written"]) + ", came " + day(doc["came"]) + "\n";
  if (doc["parts"] != 1) out += "  one of " + text(doc["parts"]) + " parts, which are decided together\n";
  for (const json& op : doc["operations"]) {
    out += "    " + text(op["what"]) + " " + text(op["register"]) + " " + text(op["id"]);
    if (op.contains("field")) out += " " + text(op["field"]);
    if (op.contains("language")) out += " [" + text(op["language"]) + "]";
    if (op.contains("value")) out += " = " + (op["value"].is_null() ? "nothing" : text(op["value"]));
    out += "\n";
  }
  return out;
}

std::string short_names(const json& names) {
  std::string out;
  for (const json& name : names) out += (out.empty() ? "" : ", ") + text(name).substr(0, 12);
  return out;
}

std::string exported_in_words(const json& doc) {
  std::string out;
  for (const json& file : doc["files"])
    out += "Wrote " + text(file["file"]) + " (" + text(file["bytes"]) + " bytes).\n";
  for (const json& range : doc["entries"])
    out += "  " + text(range["space"]) + ": " +
           (range.contains("snapshot") ? "a snapshot at " + text(range["snapshot"]) + ", " : std::string()) +
           "entries " + text(range["first"]) + " to " + text(range["last"]) + "\n";
  if (doc["entries"].empty()) out += "  nothing that is newer, and the proof of it\n";
  return out + "The office runs: wasl bundle import FILE\nIt was read back whole: safe to remove.\n";
}

std::string imported_in_words(const json& doc) {
  std::string out = text(doc["change_sets"]) + " change sets: " + text(doc["accepted"]) + " accepted, " +
                    text(doc["held"]) + " held, " + text(doc["refused"]) + " refused.\n";
  for (const json& verdict : doc["verdicts"])
    out +=
        "  " + text(verdict["count"]) + " " + text(verdict["outcome"]) + ": " + text(verdict["words"]) + "\n";
  if (doc["later"] != 0)
    out += text(doc["later"]) +
           " cannot be judged yet: what comes before is in another bundle. Import that, then "
           "this one again.\n";
  if (doc["waiting"] != 0)
    out += text(doc["waiting"]) + " wait for the rest of what was done with them: another file has it.\n";
  for (const json& one : doc["not_taken"]) out += "Not taken: " + text(one) + "\n";
  if (doc["sealed_for_others"] != 0)
    out += text(doc["sealed_for_others"]) + " frames are sealed for others.\n";
  if (doc["other_history"] == true)
    out +=
        "THIS OFFICE HAS SEEN A HISTORY THAT THIS HUB HAS NOT SIGNED: the hub was restored from an old copy, "
        "or "
        "runs twice. See: wasl-hub recover --help\n";
  for (const json& office : doc["offices"])
    out += "What it answers: wasl-hub bundle export FILE --device " + text(office).substr(0, 12) + "\n";
  return out;
}

std::string deleted_in_words(const json& space) {
  const auto collected = space.value("collected", std::uint64_t{0});
  std::string out;
  if (collected > 0) out = "; " + std::to_string(collected) + " deleted records have gone for good";
  if (space.contains("collected_before") && space["collected_before"] != collected)
    out += ", " + std::to_string(collected - space["collected_before"].get<std::uint64_t>()) + " of them now";
  if (space.contains("dead") && space["dead"].is_number() && space["dead"] != 0)
    out += "; " + text(space["dead"]) + " deleted records would go for good";
  return out;
}

std::string compaction_in_words(const json& doc) {
  const bool dry_run = doc.value("dry_run", false);
  std::string out;
  for (const json& space : doc["spaces"]) {
    out += text(space["space"]) + ": of " + text(space["entries"]) + " entries the first " +
           text(space["let_go"]) + " are headers alone";
    if (dry_run && space["goes"] != space["let_go"])
      out +=
          ", would be the first " + text(space["goes"]) + " (" + text(space["bytes"]) + " bytes of the log)";
    if (space.contains("before") && space["before"] != space["let_go"])
      out += ", " +
             std::to_string(space["let_go"].get<std::uint64_t>() - space["before"].get<std::uint64_t>()) +
             " of them from now on";
    if (space["waits"] != "") out += "; waits for " + text(space["waits"]);
    out += deleted_in_words(space) + "\n";
    for (const json& key : space["held_by"])
      out += "    " + text(key) + " is waited for (wasl-hub devices says until when)\n";
  }
  return out.empty() ? "There is nothing yet.\n" : out;
}

std::string snapshots_in_words(const json& doc) {
  if (doc["snapshots"].empty()) return "Nothing has grown since the newest snapshots.\n";
  std::string out;
  for (const json& one : doc["snapshots"]) {
    out += text(one["space"]) + " at " + text(one["position"]) + ": " + text(one["bytes"]) + " bytes in " +
           text(one["pieces"]) + " pieces (" + text(one["new_pieces"]) + " of them new), for " +
           text(one["log_bytes"]) + " bytes of log\n";
  }
  return out;
}

std::string elsewhere_in_words(const json& elsewhere, const std::string& what) {
  if (elsewhere["chunks"] == 0) return "";
  return text(elsewhere["chunks"]) + " chunks of files, " + text(elsewhere["bytes"]) +
         " bytes, lie in the object store and " + what + ".\n";
}

std::string bundles_in_words(const json& doc) {
  std::string out;
  for (const json& one : doc["bundles"]) {
    out += text(one["file"]) + ": made by " + text(one["by"]["kind"]) + " " +
           text(one["by"]["key"]).substr(0, 12) + " on " + day(one["made"]) + " for " + text(one["for"]) +
           ", part " + text(one["part"]) + "; " +
           (one["whole"].get<bool>() ? "intact" : text(one["damage"])) + "\n";
    for (const json& frame : one["frames"]) {
      if (!frame.contains("kind")) continue;
      out += "  " + text(frame["number"]) + "  " + text(frame["kind"]);
      if (frame.contains("space")) out += " of " + text(frame["space"]);
      if (frame.contains("first")) out += " " + text(frame["first"]) + " to " + text(frame["last"]);
      if (frame.contains("change_sets")) out += ", " + text(frame["change_sets"]) + " change sets";
      out += "\n";
    }
    if (one["sealed_frames"] != 0) out += "  " + text(one["sealed_frames"]) + " frames sealed for others\n";
  }
  return out;
}

}  // namespace

std::string in_words(const std::string& command, const json& document) {
  if (command == "bundle export") return exported_in_words(document);
  if (command == "bundle import") return imported_in_words(document);
  if (command == "bundle inspect") return bundles_in_words(document);
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
           "INVITATION\n" +
           after_joining(document);
  }
  if (command == "confirm") {
    return "Confirmed: the device " + text(document["device"]).substr(0, 12) + " is " +
           text(document["role"]) + " of " + text(document["organisation"]) + " from now on.\n";
  }
  if (command == "grant") {
    return "The key " + text(document["person"]).substr(0, 12) + " is now " + text(document["role"]) +
           " of " + text(document["organisation"]) + ".\n";
  }
  if (command == "status") return status_in_words(document);
  if (command == "snapshot") return snapshots_in_words(document);
  if (command == "compact") return compaction_in_words(document);
  if (command == "witness add") {
    return "The checkpoint of size " + text(document["size"]) + " is cosigned by " +
           text(document["cosigned"]) + " of " + text(document["witnesses"]) + " witnesses; " +
           text(document["needed"]) + " are needed.\n";
  }
  if (command == "migrate-store") {
    return "The network lies in " + text(document["store"]) + " now" +
           (document.contains("rows")
                ? ": " + text(document["rows"]) + " rows, " + text(document["heads"]) + " heads, " +
                      std::to_string(document["spaces"].size()) + " spaces with the same roots and digests"
                : "") +
           ".\nThe old store is kept, and no hub opens it again: " + text(document["left"]) +
           "\nRemove it when you have a backup of the new one.\n";
  }
  if (command == "key") return text(document["vkey"]) + "\n";
  if (command == "schema publish") {
    std::string out;
    for (const json& name : document["published"]) out += "Published " + text(name) + "\n";
    return out.empty() ? "All of them are in force already.\n" : out;
  }
  if (command == "schema list") {
    std::string out =
        document["published"].get<bool>()
            ? "In force, by signed entries:\n"
            : "None is published: each program judges by its own, where the network statement names that.\n";
    for (const json& reg : document["registers"]) {
      out += "  " + text(reg["number"]) + " " + text(reg["register"]) + ", " + text(reg["fields"]) +
             " fields, " + text(reg["hash"]).substr(0, 12) + "\n";
    }
    return out;
  }
  if (command == "recover") {
    return "This hub recovers from an old copy. Serve it: offices bring back what they hold.\nWhen they "
           "have, draft "
           "and place a statement: wasl-hub root statement --new-epoch\n";
  }
  if (command == "backup") {
    return "Backed up " + text(document["bytes"]) + " bytes to " + text(document["backup"]) +
           (document["files"].get<bool>() ? "" : ", without files.db") + ".\n" +
           elsewhere_in_words(document["elsewhere"],
                              "are not in it: keep versions or a replica of the bucket") +
           "No key is in it. Try it now and then: wasl-hub restore --data DRILL " + text(document["backup"]) +
           "\n";
  }
  if (command == "move-files") {
    return text(document["chunks"]) + " chunks, " + text(document["bytes"]) + " bytes, lie " +
           (document["to"] == "s3" ? "in " + text(document["place"]) + " now, each read back"
                                   : "in files.db now; what lies in " + text(document["place"]) +
                                         " is yours to remove once no other hub uses it") +
           ".\n" +
           (document["damaged"] == 0
                ? ""
                : text(document["damaged"]) + " were missing or damaged: offices are asked for them.\n");
  }
  if (command == "restore") {
    return "Restored the network " + text(document["name"]) + " into " + text(document["data"]) +
           " and checked it: " + text(document["entries"]) + " entries of " + text(document["spaces"]) +
           " spaces, " + text(document["records"]) + " records, " + text(document["heads"]) + " heads.\n" +
           (document["files"].get<bool>()
                ? ""
                : "files.db was not in the backup: offices bring its chunks again.\n") +
           elsewhere_in_words(document["elsewhere"],
                              "were not in the backup: serve with the same s3.bucket") +
           (document["log_key"].get<bool>() ? "" : "Before it can serve: put keys/log.key back.\n") +
           (document["recovering"].get<bool>()
                ? "It begins by taking back what it had signed since: wasl-hub recover --help\n"
                : "");
  }
  if (command.starts_with("root ")) return root_in_words(command, document);
  if (command == "devices") return devices_in_words(document);
  if (command == "quarantine list") return quarantine_in_words(document);
  if (command == "quarantine show") return waiting_in_words(document);
  if (command == "quarantine adopt")
    return "Adopted " + short_names(document["adopted"]) + " in " + text(document["space"]) + ".\n";
  if (command == "quarantine discard")
    return "Discarded " + short_names(document["discarded"]) + "; its office is told at its next sync.\n";
  if (command == "revoke") {
    return "Revoked " + text(document["device"]).substr(0, 12) + " of " + text(document["organisation"]) +
           " (" + text(document["reason"]) + ")." +
           (document.contains("since") ? " What it wrote since " + day(document["since"]) + " is voided."
                                       : "") +
           "\n";
  }
  if (command == "erase" && document.contains("withdrawn"))
    return "The erasure of " + text(document["id"]) + " in " + text(document["space"]) + " is withdrawn.\n";
  if (command == "erase") {
    return text(document["values"]) + " personal values of " + text(document["id"]) + " in " +
           text(document["space"]) + " will be erased (" + text(document["reason"]) +
           ").\nNothing is gone yet: 72 hours from now, " + day(document["not_before"]) +
           ", this hub and every office that syncs\ndestroy them for good. Backups of this folder are yours "
           "to "
           "destroy.\nUntil then it is taken back with: wasl-hub erase " +
           text(document["space"]) + "#" + text(document["id"]) + " --withdraw\n";
  }
  if (command == "wipe") {
    return "Device " + text(document["device"]).substr(0, 12) +
           " is revoked and will be wiped when it syncs next; wasl-hub devices says when it has said so.\n";
  }
  if (command == "init" && document.contains("upstream")) {
    std::string out = "This folder is a section's hub of " + text(document["section"]) + ", and mirrors " +
                      text(document["upstream"]) + ":\n";
    for (const json& space : document["spaces"]) out += "  " + text(space) + "\n";
    return out + "Next: wasl-hub serve --data " + text(document["data"]) +
           "\nOffices of the section: wasl section ADDRESS --data DIR\n";
  }
  if (command == "init") {
    const std::string made = "Made the network " + text(document["name"]) + " in " + text(document["data"]);
    if (document.contains("statement")) {
      return made + ".\nIts first statement waits for the roots in " + text(document["statement"]) +
             ".\nNext: wasl-hub root sign FILE --key KEY at each root's place, then wasl-hub root place FILE "
             "--data HUB\n";
    }
    return made +
           ".\nMove keys/root*.key off this machine now: who holds enough of them controls the "
           "network.\nNext: "
           "wasl-hub organisation add, wasl-hub invite, wasl-hub serve\n";
  }
  return document.dump(2) + "\n";
}

}  // namespace wasl
