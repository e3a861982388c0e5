#include "mol_edge/luma.h"

#include "mol_edge/error.h"

#include "edge.h"
#include "row_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

namespace mol_edge {
namespace {

/// Rows of the image are asked for so long before they are read: no processor sees by itself where
/// the next row of a narrow part lies.
constexpr int kFetchRows = 3;
constexpr std::ptrdiff_t kLine = 64;

using Levels = std::array<std::uint8_t, 256>;

/// Full range of a byte of limited range.
Levels limited_levels() {
    Levels levels{};
    for (int i = 0; i < 256; ++i) {
        const double level = std::clamp(std::nearbyint((i - 16) * (255.0 / 219)), 0.0, 255.0);
        levels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(level);
    }
    return levels;
}

bool is_within(const ImageView& image, const Part& part) {
    return part.left >= 0 && part.top >= 0 && part.width >= 0 && part.height >= 0 &&
           part.width <= image.width - part.left && part.height <= image.height - part.top;
}

void fetch(const std::uint8_t* row, std::ptrdiff_t bytes) {
    for (std::ptrdiff_t at = 0; at < bytes; at += kLine) __builtin_prefetch(row + at);
}

/// Every `step`th byte of a row.
void take(const std::uint8_t* from, std::size_t step, std::size_t count, std::uint8_t* out) {
    if (step == 1) {
        std::copy_n(from, count, out);
    } else {
        for (std::size_t i = 0; i < count; ++i) out[i] = from[i * step];
    }
}

}  // namespace

void copy_luma(const ImageView& image, const Part& part, std::span<std::uint8_t> out) {
    validate(image);
    const auto width = static_cast<std::size_t>(part.width);
    if (!is_within(image, part) || out.size() != width * static_cast<std::size_t>(part.height)) {
        throw ArrayError("A part of an image must lie within it and out be as large, got " +
                         std::to_string(part.width) + " x " + std::to_string(part.height) +
                         " pixels from " + std::to_string(part.left) + ", " +
                         std::to_string(part.top) + " of " + std::to_string(image.width) + " x " +
                         std::to_string(image.height) + " for " + std::to_string(out.size()) +
                         " bytes.");
    }
    static const Levels levels = limited_levels();
    const RowKernels& kernels = row_kernels(current_isa());
    const LumaWeights weights = image.format == PixelFormat::kRgb ? kRgbWeights : kBgrWeights;
    const auto step = static_cast<std::size_t>(bytes_per_pixel(image.format));
    const auto row_of = [&](int row) {
        return image.data + (part.top + row) * image.row_stride +
               part.left * static_cast<std::ptrdiff_t>(step);
    };
    std::uint8_t* to = out.data();
    for (int row = 0; row < part.height; ++row, to += width) {
        if (row + kFetchRows < part.height) {
            fetch(row_of(row + kFetchRows), static_cast<std::ptrdiff_t>(width * step));
        }
        if (step == 3) {
            kernels.mix_colors(row_of(row), width, weights, to);
            continue;
        }
        take(row_of(row), step, width, to);
        if (!is_limited(image)) continue;
        for (std::size_t i = 0; i < width; ++i) to[i] = levels[to[i]];
    }
}

}  // namespace mol_edge
