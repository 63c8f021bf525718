// Who may do what, over random networks of grants, delegations, revocations, periods and labels: the real
// decision beside a naive one that keeps every event as a line of a list and reads the whole list at each
// question.
#include <gtest/gtest.h>
// rapidcheck needs gtest first
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "shared/authority/authorise.hpp"
#include "shared/model/field_value.hpp"

namespace wasl {
namespace {

constexpr Millis kStart = 1'000'000;
constexpr Millis kDay = Millis{24} * 3'600'000;
constexpr Millis kUntilErased = 3 * kDay;
const std::vector<std::string> kSpaces{"network", "section/africa", "section/asia"};
const std::string kPersonsSpace = "section/africa", kPersonsId = "person-1";  // of whom something is erased
const std::vector<std::string> kThemes{"climate", "water", "youth"};
const std::vector<std::string> kOrganisations{"africa", "asia", "senegal"};
const std::map<std::string, std::string> kParents{{"senegal", "africa"}};

crypto::KeyPair key_of(int n) {
  crypto::Seed seed;
  seed.bytes.fill(static_cast<Byte>(n + 1));
  return crypto::KeyPair::from_seed(seed);
}
constexpr int kRegistrar = 90, kLogKey = 91, kPersons = 6, kDevices = 3, kFirstDevice = 10;

// ── The naive side: plain sets of plain words ──

struct NaiveClause {
  std::set<Rights> rights;
  std::set<std::string> spaces;
  std::set<std::uint32_t> registers;                    ///< empty: all
  std::map<std::string, std::set<std::string>> labels;  ///< only "theme"
};
struct NaiveGrant {
  int giver = kRegistrar, holder = 0, parent = -1;
  GrantKind kind = GrantKind::person;
  std::string organisation;
  std::string mandate;
  std::vector<NaiveClause> clauses;
  Millis from = 0, until = 0, given = 0;
  unsigned depth = 0, level = 0;
  bool offered = false, hangs = false;
};
/// Something that happened to a grant or a key, in the order of the log.
struct NaiveEvent {
  enum class Kind { accepted, ended, revoked } kind;
  int subject = 0;  ///< a grant, or a key
  bool compromised = false;
  Millis since = 0;
  int by = 0;     ///< who revoked
  Millis at = 0;  ///< of a revocation
};
struct NaiveErasure {
  int by = 0, under = 0;  ///< a key, and its grant
  std::string space, id;
  Millis at = 0;
  std::size_t first = 0;  ///< event behind it
  bool withdrawn = false;
};

template <class T>
bool inside(const std::set<T>& a, const std::set<T>& b) {
  return std::includes(b.begin(), b.end(), a.begin(), a.end());
}

struct Naive {
  std::vector<NaiveGrant> grants;
  std::vector<NaiveEvent> events;
  std::vector<NaiveErasure> erasures;

  bool happened(NaiveEvent::Kind kind, int subject) const {
    return std::any_of(events.begin(), events.end(),
                       [&](const NaiveEvent& e) { return e.kind == kind && e.subject == subject; });
  }
  bool never_was(int grant) const { return never_was(grant, events.size()); }
  /// By the first of the events.
  bool never_was(int grant, std::size_t known) const {
    const NaiveGrant& g = grants[static_cast<std::size_t>(grant)];
    for (std::size_t i = 0; i < known; ++i) {
      const NaiveEvent& e = events[i];
      if (e.kind == NaiveEvent::Kind::revoked && e.compromised && e.subject == g.giver && g.given >= e.since)
        return true;
    }
    return g.parent >= 0 && never_was(g.parent, known);
  }
  /// The word for how it stands; empty when it is good.
  std::string trouble(int grant, Millis now) const {
    for (int at = grant; at >= 0;) {
      const NaiveGrant& g = grants[static_cast<std::size_t>(at)];
      if (never_was(at) || happened(NaiveEvent::Kind::ended, at)) return "ended";
      if (g.offered && !happened(NaiveEvent::Kind::accepted, at)) return "offered";
      if (now < g.from) return "early";
      if (g.until != 0 && now >= g.until) return "over";
      if (!g.hangs || g.parent < 0) return "";
      if (happened(NaiveEvent::Kind::revoked, grants[static_cast<std::size_t>(g.parent)].holder))
        return "ended";
      at = g.parent;
    }
    return "";
  }
  static bool lies_in(const NaiveClause& a, const NaiveClause& b) {
    if (!inside(a.rights, b.rights)) return false;
    if (!b.spaces.contains("*") && !inside(a.spaces, b.spaces)) return false;
    if (!b.registers.empty() && (a.registers.empty() || !inside(a.registers, b.registers))) return false;
    for (const auto& [label, values] : b.labels) {
      if (!a.labels.contains(label) || !inside(a.labels.at(label), values)) return false;
    }
    return true;
  }
  bool is_over(const NaiveGrant& holder, const NaiveGrant& given) const {
    const bool higher = given.level != 0 && (holder.level == 0 || given.level < holder.level);
    if (higher) return false;
    std::set<std::string> spaces{"*"};  // in which the right counts: those from below up to the holder's own
    std::set<std::string> upwards;
    for (std::string at = given.organisation; !at.empty();
         at = kParents.contains(at) ? kParents.at(at) : "") {
      upwards.insert("section/" + at);
      if (at == holder.organisation) spaces.insert(upwards.begin(), upwards.end());
    }
    for (const NaiveClause& clause : holder.clauses) {
      if (!clause.rights.contains(kAdmin) || !clause.labels.empty() || !clause.registers.empty()) continue;
      for (const std::string& space : clause.spaces) {
        if (spaces.contains(space)) return true;
      }
    }
    return false;
  }
  /// What is in a space's hands: who administers it, or the organisation whose space it is.
  bool is_over_space(const NaiveGrant& holder, const std::string& space) const {
    for (const NaiveClause& clause : holder.clauses) {
      if (clause.rights.contains(kAdmin) && clause.labels.empty() && clause.registers.empty() &&
          (clause.spaces.contains("*") || clause.spaces.contains(space)))
        return true;
    }
    if (!space.starts_with("section/")) return false;
    NaiveGrant somewhere;
    somewhere.organisation = space.substr(std::string("section/").size());
    return is_over(holder, somewhere);
  }
  /// An administrator, or the person of whom the record speaks, as an administrator has said.
  bool may_erase(const NaiveGrant& held, const std::string& space, const std::string& id) const {
    if (is_over_space(held, space)) return true;
    return held.mandate == space + "#" + id &&
           (held.parent < 0 || is_over_space(grants[static_cast<std::size_t>(held.parent)], space));
  }
  /// A key that was stolen takes back what was asked for with it, and with what hangs on it.
  bool has_fallen(const NaiveErasure& one) const {
    for (std::size_t i = one.first; i < events.size(); ++i) {
      const NaiveEvent& e = events[i];
      if (e.kind != NaiveEvent::Kind::revoked || !e.compromised || e.at >= one.at + kUntilErased) continue;
      if ((e.subject == one.by && one.at >= e.since) || never_was(one.under, i + 1)) return true;
    }
    return false;
  }
  /// The fourth key of others that one key shuts out in a day.
  bool is_one_too_many(int by, int key, Millis now) const {
    std::set<int> gone, others;
    for (const NaiveEvent& e : events) {
      if (e.kind == NaiveEvent::Kind::revoked && gone.insert(e.subject).second && e.by == by &&
          e.subject != by && e.at > now - kDay)
        others.insert(e.subject);
    }
    return key != by && !gone.contains(key) && others.size() >= 3;
  }
  bool may_give(const NaiveGrant& inner, const NaiveGrant& outer) const {
    if (outer.depth == 0 || inner.depth >= outer.depth || inner.from < outer.from) return false;
    if (outer.until != 0 && (inner.until == 0 || inner.until > outer.until)) return false;
    if (inner.level != 0 && (outer.level == 0 || inner.level < outer.level)) return false;
    if (outer.hangs && !inner.hangs) return false;
    for (const NaiveClause& a : inner.clauses) {
      bool found = false;
      for (const NaiveClause& b : outer.clauses)
        found = found || (b.rights.contains(kGrant) && lies_in(a, b));
      if (!found) return false;
    }
    return true;
  }
  bool reaches(const NaiveGrant& grant, Rights right, const std::string& space, std::uint32_t reg,
               const std::optional<std::set<std::string>>& themes) const {
    for (const NaiveClause& clause : grant.clauses) {
      if (!clause.rights.contains(right)) continue;
      if (!clause.spaces.contains("*") && !clause.spaces.contains(space)) continue;
      if (!clause.registers.empty() && !clause.registers.contains(reg)) continue;
      if (clause.labels.empty()) return true;
      if (!themes) continue;
      for (const std::string& theme : clause.labels.at("theme")) {
        if (themes->contains(theme)) return true;
      }
    }
    return false;
  }
};

// ── The network that both judge ──

class Network {
 public:
  Network() {
    NetworkStatement statement;
    statement.log_key = key_of(kLogKey).public_key();
    statement.registrars = {key_of(kRegistrar).public_key()};
    authority_.apply_statement(statement, Hash{});
    for (const std::string& id : kOrganisations) {
      const auto parent = kParents.find(id);
      apply(sign(kRegistrar,
                 {OrganisationAct{id, "section", parent == kParents.end() ? "" : parent->second, id}}, {}));
    }
    for (int n = 0; n < kDevices; ++n) {
      GrantAct act = real(device_grant(n));
      apply(sign(kRegistrar, {act}, {}));
      note(device_grant(n));
    }
  }

  void run() {
    const auto steps = *rc::gen::inRange(4, 30);
    for (int i = 0; i < steps; ++i) {
      now_ += any(0, 25) == 0 ? kUntilErased / 2 : any(0, 40);
      switch (
          *rc::gen::weightedElement<int>({{3, 0}, {8, 1}, {3, 2}, {2, 3}, {1, 4}, {8, 5}, {3, 6}, {2, 7}})) {
        case 0:
          registrar_gives();
          break;
        case 1:
          person_gives();
          break;
        case 2:
          accept();
          break;
        case 3:
          end();
          break;
        case 4:
          revoke();
          break;
        case 6:
          erase();
          break;
        case 7:
          withdraw_erasure();
          break;
        default:
          work();
          break;
      }
    }
  }

 private:
  static int any(int from, int to) { return *rc::gen::inRange(from, to); }
  template <class T>
  static T pick(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(any(0, static_cast<int>(list.size())))];
  }
  int any_holder() { return any(0, 4) == 0 ? kFirstDevice + any(0, kDevices) : any(0, kPersons); }
  int any_grant() { return any(0, static_cast<int>(naive_.grants.size())); }
  NaiveGrant& grant(int n) { return naive_.grants[static_cast<std::size_t>(n)]; }
  static std::string organisation_of(int device) {
    return kOrganisations[static_cast<std::size_t>(device - kFirstDevice)];
  }

  static NaiveGrant device_grant(int n) {
    NaiveGrant g;
    g.holder = kFirstDevice + n;
    g.kind = GrantKind::device;
    g.organisation = organisation_of(g.holder);
    g.clauses = {{{kRead, kWrite}, {"network"}, {}, {}}};
    g.given = kStart;
    return g;
  }

  NaiveClause make_clause() {
    NaiveClause c;
    for (const Rights right : {kRead, kWrite, kReview, kPublish, kGrant, kAdmin}) {
      if (any(0, 3) > 0) c.rights.insert(right);
    }
    for (const std::string& space : kSpaces) {
      if (any(0, 3) > 0) c.spaces.insert(space);
    }
    if (any(0, 6) == 0) c.spaces.insert("*");
    for (const std::uint32_t reg : {project_, need_}) {
      if (any(0, 4) == 0) c.registers.insert(reg);
    }
    if (any(0, 2) == 0) {
      auto& themes = c.labels["theme"];
      for (const std::string& theme : kThemes) {
        if (any(0, 2) == 0) themes.insert(theme);
      }
      if (themes.empty()) themes.insert(kThemes[0]);
    }
    return c;
  }
  /// As wide as `outer`, or narrower, and now and then too wide.
  NaiveGrant make_within(const NaiveGrant& outer) {
    NaiveGrant g = outer;
    g.offered = any(0, 3) == 0;
    g.hangs = outer.hangs || any(0, 2) == 0;
    g.depth = outer.depth > 0 ? static_cast<unsigned>(any(0, static_cast<int>(outer.depth))) : 0;
    if (any(0, 3) == 0) g.until = now_ + any(1, 200);
    if (any(0, 4) == 0) g.from = now_ + any(0, 60);
    if (any(0, 3) == 0) g.level = outer.level + static_cast<unsigned>(any(0, 3));
    if (g.clauses.size() > 1 && any(0, 2) == 0) g.clauses.pop_back();
    for (NaiveClause& clause : g.clauses) {
      if (any(0, 3) == 0) clause.rights.erase(kAdmin);
      if (any(0, 3) == 0) clause.rights.erase(kReview);
      if (any(0, 4) == 0) clause.rights.erase(kPublish);
      if (any(0, 4) == 0 && clause.labels.empty()) clause.labels["theme"] = {pick(kThemes)};
      if (any(0, 4) == 0) clause.spaces = {pick(kSpaces)};
    }
    switch (any(0, 12)) {  // what nobody may
      case 0:
        g.depth = outer.depth;
        break;
      case 1:
        g.clauses.push_back(make_clause());
        break;
      case 2:
        g.hangs = false;
        break;
      case 3:
        g.until = 0;
        break;
      case 4:
        g.level = outer.level > 1 ? outer.level - 1 : 1;
        break;
      default:
        break;
    }
    return g;
  }

  GrantAct real(const NaiveGrant& g) const {
    GrantAct act;
    act.kind = g.kind;
    act.grantee = key_of(g.holder).public_key();
    act.organisation = g.organisation;
    act.role = "officer";
    act.mandate = g.mandate;
    for (const NaiveClause& clause : g.clauses) {
      Clause out;
      for (const Rights right : clause.rights) out.rights |= right;
      out.spaces.assign(clause.spaces.begin(), clause.spaces.end());
      out.registers.assign(clause.registers.begin(), clause.registers.end());
      for (const auto& [label, values] : clause.labels) {
        LabelLimit limit{label, {}};
        for (const std::string& value : values) limit.values.push_back(Value::reference("network", value));
        std::sort(limit.values.begin(), limit.values.end());
        out.labels.push_back(std::move(limit));
      }
      act.clauses.push_back(std::move(out));
    }
    act.from = g.from;
    act.until = g.until;
    act.depth = g.depth;
    act.level = g.level;
    act.flags = (g.offered ? kNeedsAcceptance : 0) | (g.hangs ? kWhileHeld : 0);
    return act;
  }

  ChangeSet sign(int key, const std::vector<Act>& acts, const Hash& under) {
    std::vector<Operation> operations;
    for (const Act& act : acts) {
      Operation op;
      op.kind = OperationKind::act;
      op.id = "act-" + std::to_string(++made_);
      op.value = encode_act(act);
      operations.push_back(std::move(op));
    }
    return set_of(key, std::string(kAuthoritySpace), std::move(operations), under);
  }
  ChangeSet set_of(int key, std::string space, std::vector<Operation> operations, const Hash& under) {
    Header header;
    header.space = std::move(space);
    header.source.author = key_of(key).public_key();
    header.source.chain.bytes[0] = static_cast<Byte>(++made_);
    header.source.chain.bytes[1] = static_cast<Byte>(made_ >> 8);
    header.stamp = Stamp::at(now_);
    header.grant = under;
    sort_by_record(operations);
    return make_change_set(std::move(header), std::move(operations));
  }
  void apply(const ChangeSet& set) { RC_ASSERT(authority_.apply(set, ++position_, now_).has_value()); }
  void note(const NaiveGrant& g) {
    naive_.grants.push_back(g);
    names_.push_back(last_grant());
  }
  Hash last_grant() const {
    for (const auto& [name, grant] : authority_.grants()) {
      if (grant.position == position_) return name;
    }
    return {};
  }
  Reason ask(const ChangeSet& set) {
    const auto record = [this](std::string_view id) {
      const auto it = records_.find(std::string(id));
      return it == records_.end() ? nullptr : &it->second;
    };
    const auto in_log = [](const Source&, Sequence) { return true; };
    const auto no_roots = [](std::string_view, Position) { return std::optional<Hash>(); };
    return authorise(set, authority_, position_, built_in_schema(), now_, {record, in_log, no_roots}).reason;
  }
  /// Both say the same; what is accepted takes place on both sides.
  bool agree(const ChangeSet& set, Reason naive) {
    const Reason told = ask(set);
    if (told != naive)
      RC_FAIL("the decision says " + std::string(to_word(told)) + ", the naive one " +
              std::string(to_word(naive)));
    return told == Reason::none;
  }

  void registrar_gives() {
    NaiveGrant g;
    g.holder = any(0, kPersons);
    g.organisation = pick(kOrganisations);
    for (int n = any(1, 3); n > 0; --n) g.clauses.push_back(make_clause());
    g.depth = static_cast<unsigned>(any(0, 5));
    g.level = static_cast<unsigned>(any(0, 4));
    g.offered = any(0, 4) == 0;
    if (any(0, 3) == 0) g.mandate = kPersonsSpace + "#" + kPersonsId;
    g.given = now_;
    const bool revoked = naive_.happened(NaiveEvent::Kind::revoked, g.holder);
    const ChangeSet set = sign(kRegistrar, {real(g)}, {});
    if (!agree(set, revoked ? Reason::void_act : Reason::none)) return;
    apply(set);
    note(g);
  }

  /// What a key may not do under a grant at all.
  std::optional<Reason> refused(int key, int under) {
    if (naive_.happened(NaiveEvent::Kind::revoked, key)) return Reason::revoked;
    if (grant(under).holder != key) return Reason::no_grant;
    if (grant(under).kind != GrantKind::person) return Reason::no_right;
    return std::nullopt;
  }
  static Reason of_trouble(const std::string& word) {
    if (word == "offered") return Reason::no_grant;
    if (word == "early") return Reason::no_right;
    return word == "over" ? Reason::expired : Reason::revoked;
  }

  void person_gives() {
    const int under = any_grant();
    const int by = any(0, 5) == 0 ? any_holder() : grant(under).holder;
    NaiveGrant g = make_within(grant(under));
    g.holder = any_holder();
    g.kind = g.holder >= kFirstDevice ? GrantKind::device : GrantKind::person;
    g.organisation = g.kind == GrantKind::device ? organisation_of(g.holder) : pick(kOrganisations);
    g.giver = by;
    g.parent = under;
    g.given = now_;
    Reason naive = Reason::none;
    if (const auto no = refused(by, under)) {
      naive = *no;
    } else if (const std::string word = naive_.trouble(under, now_); !word.empty()) {
      naive = of_trouble(word);
    } else {
      const NaiveGrant& outer = grant(under);
      const bool passes = std::any_of(outer.clauses.begin(), outer.clauses.end(),
                                      [](const NaiveClause& c) { return c.rights.contains(kGrant); });
      if (!passes || outer.depth == 0) {
        naive = Reason::no_right;
      } else if (naive_.happened(NaiveEvent::Kind::revoked, g.holder) || !naive_.may_give(g, outer)) {
        naive = Reason::void_act;
      }
    }
    const ChangeSet set = sign(by, {real(g)}, name(under));
    if (!agree(set, naive)) return;
    apply(set);
    note(g);
  }

  void accept() {
    const int offered = any_grant();
    const int by = any(0, 5) == 0 ? any_holder() : grant(offered).holder;
    Reason naive = Reason::none;
    if (const auto no = refused(by, offered)) {
      naive = *no;
    } else if (!grant(offered).offered || naive_.happened(NaiveEvent::Kind::accepted, offered) ||
               naive_.happened(NaiveEvent::Kind::ended, offered)) {
      naive = Reason::void_act;
    } else {
      naive_.events.push_back({NaiveEvent::Kind::accepted, offered});
      const std::string word = naive_.trouble(offered, now_);
      naive_.events.pop_back();
      if (!word.empty() && word != "early") naive = of_trouble(word);
    }
    const ChangeSet set = sign(by, {AcceptAct{name(offered)}}, name(offered));
    if (!agree(set, naive)) return;
    apply(set);
    naive_.events.push_back({NaiveEvent::Kind::accepted, offered});
  }

  void end() {
    const int under = any_grant();
    const int ended = any_grant();
    const int by = grant(under).holder;
    Reason naive = Reason::none;
    const bool valid = naive_.trouble(under, now_).empty();
    if (const auto no = refused(by, under)) {
      naive = *no;
    } else if (naive_.happened(NaiveEvent::Kind::ended, ended)) {
      naive = Reason::void_act;
    } else if (grant(ended).holder != by &&
               !(valid && (grant(ended).giver == by || naive_.is_over(grant(under), grant(ended))))) {
      naive = Reason::no_right;
    }
    const ChangeSet set = sign(by, {EndAct{name(ended), EndReason::withdrawn}}, name(under));
    if (!agree(set, naive)) return;
    apply(set);
    naive_.events.push_back({NaiveEvent::Kind::ended, ended});
  }

  void revoke() {
    const int key = any_holder();
    const bool by_registrar = any(0, 2) == 0;
    const int under = any_grant();
    const int by = by_registrar ? kRegistrar : grant(under).holder;
    Reason naive = Reason::none;
    if (!by_registrar) {
      if (const auto no = refused(by, under)) {
        naive = *no;
      } else if (const std::string word = naive_.trouble(under, now_); !word.empty()) {
        naive = of_trouble(word);
      } else if (key != by) {
        bool all = false;
        for (const NaiveGrant& g : naive_.grants) all = all || g.holder == key;
        for (const NaiveGrant& g : naive_.grants)
          all = all && (g.holder != key || naive_.is_over(grant(under), g));
        if (!all) naive = Reason::no_right;
      }
    }
    if (naive == Reason::none && naive_.is_one_too_many(by, key, now_)) naive = Reason::void_act;
    const bool compromised = any(0, 2) == 0;
    const Millis since = now_ - any(0, 100);
    const auto reason = compromised ? RevocationReason::compromised : RevocationReason::lost;
    const ChangeSet set =
        sign(by, {RevokeAct{key_of(key).public_key(), reason, since}}, by_registrar ? Hash{} : name(under));
    if (!agree(set, naive)) return;
    apply(set);
    naive_.events.push_back({NaiveEvent::Kind::revoked, key, compromised, since, by, now_});
  }

  /// Why the key cannot act under the grant at all now.
  std::optional<Reason> stopped(int by, int under) {
    if (const auto no = refused(by, under)) return no;
    const std::string word = naive_.trouble(under, now_);
    return word.empty() ? std::nullopt : std::optional(of_trouble(word));
  }

  void erase() {
    const int under = any_grant();
    const int by = any(0, 6) == 0 ? any_holder() : grant(under).holder;
    const std::string space = any(0, 2) == 0 ? kPersonsSpace : pick(kSpaces);
    const std::string id = any(0, 3) > 0 ? kPersonsId : "person-2";
    Reason naive = Reason::none;
    if (const auto no = stopped(by, under)) {
      naive = *no;
    } else if (!naive_.may_erase(grant(under), space, id)) {
      naive = Reason::no_right;
    }
    Hash commitment;
    commitment.bytes[0] = static_cast<Byte>(any(1, 200));
    const ChangeSet set =
        sign(by, {EraseAct{space, record_mark({}, space, id), {commitment}, ErasureReason::requested}},
             name(under));
    if (!agree(set, naive)) return;
    apply(set);
    naive_.erasures.push_back({by, under, space, id, now_, naive_.events.size(), false});
    erasures_.push_back(set.name);
  }

  void withdraw_erasure() {
    if (naive_.erasures.empty()) return;
    const auto which = static_cast<std::size_t>(any(0, static_cast<int>(erasures_.size())));
    NaiveErasure& erasure = naive_.erasures[which];
    const int under = any_grant();
    const int by = any(0, 6) == 0 ? any_holder() : grant(under).holder;
    Reason naive = Reason::none;
    if (const auto no = stopped(by, under)) {
      naive = *no;
    } else if (erasure.withdrawn || naive_.has_fallen(erasure) || now_ >= erasure.at + kUntilErased) {
      naive = Reason::void_act;
    } else if (!naive_.may_erase(grant(under), erasure.space, erasure.id)) {
      naive = Reason::no_right;
    }
    const ChangeSet set = sign(by, {WithdrawErasureAct{erasures_[which]}}, name(under));
    if (!agree(set, naive)) return;
    apply(set);
    erasure.withdrawn = true;
  }

  // ── Work on records, and on editions of them ──

  void work() {
    const int under = any_grant();
    const int by = any(0, 6) == 0 ? any_holder() : grant(under).holder;
    const std::string space = kSpaces[static_cast<std::size_t>(any(0, 3))];
    const std::uint32_t reg = any(0, 2) == 0 ? project_ : need_;
    const bool is_edition = any(0, 3) == 0;
    const std::string id = is_edition ? std::to_string(10'000'000 + reg) + "-0000-8000-8000-00000000000" +
                                            std::to_string(any(0, 2))
                                      : std::to_string(reg) + "-" + std::to_string(any(0, 3));
    const auto known = themes_.find(id);
    std::set<std::string> after = known == themes_.end() ? std::set<std::string>() : known->second;
    std::vector<Operation> operations;
    const auto operation = [&](OperationKind kind) {
      Operation op;
      op.kind = kind;
      op.register_number = reg;
      op.id = id;
      return op;
    };
    if (known == themes_.end()) operations.push_back(operation(OperationKind::create));
    const std::uint32_t field = built_in_schema().find(reg)->field("theme")->number;
    for (const std::string& theme : kThemes) {
      const int what = any(0, 4);
      if (what > 1) continue;
      Operation op = operation(what == 0 ? OperationKind::add : OperationKind::remove);
      op.address = {field, element_key(Value::reference("network", theme))};
      if (what == 1) {
        if (known != themes_.end()) op.names = records_.at(id).all_dots(op.address);
        after.erase(theme);
      } else {
        after.insert(theme);
      }
      operations.push_back(std::move(op));
    }
    if (operations.empty()) {
      Operation op = operation(OperationKind::erase);
      op.names = records_.at(id).all_dots();
      operations.push_back(std::move(op));
    }
    Reason naive = Reason::none;
    const NaiveGrant& held = grant(under);
    if (naive_.happened(NaiveEvent::Kind::revoked, by)) {
      naive = Reason::revoked;
    } else if (held.holder != by) {
      naive = Reason::no_grant;
    } else if (const std::string word = naive_.trouble(under, now_); !word.empty()) {
      naive = of_trouble(word);
    } else {
      const auto& before = known == themes_.end() ? std::nullopt : std::optional(known->second);
      const auto may = [&](Rights right) {
        const bool free = naive_.reaches(held, right, space, reg, std::nullopt);
        const bool old = known == themes_.end() || naive_.reaches(held, right, space, reg, before);
        return free || (old && naive_.reaches(held, right, space, reg, after));
      };
      const bool publishes = held.kind == GrantKind::person && may(kPublish);
      if (!may(kWrite) || (is_edition && !publishes)) naive = Reason::no_right;
    }
    const ChangeSet set = set_of(by, space, std::move(operations), name(under));
    if (!agree(set, naive)) return;
    for (std::size_t i = 0; i < set.operations.size(); ++i) {
      records_[id].apply(set.operations[i], {set.dot(i), set.header.stamp, now_});
    }
    themes_[id] = after;
  }

  Hash name(int grant) const { return names_[static_cast<std::size_t>(grant)]; }

  const std::uint32_t project_ = built_in_schema().find("project")->number;
  const std::uint32_t need_ = built_in_schema().find("need")->number;
  AuthorityState authority_;
  Position position_ = 1;
  Millis now_ = kStart;
  int made_ = 0;
  Naive naive_;
  std::vector<Hash> names_;
  std::vector<Hash> erasures_;                  ///< their change sets
  std::map<std::string, RecordState> records_;  ///< as if all spaces were one: ids are their own
  std::map<std::string, std::set<std::string>> themes_;
};

RC_GTEST_PROP(Authorise, SaysWhatANaiveReadingOfTheWholeListSays, ()) {
  Network network;
  network.run();
}

}  // namespace
}  // namespace wasl
