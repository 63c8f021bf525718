#include "tests/sim/judge/decisions.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/crypto/crypto.hpp"

namespace wasl::sim {
namespace {

constexpr std::size_t kMost = 1 << 20;  // of any list or text: the log was accepted, this only stops a loop

/// Codes of acts, section 6.2.
enum Code : std::uint64_t {
  grant = 2,
  revoke = 4,
  confirm = 10,
  description = 11,
  erase = 12,
  withdraw = 13
};
/// Kinds of grants and the flag of one that needs confirmation.
constexpr Byte kDevice = 1, kPerson = 3;
constexpr std::uint64_t kConfirmFlag = 4;
constexpr Byte kCompromised = 3;

void skip_texts(Reader& in) {
  for (std::uint64_t n = in.count(kMost); n > 0 && in.ok(); --n) in.sized(kMost);
}

void skip_values(Reader& in) {
  for (std::uint64_t n = in.count(kMost); n > 0 && in.ok(); --n) {
    in.byte();
    in.sized(kMost);
  }
}

void skip_clause(Reader& in) {
  in.varint();  // rights
  skip_texts(in);
  for (std::uint64_t n = in.count(kMost); n > 0 && in.ok(); --n) in.varint();  // registers
  for (std::uint64_t n = in.count(kMost); n > 0 && in.ok(); --n) {             // labels
    in.sized(kMost);
    skip_values(in);
  }
}

JudgedGrant read_grant(Reader& in) {
  JudgedGrant out;
  const Byte kind = in.byte();
  out.of_device = kind == kDevice;
  out.of_person = kind == kPerson;
  out.grantee = in.fixed<PublicKey>();
  in.sized(kMost);  // organisation
  in.sized(kMost);  // role
  for (std::uint64_t n = in.count(kMost); n > 0 && in.ok(); --n) skip_clause(in);
  in.integer();  // from
  in.integer();  // until
  in.varint();   // depth
  out.needs_confirmation = (in.varint() & kConfirmFlag) != 0;
  return out;
}

Hash name_of_grant(const NetworkId& network, const Dot& dot, const Value& act) {
  Writer out;
  out.fixed(network);
  out.fixed(dot.source.author);
  out.fixed(dot.source.chain);
  out.varint(dot.sequence);
  out.varint(dot.index);
  act.encode(out);
  return crypto::hash("wasl.1/grant", out.bytes());
}

/// Reads the log of `authority` from its beginning.
class Walk {
 public:
  explicit Walk(const NetworkId& network) : network_(network) {}

  void take(const PlacedSet& placed) {
    for (std::size_t i = 0; i < placed.set->operations.size(); ++i) {
      const Operation& operation = placed.set->operations[i];
      if (operation.kind == OperationKind::act) take(placed, placed.set->dot(i), operation.value);
    }
  }

  JudgedDecisions out;

 private:
  void take(const PlacedSet& placed, const Dot& dot, const Value& act) {
    Reader in(act.data);
    switch (in.varint()) {
      case Code::grant:
        out.grants.emplace(name_of_grant(network_, dot, act), read_grant(in));
        break;
      case Code::confirm:
        if (const auto named = out.grants.find(in.fixed<Hash>());
            named != out.grants.end() && !named->second.confirmed)
          named->second.confirmed = placed.position;
        break;
      case Code::description: {
        const std::string file(to_text(in.sized(kMost)));
        out.descriptions[nlohmann::json::parse(file)["number"].get<std::uint32_t>()] = file;
        break;
      }
      case Code::erase:
        take_erasure(placed, in);
        break;
      case Code::withdraw: {
        const Hash named = in.fixed<Hash>();
        fall(placed.hub_time, [&](const JudgedErasure& one) { return one.change_set == named; });
        break;
      }
      case Code::revoke: {
        const auto key = in.fixed<PublicKey>();
        const bool compromised = in.byte() == kCompromised;
        const Millis since = in.integer();
        fall(placed.hub_time,
             [&](const JudgedErasure& one) { return compromised && one.by == key && one.time >= since; });
        break;
      }
      default:
        break;
    }
  }

  void take_erasure(const PlacedSet& placed, Reader& in) {
    JudgedErasure erasure{
        placed.set->name, placed.set->header.source.author, placed.position, placed.hub_time, {}, {}, false};
    in.sized(kMost);  // the space: it is in the mark
    erasure.mark = in.fixed<Hash>();
    for (std::uint64_t n = in.count(kMost); n > 0 && in.ok(); --n)
      erasure.commitments.insert(in.fixed<Hash>());
    out.erasures.push_back(std::move(erasure));
  }

  /// What is in force cannot be taken back.
  template <class F>
  void fall(Millis time, F falls) {
    for (JudgedErasure& one : out.erasures) one.withdrawn |= time < one.due() && falls(one);
  }

  const NetworkId& network_;
};

}  // namespace

bool JudgedDecisions::is_erased(const Hash& mark, const Hash& commitment, Millis time) const {
  return std::ranges::any_of(erasures, [&](const JudgedErasure& one) {
    return !one.withdrawn && one.due() <= time && one.mark == mark && one.commitments.contains(commitment);
  });
}

JudgedDecisions decisions(const NetworkId& network, const std::vector<PlacedSet>& authority) {
  Walk walk(network);
  for (const PlacedSet& placed : authority) walk.take(placed);
  return std::move(walk.out);
}

Hash mark_of(const NetworkId& network, std::string_view space, std::string_view id) {
  Writer out;
  out.fixed(network);
  out.sized(space);
  out.sized(id);
  return crypto::hash("wasl.1/erased-record", out.bytes());
}

std::string edition_of(const NetworkId& network, std::string_view space, std::string_view id,
                       std::string_view outer) {
  Writer where;
  where.fixed(network);
  where.sized(space);
  where.sized(id);
  where.sized(outer);
  Hash hash = crypto::hash("wasl.1/edition", where.bytes());
  hash.bytes[6] = static_cast<Byte>((hash.bytes[6] & 0x0f) | 0x80);
  hash.bytes[8] = static_cast<Byte>((hash.bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(hash.view()).substr(0, 32);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

bool is_edition(std::string_view id) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-8xxx-vxxx-xxxxxxxxxxxx";
  constexpr std::string_view kVariants = "89ab";
  if (id.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool is_hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
    if (kForm[i] == 'x'   ? !is_hex
        : kForm[i] == 'v' ? kVariants.find(id[i]) == std::string_view::npos
                          : id[i] != kForm[i])
      return false;
  }
  return true;
}

}  // namespace wasl::sim
