#include "server/store/kept_work.hpp"

#include <algorithm>

#include "shared/store/erasing.hpp"
#include "shared/wire/runs.hpp"

namespace wasl {
namespace {

// `no` rises with each run, and once more when readers are to see it without what was refused; `came` is its
// first number, and so the order in which the network's hub gets them. None is ever used again: who reads on
// behind a number would miss what came later.
constexpr std::string_view kKeptTables = R"sql(
CREATE TABLE IF NOT EXISTS kept(no INTEGER PRIMARY KEY AUTOINCREMENT, came INTEGER NOT NULL, space TEXT NOT NULL,
  author BLOB NOT NULL, chain BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, name BLOB NOT NULL,
  run BLOB NOT NULL, verdicts BLOB NOT NULL DEFAULT x'', at INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS kept_came ON kept(came);
CREATE UNIQUE INDEX IF NOT EXISTS kept_place ON kept(author, chain, last, name);
CREATE INDEX IF NOT EXISTS kept_chain ON kept(chain, first);
)sql";
constexpr std::string_view kColumns = "SELECT no, run, verdicts FROM kept ";
constexpr Millis kRetry = 60'000;
constexpr Millis kVerdictLife = Millis{90} * 86'400'000;  // an author who was away so long is told again

bool is_bad(const Verdict& verdict) {
  return verdict.outcome == Outcome::held || verdict.outcome == Outcome::refused;
}

const VerdictItem* verdict_on(const std::vector<VerdictItem>& verdicts, Sequence sequence) {
  const auto it = std::find_if(verdicts.begin(), verdicts.end(), [&](const VerdictItem& item) {
    return sequence >= item.first && sequence - item.first < item.count;
  });
  return it == verdicts.end() ? nullptr : &*it;
}

std::vector<std::pair<Sequence, const Hash*>> places(const Segment& run) {
  std::vector<std::pair<Sequence, const Hash*>> out;
  for (const SegmentItem& item : run.items) {
    if (const Header* header = header_of(item)) out.emplace_back(header->sequence, &name_of(item));
  }
  return out;
}

bool is_header_alone(const Segment& run, Sequence sequence) {
  return std::ranges::any_of(run.items, [&](const SegmentItem& item) {
    const auto* const header = std::get_if<StandInItem>(&item);
    return header != nullptr && header->header.sequence == sequence;
  });
}

/// Nothing more is to come of it: what its author took back the network's hub has taken note of, and the rest
/// has its entries.
Result<bool> is_done(const KeptWork::Run& run, const Source& source, const KeptWork::Placed& placed) {
  for (const auto& [sequence, name] : places(run.segment)) {
    const VerdictItem* const said = verdict_on(run.verdicts, sequence);
    if (said != nullptr && said->verdict.outcome == Outcome::accepted) continue;
    WASL_LET(const auto entry, placed(source, sequence));
    if (!entry) return false;
  }
  return true;
}

Result<std::vector<VerdictItem>> stored_verdicts(ByteView bytes) {
  if (bytes.empty()) return std::vector<VerdictItem>();
  return decode_verdicts(bytes);
}

Result<KeptWork::Run> read_run(const Statement& row, const NetworkId& network) {
  KeptWork::Run run;
  run.number = static_cast<std::uint64_t>(row.int64(0));
  WASL_LET(run.segment, decode_segment(row.blob(1), network));
  WASL_LET(run.verdicts, stored_verdicts(row.blob(2)));
  return run;
}

}  // namespace

Segment KeptWork::Run::shown() const {
  return without_bodies(segment,
                        [&](Sequence sequence) { return verdict_on(verdicts, sequence) != nullptr; });
}

Result<KeptWork> KeptWork::open(const std::filesystem::path& file) {
  WASL_LET(Database db, Database::open({.path = file, .create = true}));
  WASL_TRY(db.settle());
  WASL_TRY(db.exec(kKeptTables));
  return KeptWork(std::move(db));
}

Result<bool> KeptWork::has_room(const Author& author, std::size_t bytes) {
  if (!bytes_) {
    std::map<Author, std::uint64_t> of;
    WASL_LET(auto select, db_.prepare("SELECT author, sum(length(run)) FROM kept GROUP BY author"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      of[Author::from(select.blob(0)).value_or(Author{})] = static_cast<std::uint64_t>(select.int64(1));
    }
    bytes_ = std::move(of);
  }
  std::uint64_t all = bytes;
  for (const auto& [one, kept] : *bytes_) all += kept;
  const auto own = bytes_->find(author);
  return all <= kKeptOfAll && (own == bytes_->end() ? 0 : own->second) + bytes <= kKeptOfAuthor;
}

Result<bool> KeptWork::insert(const Segment& run) {
  const auto place = place_of(run);
  if (!place) return false;
  const Bytes frame = encode_segment(FrameKind::push, run);
  WASL_LET(auto insert,
           db_.prepare("INSERT OR IGNORE INTO kept(came, space, author, chain, first, last, name, run, at) "
                       "VALUES(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'kept'), 0) + 1, "
                       "?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.bind_all(run.space, place->source.author, place->source.chain, place->first, place->last,
                  place->name, ByteView(frame), now());
  WASL_TRY(insert.run());
  if (db_.changes() == 0) return false;
  if (bytes_) (*bytes_)[place->source.author] += frame.size();
  return true;
}

Millis KeptWork::now() const { return clock_ == nullptr ? 0 : clock_->now(); }

Result<KeptWork::Taken> KeptWork::take(const Segment& unit, const Placed& placed) {
  Taken out;
  WASL_LET(auto transaction, Transaction::begin(db_));
  for (Segment& run : runs_of(unit)) {
    const auto place = place_of(run);
    if (!place) continue;
    if (drops_) drops_(run);
    WASL_LET(auto select, db_.prepare("SELECT verdicts FROM kept WHERE author = ? AND chain = ? AND last = ? "
                                      "AND name = ?"));
    select.bind_all(place->source.author, place->source.chain, place->last, place->name);
    WASL_LET(const bool known, select.step());
    std::vector<VerdictItem> verdicts;
    if (known) {
      WASL_LET(verdicts, stored_verdicts(select.blob(0)));
    }
    select.reset();
    bool has_place = true;
    std::vector<VerdictItem> answers;
    for (const auto& [sequence, name] : places(run)) {
      WASL_LET(const auto entry, placed(place->source, sequence));
      const VerdictItem* const said = verdict_on(verdicts, sequence);
      if (entry == *name) {
        add_verdict(answers, place->source.chain, sequence, Verdict::accept());
      } else if (said != nullptr && said->verdict.outcome == Outcome::accepted &&
                 !is_header_alone(run, sequence)) {
        add_verdict(answers, place->source.chain, sequence, Verdict::refuse(Reason::taken_back));
      } else if (said != nullptr) {
        add_verdict(answers, place->source.chain, sequence, said->verdict);
      } else {
        has_place = false;
        add_verdict(answers, place->source.chain, sequence, {Outcome::later, Reason::with_section, {}},
                    kRetry);
      }
    }
    if (!known && !has_place) {
      WASL_LET(const bool room, has_room(place->source.author, encode_segment(FrameKind::push, run).size()));
      if (!room) {  // nor what follows: a chain is kept without gaps
        for (const auto& [sequence, name] : places(run))
          add_verdict(out.verdicts, place->source.chain, sequence,
                      {Outcome::later, Reason::too_much_held, {}}, kRetry);
        continue;
      }
      WASL_LET(const bool is_new, insert(run));
      out.is_new = out.is_new || is_new;
    }
    std::move(answers.begin(), answers.end(), std::back_inserter(out.verdicts));
  }
  if (const Status kept = transaction.commit(); !kept) {
    bytes_.reset();
    return tl::unexpected(kept.error());
  }
  return out;
}

Result<std::optional<KeptWork::Run>> KeptWork::next_to_carry(std::uint64_t after, const NetworkId& network) {
  WASL_LET(auto select,
           db_.prepare("SELECT came, run, verdicts FROM kept WHERE came > ? ORDER BY came LIMIT 1"));
  for (;;) {
    select.bind_all(after);
    WASL_LET(const bool found, select.step());
    if (!found) return std::optional<Run>();
    WASL_LET(Run run, read_run(select, network));
    select.reset();
    after = run.number;
    // A refusal is the end of it; about what is held a person may have decided by now.
    const bool is_over = std::ranges::all_of(places(run.segment), [&](const auto& place) {
      const VerdictItem* const said = verdict_on(run.verdicts, place.first);
      return said != nullptr && said->verdict.outcome != Outcome::held;
    });
    if (!is_over) return std::optional(std::move(run));
  }
}

Result<KeptWork::Decided> KeptWork::note(const std::vector<VerdictItem>& verdicts, const NetworkId& network) {
  Decided news;
  WASL_LET(auto transaction, Transaction::begin(db_));
  for (const VerdictItem& item : verdicts) {
    if (item.verdict.outcome == Outcome::later) continue;
    struct Row {
      Run run;
      PublicKey author;
    };
    std::vector<Row> rows;
    WASL_LET(auto select,
             db_.prepare("SELECT no, run, verdicts, author FROM kept WHERE chain = ? AND first <= ? "
                         "AND last >= ? ORDER BY first"));
    select.bind_all(item.chain, item.first + item.count - 1, item.first);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      WASL_LET(Run run, read_run(select, network));
      rows.push_back({std::move(run), PublicKey::from(select.blob(3)).value_or(PublicKey{})});
    }
    select.reset();
    for (Row& row : rows) {
      std::vector<VerdictItem> left;
      bool changed = false;
      for (const auto& [sequence, name] : places(row.run.segment)) {
        const VerdictItem* said = verdict_on(row.run.verdicts, sequence);
        const bool of_this = sequence >= item.first && sequence - item.first < item.count;
        if (of_this) {
          // That it is accepted says its entry, and nothing before; what its author took back gets none.
          const bool stays = is_bad(item.verdict) || is_header_alone(row.run.segment, sequence);
          const bool is_news = said == nullptr ? stays
                                               : said->verdict.outcome != item.verdict.outcome ||
                                                     said->verdict.reason != item.verdict.reason;
          changed = changed || is_news;
          if (is_news && is_bad(item.verdict))
            add_verdict(news[row.author], item.chain, sequence, item.verdict);
          said = stays ? &item : nullptr;
        }
        if (said != nullptr) add_verdict(left, item.chain, sequence, said->verdict);
      }
      if (!changed) continue;
      // Under a new number, so that readers who have it see it again as it is shown now.
      WASL_LET(auto update, db_.prepare("UPDATE kept SET verdicts = ?, no = (SELECT seq + 1 FROM "
                                        "sqlite_sequence WHERE name = 'kept'), at = ? WHERE no = ?"));
      update.bind_all(ByteView(left.empty() ? Bytes{} : encode(left)), now(), row.run.number);
      WASL_TRY(update.run());
      WASL_TRY(db_.exec("UPDATE sqlite_sequence SET seq = (SELECT max(no) FROM kept) WHERE name = 'kept'"));
    }
  }
  WASL_TRY(transaction.commit());
  return news;
}

Result<std::size_t> KeptWork::settle(const Placed& placed, const NetworkId& network) {
  std::vector<std::int64_t> gone;
  WASL_LET(auto transaction, Transaction::begin(db_));
  {
    WASL_LET(auto select, db_.prepare("SELECT no, run, verdicts, author, chain, last, at FROM kept"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      const auto author = Author::from(select.blob(3));
      const auto chain = ChainId::from(select.blob(4));
      if (!author || !chain) return fail(Errc::corrupt, "what this hub keeps of others' work is damaged");
      WASL_LET(const auto entry, placed({*author, *chain}, static_cast<Sequence>(select.int64(5))));
      const bool was_answered = !select.blob(2).empty();
      bool is_over = entry || (was_answered && now() - select.int64(6) > kVerdictLife);
      if (!is_over && was_answered) {
        WASL_LET(const Run run, read_run(select, network));
        WASL_LET(is_over, is_done(run, {*author, *chain}, placed));
      }
      if (is_over) gone.push_back(select.int64(0));
    }
  }
  for (const std::int64_t number : gone) {
    WASL_LET(auto erase, db_.prepare("DELETE FROM kept WHERE no = ?"));
    erase.bind_all(number);
    WASL_TRY(erase.run());
  }
  WASL_TRY(transaction.commit());
  if (!gone.empty()) bytes_.reset();
  return gone.size();
}

Status KeptWork::erase(const AuthorityState& authority, Millis hub_time, const NetworkId& network) {
  {
    WASL_LET(auto transaction, Transaction::begin(db_));
    std::vector<std::pair<std::uint64_t, Bytes>> changed;
    {
      WASL_LET(auto select, db_.prepare(kColumns));
      for (;;) {
        WASL_LET(const bool found, select.step());
        if (!found) break;
        auto run = read_run(select, network);
        if (!run) continue;
        const std::size_t before = run->segment.openings.size();
        drop_erased(authority, hub_time, run->segment);
        if (run->segment.openings.size() != before)
          changed.emplace_back(run->number, encode_segment(FrameKind::push, run->segment));
      }
    }
    for (const auto& [number, run] : changed) {
      WASL_LET(auto update, db_.prepare("UPDATE kept SET run = ? WHERE no = ?"));
      update.bind_all(ByteView(run), number);
      WASL_TRY(update.run());
    }
    WASL_TRY(transaction.commit());
  }
  return db_.rewrite();  // what was let go before stands in free pages and in the log
}

Result<std::optional<KeptWork::Run>> KeptWork::next(std::uint64_t after, const PublicKey& reader,
                                                    const std::vector<std::string>& spaces,
                                                    const NetworkId& network) {
  WASL_LET(auto select, db_.prepare("SELECT no, run, verdicts, space FROM kept WHERE no > ? AND author <> ? "
                                    "ORDER BY no"));
  select.bind_all(after, reader);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return std::optional<Run>();
    if (std::find(spaces.begin(), spaces.end(), select.text(3)) == spaces.end()) continue;
    WASL_LET(Run run, read_run(select, network));
    return std::optional(std::move(run));
  }
}

Result<std::vector<Staged>> KeptWork::staged(const std::vector<std::string>& spaces) {
  std::vector<Staged> out;
  WASL_LET(auto select,
           db_.prepare("SELECT chain, first, last, name, space FROM kept ORDER BY author, chain, "
                       "first"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto chain = ChainId::from(select.blob(0));
    const auto name = Hash::from(select.blob(3));
    if (!chain || !name || std::find(spaces.begin(), spaces.end(), select.text(4)) == spaces.end()) continue;
    const auto first = static_cast<Sequence>(select.int64(1));
    const auto last = static_cast<Sequence>(select.int64(2));
    if (!out.empty() && out.back().chain == *chain) {
      if (first == out.back().last + 1) out.back() = {*chain, last, *name};
      continue;  // behind a gap: what lies in it has to come again
    }
    if (out.size() == kStagedMost) break;
    out.push_back({*chain, last, *name});
  }
  return out;
}

Result<std::vector<VerdictItem>> KeptWork::verdicts_of(const PublicKey& author) {
  std::vector<VerdictItem> out;
  WASL_LET(auto select, db_.prepare("SELECT verdicts FROM kept WHERE author = ? AND length(verdicts) > 0 "
                                    "ORDER BY chain, first"));
  select.bind_all(author);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    WASL_LET(auto verdicts, stored_verdicts(select.blob(0)));
    // What was taken back is the answer to its header alone: a copy of the office may hold it whole.
    std::ranges::copy_if(verdicts, std::back_inserter(out),
                         [](const VerdictItem& item) { return is_bad(item.verdict); });
  }
}

Result<KeptWork::Totals> KeptWork::totals() {
  WASL_LET(auto select, db_.prepare("SELECT count(*), coalesce(sum(length(run)), 0), "
                                    "count(*) FILTER (WHERE length(verdicts) = 0), "
                                    "coalesce(min(at) FILTER (WHERE length(verdicts) = 0), 0) FROM kept"));
  WASL_LET(const bool found, select.step());
  if (!found) return Totals{};
  return Totals{static_cast<std::uint64_t>(select.int64(0)), static_cast<std::uint64_t>(select.int64(1)),
                static_cast<std::uint64_t>(select.int64(2)), select.int64(3)};
}

}  // namespace wasl
