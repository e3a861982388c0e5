#include "mol_edge/sharpness.h"

#include "catch.h"

#include <array>
#include <cmath>

namespace mol_edge {
namespace {

using Crop = std::array<float, kCropPixels>;

/// Stripes of `width` pixels, 1 and -1 in turn.
Crop stripes(std::size_t width) {
    Crop crop{};
    for (std::size_t i = 0; i < crop.size(); ++i) {
        crop[i] = i % kCropSize / width % 2 == 0 ? 1.0F : -1.0F;
    }
    return crop;
}

TEST_CASE("stripes as wide as a coarse pixel are as sharp as can be across") {
    // Each pixel's neighbours left and right are its opposite, above and below its like.
    CHECK(std::abs(sharpness(stripes(4)) - 4) < 1e-6);
}

TEST_CASE("wider stripes are less sharp, and finer ones average out") {
    // Each pixel has one neighbour of the other kind, but in the first and last column none.
    CHECK(std::abs(sharpness(stripes(8)) - 2 * std::sqrt(30.0 / 32.0)) < 1e-6);
    CHECK(sharpness(stripes(1)) == 0);
}

TEST_CASE("an even crop has no edges") {
    Crop crop{};
    CHECK(sharpness(crop) == 0);
    crop.fill(3);
    CHECK(sharpness(crop) == 0);
}

}  // namespace
}  // namespace mol_edge
