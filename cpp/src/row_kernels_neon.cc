#include "row_kernels_neon.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <cstddef>
#include <cstdint>

namespace mol_edge {
namespace {

/// Weights of the bytes that vld4 brings into one vector, in lanes that belong in turn to the left
/// and the right tap.
struct LaneWeights {
    uint16x4_t bytes_0_4;
    uint16x4_t bytes_1_5;
    uint16x4_t bytes_2_6;
    uint16x4_t bytes_7_3;
};

uint16x4_t in_turn(std::int32_t left, std::int32_t right) {
    const auto l = static_cast<std::uint16_t>(left);
    const auto r = static_cast<std::uint16_t>(right);
    const std::uint16_t lanes[4] = {l, r, l, r};
    return vld1_u16(lanes);
}

LaneWeights lane_weights(LumaWeights weights) {
    return {in_turn(weights.first, weights.second), in_turn(weights.second, weights.third),
            in_turn(weights.third, 0), in_turn(0, weights.first)};
}

/// Lumas of the left and right tap of two samples each, times 2^15.
struct TapLumas {
    float32x4_t first;
    float32x4_t second;
};

TapLumas tap_lumas(const std::uint64_t* taps, const LaneWeights& weights) {
    const uint8x8x4_t bytes = vld4_u8(reinterpret_cast<const std::uint8_t*>(taps));
    const uint16x8_t byte_0_4 = vmovl_u8(bytes.val[0]);
    const uint16x8_t byte_1_5 = vmovl_u8(bytes.val[1]);
    const uint16x8_t byte_2_6 = vmovl_u8(bytes.val[2]);
    // Byte 3 is of the right tap: it changes places with byte 7, which is of none.
    const uint16x8_t byte_7_3 = vmovl_u8(vrev16_u8(bytes.val[3]));
    uint32x4_t first = vmull_u16(vget_low_u16(byte_0_4), weights.bytes_0_4);
    first = vmlal_u16(first, vget_low_u16(byte_1_5), weights.bytes_1_5);
    first = vmlal_u16(first, vget_low_u16(byte_2_6), weights.bytes_2_6);
    first = vmlal_u16(first, vget_low_u16(byte_7_3), weights.bytes_7_3);
    uint32x4_t second = vmull_u16(vget_high_u16(byte_0_4), weights.bytes_0_4);
    second = vmlal_u16(second, vget_high_u16(byte_1_5), weights.bytes_1_5);
    second = vmlal_u16(second, vget_high_u16(byte_2_6), weights.bytes_2_6);
    second = vmlal_u16(second, vget_high_u16(byte_7_3), weights.bytes_7_3);
    return {vcvtq_f32_u32(first), vcvtq_f32_u32(second)};
}

float32x4_t lerp(float32x4_t from, float32x4_t to, float32x4_t share) {
    return vfmaq_f32(from, share, vsubq_f32(to, from));
}

void blend_color(const ColorTaps& taps, const RowSamples& samples, LumaWeights weights,
                 Affine affine, float* __restrict out) {
    const LaneWeights lanes = lane_weights(weights);
    const float32x4_t gain = vdupq_n_f32(affine.gain * kLumaWeightUnit);
    const float32x4_t bias = vdupq_n_f32(affine.bias);
    for (std::size_t i = 0; i < kCropSize; i += 4) {
        const TapLumas upper = tap_lumas(taps.upper.data() + i, lanes);
        const TapLumas lower = tap_lumas(taps.lower.data() + i, lanes);
        const float32x4_t share = vld1q_f32(samples.lower.data() + i);
        const float32x4_t first = lerp(upper.first, lower.first, vzip1q_f32(share, share));
        const float32x4_t second = lerp(upper.second, lower.second, vzip2q_f32(share, share));
        const float32x4_t left = vuzp1q_f32(first, second);
        const float32x4_t right = vuzp2q_f32(first, second);
        const float32x4_t luma = lerp(left, right, vld1q_f32(samples.right.data() + i));
        vst1q_f32(out + i, vfmaq_f32(bias, luma, gain));
    }
}

/// The compiler vectorises the portable kernels for NEON as they are, but for the colours'.
RowKernels make_kernels() {
    RowKernels kernels = portable_row_kernels();
    kernels.blend_color = blend_color;
    return kernels;
}

}  // namespace

const RowKernels& neon_row_kernels() {
    static const RowKernels kernels = make_kernels();
    return kernels;
}

}  // namespace mol_edge

#endif
