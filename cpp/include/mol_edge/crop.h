#pragma once

#include "mol_edge/geometry.h"
#include "mol_edge/image.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace mol_edge {

inline constexpr std::size_t kCropPixels = std::size_t{kCropSize} * kCropSize;

/// The constants of a training set: a luma v becomes (v - mean) / scale.
struct Normalization {
    double mean = 0;
    double scale = 1;
};

/// Luma of the aligned 128 x 128 crop of `image`, normalised, row by row.
///
/// `to_aligned` maps image pixels to the 144 aligned face. Interpolation is bilinear in float;
/// outside the image every pixel counts as luma 128. Colour is weighted 0.299 R + 0.587 G +
/// 0.114 B. Throws ArrayError for an unfit image or transform, OptionError for a scale that is
/// not positive or numbers that are not finite.
void crop_float(const ImageView& image, const Transform& to_aligned,
                const Normalization& normalization, std::span<float, kCropPixels> out);

/// As `crop_float`, but luma itself, rounded to whole levels.
void crop_uint8(const ImageView& image, const Transform& to_aligned,
                std::span<std::uint8_t, kCropPixels> out);

/// Whether no value of some crops is infinite or NaN.
bool are_finite(std::span<const float> crops);

}  // namespace mol_edge
