#include "shared/wire/compression.hpp"

#include <zstd.h>

#include <array>
#include <memory>

#include "shared/wire/dictionaries.hpp"

namespace wasl {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};

// A new context asks the processor for its abilities, which takes a virtual machine tens of microseconds,
// more than a small frame itself. So a thread keeps its contexts.
constexpr std::size_t kKept = 1 << 20;  // an idle process must not hold the megabytes of an encoder
thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> encoder;
thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> decoder;  // 100 KB

constexpr std::array<Byte, 4> kMagic{0x28, 0xB5, 0x2F, 0xFD};

/// Made ready when first used, for a process that has no live link.
struct Prepared {
  std::unique_ptr<ZSTD_CDict, FreeContext> packing;
  std::unique_ptr<ZSTD_DDict, FreeContext> unpacking;
};

const Prepared& prepared(Byte version) {
  static const std::array<Prepared, kNewestDictionary> all = [] {
    std::array<Prepared, kNewestDictionary> made;
    for (Byte i = 0; i < kNewestDictionary; ++i) {
      const ByteView bytes = dictionary(static_cast<Byte>(i + 1));
      made[i].packing.reset(ZSTD_createCDict(bytes.data(), bytes.size(), kWireLevel));
      made[i].unpacking.reset(ZSTD_createDDict(bytes.data(), bytes.size()));
      WASL_ASSERT(made[i].packing != nullptr && made[i].unpacking != nullptr);
    }
    return made;
  }();
  return all.at(static_cast<std::size_t>(version - 1));
}

ZSTD_CCtx* fresh_encoder() {
  if (encoder == nullptr) encoder.reset(ZSTD_createCCtx());
  WASL_ASSERT(encoder != nullptr);
  ZSTD_CCtx_reset(encoder.get(), ZSTD_reset_session_and_parameters);
  return encoder.get();
}

Bytes packed_by(ZSTD_CCtx* context, ByteView raw) {
  Bytes out(ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compress2(context, out.data(), out.size(), raw.data(), raw.size());
  WASL_ASSERT(!ZSTD_isError(size));
  if (ZSTD_sizeof_CCtx(context) > kKept) encoder.reset();
  out.resize(size);
  return out;
}

/// @param dictionary null: none.
Result<Bytes> unpacked(ByteView packed, std::size_t most, const ZSTD_DDict* dictionary) {
  const auto claimed = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN) {
    return fail(Errc::malformed, "compressed bytes do not follow the format");
  }
  if (claimed > most) return fail(Errc::limit_exceeded, "compressed bytes claim to be larger than allowed");
  if (decoder == nullptr) decoder.reset(ZSTD_createDCtx());
  WASL_ASSERT(decoder != nullptr);
  Bytes out(static_cast<std::size_t>(claimed));
  const std::size_t size = ZSTD_decompress_usingDDict(decoder.get(), out.data(), out.size(), packed.data(),
                                                      packed.size(), dictionary);
  if (ZSTD_isError(size) || size != out.size()) {
    return fail(Errc::malformed, "compressed bytes are damaged");
  }
  return out;
}

}  // namespace

Bytes compress(ByteView raw, int level) {
  ZSTD_CCtx* const context = fresh_encoder();
  // Four bytes a frame: a flipped bit that would decompress to the same content is still seen.
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  return packed_by(context, raw);
}

Result<Bytes> decompress(ByteView packed, std::size_t most) { return unpacked(packed, most, nullptr); }

Bytes compress_with_dictionary(Byte version, ByteView raw) {
  ZSTD_CCtx* const context = fresh_encoder();
  ZSTD_CCtx_refCDict(context, prepared(version).packing.get());
  Bytes out = packed_by(context, raw);
  out.erase(out.begin(), out.begin() + kMagic.size());
  return out;
}

Result<Bytes> decompress_with_dictionary(ByteView packed, std::size_t most) {
  Bytes whole(kMagic.begin(), kMagic.end());
  append(whole, packed);
  const unsigned version = ZSTD_getDictID_fromFrame(whole.data(), whole.size());
  if (version == 0) return fail(Errc::malformed, "compressed bytes name no dictionary");
  if (version > kNewestDictionary)
    return fail(Errc::unsupported, "a frame needs a dictionary that this version does not have",
                "update the program");
  return unpacked(whole, most, prepared(static_cast<Byte>(version)).unpacking.get());
}

}  // namespace wasl
