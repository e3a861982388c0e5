#include "byte_kernels_x86.h"

#if defined(__x86_64__)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma")))
#include "byte_avx2.h"
#include "byte_product.h"

namespace mol_edge::network {
namespace {

/// Products of pairs, four of which are summed in 16 bits: see `kMostByteSum`.
struct DotBy16Bits {
    using Sums = std::int32_t __attribute__((vector_size(32)));
    using Floats = Eight;

    template <int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* a, const std::int8_t* b,
                                            Sums* sums) {
        Bytes pairs[Vectors];
#pragma GCC unroll 4
        for (int four = 0; four < kByteFours; ++four) {
            const Bytes inputs = four_of(a + four * 4);
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) {
                const Bytes products = _mm256_maddubs_epi16(inputs, weights_of(b, four, v));
                pairs[v] = four == 0 ? products : _mm256_add_epi16(pairs[v], products);
            }
        }
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) {
            const Bytes wide = _mm256_madd_epi16(pairs[v], _mm256_set1_epi16(1));
            Bytes& sum = reinterpret_cast<Bytes&>(sums[v]);
            sum = _mm256_add_epi32(sum, wide);
        }
    }
};

}  // namespace

ByteKernels avx2_byte_kernels() {
    return {"avx2", 0, kByteRows, byte_product<DotBy16Bits>, quantize};
}

}  // namespace mol_edge::network

#endif
