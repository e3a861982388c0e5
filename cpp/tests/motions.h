#pragma once

#include "mol_edge/path_history.h"

#include <limits>

namespace mol_edge {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Two cells of evidence, the first of them a brow, and the lids of one eye.
inline CellLayout layout() {
    return {{{17, 18, 19}, {48}, {37}, {40}}, 2, 1, {2}, {3}};
}

/// A motion of nothing, all of it seen equally well along both axes.
inline LandmarkMotion still(float deviation = 0.01F) {
    LandmarkMotion motion;
    motion.confidence.fill(1);
    motion.deviation.fill(deviation);
    for (std::size_t i = 0; i < kLandmarks; ++i) motion.axes[2 * i] = 1;
    return motion;
}

inline void move(LandmarkMotion& motion, std::size_t landmark, float x, float y) {
    motion.vectors[2 * landmark] = x;
    motion.vectors[2 * landmark + 1] = y;
}

/// All landmarks move alike.
inline LandmarkMotion moving(float x, float y) {
    LandmarkMotion motion = still();
    for (std::size_t i = 0; i < kLandmarks; ++i) move(motion, i, x, y);
    return motion;
}

/// How much of a motion of `still`'s deviation a cell of so many landmarks takes on.
inline double share_taken(double landmarks) {
    const double seen = landmarks / (0.01 * 0.01 + 0.05 * 0.05);
    return seen / (seen + 1 / (0.3 * 0.3));
}

}  // namespace mol_edge
