#pragma once

#include "byte_kernels.h"
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
    for (int x = 0; x < row.pixels; ++x) {
        const float* const from = row.from + x * row.pixel_step;
        std::uint8_t* const to = row.to + static_cast<std::ptrdiff_t>(x) * row.channels;
        for (int c = 0; c < row.channels; c += 8) {
            const __m256i values = quantized(from + c, row.factors + c, zero);
            const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(values),
                                                  _mm256_extracti128_si256(values, 1));
            _mm_storel_epi64(reinterpret_cast<__m128i*>(to + c), _mm_packus_epi16(words, words));
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
