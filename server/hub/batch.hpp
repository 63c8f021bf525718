#pragma once
// One commit's work inside its transaction: judges units in order, places what is accepted, keeps the rest
// with its reason, and ends with a leaf of `heads` for each space that grew. Thread: the committer's; one
// use.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/hub/block_builder.hpp"
#include "server/hub/heads_log.hpp"
#include "server/hub/record_cache.hpp"
#include "server/hub/staging.hpp"
#include "server/store/hub_store.hpp"
#include "shared/authority/authorise.hpp"
#include "shared/base/environment.hpp"

namespace wasl {

class Batch {
 public:
  struct Context {
    HubStore& store;
    AuthorityState&
        authority;  ///< follows what is accepted; the caller restores it when the transaction fails
    const Schema& schema;
    const NetworkId& network;
    HeadsLog& heads;
    Random& random;
    Millis hub_time;
  };
  explicit Batch(const Context& context) : in_(context), records_(context.store) {}

  /// Reads where the log of authority stands. Call first.
  Status begin();
  /// Judges the unit; verdicts for all its change sets are added to `verdicts`.
  Status rule(Unit unit, std::vector<VerdictItem>& verdicts);
  /// Places a network statement.
  Status place(const SignedStatement& statement);
  /// Of these records, by register and id, those go that are dead by `floor` (collecting.cpp). @return how
  /// many.
  Result<std::size_t> collect(const std::string& space, Position floor,
                              std::set<std::pair<std::uint32_t, std::string>> records);
  /// For a log that came back to a hub: a leaf also for each space whose newest leaf is older than its log.
  void catch_up() { catches_up_ = true; }
  /// Writes blocks, records and leaves. Nothing is durable before the transaction around it is.
  Status finish();
  /// Spaces that grew, `authority` first.
  [[nodiscard]] const std::vector<std::string>& grown() const { return grown_; }
  /// What became of work that had its verdict before, by author.
  using Decided = std::map<PublicKey, std::vector<VerdictItem>>;
  [[nodiscard]] const Decided& decided() const { return decided_; }

 private:
  /// The end of a chain with what is kept beside the log.
  struct ChainView {
    ChainEnd end;
    Sequence logged = 0;                     ///< of it, how far the log (or a block to come) has headers
    std::optional<std::uint64_t> forked_by;  ///< who pushes another history than the chain's
  };
  /// What the hub keeps for an author beside the logs.
  struct Burden {
    std::uint64_t chains = 0;
    KeptTotals kept;
  };
  struct Place {
    Source source;
    Sequence sequence = 0;
    auto operator<=>(const Place&) const = default;
  };

  Result<ChainView*> view(const Source& source);
  Result<Burden*> burden(const PublicKey& author);
  /// Refuses a unit that would begin a chain too many.
  Result<bool> may_begin(const Unit& unit, const ChainView& chain, std::vector<VerdictItem>& verdicts);
  Result<BlockBuilder*> block(const std::string& space);
  /// @param whole offered with its body.
  Result<Verdict> known_verdict(const Source& source, Sequence sequence, const Hash& name, bool whole);
  /// Sorts out what the chain has already, or cannot have yet. @return what is to be judged, with signatures.
  Result<std::vector<SegmentItem>> select_new(Unit& unit, ChainView& chain,
                                              std::vector<VerdictItem>& verdicts);
  /// Judges the change sets items[from, to), one group; accepted ones get their entries.
  Result<Verdict> rule_group(Unit& unit, std::vector<SegmentItem>& items, std::size_t from, std::size_t to);
  Result<Verdict> rule_set(const Unit& unit, const ChangeSet& set, SpaceNumber space);
  /// @param failed takes an error of the store. Both live while the questions are asked.
  Before before(SpaceNumber space, std::optional<Error>& failed);
  Status place_group(const Unit& unit, std::vector<SegmentItem>& items, std::size_t from, std::size_t to);
  Result<bool> has_room(const PublicKey& author);
  /// Keeps what was not accepted.
  Status keep_group(const Unit& unit, const std::vector<SegmentItem>& items, std::size_t from, std::size_t to,
                    const Verdict& verdict);
  /// From this group on the chain waits; other chains of the author go on.
  void put_off(const Unit& unit, ChainView& chain, std::vector<SegmentItem>& items, std::size_t from,
               std::vector<VerdictItem>& verdicts);
  /// Judges what is new, group by group. @return whether something was accepted.
  Result<bool> rule_groups(Unit& unit, ChainView& chain, std::vector<SegmentItem>& items,
                           std::vector<VerdictItem>& verdicts);
  Status weave_in(const Unit& unit, ChainView& chain, Sequence known_end, std::vector<SegmentItem> items);
  Result<std::optional<Hash>> root(std::string_view space, Position size);
  Status keep(const Unit& unit, const std::vector<SegmentItem>& items, std::size_t at, KeptState state,
              const Verdict& verdict);
  Status make_spaces();

  // deciding.cpp
  /// Held or refused work of one group, taken up again, in the order of its chain.
  struct TakenUp {
    std::vector<KeptSet> kept;
    std::vector<ChangeSet> sets;
  };
  /// What only the hub knows: whether what a decision names waits here.
  Result<Verdict> check_decision(const ChangeSet& set);
  Result<Verdict> check_discard(const DiscardAct& discard);
  /// Judges what `set` adopts under its author's rights, in the draft of the records.
  Result<Verdict> take_adopted(const ChangeSet& set, const AdoptAct& adoption, const SpaceInfo& info,
                               std::vector<Place>& places);
  Result<Verdict> take_up(const std::vector<Hash>& names, std::string_view space, TakenUp& out);
  static Verdict check_groups(const TakenUp& taken);
  /// @param grant under whose mandate it takes effect: its own, or its adopter's.
  void apply_draft(const ChangeSet& set, const Hash& grant, SpaceNumber space, std::vector<Place>& places);
  /// Carries out what an accepted change set decides.
  Status carry_out(const ChangeSet& set);
  Status place_adopted(const ChangeSet& adopter, const AdoptAct& adoption);
  Status discard(const DiscardAct& act);
  Status void_what_falls();
  /// Held work that can stand now gets its entries.
  Status judge_waiting(const std::string& space);
  Result<bool> judge_waiting_group(const std::string& space, TakenUp group);
  /// The header stands in the space's log from then on, under its author's signature.
  Result<bool> can_stand(const KeptSet& kept);
  Status weave_header(const std::string& space, const KeptSet& kept);
  Result<LateItem> late_item(ledger::EntryKind kind, const std::string& space, const KeptSet& kept,
                             ChangeSet set);
  Status place_late(const Hash& adopter, const std::string& space);
  Status note_decided(const KeptSet& kept, KeptState state, const Verdict& verdict);
  Status add_leaf(const std::string& space);
  Result<std::vector<std::string>> without_leaf();

  Context in_;
  RecordCache records_;
  Position authority_size_ = 0;
  std::map<Source, ChainView> chains_;
  std::map<PublicKey, Burden> burdens_;
  std::map<std::pair<std::string, Position>, Hash> roots_;
  std::map<std::string, BlockBuilder> blocks_;
  std::map<Place, SpaceNumber> placed_;
  std::vector<std::string> grown_;
  bool catches_up_ = false;
  std::map<Hash, std::vector<LateItem>> late_;  ///< by the adopter's name: they stand right behind its entry
  std::set<std::string> freed_;                 ///< spaces in which what was held may stand by now
  bool has_fallen_ = false;                     ///< a revocation may void what stands
  Decided decided_;
};

}  // namespace wasl
