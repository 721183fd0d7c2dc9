// JsonBlocks: what of 64 bytes of JSON is structure and what is string, one bit per byte. The
// technique is that of simdjson's first stage (Langdale, Lemire: Parsing Gigabytes of JSON per
// Second, VLDB Journal 2019). Private to JsonScan. Pure but for the state carried between blocks.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace stowage::kubeapi {

class JsonBlocks {
 public:
  static constexpr std::size_t kSize = 64;

  // Brackets outside strings.
  struct Brackets {
    std::uint64_t opening = 0;
    std::uint64_t closing = 0;
  };

  // The next block; `data` has 64 readable bytes. Blocks come in order from outside any string.
  Brackets next(const char* data) {
    const Raw raw = classify(data);
    const std::uint64_t quotes = raw.quotes & ~escaped(raw.backslashes);
    const std::uint64_t in_string = prefixXor(quotes) ^ in_string_;
    in_string_ = std::uint64_t{0} - (in_string >> 63);
    return {raw.opening & ~in_string, raw.closing & ~in_string};
  }

 private:
  struct Raw {
    std::uint64_t quotes = 0;
    std::uint64_t backslashes = 0;
    std::uint64_t opening = 0;
    std::uint64_t closing = 0;
  };

  // [ and { differ in one bit, as do ] and }.
  static constexpr char kCaseBit = 0x20;

#if defined(__SSE2__)
  static Raw classify(const char* data) {
    Raw raw;
    for (std::size_t i = 0; i < kSize; i += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + i));
      const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(kCaseBit));
      raw.quotes |= bits(bytes, '"') << i;
      raw.backslashes |= bits(bytes, '\\') << i;
      raw.opening |= bits(folded, '{') << i;
      raw.closing |= bits(folded, '}') << i;
    }
    return raw;
  }
  static std::uint64_t bits(__m128i bytes, char c) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
  }
#else
  static Raw classify(const char* data) {
    Raw raw;
    for (std::size_t i = 0; i < kSize; ++i) {
      const char folded = static_cast<char>(data[i] | kCaseBit);
      raw.quotes |= std::uint64_t{data[i] == '"'} << i;
      raw.backslashes |= std::uint64_t{data[i] == '\\'} << i;
      raw.opening |= std::uint64_t{folded == '{'} << i;
      raw.closing |= std::uint64_t{folded == '}'} << i;
    }
    return raw;
  }
#endif

  // Bytes that a backslash stands before, unless that one is escaped itself.
  std::uint64_t escaped(std::uint64_t backslashes) {
    std::uint64_t result = first_escaped_;
    first_escaped_ = 0;
    for (std::uint64_t rest = backslashes & ~result; rest != 0;) {
      const int at = std::countr_zero(rest);
      if (at == 63) {
        first_escaped_ = 1;
        break;
      }
      result |= std::uint64_t{2} << at;
      rest &= ~(std::uint64_t{3} << at);
    }
    return result;
  }

  // Bit i is the parity of bits 0..i: set from an opening quote up to before the closing one.
  static std::uint64_t prefixXor(std::uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }

  std::uint64_t in_string_ = 0;      // all ones inside a string
  std::uint64_t first_escaped_ = 0;  // 1 when the next block's first byte is escaped
};

}  // namespace stowage::kubeapi
