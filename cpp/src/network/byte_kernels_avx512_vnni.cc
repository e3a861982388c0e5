#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AVX512_VNNI)

#define MOL_EDGE_NETWORK_TARGET \
    __attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512vnni")))
#include "byte_avx2.h"
#include "byte_dot_vnni.h"
#include "byte_product.h"

#include <cstring>

namespace mol_edge::network {
namespace {

/// VNNI of AVX-512.
struct Avx512 {
    using Bytes = __m512i;
    using Sums = std::int32_t __attribute__((vector_size(64)));
    using Floats = Sixteen;

    /// Each four of inputs that is read meets two vectors of weights: reading is what bounds a
    /// product with one.
    static constexpr int kPanel = 32;
    static constexpr int kRows = 8;

    MOL_EDGE_NETWORK_INLINE static Bytes four_of(const std::uint8_t* from) {
        int four;
        std::memcpy(&four, from, sizeof four);
        return _mm512_set1_epi32(four);
    }
    MOL_EDGE_NETWORK_INLINE static Bytes weights(const std::int8_t* from) {
        return _mm512_loadu_si512(from);
    }
    MOL_EDGE_NETWORK_INLINE static Bytes add(Bytes sums, Bytes inputs, Bytes weights) {
        return _mm512_dpbusd_epi32(sums, inputs, weights);
    }
};

}  // namespace

ByteKernels avx512_vnni_byte_kernels() {
    return kernels_of_dot<DotAtOnce<Avx512>>("avx512_vnni", quantize, differ);
}

}  // namespace mol_edge::network

#endif
