#include "server/app/quarantine.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "server/app/drafts.hpp"
#include "shared/model/field_value.hpp"

namespace wasl {
namespace {

using nlohmann::json;

std::string register_name(const Schema& schema, std::uint32_t number) {
  if (const Register* reg = schema.find(number)) return reg->name;
  return "register " + std::to_string(number);
}

Result<json> quarantine_list(OpenHub& open, const json& request) {
  WASL_LET(const auto sets, open.hub().store().kept_list(request.value("refused", false)));
  const Schema schema = open.hub().authority().schema_with(built_in_schema());
  json list = json::array();
  for (const KeptSet& kept : sets) {
    json line = {{"change_set", to_hex(kept.name.view())},
                 {"device", to_hex(kept.header.source.author.view())},
                 {"reason", to_word(kept.reason)},
                 {"register", ""},
                 {"id", ""}};
    const auto set = decode_change_set(kept.header_bytes, kept.body);
    std::pair<std::uint32_t, std::string> last;
    bool any = false;
    for (std::size_t i = 0; set && i < set->operations.size(); ++i) {
      const Operation& op = set->operations[i];
      const std::pair record(op.register_number, op.id);
      if (any && record == last) continue;
      last = record;
      any = true;
      line["register"] = register_name(schema, op.register_number);
      line["id"] = op.id;
      list.push_back(line);
    }
    if (!any) list.push_back(std::move(line));
  }
  return json{{"quarantine", std::move(list)}};
}

Result<KeptSet> find_waiting(OpenHub& open, std::string prefix) {
  std::optional<Byte> half;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  const bool is_hex = !prefix.empty() && prefix.size() <= 2 * Hash::kSize &&
                      std::ranges::all_of(prefix, [&](char c) { return digit(c) >= 0; });
  if (is_hex && prefix.size() % 2 == 1) {
    half = static_cast<Byte>(digit(prefix.back()));
    prefix.pop_back();
  }
  std::vector<KeptSet> found;
  if (is_hex) {
    WASL_LET(found, open.hub().store().find_kept(from_hex(prefix).value_or(Bytes{}), half));
  }
  if (found.size() == 1) return std::move(found.front());
  if (found.empty())
    return fail(Errc::not_found, "no change set that waits has a name that begins so",
                "list them with: wasl-hub quarantine list");
  return fail(Errc::conflict, "several names begin so", "write more of it");
}

std::string_view word_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::create:
      return "create";
    case OperationKind::write:
      return "write";
    case OperationKind::resolve:
      return "resolve";
    case OperationKind::add:
      return "add";
    case OperationKind::remove:
      return "remove";
    case OperationKind::erase:
      return "delete";
    case OperationKind::act:
      return "act";
  }
  return "";
}

json operation_line(const Operation& op, const KeptSet& kept, const Schema& schema) {
  json line = {
      {"register", register_name(schema, op.register_number)}, {"id", op.id}, {"what", word_of(op.kind)}};
  const Register* reg = schema.find(op.register_number);
  const Field* field = reg == nullptr ? nullptr : reg->field(op.address.field);
  if (op.address.field != 0)
    line["field"] = field != nullptr ? field->name : "field " + std::to_string(op.address.field);
  Value value = op.value;
  for (const OpeningItem& opening : kept.openings) {
    if (Value::commitment(opening.commitment) == op.value) value = opening.opening.value;
  }
  const bool is_element = op.kind == OperationKind::add || op.kind == OperationKind::remove;
  if (is_element) value = element_of(op.address.key);
  if (op.kind == OperationKind::write || op.kind == OperationKind::resolve || is_element)
    line["value"] = value.is_null() ? json(nullptr) : json(value.to_display());
  if (field != nullptr && field->type == FieldType::multilingual) line["language"] = to_text(op.address.key);
  return line;
}

Result<json> quarantine_show(OpenHub& open, const json& request) {
  WASL_LET(const KeptSet kept, find_waiting(open, text_of(request, "change_set")));
  const PublicKey& author = kept.header.source.author;
  const Device* device = open.hub().authority().device(author);
  const Schema schema = open.hub().authority().schema_with(built_in_schema());
  json operations = json::array();
  if (const auto set = decode_change_set(kept.header_bytes, kept.body)) {
    for (const Operation& op : set->operations) operations.push_back(operation_line(op, kept, schema));
  }
  return json{{"change_set", to_hex(kept.name.view())},
              {"device", to_hex(author.view())},
              {"organisation", device != nullptr ? device->organisation : ""},
              {"space", kept.header.space},
              {"state", kept.state == KeptState::held ? "held" : "refused"},
              {"reason", to_word(kept.reason)},
              {"detail", kept.detail},
              {"words", explain(kept.reason)},
              {"written", kept.header.stamp.millis()},
              {"came", kept.at},
              {"parts", kept.header.parts},
              {"operations", std::move(operations)}};
}

struct Chosen {
  std::string space;
  std::vector<Hash> names;
  std::size_t left = 0;  ///< of the device's, for further acts
};

/// What is held of a device, as much of one space as one act may name, in the order in which it came.
Result<Chosen> chosen_of_device(OpenHub& open, const std::string& prefix) {
  WASL_LET(const PublicKey device, find_key(open, prefix));
  WASL_LET(auto held, open.hub().store().kept_list(false));
  std::erase_if(held, [&](const KeptSet& kept) { return kept.header.source.author != device; });
  if (held.empty())
    return fail(Errc::not_found, "nothing of this device is held", "see: wasl-hub quarantine list");
  Chosen out;
  out.space = held.front().header.space;
  std::map<GroupId, std::vector<Hash>> groups;
  std::vector<GroupId> order;
  for (const KeptSet& kept : held) {
    if (kept.header.space != out.space) continue;
    auto& group = groups[kept.header.group];
    if (group.empty()) order.push_back(kept.header.group);
    group.push_back(kept.name);
  }
  for (const GroupId& id : order) {
    const std::vector<Hash>& group = groups[id];
    if (!out.names.empty() && out.names.size() + group.size() > kNamesOfAct) break;
    out.names.insert(out.names.end(), group.begin(), group.end());
  }
  out.left = held.size() - out.names.size();
  return out;
}

/// What the request names, each with all parts of its group.
Result<Chosen> chosen(OpenHub& open, const json& request) {
  if (!text_of(request, "device").empty()) return chosen_of_device(open, text_of(request, "device"));
  Chosen out;
  for (const json& prefix : request.value("change_sets", json::array())) {
    WASL_LET(const KeptSet kept,
             find_waiting(open, prefix.is_string() ? prefix.get<std::string>() : std::string()));
    if (!out.space.empty() && out.space != kept.header.space)
      return fail(Errc::invalid_value, "these stand in several spaces", "decide about each space by itself");
    out.space = kept.header.space;
    WASL_LET(const auto chain,
             open.hub().store().kept_from(kept.header.source, kept.header.sequence - (kept.header.part - 1)));
    for (const KeptSet& part : chain) {
      const bool same_group =
          part.header.group == kept.header.group && part.header.parts == kept.header.parts;
      if (same_group && std::ranges::find(out.names, part.name) == out.names.end())
        out.names.push_back(part.name);
    }
  }
  if (out.names.empty()) return fail(Errc::invalid_value, "no change set is named");
  if (out.names.size() > kNamesOfAct) {
    return fail(Errc::limit_exceeded,
                "one act decides about " + std::to_string(kNamesOfAct) + " change sets at most",
                "name fewer");
  }
  return out;
}

json hex_of(const std::vector<Hash>& names) {
  json out = json::array();
  for (const Hash& name : names) out.push_back(to_hex(name.view()));
  return out;
}

Result<json> quarantine_adopt(OpenHub& open, const json& request) {
  WASL_LET(const Chosen what, chosen(open, request));
  return draft(open, request, kWrite, what.space, what.space, {AdoptAct{what.names}},
               {{"adopted", hex_of(what.names)}, {"space", what.space}, {"left", what.left}});
}

std::optional<DiscardReason> discard_reason(const std::string& word) {
  if (word == "unwanted") return DiscardReason::unwanted;
  if (word == "duplicate") return DiscardReason::duplicate;
  if (word == "mistaken") return DiscardReason::mistaken;
  if (word == "harmful") return DiscardReason::harmful;
  return std::nullopt;
}

Result<json> quarantine_discard(OpenHub& open, const json& request) {
  WASL_LET(const Chosen what, chosen(open, request));
  const auto reason = discard_reason(text_of(request, "reason"));
  if (!reason)
    return fail(Errc::invalid_value, "there is no such reason",
                "use unwanted, duplicate, mistaken or harmful");
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), what.space,
               {DiscardAct{what.space, what.names, *reason}},
               {{"discarded", hex_of(what.names)}, {"space", what.space}, {"left", what.left}});
}

}  // namespace

std::optional<Result<json>> decide_quarantine(OpenHub& open, const std::string& command,
                                              const json& request) {
  if (command == "quarantine list") return quarantine_list(open, request);
  if (command == "quarantine show") return quarantine_show(open, request);
  if (command == "quarantine adopt") return quarantine_adopt(open, request);
  if (command == "quarantine discard") return quarantine_discard(open, request);
  return std::nullopt;
}

}  // namespace wasl
