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

/// The first column that `is_reached`, which holds for all columns after it.
template <class Predicate>
int first_column(Predicate is_reached) {
    int low = 0;
    int high = kCropSize;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (is_reached(static_cast<std::size_t>(middle))) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/// The columns whose `position`, which only rises or only falls, lies in `interval`.
template <class Position>
ColumnRange monotone_within(Position position, Interval interval) {
    const std::int32_t low = interval.low;
    const std::int32_t high = interval.high;
    const std::int32_t start = position(0);
    const std::int32_t end = position(kCropSize - 1);
    if (start >= low && start <= high && end >= low && end <= high) return {0, kCropSize};
    if (start <= end) {
        return {first_column([&](std::size_t i) { return position(i) >= low; }),
                first_column([&](std::size_t i) { return position(i) > high; })};
    }
    return {first_column([&](std::size_t i) { return position(i) <= high; }),
            first_column([&](std::size_t i) { return position(i) < low; })};
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

std::int32_t SamplingGrid::x_of(const RowStart& start, std::size_t column) const {
    const float fraction = columns_.x_fraction[column] + start.x_fraction;
    return columns_.x[column] + start.x + static_cast<std::int32_t>(fraction);
}

std::int32_t SamplingGrid::y_of(const RowStart& start, std::size_t column) const {
    const float fraction = columns_.y_fraction[column] + start.y_fraction;
    return columns_.y[column] + start.y + static_cast<std::int32_t>(fraction);
}

Sample SamplingGrid::sample(const RowStart& start, int column) const {
    const auto i = static_cast<std::size_t>(column);
    const float x = columns_.x_fraction[i] + start.x_fraction;
    const float y = columns_.y_fraction[i] + start.y_fraction;
    return {x_of(start, i), y_of(start, i), x - std::trunc(x), y - std::trunc(y)};
}

ColumnRange SamplingGrid::columns_within(const RowStart& start, const TapArea& area) const {
    const auto x = [&](std::size_t column) { return x_of(start, column); };
    const auto y = [&](std::size_t column) { return y_of(start, column); };
    const ColumnRange by_x = monotone_within(x, area.x);
    const ColumnRange by_y = monotone_within(y, area.y);
    const int first = std::max(by_x.first, by_y.first);
    return {first, std::max(first, std::min(by_x.last, by_y.last))};
}

}  // namespace mol_edge
