#include "row_kernels.h"

#include "row_kernels_avx2.h"
#include "row_kernels_generic.h"
#include "row_kernels_neon.h"

namespace mol_edge {
namespace {

void locate(const SamplingGrid& grid, const RowStart& start, RowSamples& samples) {
    generic::locate(grid, start, samples);
}

void blend_luma(const LumaTaps& taps, const Row<float>& inner, const Row<float>& outer,
                Affine affine, float* __restrict out) {
    generic::blend_luma(taps, inner, outer, affine, out);
}

void blend_color(const ColorTaps& taps, const RowSamples& samples, LumaWeights weights,
                 Affine affine, float* __restrict out) {
    generic::blend_color(taps, samples, weights, affine, out);
}

void clamp_limited(LumaTaps& taps) {
    generic::clamp_limited(taps);
}

void round(const float* __restrict luma, std::uint8_t* __restrict out) {
    generic::round(luma, out);
}

void mix_colors(const std::uint8_t* __restrict pixels, std::size_t count, LumaWeights weights,
                std::uint8_t* __restrict out) {
    generic::mix_colors(pixels, count, weights, out);
}

constexpr RowKernels kPortableKernels{locate,        blend_luma, blend_color,
                                      clamp_limited, round,      mix_colors};

}  // namespace

const RowKernels& portable_row_kernels() {
    return kPortableKernels;
}

const RowKernels& row_kernels(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::kAvx2:
        case Isa::kAvx512:
            return avx2_row_kernels();
#elif defined(__aarch64__)
        case Isa::kNeon:
            return neon_row_kernels();
#endif
        default:
            return kPortableKernels;
    }
}

}  // namespace mol_edge
