#include "patch_kernels.h"

#if defined(__x86_64__)

#include "patch_kernels_generic.h"

#define MOL_EDGE_AVX2 __attribute__((target("avx2,fma")))

namespace mol_edge {
namespace {

MOL_EDGE_AVX2 PatchSums gather(const float* start, int stride, float mean, PatchTemplate& patch) {
    return generic::gather(start, stride, mean, patch);
}

MOL_EDGE_AVX2 void project(PatchTemplate& patch, const Projection& projection) {
    generic::project(patch, projection);
}

MOL_EDGE_AVX2 PatchProducts compare(const PatchTemplate& patch, const Window& window, float mean) {
    return generic::compare(patch, window, mean);
}

MOL_EDGE_AVX2 WindowSums measure(const PatchTemplate& patch, const Window& window, float mean) {
    return generic::measure(patch, window, mean);
}

MOL_EDGE_AVX2 void blur(const float* __restrict in, int side, float* __restrict out) {
    generic::blur(in, side, out);
}

MOL_EDGE_AVX2 void halve(const float* __restrict in, int side, float* __restrict out) {
    generic::halve(in, side, out);
}

constexpr PatchKernels kAvx2Kernels{gather, project, compare, measure, blur, halve};

}  // namespace

const PatchKernels& avx2_patch_kernels() {
    return kAvx2Kernels;
}

}  // namespace mol_edge

#endif
