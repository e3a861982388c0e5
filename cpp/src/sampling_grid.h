#pragma once

#include "mol_edge/geometry.h"
#include "mol_edge/image.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mol_edge {

template <class T>
using Row = std::array<T, kCropSize>;

/// What each column of the crop adds to the image position of its row's start.
///
/// Positions are kept as a whole pixel and a fraction, so that float32 holds them to 1e-7 pixels
/// however large the image is. `offset` counts bytes modulo 2^32: sums of it are right wherever
/// the pixel lies inside the image, which spans less than 2 GiB.
struct ColumnSteps {
    alignas(64) Row<std::int32_t> x;
    alignas(64) Row<std::int32_t> y;
    alignas(64) Row<float> x_fraction;
    alignas(64) Row<float> y_fraction;
    alignas(64) Row<std::uint32_t> offset;
};

/// Image position of a crop row's first pixel.
struct RowStart {
    std::int32_t x;
    std::int32_t y;
    float x_fraction;
    float y_fraction;
    std::uint32_t offset;
};

/// Where the samples of one crop row lie: byte offset of the upper left tap, and the shares of the
/// right and the lower taps.
struct RowSamples {
    alignas(64) Row<std::int32_t> offset;
    alignas(64) Row<float> right;
    alignas(64) Row<float> lower;
};

/// The upper left tap of one sample, and the shares of the right and the lower taps.
struct Sample {
    std::int32_t x;
    std::int32_t y;
    float right;
    float lower;
};

/// Columns from `first` up to, not including, `last`.
struct ColumnRange {
    int first;
    int last;
};

/// Whole pixels, ends included.
struct Interval {
    std::int32_t low;
    std::int32_t high;
};

/// Where a sample's upper left tap may lie.
struct TapArea {
    Interval x;
    Interval y;
};

/// Where in an image the pixels of the crop lie.
class SamplingGrid {
  public:
    /// Throws ArrayError where `to_aligned` has no inverse or leads absurdly far.
    SamplingGrid(const ImageView& image, const Transform& to_aligned);

    [[nodiscard]] RowStart row_start(int row) const;
    [[nodiscard]] Sample sample(const RowStart& start, int column) const;

    /// The columns whose upper left tap lies in `area`. They are neighbours, since neither x nor y
    /// turns back along a row.
    [[nodiscard]] ColumnRange columns_within(const RowStart& start, const TapArea& area) const;

    [[nodiscard]] const ColumnSteps& columns() const { return columns_; }
    [[nodiscard]] std::uint32_t pixel_step() const { return pixel_step_; }
    [[nodiscard]] std::uint32_t row_step() const { return row_step_; }

  private:
    [[nodiscard]] std::int32_t x_of(const RowStart& start, std::size_t column) const;
    [[nodiscard]] std::int32_t y_of(const RowStart& start, std::size_t column) const;
    [[nodiscard]] std::uint32_t offset_of(std::int32_t x, std::int32_t y) const;

    Transform to_image_;
    std::uint32_t pixel_step_;
    std::uint32_t row_step_;
    ColumnSteps columns_;
};

}  // namespace mol_edge
