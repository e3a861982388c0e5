#include "kernels.h"

#if defined(__x86_64__)

#define MOL_EDGE_NETWORK_TARGET \
    __attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")))
#include "kernels_generic.h"

namespace mol_edge::network {

const Kernels& avx512_kernels() {
    static constexpr Kernels kAvx512Kernels = kernels_of<Sixteen>();
    return kAvx512Kernels;
}

}  // namespace mol_edge::network

#endif
