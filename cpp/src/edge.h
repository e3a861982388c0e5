#pragma once

#include "mol_edge/image.h"

#include "row_kernels.h"
#include "sampling_grid.h"

namespace mol_edge {

/// What a pixel outside the image counts as.
inline constexpr float kBorderLuma = 128;

/// Limited range: luma 16 is black, 235 white.
inline constexpr float kLimitedBlack = 16;
inline constexpr float kLimitedGain = 255.0F / 219;

/// Whether the luma bytes of `image` span 16-235 only.
bool is_limited(const ImageView& image);

/// Interpolated luma, 0 to 255, of a sample whose taps may lie outside of `image`.
float edge_luma(const ImageView& image, LumaWeights weights, const Sample& sample);

}  // namespace mol_edge
