#include "shared/snapshot/ground.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"

namespace wasl::snapshot {
namespace {

constexpr std::size_t kFrontierBytes = 10 + 64 * Hash::kSize;
constexpr std::size_t kChainLeast = 32 + 8 + 1 + 32 + 1 + 1;  // bytes of a chain
constexpr std::size_t kStandInLeast = 1 + 32;

tl::unexpected<Error> bad_ground() {
  return fail(Errc::malformed, "the ground of a snapshot does not follow the format");
}

}  // namespace

bool Ground::has_entry(const Source& source, Sequence sequence) const {
  const auto end = ends.find(source);
  return end != ends.end() && sequence >= 1 && sequence <= end->second.last &&
         !stand_ins.contains({source, sequence});
}

Bytes encode(const Ground& ground) {
  Writer out;
  out.sized(ground.frontier.encode());
  out.varint(ground.authority);
  out.varint(static_cast<std::uint64_t>(ground.hub_time));
  out.varint(ground.ends.size());
  for (const auto& [source, end] : ground.ends) {
    encode_source(out, source);
    out.varint(end.last);
    out.fixed(end.name);
    out.varint(end.stamp.bits);
    const auto from = ground.stand_ins.lower_bound({source, 0});
    auto to = from;
    while (to != ground.stand_ins.end() && to->first.first == source) ++to;
    out.varint(static_cast<std::uint64_t>(std::distance(from, to)));
    for (auto it = from; it != to; ++it) {
      out.varint(it->first.second);
      out.fixed(it->second);
    }
  }
  return out.take();
}

Result<Ground> decode_ground(ByteView bytes, std::string_view space) {
  Reader in(bytes);
  Ground ground;
  auto frontier = ledger::Frontier::decode(in.sized(kFrontierBytes));
  if (!frontier || frontier->size() == 0) return bad_ground();
  ground.frontier = *std::move(frontier);
  ground.authority = in.count(limits::kNumberMost);
  ground.hub_time = static_cast<Millis>(in.count(limits::kNumberMost));
  const auto chains = in.count(in.left() / kChainLeast);
  for (std::uint64_t i = 0; i < chains && in.ok(); ++i) {
    const Source source = decode_source(in);
    if (!ground.ends.empty() && !(ground.ends.rbegin()->first < source)) in.fail();
    ChainEnd end;
    end.last = in.count(limits::kNumberMost);
    end.name = in.fixed<Hash>();
    end.space = space;
    end.stamp.bits = in.varint();
    if (end.last == 0) in.fail();
    Sequence before = 0;
    const auto stand_ins = in.count(in.left() / kStandInLeast);
    for (std::uint64_t n = 0; n < stand_ins && in.ok(); ++n) {
      const Sequence sequence = in.count(end.last);
      if (sequence <= before) in.fail();
      before = sequence;
      ground.stand_ins.emplace(std::pair(source, sequence), in.fixed<Hash>());
    }
    ground.ends.emplace(source, std::move(end));
  }
  if (!in.finished()) return bad_ground();
  return ground;
}

}  // namespace wasl::snapshot
