#include "sampling_grid.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mol_edge {
namespace {

/// One pixel of the crop may span so many of the image; 128 of them still fit 32 bits.
constexpr double kMaxStep = 1 << 22;
/// Farther out than any image reaches, even after all columns' steps.
constexpr double kFar = 1 << 30;
/// Two fractions below one add up to less than two, also in float32.
constexpr float kBelowOne = 0x1.fffffep-1F;

struct Split {
    std::int32_t whole;
    float fraction;
};

Split split(double position) {
    const double clamped = std::clamp(position, -kFar, kFar);
    auto whole = static_cast<std::int32_t>(clamped);
    if (whole > clamped) --whole;
    return {whole, std::min(static_cast<float>(clamped - whole), kBelowOne)};
}

}  // namespace

SamplingGrid::SamplingGrid(const ImageView& image, const Transform& to_aligned)
    : to_image_(invert(to_aligned)),
      pixel_step_(static_cast<std::uint32_t>(bytes_per_pixel(image.format))),
      row_step_(static_cast<std::uint32_t>(image.row_stride)) {
    const auto [xx, xy, x0, yx, yy, y0] = to_image_;
    if (std::max({std::abs(xx), std::abs(xy), std::abs(yx), std::abs(yy)}) > kMaxStep) {
        throw ArrayError(
            "transform must map a pixel of the crop to at most 2^22 pixels of the image: take it "
            "from alignment_transform.");
    }
    for (std::size_t i = 0; i < kCropSize; ++i) {
        const Split x = split(to_image_.xx * static_cast<double>(i));
        const Split y = split(to_image_.yx * static_cast<double>(i));
        columns_.x[i] = x.whole;
        columns_.y[i] = y.whole;
        columns_.x_fraction[i] = x.fraction;
        columns_.y_fraction[i] = y.fraction;
        columns_.offset[i] = offset_of(x.whole, y.whole);
    }
}

std::uint32_t SamplingGrid::offset_of(std::int32_t x, std::int32_t y) const {
    return static_cast<std::uint32_t>(y) * row_step_ + static_cast<std::uint32_t>(x) * pixel_step_;
}

RowStart SamplingGrid::row_start(int row) const {
    const Point start =
        apply(to_image_, {double{kCropOffset}, static_cast<double>(kCropOffset + row)});
    const Split x = split(start.x);
    const Split y = split(start.y);
    return {x.whole, y.whole, x.fraction, y.fraction, offset_of(x.whole, y.whole)};
}

Sample SamplingGrid::sample(const RowStart& start, int column) const {
    const auto i = static_cast<std::size_t>(column);
    const float x = columns_.x_fraction[i] + start.x_fraction;
    const float y = columns_.y_fraction[i] + start.y_fraction;
    const auto carry_x = static_cast<std::int32_t>(x);
    const auto carry_y = static_cast<std::int32_t>(y);
    return {columns_.x[i] + start.x + carry_x, columns_.y[i] + start.y + carry_y,
            x - static_cast<float>(carry_x), y - static_cast<float>(carry_y)};
}

ColumnRange SamplingGrid::columns_within(const RowStart& start, int max_x, int max_y) const {
    const auto within = [&](int column) {
        const Sample s = sample(start, column);
        return s.x >= 0 && s.x <= max_x && s.y >= 0 && s.y <= max_y;
    };
    int first = 0;
    while (first < kCropSize && !within(first)) ++first;
    int last = kCropSize;
    while (last > first && !within(last - 1)) --last;
    return {first, last};
}

}  // namespace mol_edge
