// tests/vectors/*.json: bytes that any other implementation can compare itself with. This program makes them
// from fixed inputs, compares them with the files, reads them back, and damages them. WASL_WRITE_VECTORS=1
// writes them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "shared/attachment/cutting.hpp"
#include "shared/authority/acts.hpp"
#include "shared/authority/invitation.hpp"
#include "shared/ledger/digest.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/ledger/note.hpp"
#include "shared/model/attachment.hpp"
#include "shared/model/edition.hpp"
#include "shared/model/record_state.hpp"
#include "shared/snapshot/ground.hpp"
#include "shared/snapshot/manifest.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/wire/file_exchange.hpp"
#include "shared/wire/messages.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

using Json = nlohmann::ordered_json;

template <class F>
F filled(Byte b) {
  F out;
  out.bytes.fill(b);
  return out;
}
crypto::KeyPair key_of(Byte b) { return crypto::KeyPair::from_seed(filled<crypto::Seed>(b)); }
std::string hex(ByteView bytes) { return to_hex(bytes); }
std::string hex(const Writer& out) { return to_hex(out.bytes()); }

constexpr Millis kTime = 1'700'000'000'000;
constexpr std::string_view kSpace = "section/asia";
const ChainId kChain = filled<ChainId>(0xC1);

/// Everything the files are made of, in one network.
struct World {
  crypto::KeyPair author = key_of(1), root = key_of(3), registrar = key_of(4), log = key_of(5),
                  invited = key_of(6);
  NetworkStatement statement;
  SignedStatement signed_statement;
  NetworkId network;
  Source source{author.public_key(), kChain};
  Source other{registrar.public_key(), filled<ChainId>(0xC2)};
  ledger::BlindingKey blinding = filled<ledger::BlindingKey>(0xB1);
  ChangeSet first, every_kind;
  Opening opening{filled<Salt>(0x5A), Value::text("+33 1 23 45 67 89")};
  Dot personal_dot{source, 2, 3};
  Hash commitment;

  World() {
    statement.name = "World network";
    statement.roots = {root.public_key()};
    statement.log_key = log.public_key();
    statement.witnesses = {key_of(7).public_key()};
    statement.registrars = {registrar.public_key()};
    statement.schema = filled<Hash>(0x5C);
    signed_statement.bytes = encode(statement);
    add_signature(signed_statement, root);
    network = network_id(signed_statement.hash());

    Header header;
    header.network = network;
    header.space = kSpace;
    header.source = source;
    header.schema = statement.schema;
    header.grant = grant_name(network, {other, 3, 0}, Value::text("act"));
    header.seen = {0, ledger::empty_root()};
    header.seen_authority = {4, filled<Hash>(0xA4)};
    header.stamp = Stamp::at(kTime);
    header.group = filled<GroupId>(0x61);
    first = make_change_set(header, {create("p-1"), write("p-1", 1, Value::text("WTR-7"))});

    header.sequence = 2;
    header.previous = first.name;
    header.seen = {1, filled<Hash>(0xA5)};
    header.stamp = Stamp::next(header.stamp, kTime);
    header.group = filled<GroupId>(0x62);
    header.part = 1;
    header.parts = 2;
    commitment = commitment_of(network, kSpace, kUuid, 9, personal_dot, opening);
    every_kind = make_change_set(header, every_operation());
  }

  static constexpr std::string_view kUuid = "0190163d-8694-739b-aea5-966c26f8ad91";

  static Operation create(std::string_view id) {
    Operation op;
    op.register_number = 7;
    op.id = id;
    return op;
  }
  static Operation write(std::string_view id, std::uint32_t field, Value value, std::vector<Dot> names = {}) {
    Operation op = create(id);
    op.kind = OperationKind::write;
    op.address = {field, {}};
    op.value = std::move(value);
    op.names = std::move(names);
    return op;
  }
  [[nodiscard]] std::vector<Operation> every_operation() const {
    std::vector<Dot> seen{{source, 1, 1}, {other, 9, 2}};
    std::sort(seen.begin(), seen.end());
    Operation french = create(kUuid);
    french.kind = OperationKind::write;
    french.address = {2, to_bytes("fr")};
    french.value = Value::text("Eau");
    Operation resolve = write("p-1", 1, Value::text("WTR-8"), seen);
    resolve.kind = OperationKind::resolve;
    resolve.note = "agreed on the phone";
    Operation add = create("p-1");
    add.kind = OperationKind::add;
    add.address = {7, to_bytes("\x03water")};
    Operation remove = add;
    remove.kind = OperationKind::remove;
    remove.names = {{source, 1, 3}};
    Operation again = write("p-1", 3, Value::integer(-5));
    again.first_dot = Dot{{author.public_key(), filled<ChainId>(0xC0)}, 4, 2};
    Operation act = create("00112233445566778899aabbccddeeff");
    act.kind = OperationKind::act;
    act.register_number = 0;
    act.value = encode_act(OrganisationAct{"asia", "section", "", "Asia"});
    Operation erase = create("p-2");
    erase.kind = OperationKind::erase;
    erase.names = seen;
    std::vector<Operation> all{act,     create(kUuid), french, write(kUuid, 9, Value::commitment(commitment)),
                               resolve, add,           remove, again,
                               erase};
    sort_by_record(all);
    return all;
  }
};

Json vector_of(std::string name, std::string what) {
  return {{"name", std::move(name)}, {"what", std::move(what)}};
}
Json vector_of(std::string name, std::string what, ByteView bytes) {
  Json out = vector_of(std::move(name), std::move(what));
  out["bytes"] = hex(bytes);
  return out;
}

Json dot_json(const Dot& dot) {
  return {{"author", hex(dot.source.author.view())},
          {"chain", hex(dot.source.chain.view())},
          {"sequence", dot.sequence},
          {"index", dot.index}};
}

Json hashes() {
  Json out = Json::array();
  for (const char* tag : {"wasl.1/change-set",    "wasl.1/body",           "wasl.1/commitment",
                          "wasl.1/statement",     "wasl.1/grant",          "wasl.1/invitation",
                          "wasl.1/erased-record", "wasl.1/record",         "wasl.1/record-id",
                          "wasl.1/bucket",        "wasl.1/digest/1",       "wasl.1/digest/2",
                          "wasl.1/digest/3",      "wasl.1/description",    "wasl.1/schema",
                          "wasl.1/hello",         "wasl.1/edition",        "wasl.1/chunk-key",
                          "wasl.1/chunk",         "wasl.1/snapshot-piece", "wasl.1/snapshot-manifest"}) {
    Json one = vector_of(tag, "H(tag; data)");
    one["tag"] = tag;
    one["data"] = "00ff77";
    one["hash"] = hex(crypto::hash(tag, Bytes{0x00, 0xFF, 0x77}).view());
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<Value> values() {
  return {Value::null(),
          Value::integer(0),
          Value::integer(-1),
          Value::integer(INT64_MAX),
          Value::integer(INT64_MIN),
          *Value::decimal("12.50"),
          *Value::decimal("-0.000000000000001"),
          Value::text(""),
          Value::text("وصل"),
          Value::flag(false),
          Value::flag(true),
          *Value::point("48.8566,-2.3522"),
          Value::money("XOF", 1'250'000),
          Value::reference("section/asia", "p-1"),
          Value::commitment(filled<Hash>(0xCC)),
          {static_cast<ValueType>(77), {1, 2, 3}}};
}

Json values_json() {
  Json out = Json::array();
  for (const Value& value : values()) {
    Writer bytes;
    value.encode(bytes);
    Json one = vector_of("type " + std::to_string(static_cast<int>(value.type)), value.to_display());
    one["bytes"] = hex(bytes);
    out.push_back(std::move(one));
  }
  return out;
}

const std::vector<std::pair<std::string, std::string>>& bad_values() {
  static const std::vector<std::pair<std::string, std::string>> kAll{
      {"null with data", "000100"},
      {"integer 0 in two bytes", "01028000"},
      {"decimal 12.50, trailing zero", "020302c413"},
      {"decimal of scale 0", "02020003"},
      {"text that is no UTF-8", "0301ff"},
      {"flag 2", "040102"},
      {"point north of the pole", "050680e28bdb0600"},
      {"money in small letters", "06047573640a"},
      {"reference to no space", "0706036e6f770178"},
      {"commitment of 31 bytes", "081f" + std::string(62, 'c')},
      {"length cut", "0305"},
  };
  return kAll;
}

Json refused_json() {
  Json out = Json::array();
  for (const auto& [what, bytes] : bad_values()) {
    Json one = vector_of("refused value", what);
    one["bytes"] = bytes;
    out.push_back(std::move(one));
  }
  return out;
}

const std::vector<std::string>& ids() {
  static const std::vector<std::string> kAll{"p-1", std::string(World::kUuid),
                                             "0190163D-8694-739B-AEA5-966C26F8AD91", "مشروع"};
  return kAll;
}

Json ids_json() {
  Json out = Json::array();
  for (const std::string& id : ids()) {
    Writer bytes;
    encode_id(bytes, id);
    Json one = vector_of("id", id);
    one["bytes"] = hex(bytes);
    out.push_back(std::move(one));
  }
  return out;
}

Json edition_ids(const World& w) {
  Json out = Json::array();
  const std::array<std::array<std::string_view, 3>, 4> all{{{"association/benin", World::kUuid, "public"},
                                                            {"association/benin", World::kUuid, "network"},
                                                            {"section/africa", "p-1", "public"},
                                                            {"network", "مشروع", "public"}}};
  for (const auto& [space, id, outer] : all) {
    Json one = vector_of("edition_id_" + std::to_string(out.size() + 1),
                         "UUIDv8 of H(wasl.1/edition; network, space, id, outer)");
    one["network"] = hex(w.network.view());
    one["space"] = space;
    one["id"] = id;
    one["outer"] = outer;
    one["edition"] = edition_id(w.network, space, id, outer);
    out.push_back(std::move(one));
  }
  return out;
}

Json change_sets(const World& w) {
  Json out = Json::array();
  out.push_back(
      vector_of("body_create_and_write", "project p-1 is created with reference WTR-7", w.first.body_bytes));
  out.push_back(
      vector_of("header", "of that body: first of its chain, alone in its group", w.first.header_bytes));
  Json name = vector_of("change_set_name", "H(wasl.1/change-set; header)");
  name["header"] = hex(w.first.header_bytes);
  name["body"] = hex(w.first.body_bytes);
  name["body_hash"] = hex(w.first.header.body.view());
  name["hash"] = hex(w.first.name.view());
  out.push_back(std::move(name));
  out.push_back(vector_of("run_message", "what the author signs for a run that ends there",
                          run_message(w.network, w.first.name)));
  Json signature = vector_of("run_signature", "Ed25519 with the seed of 32 bytes 01",
                             w.author.sign(run_message(w.network, w.first.name)).view());
  signature["public_key"] = hex(w.author.public_key().view());
  out.push_back(std::move(signature));
  out.push_back(vector_of("body_every_kind",
                          "every operation kind, two other sources, a first dot, a commitment",
                          w.every_kind.body_bytes));
  out.push_back(vector_of("header_second", "of that body: second of the chain, part 1 of 2",
                          w.every_kind.header_bytes));
  Json commitment = vector_of("commitment", "field 9 of the record, in that body");
  commitment["network"] = hex(w.network.view());
  commitment["space"] = kSpace;
  commitment["id"] = World::kUuid;
  commitment["field"] = 9;
  commitment["dot"] = dot_json(w.personal_dot);
  commitment["salt"] = hex(w.opening.salt.view());
  Writer value;
  w.opening.value.encode(value);
  commitment["value"] = hex(value);
  commitment["hash"] = hex(w.commitment.view());
  out.push_back(std::move(commitment));
  out.push_back(
      vector_of("openings", "the list that travels beside", encode_openings({{w.commitment, w.opening}})));
  return out;
}

std::vector<std::pair<std::string, Act>> acts(const World& w) {
  GrantAct grant;
  grant.kind = GrantKind::invitation;
  grant.grantee = w.invited.public_key();
  grant.organisation = "asia";
  grant.role = "officer";
  grant.clauses = {{kRead | kWrite, {std::string(kSpace), "network"}, {}}, {kRead, {"public"}, {7, 9}}};
  grant.from = kTime;
  grant.until = kTime + 1000;
  grant.depth = 1;
  GrantAct delegated = grant;
  delegated.kind = GrantKind::person;
  delegated.clauses = {
      {kRead | kWrite | kGrant,
       {std::string(kEverySpace)},
       {},
       {{"country", {Value::reference("network", "SN")}},
        {"theme", {Value::reference("network", "water"), Value::reference("network", "climate")}}}}};
  delegated.flags = kNeedsAcceptance | kWhileHeld;
  delegated.level = 3;
  delegated.mandate = "network#m-1";
  delegated.reason = "theme";
  const PublicKey sealing = crypto::sealing_public_key(filled<crypto::Seed>(8));
  const EnrolAct enrol{w.author.public_key(), sealing,
                       w.author.sign(enrol_message(w.network, w.invited.public_key(), sealing))};
  return {{"act_organisation", OrganisationAct{"asia", "section", "", "Asia"}},
          {"act_grant", grant},
          {"act_grant_delegated", delegated},
          {"act_accept", AcceptAct{filled<Hash>(9)}},
          {"act_end", EndAct{filled<Hash>(9), EndReason::mandate_over}},
          {"act_enrol", enrol},
          {"act_revoke", RevokeAct{w.author.public_key(), RevocationReason::compromised, kTime}},
          {"act_discard", DiscardAct{std::string(kSpace), {filled<Hash>(0xAA)}, DiscardReason::duplicate}},
          {"act_wipe", WipeAct{w.author.public_key()}},
          {"act_adopt", AdoptAct{{filled<Hash>(0xAA), filled<Hash>(0xAB)}}},
          {"act_confirm", ConfirmAct{filled<Hash>(0xAC)}},
          {"act_erase", EraseAct{std::string(kSpace),
                                 record_mark(w.network, kSpace, World::kUuid),
                                 {filled<Hash>(0xAA), filled<Hash>(0xAB)},
                                 ErasureReason::requested}},
          {"act_withdraw_erasure", WithdrawErasureAct{filled<Hash>(0xAA)}},
          {"act_description", DescriptionAct{R"({"number": 3})"}}};
}

Invitation invitation(const World& w) {
  return {w.network,
          1,
          w.signed_statement.hash(),
          w.log.public_key(),
          "ws://127.0.0.1:7707",
          "asia",
          "officer",
          kTime + 1000,
          w.invited.seed()};
}

Json authority(const World& w) {
  Json out = Json::array();
  out.push_back(vector_of("statement", "network statement number 1", w.signed_statement.bytes));
  Json id = vector_of("network_id", "H(wasl.1/statement; statement)");
  id["hash"] = hex(w.network.view());
  out.push_back(std::move(id));
  out.push_back(vector_of("signed_statement", "with the signature of its root (seed of 32 bytes 03)",
                          encode(w.signed_statement)));
  for (const auto& [name, act] : acts(w)) {
    Writer bytes;
    encode_act(act).encode(bytes);
    out.push_back(vector_of(name, "a value of type 9", bytes.bytes()));
  }
  Json grant =
      vector_of("grant_name", "H(wasl.1/grant; network, dot, act): here a text value stands for the act");
  grant["dot"] = dot_json({w.other, 3, 0});
  Writer granted;
  Value::text("act").encode(granted);
  grant["act"] = hex(granted.bytes());
  grant["hash"] = hex(grant_name(w.network, {w.other, 3, 0}, Value::text("act")).view());
  out.push_back(std::move(grant));
  Json text = vector_of("invitation", "one line; the key's seed is 32 bytes 06");
  text["text"] = encode(invitation(w));
  out.push_back(std::move(text));
  return out;
}

ledger::Entry entry_of(const World& w) { return {ledger::EntryKind::accept, w.first.name, 4, kTime + 50}; }

RecordState state_of(const World& w) {
  RecordState state;
  for (std::size_t i = 0; i < w.first.operations.size(); ++i) {
    state.apply(w.first.operations[i], {w.first.dot(i), w.first.header.stamp, kTime});
  }
  return state;
}

/// Written anew from the document, not by the program's own function.
Bytes record_bytes(const World& w, bool deleted) {
  Writer out;
  const auto dot = [&](const Dot& d) {
    out.raw(d.source.author.view());
    out.raw(d.source.chain.view());
    out.varint(d.sequence);
    out.varint(d.index);
  };
  out.sized("p-1");
  out.varint(7);
  out.varint(deleted ? 1 : 0);
  if (deleted) {
    dot({w.source, 5, 0});
    out.varint(1);
    dot(w.first.dot(0));
  }
  out.varint(2);
  out.varint(0);
  out.sized("");
  out.varint(1);
  dot(w.first.dot(0));
  Value::null().encode(out);
  out.varint(1);
  out.sized("");
  out.varint(1);
  dot(w.first.dot(1));
  Value::text("WTR-7").encode(out);
  return out.take();
}

RecordState deleted_state(const World& w) {
  RecordState state = state_of(w);
  Operation erase = World::create("p-1");
  erase.kind = OperationKind::erase;
  erase.names = {w.first.dot(0)};
  state.apply(erase, {{w.source, 5, 0}, w.first.header.stamp, kTime});
  return state;
}

Hash digest_of(const World& w) {
  ledger::Bucket bucket;
  bucket.set(ledger::id_hash("p-1"), record_hash("p-1", state_of(w)));
  ledger::DigestTree tree;
  tree.set(ledger::bucket_of("p-1"), bucket.hash());
  return tree.root();
}

ledger::HeadsLeaf heads_leaf(const World& w) {
  ledger::Frontier log;
  log.append(ledger::leaf_hash(entry_of(w), w.blinding));
  ledger::HeadsLeaf leaf;
  leaf.name = to_bytes(ledger::blind_name(w.blinding, kSpace).view());
  leaf.size = log.size();
  leaf.root = log.root();
  leaf.digest = digest_of(w);
  leaf.digest_position = 1;
  leaf.authority_size = 4;
  leaf.hub_time = kTime + 50;
  return leaf;
}

/// Five leaves of `heads`, of which the last is the one above.
std::vector<Hash> heads_hashes(const World& w) {
  std::vector<Hash> out;
  for (Byte b = 0; b < 4; ++b) out.push_back(ledger::leaf_hash(Bytes{b}));
  out.push_back(ledger::leaf_hash(heads_leaf(w)));
  return out;
}

ledger::NodeAt nodes_of(const std::vector<Hash>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) {
    ledger::Frontier subtree;
    for (std::uint64_t i = index << level; i < (index + 1) << level; ++i) {
      subtree.append(leaves[static_cast<std::size_t>(i)]);
    }
    return subtree.root();
  };
}

std::string checkpoint(const World& w) {
  const auto leaves = heads_hashes(w);
  const std::string origin = ledger::heads_origin(w.network, 1);
  return *ledger::sign_checkpoint({origin, leaves.size(), ledger::root_at(leaves.size(), nodes_of(leaves))},
                                  w.log);
}

Json ledger_json(const World& w) {
  Json out = Json::array();
  out.push_back(vector_of("entry_accept", "of the first change set", entry_of(w).encode()));
  const EntryItem collects = collect_item({{}, {}, 4, kTime + 90}, {3, {{7, "p-1"}, {7, "p-2"}}});
  Json collected = vector_of("collect_list", "of two records, floor 3", collects.bytes);
  collected["hash"] = hex(collects.entry.hash.view());
  out.push_back(std::move(collected));
  out.push_back(vector_of("entry_collect", "of that list", collects.entry.encode()));
  out.push_back(vector_of("leaf_plain", "leaf data in a shared space: the entry itself",
                          ledger::leaf_data(entry_of(w), std::nullopt)));
  Json blinded = vector_of("leaf_blinded", "leaf data in a private space: HMAC-SHA-256(key, 00 ‖ entry)",
                           ledger::leaf_data(entry_of(w), w.blinding));
  blinded["key"] = hex(w.blinding.view());
  blinded["entry"] = hex(entry_of(w).encode());
  out.push_back(std::move(blinded));
  Json name = vector_of("blinded_name", "HMAC-SHA-256(key, 01 ‖ name)",
                        ledger::blind_name(w.blinding, kSpace).view());
  name["key"] = hex(w.blinding.view());
  name["space"] = kSpace;
  out.push_back(std::move(name));
  out.push_back(vector_of("heads_leaf", "of section/asia", heads_leaf(w).encode()));
  const auto leaves = heads_hashes(w);
  Json tree = vector_of(
      "merkle_root", "leaf data 00, 01, 02, 03 and heads_leaf; proofs for leaf 4, for 1 and 4, from size 3");
  tree["leaves"] = {"00", "01", "02", "03", hex(heads_leaf(w).encode())};
  tree["root"] = hex(ledger::root_at(leaves.size(), nodes_of(leaves)).view());
  const auto list = [](const std::vector<Hash>& hashes) {
    Json all = Json::array();
    for (const Hash& hash : hashes) all.push_back(hex(hash.view()));
    return all;
  };
  const std::uint64_t both[] = {1, 4};
  tree["inclusion_of_4"] = list(ledger::inclusion_proof(4, 5, nodes_of(leaves)));
  tree["inclusion_of_1_and_4"] = list(ledger::inclusion_proofs(both, 5, nodes_of(leaves)));
  tree["consistency_from_3"] = list(ledger::consistency_proof(3, 5, nodes_of(leaves)));
  out.push_back(std::move(tree));
  Json note = vector_of("checkpoint", "of that tree, by the log key (seed of 32 bytes 05)");
  note["text"] = checkpoint(w);
  out.push_back(std::move(note));
  return out;
}

Json records_json(const World& w) {
  Json out = Json::array();
  Json record = vector_of("record_hash", "p-1 after the first change set");
  record["data"] = hex(record_bytes(w, false));
  record["hash"] = hex(record_hash("p-1", state_of(w)).view());
  out.push_back(std::move(record));
  Json deleted = vector_of("record_hash_deleted",
                           "the same, deleted by (source, 5, 0), which saw the creation alone: revived");
  deleted["data"] = hex(record_bytes(w, true));
  deleted["hash"] = hex(record_hash("p-1", deleted_state(w)).view());
  out.push_back(std::move(deleted));
  Json digest = vector_of("digest_root", "a space of that one record");
  digest["records"] =
      Json::array({Json{{"id", "p-1"}, {"hash", hex(record_hash("p-1", state_of(w)).view())}}});
  digest["bucket"] = ledger::bucket_of("p-1");
  digest["hash"] = hex(digest_of(w).view());
  out.push_back(std::move(digest));
  return out;
}

Segment push_segment(const World& w) {
  Segment out{std::string(kSpace), 0, {}, {}};
  out.items.emplace_back(SetItem{std::nullopt, w.first});
  out.items.emplace_back(SignatureItem{w.source, 1, w.author.sign(run_message(w.network, w.first.name))});
  return out;
}

Segment taken_back_segment(const World& w) {
  Segment out = push_segment(w);
  out.items.front() = StandInItem{w.first.header, w.first.header_bytes, w.first.name,
                                  w.author.sign(taken_back_message(w.network, w.first.name))};
  return out;
}

Segment entries_segment(const World& w) {
  Segment out{std::string(kSpace), 1, {}, {{w.commitment, w.opening}}};
  out.items.emplace_back(SetItem{entry_of(w), w.first});
  out.items.emplace_back(SetItem{std::nullopt, w.every_kind});
  out.items.emplace_back(
      SignatureItem{w.source, 2, w.author.sign(run_message(w.network, w.every_kind.name))});
  out.items.emplace_back(OwnItem{{ledger::EntryKind::accept, {}, 5, kTime + 60}, w.other, 9});
  out.items.emplace_back(StandInItem{w.every_kind.header, w.every_kind.header_bytes, w.every_kind.name});
  out.items.emplace_back(
      LateItem{{ledger::EntryKind::adopt, w.every_kind.name, 5, kTime + 65}, w.every_kind});
  out.items.emplace_back(void_item({ledger::EntryKind::void_, filled<Hash>(0xAD), 5, kTime + 70}, 3));
  return out;
}

Bytes frame_of(FrameKind kind, const Segment& segment) {
  Writer out;
  out.byte(static_cast<Byte>(kind));
  out.byte(0);  // never compressed here: what zstd makes is its own affair
  out.sized(segment.space);
  out.varint(segment.first);
  out.sized(encode_items(segment));
  if (!segment.openings.empty()) out.raw(encode_openings(segment.openings));
  return out.take();
}

Hello hello(const World& w) {
  Hello out;
  out.flags = Hello::kLive;
  out.network = w.network;
  out.device = w.author.public_key();
  out.hub = w.log.public_key();
  out.counter = 300;
  out.checkpoint = {5, filled<Hash>(0x4E)};
  out.cursors = {{"authority", 4, false}, {std::string(kSpace), 1, true}};
  return out;
}

Welcome welcome(const World& w, bool same) {
  Welcome out;
  out.hub_time = kTime;
  out.push_credit = 1 << 20;
  out.same_spaces = same;
  if (!same) out.spaces = {{"authority", std::nullopt}, {std::string(kSpace), w.blinding}};
  out.staged = {{kChain, 2, crypto::hash("test", view("staged"))}};
  return out;
}

Proof proof(const World& w) {
  const auto leaves = heads_hashes(w);
  const std::uint64_t index[] = {4};
  Proof out;
  out.final = true;
  out.checkpoint = checkpoint(w);
  out.consistency = ledger::consistency_proof(3, 5, nodes_of(leaves));
  out.leaves = {{4, heads_leaf(w).encode()}};
  out.inclusion = ledger::inclusion_proofs(index, 5, nodes_of(leaves));
  return out;
}

std::vector<VerdictItem> verdicts() {
  return {{kChain, 1, 3, Verdict::accept(), 0},
          {kChain, 4, 1, Verdict::hold(Reason::gone, "project p-9"), 0},
          {kChain, 5, 1, Verdict::refuse(Reason::lineage, "project p-1 reference"), 0},
          {kChain, 6, 2, {Outcome::later, Reason::busy, {}}, 200}};
}

Json wire(const World& w) {
  Json out = Json::array();
  out.push_back(vector_of("segment_push", "items: the first change set and its signature",
                          encode_items(push_segment(w))));
  out.push_back(vector_of("frame_push", "the same as a message", frame_of(FrameKind::push, push_segment(w))));
  out.push_back(vector_of("segment_taken_back", "items: its author takes the first change set back",
                          encode_items(taken_back_segment(w))));
  out.push_back(vector_of("segment_entries", "items of every tag", encode_items(entries_segment(w))));
  out.push_back(vector_of("frame_entries", "the same as a message, first position 1, with an opening",
                          frame_of(FrameKind::entries, entries_segment(w))));
  const Bytes hello_bytes = encode(hello(w), w.author);
  Json first = vector_of("hello", "live, two cursors", hello_bytes);
  first["hash"] = hex(hello_hash(hello_bytes).view());
  out.push_back(std::move(first));
  const Hash said = hello_hash(hello_bytes);
  out.push_back(vector_of("welcome", "two spaces, one key", encode(welcome(w, false), said, w.log)));
  out.push_back(vector_of("welcome_same", "the cursors named all", encode(welcome(w, true), said, w.log)));
  out.push_back(vector_of("proof", "final, from size 3", encode(proof(w))));
  out.push_back(vector_of("proof_nothing_new", "not final", encode(Proof{})));
  out.push_back(vector_of("verdicts", "accepted, held, refused, later", encode(verdicts())));
  out.push_back(
      vector_of("problem", "then the hub closes", encode(Problem{"later", "the hub is busy", "sync again"})));
  out.push_back(vector_of("finish", "", finish_frame()));
  out.push_back(vector_of("done", "equal", encode(Done{true, {{"authority", 4, false}}})));
  out.push_back(vector_of("done_unknown", "", encode(Done{std::nullopt, {}})));
  return out;
}

/// Byte n of a file is n · n modulo 251.
Bytes file_bytes(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<Byte>(i * i % 251);
  return out;
}

Json attachments(const World& w) {
  Json out = Json::array();
  const auto blinding = filled<ledger::BlindingKey>(0xB1);
  struct Tree {
    const char* name;
    const char* space;
    std::size_t size;
  };
  for (const Tree& tree : {Tree{"empty", "public", 0}, Tree{"one_chunk", "public", attachment::kChunkBytes},
                           Tree{"two_levels", "public", 3 * attachment::kChunkBytes + 1},
                           Tree{"three_levels", "public", 513 * attachment::kChunkBytes},
                           Tree{"private", "section/asia", 3 * attachment::kChunkBytes + 1}}) {
    const bool is_private = is_private_space(tree.space);
    const auto key =
        attachment::chunk_key(w.network, tree.space, is_private ? std::optional(blinding) : std::nullopt);
    attachment::Cutter cutter(key, [](const attachment::Chunk&) { return Status(); });
    if (!cutter.add(file_bytes(tree.size))) ADD_FAILURE();
    Json one = vector_of(tree.name, "root of a file whose byte n is n * n modulo 251");
    one["network"] = hex(w.network.view());
    one["space"] = tree.space;
    one["blinding_key"] = is_private ? hex(blinding.view()) : "";
    one["size"] = tree.size;
    one["hash"] = hex(cutter.finish()->view());
    out.push_back(std::move(one));
  }
  Writer value;
  Attachment{"report.pdf", "application/pdf", 20'000'000, filled<Hash>(0xF1)}.to_value().encode(value);
  out.push_back(vector_of("value", "report.pdf (application/pdf, 20000000 bytes)", value.bytes()));
  const attachment::FileId file{"public", filled<Hash>(0xF1), 20'000'000};
  out.push_back(vector_of("offer", "frame", encode_files(FileFrameKind::offer, {file})));
  out.push_back(vector_of("held", "frame", encode_files(FileFrameKind::held, {file})));
  out.push_back(vector_of("greeting", "frame", FileExchange::greeting()));
  out.push_back(
      vector_of("want", "frame", encode(WantFrame{"public", {filled<Hash>(0xF1), filled<Hash>(0xF2)}})));
  out.push_back(vector_of("chunk", "frame", encode(ChunkFrame{"public", 1, {1, 2, 3}})));
  out.push_back(vector_of("none", "frame", encode(NoneFrame{"public", filled<Hash>(0xF2)})));
  return out;
}

Bytes piece_of(const World& w) {
  Bytes out;
  snapshot::Cutter cutter([&](Bytes raw) {
    out = std::move(raw);
    return Status();
  });
  if (!cutter.add("p-1", deleted_state(w)) || !cutter.finish()) ADD_FAILURE();
  return out;
}

snapshot::Ground ground_of(const World& w) {
  snapshot::Ground out;
  out.frontier.append(ledger::leaf_hash(entry_of(w).encode()));
  out.authority = 4;
  out.hub_time = kTime + 50;
  out.ends[w.source] = {2, w.every_kind.name, std::string(kSpace), w.every_kind.header.stamp};
  out.stand_ins[{w.source, 2}] = w.every_kind.name;
  return out;
}

snapshot::Manifest manifest_of(const World& w) {
  return {std::string(kSpace),
          1,
          4,
          {{snapshot::piece_name(encode(ground_of(w))), 200}},
          {{snapshot::piece_name(piece_of(w)), 100}}};
}

Json snapshots(const World& w) {
  Json out = Json::array();
  Json piece = vector_of("piece", "record p-1, revived", piece_of(w));
  piece["hash"] = hex(snapshot::piece_name(piece_of(w)).view());
  out.push_back(std::move(piece));
  Json ground =
      vector_of("ground", "one entry, one chain, one header without an entry", encode(ground_of(w)));
  ground["hash"] = hex(snapshot::piece_name(encode(ground_of(w))).view());
  out.push_back(std::move(ground));
  const Bytes manifest = encode(manifest_of(w));
  Json whole = vector_of("manifest", "position 1, leaf 4", manifest);
  whole["message"] = hex(snapshot::manifest_message(w.network, manifest));
  whole["signature"] = hex(w.log.sign(snapshot::manifest_message(w.network, manifest)).view());
  out.push_back(std::move(whole));
  const Hash name = filled<Hash>(0xF1);
  out.push_back(vector_of("begun", "frame", encode(BegunFrame{"public", 77})));
  out.push_back(vector_of("pieces", "frame", encode(PiecesFrame{"public", {name}})));
  out.push_back(vector_of("openings", "frame", encode(OpeningsFrame{"public", {{w.commitment, w.opening}}})));
  return out;
}

std::map<std::string, Json> all_files(const World& w) {
  return {{"hashes.json", hashes()},
          {"values.json", values_json()},
          {"refused_values.json", refused_json()},
          {"ids.json", ids_json()},
          {"editions.json", edition_ids(w)},
          {"attachments.json", attachments(w)},
          {"snapshots.json", snapshots(w)},
          {"change_set.json", change_sets(w)},
          {"authority.json", authority(w)},
          {"ledger.json", ledger_json(w)},
          {"records.json", records_json(w)},
          {"wire.json", wire(w)}};
}

TEST(Vectors, AreTheFiles) {
  const std::filesystem::path folder = WASL_VECTORS;
  const char* write = std::getenv("WASL_WRITE_VECTORS");
  for (const auto& [name, content] : all_files(World())) {
    const std::string text = content.dump(1) + "\n";
    if (write != nullptr && std::string_view(write) == "1") std::ofstream(folder / name) << text;
    std::ifstream in(folder / name);
    const std::string there((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    EXPECT_EQ(there, text) << name;
  }
}

/// `decode` says whether it takes the bytes: the whole, no beginning of it, and nothing behind it.
void expect_exact(const Bytes& whole, const std::function<bool(ByteView)>& decode, const std::string& name) {
  EXPECT_TRUE(decode(whole)) << name;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(decode(ByteView(whole).first(cut))) << name << " cut at " << cut;
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer)) << name << " with a byte behind it";
}

/// What hashes or signatures cover: no single byte may change.
void expect_no_flip(const Bytes& whole, const std::function<bool(ByteView)>& decode,
                    const std::string& name) {
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes flipped = whole;
    flipped[at] = static_cast<Byte>(flipped[at] ^ 1);
    EXPECT_FALSE(decode(flipped)) << name << " flipped at " << at;
  }
}

TEST(Vectors, ValuesAndIdsComeBackAndTheirOtherSpellingsDoNot) {
  for (const Value& value : values()) {
    Writer bytes;
    value.encode(bytes);
    Reader in(bytes.bytes());
    EXPECT_EQ(Value::decode(in), value);
    EXPECT_TRUE(in.finished());
  }
  for (const auto& [what, bytes] : bad_values()) {
    const Bytes raw = *from_hex(bytes);
    Reader in(raw);
    static_cast<void>(Value::decode(in));
    EXPECT_FALSE(in.finished()) << what;
  }
  for (const std::string& id : ids()) {
    Writer bytes;
    encode_id(bytes, id);
    Reader in(bytes.bytes());
    EXPECT_EQ(decode_id(in), id);
    EXPECT_TRUE(in.finished());
  }
  Writer spelled_out;
  spelled_out.sized(World::kUuid);
  Reader in(spelled_out.bytes());
  static_cast<void>(decode_id(in));
  EXPECT_FALSE(in.ok()) << "a UUID in its long form";
}

TEST(Vectors, ChangeSetsComeBack) {
  const World w;
  for (const ChangeSet* set : {&w.first, &w.every_kind}) {
    const auto back = decode_change_set(set->header_bytes, set->body_bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->header, set->header);
    EXPECT_EQ(back->operations, set->operations);
    expect_exact(
        set->header_bytes, [](ByteView b) { return decode_header(b).has_value(); }, "header");
    expect_exact(
        set->body_bytes, [&](ByteView b) { return decode_body(w.source, b).has_value(); }, "body");
    expect_no_flip(
        set->body_bytes, [&](ByteView b) { return decode_change_set(set->header_bytes, b).has_value(); },
        "body under its header");
  }
  std::size_t commitments = 0;
  for (std::size_t i = 0; i < w.every_kind.operations.size(); ++i) {
    if (w.every_kind.operations[i].value.type != ValueType::commitment) continue;
    ++commitments;
    EXPECT_EQ(w.every_kind.dot(i), w.personal_dot) << "the commitment names the place where it stands";
  }
  EXPECT_EQ(commitments, 1U);
  expect_exact(
      encode_openings({{w.commitment, w.opening}}), [](ByteView b) { return decode_openings(b).has_value(); },
      "openings");
}

TEST(Vectors, AuthorityComesBack) {
  const World w;
  const auto opens = [](ByteView b) {
    const auto statement = decode_signed_statement(b);
    return statement && open_statement(*statement, nullptr, nullptr).has_value();
  };
  expect_exact(encode(w.signed_statement), opens, "signed statement");
  expect_no_flip(encode(w.signed_statement), opens, "signed statement");
  for (const auto& [name, act] : acts(w)) {
    const Value value = encode_act(act);
    EXPECT_EQ(*decode_act(value), act) << name;
    expect_exact(
        value.data,
        [](ByteView b) {
          return decode_act({ValueType::act, to_bytes(b)}).has_value();
        },
        name);
  }
  const std::string line = encode(invitation(w));
  EXPECT_EQ(encode(*decode_invitation(" " + line + "\n")), line);
  const Bytes letters = to_bytes(line);
  expect_no_flip(
      letters, [](ByteView b) { return decode_invitation(text_view(b)).has_value(); }, "invitation");
}

TEST(Vectors, LedgerComesBack) {
  const World w;
  expect_exact(
      entry_of(w).encode(), [](ByteView b) { return ledger::Entry::decode(b).has_value(); }, "entry");
  expect_exact(
      heads_leaf(w).encode(), [](ByteView b) { return ledger::HeadsLeaf::decode(b).has_value(); }, "leaf");
  const std::string origin = ledger::heads_origin(w.network, 1);
  expect_no_flip(
      to_bytes(checkpoint(w)),
      [&](ByteView b) {
        return ledger::open_checkpoint(text_view(b), origin, w.log.public_key()).has_value();
      },
      "checkpoint");
  const Proof whole = proof(w);
  const auto known = ledger::open_checkpoint(whole.checkpoint, origin, w.log.public_key());
  ASSERT_TRUE(known);
  const ledger::Leaf leaf{4, ledger::leaf_hash(heads_leaf(w))};
  EXPECT_TRUE(ledger::verify_inclusions({&leaf, 1}, known->size, whole.inclusion, known->root));
}

TEST(Vectors, RecordsHashAsTheDocumentSays) {
  const World w;
  EXPECT_EQ(crypto::hash("wasl.1/record", record_bytes(w, false)), record_hash("p-1", state_of(w)));
  EXPECT_EQ(crypto::hash("wasl.1/record", record_bytes(w, true)), record_hash("p-1", deleted_state(w)));
  EXPECT_TRUE(deleted_state(w).is_revived());
}

TEST(Vectors, SnapshotsComeBack) {
  const World w;
  const auto records = snapshot::decode_piece(piece_of(w));
  ASSERT_TRUE(records);
  EXPECT_EQ(records->front().second, deleted_state(w));
  expect_exact(
      piece_of(w), [](ByteView b) { return snapshot::decode_piece(b).has_value(); }, "piece");
  expect_exact(
      encode(ground_of(w)), [](ByteView b) { return snapshot::decode_ground(b, kSpace).has_value(); },
      "ground");
  expect_exact(
      encode(manifest_of(w)), [](ByteView b) { return snapshot::decode_manifest(b).has_value(); },
      "manifest");
}

TEST(Vectors, FramesComeBack) {
  const World w;
  const auto takes = [&](ByteView b) {
    const auto segment = decode_segment(b, w.network);
    return segment && verify_runs(*segment, w.network).has_value();
  };
  const Bytes push = frame_of(FrameKind::push, push_segment(w));
  EXPECT_EQ(encode_items(*decode_segment(push, w.network)), encode_items(push_segment(w)));
  expect_exact(push, takes, "push");
  const Bytes items = encode_items(push_segment(w));
  expect_no_flip(
      items,
      [&](ByteView b) {
        const auto segment = decode_items(std::string(kSpace), 0, b, w.network);
        return segment && verify_runs(*segment, w.network).has_value() && segment->items.size() == 2;
      },
      "items");
  const Bytes entries = frame_of(FrameKind::entries, entries_segment(w));
  EXPECT_EQ(frame_of(FrameKind::entries, *decode_segment(entries, w.network)), entries);

  const Bytes hello_bytes = encode(hello(w), w.author);
  const auto hello_ok = [](ByteView b) { return decode_hello(b).has_value(); };
  expect_exact(hello_bytes, hello_ok, "hello");
  expect_no_flip(hello_bytes, hello_ok, "hello");
  const Hash said = hello_hash(hello_bytes);
  for (const bool same : {false, true}) {
    const Bytes bytes = encode(welcome(w, same), said, w.log);
    const auto ok = [&](ByteView b) { return decode_welcome(b, said, w.log.public_key()).has_value(); };
    expect_exact(bytes, ok, "welcome");
    expect_no_flip(bytes, ok, "welcome");
    EXPECT_FALSE(decode_welcome(bytes, Hash{}, w.log.public_key())) << "for another hello";
  }
  expect_exact(
      encode(proof(w)), [](ByteView b) { return !b.empty() && decode_proof(b).has_value(); }, "proof");
  expect_exact(
      encode(verdicts()), [](ByteView b) { return !b.empty() && decode_verdicts(b).has_value(); },
      "verdicts");
  expect_exact(
      encode(Done{true, {{"authority", 4, false}}}),
      [](ByteView b) { return !b.empty() && decode_done(b).has_value(); }, "done");
  expect_exact(
      encode(Problem{"later", "the hub is busy", "sync again"}),
      [](ByteView b) { return !b.empty() && decode_problem(b).has_value(); }, "problem");
}

}  // namespace
}  // namespace wasl
