#include "shared/wire/streams.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <utility>

#include "shared/base/limits.hpp"
#include "shared/model/ids.hpp"

namespace wasl {
namespace {

/// zstd's own levels of this strength hold three to ten times the memory, for a window that is not used here.
struct Strength {
  ZSTD_strategy strategy;
  int hash_log, chain_log, search_log, least_match, target_length;
};
constexpr Strength kUsual{ZSTD_lazy2, 18, 18, 6, 4, 16};     // 2.9 MB, 30 MB/s
constexpr Strength kThinLine{ZSTD_btopt, 18, 19, 5, 4, 32};  // 4.6 MB, 4 MB/s
// One part on a thin line may take a tenth of a second, in which whoever shares the thread waits.
constexpr long kThinAtOnce = 4;

}  // namespace

std::string_view stream_class(std::string_view space) {
  return is_private_space(space) ? space : std::string_view();
}

void StreamSender::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void StreamReceiver::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

bool StreamSender::is_open_for(std::string_view space) const {
  return encoder_ != nullptr && class_ == stream_class(space);
}

bool StreamSender::open(std::string_view space) {
  end();
  place_ = room_ == nullptr ? nullptr : room_->take();
  if (place_ == nullptr) return false;
  encoder_.reset(ZSTD_createCCtx());
  WASL_ASSERT(encoder_ != nullptr);
  const bool has_time = effort_ == Effort::thin_line && room_->open() <= kThinAtOnce;
  const Strength& strength = has_time ? kThinLine : kUsual;
  for (const auto& [parameter, value] :
       {std::pair(ZSTD_c_windowLog, limits::kStreamWindowLog),
        std::pair(ZSTD_c_strategy, static_cast<int>(strength.strategy)),
        std::pair(ZSTD_c_hashLog, strength.hash_log), std::pair(ZSTD_c_chainLog, strength.chain_log),
        std::pair(ZSTD_c_searchLog, strength.search_log), std::pair(ZSTD_c_minMatch, strength.least_match),
        std::pair(ZSTD_c_targetLength, strength.target_length)})
    ZSTD_CCtx_setParameter(encoder_.get(), parameter, value);
  class_ = stream_class(space);
  is_fresh_ = true;
  return true;
}

StreamSender::Part StreamSender::pack(ByteView raw) {
  WASL_ASSERT(encoder_ != nullptr);
  Part out{Bytes(ZSTD_compressBound(raw.size())), std::exchange(is_fresh_, false)};
  ZSTD_inBuffer in{raw.data(), raw.size(), 0};
  std::size_t at = 0;
  std::size_t left = 0;
  do {  // flushed, so that the other end has all of it
    if (at == out.bytes.size()) out.bytes.resize(2 * out.bytes.size());
    ZSTD_outBuffer to{out.bytes.data(), out.bytes.size(), at};
    left = ZSTD_compressStream2(encoder_.get(), &to, &in, ZSTD_e_flush);
    WASL_ASSERT(!ZSTD_isError(left));
    at = to.pos;
  } while (left != 0);
  out.bytes.resize(at);
  return out;
}

void StreamSender::end() {
  encoder_.reset();
  place_.reset();
}

Status StreamReceiver::begin(std::string_view space) {
  end();
  place_ = room_ == nullptr ? nullptr : room_->take();
  if (place_ == nullptr) {
    return fail(Errc::later, "no more streams can be unpacked at once", "send frames that stand alone");
  }
  decoder_.reset(ZSTD_createDCtx());
  WASL_ASSERT(decoder_ != nullptr);
  // Looked at in the stream's first bytes, before anything is allocated for it.
  ZSTD_DCtx_setParameter(decoder_.get(), ZSTD_d_windowLogMax, limits::kStreamWindowLog);
  class_ = stream_class(space);
  return {};
}

Result<Bytes> StreamReceiver::unpack(std::string_view space, bool is_first, ByteView part,
                                     std::uint64_t size) {
  if (size > limits::kFrameRoomBytes)
    return fail(Errc::limit_exceeded, "a part of a stream claims to be larger than allowed");
  if (is_first) WASL_TRY(begin(space));
  if (decoder_ == nullptr || class_ != stream_class(space))
    return fail(Errc::malformed, "a part of a stream that nobody has begun");
  // One byte more: what is longer than it says must show.
  Bytes out(static_cast<std::size_t>(size) + 1);
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_inBuffer in{part.data(), part.size(), 0};
  std::size_t before = 0;
  do {
    before = in.pos + to.pos;
    const std::size_t hint = ZSTD_decompressStream(decoder_.get(), &to, &in);
    if (ZSTD_isError(hint) && ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge)
      return fail(Errc::limit_exceeded, "a stream asks for a larger window than allowed");
    // A stream has no end of its own: 0 says that somebody wrote one.
    if (ZSTD_isError(hint) || hint == 0) return fail(Errc::malformed, "a part of a stream is damaged");
  } while (in.pos + to.pos > before);
  if (in.pos != in.size || to.pos != size)
    return fail(Errc::malformed, "a part of a stream is not as long as it says");
  out.pop_back();
  return out;
}

void StreamReceiver::end() {
  decoder_.reset();
  place_.reset();
}

}  // namespace wasl
