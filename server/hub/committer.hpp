#pragma once
// Gives positions. What devices push is collected for a moment and becomes one durable transaction; verdicts
// come out only after it. Thread: the hub's one thread; nothing here waits but for the disk.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/hub/batch.hpp"
#include "server/hub/heads_log.hpp"
#include "server/hub/record_cache.hpp"
#include "server/hub/staging.hpp"
#include "server/store/hub_store.hpp"
#include "shared/store/ranking.hpp"

namespace wasl {

/// Durably: a hub that opens this store signs and gives nothing, until a statement opens a new epoch.
Status mark_recovering(HubStore& store);

class Committer {
 public:
  struct Ports {
    HubStore& store;
    const Schema& schema;
    const crypto::KeyPair& log_key;
    Clock& clock;
    Random& random;
  };
  explicit Committer(const Ports& ports) : ports_(ports), heads_(ports.store) {}

  struct Ruling {
    std::uint64_t ticket = 0;
    std::vector<VerdictItem> verdicts;
    std::uint64_t taken = 0;  ///< pushes of this ticket taken from the queue, whatever is staged of them
  };
  struct Committed {
    std::vector<Ruling> rulings;
    std::vector<std::string> grown;  ///< spaces with new entries, `authority` first
    Batch::Decided decided;          ///< what became of work that had its verdict before
    bool kept = false;               ///< a section's hub keeps work that it did not keep before
  };
  /// For a folder without a log: places the first statement as entry 1 of `authority`.
  Status found(const SignedStatement& statement);
  /// Places the next network statement: what it says holds from its position on. @param has_key whether this
  /// hub holds the log key that it names. The caller puts that key into place before anything is signed
  /// again. Errors: malformed, bad_signature (too few roots, of it or of the one before), wrong_network (its
  /// log key is not here), storage_failed.
  Status place(const SignedStatement& statement, const std::function<bool(const PublicKey&)>& has_key);
  /// Of these records, by register and id, those leave the space's state that are dead by `floor`
  /// (collecting.cpp). @pre every office that is waited for has acknowledged it. @return how many. Errors:
  /// later, storage_failed.
  Result<std::size_t> collect(const std::string& space, Position floor,
                              const std::set<std::pair<std::uint32_t, std::string>>& records);
  // ── A hub restored from an old copy ──
  Status begin_recovery();  ///< as `mark_recovering`, and from here on
  [[nodiscard]] bool is_recovering() const { return recovering_; }
  /// Entries of one space that follow what is here, as this hub had signed them: they keep position, time and
  /// authority. Errors: malformed, bad_signature, wrong_network (the proof is of something else),
  /// storage_failed.
  Status take_back(const std::vector<Segment>& segments, const Vouched& vouched);

  /// Replays `authority` and checks the clock. Errors: not_found (no network here), corrupt, invalid_value
  /// (the clock stands before the last entry), later (another process leads, and has signed nothing yet).
  Status start();

  // ── Several processes over one storage (following.cpp) ──
  /// Another process gives positions: this one shows what is committed and signed, and passes on what is
  /// pushed.
  [[nodiscard]] bool follows() const;
  /// … at the end of a link.
  [[nodiscard]] bool is_section() const;
  /// For who follows: entries of the space that were signed by the last look().
  [[nodiscard]] Position shown(const std::string& space) const;
  /// For who follows: shows what is new, with the answers to what was passed on. For who leads: takes what
  /// others have passed on; it is judged by the next commit(). Call it often. Errors: wrong_network (another
  /// log key is in force), conflict (another state of the hub): start anew.
  Result<Committed> look();
  /// Gives positions from now on, if no other process does. @return whether it does now, and what has come
  /// since the last look().
  Result<std::optional<Committed>> try_lead();
  /// Follows from now on.
  Status resign();
  /// Something was passed on, and is not answered yet.
  [[nodiscard]] bool waits_for_answers() const { return !passed_.empty(); }
  /// Shows others what was signed, where they have not been shown it.
  Status publish();
  /// Counts up with each erasure that was carried out, here or elsewhere.
  [[nodiscard]] Position erased() const { return erased_; }

  /// Carries out the erasures that have come into force, and what a crash cut off of the last ones. @return
  /// whether anything was erased. Errors: storage_failed, corrupt; call again later. Cost: nothing when none
  /// is due; else a pass over the spaces' logs and a copy of the storage.
  Result<bool> erase_due();

  /// Queues a push of a device. @pre checked by the session: signatures, author, network, no entries.
  void submit(std::uint64_t ticket, Segment push);
  [[nodiscard]] bool is_idle() const { return queue_.empty() && ready_.empty(); }
  /// What is queued takes so much memory that it has to be committed before more is read.
  [[nodiscard]] bool is_full() const { return queued_ > kQueuedMost; }

  /// Commits what is queued, up to a bound; one ticket's work waits while others' is looked at. A disk that
  /// refuses costs a `later` for each change set.
  Committed commit();

  [[nodiscard]] const AuthorityState& authority() const { return authority_; }
  [[nodiscard]] const std::vector<SignedStatement>& statements() const { return statements_; }
  [[nodiscard]] const NetworkId& network() const { return network_; }
  [[nodiscard]] HeadsLog& heads() { return heads_; }
  /// Signs what a commit made durable and could not sign, if there is such: nobody is shown a leaf before.
  Status sign_what_is_left();
  [[nodiscard]] const Staging& staging() const { return staging_; }
  /// Never falls, whatever the clock does.
  [[nodiscard]] Millis hub_time();

 private:
  static constexpr std::uint64_t kAskedTickets = std::uint64_t{1} << 63;  // of other processes' units
  static constexpr std::size_t kQueuedMost = 1 << 19;  // items and operations, decoded: 150 MB

  /// What one ticket pushed and nobody has judged: units of several pushes, in their order.
  struct Waiting {
    std::deque<Unit> units;
    std::deque<std::size_t> pushes;  ///< how many of the units belong to each push
  };
  void stage(Committed& outcome);
  /// Takes units for one transaction, from each ticket in turn.
  std::vector<Unit> next_units(Committed& outcome);
  Status load_authority();
  Status load();
  /// Where the log of each space and its newest leaf stand.
  using Standing = std::map<std::string, std::pair<Position, std::uint64_t>>;
  Result<Standing> standing();
  Status catch_up(Committed& out);
  Status follow_authority();
  Result<Committed> take_news(const SharedStore::News& news);
  void pass_on(std::vector<Unit> units, Committed& outcome);
  void take_answer(const SharedStore::Answer& answer, Committed& out);
  void give_up_waiting(Committed& out);
  Status take_asked();
  Status answer_asked(const Unit& unit, const std::vector<VerdictItem>& verdicts);
  Result<ledger::HeadsLeaf> signed_leaf(const Vouched& vouched) const;
  /// What entries that came back make of the records.
  struct Returned {
    RecordCache records;
    Ranking ranking;
    std::vector<FallenEntry> fallen;  ///< what voids among them name
  };
  Status apply_returned(const Segment& segment, SpaceInfo& info, Returned& returned);
  Status load_erased();
  Status sign();
  Status check_clock();
  Status begin_to_lead();
  Status start_following();
  Status adopt(const std::string& note);
  Status tell_others(const Batch::Decided& decided);
  Batch make_batch(Millis hub_time);

  Ports ports_;
  HeadsLog heads_;
  Staging staging_;
  AuthorityState authority_;
  std::vector<SignedStatement> statements_;
  NetworkId network_;
  Millis last_time_ = 0;
  bool recovering_ = false;
  Position erased_ = 0;        ///< of the last erasure that was carried out
  bool must_rewrite_ = false;  ///< what was erased may still stand in free pages
  std::deque<std::pair<std::uint64_t, Segment>> queue_;
  std::map<std::uint64_t, Waiting> ready_;
  std::size_t queued_ = 0;

  /// What was passed on and has no answer.
  struct Passed {
    std::uint64_t ticket = 0;
    std::uint64_t taken = 0;  ///< pushes of the ticket that are taken with it
    Millis since = 0;
    std::vector<VerdictItem> otherwise;  ///< what is said when no answer comes
  };
  std::map<std::uint64_t, Passed> passed_;  ///< by the number of the question
  std::uint64_t last_question_ = 0;
  std::size_t asked_ = 0;         ///< units of other processes that wait in `ready_`
  std::uint64_t last_asked_ = 0;  ///< tickets of theirs
  Position authority_read_ = 0;   ///< how far a follower has read
  Standing shown_;
  std::string published_;
};

}  // namespace wasl
