#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AVX_VNNI)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma,avxvnni")))
#include "byte_avx2.h"
#include "byte_product.h"

namespace mol_edge::network {
namespace {

/// Products of fours, which are summed in 32 bits at once.
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
                sum = _mm256_dpbusd_avx_epi32(sum, inputs, weights_of(b, four, v));
            }
        }
    }
};

}  // namespace

ByteKernels avx_vnni_byte_kernels() {
    return {"avx_vnni", 0, byte_product<DotAtOnce>, quantize};
}

}  // namespace mol_edge::network

#endif
