#pragma once

#include "row_kernels.h"

#include <cstddef>
#include <cstdint>

/// The row kernels in plain C++ that compilers vectorise. They are inlined into functions with a
/// target of their own, and so compiled once per instruction set.
#define MOL_EDGE_INLINE [[gnu::always_inline]] inline

namespace mol_edge::generic {

MOL_EDGE_INLINE float lerp(float from, float to, float share) {
    return from + share * (to - from);
}

MOL_EDGE_INLINE float byte_of(std::uint32_t word, int index) {
    return static_cast<float>(static_cast<std::int32_t>((word >> (8 * index)) & 255U));
}

MOL_EDGE_INLINE void locate(const SamplingGrid& grid, const RowStart& start, RowSamples& samples) {
    const ColumnSteps& columns = grid.columns();
    const std::uint32_t pixel_step = grid.pixel_step();
    const std::uint32_t row_step = grid.row_step();
    const RowStart from = start;
    for (std::size_t i = 0; i < kCropSize; ++i) {
        const float x = columns.x_fraction[i] + from.x_fraction;
        const float y = columns.y_fraction[i] + from.y_fraction;
        const auto carry_x = static_cast<std::int32_t>(x);
        const auto carry_y = static_cast<std::int32_t>(y);
        samples.right[i] = x - static_cast<float>(carry_x);
        samples.lower[i] = y - static_cast<float>(carry_y);
        // A carry is 0 or 1: its negative masks the step.
        const std::uint32_t carried = (static_cast<std::uint32_t>(-carry_x) & pixel_step) +
                                      (static_cast<std::uint32_t>(-carry_y) & row_step);
        samples.offset[i] = static_cast<std::int32_t>(columns.offset[i] + from.offset + carried);
    }
}

MOL_EDGE_INLINE void blend_luma(const LumaTaps& taps, const Row<float>& inner,
                                const Row<float>& outer, Affine affine, float* __restrict out) {
    for (std::size_t i = 0; i < kCropSize; ++i) {
        const std::uint32_t word = taps.pairs[i];
        const float first = lerp(byte_of(word, 0), byte_of(word, 1), inner[i]);
        const float second = lerp(byte_of(word, 2), byte_of(word, 3), inner[i]);
        out[i] = lerp(first, second, outer[i]) * affine.gain + affine.bias;
    }
}

struct FloatWeights {
    float first, second, third;
};

MOL_EDGE_INLINE float color_row(std::uint64_t taps, float right, FloatWeights weights) {
    const auto low = static_cast<std::uint32_t>(taps);
    const auto high = static_cast<std::uint32_t>(taps >> 32);
    const float left_luma = weights.first * byte_of(low, 0) + weights.second * byte_of(low, 1) +
                            weights.third * byte_of(low, 2);
    const float right_luma = weights.first * byte_of(low, 3) + weights.second * byte_of(high, 0) +
                             weights.third * byte_of(high, 1);
    return lerp(left_luma, right_luma, right);
}

MOL_EDGE_INLINE void blend_color(const ColorTaps& taps, const RowSamples& samples,
                                 LumaWeights weights, Affine affine, float* __restrict out) {
    const FloatWeights scaled{static_cast<float>(weights.first) * kLumaWeightUnit,
                              static_cast<float>(weights.second) * kLumaWeightUnit,
                              static_cast<float>(weights.third) * kLumaWeightUnit};
    for (std::size_t i = 0; i < kCropSize; ++i) {
        const float upper = color_row(taps.upper[i], samples.right[i], scaled);
        const float lower = color_row(taps.lower[i], samples.right[i], scaled);
        out[i] = lerp(upper, lower, samples.lower[i]) * affine.gain + affine.bias;
    }
}

MOL_EDGE_INLINE void clamp_limited(LumaTaps& taps) {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(taps.pairs.data());
    for (std::size_t i = 0; i < 4 * kCropSize; ++i) {
        const std::uint8_t raised = bytes[i] < 16 ? std::uint8_t{16} : bytes[i];
        bytes[i] = raised > 235 ? std::uint8_t{235} : raised;
    }
}

MOL_EDGE_INLINE void round(const float* __restrict luma, std::uint8_t* __restrict out) {
    for (std::size_t i = 0; i < kCropSize; ++i) {
        out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(luma[i] + 0.5F));
    }
}

MOL_EDGE_INLINE void mix_colors(const std::uint8_t* __restrict pixels, std::size_t count,
                                LumaWeights weights, std::uint8_t* __restrict out) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* const pixel = pixels + 3 * i;
        const std::int32_t sum =
            weights.first * pixel[0] + weights.second * pixel[1] + weights.third * pixel[2];
        out[i] = static_cast<std::uint8_t>((sum + (1 << 14)) >> 15);
    }
}

}  // namespace mol_edge::generic
