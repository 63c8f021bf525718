#include "shared/wire/compression.hpp"

#include <zstd.h>

#include <memory>

namespace wasl {
namespace {

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

Bytes compress(ByteView raw, int level) {
  // A context a call: idle processes must not hold the megabytes of an encoder.
  const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  WASL_ASSERT(context != nullptr);
  Bytes out(ZSTD_compressBound(raw.size()));
  // Four bytes a frame: a flipped bit that would decompress to the same content is still seen.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), raw.data(), raw.size());
  WASL_ASSERT(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

Result<Bytes> decompress(ByteView packed, std::size_t most) {
  const auto claimed = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN) {
    return fail(Errc::malformed, "compressed bytes do not follow the format");
  }
  if (claimed > most) return fail(Errc::limit_exceeded, "compressed bytes claim to be larger than allowed");
  Bytes out(static_cast<std::size_t>(claimed));
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) || size != out.size()) {
    return fail(Errc::malformed, "compressed bytes are damaged");
  }
  return out;
}

}  // namespace wasl
