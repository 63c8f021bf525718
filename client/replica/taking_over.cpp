// A snapshot of which all pieces are here becomes the state of its space: checked together against the digest
// that the hub has signed in its log, then shown a piece a transaction. A crash on the way costs nothing: it
// goes on at the next opening, and what is shown already is passed over.
#include <algorithm>

#include "client/replica/replica.hpp"
#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kRecordsAtOnce = 200;  // some 5 ms on a laptop's disk; other writers wait for it

/// What a program may still have on its screen, so that putting it back is seen for what it is.
void note_replaced(LoadedRecord& loaded, const RecordState& before, Millis now) {
  if (loaded.reg == nullptr || !before.exists()) return;
  for (const Field& field : loaded.reg->fields) {
    if (field.is_set()) continue;
    for (const auto& [address, heads] : before.heads) {
      const Head* const old = address.field == field.number ? before.shown(address, field.policy) : nullptr;
      if (old == nullptr || old->value.type == ValueType::commitment) continue;
      const Head* const fresh = loaded.record.confirmed.shown(address, field.policy);
      if (fresh != nullptr && fresh->value != old->value)
        loaded.record.replaced.push_back({address, value_hash(old->value), now});
    }
  }
}

}  // namespace

/// The pieces give what the hub has signed in its log. @return the ground's bytes.
Result<Bytes> Replica::check_snapshot(const SpaceInfo& info, const KeptOffer& offer) {
  const snapshot::Manifest& manifest = offer.manifest;
  const auto missing = [&] {
    return fail(Errc::corrupt, "a piece of the snapshot of " + info.name + " is damaged or missing here",
                "sync again: it is fetched again");
  };
  const auto differs = [&](std::string_view what) {
    return accuse("the hub signed a snapshot of " + info.name + " whose " + std::string(what) +
                      " is not that of its log at " + std::to_string(manifest.position),
                  encode(manifest), offer.leaf.encode());
  };
  WASL_LET(auto ground, ground_of(store_, info.number, manifest));
  if (!ground) return missing();
  const auto decoded = snapshot::decode_ground(*ground, info.name);
  if (!decoded || decoded->frontier.size() != manifest.position ||
      decoded->frontier.root() != offer.leaf.root || decoded->authority > offer.leaf.authority_size)
    return differs("tree");
  WASL_LET(const bool log_is_wanted, wants_log_before(info, *decoded, offer.frame.backlog == 0));
  if (log_is_wanted) {
    return fail(Errc::conflict, "work of this office stands before the snapshot of " + info.name,
                "the log of the space is wanted instead");
  }
  std::map<unsigned, ledger::Bucket> buckets;
  std::string last;
  for (const snapshot::Part& piece : manifest.pieces) {
    const auto raw = store_.piece(info.number, piece.name);
    if (!raw && raw.error().code != Errc::corrupt) return tl::unexpected(raw.error());
    if (!raw || !*raw) return missing();
    const auto records = snapshot::decode_piece(**raw);
    if (!records) return differs("form");
    for (const auto& [id, state] : *records) {
      if (!last.empty() && !(last < id)) return differs("order");
      last = id;
      const Hash hash = ledger::id_hash(id);
      buckets[ledger::bucket_of(hash)].set(hash, record_hash(id, state));
    }
  }
  ledger::DigestTree tree;
  for (const auto& [number, bucket] : buckets) tree.set(number, bucket.hash());
  if (tree.root() != offer.leaf.digest) return differs("state");
  return *std::move(ground);
}

/// What fails is fetched again, or the log in its place.
Result<Bytes> Replica::check_kept_snapshot(const KeptOffer& offer) {
  WASL_LET(const SpaceInfo* const info, store_.space(offer.manifest.space));
  auto ground = check_snapshot(*info, offer);
  if (ground) return ground;
  WASL_LET(auto transaction, Transaction::begin(db_));
  const std::vector<Hash> start = info->start ? info->start->pieces : std::vector<Hash>();
  for (const Hash& name : names_of(offer.manifest.parts())) {
    const bool here = store_.piece(info->number, name).value_or(std::nullopt).has_value();
    const bool of_start = std::find(start.begin(), start.end(), name) != start.end();
    if (!here || (ground.error().code == Errc::caught && !of_start))
      WASL_TRY(store_.rows().drop_piece(info->number, name));
  }
  WASL_TRY(drop_offer(store_, offer.manifest.space));
  WASL_TRY(transaction.commit());
  return ground;
}

/// A transaction each, until `work` says that nothing is left, or somebody else has gone on with the space.
Status Replica::take_steps(const KeptOffer& offer, const std::function<Result<bool>(SpaceInfo&)>& work) {
  for (;;) {
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(store_.refresh());
    WASL_TRY(catch_up_authority());
    WASL_LET(SpaceInfo* const info, store_.space(offer.manifest.space));
    WASL_LET(auto way, way_to_snapshot(store_, info->name));
    if (!way || !way->is_of(offer.way) || info->size != offer.way.from) return {};
    WASL_LET(const auto captured, seal_captured(true));
    if (!std::exchange(way->showing, true)) WASL_TRY(note_way(store_, info->name, *way));
    WASL_LET(const bool more, work(*info));
    WASL_TRY(commit(transaction, captured));
    if (!more) return {};
  }
}

/// Shows a piece's records where others stand. The office's own work stays laid over them.
/// @param shown gets its records.
Status Replica::show_piece(const SpaceInfo& info, const Hash& name, std::set<RecordKey>& shown) {
  WASL_LET(const auto raw, store_.piece(info.number, name));
  if (!raw) return damaged_row("snapshot of " + info.name);
  WASL_LET(snapshot::Records records, snapshot::decode_piece(*raw));
  const Millis now = ports_.clock->now();
  for (auto& [id, state] : records) {
    shown.emplace(state.register_number, id);
    auto loaded = records_.load(state.register_number, info.name, id);
    if (!loaded && loaded.error().code == Errc::corrupt) {
      loaded = records_.load_row(state.register_number, info.name, id);
      if (loaded) WASL_TRY(restore_overlay(*loaded));
    }
    if (!loaded) return tl::unexpected(loaded.error());
    if (loaded->record.confirmed == state) continue;
    RecordState room;
    const RecordState before = loaded->record.shown(room);
    loaded->record.confirmed = std::move(state);
    note_replaced(*loaded, before, now);
    WASL_TRY(records_.save(*loaded, now, {.confirmed = true}));
  }
  return store_.flush_digest();
}

/// Those that stand in tables here and have no state in the snapshot lose it.
Status Replica::hide_others(const KeptOffer& offer, const std::set<RecordKey>& shown) {
  WASL_LET(const SpaceInfo* const here, store_.space(offer.manifest.space));
  WASL_LET(auto others, records_of(*here));
  std::erase_if(others, [&](const RecordKey& one) { return shown.contains(one); });
  std::size_t at = 0;
  return take_steps(offer, [&](SpaceInfo& info) -> Result<bool> {
    for (const std::size_t end = std::min(others.size(), at + kRecordsAtOnce); at < end; ++at) {
      const auto& [number, id] = others[at];
      WASL_LET(LoadedRecord loaded, records_.load(number, info.name, id));
      if (!loaded.record.confirmed.exists()) continue;
      loaded.record.confirmed = RecordState();
      WASL_TRY(loaded.record.exists() ? records_.save(loaded, ports_.clock->now(), {.confirmed = true})
                                      : records_.remove(loaded));
      store_.note_gone(info.number, id);
    }
    WASL_TRY(store_.flush_digest());
    return at < others.size();
  });
}

/// Own change sets of the space that wait here and have their entry by the snapshot, in the order of their
/// chains. Each is known by its name: by the end of its chain and the previous names before it, or by its
/// header in the log.
Result<std::vector<ChangeSet>> Replica::placed_before(const std::string& space,
                                                      const snapshot::Ground& ground) {
  std::vector<ChangeSet> out;
  for (const auto& [source, end] : ground.ends) {
    if (source.author != device_.public_key()) continue;
    std::vector<ChangeSet> chain;
    Sequence next = end.last;
    Hash expected = end.name;
    WASL_LET(auto select,
             db_.prepare("SELECT header, body FROM _wasl_pending WHERE space = ? AND chain = ? AND "
                         "sequence <= ? ORDER BY sequence DESC"));
    select.bind_all(space, source.chain, end.last);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      auto set = decode_change_set(select.blob(0), select.blob(1));
      if (!set || set->header.source != source) continue;  // `verify` names what is damaged
      const Sequence sequence = set->header.sequence;
      WASL_LET(const auto header, store_.stand_in(source, sequence));
      const bool is_it = (sequence == next && set->name == expected) || header == set->name;
      next = is_it ? sequence - 1 : 0;
      expected = set->header.previous;
      if (is_it && !ground.stand_ins.contains({source, sequence})) chain.push_back(*std::move(set));
    }
    std::move(chain.rbegin(), chain.rend(), std::back_inserter(out));
  }
  return out;
}

/// What waited and has its entry by the snapshot is in its state.
Status Replica::settle_placed(const KeptOffer& offer, const snapshot::Ground& ground) {
  return take_steps(offer, [&](SpaceInfo& info) -> Result<bool> {
    WASL_LET(const auto placed, placed_before(info.name, ground));
    std::size_t operations = 0;
    for (const ChangeSet& set : placed) {
      if (operations > kRecordsAtOnce) return true;
      operations += set.operations.size();
      WASL_TRY(lift(set));
      WASL_LET(auto erase, db_.prepare("DELETE FROM _wasl_pending WHERE hash = ?"));
      erase.bind_all(set.name);
      WASL_TRY(erase.run());
    }
    return false;
  });
}

/// For when its rows were damaged.
Status Replica::renew_digest(const SpaceInfo& info) {
  WASL_LET(const auto all, records_of(info));
  WASL_TRY(store_.clear_state(info.number));
  for (const auto& [number, id] : all) {
    WASL_LET(const LoadedRecord loaded, records_.load(number, info.name, id));
    if (loaded.record.confirmed.exists())
      store_.note_record(info.number, id, record_hash(id, loaded.record.confirmed));
  }
  return store_.flush_digest();
}

/// The last step. @return false: what this replica made of the snapshot is not what it says.
Result<bool> Replica::stand_at(SpaceInfo& info, const KeptOffer& offer, ByteView ground) {
  WASL_LET(Hash digest, store_.digest(info.name));
  if (digest != offer.leaf.digest) {
    WASL_TRY(renew_digest(info));
    WASL_LET(digest, store_.digest(info.name));
  }
  if (digest != offer.leaf.digest) {
    WASL_TRY(forget_shown(info));
    return false;
  }
  const ShownLeaf shown{offer.manifest.leaf, offer.leaf};
  const Proof& proof = offer.frame.vouched.proof;
  const bool had_leaf = !info.leaf.empty();
  if (had_leaf && info.leaf_index < shown.index) WASL_TRY(take_leaf(info, shown, proof));
  const std::vector<Hash> pieces = names_of(offer.manifest.pieces);
  WASL_TRY(store_.forget_log(info));
  WASL_TRY(store_.begin_at(info, ground, pieces));
  info.proved = info.size;
  info.authority = offer.leaf.authority_size;
  WASL_TRY(store_.save_space(info));
  const std::set<Hash> kept(pieces.begin(), pieces.end());
  WASL_LET(const auto here, store_.rows().piece_names(info.number));
  for (const Hash& name : here) {  // the ground stands beside the log now
    if (!kept.contains(name)) WASL_TRY(store_.rows().drop_piece(info.number, name));
  }
  WASL_TRY(drop_offer(store_, info.name));
  WASL_TRY(give_up(store_, info.name, false));
  settled_voids_.erase(info.number);
  noted_.erase(info.number);
  adopter_.reset();
  roots_.clear();
  logs_.forget();
  return true;
}

/// @pre all pieces are here.
Status Replica::begin_space(const std::string& space) {
  WASL_LET(const auto kept, kept_offer(store_, space));
  if (!kept) return {};
  {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->size != kept->way.from) {  // another program went on, or back
      if (kept->way.showing) WASL_TRY(give_up(store_, space));
      return drop_offer(store_, space);
    }
  }
  WASL_LET(const Bytes ground, check_kept_snapshot(*kept));
  WASL_LET(const snapshot::Ground decoded, snapshot::decode_ground(ground, space));
  std::set<RecordKey> shown;
  auto piece = kept->manifest.pieces.begin();
  const auto show_next = [&](SpaceInfo& info) -> Result<bool> {
    if (piece == kept->manifest.pieces.end()) return false;
    WASL_TRY(show_piece(info, piece->name, shown));
    return ++piece != kept->manifest.pieces.end();
  };
  WASL_TRY(take_steps(*kept, show_next));
  WASL_TRY(hide_others(*kept, shown));
  WASL_TRY(settle_placed(*kept, decoded));
  bool stands = true;
  WASL_TRY(take_steps(*kept, [&](SpaceInfo& info) -> Result<bool> {
    WASL_LET(stands, stand_at(info, *kept, ground));
    return false;
  }));
  if (stands) return {};
  return fail(Errc::later, "what this replica made of the snapshot of " + space + " is not what it says",
              "sync again: the log is taken instead; nothing is lost");
}

Result<std::vector<RecordKey>> Replica::records_of(const SpaceInfo& info) {
  std::vector<RecordKey> out;
  const auto collect = [&](Statement select) -> Status {
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) return {};
      out.emplace_back(static_cast<std::uint32_t>(select.int64(0)), std::string(select.text(1)));
    }
  };
  WASL_LET(auto hidden, db_.prepare("SELECT register, id FROM _wasl_hidden WHERE space = ?"));
  hidden.bind_all(info.number);
  WASL_TRY(collect(std::move(hidden)));
  for (const Register& reg : schema_->registers()) {
    if (!tables_ready_) break;
    WASL_LET(auto rows, db_.prepare("SELECT " + std::to_string(reg.number) + ", id FROM " + reg.name +
                                    " WHERE space = ?"));
    rows.bind_all(info.name);
    WASL_TRY(collect(std::move(rows)));
  }
  return out;
}

/// As if the space had never been begun; its log is taken in place of a snapshot.
Status Replica::forget_shown(SpaceInfo& info) {
  WASL_LET(const auto all, records_of(info));
  for (const auto& [number, id] : all) {
    WASL_LET(LoadedRecord loaded, records_.load(number, info.name, id));
    loaded.record.confirmed = RecordState();
    WASL_TRY(loaded.record.exists() ? records_.save(loaded, ports_.clock->now(), {})
                                    : records_.remove(loaded));
  }
  WASL_TRY(store_.clear_state(info.number));
  WASL_TRY(drop_offer(store_, info.name));
  WASL_TRY(give_up(store_, info.name, false));
  WASL_TRY(want_whole_log(store_, info.name, WholeLog::once));
  return store_.forget_log(info);
}

/// Entries come: no snapshot is taken in their place any more.
Status Replica::drop_pieces(const SpaceInfo& info) {
  WASL_LET(const auto way, way_to_snapshot(store_, info.name));
  if (way && way->showing) {
    return fail(Errc::locked, "a snapshot of " + info.name + " is being taken over here",
                "sync again; nothing is lost");
  }
  const std::vector<Hash> start = info.start ? info.start->pieces : std::vector<Hash>();
  WASL_LET(const auto here, store_.rows().piece_names(info.number));
  if (!way && here.size() == start.size()) return {};
  const std::set<Hash> of_start(start.begin(), start.end());
  for (const Hash& name : here) {
    if (!of_start.contains(name)) WASL_TRY(store_.rows().drop_piece(info.number, name));
  }
  return drop_offer(store_, info.name);
}

/// After a crash: what was complete is begun. What was not waits for the next session.
Status Replica::finish_begun() {
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const auto kept, kept_offer(store_, space));
    if (!kept) continue;
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(const auto here, store_.rows().piece_names(info->number));
    const std::set<Hash> have(here.begin(), here.end());
    const auto names = names_of(kept->manifest.parts());
    const bool whole =
        std::all_of(names.begin(), names.end(), [&](const Hash& name) { return have.contains(name); });
    if (!whole) continue;
    Status begun = begin_space(space);
    const Errc code = begun ? Errc::later : begun.error().code;  // of these three the next session hears
    if (!begun && code != Errc::caught && code != Errc::corrupt && code != Errc::conflict) return begun;
  }
  return {};
}

}  // namespace wasl
