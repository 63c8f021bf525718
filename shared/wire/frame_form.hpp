#pragma once
// What every kind of frame has: one byte that says the kind, and a body.
#include <string>
#include <string_view>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/base/result.hpp"
#include "shared/model/ids.hpp"

namespace wasl {

template <class Kind>
Writer frame(Kind kind) {
  Writer out;
  out.byte(static_cast<Byte>(kind));
  return out;
}

inline Reader body_of(ByteView frame_bytes) {
  return Reader(frame_bytes.subspan(frame_bytes.empty() ? 0 : 1));
}

inline tl::unexpected<Error> bad_frame(std::string_view what) {
  return fail(Errc::malformed, "the peer sent a " + std::string(what) + " that does not follow the format");
}

/// Any space but `authority`, which has neither files nor snapshots.
inline std::string read_other_space(Reader& in) {
  std::string space = in.text(limits::kSpaceBytes);
  if (!is_space_name(space) || space == kAuthoritySpace) in.fail();
  return space;
}

}  // namespace wasl
