#include "edge.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace mol_edge {
namespace {

float tap_luma(const ImageView& image, LumaWeights weights, std::int32_t x, std::int32_t y) {
    if (x < 0 || x >= image.width || y < 0 || y >= image.height) return kBorderLuma;
    const int step = bytes_per_pixel(image.format);
    const std::uint8_t* const pixel = image.data + y * image.row_stride + std::ptrdiff_t{x} * step;
    if (step == 3) {
        const std::int32_t sum =
            weights.first * pixel[0] + weights.second * pixel[1] + weights.third * pixel[2];
        return static_cast<float>(sum) * kLumaWeightUnit;
    }
    const auto luma = static_cast<float>(pixel[0]);
    if (!is_limited(image)) return luma;
    return std::clamp((luma - kLimitedBlack) * kLimitedGain, 0.0F, 255.0F);
}

}  // namespace

bool is_limited(const ImageView& image) {
    const bool video = image.format == PixelFormat::kNv12 || image.format == PixelFormat::kYuyv;
    return video && !image.full_range;
}

float edge_luma(const ImageView& image, LumaWeights weights, const Sample& at) {
    const auto luma_of_row = [&](std::int32_t y) {
        const float left = tap_luma(image, weights, at.x, y);
        return left + at.right * (tap_luma(image, weights, at.x + 1, y) - left);
    };
    const float upper = luma_of_row(at.y);
    return upper + at.lower * (luma_of_row(at.y + 1) - upper);
}

}  // namespace mol_edge
