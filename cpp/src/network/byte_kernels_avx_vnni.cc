#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AVX_VNNI)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma,avxvnni")))
#include "byte_avx2.h"
#include "byte_dot_vnni.h"
#include "byte_product.h"

namespace mol_edge::network {
namespace {

/// VNNI of AVX.
struct Add {
    MOL_EDGE_NETWORK_INLINE static Bytes four(Bytes sums, Bytes inputs, Bytes weights) {
        return _mm256_dpbusd_avx_epi32(sums, inputs, weights);
    }
};

}  // namespace

ByteKernels avx_vnni_byte_kernels() {
    return {"avx_vnni", 0, byte_product<DotAtOnce<Add>>, quantize};
}

}  // namespace mol_edge::network

#endif
