#pragma once

#include "mol_edge/isa.h"

#include <array>
#include <cstddef>

namespace mol_edge {

/// Patches are 13 x 13; their rows are padded to 16 with pixels of no weight.
inline constexpr int kPatchRadius = 6;
inline constexpr int kPatchSide = 2 * kPatchRadius + 1;
inline constexpr std::size_t kPatchLanes = 16;
inline constexpr std::size_t kPatchPixels = kPatchSide * kPatchLanes;
using PatchPixels = std::array<float, kPatchPixels>;

/// (1 - r^2 / 7^2)^2 along one axis of a patch, 0 in the lanes that pad a row: the weight of a
/// pixel is the product of both axes'.
constexpr std::array<float, kPatchLanes> patch_taper() {
    std::array<float, kPatchLanes> values{};
    for (int i = 0; i < kPatchSide; ++i) {
        const float r = static_cast<float>(i - kPatchRadius) / (kPatchRadius + 1);
        values[static_cast<std::size_t>(i)] = (1 - r * r) * (1 - r * r);
    }
    return values;
}

/// Sum of the weights of a patch.
constexpr float patch_weight() {
    float sum = 0;
    for (const float value : patch_taper()) sum += value;
    return sum * sum;
}

inline constexpr float kPatchWeight = patch_weight();

/// Weighted sums over a patch, of brightness t and of its gradient x, y.
struct PatchSums {
    float t, x, y;
    float tt, tx, ty, xx, xy, yy;
};

/// A patch of the earlier crop: brightness and gradient, and after `project` what least squares
/// need of them.
struct PatchTemplate {
    alignas(64) PatchPixels level;
    alignas(64) PatchPixels along_x;
    alignas(64) PatchPixels along_y;
};

/// What `project` takes from a patch: from brightness its mean, from each gradient its mean and as
/// much of the brightness as it holds, so that neither offset nor gain can look like motion.
struct Projection {
    float level_mean;
    float x_mean, x_slope;
    float y_mean, y_slope;
};

/// Where a window starts in a plane, and the shares of its right and lower neighbours.
struct Window {
    const float* start;
    int stride;
    float right, lower;
};

/// Products of a window with the three parts of a template.
struct PatchProducts {
    float level, along_x, along_y;
};

/// These products, and weighted sums over the window.
struct WindowSums {
    PatchProducts products;
    float sum, squares;
};

/// The arithmetic on patches, compiled for one instruction set. `mean` is taken from brightness
/// first, which keeps the sums exact.
struct PatchKernels {
    PatchSums (*gather)(const float* start, int stride, float mean, PatchTemplate& patch);
    /// Leaves all parts weighted.
    void (*project)(PatchTemplate& patch, const Projection& projection);
    PatchProducts (*compare)(const PatchTemplate& patch, const Window& window, float mean);
    WindowSums (*measure)(const PatchTemplate& patch, const Window& window, float mean);
    /// Blurs `side` x `side` pixels with (1 2 1) / 4 in both directions; the border is repeated.
    void (*blur)(const float* __restrict in, int side, float* __restrict out);
    /// The same, but only every other pixel of every other row.
    void (*halve)(const float* __restrict in, int side, float* __restrict out);
};

const PatchKernels& portable_patch_kernels();
#if defined(__x86_64__)
/// For AVX2 and FMA: call nothing of them on a processor that lacks either.
const PatchKernels& avx2_patch_kernels();
#endif
const PatchKernels& patch_kernels(Isa isa);

}  // namespace mol_edge
