#include "row_kernels_avx2.h"

#if defined(__x86_64__)

#include "row_kernels_generic.h"

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#define MOL_EDGE_AVX2 __attribute__((target("avx2,fma")))

namespace mol_edge {
namespace {

MOL_EDGE_AVX2 void locate(const SamplingGrid& grid, const RowStart& start, RowSamples& samples) {
    generic::locate(grid, start, samples);
}

MOL_EDGE_AVX2 void blend_luma(const LumaTaps& taps, const Row<float>& inner,
                              const Row<float>& outer, Affine affine, float* __restrict out) {
    generic::blend_luma(taps, inner, outer, affine, out);
}

MOL_EDGE_AVX2 void clamp_limited(LumaTaps& taps) {
    generic::clamp_limited(taps);
}

MOL_EDGE_AVX2 void round(const float* __restrict luma, std::uint8_t* __restrict out) {
    generic::round(luma, out);
}

/// Weights of 15 bits as 256 * high + low, both of which fit the signed bytes of vpmaddubsw; the
/// bytes of a pixel's three channels lie in one word.
struct SplitWeights {
    std::int32_t high;
    std::int32_t low;
};

SplitWeights split_weights(LumaWeights weights) {
    const auto high = [](std::int32_t weight) { return (weight + 128) >> 8; };
    const auto low = [&](std::int32_t weight) { return weight - 256 * high(weight); };
    const auto pack = [](std::int32_t first, std::int32_t second, std::int32_t third) {
        return (first & 255) | (second & 255) << 8 | (third & 255) << 16;
    };
    return {pack(high(weights.first), high(weights.second), high(weights.third)),
            pack(low(weights.first), low(weights.second), low(weights.third))};
}

/// Two times two colour samples: lumas of the left and right tap of each, times 2^15.
MOL_EDGE_AVX2 inline __m256 tap_lumas(const std::uint64_t* taps, SplitWeights weights) {
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 8, 9, 10, -1, 11, 12, 13, -1,
                                            0, 1, 2, -1, 3, 4, 5, -1, 8, 9, 10, -1, 11, 12, 13, -1);
    const __m256i pairs = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(taps))),
        _mm_load_si128(reinterpret_cast<const __m128i*>(taps + 4)), 1);
    const __m256i pixels = _mm256_shuffle_epi8(pairs, spread);
    const __m256i high = _mm256_madd_epi16(
        _mm256_maddubs_epi16(pixels, _mm256_set1_epi32(weights.high)), _mm256_set1_epi16(256));
    const __m256i low = _mm256_madd_epi16(
        _mm256_maddubs_epi16(pixels, _mm256_set1_epi32(weights.low)), _mm256_set1_epi16(1));
    return _mm256_cvtepi32_ps(_mm256_add_epi32(high, low));
}

MOL_EDGE_AVX2 inline __m256 lerp(__m256 from, __m256 to, __m256 share) {
    return _mm256_fmadd_ps(share, _mm256_sub_ps(to, from), from);
}

MOL_EDGE_AVX2 void blend_color(const ColorTaps& taps, const RowSamples& samples,
                               LumaWeights weights, Affine affine, float* __restrict out) {
    const SplitWeights split = split_weights(weights);
    const __m256 gain = _mm256_set1_ps(affine.gain * kLumaWeightUnit);
    const __m256 bias = _mm256_set1_ps(affine.bias);
    for (std::size_t i = 0; i < kCropSize; i += 8) {
        const std::uint64_t* const upper = taps.upper.data() + i;
        const std::uint64_t* const lower = taps.lower.data() + i;
        // Samples 0 1 4 5 and 2 3 6 7, which the in-lane shuffles below bring into order.
        const __m256 share = _mm256_load_ps(samples.lower.data() + i);
        const __m256 outer = lerp(tap_lumas(upper, split), tap_lumas(lower, split),
                                  _mm256_unpacklo_ps(share, share));
        const __m256 inner = lerp(tap_lumas(upper + 2, split), tap_lumas(lower + 2, split),
                                  _mm256_unpackhi_ps(share, share));
        const __m256 left = _mm256_shuffle_ps(outer, inner, 0x88);
        const __m256 right = _mm256_shuffle_ps(outer, inner, 0xDD);
        const __m256 luma = lerp(left, right, _mm256_load_ps(samples.right.data() + i));
        _mm256_storeu_ps(out + i, _mm256_fmadd_ps(luma, gain, bias));
    }
}

/// Eight colour pixels as lumas times 2^15. Reads four bytes beyond them.
MOL_EDGE_AVX2 inline __m256i pixel_lumas(const std::uint8_t* pixels, SplitWeights weights) {
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 0,
                                            1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    const __m256i fours = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 12)), 1);
    const __m256i each = _mm256_shuffle_epi8(fours, spread);
    const __m256i high = _mm256_madd_epi16(
        _mm256_maddubs_epi16(each, _mm256_set1_epi32(weights.high)), _mm256_set1_epi16(256));
    const __m256i low = _mm256_madd_epi16(
        _mm256_maddubs_epi16(each, _mm256_set1_epi32(weights.low)), _mm256_set1_epi16(1));
    return _mm256_add_epi32(high, low);
}

MOL_EDGE_AVX2 void mix_colors(const std::uint8_t* __restrict pixels, std::size_t count,
                              LumaWeights weights, std::uint8_t* __restrict out) {
    // Two pixels more than eight hold the bytes that are read beyond them.
    constexpr std::size_t kRead = 10;
    const SplitWeights split = split_weights(weights);
    const __m256i half = _mm256_set1_epi32(1 << 14);
    std::size_t i = 0;
    for (; i + kRead <= count; i += 8) {
        const __m256i sums = _mm256_add_epi32(pixel_lumas(pixels + 3 * i, split), half);
        const __m256i levels = _mm256_srli_epi32(sums, 15);
        const __m256i words = _mm256_packus_epi32(levels, levels);
        const __m256i bytes = _mm256_packus_epi16(words, words);
        _mm_storeu_si32(out + i, _mm256_castsi256_si128(bytes));
        _mm_storeu_si32(out + i + 4, _mm256_extracti128_si256(bytes, 1));
    }
    generic::mix_colors(pixels + 3 * i, count - i, weights, out + i);
}

constexpr RowKernels kAvx2Kernels{locate,        blend_luma, blend_color,
                                  clamp_limited, round,      mix_colors};

}  // namespace

const RowKernels& avx2_row_kernels() {
    return kAvx2Kernels;
}

}  // namespace mol_edge

#endif
