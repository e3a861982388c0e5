#include "mol_edge/head_patches.h"

#include <algorithm>
#include <cmath>

namespace mol_edge {
namespace {

/// A patch less sure than this has found something else, in pixels.
constexpr float kSure = 0.5F;
/// How far a patch may move by itself and still speak for the head, in pixels.
constexpr double kOwnMotion = 0.8;

/// What is seen of a patch beyond the motion of the head.
double own_motion(const PatchMotion& patch, Point head) {
    const double x = patch.x - head.x;
    const double y = patch.y - head.y;
    const double along = patch.axis_x * x + patch.axis_y * y;
    return std::isfinite(patch.across) ? std::hypot(x, y) : std::abs(along);
}

}  // namespace

HeadPatches::HeadPatches(std::span<const float, kCropPixels> crop, std::span<const float> points)
    : points_(points.begin(), points.end()), patches_(crop, points) {}

HeadPlace HeadPatches::find(std::span<const float, kCropPixels> later,
                            const Transform& guess) const {
    const auto shift = [this](const Transform& motion, std::size_t i) {
        const Point from{points_[2 * i], points_[2 * i + 1]};
        const Point to = apply(motion, from);
        return Point{to.x - from.x, to.y - from.y};
    };
    std::vector<float> start(points_.size());
    for (std::size_t i = 0; i < size(); ++i) {
        const Point guessed = shift(guess, i);
        start[2 * i] = static_cast<float>(guessed.x);
        start[2 * i + 1] = static_cast<float>(guessed.y);
    }
    std::vector<PatchMotion> seen(size());
    patches_.find(later, start, seen);
    const std::vector<float> weights(size(), 1.0F);
    HeadPlace place{head_motion(points_, seen, weights)};
    for (std::size_t i = 0; i < size(); ++i) {
        const bool agrees =
            seen[i].along < kSure && own_motion(seen[i], shift(place.motion, i)) < kOwnMotion;
        place.agreeing += agrees ? 1 : 0;
    }
    return place;
}

}  // namespace mol_edge
