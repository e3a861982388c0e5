#pragma once

#include "byte_avx2.h"
#include "byte_kernels.h"
#include "vectors.h"

#include <cstdint>

namespace mol_edge::network {
namespace {

/// Products of fours, which are summed in 32 bits at once, by the instruction of either kind of
/// VNNI: `Add::four(sums, inputs, weights)`.
template <class Add>
struct DotAtOnce {
    using Sums = std::int32_t __attribute__((vector_size(32)));
    using Floats = Eight;

    template <int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* a, const std::int8_t* b,
                                            Sums* sums) {
#pragma GCC unroll 4
        for (int four = 0; four < kByteFours; ++four) {
            const Bytes inputs = four_of(a + four * 4);
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) {
                Bytes& sum = reinterpret_cast<Bytes&>(sums[v]);
                sum = Add::four(sum, inputs, weights_of(b, four, v));
            }
        }
    }
};

}  // namespace
}  // namespace mol_edge::network
