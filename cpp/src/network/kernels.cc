#include "kernels.h"

// SSE2 and NEON, which every processor of their kind has.
#define MOL_EDGE_NETWORK_TARGET
#include "kernels_generic.h"

namespace mol_edge::network {

const Kernels& kernels(Isa isa) {
    static constexpr Kernels kPortableKernels = kernels_of<Four>();
#if defined(__x86_64__)
    if (isa == Isa::kAvx512) return avx512_kernels();
    if (isa == Isa::kAvx2) return avx2_kernels();
#endif
    static_cast<void>(isa);
    return kPortableKernels;
}

}  // namespace mol_edge::network
