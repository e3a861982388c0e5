#pragma once

#include "byte_kernels.h"
#include "vectors.h"

#include <cstdint>

namespace mol_edge::network {
namespace {

/// Products of fours, which are summed in 32 bits at once, by the instruction of either kind of
/// VNNI. `Vnni` names its registers and says how they are filled and added.
template <class Vnni>
struct DotAtOnce {
    using Sums = typename Vnni::Sums;
    using Floats = typename Vnni::Floats;

    template <int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* a, const std::int8_t* b,
                                            Sums* sums) {
#pragma GCC unroll 4
        for (int four = 0; four < kByteFours; ++four) {
            const typename Vnni::Bytes inputs = Vnni::four_of(a + four * 4);
            const std::int8_t* const weights = b + four * kBytePanel * 4;
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) {
                constexpr int size = static_cast<int>(sizeof(Sums));
                sums[v] = reinterpret_cast<Sums>(
                    Vnni::add(reinterpret_cast<typename Vnni::Bytes>(sums[v]), inputs,
                              Vnni::weights(weights + v * size)));
            }
        }
    }
};

}  // namespace
}  // namespace mol_edge::network
