#include "byte_kernels_neon.h"

#if defined(__aarch64__)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#include "byte_product.h"

#include <arm_neon.h>
#include <cstring>

namespace mol_edge::network {
namespace {

/// Products of fours, which are summed in 32 bits at once.
struct DotAtOnce {
    using Sums = int32x4_t;
    using Floats = Four;

    template <int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* a, const std::int8_t* b,
                                            Sums* sums) {
        const int8x16_t inputs = vreinterpretq_s8_u8(vld1q_u8(a));
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            Sums& sum = sums[v];
            sum = vdotq_laneq_s32(sum, vld1q_s8(b + v * 16), inputs, 0);
            sum = vdotq_laneq_s32(sum, vld1q_s8(b + kBytePanel * 4 + v * 16), inputs, 1);
            sum = vdotq_laneq_s32(sum, vld1q_s8(b + kBytePanel * 8 + v * 16), inputs, 2);
            sum = vdotq_laneq_s32(sum, vld1q_s8(b + kBytePanel * 12 + v * 16), inputs, 3);
        }
    }
};

}  // namespace

void dotprod_byte_product(const ByteProduct& product) {
    byte_product<DotAtOnce>(product);
}

}  // namespace mol_edge::network

#endif
