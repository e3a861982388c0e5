#pragma once

#include "mol_edge/isa.h"

#include "sampling_grid.h"

#include <cstddef>
#include <cstdint>

namespace mol_edge {

/// The four luma taps of each sample of a crop row as two pairs, from the lowest byte on. A pair is
/// either a row of taps (left, right) or a column (upper, lower).
struct LumaTaps {
    alignas(64) Row<std::uint32_t> pairs;
};

/// The colour taps of each sample of a crop row. From the lowest byte on: the three channels of the
/// left tap, the three of the right one, and two bytes to ignore.
struct ColorTaps {
    alignas(64) Row<std::uint64_t> upper;
    alignas(64) Row<std::uint64_t> lower;
};

/// What is done to an interpolated luma: v * gain + bias.
struct Affine {
    float gain;
    float bias;
};

/// Luma weights of the first, second and third byte of a colour pixel, times 2^15; their sum is
/// 2^15, so that white is exactly 255.
struct LumaWeights {
    std::int32_t first;
    std::int32_t second;
    std::int32_t third;
};
inline constexpr float kLumaWeightUnit = 1.0F / 32768;
inline constexpr LumaWeights kBgrWeights{3735, 19235, 9798};
inline constexpr LumaWeights kRgbWeights{9798, 19235, 3735};

/// The arithmetic of one crop row, compiled for one instruction set.
struct RowKernels {
    void (*locate)(const SamplingGrid& grid, const RowStart& start, RowSamples& samples);
    /// `inner` is the share of the second tap of a pair, `outer` that of the second pair.
    void (*blend_luma)(const LumaTaps& taps, const Row<float>& inner, const Row<float>& outer,
                       Affine affine, float* __restrict out);
    void (*blend_color)(const ColorTaps& taps, const RowSamples& samples, LumaWeights weights,
                        Affine affine, float* __restrict out);
    /// Keeps luma bytes within 16 and 235.
    void (*clamp_limited)(LumaTaps& taps);
    void (*round)(const float* __restrict luma, std::uint8_t* __restrict out);
    /// Luma of `count` colour pixels, rounded.
    void (*mix_colors)(const std::uint8_t* __restrict pixels, std::size_t count,
                       LumaWeights weights, std::uint8_t* __restrict out);
};

const RowKernels& portable_row_kernels();
const RowKernels& row_kernels(Isa isa);

}  // namespace mol_edge
