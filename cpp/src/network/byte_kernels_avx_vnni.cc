#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AVX_VNNI)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma,avxvnni")))
#include "byte_avx2.h"
#include "byte_dot_vnni.h"
#include "byte_product.h"

namespace mol_edge::network {
namespace {

/// VNNI of AVX.
struct Avx {
    using Bytes = network::Bytes;
    using Sums = std::int32_t __attribute__((vector_size(32)));
    using Floats = Eight;

    static constexpr int kPanel = kBytePanel;
    static constexpr int kRows = kByteRows;

    MOL_EDGE_NETWORK_INLINE static Bytes four_of(const std::uint8_t* from) {
        return network::four_of(from);
    }
    MOL_EDGE_NETWORK_INLINE static Bytes weights(const std::int8_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const Bytes*>(from));
    }
    MOL_EDGE_NETWORK_INLINE static Bytes add(Bytes sums, Bytes inputs, Bytes weights) {
        return _mm256_dpbusd_avx_epi32(sums, inputs, weights);
    }
};

}  // namespace

ByteKernels avx_vnni_byte_kernels() {
    return kernels_of_dot<DotAtOnce<Avx>>("avx_vnni", quantize, differ);
}

}  // namespace mol_edge::network

#endif
