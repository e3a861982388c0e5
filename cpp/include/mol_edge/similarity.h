#pragma once

#include "mol_edge/geometry.h"

#include <span>

namespace mol_edge {

/// The similarity that takes `source` to `target` (x0 y0 x1 y1 …, two points or more) with least
/// squares. Throws ArrayError for spans that do not fit each other.
Transform fit_similarity(std::span<const double> source, std::span<const double> target);

/// The same without points that move by themselves; `keep` tells which ones count, one per point.
/// A point within `tolerance` of the fit always counts.
Transform fit_robustly(std::span<const double> source, std::span<const double> target,
                       double tolerance, std::span<bool> keep);

/// By how much a similarity enlarges.
double scale_of(const Transform& similarity);

/// How far a similarity of the crop takes its middle, pixels.
double way_of_middle(const Transform& similarity);

/// Takes points (x0 y0 x1 y1 …) by `transform`; `out` is as long and may be the same memory.
void transform_points(const Transform& transform, std::span<const double> points,
                      std::span<double> out);

/// Takes a shape (x0 y0 x1 y1 …) to the crop: moved as its `marks` have to be to lie on `points` of
/// an image, which `to_aligned` maps to the aligned face. `out` is as long as `shape`.
void place_shape(std::span<const double> shape, std::span<const double> marks,
                 std::span<const double> points, const Transform& to_aligned, std::span<float> out);

}  // namespace mol_edge
