#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AVX512_VNNI)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma,avx512vnni,avx512vl")))
#include "byte_avx2.h"
#include "byte_dot_vnni.h"
#include "byte_product.h"

namespace mol_edge::network {
namespace {

/// VNNI of AVX-512, with VL.
struct Add {
    MOL_EDGE_NETWORK_INLINE static Bytes four(Bytes sums, Bytes inputs, Bytes weights) {
        return _mm256_dpbusd_epi32(sums, inputs, weights);
    }
};

}  // namespace

ByteKernels avx512_vnni_byte_kernels() {
    return {"avx512_vnni", 0, byte_product<DotAtOnce<Add>>, quantize};
}

}  // namespace mol_edge::network

#endif
