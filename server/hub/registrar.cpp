#include "server/hub/registrar.hpp"

#include <algorithm>

#include "shared/authority/roles.hpp"

namespace wasl {
namespace {

constexpr Millis kInvitationLife =
    Millis{30} * 24 * 3'600'000;      // long enough for the post, short enough to forget
constexpr std::uint64_t kTicket = 0;  // sessions count from 1
constexpr std::string_view kChainKey = "registrar chain";
constexpr std::string_view kStampKey = "registrar stamp";

}  // namespace

Status Registrar::act(const Act& act) {
  HubStore& store = ports_.store;
  WASL_LET(const auto known_chain, store.meta(kChainKey));
  WASL_LET(const auto known_stamp, store.meta(kStampKey));
  const ChainId chain =
      known_chain ? ChainId::from(*known_chain).value_or(ChainId{}) : ports_.random.fixed<ChainId>();
  const Stamp last{known_stamp ? Reader(*known_stamp).varint() : 0};

  Header header;
  header.network = ports_.committer.network();
  header.space = kAuthoritySpace;
  header.source = {key_.public_key(), chain};
  WASL_LET(const ChainEnd end, store.chain_end(header.source));
  // An act that was refused once stands on the chain with its header only.
  WASL_LET(const auto kept, store.kept_from(header.source, end.last + 1));
  header.sequence = (kept.empty() ? end.last : kept.back().header.sequence) + 1;
  header.previous = kept.empty() ? end.name : kept.back().name;
  header.schema = ports_.schema.hash();
  WASL_LET(const SpaceInfo* const info, store.space(kAuthoritySpace));
  header.seen = header.seen_authority = {info->size, info->frontier.root()};
  header.stamp = Stamp::next(last, ports_.clock.now());
  header.group = ports_.random.fixed<GroupId>();

  Operation operation;
  operation.kind = OperationKind::act;
  operation.id = to_hex(ports_.random.fixed<GroupId>().view());
  operation.value = encode_act(act);
  ChangeSet set = make_change_set(header, {std::move(operation)});
  WASL_TRY(store.transact([&]() -> Status {
    Writer stamp;
    stamp.varint(header.stamp.bits);
    Status saved = store.set_meta(kChainKey, chain.view());
    return saved ? store.set_meta(kStampKey, stamp.bytes()) : saved;
  }));

  const Signature signature = key_.sign(run_message(header.network, set.name));
  Segment push{std::string(kAuthoritySpace), 0, {}, {}};
  push.items.emplace_back(SetItem{std::nullopt, std::move(set)});
  push.items.emplace_back(SignatureItem{header.source, header.sequence, signature});
  ports_.committer.submit(kTicket, std::move(push));
  while (true) {
    const bool last_round = ports_.committer.is_idle();
    const Committer::Committed committed = ports_.commit();
    for (const Committer::Ruling& ruling : committed.rulings) {
      if (ruling.ticket != kTicket || ruling.verdicts.empty()) continue;
      const Verdict& verdict = ruling.verdicts.front().verdict;
      if (verdict.outcome == Outcome::accepted) return {};
      if (verdict.outcome == Outcome::later)
        return fail(Errc::storage_failed, "the act could not be written", "try again");
      return fail(Errc::unauthorised, std::string(explain(verdict.reason)) +
                                          (verdict.detail.empty() ? "" : ": " + verdict.detail));
    }
    if (last_round) return fail(Errc::storage_failed, "the act was not decided", "try again");
  }
}

Status Registrar::add_organisation(const OrganisationAct& organisation) {
  const AuthorityState& authority = ports_.committer.authority();
  if (!is_organisation_id(organisation.id)) {
    return fail(Errc::invalid_value, "'" + organisation.id + "' is no id of an organisation",
                "use 1 to 32 of a-z, 0-9 and -");
  }
  const Register* reg = ports_.schema.find("organisation");
  const Field* kind = reg == nullptr ? nullptr : reg->field("kind");
  if (kind != nullptr && !kind->codes.empty()) {
    const bool known = std::any_of(kind->codes.begin(), kind->codes.end(), [&](const CodeItem& item) {
      return item.code == organisation.kind && !item.retired;
    });
    if (!known) {
      std::string kinds;
      for (const CodeItem& item : kind->codes) {
        if (!item.retired) kinds += (kinds.empty() ? "" : ", ") + item.code;
      }
      return fail(Errc::invalid_value, "there is no kind '" + organisation.kind + "'",
                  "use one of: " + kinds);
    }
  }
  if (organisation.name.empty() || !is_utf8(view(organisation.name))) {
    return fail(Errc::invalid_value, "an organisation needs a name");
  }
  if (authority.organisation(organisation.id) != nullptr) {
    return fail(Errc::conflict, "there is an organisation '" + organisation.id + "' already");
  }
  if (!organisation.parent.empty() && authority.organisation(organisation.parent) == nullptr) {
    return fail(Errc::not_found, "there is no organisation '" + organisation.parent + "' to be the parent",
                "add the parent first");
  }
  return act(organisation);
}

Result<Invitation> Registrar::invite(const std::string& organisation, const std::string& role,
                                     const std::string& url) {
  const AuthorityState& authority = ports_.committer.authority();
  if (authority.organisation(organisation) == nullptr) {
    return fail(Errc::not_found, "there is no organisation '" + organisation + "'",
                "add it first: wasl-hub organisation add");
  }
  auto clauses = clauses_of_role(authority, role, organisation, GrantKind::invitation);
  if (!clauses) {
    return fail(Errc::invalid_value, "there is no role '" + role + "'",
                "use one of: " + role_names(GrantKind::invitation));
  }
  const crypto::KeyPair key = crypto::KeyPair::generate(ports_.random);
  GrantAct grant;
  grant.kind = GrantKind::invitation;
  grant.grantee = key.public_key();
  grant.organisation = organisation;
  grant.role = role;
  grant.clauses = std::move(*clauses);
  grant.from = ports_.committer.hub_time();
  grant.until = grant.from + kInvitationLife;
  grant.depth = 1;
  WASL_TRY(act(grant));
  Invitation invitation;
  invitation.network = ports_.committer.network();
  invitation.statement_number = authority.statement().number;
  invitation.statement = authority.statement_hash();
  invitation.log_key = authority.statement().log_key;
  invitation.url = url;
  invitation.organisation = organisation;
  invitation.role = role;
  invitation.until = grant.until;
  invitation.seed = key.seed();
  return invitation;
}

}  // namespace wasl
