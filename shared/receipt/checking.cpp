#include "shared/receipt/checking.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "shared/authority/authorise.hpp"
#include "shared/authority/authority_state.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl {
namespace {

tl::unexpected<Error> not_proved(std::string what) {
  return fail(Errc::bad_signature, std::move(what), "the receipt was altered, or was never true");
}

struct InForce {
  NetworkStatement statement;
  Hash hash;
  Position position = 0;
};

struct Acceptance {
  Author by;
  Position position = 0;
  std::size_t set = 0;  ///< in Receipt::rights
};

struct GrantLink {
  Hash name;
  GrantAct act;
  std::size_t set = 0;  ///< in Receipt::rights
};

/// Whether who held `outer` could give `inner`. An invitation's own period is that of its use
/// (PROTOCOL.md 6.4).
bool could_give(const GrantAct& outer, const GrantAct& inner) {
  if (outer.kind != GrantKind::invitation) return attenuates(inner, outer, kGrant);
  GrantAct whole = outer;
  whole.until = 0;
  return inner.organisation == outer.organisation && inner.role == outer.role && inner.flags == outer.flags &&
         inner.mandate == outer.mandate && attenuates(inner, whole);
}

class Checker {
 public:
  Checker(const Receipt& receipt, const Hash& anchor) : in_(receipt), anchor_(anchor) {}

  Result<CheckedReceipt> check() {
    CheckedReceipt out;
    WASL_TRY(check_statements());
    WASL_TRY(check_heads(out));
    WASL_TRY(check_entries());
    WASL_TRY(read_rights());
    WASL_TRY(read_changes());
    WASL_TRY(check_changes(out));
    if (used_.size() != in_.rights.size()) return not_proved("the receipt holds grants that no change uses");
    out.statement = statements_.back().statement;
    out.statement_hash = statements_.back().hash;
    return out;
  }

 private:
  // ── The network statements: root keys alone sign them
  Status check_statements() {
    for (const ProvedStatement& one : in_.statements) {
      WASL_LET(const SignedStatement signed_one, decode_signed_statement(one.statement));
      const InForce* before = statements_.empty() ? nullptr : &statements_.back();
      WASL_LET(NetworkStatement opened, open_statement(signed_one, before ? &before->statement : nullptr,
                                                       before ? &before->hash : nullptr));
      std::set<PublicKey> roots(opened.roots.begin(), opened.roots.end());
      if (before) roots.insert(before->statement.roots.begin(), before->statement.roots.end());
      if (signers(signed_one, {roots.begin(), roots.end()}).size() != signed_one.signatures.size())
        return not_proved("a network statement carries a signature that proves nothing");
      const Hash hash = signed_one.hash();
      if (one.entry.kind != ledger::EntryKind::statement || one.entry.hash != hash)
        return not_proved("a network statement is not the one that its entry names");
      if (before && one.position <= before->position)
        return not_proved("the network statements are out of order");
      statements_.push_back({std::move(opened), hash, one.position});
    }
    if (statements_.empty()) return not_proved("the receipt holds no network statement");
    if (network_id(statements_.front().hash) != in_.network)
      return not_proved("the receipt's network is not the one of its first statement");
    const bool trusted = std::any_of(statements_.begin(), statements_.end(),
                                     [&](const InForce& one) { return one.hash == anchor_; });
    if (!trusted) {
      return fail(Errc::wrong_network,
                  "the receipt is of another network than the statement that you trust, or older than it",
                  "compare the network's name: wasl-hub status --json prints it under network, id");
    }
    return {};
  }

  /// As of a position of `authority`; the first one stands at position 1.
  const InForce& in_force(Position at) const {
    const InForce* found = &statements_.front();
    for (const InForce& one : statements_)
      if (one.position <= at) found = &one;
    return *found;
  }

  // ── The log `heads`
  Result<ledger::Checkpoint> open_note(const std::string& note,
                                       std::vector<ledger::Cosignature>& witnesses) const {
    Error last{Errc::bad_signature, "the checkpoint is not signed by the hub of this network", {}};
    for (auto one = statements_.rbegin(); one != statements_.rend(); ++one) {
      const NetworkStatement& statement = one->statement;
      auto opened = ledger::open_checkpoint(note, ledger::heads_origin(in_.network, statement.epoch),
                                            statement.log_key);
      if (!opened) {
        last = opened.error();
        continue;
      }
      WASL_LET(witnesses, ledger::cosignatures(note, statement.witnesses));
      WASL_LET(const std::size_t lines, ledger::signature_count(note));
      if (lines != 1 + witnesses.size())
        return not_proved("the checkpoint carries a signature of nobody known");
      WASL_LET(const std::string text, ledger::note_text(note));
      if (text != opened->text()) return not_proved("the checkpoint says more than a checkpoint says");
      const std::size_t needed = ledger::witnesses_needed(statement.witnesses.size());
      if (witnesses.size() < needed) {
        return not_proved("the checkpoint is cosigned by " + std::to_string(witnesses.size()) +
                          " of the network's witnesses; " + std::to_string(needed) + " are needed");
      }
      return *opened;
    }
    return tl::unexpected(std::move(last));
  }

  Result<ledger::HeadsLeaf> check_head(const ProvedHead& head, const ledger::Checkpoint& checkpoint,
                                       const std::string& space) const {
    WASL_LET(ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(head.leaf));
    if (!ledger::verify_inclusion(ledger::leaf_hash(leaf), head.index, checkpoint.size, head.path,
                                  checkpoint.root))
      return not_proved("the head of " + space + " does not stand in the log that the hub signed");
    const Bytes name =
        is_private_space(space) ? to_bytes(ledger::blind_name(*in_.key, space).view()) : to_bytes(space);
    if (leaf.name != name) return not_proved("the head is not that of " + space);
    return leaf;
  }

  Status check_heads(CheckedReceipt& out) {
    if (is_private_space(in_.space) != in_.key.has_value())
      return not_proved("a private space comes with its key, another one without");
    WASL_LET(out.checkpoint, open_note(in_.head.note, out.witnesses));
    ledger::Checkpoint rights = out.checkpoint;
    if (!in_.authority.note.empty()) {
      std::vector<ledger::Cosignature> witnesses;
      WASL_LET(rights, open_note(in_.authority.note, witnesses));
      if (rights.origin == out.checkpoint.origin && rights.size == out.checkpoint.size) {
        return fail(Errc::bad_signature,
                    rights.root == out.checkpoint.root
                        ? "the receipt holds one checkpoint twice"
                        : "the receipt holds two histories of one size: the hub lied",
                    "keep the file: two different checkpoints of one size are evidence against the hub");
      }
    }
    WASL_LET(space_leaf_, check_head(in_.head, out.checkpoint, in_.space));
    WASL_LET(authority_leaf_, check_head(in_.authority, rights, std::string(kAuthoritySpace)));
    out.as_of = space_leaf_.hub_time;
    return {};
  }

  // ── Entries of the two logs
  Status check_entries() const {
    std::map<Position, Hash> authority;
    std::map<Position, Hash> space;
    const auto place = [](std::map<Position, Hash>& log, Position at, const ledger::Entry& entry,
                          const std::optional<ledger::BlindingKey>& key) {
      return at > 0 && log.emplace(at, ledger::leaf_hash(entry, key)).second;
    };
    bool once = true;
    for (const ProvedStatement& one : in_.statements)
      once = once && place(authority, one.position, one.entry, {});
    for (const ProvedSet& one : in_.rights) once = once && place(authority, one.position, one.entry, {});
    for (const ProvedSet& one : in_.changes) once = once && place(space, one.position, one.entry, in_.key);
    const auto rising = [](const std::vector<ProvedSet>& sets) {
      return std::adjacent_find(sets.begin(), sets.end(), [](const ProvedSet& a, const ProvedSet& b) {
               return a.position >= b.position;
             }) == sets.end();
    };
    if (!once || !rising(in_.rights) || !rising(in_.changes))
      return not_proved("the receipt's entries are out of order");
    if (space.empty()) return not_proved("the receipt holds no change");
    const auto stands = [](const std::map<Position, Hash>& log, const ledger::HeadsLeaf& leaf,
                           const std::vector<Hash>& proof) {
      std::vector<ledger::Leaf> leaves;
      for (const auto& [position, hash] : log) leaves.push_back({position - 1, hash});
      return ledger::verify_inclusions(leaves, leaf.size, proof, leaf.root);
    };
    if (!stands(authority, authority_leaf_, in_.authority_inclusion))
      return not_proved("what grants the right does not stand in the log of authority");
    if (!stands(space, space_leaf_, in_.inclusion))
      return not_proved("the changes do not stand in the log of " + in_.space);
    return {};
  }

  // ── Change sets: the author's signature
  Result<ChangeSet> check_set(const ProvedSet& proved, const std::string& space) const {
    WASL_LET(ChangeSet set, decode_change_set(proved.header, proved.body));
    const bool takes_effect = proved.entry.kind == ledger::EntryKind::accept ||
                              (proved.entry.kind == ledger::EntryKind::adopt && space != kAuthoritySpace);
    if (!takes_effect || proved.entry.hash != set.name)
      return not_proved("a change set is not the one that its entry names");
    if (set.header.network != in_.network || set.header.space != space)
      return not_proved("a change set was written for another network or space");
    Header last = set.header;
    Hash last_name = set.name;
    for (const Bytes& bytes : proved.following) {
      WASL_LET(Header next, decode_header(bytes));
      if (next.source != last.source || next.sequence != last.sequence + 1 || next.previous != last_name)
        return not_proved("the headers up to the signature are no chain");
      last = std::move(next);
      last_name = name_of(bytes);
    }
    if (!crypto::verify(set.header.source.author, run_message(in_.network, last_name), proved.signature))
      return not_proved("the author's signature does not cover the change set");
    return set;
  }

  // ── Rights
  Status read_rights() {
    for (std::size_t i = 0; i < in_.rights.size(); ++i) {
      WASL_LET(ChangeSet set, check_set(in_.rights[i], std::string(kAuthoritySpace)));
      for (std::size_t at = 0; at < set.operations.size(); ++at) {
        const Operation& op = set.operations[at];
        if (op.kind != OperationKind::act) return not_proved("authority holds acts alone");
        WASL_LET(const Act act, decode_act(op.value));
        if (const auto* accept = std::get_if<AcceptAct>(&act)) {
          acceptances_.emplace(accept->grant,
                               Acceptance{set.header.source.author, in_.rights[i].position, i});
        }
        if (const auto* confirm = std::get_if<ConfirmAct>(&act)) confirmations_.emplace(confirm->grant, i);
        if (const auto* grant = std::get_if<GrantAct>(&act)) {
          const Hash name = grant_name(in_.network, set.dot(at), op.value);
          grants_.emplace(name, GrantLink{name, *grant, i});
        }
      }
      rights_.push_back(std::move(set));
    }
    return {};
  }

  /// The grants from the one that `header` uses up to one of a registrar's.
  Result<std::vector<RightLink>> chain_of(const Header& header, Position authority, Millis now) {
    std::vector<RightLink> chain;
    const Header* user = &header;
    for (;;) {
      const auto found = grants_.find(user->grant);
      if (found == grants_.end()) {
        return fail(Errc::unauthorised, "the receipt does not hold the grant that a change set names");
      }
      const GrantLink& link = found->second;
      const ProvedSet& proved = in_.rights[link.set];
      const ChangeSet& issued_by = rights_[link.set];
      if (link.act.grantee != user->source.author)
        return fail(Errc::unauthorised, "a change set names a grant that was given to another key");
      if (proved.position > authority)
        return fail(Errc::unauthorised, "a change set names a grant that came after it");
      if (now < link.act.from || (link.act.until != 0 && now >= link.act.until))
        return fail(Errc::unauthorised, "a grant was over, or had not begun, when it was used");
      if (!chain.empty() && !could_give(link.act, chain.back().grant))
        return fail(Errc::unauthorised, "somebody granted more than they hold");
      if ((link.act.flags & kNeedsAcceptance) != 0) {
        const auto accepted = acceptances_.find(link.name);
        if (accepted == acceptances_.end() || accepted->second.by != link.act.grantee ||
            accepted->second.position > authority)
          return fail(Errc::unauthorised, "a grant was used that its holder had not accepted");
        used_.insert(accepted->second.set);
      }
      if (link.act.needs_confirmation()) WASL_TRY(check_confirmation(link.name, authority));
      used_.insert(link.set);
      const Author issuer = issued_by.header.source.author;
      const bool registrar = is_registrars(issued_by.header, proved.position);
      chain.push_back({link.name, link.act, issuer, registrar, proved.entry.hub_time});
      if (registrar) return chain;
      user = &issued_by.header;
      authority = proved.position - 1;  // falls at each link, so this ends
      now = proved.entry.hub_time;
    }
  }

  bool is_registrars(const Header& header, Position position) const {
    const std::vector<PublicKey>& registrars = in_force(position).statement.registrars;
    return header.grant.is_zero() &&
           std::find(registrars.begin(), registrars.end(), header.source.author) != registrars.end();
  }

  /// By a registrar, or by an administrator under a grant that leads to one.
  Status check_confirmation(const Hash& grant, Position authority) {
    const auto found = confirmations_.find(grant);
    if (found == confirmations_.end() || in_.rights[found->second].position > authority)
      return fail(Errc::unauthorised, "a grant was used before its device's fingerprint was confirmed");
    const ProvedSet& proved = in_.rights[found->second];
    const Header& header = rights_[found->second].header;
    used_.insert(found->second);
    if (is_registrars(header, proved.position)) return {};
    WASL_LET(const auto chain, chain_of(header, proved.position - 1, proved.entry.hub_time));
    const auto& clauses = chain.front().grant.clauses;
    const bool admin = std::any_of(clauses.begin(), clauses.end(),
                                   [](const Clause& clause) { return (clause.rights & kAdmin) != 0; });
    return admin ? Status{} : fail(Errc::unauthorised, "a device was confirmed by somebody who may not");
  }

  bool touches_record(const ChangeSet& set) const {
    return std::any_of(set.operations.begin(), set.operations.end(), [&](const Operation& op) {
      return op.register_number == in_.register_number && op.id == in_.id;
    });
  }

  Status read_changes() {
    for (const ProvedSet& proved : in_.changes) {
      WASL_LET(ChangeSet set, check_set(proved, in_.space));
      if (proved.entry.authority > authority_leaf_.size)
        return not_proved("the receipt's authority is older than what a change was judged by");
      changes_.push_back(std::move(set));
    }
    return {};
  }

  /// The change set before this one by which it was adopted.
  std::optional<std::size_t> adopter_of(std::size_t adopted) const {
    for (std::size_t i = adopted; i-- > 0;) {
      const auto act =
          in_.changes[i].entry.kind == ledger::EntryKind::accept ? adoption_of(changes_[i]) : std::nullopt;
      if (act && std::find(act->names.begin(), act->names.end(), changes_[adopted].name) != act->names.end())
        return i;
    }
    return std::nullopt;
  }

  Status check_changes(CheckedReceipt& out) {
    std::set<std::size_t> adopters;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      if (in_.changes[i].entry.kind != ledger::EntryKind::adopt) continue;
      const auto adopter = adopter_of(i);
      if (!adopter) return not_proved("the receipt does not hold who adopted a change set");
      adopters.insert(*adopter);
    }
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      const bool adopted = in_.changes[i].entry.kind == ledger::EntryKind::adopt;
      if (!touches_record(changes_[i]) && !adopters.contains(i))
        return not_proved("a change set says nothing of the record");
      const Header& by = adopted ? changes_[*adopter_of(i)].header : changes_[i].header;
      const ProvedSet& proved = in_.changes[i];
      WASL_LET(auto chain, chain_of(by, proved.entry.authority, proved.entry.hub_time));
      if (chain.front().grant.kind == GrantKind::invitation)
        return fail(Errc::unauthorised, "an invitation gives no right to write");
      // That a record has the labels to which a clause is limited is judged where the record is held.
      const auto any_labels = [](const Clause&) { return true; };
      for (const Operation& op : changes_[i].operations) {
        if (op.kind != OperationKind::act && !covers(chain.front().grant, kWrite, in_.space,
                                                     op.register_number, proved.entry.hub_time, any_labels))
          return fail(Errc::unauthorised, "the grant does not cover what a change set does");
      }
      out.changes.push_back({changes_[i], proved.position, proved.entry.hub_time, adopted, std::move(chain)});
    }
    return {};
  }

  const Receipt& in_;
  Hash anchor_;
  std::vector<InForce> statements_;
  ledger::HeadsLeaf space_leaf_;
  ledger::HeadsLeaf authority_leaf_;
  std::vector<ChangeSet> rights_;
  std::vector<ChangeSet> changes_;
  std::map<Hash, GrantLink> grants_;
  std::map<Hash, Acceptance> acceptances_;
  std::map<Hash, std::size_t> confirmations_;  ///< by grant, the place in `rights`
  std::set<std::size_t> used_;
};

}  // namespace

Result<CheckedReceipt> check_receipt(const Receipt& receipt, const Hash& anchor) {
  return Checker(receipt, anchor).check();
}

}  // namespace wasl
