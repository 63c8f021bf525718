#include "client/replica/erased_evidence.hpp"

#include <algorithm>

#include "shared/base/packed.hpp"
#include "shared/model/change_set.hpp"

namespace wasl {

std::set<Hash> erased_commitments(const AuthorityState& authority, Millis hub_time) {
  std::set<Hash> out;
  for (const Erasure& erasure : authority.erasures()) {
    if (erasure.is_in_force(hub_time))
      out.insert(erasure.act.commitments.begin(), erasure.act.commitments.end());
  }
  return out;
}

bool blank_openings(Bytes& bytes, const std::set<Hash>& commitments) {
  bool any = false;
  for (const Hash& commitment : commitments) {
    for (auto at = bytes.begin();;) {
      at = std::search(at, bytes.end(), commitment.bytes.begin(), commitment.bytes.end());
      if (at == bytes.end()) break;
      // In a body it is a value itself: type and length stand before it.
      const bool in_body = at - bytes.begin() >= 2 && at[-2] == static_cast<Byte>(ValueType::commitment) &&
                           at[-1] == Hash::kSize;
      at += Hash::kSize;
      if (in_body) continue;
      const auto left = static_cast<std::size_t>(bytes.end() - at);
      Reader in(ByteView(bytes).last(left));
      static_cast<void>(in.fixed<Salt>());
      const Value value = Value::decode(in);
      if (!in.ok()) continue;
      const auto end = at + static_cast<std::ptrdiff_t>(in.position());
      std::fill(at, at + Salt::kSize, Byte{0});
      std::fill(end - static_cast<std::ptrdiff_t>(value.data.size()), end, Byte{0});
      any = true;
    }
  }
  return any;
}

}  // namespace wasl
