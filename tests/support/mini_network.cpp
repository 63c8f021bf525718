#include "tests/support/mini_network.hpp"

#include <sqlite3.h>
#include <stdlib.h>

#include "shared/store/sqlite_rows.hpp"

namespace wasl::test {
namespace {

Database memory_database() {
  OpenOptions options;
  options.path = ":memory:";
  options.create = true;
  return must(Database::open(options));
}

}  // namespace

MiniHub::MiniHub(TestClock& clock, TestRandom& random, const Schema& schema)
    : clock_(clock),
      random_(random),
      schema_(schema),
      db_(memory_database()),
      store_(sqlite_rows(db_)),
      root_(crypto::KeyPair::generate(random)),
      registrar_(crypto::KeyPair::generate(random)),
      log_key_(crypto::KeyPair::generate(random)),
      registrar_chain_{registrar_.public_key(), random.fixed<ChainId>()} {
  must(create_log_tables(db_));
  NetworkStatement statement;
  statement.name = "Test network";
  statement.roots = {root_.public_key()};
  statement.log_key = log_key_.public_key();
  statement.registrars = {registrar_.public_key()};
  statement.schema = schema_.hash();
  SignedStatement signed_statement{encode(statement), {}};
  add_signature(signed_statement, root_);
  statement_hash_ = signed_statement.hash();
  network_ = network_id(statement_hash_);
  authority_.apply_statement(statement, statement_hash_);
  Segment first{std::string(kAuthoritySpace), 1, {}, {}};
  first.items.emplace_back(
      EntryItem{{ledger::EntryKind::statement, statement_hash_, 0, clock_.now()}, encode(signed_statement)});
  must(store_.append(first));
  commit_heads();
}

void MiniHub::act(const Act& act) {
  const ChainEnd end = must(store_.chain_end(registrar_chain_));
  Header header;
  header.network = network_;
  header.space = kAuthoritySpace;
  header.source = registrar_chain_;
  header.sequence = end.last + 1;
  header.previous = end.name;
  header.schema = schema_.hash();
  header.stamp = Stamp::next(end.stamp, clock_.now());
  header.group = random_.fixed<GroupId>();
  Operation op;
  op.kind = OperationKind::act;
  op.id = to_hex(random_.fixed<GroupId>().view());
  op.value = encode_act(act);
  ChangeSet set = make_change_set(header, {op});
  Segment segment{std::string(kAuthoritySpace), 0, {}, {}};
  const Signature signature = registrar_.sign(run_message(network_, set.name));
  segment.items.emplace_back(SetItem{std::nullopt, set});
  segment.items.emplace_back(SignatureItem{header.source, header.sequence, signature});
  const auto verdicts = push(segment);
  if (verdicts.at(0).verdict.outcome != Outcome::accepted) throw std::runtime_error("act refused");
}

void MiniHub::add_organisation(const std::string& id, const std::string& kind, const std::string& parent) {
  act(OrganisationAct{id, kind, parent, id});
}

crypto::KeyPair MiniHub::invite(const std::string& organisation, const std::string& role) {
  auto pair = crypto::KeyPair::generate(random_);
  GrantAct grant;
  grant.kind = GrantKind::invitation;
  grant.grantee = pair.public_key();
  grant.organisation = organisation;
  grant.role = role;
  grant.clauses = *clauses_of_role(authority_, role, organisation, GrantKind::invitation);
  grant.from = clock_.now();
  grant.until = clock_.now() + 30LL * 24 * 3600 * 1000;
  grant.depth = 1;
  act(grant);
  return pair;
}

NetworkAnchor MiniHub::anchor(const std::string& organisation) const {
  return {network_, statement_hash_, 1, log_key_.public_key(), "ws://test", organisation, ""};
}

Welcome MiniHub::welcome(const PublicKey& device, const Hello&) {
  Welcome welcome;
  welcome.hub_time = clock_.now();
  welcome.push_credit = 1 << 20;
  for (const std::string& space : authority_.readable(device, clock_.now())) {
    SpaceKey key{space, std::nullopt};
    if (is_private_space(space)) key.key = must(store_.space(space))->key;
    welcome.spaces.push_back(key);
  }
  return welcome;
}

Verdict MiniHub::place(const SetItem& item, std::vector<SegmentItem>& accepted) {
  const ChangeSet& set = item.set;
  const auto known = must(store_.find(set.header.source, set.header.sequence));
  if (known) return known->entry.hash == set.name ? Verdict::accept() : Verdict::refuse(Reason::fork);
  SpaceInfo* info = must(store_.space(set.header.space));
  std::map<std::string, RecordState> states;
  for (const Operation& op : set.operations)
    states[op.id] = must(store_.parked(info->number, op.id)).value_or(RecordState());
  const Verdict verdict = authorise(set, authority_, kLatest, schema_, clock_.now(),
                                    {[&](std::string_view id) { return &states.at(std::string(id)); },
                                     [&](const Source& source, Sequence sequence) {
                                       return must(store_.find(source, sequence)).has_value();
                                     },
                                     [&](std::string_view space, Position size) {
                                       return size <= this->size(std::string(space))
                                                  ? std::optional(must(store_.root(space, size)))
                                                  : std::nullopt;
                                     }});
  if (verdict.outcome != Outcome::accepted) {
    withheld_[set.header.source].push_back({set.header, set.header_bytes, set.name});
    return verdict;
  }
  const ledger::Entry entry{ledger::EntryKind::accept, set.name, size(std::string(kAuthoritySpace)),
                            clock_.now()};
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    states.at(op.id).apply(op,
                           {set.dot(i), set.header.stamp, std::min(set.header.stamp.millis(), entry.hub_time),
                            authority_.level_of(set.header.grant)});
  }
  for (const auto& [id, state] : states) {
    must(store_.park(info->number, id, state));
    store_.note_record(info->number, id, record_hash(id, state));
  }
  if (set.header.space == kAuthoritySpace) must(authority_.apply(set, info->size + 1, entry.hub_time));
  // Headers of what has no entry stand before the chain's next entry, so that the chain stays provable.
  for (StandInItem& header : withheld_[set.header.source]) accepted.emplace_back(std::move(header));
  withheld_.erase(set.header.source);
  accepted.emplace_back(SetItem{entry, set});
  return verdict;
}

std::vector<VerdictItem> MiniHub::push(const Segment& segment) {
  std::vector<VerdictItem> verdicts;
  must(verify_runs(segment, network_));
  Segment out{segment.space, size(segment.space) + 1, {}, segment.openings};
  std::optional<Source> open_run;  // has an entry that waits for its signature
  for (const SegmentItem& item : segment.items) {
    if (const auto* set = std::get_if<SetItem>(&item)) {
      const std::size_t before = out.items.size();
      const Verdict verdict = place(*set, out.items);
      verdicts.push_back({set->set.header.source.chain, set->set.header.sequence, 1, verdict, 0});
      if (out.items.size() > before) open_run = set->set.header.source;
    } else if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      withheld_[stand_in->header.source].push_back(*stand_in);
      verdicts.push_back({stand_in->header.source.chain, stand_in->header.sequence, 1, Verdict::accept(), 0});
    } else if (const auto* signature = std::get_if<SignatureItem>(&item); signature != nullptr && open_run) {
      for (StandInItem& header : withheld_[signature->source]) out.items.emplace_back(std::move(header));
      withheld_.erase(signature->source);
      out.items.push_back(item);
      open_run.reset();
    }
  }
  if (!out.items.empty()) must(store_.append(out));
  for (const std::string& space : authority_.spaces()) {
    SpaceInfo* info = must(store_.space(space));
    if (is_private_space(space) && !info->key) {
      info->key = random_.fixed<ledger::BlindingKey>();
      must(store_.save_space(*info));
    }
  }
  commit_heads();
  return verdicts;
}

void MiniHub::commit_heads() {
  for (const std::string& space : must(store_.space_names())) {
    const SpaceInfo* info = must(store_.space(space));
    auto newest = newest_.find(space);
    if (info->size == 0 || (newest != newest_.end() && newest->second.second.size == info->size)) continue;
    ledger::HeadsLeaf leaf;
    leaf.name =
        is_private_space(space) ? to_bytes(ledger::blind_name(*info->key, space).view()) : to_bytes(space);
    leaf.size = info->size;
    leaf.root = info->frontier.root();
    leaf.digest = must(store_.digest(space));
    leaf.digest_position = info->size;
    leaf.authority_size = size(std::string(kAuthoritySpace));
    leaf.hub_time = clock_.now();
    if (newest != newest_.end()) leaf.previous = newest->second.first;
    newest_[space] = {heads_.size(), leaf};
    heads_.append(ledger::leaf_hash(leaf), nodes_);
  }
}

std::vector<Segment> MiniHub::entries(const std::string& space, Position position) {
  auto segments = must(store_.read(space, position + 1, 1 << 30, network_));
  for (Segment& segment : segments) {
    for (const SegmentItem& item : segment.items) {
      const auto* set = std::get_if<SetItem>(&item);
      if (set == nullptr) continue;
      for (const Operation& op : set->set.operations) {
        if (op.value.type != ValueType::commitment) continue;
        const Hash commitment = *Hash::from(op.value.data);
        if (const auto opening = must(store_.opening(commitment)))
          segment.openings.push_back({commitment, *opening});
      }
    }
  }
  return segments;
}

Proof MiniHub::proof(const PublicKey& device, std::uint64_t from, bool final) {
  Proof proof;
  proof.final = final;
  const auto node_at = [&](unsigned level, std::uint64_t index) {
    for (const ledger::Node& node : nodes_) {
      if (node.level == level && node.index == index) return node.hash;
    }
    return Hash{};
  };
  const std::string origin = ledger::heads_origin(network_, 1);
  proof.checkpoint = must(ledger::sign_checkpoint({origin, heads_.size(), heads_.root()}, log_key_));
  proof.consistency = ledger::consistency_proof(from, heads_.size(), node_at);
  std::map<std::uint64_t, Bytes> leaves;
  for (const std::string& space : authority_.readable(device, clock_.now())) {
    if (const auto it = newest_.find(space); it != newest_.end())
      leaves[it->second.first] = it->second.second.encode();
  }
  std::vector<std::uint64_t> indexes;
  for (auto& [index, leaf] : leaves) {
    indexes.push_back(index);
    proof.leaves.push_back({index, leaf});
  }
  proof.inclusion = ledger::inclusion_proofs(indexes, heads_.size(), node_at);
  return proof;
}

std::map<std::string, Bytes> MiniHub::states(const std::string& space) {
  std::map<std::string, Bytes> out;
  const SpaceInfo* info = must(store_.space(space));
  auto select = must(db_.prepare("SELECT id, state FROM _wasl_parked WHERE space = ?"));
  select.bind_all(info->number);
  while (must(select.step())) out[std::string(select.text(0))] = to_bytes(select.blob(1));
  return out;
}

Office::Office(MiniHub& hub, TestClock& clock, TestRandom& random, const std::string& organisation,
               const std::string& role)
    : hub_(hub), clock_(clock), random_(random) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-office-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  const crypto::KeyPair invitation = hub.invite(organisation, role);
  replica_ = must(Replica::create(folder_, hub.anchor(organisation), {clock_, random_, hub.schema()}));
  session(must(replica_->make_invitation_hello(invitation, {})), std::nullopt, false);
  session(must(replica_->make_invitation_hello(invitation, {})), must(replica_->make_enrolment(invitation)),
          false);
  sync();
}

Office::~Office() {
  replica_.reset();
  std::filesystem::remove_all(folder_);
}

void Office::close() { replica_.reset(); }

void Office::reopen() {
  close();
  replica_ = must(Replica::open(folder_, {clock_, random_, hub_.schema()}));
}

std::optional<bool> Office::session(const Bytes& hello_bytes, std::optional<Segment> extra, bool push) {
  const Hello hello = must(decode_hello(hello_bytes));
  must(replica_->on_welcome(hub_.welcome(hello.device, hello)));
  std::map<std::string, Position> at;
  for (const Cursor& cursor : hello.cursors) at[cursor.space] = cursor.position;
  const auto pull = [&] {
    for (const std::string& space : hub_.authority().readable(hello.device, clock_.now())) {
      for (const Segment& stored : hub_.entries(space, at[space])) {
        const Bytes frame = encode_segment(FrameKind::entries, stored, &hub_.logs());
        Segment segment = must(decode_segment(frame, hub_.network(), replica_->known_logs()));
        if (encode_items(segment) != encode_items(stored))
          throw std::runtime_error("entries were rebuilt otherwise");
        at[space] = segment.first + entry_count(segment) - 1;
        must(replica_->on_entries(std::move(segment)));
      }
    }
  };
  pull();
  if (extra) hub_.push(*extra);
  while (push) {
    const auto segment = must(replica_->next_push(64 * 1024));
    if (!segment) break;
    const Bytes frame = encode_segment(FrameKind::push, *segment, replica_->known_logs());
    const Segment travelled = must(decode_segment(frame, hub_.network(), &hub_.logs()));
    if (encode_items(travelled) != encode_items(*segment))
      throw std::runtime_error("a push was rebuilt otherwise");
    must(replica_->on_verdicts(hub_.push(travelled)));
  }
  pull();
  const auto equal = must(replica_->on_proof(hub_.proof(hello.device, hello.checkpoint.size, true)));
  must(replica_->on_session_end(equal));
  return equal;
}

std::optional<bool> Office::sync() {
  must(replica_->seal());
  return session(must(replica_->make_hello(false, {})), std::nullopt, true);
}

void Office::sql(const std::string& statement) {
  sqlite3* db = nullptr;
  sqlite3_open((folder_ / "replica.db").c_str(), &db);
  sqlite3_busy_timeout(db, 5000);
  char* error = nullptr;
  const int code = sqlite3_exec(db, statement.c_str(), nullptr, nullptr, &error);
  const std::string message = error != nullptr ? error : "";
  sqlite3_free(error);
  sqlite3_close(db);
  if (code != SQLITE_OK) throw std::runtime_error(message);
}

std::string Office::rows(const std::string& query) {
  std::string out;
  sqlite3* db = nullptr;
  sqlite3_open((folder_ / "replica.db").c_str(), &db);
  sqlite3_exec(
      db, query.c_str(),
      [](void* to, int count, char** values, char**) {
        auto& text = *static_cast<std::string*>(to);
        if (!text.empty()) text += '\n';
        for (int i = 0; i < count; ++i)
          text += (i > 0 ? "|" : "") + std::string(values[i] != nullptr ? values[i] : "NULL");
        return 0;
      },
      &out, nullptr);
  sqlite3_close(db);
  return out;
}

}  // namespace wasl::test
