#include "shared/snapshot/pieces.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/ledger/digest.hpp"

namespace wasl::snapshot {
namespace {

// A piece ends behind a record whose id's hash ends in so many zero bits: 128 records on the average, some
// 15 KiB on a link. Smaller ones compress worse, larger ones are lost with a cut.
constexpr Byte kCutMask = 0x7f;
constexpr std::size_t kSourceBytes = Author::kSize + ChainId::kSize;

/// Chains by their place in a piece's list.
class PieceSources final : public SourceNumbers {
 public:
  explicit PieceSources(std::vector<Source> list) : list_(std::move(list)) {}
  std::uint64_t number_of(const Source& source) override {
    return static_cast<std::uint64_t>(std::lower_bound(list_.begin(), list_.end(), source) - list_.begin());
  }
  const Source& source_of(std::uint64_t number) override {
    if (number < list_.size()) return list_[static_cast<std::size_t>(number)];
    unknown_ = true;
    return none_;
  }
  [[nodiscard]] bool all_known() const { return !unknown_; }

 private:
  std::vector<Source> list_;
  Source none_{};
  bool unknown_ = false;
};

/// Numbers them as they come: enough to know how long a record is.
class GrowingSources final : public SourceNumbers {
 public:
  explicit GrowingSources(std::map<Source, std::uint64_t>& numbers) : numbers_(numbers) {}
  std::uint64_t number_of(const Source& source) override {
    return numbers_.try_emplace(source, numbers_.size()).first->second;
  }
  const Source& source_of(std::uint64_t) override { return none_; }

 private:
  std::map<Source, std::uint64_t>& numbers_;
  Source none_{};
};

tl::unexpected<Error> bad_piece() {
  return fail(Errc::malformed, "a piece of a snapshot does not follow the format");
}

}  // namespace

Hash piece_name(ByteView raw) { return crypto::hash("wasl.1/snapshot-piece", raw); }

Status Cutter::add(std::string_view id, RecordState state) {
  const auto size = [&] {
    const std::size_t before = sources_.size();
    GrowingSources sources(sources_);
    Writer out;
    out.sized(id);
    encode_state(out, state, sources);
    return out.size() + (sources_.size() - before) * kSourceBytes;
  };
  std::size_t bytes = size();
  if (!records_.empty() && bytes_ + bytes > kPieceBytes) {
    WASL_TRY(cut());
    bytes = size();
  }
  if (bytes > kRecordBytes) {
    return fail(Errc::limit_exceeded, "the record " + std::string(id) +
                                          " is larger than a snapshot can hold (" + std::to_string(bytes) +
                                          " bytes)");
  }
  bytes_ += bytes;
  const Hash hash = ledger::id_hash(id);
  records_.emplace_back(id, std::move(state));
  return (hash.bytes.back() & kCutMask) == 0 ? cut() : Status();
}

Status Cutter::finish() { return records_.empty() ? Status() : cut(); }

Status Cutter::cut() {
  std::vector<Source> list;
  for (const auto& [source, number] : sources_) list.push_back(source);
  Writer out;
  out.varint(list.size());
  for (const Source& source : list) encode_source(out, source);
  PieceSources sources(std::move(list));
  out.varint(records_.size());
  for (const auto& [id, state] : records_) {
    out.sized(id);
    encode_state(out, state, sources);
  }
  records_.clear();
  sources_.clear();
  bytes_ = 0;
  return piece_(out.take());
}

Result<Records> decode_piece(ByteView raw) {
  Reader in(raw);
  std::vector<Source> list;
  const auto count = in.count(in.left() / kSourceBytes);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    list.push_back(decode_source(in));
    if (i > 0 && !(list[i - 1] < list[i])) in.fail();
  }
  PieceSources sources(std::move(list));
  Records records;
  const auto size = in.count(in.left());
  if (size == 0) in.fail();
  for (std::uint64_t i = 0; i < size && in.ok(); ++i) {
    std::string id = in.text(limits::kIdBytes);
    auto state = decode_state(in, sources);
    if (!state || !state->exists() || id.empty() || (i > 0 && !(records.back().first < id)))
      return bad_piece();
    records.emplace_back(std::move(id), *std::move(state));
  }
  if (!in.finished() || !sources.all_known()) return bad_piece();
  return records;
}

std::vector<PersonalValue> personal_values(const RecordState& state) {
  std::vector<PersonalValue> out;
  for (const auto& [address, heads] : state.heads) {
    for (const Head& head : heads) {
      if (head.value.type != ValueType::commitment) continue;
      if (const auto commitment = Hash::from(head.value.data))
        out.push_back({address.field, head.dot, *commitment});
    }
  }
  return out;
}

}  // namespace wasl::snapshot
