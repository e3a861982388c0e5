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

    static constexpr int kPanel = kBytePanel;
    static constexpr int kRows = kByteRows;

    template <int Rows, int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* const (&rows)[Rows],
                                            std::ptrdiff_t k, const std::int8_t* b,
                                            Sums (&sums)[Rows][Vectors]) {
        int8x16_t inputs[Rows];
#pragma GCC unroll 6
        for (int r = 0; r < Rows; ++r) inputs[r] = vreinterpretq_s8_u8(vld1q_u8(rows[r] + k));
        add_four<0>(inputs, b, sums);
        add_four<1>(inputs, b, sums);
        add_four<2>(inputs, b, sums);
        add_four<3>(inputs, b, sums);
    }

  private:
    /// Each vector of weights is read once for all rows.
    template <int Four, int Rows, int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add_four(const int8x16_t (&inputs)[Rows],
                                                 const std::int8_t* b,
                                                 Sums (&sums)[Rows][Vectors]) {
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            const int8x16_t weights = vld1q_s8(b + Four * kBytePanel * 4 + v * 16);
#pragma GCC unroll 6
            for (int r = 0; r < Rows; ++r) {
                sums[r][v] = vdotq_laneq_s32(sums[r][v], weights, inputs[r], Four);
            }
        }
    }
};

}  // namespace

void dotprod_byte_product(const ByteProduct& product) {
    byte_product<DotAtOnce>(product);
}

}  // namespace mol_edge::network

#endif
