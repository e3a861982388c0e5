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

/// Takes points (x0 y0 x1 y1 …) by `transform`; `out` is as long and may be the same memory.
void transform_points(const Transform& transform, std::span<const double> points,
                      std::span<double> out);

}  // namespace mol_edge
