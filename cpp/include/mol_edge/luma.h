#pragma once

#include "mol_edge/image.h"

#include <cstdint>
#include <span>

namespace mol_edge {

/// A part of an image, in pixels.
struct Part {
    int left = 0, top = 0, width = 0, height = 0;
};

/// Luma of a part of `image` in whole levels, row by row.
///
/// Colour counts 0.299 R + 0.587 G + 0.114 B, rounded as OpenCV does, and 16 to 235 of NV12 and
/// YUYV are spread to 0 to 255 unless the image is of full range. Throws ArrayError for an unfit
/// image, a part that is not within it, or an `out` of another size.
void copy_luma(const ImageView& image, const Part& part, std::span<std::uint8_t> out);

}  // namespace mol_edge
