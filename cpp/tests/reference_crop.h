#pragma once

#include "mol_edge/crop.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace mol_edge::testing {

/// The crop in double precision, one pixel at a time: what the fast code is held against.
inline double reference_luma(const ImageView& image, int x, int y) {
    if (x < 0 || x >= image.width || y < 0 || y >= image.height) return 128;
    const int step = bytes_per_pixel(image.format);
    const std::uint8_t* const pixel = image.data + y * image.row_stride + x * step;
    switch (image.format) {
        case PixelFormat::kBgr:
            return 0.114 * pixel[0] + 0.587 * pixel[1] + 0.299 * pixel[2];
        case PixelFormat::kRgb:
            return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
        case PixelFormat::kGray:
            return pixel[0];
        default:
            if (image.full_range) return pixel[0];
            return std::clamp((pixel[0] - 16) * 255.0 / 219, 0.0, 255.0);
    }
}

inline std::vector<double> reference_crop(const ImageView& image, const Transform& to_aligned) {
    const Transform to_image = invert(to_aligned);
    std::vector<double> crop;
    for (int v = 0; v < kCropSize; ++v) {
        for (int u = 0; u < kCropSize; ++u) {
            const Point at = apply(to_image, {double(u + kCropOffset), double(v + kCropOffset)});
            const double left = std::clamp(std::floor(at.x), -1e6, 1e6);
            const double top = std::clamp(std::floor(at.y), -1e6, 1e6);
            const auto luma = [&](int dx, int dy) {
                return reference_luma(image, static_cast<int>(left) + dx,
                                      static_cast<int>(top) + dy);
            };
            const double right = at.x - std::floor(at.x);
            const double lower = at.y - std::floor(at.y);
            crop.push_back((1 - lower) * ((1 - right) * luma(0, 0) + right * luma(1, 0)) +
                           lower * ((1 - right) * luma(0, 1) + right * luma(1, 1)));
        }
    }
    return crop;
}

/// An image of noise whose memory ends with its last pixel, so that sanitizers see every byte read
/// beyond it.
struct NoiseImage {
    NoiseImage(int width, int height, PixelFormat format, std::ptrdiff_t padding = 0,
               bool upside_down = false) {
        const std::ptrdiff_t row = std::ptrdiff_t{width} * bytes_per_pixel(format);
        const std::ptrdiff_t stride = row + padding;
        bytes.resize(static_cast<std::size_t>(stride * (height - 1) + row));
        std::mt19937 random(static_cast<unsigned>(width * 31 + height));
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() & 255U);
        view = {bytes.data(), width, height, stride, format, false};
        if (upside_down) {
            view.data += stride * (height - 1);
            view.row_stride = -stride;
        }
    }

    std::vector<std::uint8_t> bytes;
    ImageView view;
};

/// The transform that turns by `angle`, scales by `scale`, and takes `centre` to the middle of the
/// aligned face.
inline Transform around(Point centre, double scale, double angle) {
    Transform t{scale * std::cos(angle),  scale * std::sin(angle), 0,
                -scale * std::sin(angle), scale * std::cos(angle), 0};
    const Point moved = apply(t, centre);
    t.x0 = 71.5 - moved.x;
    t.y0 = 71.5 - moved.y;
    return t;
}

}  // namespace mol_edge::testing
