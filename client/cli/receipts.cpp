// wasl receipt, wasl check-receipt
#include <nlohmann/json.hpp>
#include <set>

#include "client/cli/commands.hpp"
#include "client/cli/files.hpp"
#include "client/cli/names.hpp"
#include "client/cli/words.hpp"
#include "shared/model/operation_words.hpp"
#include "shared/receipt/checking.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStatementFileBytes = 256 * 1024;

std::string short_key(ByteView key) { return to_hex(key).substr(0, 12); }

std::string_view word_of(GrantKind kind) {
  switch (kind) {
    case GrantKind::device:
      return "device";
    case GrantKind::invitation:
      return "invitation";
    case GrantKind::person:
      return "person";
  }
  return "key";
}

const Register* register_of(const Operation& op) { return built_in_schema().find(op.register_number); }

/// Other records that the change sets speak of: who is shown the receipt sees them too.
std::size_t other_records(const CheckedReceipt& checked, const Receipt& receipt) {
  std::set<std::pair<std::uint32_t, std::string>> others;
  for (const CheckedChange& change : checked.changes) {
    for (const Operation& op : change.set.operations) {
      if (op.register_number != receipt.register_number || op.id != receipt.id)
        others.emplace(op.register_number, op.id);
    }
  }
  return others.size();
}

std::vector<std::string> statements_of(const CheckedReceipt& checked, const Receipt& receipt) {
  std::vector<std::string> out;
  out.emplace_back(
      "Proved: each change was signed by the key named, stands in the log that the hub signed, and the "
      "grants "
      "named give the right, from a registrar of the network's statement on.");
  out.emplace_back(
      "Vouched for by the hub and checked by every office that holds the log of authority: that no key was "
      "revoked "
      "before. Not said: what came after the checkpoint.");
  if (receipt.key) {
    out.push_back(
        "The receipt holds the key by which entries of " + receipt.space +
        " are hidden in the public log: whoever has the receipt can tell when and by how much that space "
        "grows, and nothing of what is in it.");
  }
  if (const std::size_t others = other_records(checked, receipt); others > 0) {
    out.push_back("A change set is signed whole: these say something of " + counted(others, "other record") +
                  " too.");
  }
  return out;
}

Json rights_json(const std::vector<RightLink>& rights) {
  Json out = Json::array();
  for (const RightLink& link : rights) {
    out.push_back({{"grant", to_hex(link.name.view())},
                   {"kind", word_of(link.grant.kind)},
                   {"grantee", to_hex(link.grant.grantee.view())},
                   {"organisation", link.grant.organisation},
                   {"role", link.grant.role},
                   {"from", iso_time(link.grant.from)},
                   {"until", link.grant.until == 0 ? Json(nullptr) : Json(iso_time(link.grant.until))},
                   {"issuer", to_hex(link.issuer.view())},
                   {"issuer_is_registrar", link.issuer_is_registrar},
                   {"time", iso_time(link.hub_time)}});
  }
  return out;
}

std::string rights_words(const std::vector<RightLink>& rights) {
  std::string out;
  for (const RightLink& link : rights) {
    out += "\n    by the grant " + short_key(link.name.view()) + " to the " +
           std::string(word_of(link.grant.kind)) + " " + short_key(link.grant.grantee.view()) + " as " +
           link.grant.role + " of " + link.grant.organisation +
           (link.grant.until == 0 ? "" : ", until " + iso_time(link.grant.until)) + ", given on " +
           iso_time(link.hub_time) + " by " + (link.issuer_is_registrar ? "the registrar " : "") +
           short_key(link.issuer.view());
  }
  return out;
}

Answer answer_of(const CheckedReceipt& checked, const Receipt& receipt) {
  const Register* reg = built_in_schema().find(receipt.register_number);
  const std::string register_name =
      reg != nullptr ? reg->name : "register " + std::to_string(receipt.register_number);
  const std::size_t witnesses = checked.statement.witnesses.size();
  Json changes = Json::array();
  std::string words = register_name + " " + receipt.id + " in " + receipt.space + ", network " +
                      checked.statement.name + " (" + to_hex(receipt.network.view()) + ")";
  for (const CheckedChange& change : checked.changes) {
    const Author& author = change.set.header.source.author;
    const GrantAct& grant = change.rights.front().grant;
    Json operations = Json::array();
    words += "\n  " + iso_time(change.hub_time) + "  " + grant.organisation + " (" + grant.role + ", " +
             std::string(word_of(grant.kind)) + " " + short_key(author.view()) + ")  [" + receipt.space +
             " " + std::to_string(change.position) + "]";
    if (change.adopted) words += "  adopted: written by that key, in force by the right of this organisation";
    for (const Operation& op : change.set.operations) {
      if (op.register_number != receipt.register_number || op.id != receipt.id) continue;
      operations.push_back(in_words(op, register_of(op)));
      words += "\n    " + in_words(op, register_of(op));
    }
    words += rights_words(change.rights);
    changes.push_back({{"change_set", to_hex(change.set.name.view())},
                       {"position", change.position},
                       {"time", iso_time(change.hub_time)},
                       {"author", to_hex(author.view())},
                       {"organisation", grant.organisation},
                       {"role", grant.role},
                       {"adopted", change.adopted},
                       {"operations", std::move(operations)},
                       {"rights", rights_json(change.rights)}});
  }
  const std::string cosigned = witnesses == 0
                                   ? "the network names no witnesses"
                                   : "cosigned by " + std::to_string(checked.witnesses.size()) + " of " +
                                         counted(witnesses, "witness") + ", " +
                                         std::to_string(ledger::witnesses_needed(witnesses)) + " needed";
  words += "\nUnder the checkpoint " + checked.checkpoint.origin + ", size " +
           std::to_string(checked.checkpoint.size) + ", of " + iso_time(checked.as_of) + "; " + cosigned +
           ".";
  const auto statements = statements_of(checked, receipt);
  for (const std::string& statement : statements) words += "\n" + statement;
  const Json out{
      {"ok", true},
      {"network", {{"name", checked.statement.name}, {"id", to_hex(receipt.network.view())}}},
      {"statement", {{"number", checked.statement.number}, {"hash", to_hex(checked.statement_hash.view())}}},
      {"register", register_name},
      {"id", receipt.id},
      {"space", receipt.space},
      {"checkpoint",
       {{"origin", checked.checkpoint.origin},
        {"size", checked.checkpoint.size},
        {"root", to_base64(checked.checkpoint.root.view())},
        {"time", iso_time(checked.as_of)},
        {"cosigned", checked.witnesses.size()},
        {"witnesses", witnesses}}},
      {"changes", std::move(changes)},
      {"statements", statements}};
  return {out.dump(), std::move(words), kDone};
}

std::optional<Hash> hash_of_hex(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  const auto bytes = from_hex(text);
  return bytes ? Hash::from(*bytes) : std::nullopt;
}

/// A statement's hash in hex, or a file that holds one, or the signed statement itself (as bytes or in hex).
Result<Hash> read_anchor(const std::string& named) {
  if (const auto hash = hash_of_hex(named)) return *hash;
  const auto text = read_file(named, kStatementFileBytes);
  if (!text) {
    return fail(Errc::invalid_value, named + " is neither the hash of a network statement nor a file",
                "wasl-hub status --json prints the network's hash under network, id");
  }
  if (const auto hash = hash_of_hex(*text)) return *hash;
  std::string_view trimmed = *text;
  while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == '\r')) trimmed.remove_suffix(1);
  const auto hex = from_hex(trimmed);
  const auto statement = decode_signed_statement(hex ? ByteView(*hex) : view(*text));
  if (statement) return statement->hash();
  return fail(Errc::malformed, named + " holds no network statement");
}

}  // namespace

Result<Answer> receipt(const Office& office, const ReceiptArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const Receipt made, replica->receipt(*reg, arguments.id, arguments.space));
  const auto checked = check_receipt(made, Hash{made.network.bytes});
  if (!checked) {
    return fail(checked.error().code,
                "what is held here does not prove the record: " + checked.error().message,
                checked.error().code == Errc::bad_signature ? "run: wasl sync, and wasl verify"
                                                            : checked.error().hint);
  }
  const std::string text = encode(made);
  const auto statements = statements_of(*checked, made);
  Json out{{"register", reg->name},
           {"id", made.id},
           {"space", made.space},
           {"network", to_hex(made.network.view())},
           {"changes", made.changes.size()},
           {"statements", statements}};
  if (arguments.out.empty()) {
    out["receipt"] = text;
    return Answer{out.dump(), text.substr(0, text.size() - 1), kDone};
  }
  WASL_TRY(write_new_file(arguments.out, text));
  out["file"] = arguments.out;
  out["bytes"] = text.size();
  std::string words = "Wrote " + arguments.out + " (" + bytes_words(text.size()) +
                      "): " + counted(made.changes.size(), "change set") + " of " + reg->name + " " +
                      made.id + ".";
  for (const std::string& statement : statements) words += "\n" + statement;
  words += "\nAnybody checks it with: wasl check-receipt " + arguments.out + " --network " +
           to_hex(made.network.view());
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> check_receipt_file(const CheckReceiptArguments& arguments) {
  WASL_LET(const Hash anchor, read_anchor(arguments.network));
  WASL_LET(const std::string text, read_file(arguments.file, kReceiptBytes));
  WASL_LET(const Receipt read, decode_receipt(text));
  WASL_LET(const CheckedReceipt checked, check_receipt(read, anchor));
  return answer_of(checked, read);
}

}  // namespace wasl::cli
