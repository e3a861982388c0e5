#include "kernels.h"

#if defined(__x86_64__)

#define MOL_EDGE_NETWORK_TARGET __attribute__((target("avx2,fma")))
#include "kernels_generic.h"

namespace mol_edge::network {

const Kernels& avx2_kernels() {
    static constexpr Kernels kAvx2Kernels = kernels_of<Eight>();
    return kAvx2Kernels;
}

}  // namespace mol_edge::network

#endif
