#include "tests/sim/judge/judge.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "shared/crypto/crypto.hpp"

namespace wasl::sim {
namespace {

/// One operation of one record, with what ranks it.
struct Work {
  const Operation* operation;
  Dot dot;
  Stamp stamp;
  Millis effective;
};
/// Of one record, in the order of the log and then of the overlay.
using Works = std::vector<Work>;
using WorksOfRecords = std::map<std::pair<std::uint32_t, std::string>, Works>;

/// Section 9.1: which kinds leave a head.
bool leaves_head(OperationKind kind) { return kind != OperationKind::remove && kind != OperationKind::erase; }

/// Section 9.1: which kinds take heads off their address. A delete lists them and takes none.
bool supersedes(OperationKind kind) {
  return kind == OperationKind::write || kind == OperationKind::resolve || kind == OperationKind::remove;
}

Address address_of(const Operation& operation) {
  const bool existence = operation.kind == OperationKind::create || operation.kind == OperationKind::act;
  return existence ? Address{} : operation.address;
}

Value value_of(const Operation& operation) {
  const bool has_value = operation.kind == OperationKind::write || operation.kind == OperationKind::resolve ||
                         operation.kind == OperationKind::act;
  return has_value ? operation.value : Value::null();
}

bool names(const std::vector<Dot>& list, const Dot& dot) {
  return std::find(list.begin(), list.end(), dot) != list.end();
}

/// Adds the operations to their records; one whose dot the record knows is a repetition.
void collect(WorksOfRecords& records, const ChangeSet& set, Millis known_at) {
  const Millis effective = std::min(set.header.stamp.millis(), known_at);
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& operation = set.operations[i];
    Works& works = records[{operation.register_number, operation.id}];
    const Work work{&operation, set.dot(i), set.header.stamp, effective};
    const bool known =
        std::any_of(works.begin(), works.end(), [&](const Work& other) { return other.dot == work.dot; });
    if (!known) works.push_back(work);
  }
}

/// A head is a value that no later operation at its address takes off.
bool is_head(const Works& works, std::size_t at) {
  const Work& work = works[at];
  if (!leaves_head(work.operation->kind)) return false;
  for (std::size_t later = at + 1; later < works.size(); ++later) {
    const Operation& other = *works[later].operation;
    if (supersedes(other.kind) && address_of(other) == address_of(*work.operation) &&
        names(other.names, work.dot))
      return false;
  }
  return true;
}

/// Section 9.2.
bool shown_before(const JudgedHead& a, const JudgedHead& b) {
  return std::tie(a.effective, a.stamp, a.dot) > std::tie(b.effective, b.stamp, b.dot);
}

void judge_field(JudgedField& field) {
  auto& heads = field.heads;
  std::sort(heads.begin(), heads.end(),
            [](const JudgedHead& a, const JudgedHead& b) { return a.dot < b.dot; });
  const auto winner = std::min_element(heads.begin(), heads.end(), shown_before);
  field.shown = static_cast<std::size_t>(winner - heads.begin());
  field.conflict = std::any_of(heads.begin(), heads.end(),
                               [&](const JudgedHead& head) { return head.value != heads.front().value; });
}

/// Section 9.4: dead when each head is listed by some delete.
bool is_alive(const JudgedRecord& record) {
  for (const auto& [address, field] : record.fields) {
    for (const JudgedHead& head : field.heads) {
      const bool listed = std::any_of(record.deletes.begin(), record.deletes.end(),
                                      [&](const JudgedDelete& one) { return names(one.listed, head.dot); });
      if (!listed) return true;
    }
  }
  return false;
}

JudgedRecord judge_record(const Register* described, const Works& works) {
  JudgedRecord out;
  out.register_number = works.front().operation->register_number;
  out.id = works.front().operation->id;
  out.described = described;
  for (std::size_t i = 0; i < works.size(); ++i) {
    const Work& work = works[i];
    if (work.operation->kind == OperationKind::erase)
      out.deletes.push_back({work.dot, work.operation->names});
    if (is_head(works, i))
      out.fields[address_of(*work.operation)].heads.push_back(
          {work.dot, value_of(*work.operation), work.effective, work.stamp});
  }
  std::sort(out.deletes.begin(), out.deletes.end(),
            [](const JudgedDelete& a, const JudgedDelete& b) { return a.dot < b.dot; });
  for (auto& [address, field] : out.fields) {
    judge_field(field);
    if (described != nullptr) field.described = described->field(address.field);
    if (field.described != nullptr && field.described->removal_wins()) field.conflict = false;  // out wins
  }
  out.alive = is_alive(out);
  out.revived = out.alive && !out.deletes.empty();
  return out;
}

void write_dot(Writer& out, const Dot& dot) {
  out.fixed(dot.source.author);
  out.fixed(dot.source.chain);
  out.varint(dot.sequence);
  out.varint(dot.index);
}

/// The nodes above: each the hash of 16.
std::vector<Hash> level_above(std::string_view tag, const std::vector<Hash>& below) {
  constexpr std::size_t kChildren = 16;
  std::vector<Hash> out;
  for (std::size_t first = 0; first < below.size(); first += kChildren) {
    Writer children;
    for (std::size_t i = 0; i < kChildren; ++i) children.fixed(below[first + i]);
    out.push_back(crypto::hash(tag, children.bytes()));
  }
  return out;
}

}  // namespace

JudgedRecords confirmed(const Schema& schema, const std::vector<PlacedSet>& placed,
                        const std::vector<PlacedList>& collected) {
  return shown(schema, placed, {}, collected);
}

std::vector<std::string> wrongly_collected(const Schema& schema, const std::vector<PlacedSet>& placed,
                                           const std::vector<PlacedList>& collected) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < collected.size(); ++i) {
    const PlacedList& list = collected[i];
    std::vector<PlacedSet> before;  // as the log stood then
    std::map<std::pair<Source, Sequence>, Position> positions;
    for (PlacedSet one : placed) {
      if (one.position >= list.position) continue;
      one.voided = one.voided && one.voided_at < list.position;
      positions[{one.set->header.source, one.set->header.sequence}] = one.position;
      before.push_back(one);
    }
    const JudgedRecords then =
        confirmed(schema, before, {collected.begin(), collected.begin() + static_cast<std::ptrdiff_t>(i)});
    for (const auto& key : list.records) {
      const auto record = then.find(key);
      bool stands = list.floor < list.position && record != then.end() && !record->second.alive;
      const auto look = [&](const Dot& dot) {
        stands = stands && positions.at({dot.source, dot.sequence}) <= list.floor;
      };
      if (record != then.end()) {
        for (const JudgedDelete& one : record->second.deletes) look(one.dot);
        for (const auto& [address, field] : record->second.fields)
          for (const JudgedHead& head : field.heads) look(head.dot);
      }
      if (!stands) words.push_back(key.second + " at " + std::to_string(list.position));
    }
  }
  return words;
}

JudgedRecords shown(const Schema& schema, const std::vector<PlacedSet>& placed,
                    const std::vector<OverlaySet>& overlay, const std::vector<PlacedList>& collected) {
  WorksOfRecords works;
  auto list = collected.begin();
  const auto collect_before = [&](Position position) {
    for (; list != collected.end() && list->position < position; ++list)
      for (const auto& key : list->records) works.erase(key);
  };
  for (const PlacedSet& one : placed) {
    collect_before(one.position);
    if (!one.voided) collect(works, *one.set, one.hub_time);
  }
  collect_before(std::numeric_limits<Position>::max());
  for (const OverlaySet& one : overlay) collect(works, *one.set, one.came_in);
  JudgedRecords out;
  for (const auto& [key, works_of_record] : works) {
    JudgedRecord record = judge_record(schema.find(key.first), works_of_record);
    // Section 6.6: a void may leave nothing of what it was built on.
    if (!record.fields.empty() || !record.deletes.empty()) out[key] = std::move(record);
  }
  return out;
}

/// Section 9.5, byte by byte.
Hash record_hash(const JudgedRecord& record) {
  Writer out;
  out.sized(record.id);
  out.varint(record.register_number);
  out.varint(record.deletes.size());
  for (const JudgedDelete& one : record.deletes) {
    write_dot(out, one.dot);
    out.varint(one.listed.size());
    for (const Dot& dot : one.listed) write_dot(out, dot);
  }
  out.varint(record.fields.size());
  for (const auto& [address, field] : record.fields) {
    out.varint(address.field);
    out.sized(address.key);
    out.varint(field.heads.size());
    for (const JudgedHead& head : field.heads) {
      write_dot(out, head.dot);
      head.value.encode(out);
    }
  }
  return crypto::hash("wasl.1/record", out.bytes());
}

/// Section 8, state digest: 4,096 buckets by the first 12 bits of the id's hash, three levels above.
Hash digest(const JudgedRecords& records) {
  std::array<std::vector<Hash>, 4096> members;
  for (const auto& [key, record] : records) {
    const Hash place = crypto::hash("wasl.1/record-id", view(record.id));
    const unsigned bucket = static_cast<unsigned>(place.bytes[0]) << 4 | place.bytes[1] >> 4;
    members[bucket].push_back(record_hash(record));
  }
  std::vector<Hash> nodes;
  for (std::vector<Hash>& bucket : members) {
    std::sort(bucket.begin(), bucket.end());
    Writer hashes;
    for (const Hash& hash : bucket) hashes.fixed(hash);
    nodes.push_back(bucket.empty() ? Hash{} : crypto::hash("wasl.1/bucket", hashes.bytes()));
  }
  for (const std::string_view tag : {"wasl.1/digest/1", "wasl.1/digest/2", "wasl.1/digest/3"})
    nodes = level_above(tag, nodes);
  return nodes.front();
}

std::vector<JudgedConflict> conflicts(const JudgedRecords& records) {
  std::vector<JudgedConflict> out;
  for (const auto& [key, record] : records) {
    for (const auto& [address, field] : record.fields) {
      if (record.alive && field.conflict && field.described != nullptr)
        out.push_back({record.register_number, record.id, address});
    }
  }
  return out;
}

}  // namespace wasl::sim
