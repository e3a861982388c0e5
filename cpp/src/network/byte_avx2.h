#pragma once

#include "byte_kernels.h"
#include "byte_tile_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace mol_edge::network {
namespace {

/// May alias other types: what `auto` deduces from it may not.
using Bytes = __m256i;

/// Four inputs of a row for all columns.
MOL_EDGE_NETWORK_INLINE Bytes four_of(const std::uint8_t* from) {
    int four;
    std::memcpy(&four, from, sizeof four);
    return _mm256_set1_epi32(four);
}

/// Weights of `four` for the columns of a vector.
MOL_EDGE_NETWORK_INLINE Bytes weights_of(const std::int8_t* unit, int four, int vector) {
    return _mm256_loadu_si256(
        reinterpret_cast<const Bytes*>(unit + four * kBytePanel * 4 + vector * 32));
}

MOL_EDGE_NETWORK_INLINE __m256i quantized(const float* from, const float* factors, __m256 zero) {
    const __m256 value =
        _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(from), _mm256_loadu_ps(factors)), zero);
    // Of a maximum the second operand is taken where the first is no number.
    const __m256 kept = _mm256_min_ps(_mm256_max_ps(value, _mm256_setzero_ps()),
                                      _mm256_set1_ps(static_cast<float>(kMostByte)));
    return _mm256_cvtps_epi32(kept);
}

MOL_EDGE_NETWORK_TARGET void quantize(const ByteRow& row) {
    const __m256 zero = _mm256_set1_ps(row.zero);
    constexpr int lanes = 32;
    for (int x = 0; x < row.pixels; ++x) {
        const float* const from = row.from + x * row.pixel_step;
        std::uint8_t* const to = row.to + static_cast<std::ptrdiff_t>(x) * row.channels;
        int c = 0;
        for (; c + lanes <= row.channels; c += lanes) {
            __m256i words[2];
#pragma GCC unroll 2
            for (int half = 0; half < 2; ++half) {
                const int at = c + half * lanes / 2;
                words[half] =
                    _mm256_packs_epi32(quantized(from + at, row.factors + at, zero),
                                       quantized(from + at + 8, row.factors + at + 8, zero));
            }
            // Packing leaves fours of all in each half.
            const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
            const __m256i bytes = _mm256_packus_epi16(words[0], words[1]);
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + c),
                                _mm256_permutevar8x32_epi32(bytes, order));
        }
        for (; c < row.channels; c += 8) {
            const __m256i values = quantized(from + c, row.factors + c, zero);
            const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(values),
                                                  _mm256_extracti128_si256(values, 1));
            _mm_storel_epi64(reinterpret_cast<__m128i*>(to + c), _mm_packus_epi16(words, words));
        }
    }
}

/// Bytes from -128 on, to subtract which there is an instruction that cuts off, or back.
MOL_EDGE_NETWORK_INLINE Bytes about_zero(Bytes bytes) {
    return _mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(kNoDifference)));
}

MOL_EDGE_NETWORK_INLINE Bytes bytes_at(const std::uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const Bytes*>(from));
}

MOL_EDGE_NETWORK_INLINE void store_bytes(Bytes bytes, std::uint8_t* to) {
    _mm256_storeu_si256(reinterpret_cast<Bytes*>(to), bytes);
}

MOL_EDGE_NETWORK_INLINE Bytes words_at(const std::uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

/// Differences down of those across, of 16 values.
MOL_EDGE_NETWORK_INLINE Bytes both_ways(const std::uint8_t* from, std::ptrdiff_t step,
                                        std::ptrdiff_t row) {
    return _mm256_sub_epi16(_mm256_sub_epi16(words_at(from), words_at(from + step)),
                            _mm256_sub_epi16(words_at(from + row), words_at(from + row + step)));
}

MOL_EDGE_NETWORK_TARGET void differ(const ByteDifferences& line) {
    constexpr int lanes = 32;
    int i = 0;
    for (; i + lanes <= line.count; i += lanes) {
        const std::uint8_t* const from = line.from + i;
        const Bytes here = about_zero(bytes_at(from));
        const Bytes right = about_zero(bytes_at(from + line.step));
        const Bytes below = about_zero(bytes_at(from + line.row));
        store_bytes(about_zero(_mm256_subs_epi8(here, right)), line.across + i);
        store_bytes(about_zero(_mm256_subs_epi8(here, below)), line.down + i);
        const Bytes both = _mm256_packs_epi16(both_ways(from, line.step, line.row),
                                              both_ways(from + lanes / 2, line.step, line.row));
        // Packing leaves halves of both in each half.
        store_bytes(about_zero(_mm256_permute4x64_epi64(both, 0xD8)), line.both + i);
    }
    if (i < line.count) {
        differ<0>({line.from + i, line.step, line.row, line.count - i, line.across + i,
                   line.down + i, line.both + i});
    }
}

}  // namespace
}  // namespace mol_edge::network
