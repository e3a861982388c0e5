#pragma once

#include "byte_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstdint>

namespace mol_edge::network {
namespace {

/// Products of fours, which are summed in 32 bits at once, by the instruction of either kind of
/// VNNI. `Vnni` names its registers and says how they are filled and added.
template <class Vnni>
struct DotAtOnce {
    using Sums = typename Vnni::Sums;
    using Floats = typename Vnni::Floats;

    static constexpr int kPanel = Vnni::kPanel;
    static constexpr int kRows = Vnni::kRows;

    template <int Rows, int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* const (&rows)[Rows],
                                            std::ptrdiff_t k, const std::int8_t* b,
                                            Sums (&sums)[Rows][Vectors]) {
        using Register = typename Vnni::Bytes;
#pragma GCC unroll 4
        for (int four = 0; four < kByteFours; ++four) {
            Register weights[Vectors];
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) {
                constexpr int size = static_cast<int>(sizeof(Sums));
                weights[v] = Vnni::weights(b + four * kPanel * 4 + v * size);
            }
#pragma GCC unroll 12
            for (int r = 0; r < Rows; ++r) {
                const Register inputs = Vnni::four_of(rows[r] + k + four * 4);
#pragma GCC unroll 2
                for (int v = 0; v < Vectors; ++v) {
                    sums[r][v] = reinterpret_cast<Sums>(
                        Vnni::add(reinterpret_cast<Register>(sums[r][v]), inputs, weights[v]));
                }
            }
        }
    }
};

}  // namespace
}  // namespace mol_edge::network
