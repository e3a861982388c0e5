#pragma once

#include "mol_edge/crop.h"

#include <span>

namespace mol_edge {

/// Contrast of the edges of a crop in parts of its own: the deviation of its Laplacian over its
/// own, both at a quarter of the size, where the noise of a camera averages out. 0 for an even
/// crop.
double sharpness(std::span<const float, kCropPixels> crop);

}  // namespace mol_edge
