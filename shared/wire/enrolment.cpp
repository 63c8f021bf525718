#include "shared/wire/enrolment.hpp"

namespace wasl {

Result<Segment> make_enrolment(const Enrolment& enrolment, const AuthorityState& authority, Millis now,
                               Random& random) {
  const Grant* grant = authority.invitation(enrolment.invitation.public_key());
  if (grant == nullptr) {
    return fail(Errc::unauthorised, "the network does not know this invitation",
                "ask the secretariat for a new one");
  }
  if (authority.is_used(enrolment.invitation.public_key())) {
    return fail(Errc::conflict, "this invitation was used before", "ask the secretariat for a new one");
  }
  EnrolAct enrol;
  enrol.device = enrolment.device.public_key();
  enrol.sealing_key = enrolment.sealing_key;
  enrol.proof = enrolment.device.sign(
      enrol_message(enrolment.network, enrolment.invitation.public_key(), enrol.sealing_key));
  GrantAct pass = grant->act;
  pass.kind = GrantKind::device;
  pass.grantee = enrolment.device.public_key();
  pass.until = 0;  // the invitation's period ends; what it hands over does not
  pass.depth = 0;

  Header header;
  header.network = enrolment.network;
  header.space = kAuthoritySpace;
  header.source = {enrolment.invitation.public_key(), random.fixed<ChainId>()};
  header.schema = enrolment.schema;
  header.grant = grant->name;
  header.seen = enrolment.seen;
  header.seen_authority = header.seen;
  header.stamp = Stamp::at(now);
  header.group = group_at(header.source, header.sequence);
  std::vector<Operation> operations;
  for (const Act& act : {Act(enrol), Act(pass)}) {
    Operation op;
    op.kind = OperationKind::act;
    op.id = to_hex(random.fixed<GroupId>().view());
    op.value = encode_act(act);
    operations.push_back(std::move(op));
  }
  sort_by_record(operations);
  ChangeSet set = make_change_set(std::move(header), std::move(operations));
  const Signature signature = enrolment.invitation.sign(run_message(enrolment.network, set.name));
  const SignatureItem run{set.header.source, set.header.sequence, signature};
  Segment segment{std::string(kAuthoritySpace), 0, {}, {}};
  segment.items.emplace_back(SetItem{std::nullopt, std::move(set)});
  segment.items.emplace_back(run);
  return segment;
}

}  // namespace wasl
