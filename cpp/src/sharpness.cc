#include "mol_edge/sharpness.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace mol_edge {
namespace {

constexpr std::size_t kShrink = 4, kSide = kCropSize / kShrink;
constexpr double kLeastContrast = 1e-6, kPixels = kSide * kSide;
using Small = std::array<float, kSide * kSide>;

/// Means of squares of `kShrink` pixels.
Small shrunk(std::span<const float, kCropPixels> crop) {
    Small small{};
    for (std::size_t row = 0; row < kCropSize; ++row) {
        float* const out = small.data() + row / kShrink * kSide;
        const float* const in = crop.data() + row * kCropSize;
        for (std::size_t i = 0; i < kSide; ++i) {
            const float* const four = in + i * kShrink;
            out[i] += (four[0] + four[1]) + (four[2] + four[3]);
        }
    }
    for (float& value : small) value /= kShrink * kShrink;
    return small;
}

double deviation(const Small& values) {
    double sum = 0, squares = 0;
    for (const float value : values) sum += double{value};
    const double mean = sum / kPixels;
    for (const float value : values) squares += (double{value} - mean) * (double{value} - mean);
    return std::sqrt(squares / kPixels);
}

/// Neighbours above, below, left and right less four times the pixel; edges are mirrored.
Small laplacian(const Small& in) {
    Small out{};
    for (std::size_t row = 0; row < kSide; ++row) {
        const std::size_t above = row == 0 ? 1 : row - 1;
        const std::size_t below = row + 1 == kSide ? kSide - 2 : row + 1;
        for (std::size_t i = 0; i < kSide; ++i) {
            const std::size_t left = i == 0 ? 1 : i - 1;
            const std::size_t right = i + 1 == kSide ? kSide - 2 : i + 1;
            out[row * kSide + i] = in[above * kSide + i] + in[below * kSide + i] +
                                   in[row * kSide + left] + in[row * kSide + right] -
                                   4 * in[row * kSide + i];
        }
    }
    return out;
}

}  // namespace

double sharpness(std::span<const float, kCropPixels> crop) {
    const Small small = shrunk(crop);
    const double contrast = deviation(small);
    return contrast < kLeastContrast ? 0 : deviation(laplacian(small)) / contrast;
}

}  // namespace mol_edge
