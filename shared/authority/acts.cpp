#include "shared/authority/acts.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/model/change_set.hpp"

namespace wasl {
namespace {

constexpr std::size_t kListMost = 256;
constexpr std::size_t kWordBytes = 64;
constexpr std::size_t kOrganisationNameBytes = 256;
constexpr std::size_t kLabelsMost = 16;
constexpr std::size_t kMandateBytes = 160;
constexpr std::uint64_t kLevelMost = 255;
enum class ActCode : std::uint64_t {
  organisation = 1,
  grant = 2,
  enrol = 3,
  revoke = 4,
  accept = 5,
  end = 6,
  discard = 7,
  wipe = 8,
  adopt = 9,
  confirm = 10,
  description = 11,
  erase = 12,
  withdraw_erasure = 13
};

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

void encode_labels(Writer& out, const std::vector<LabelLimit>& labels) {
  out.varint(labels.size());
  for (const LabelLimit& limit : labels) {
    out.sized(limit.name);
    out.varint(limit.values.size());
    for (const Value& value : limit.values) value.encode(out);
  }
}

std::vector<LabelLimit> decode_labels(Reader& in) {
  std::vector<LabelLimit> labels(static_cast<std::size_t>(in.count(kLabelsMost)));
  for (std::size_t i = 0; i < labels.size() && in.ok(); ++i) {
    labels[i].name = in.text(kWordBytes);
    if (i > 0 && labels[i - 1].name >= labels[i].name) in.fail();
    const auto count = in.count(kListMost);
    if (count == 0) in.fail();
    for (std::uint64_t n = 0; n < count && in.ok(); ++n) {
      Value value = Value::decode(in);
      const bool rises = labels[i].values.empty() || labels[i].values.back() < value;
      if (value.data.size() > limits::kKeyBytes || !is_canonical(value) || value.is_null() || !rises)
        in.fail();
      labels[i].values.push_back(std::move(value));
    }
  }
  return labels;
}

/// Empty, or SPACE#ID.
bool is_mandate_name(std::string_view name) {
  if (name.empty()) return true;
  const auto at = name.find('#');
  return at != std::string_view::npos && is_space_name(name.substr(0, at)) &&
         is_record_id(name.substr(at + 1));
}

void encode_names(Writer& out, const std::vector<Hash>& names) {
  out.varint(names.size());
  for (const Hash& name : names) out.fixed(name);
}

std::vector<Hash> decode_names(Reader& in) {
  std::vector<Hash> names(static_cast<std::size_t>(in.count(kNamesOfAct)));
  for (Hash& name : names) name = in.fixed<Hash>();
  if (names.empty()) in.fail();
  return names;
}

EraseAct decode_erasure(Reader& in) {
  EraseAct erase;
  erase.space = in.text(limits::kSpaceBytes);
  erase.record = in.fixed<Hash>();
  erase.commitments = decode_names(in);
  erase.reason = static_cast<ErasureReason>(in.byte());
  const auto falls = std::adjacent_find(erase.commitments.begin(), erase.commitments.end(),
                                        [](const Hash& a, const Hash& b) { return !(a < b); });
  if (falls != erase.commitments.end() || !is_space_name(erase.space) || erase.space == kAuthoritySpace ||
      erase.reason < ErasureReason::requested || erase.reason > ErasureReason::unlawful)
    in.fail();
  return erase;
}

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
    clause.labels = decode_labels(in);
  }
  g.from = in.integer();
  g.until = in.integer();
  g.depth = static_cast<std::uint32_t>(in.count(16));
  g.flags = static_cast<std::uint32_t>(in.count(UINT32_MAX));
  g.level = static_cast<Level>(in.count(kLevelMost));
  g.mandate = in.text(kMandateBytes);
  g.reason = in.text(kWordBytes);
  if (!is_mandate_name(g.mandate)) in.fail();
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
                            encode_labels(out, clause.labels);
                          }
                          out.integer(g.from);
                          out.integer(g.until);
                          out.varint(g.depth);
                          out.varint(g.flags);
                          out.varint(g.level);
                          out.sized(g.mandate);
                          out.sized(g.reason);
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
                        },
                        [&](const AcceptAct& a) {
                          out.varint(static_cast<std::uint64_t>(ActCode::accept));
                          out.fixed(a.grant);
                        },
                        [&](const EndAct& e) {
                          out.varint(static_cast<std::uint64_t>(ActCode::end));
                          out.fixed(e.grant);
                          out.byte(static_cast<Byte>(e.reason));
                        },
                        [&](const DiscardAct& d) {
                          out.varint(static_cast<std::uint64_t>(ActCode::discard));
                          out.sized(d.space);
                          encode_names(out, d.names);
                          out.byte(static_cast<Byte>(d.reason));
                        },
                        [&](const WipeAct& w) {
                          out.varint(static_cast<std::uint64_t>(ActCode::wipe));
                          out.fixed(w.device);
                        },
                        [&](const AdoptAct& a) {
                          out.varint(static_cast<std::uint64_t>(ActCode::adopt));
                          encode_names(out, a.names);
                        },
                        [&](const ConfirmAct& c) {
                          out.varint(static_cast<std::uint64_t>(ActCode::confirm));
                          out.fixed(c.grant);
                        },
                        [&](const EraseAct& e) {
                          out.varint(static_cast<std::uint64_t>(ActCode::erase));
                          out.sized(e.space);
                          out.fixed(e.record);
                          encode_names(out, e.commitments);
                          out.byte(static_cast<Byte>(e.reason));
                        },
                        [&](const WithdrawErasureAct& w) {
                          out.varint(static_cast<std::uint64_t>(ActCode::withdraw_erasure));
                          out.fixed(w.change_set);
                        },
                        [&](const DescriptionAct& d) {
                          out.varint(static_cast<std::uint64_t>(ActCode::description));
                          out.sized(d.json);
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
      o.name = in.text(kOrganisationNameBytes);
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
    case ActCode::accept:
      act = AcceptAct{in.fixed<Hash>()};
      break;
    case ActCode::end: {
      EndAct e;
      e.grant = in.fixed<Hash>();
      e.reason = static_cast<EndReason>(in.byte());
      if (e.reason < EndReason::laid_down || e.reason > EndReason::mandate_over) in.fail();
      act = e;
      break;
    }
    case ActCode::discard: {
      DiscardAct d;
      d.space = in.text(limits::kSpaceBytes);
      d.names = decode_names(in);
      d.reason = static_cast<DiscardReason>(in.byte());
      if (!is_space_name(d.space) || d.reason < DiscardReason::unwanted || d.reason > DiscardReason::harmful)
        in.fail();
      act = std::move(d);
      break;
    }
    case ActCode::wipe:
      act = WipeAct{in.fixed<PublicKey>()};
      break;
    case ActCode::adopt:
      act = AdoptAct{decode_names(in)};
      break;
    case ActCode::confirm:
      act = ConfirmAct{in.fixed<Hash>()};
      break;
    case ActCode::erase:
      act = decode_erasure(in);
      break;
    case ActCode::withdraw_erasure:
      act = WithdrawErasureAct{in.fixed<Hash>()};
      break;
    case ActCode::description:
      act = DescriptionAct{in.text(kDescriptionBytes)};
      break;
    default:
      return fail(Errc::unsupported, "an act of authority of a newer version", "update the program");
  }
  if (!in.finished()) return fail(Errc::malformed, "an act of authority does not follow the format");
  // A condition that nobody here can judge must not be taken for none.
  if (const auto* grant = std::get_if<GrantAct>(&act); grant != nullptr && (grant->flags & ~kGrantFlags) != 0)
    return fail(Errc::unsupported, "a grant with conditions of a newer version", "update the program");
  return act;
}

std::string_view to_word(EndReason reason) {
  switch (reason) {
    case EndReason::laid_down:
      return "laid_down";
    case EndReason::withdrawn:
      return "withdrawn";
    case EndReason::replaced:
      return "replaced";
    case EndReason::mandate_over:
      return "mandate_over";
  }
  return "unknown";
}

std::string_view to_word(ErasureReason reason) {
  switch (reason) {
    case ErasureReason::requested:
      return "requested";
    case ErasureReason::consent_withdrawn:
      return "consent_withdrawn";
    case ErasureReason::no_longer_needed:
      return "no_longer_needed";
    case ErasureReason::unlawful:
      return "unlawful";
  }
  return "unknown";
}

Hash record_mark(const NetworkId& network, std::string_view space, std::string_view id) {
  Writer out;
  out.fixed(network);
  out.sized(space);
  out.sized(id);
  return crypto::hash("wasl.1/erased-record", out.bytes());
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
