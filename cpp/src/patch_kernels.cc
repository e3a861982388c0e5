#include "patch_kernels.h"

#include "patch_kernels_generic.h"

namespace mol_edge {
namespace {

PatchSums gather(const float* start, int stride, float mean, PatchTemplate& patch) {
    return generic::gather(start, stride, mean, patch);
}

void project(PatchTemplate& patch, const Projection& projection) {
    generic::project(patch, projection);
}

PatchProducts compare(const PatchTemplate& patch, const Window& window, float mean) {
    return generic::compare(patch, window, mean);
}

WindowSums measure(const PatchTemplate& patch, const Window& window, float mean) {
    return generic::measure(patch, window, mean);
}

void blur(const float* __restrict in, int side, float* __restrict out) {
    generic::blur(in, side, out);
}

void halve(const float* __restrict in, int side, float* __restrict out) {
    generic::halve(in, side, out);
}

constexpr PatchKernels kPortableKernels{gather, project, compare, measure, blur, halve};

}  // namespace

const PatchKernels& portable_patch_kernels() {
    return kPortableKernels;
}

const PatchKernels& patch_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
    if (isa == Isa::kAvx2 || isa == Isa::kAvx512) return avx2_patch_kernels();
#endif
    return kPortableKernels;
}

}  // namespace mol_edge
