#include "byte_kernels_x86.h"

#if defined(__x86_64__)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma")))
#include "byte_avx2.h"
#include "byte_product.h"

namespace mol_edge::network {
namespace {

/// Products of pairs, four of which are summed in 16 bits: see `kMostByteSum`. Of three rows the
/// sums of both kinds fit into the registers.
struct DotBy16Bits {
    using Sums = std::int32_t __attribute__((vector_size(32)));
    using Floats = Eight;

    static constexpr int kPanel = kBytePanel;
    static constexpr int kRows = 3;

    template <int Rows, int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* const (&rows)[Rows],
                                            std::ptrdiff_t k, const std::int8_t* b,
                                            Sums (&sums)[Rows][Vectors]) {
        Bytes pairs[Rows][Vectors];
#pragma GCC unroll 4
        for (int four = 0; four < kByteFours; ++four) {
            Bytes weights[Vectors];
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) weights[v] = weights_of(b, four, v);
#pragma GCC unroll 3
            for (int r = 0; r < Rows; ++r) {
                const Bytes inputs = four_of(rows[r] + k + four * 4);
#pragma GCC unroll 2
                for (int v = 0; v < Vectors; ++v) {
                    const Bytes products = _mm256_maddubs_epi16(inputs, weights[v]);
                    pairs[r][v] = four == 0 ? products : _mm256_add_epi16(pairs[r][v], products);
                    in_this_order(pairs[r][v]);
                }
            }
        }
#pragma GCC unroll 3
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) {
                const Bytes wide = _mm256_madd_epi16(pairs[r][v], _mm256_set1_epi16(1));
                Bytes& sum = reinterpret_cast<Bytes&>(sums[r][v]);
                sum = _mm256_add_epi32(sum, wide);
            }
        }
    }

  private:
    /// Else GCC adds up in pairs, for which it keeps products in memory.
    MOL_EDGE_NETWORK_INLINE static void in_this_order(Bytes& value) { asm("" : "+x"(value)); }
};

}  // namespace

ByteKernels avx2_byte_kernels() {
    return kernels_of_dot<DotBy16Bits>("avx2", quantize, differ);
}

}  // namespace mol_edge::network

#endif
