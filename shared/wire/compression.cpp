#include "shared/wire/compression.hpp"

#include <zstd.h>

#include <memory>

namespace wasl {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A new context asks the processor for its abilities, which takes a virtual machine tens of microseconds,
// more than a small frame itself. So a thread keeps its contexts.
constexpr std::size_t kKept = 1 << 20;  // an idle process must not hold the megabytes of an encoder
thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> encoder;
thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> decoder;  // 100 KB

}  // namespace

Bytes compress(ByteView raw, int level) {
  if (encoder == nullptr) encoder.reset(ZSTD_createCCtx());
  WASL_ASSERT(encoder != nullptr);
  Bytes out(ZSTD_compressBound(raw.size()));
  ZSTD_CCtx_reset(encoder.get(), ZSTD_reset_session_and_parameters);
  // Four bytes a frame: a flipped bit that would decompress to the same content is still seen.
  ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_compressionLevel, level);
  const std::size_t size = ZSTD_compress2(encoder.get(), out.data(), out.size(), raw.data(), raw.size());
  WASL_ASSERT(!ZSTD_isError(size));
  if (ZSTD_sizeof_CCtx(encoder.get()) > kKept) encoder.reset();
  out.resize(size);
  return out;
}

Result<Bytes> decompress(ByteView packed, std::size_t most) {
  const auto claimed = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN) {
    return fail(Errc::malformed, "compressed bytes do not follow the format");
  }
  if (claimed > most) return fail(Errc::limit_exceeded, "compressed bytes claim to be larger than allowed");
  if (decoder == nullptr) decoder.reset(ZSTD_createDCtx());
  WASL_ASSERT(decoder != nullptr);
  Bytes out(static_cast<std::size_t>(claimed));
  const std::size_t size =
      ZSTD_decompressDCtx(decoder.get(), out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) || size != out.size()) {
    return fail(Errc::malformed, "compressed bytes are damaged");
  }
  return out;
}

}  // namespace wasl
