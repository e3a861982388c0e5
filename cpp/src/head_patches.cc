#include "mol_edge/head_patches.h"

#include <cmath>

namespace mol_edge {
namespace {

/// A patch less sure than this has found something else, in pixels.
constexpr float kSure = 0.5F;
/// How far a patch may move by itself and still speak for the head, in pixels.
constexpr float kOwnMotion = 0.8F;

}  // namespace

HeadPatches::HeadPatches(std::span<const float, kCropPixels> crop, std::span<const float> points)
    : points_(points.begin(), points.end()), patches_(crop, points) {}

HeadPlace HeadPatches::find(std::span<const float, kCropPixels> later,
                            const Transform& guess) const {
    std::vector<float> start(points_.size());
    for (std::size_t i = 0; i < start.size(); i += 2) {
        const Point to = apply(guess, {points_[i], points_[i + 1]});
        start[i] = static_cast<float>(to.x - points_[i]);
        start[i + 1] = static_cast<float>(to.y - points_[i + 1]);
    }
    std::vector<PatchMotion> seen(size());
    patches_.find(later, start, seen);
    const std::vector<float> weights(size(), 1.0F);
    HeadPlace place{head_motion(points_, seen, weights)};
    std::vector<float> own(points_.size());
    remove_head(points_, seen, place.motion, own);
    for (std::size_t i = 0; i < size(); ++i) {
        const bool agrees =
            seen[i].along < kSure && std::hypot(own[2 * i], own[2 * i + 1]) < kOwnMotion;
        place.agreeing += agrees ? 1 : 0;
    }
    return place;
}

}  // namespace mol_edge
