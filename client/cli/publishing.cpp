// wasl publish, wasl withdraw
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/grant_words.hpp"
#include "client/cli/publishing_words.hpp"
#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

PublicationRequest request_of(const PublishArguments& arguments) {
  return {arguments.register_name, arguments.id, arguments.space, arguments.outer, arguments.fields};
}

/// Signs under the first grant that may publish there.
Result<Hash> sign(Replica& replica, const crypto::KeyPair& key, const std::string& under,
                  const PublicationDraft& draft) {
  WASL_LET(const Millis now, replica.hub_time());
  WASL_LET(const Grant* const held, grant_of(replica, key.public_key(), under, [&](const Grant& grant) {
             return covers(grant.act, kWrite | kPublish, draft.space, draft.register_number, now,
                           [](const Clause&) { return true; });
           }));
  return replica.sign_publication(key, held->name, draft);
}

Json draft_json(const PublicationDraft& draft) {
  Json out{{"register", draft.register_name},
           {"id", draft.id},
           {"space", draft.space},
           {"fields", Json::array()},
           {"left_out", Json::array()},
           {"signed", nullptr}};
  for (const Field* field : draft.fields) out["fields"].push_back(field->name);
  for (const LeftOutField& left : draft.left_out) {
    out["left_out"].push_back(
        {{"field", left.field->name}, {"reason", left.why == LeftOut::personal ? "personal" : "reference"}});
  }
  return out;
}

}  // namespace

Result<Answer> publish(const Office& office, const PersonArguments& person,
                       const PublishArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const PublicationDraft draft, replica->draft_publication(request_of(arguments)));
  const std::string& language = replica->network().language;
  if (!draft.stops.empty()) {
    std::string why;
    for (const PublicationStop& stop : draft.stops)
      why += (why.empty() ? ": " : "; ") + stop_words(stop, language);
    return fail(Errc::invalid_value, publishing_words(PublishingWord::stopped, language) + why,
                "see: wasl attention, and wasl publish --fields");
  }
  Json out = draft_json(draft);
  std::string words;
  if (draft.operations.empty()) {
    words = publishing_words(PublishingWord::unchanged, language) + " " + draft.space + " " + draft.id;
  } else {
    WASL_LET(const crypto::KeyPair key, person_key(office, person));
    WASL_LET(const Hash name, sign(*replica, key, person.under, draft));
    out["signed"] = to_hex(name.view());
    words = publishing_words(PublishingWord::published, language) + " " + draft.space + ": " +
            draft.register_name + " " + draft.id;
    for (const Field* field : draft.fields)
      words += "\n  " + label(field->labels, language) + " (" + field->name + ")";
  }
  for (const LeftOutField& left : draft.left_out) words += "\n  − " + left_out_words(left, language);
  if (!draft.operations.empty()) words += "\n" + publishing_words(PublishingWord::after_sync, language);
  return Answer{out.dump(), std::move(words), kDone};
}

Result<Answer> withdraw(const Office& office, const PersonArguments& person,
                        const PublishArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const PublicationDraft draft, replica->draft_withdrawal(request_of(arguments)));
  WASL_LET(const crypto::KeyPair key, person_key(office, person));
  WASL_LET(const Hash name, sign(*replica, key, person.under, draft));
  Json out = draft_json(draft);
  out["signed"] = to_hex(name.view());
  const std::string& language = replica->network().language;
  return Answer{out.dump(),
                publishing_words(PublishingWord::withdrawn, language) + " " + draft.space + ": " +
                    draft.register_name + " " + draft.id + "\n" +
                    publishing_words(PublishingWord::after_sync, language),
                kDone};
}

}  // namespace wasl::cli
