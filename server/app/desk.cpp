#include "server/app/desk.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "schema/embedded.hpp"
#include "server/app/bundles.hpp"
#include "server/app/compacting.hpp"
#include "server/app/devices.hpp"
#include "server/app/doctor.hpp"
#include "server/app/drafts.hpp"
#include "server/app/erasing.hpp"
#include "server/app/folder_store.hpp"
#include "server/app/quarantine.hpp"
#include "server/app/status.hpp"
#include "server/store/postgres_shared.hpp"
#include "shared/authority/person_acts.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/note.hpp"
#include "shared/net/local_socket.hpp"

namespace wasl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kAnswerLimit{20'000};
constexpr std::chrono::milliseconds kLookForAnswer{10};
constexpr int kLooksAtLead = 25;  // each of so many looks for an answer
constexpr std::chrono::milliseconds kLockLimit{
    10'000};  // another command is done by then; a starting hub listens

Result<json> add_organisation(OpenHub& open, const json& request) {
  WASL_LET(Registrar* const registrar, open.registrar());
  const OrganisationAct organisation{text_of(request, "id"), text_of(request, "kind"),
                                     text_of(request, "parent"), text_of(request, "name")};
  WASL_TRY(registrar->add_organisation(organisation));
  return json{{"organisation", organisation.id},
              {"kind", organisation.kind},
              {"space", open.hub().authority().own_space(organisation.id)}};
}

Result<json> invite(OpenHub& open, const json& request) {
  WASL_LET(Registrar* const registrar, open.registrar());
  WASL_LET(const std::string address, open.address());
  WASL_LET(const Invitation invitation,
           registrar->invite({text_of(request, "organisation"), text_of(request, "role"), address,
                              request.value("confirm", false)}));
  return json{{"invitation", encode(invitation)},
              {"organisation", invitation.organisation},
              {"role", invitation.role},
              {"address", invitation.url},
              {"confirm", request.value("confirm", false)},
              {"until", invitation.until}};
}

Result<json> give(OpenHub& open, const json& request) {
  WASL_LET(Registrar* const registrar, open.registrar());
  const auto bytes = from_hex(text_of(request, "person"));
  const auto key = bytes ? PublicKey::from(*bytes) : std::nullopt;
  if (!key) {
    return fail(Errc::invalid_value, "'" + text_of(request, "person") + "' is no public key",
                "it is 64 hex digits, as wasl key show prints it");
  }
  WASL_TRY(registrar->give(*key, text_of(request, "role"), text_of(request, "organisation")));
  return json{{"person", to_hex(key->view())},
              {"role", text_of(request, "role")},
              {"organisation", text_of(request, "organisation")}};
}

Result<json> statement_in_force(OpenHub& open) {
  const AuthorityState& authority = open.hub().authority();
  return json{{"number", authority.statement().number},
              {"hash", to_hex(authority.statement_hash().view())},
              {"statement", to_hex(encode(open.hub().statements().back()))}};
}

/// Register descriptions, or those of this program where none is given.
Result<json> publish(OpenHub& open, const json& request) {
  WASL_LET(Registrar* const registrar, open.registrar());
  std::map<std::string, std::string> files;
  if (const auto given = request.find("files"); given != request.end() && given->is_object()) {
    for (const auto& [name, text] : given->items()) {
      if (text.is_string()) files[name] = text.get<std::string>();
    }
  }
  WASL_LET(const auto published, registrar->publish(files.empty() ? embedded_descriptions() : files));
  const Schema* now = open.hub().authority().schema();
  return json{{"published", published},
              {"schema", now == nullptr ? json() : json(to_hex(now->hash().view()))}};
}

Result<json> list_schema(OpenHub& open) {
  const Schema& schema = open.hub().authority().schema_or(built_in_schema());
  json registers = json::array();
  for (const Register& reg : schema.registers()) {
    registers.push_back({{"number", reg.number},
                         {"register", reg.name},
                         {"fields", reg.fields.size()},
                         {"hash", to_hex(reg.hash.view())}});
  }
  return json{{"schema", to_hex(schema.hash().view())},
              {"published", open.hub().authority().schema() != nullptr},
              {"registers", std::move(registers)}};
}

Result<json> recover(OpenHub& open, bool serving) {
  if (serving || open.hub().follows()) {
    return fail(Errc::locked, "the hub serves: what it signs now could contradict what it signed before",
                "stop it, run the same command again, then serve: it takes back what offices hold");
  }
  WASL_TRY(open.recover());
  return json{{"recovering", true}, {"heads", open.hub().heads().size}};
}

Result<json> place_statement(OpenHub& open, const json& request) {
  const auto bytes = from_hex(text_of(request, "statement"));
  WASL_LET(const SignedStatement statement, decode_signed_statement(bytes.value_or(Bytes{})));
  WASL_TRY(open.place(statement));
  const NetworkStatement& now = open.hub().authority().statement();
  return json{{"number", now.number}, {"log_key", to_hex(now.log_key.view())}, {"epoch", now.epoch}};
}

/// What a reader of the log must know beforehand: its name, which is the origin, and who signs it.
json key(OpenHub& open) {
  const NetworkStatement& statement = open.hub().authority().statement();
  const std::string origin = ledger::heads_origin(open.hub().network(), statement.epoch);
  return {{"vkey", ledger::to_vkey({origin, statement.log_key})}};
}

Result<json> add_witness(OpenHub& open, const json& request) {
  HeadsLog& heads = open.hub().committer().heads();
  const std::vector<PublicKey>& witnesses = open.hub().authority().statement().witnesses;
  if (witnesses.empty()) {
    return fail(
        Errc::not_found, "this network has no witnesses",
        "the network statement names them by their keys: wasl-hub init --witness, or a new statement");
  }
  WASL_LET(const std::size_t have, heads.take_cosignatures(text_of(request, "text"), witnesses));
  WASL_TRY(open.hub().committer().publish());
  open.note_checkpoint();
  return json{{"size", heads.seen().size},
              {"cosigned", have},
              {"witnesses", witnesses.size()},
              {"needed", ledger::witnesses_needed(witnesses.size())}};
}

Result<json> decide(OpenHub& open, const json& request, bool serving) {
  const std::string command = text_of(request, "command");
  if (open.hub().is_section() && command != "status" && command != "doctor" && command != "devices" &&
      command != "key" && command != "statement" && command != "schema list") {
    return fail(Errc::unsupported, "this is a section's hub: it gives no positions and decides nothing",
                "run this at the network's hub");
  }
  if (command == "organisation add") return add_organisation(open, request);
  if (command == "invite") return invite(open, request);
  if (command == "grant") return give(open, request);
  if (command == "status") return status(open, serving);
  if (command == "doctor") return examine_open(open, serving);
  if (command == "key") return key(open);
  if (command == "witness add") return add_witness(open, request);
  if (command == "statement") return statement_in_force(open);
  if (command == "recover") return recover(open, serving);
  if (command == "schema publish") return publish(open, request);
  if (command == "schema list") return list_schema(open);
  if (command == "root place") return place_statement(open, request);
  if (command == "submit") return submit(open, request);
  if (command == "erase") return erase(open, request);
  if (command == "compact") return compact(open, request, serving);
  if (auto answered = decide_devices(open, command, request)) return *answered;
  if (auto answered = decide_bundles(open, command, request)) return *answered;
  if (auto answered = decide_quarantine(open, command, request)) return *answered;
  return fail(Errc::unsupported, "the hub that serves here does not know this command",
              "restart it after an update");
}

}  // namespace

json to_json(const Error& error) {
  return {{"error", {{"code", to_word(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
}

json answer(OpenHub& open, const json& request, bool serving) {
  const auto document = decide(open, request, serving);
  return document ? *document : to_json(document.error());
}

std::string answer_line(OpenHub& open, const std::string& line) {
  const json request = json::parse(line, nullptr, false);
  const json document = request.is_object()
                            ? answer(open, request, true)
                            : to_json({Errc::malformed, "this is no request of wasl-hub", {}});
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

json ask_signed(const HubFolder& folder, json request, const crypto::KeyPair& key) {
  request["author"] = to_hex(key.public_key().view());
  const json drafted = ask(folder, request);
  if (drafted.contains("error")) return drafted;
  const auto header = from_hex(text_of(drafted, "header"));
  const auto body = from_hex(text_of(drafted, "body"));
  const auto set = header && body ? decode_change_set(*header, *body)
                                  : Result<ChangeSet>(fail(Errc::malformed, "the hub drafted nothing"));
  if (!set) return to_json(set.error());
  if (set->header.source.author != key.public_key())
    return to_json({Errc::unauthorised, "the hub drafted another key's act", {}});
  const Signature signature = key.sign(run_message(set->header.network, set->name));
  json answer = ask(folder, {{"command", "submit"},
                             {"header", text_of(drafted, "header")},
                             {"body", text_of(drafted, "body")},
                             {"signature", to_hex(signature.view())}});
  return answer.contains("error") ? answer : drafted.value("done", json::object());
}

namespace {

/// Of the hub that leads, over the storage that all have in common, or directly where no hub serves it.
json ask_shared(const HubFolder& folder, const std::string& address, const json& request) {
  const auto deadline = std::chrono::steady_clock::now() + kAnswerLimit;
  for (;;) {
    const auto open = OpenHub::open(folder);
    if (open) return answer(**open, request, false);
    if (open.error().code != Errc::locked) return to_json(open.error());
    auto sent = PostgresRequest::send(address, request.dump(-1, ' ', false, json::error_handler_t::replace));
    if (!sent) return to_json(sent.error());
    for (int looks = 1;; ++looks) {
      const auto reply = sent->answer();
      if (!reply) return to_json(reply.error());
      if (*reply) {
        json document = json::parse(**reply, nullptr, false);
        if (document.is_object()) return document;
        return to_json({Errc::malformed, "the hub that leads gave no readable answer", {}});
      }
      const bool late = std::chrono::steady_clock::now() >= deadline;
      const auto nobody = looks % kLooksAtLead == 0 ? sent->nobody_leads() : Result<bool>(false);
      if (!nobody) return to_json(nobody.error());
      if (late || *nobody) {
        const auto withdrawn = sent->withdraw();
        if (!withdrawn) return to_json(withdrawn.error());
        if (late) {
          return to_json({Errc::locked,
                          *withdrawn ? "the hub that leads does not answer; nothing was done"
                                     : "the hub that leads took this up and has not answered",
                          *withdrawn ? "try again" : "look whether it was done before you try again"});
        }
        if (*withdrawn) break;  // and acts by itself
      }
      std::this_thread::sleep_for(kLookForAnswer);
    }
  }
}

}  // namespace

json ask(const HubFolder& folder, const json& request) {
  if (!has_store(folder)) {
    return to_json({Errc::not_found, "there is no network in " + folder.path.string(),
                    "run: wasl-hub init --data DIR --name NAME"});
  }
  if (const auto address = store_address(folder)) return ask_shared(folder, *address, request);
  const auto deadline = std::chrono::steady_clock::now() + kLockLimit;
  for (;;) {
    const auto lock = FolderLock::take(folder);
    if (lock) {
      const auto open = OpenHub::open(folder);
      return open ? answer(**open, request, false) : to_json(open.error());
    }
    if (lock.error().code != Errc::locked) return to_json(lock.error());
    const auto reply = local_request(
        folder.socket(), request.dump(-1, ' ', false, json::error_handler_t::replace), kAnswerLimit);
    if (reply) {
      json document = json::parse(*reply, nullptr, false);
      if (document.is_object()) return document;
      return to_json({Errc::malformed, "the hub that serves here gave no readable answer", {}});
    }
    // Nobody listens: a hub that starts or stops, or another command. Both are short.
    if (reply.error().code != Errc::not_found) return to_json(reply.error());
    if (std::chrono::steady_clock::now() >= deadline) return to_json(lock.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace wasl
