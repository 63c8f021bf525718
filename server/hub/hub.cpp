#include "server/hub/hub.hpp"

namespace wasl {

Committer::Committed Hub::commit() {
  Committer::Committed committed = committer_.commit();
  if (listener_.on_committed) listener_.on_committed(committed);
  if (!committer_.is_idle() && listener_.on_queued) listener_.on_queued();
  return committed;
}

Status Hub::place(const SignedStatement& statement, const std::function<bool(const PublicKey&)>& has_key,
                  const std::function<Status()>& use_key) {
  WASL_TRY(committer_.place(statement, has_key));
  WASL_TRY(use_key());
  WASL_TRY(committer_.sign_what_is_left());
  Committer::Committed committed;
  committed.grown.emplace_back(kAuthoritySpace);
  if (listener_.on_committed) listener_.on_committed(committed);
  return {};
}

Result<bool> Hub::use_counter(const PublicKey& key, std::uint64_t counter) {
  if (counter > INT64_MAX) return false;
  bool fresh = false;
  Status done = ports_.store.transact([&]() -> Status {
    WASL_LET(auto note, ports_.store.device(key));
    if (!note) note = DeviceNote{key, 0, 0, std::nullopt, {}};
    fresh = counter > note->counter;
    if (!fresh) return {};
    note->counter = counter;
    note->last_seen = hub_time();
    return ports_.store.save_device(*note);
  });
  if (!done) return tl::unexpected(std::move(done).error());
  return fresh;
}

Result<std::optional<ledger::BlindingKey>> Hub::blinding_key(const std::string& space) {
  if (!is_private_space(space)) return std::optional<ledger::BlindingKey>();
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  return info->key;
}

Result<Position> Hub::size(const std::string& space) {
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  return info->size;
}

Result<HubPort::EntriesFrame> Hub::entries(const std::string& space, Position from,
                                           const std::optional<PublicKey>& own) {
  WASL_LET(const Position end, size(space));
  return reader_.frame(space, from, end, own, network());
}

void Hub::push(std::uint64_t session, Segment segment) {
  committer_.submit(session, std::move(segment));
  if (listener_.on_queued) listener_.on_queued();
}

Result<std::optional<HubPort::NewestLeaf>> Hub::newest_leaf(const std::string& space) {
  WASL_LET(const SpaceInfo* const info, ports_.store.space(space));
  if (info->leaf.empty()) return std::optional<NewestLeaf>();
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
  return std::optional(NewestLeaf{info->leaf_index, leaf.size, leaf.digest_position == leaf.size});
}

Result<Proof> Hub::prove(const Seen& known, const std::vector<std::uint64_t>& leaves) {
  WASL_TRY(committer_.sign_what_is_left());
  return committer_.heads().prove(known, leaves);
}

Status Hub::note_done(const PublicKey& key, const Done& done) {
  return ports_.store.transact([&]() -> Status {
    WASL_LET(auto note, ports_.store.device(key));
    if (!note) note = DeviceNote{key, 0, 0, std::nullopt, {}};
    note->last_seen = hub_time();
    note->equal = done.equal;
    note->applied = done.applied;
    return ports_.store.save_device(*note);
  });
}

}  // namespace wasl
