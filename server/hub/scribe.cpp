#include "server/hub/scribe.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kTicket = 0;  // sessions count from 1

std::string chain_name(const PublicKey& key, const std::string& space) {
  return "chain " + to_hex(key.view()) + " " + space;
}
std::string stamp_name(const PublicKey& key) { return "stamp " + to_hex(key.view()); }

}  // namespace

/// Takes chain and stamp durably: what was once signed is never signed a second time in other words.
Result<Header> Scribe::next_header(const PublicKey& author, const std::string& space, const Hash& grant) {
  HubStore& store = ports_.store;
  WASL_LET(const auto known_chain, store.meta(chain_name(author, space)));
  WASL_LET(const auto known_stamp, store.meta(stamp_name(author)));
  const ChainId chain =
      known_chain ? ChainId::from(*known_chain).value_or(ChainId{}) : ports_.random.fixed<ChainId>();
  const Stamp last{known_stamp ? Reader(*known_stamp).varint() : 0};

  Header header;
  header.network = ports_.committer.network();
  header.space = space;
  header.source = {author, chain};
  WASL_LET(const ChainEnd end, store.chain_end(header.source));
  // What was refused once stands on the chain with its header only.
  WASL_LET(const auto kept, store.kept_from(header.source, end.last + 1));
  header.sequence = (kept.empty() ? end.last : kept.back().header.sequence) + 1;
  header.previous = kept.empty() ? end.name : kept.back().name;
  header.schema = ports_.schema.hash();
  header.grant = grant;
  WASL_LET(const SpaceInfo* const info, store.space(space));
  header.seen = {info->size, info->frontier.root()};
  WASL_LET(const SpaceInfo* const authority, store.space(kAuthoritySpace));
  header.seen_authority = {authority->size, authority->frontier.root()};
  header.stamp = Stamp::next(last, ports_.clock.now());
  header.group = ports_.random.fixed<GroupId>();
  const Status taken = store.transact([&]() -> Status {
    Writer stamp;
    stamp.varint(header.stamp.bits);
    WASL_TRY(store.set_meta(chain_name(author, space), chain.view()));
    return store.set_meta(stamp_name(author), stamp.bytes());
  });
  if (!taken) return tl::unexpected(taken.error());
  return header;
}

Result<ChangeSet> Scribe::draft(const PublicKey& author, const std::string& space, const Hash& grant,
                                std::vector<Operation> operations) {
  WASL_LET(Header header, next_header(author, space, grant));
  return make_change_set(std::move(header), std::move(operations));
}

Status Scribe::submit(ChangeSet set, const Signature& signature) {
  const Header header = set.header;
  if (header.network != ports_.committer.network() ||
      !crypto::verify(header.source.author, run_message(header.network, set.name), signature))
    return fail(Errc::bad_signature, "the signature does not match what was drafted",
                "run the command again");
  Segment push{header.space, 0, {}, {}};
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
        return fail(Errc::storage_failed, "it could not be written", "try again");
      return fail(Errc::unauthorised, std::string(explain(verdict.reason)) +
                                          (verdict.detail.empty() ? "" : ": " + verdict.detail));
    }
    if (last_round) return fail(Errc::storage_failed, "it was not decided", "try again");
  }
}

Result<Hash> Scribe::write(const crypto::KeyPair& key, const std::string& space, const Hash& grant,
                           std::vector<Operation> operations) {
  WASL_LET(ChangeSet set, draft(key.public_key(), space, grant, std::move(operations)));
  const Hash name = set.name;
  const Signature signature = key.sign(run_message(set.header.network, name));
  WASL_TRY(submit(std::move(set), signature));
  return name;
}

Operation Scribe::act_operation(const Act& act) {
  Operation operation;
  operation.kind = OperationKind::act;
  operation.id = to_hex(ports_.random.fixed<GroupId>().view());
  operation.value = encode_act(act);
  return operation;
}

Status Scribe::act(const crypto::KeyPair& key, const Hash& grant, const Act& act) {
  WASL_TRY(write(key, std::string(kAuthoritySpace), grant, {act_operation(act)}));
  return {};
}

}  // namespace wasl
