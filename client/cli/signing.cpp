// wasl sign: drafts of acts of power that any program wrote into the table act_draft
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/grant_words.hpp"
#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Draft {
  std::int64_t no = 0;
  std::string act, content;
};

Result<std::vector<Draft>> drafts_of(Replica& replica, std::optional<std::int64_t> only) {
  std::vector<Draft> out;
  WASL_LET(auto select,
           replica.database().prepare(
               "SELECT no, act, content FROM act_draft WHERE signed IS NULL AND (?1 IS NULL OR no = ?1) "
               "ORDER BY no"));
  select.bind_all(only);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    out.push_back({select.int64(0), std::string(select.text(1)), std::string(select.text(2))});
  }
}

std::string text_of(const Json& content, const char* key) {
  const auto it = content.find(key);
  return it != content.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::vector<std::string> words_of(const Json& content, const char* key) {
  std::vector<std::string> out;
  const auto it = content.find(key);
  if (it != content.end() && it->is_string()) out.push_back(it->get<std::string>());
  if (it == content.end() || !it->is_array()) return out;
  for (const Json& word : *it) {
    if (word.is_string()) out.push_back(word.get<std::string>());
  }
  return out;
}

std::optional<std::uint32_t> number_of(const Json& content, const char* key) {
  const auto it = content.find(key);
  if (it == content.end() || !it->is_number_unsigned()) return std::nullopt;
  return it->get<std::uint32_t>();
}

bool flag_of(const Json& content, const char* key) {
  const auto it = content.find(key);
  return it != content.end() &&
         ((it->is_boolean() && it->get<bool>()) || (it->is_number_integer() && *it == 1));
}

GrantRequest request_of(const Json& content) {
  GrantRequest out;
  out.to = text_of(content, "to");
  out.role = text_of(content, "role");
  out.organisation = text_of(content, "organisation");
  out.mandate = text_of(content, "mandate");
  out.reason = text_of(content, "reason");
  out.rights = words_of(content, "rights");
  out.spaces = words_of(content, "spaces");
  out.registers = words_of(content, "registers");
  const auto labels = content.find("labels");
  if (labels != content.end() && labels->is_object()) {
    for (const auto& [name, values] : labels->items()) {
      std::string word;
      for (const std::string& value : words_of(*labels, name.c_str()))
        word += (word.empty() ? "" : ",") + value;
      out.labels.push_back(name + "=" + word);
    }
  }
  out.from = text_of(content, "from");
  out.until = text_of(content, "until");
  out.depth = number_of(content, "depth");
  out.level = number_of(content, "level");
  out.while_held = flag_of(content, "while_held");
  out.needs_acceptance = flag_of(content, "needs_acceptance");
  return out;
}

PublishArguments publication_of(const Json& content, const char* outer) {
  PublishArguments out{text_of(content, "register"),
                       text_of(content, "id"),
                       text_of(content, outer),
                       {},
                       words_of(content, "fields")};
  if (const std::string space = text_of(content, "space"); !space.empty()) out.space = space;
  return out;
}

}  // namespace

Result<Answer> sign_drafts(const Office& office, const PersonArguments& person,
                           const SignArguments& arguments) {
  std::vector<Draft> drafts;
  {
    WASL_LET(const auto replica, office.open());
    WASL_LET(drafts, drafts_of(*replica, arguments.draft));
  }
  if (arguments.draft && drafts.empty())
    return fail(Errc::not_found, "there is no draft " + std::to_string(*arguments.draft),
                "list them with: wasl sign");
  Json out{{"drafts", Json::array()}};
  std::string words = drafts.empty() ? "No drafts of acts." : counted(drafts.size(), "draft") + ":";
  for (const Draft& draft : drafts) {
    const Json content = Json::parse(draft.content, nullptr, false);
    Json one{{"draft", draft.no},
             {"act", draft.act},
             {"content", content.is_object() ? content : Json(draft.content)}};
    words += "\n  [" + std::to_string(draft.no) + "] ";
    if (!content.is_object()) {
      one["error"] = "is no JSON object";
      words += "is no JSON object: " + draft.content;
      out["drafts"].push_back(std::move(one));
      continue;
    }
    if (!arguments.draft) {
      std::string shown = draft.act + " " + content.dump();
      if (draft.act == "grant") {
        WASL_LET(const auto replica, office.open());
        WASL_LET(const AuthorityState* const authority, replica->authority());
        const auto act = grant_act_of(*replica, request_of(content));
        shown = act ? act_words(*act, *authority) : "cannot be signed: " + act.error().message;
      }
      one["words"] = shown;
      words += shown;
      out["drafts"].push_back(std::move(one));
      continue;
    }
    Result<Answer> done = fail(Errc::invalid_value, "a draft is no '" + draft.act + "'",
                               "its act is grant, accept, revoke, publish or withdraw");
    if (draft.act == "grant") done = give(office, person, request_of(content));
    if (draft.act == "accept")
      done = accept(office, person, {text_of(content, "grant"), flag_of(content, "no_device")});
    if (draft.act == "revoke") {
      done = revoke(office, person,
                    {text_of(content, "grant"), text_of(content, "key"), text_of(content, "reason"),
                     text_of(content, "since")});
    }
    if (draft.act == "publish") done = publish(office, person, publication_of(content, "to"));
    if (draft.act == "withdraw") done = withdraw(office, person, publication_of(content, "from"));
    if (!done) return done;
    WASL_LET(const auto replica, office.open());
    WASL_LET(auto update, replica->database().prepare("UPDATE act_draft SET signed = ? WHERE no = ?"));
    update.bind_all(iso_time(office.clock().now()), draft.no);
    WASL_TRY(update.run());
    return done;
  }
  if (!drafts.empty()) words += "\nSign one with: wasl sign N";
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
