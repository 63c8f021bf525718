#include "shared/authority/acts.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/model/change_set.hpp"

namespace wasl {
namespace {

constexpr std::size_t kListMost = 256;
constexpr std::size_t kWordBytes = 64;
constexpr std::size_t kNameBytes = 256;
enum class ActCode : std::uint64_t { organisation = 1, grant = 2, enrol = 3, revoke = 4 };

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

GrantAct decode_grant(Reader& in) {
  GrantAct g;
  g.kind = static_cast<GrantKind>(in.byte());
  g.grantee = in.fixed<PublicKey>();
  g.organisation = in.text(kWordBytes);
  g.role = in.text(kWordBytes);
  g.clauses.resize(static_cast<std::size_t>(in.count(kListMost)));
  for (Clause& clause : g.clauses) {
    clause.rights = static_cast<Rights>(in.count(UINT32_MAX));
    clause.spaces.resize(static_cast<std::size_t>(in.count(kListMost)));
    for (auto& space : clause.spaces) {
      space = in.text(limits::kSpaceBytes);
      if (space != kEverySpace && !is_space_name(space)) in.fail();
    }
    clause.registers.resize(static_cast<std::size_t>(in.count(kListMost)));
    for (auto& number : clause.registers) number = static_cast<std::uint32_t>(in.count(UINT32_MAX));
  }
  g.from = in.integer();
  g.until = in.integer();
  g.depth = static_cast<std::uint32_t>(in.count(16));
  if (g.kind < GrantKind::device || g.kind > GrantKind::person) in.fail();
  return g;
}

}  // namespace

Bytes enrol_message(const NetworkId& network, const PublicKey& invitation, const PublicKey& sealing_key) {
  Bytes message = to_bytes("wasl.1/enrol");
  append(message, network.view());
  append(message, invitation.view());
  append(message, sealing_key.view());
  return message;
}

Value encode_act(const Act& act) {
  Writer out;
  std::visit(Overloaded{[&](const OrganisationAct& o) {
                          out.varint(static_cast<std::uint64_t>(ActCode::organisation));
                          out.sized(o.id);
                          out.sized(o.kind);
                          out.sized(o.parent);
                          out.sized(o.name);
                        },
                        [&](const GrantAct& g) {
                          out.varint(static_cast<std::uint64_t>(ActCode::grant));
                          out.byte(static_cast<Byte>(g.kind));
                          out.fixed(g.grantee);
                          out.sized(g.organisation);
                          out.sized(g.role);
                          out.varint(g.clauses.size());
                          for (const Clause& clause : g.clauses) {
                            out.varint(clause.rights);
                            out.varint(clause.spaces.size());
                            for (const auto& space : clause.spaces) out.sized(space);
                            out.varint(clause.registers.size());
                            for (const auto number : clause.registers) out.varint(number);
                          }
                          out.integer(g.from);
                          out.integer(g.until);
                          out.varint(g.depth);
                        },
                        [&](const EnrolAct& e) {
                          out.varint(static_cast<std::uint64_t>(ActCode::enrol));
                          out.fixed(e.device);
                          out.fixed(e.sealing_key);
                          out.fixed(e.proof);
                        },
                        [&](const RevokeAct& r) {
                          out.varint(static_cast<std::uint64_t>(ActCode::revoke));
                          out.fixed(r.key);
                          out.byte(static_cast<Byte>(r.reason));
                          out.integer(r.since);
                        }},
             act);
  return {ValueType::act, out.take()};
}

Result<Act> decode_act(const Value& value) {
  if (value.type != ValueType::act)
    return fail(Errc::malformed, "an act of authority has another type of value");
  Reader in(value.data);
  Act act;
  switch (static_cast<ActCode>(in.varint())) {
    case ActCode::organisation: {
      OrganisationAct o;
      o.id = in.text(kWordBytes);
      o.kind = in.text(kWordBytes);
      o.parent = in.text(kWordBytes);
      o.name = in.text(kNameBytes);
      act = std::move(o);
      break;
    }
    case ActCode::grant:
      act = decode_grant(in);
      break;
    case ActCode::enrol: {
      EnrolAct e;
      e.device = in.fixed<PublicKey>();
      e.sealing_key = in.fixed<PublicKey>();
      e.proof = in.fixed<Signature>();
      act = e;
      break;
    }
    case ActCode::revoke: {
      RevokeAct r;
      r.key = in.fixed<PublicKey>();
      r.reason = static_cast<RevocationReason>(in.byte());
      r.since = in.integer();
      if (r.reason < RevocationReason::lost || r.reason > RevocationReason::compromised) in.fail();
      act = r;
      break;
    }
    default:
      return fail(Errc::unsupported, "an act of authority of a newer version", "update the program");
  }
  if (!in.finished()) return fail(Errc::malformed, "an act of authority does not follow the format");
  return act;
}

Hash grant_name(const NetworkId& network, const Dot& dot, const Value& act) {
  Writer out;
  out.fixed(network);
  encode_source(out, dot.source);
  out.varint(dot.sequence);
  out.varint(dot.index);
  act.encode(out);
  return crypto::hash("wasl.1/grant", out.bytes());
}

}  // namespace wasl
