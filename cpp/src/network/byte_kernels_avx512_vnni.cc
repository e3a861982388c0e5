#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AVX512_VNNI)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma,avx512f,avx512vnni")))
#include "byte_avx2.h"
#include "byte_dot_vnni.h"
#include "byte_product.h"

#include <cstring>

namespace mol_edge::network {
namespace {

/// VNNI of AVX-512, whose register holds a row of a whole panel.
struct WholeRow {
    using Bytes = __m512i;
    using Sums = std::int32_t __attribute__((vector_size(64)));
    using Floats = Sixteen;

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
    using Dot = DotAtOnce<WholeRow>;
    return {"avx512_vnni", 0, Dot::kRows, byte_product<Dot>, quantize, differ, byte_tiles<Sixteen>};
}

}  // namespace mol_edge::network

#endif
