// wasl erase: personal values of a record go everywhere, 72 hours later, unless it is withdrawn
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/erasure_view.hpp"
#include "client/cli/names.hpp"
#include "client/cli/words.hpp"
#include "shared/authority/erasures.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr Millis kHour = 3'600'000;

struct Place {
  std::string space, id;
};

/// ID, or SPACE#ID. A record that was deleted has personal values in its history too: its space is named.
Result<Place> place_of(Replica& replica, const Register& reg, const EraseArguments& arguments) {
  const auto at = arguments.record.find('#');
  if (at != std::string::npos) return Place{arguments.record.substr(0, at), arguments.record.substr(at + 1)};
  if (arguments.space) return Place{*arguments.space, arguments.record};
  auto space = replica.space_of(reg, arguments.record, std::nullopt);
  if (!space && space.error().code == Errc::not_found)
    return fail(Errc::not_found, "there is no " + reg.name + " " + arguments.record,
                "one that was deleted is named with its space: SPACE#ID");
  if (!space) return tl::unexpected(space.error());
  return Place{*space, arguments.record};
}

Hash mark_of(const Replica& replica, const Place& place) {
  return record_mark(replica.network().network, place.space, place.id);
}

Result<ErasureReason> reason_of(const std::string& word) {
  if (const auto reason = erasure_reason(word)) return *reason;
  return fail(Errc::invalid_value,
              word.empty() ? "an erasure needs a reason" : "nothing is erased for '" + word + "'",
              "use --reason requested, consent_withdrawn, no_longer_needed or unlawful");
}

std::string day_of(Millis time) { return iso_time(time).substr(0, 16) + "Z"; }

std::string who_of(const RecordErasure& erasure) {
  const std::string key = to_hex(erasure.by.view()).substr(0, 12);
  return erasure.organisation.empty() ? key : erasure.organisation + " " + key;
}

/// Under the grant that is named, or the first of the person's that lets it pass.
Result<Replica::ActsSigned> sign_under_some(Replica& replica, const crypto::KeyPair& key,
                                            const std::string& named, const std::vector<Act>& acts) {
  if (!named.empty()) {
    WASL_LET(const Hash name, replica.find_grant(named));
    return replica.sign_acts(key, name, acts);
  }
  WASL_LET(const AuthorityState* const authority, replica.authority());
  WASL_LET(const Millis now, replica.hub_time());
  Result<Replica::ActsSigned> done =
      fail(Errc::unauthorised, "this person's key holds no grant that is good now",
           "see: wasl grants; what was given lately counts after the next sync");
  for (const Grant* grant : authority->grants_of(key.public_key())) {
    if (authority->standing(*grant, kLatest, now) != Standing::valid) continue;
    done = replica.sign_acts(key, grant->name, acts);
    if (done || done.error().code != Errc::unauthorised) break;
  }
  return done;
}

Result<Answer> withdraw(Replica& replica, const crypto::KeyPair& key, const std::string& under,
                        const Register& reg, const Place& place) {
  WASL_LET(const AuthorityState* const authority, replica.authority());
  WASL_LET(const Millis now, replica.hub_time());
  const auto acts = acts_of_withdrawal(*authority, mark_of(replica, place), now);
  if (acts.empty())
    return fail(Errc::not_found, "no erasure of " + reg.name + " " + place.id + " waits",
                "what is in force is gone; see: wasl show " + reg.name + " " + place.id);
  WASL_LET(const auto done, sign_under_some(replica, key, under, acts));
  const Json out{{"signed", to_hex(done.change_set.view())},
                 {"register", reg.name},
                 {"id", place.id},
                 {"space", place.space},
                 {"withdrawn", acts.size()}};
  return Answer{
      out.dump(),
      "Signed: the erasure of " + reg.name + " " + place.id +
          " is withdrawn.\nIt counts if the hub has it before the 72 hours are over: run wasl sync.",
      kDone};
}

}  // namespace

Result<Answer> erase(const Office& office, const PersonArguments& person, const EraseArguments& arguments) {
  ErasureReason reason = ErasureReason::requested;
  if (!arguments.withdraw) {
    WASL_LET(reason, reason_of(arguments.reason));
  }
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const Place place, place_of(*replica, *reg, arguments));
  WASL_LET(const crypto::KeyPair key, person_key(office, person));
  if (arguments.withdraw) return withdraw(*replica, key, person.under, *reg, place);
  WASL_LET(const auto commitments, replica->erasable(place.space, place.id));
  if (commitments.empty())
    return fail(Errc::not_found,
                "this office knows no personal value of " + reg->name + " " + place.id +
                    " that is not on a list already",
                "see: wasl show " + reg->name + " " + place.id);
  const auto acts = acts_of_erasure(place.space, mark_of(*replica, place), commitments, reason);
  WASL_LET(const auto done, sign_under_some(*replica, key, person.under, acts));
  WASL_LET(const Millis now, replica->hub_time());
  const std::string when = iso_time(now + kErasureDelay);
  const Json out{{"signed", to_hex(done.change_set.view())},
                 {"register", reg->name},
                 {"id", place.id},
                 {"space", place.space},
                 {"reason", wasl::to_word(reason)},
                 {"values", commitments.size()},
                 {"hours", kErasureDelay / kHour},
                 {"not_before", when}};
  return Answer{
      out.dump(),
      "Signed: " + counted(commitments.size(), "personal value") + " of " + reg->name + " " + place.id +
          " (" + place.space + "), old ones too, to be erased: " + std::string(wasl::to_word(reason)) +
          ".\nNothing is gone yet. 72 hours after the hub has it, not before " + when +
          ", the hub and every office that syncs\ndestroy these values for good; who wrote what when stays "
          "provable. Copies on paper, in backups and in other\nprograms are yours to destroy.\nUntil then it "
          "is "
          "taken back with: wasl erase " +
          place.space + "#" + place.id + " --withdraw\nIt counts once the hub has it: run wasl sync.",
      kDone};
}

Json erasures_json(const std::vector<RecordErasure>& erasures) {
  Json out = Json::array();
  for (const RecordErasure& one : erasures) {
    const char* stage = one.stage == ErasureStage::waits      ? "waits"
                        : one.stage == ErasureStage::in_force ? "erased"
                                                              : "withdrawn";
    const Labels words = erasure_in_five(one.stage, one.reason, day_of(one.due), who_of(one));
    out.push_back(
        {{"state", stage},
         {"on", iso_time(one.due)},
         {"signed", iso_time(one.time)},
         {"by", to_hex(one.by.view())},
         {"organisation", one.organisation},
         {"reason", wasl::to_word(one.reason)},
         {"values", one.values},
         {"change_set", to_hex(one.change_set.view())},
         {"words",
          {{"ar", words.ar}, {"en", words.en}, {"fr", words.fr}, {"es", words.es}, {"pt", words.pt}}}});
  }
  return out;
}

std::string erasures_words(const std::vector<RecordErasure>& erasures, std::string_view language) {
  std::string out;
  for (const RecordErasure& one : erasures) {
    const Labels words = erasure_in_five(one.stage, one.reason, day_of(one.due), who_of(one));
    out += "\n  " + std::string(label(words, language));
  }
  return out;
}

}  // namespace wasl::cli
