#include "mol_edge/error.h"
#include "mol_edge/head_patches.h"

#include "catch.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace mol_edge {
namespace {

using Crop = std::vector<float>;
constexpr Transform kStill{1, 0, 0, 0, 1, 0};
const std::vector<float> kPoints{30, 40, 98, 40, 64, 64, 40, 96, 88, 96, 64, 30, 30, 70, 98, 70};

/// A picture that looks nowhere like somewhere else, and whose waves have no common period.
float luma(double x, double y) {
    return static_cast<float>(100 + 30 * std::sin(0.31 * x + 0.1 * y) +
                              25 * std::sin(0.23 * y - 0.17 * x) +
                              20 * std::sin(0.004 * x * y + 0.05 * x));
}

/// `luma` after `motion`.
Crop crop_of(const Transform& motion) {
    const Transform back = invert(motion);
    Crop crop(kCropPixels);
    for (std::size_t i = 0; i < kCropPixels; ++i) {
        const Point from =
            apply(back, {static_cast<double>(i % kCropSize), static_cast<double>(i / kCropSize)});
        crop[i] = luma(from.x, from.y);
    }
    return crop;
}

std::span<const float, kCropPixels> pixels(const Crop& crop) {
    return std::span(crop).first<kCropPixels>();
}

HeadPlace place_after(const Transform& motion, const Transform& guess = kStill) {
    const Crop first = crop_of(kStill), later = crop_of(motion);
    return HeadPatches(pixels(first), kPoints).find(pixels(later), guess);
}

void check_close(const Transform& found, const Transform& truth, double tolerance) {
    for (std::size_t i = 0; i < kPoints.size(); i += 2) {
        const Point at{kPoints[i], kPoints[i + 1]};
        const Point came = apply(found, at), should = apply(truth, at);
        CHECK(std::hypot(came.x - should.x, came.y - should.y) < tolerance);
    }
}

TEST_CASE("a head that shifts, turns and grows is followed") {
    const Transform shift{1, 0, 3.2, 0, 1, -1.7};
    const double c = 1.03 * std::cos(0.03), s = 1.03 * std::sin(0.03);
    const Transform turn{c, -s, 64 - 64 * c + 64 * s, s, c, 64 - 64 * s - 64 * c};
    for (const Transform& motion : {kStill, shift, turn}) {
        const HeadPlace place = place_after(motion);
        CHECK(place.agreeing == kPoints.size() / 2);
        check_close(place.motion, motion, 0.25);
    }
}

TEST_CASE("a guess takes the search farther away") {
    const Transform far{1, 0, 14, 0, 1, -9};
    const HeadPlace place = place_after(far, {1, 0, 12, 0, 1, -11});
    CHECK(place.agreeing == kPoints.size() / 2);
    check_close(place.motion, far, 0.1);
    CHECK(place_after(far).agreeing < kPoints.size() / 4);
}

TEST_CASE("what moves by itself does not speak for the head") {
    const Crop first = crop_of(kStill), other = crop_of({1, 0, 0, 0, 1, 3});
    Crop later = first;
    for (std::size_t i = 82 * kCropSize; i < kCropPixels; ++i) later[i] = other[i];
    const HeadPlace place = HeadPatches(pixels(first), kPoints).find(pixels(later), kStill);
    CHECK(place.agreeing == kPoints.size() / 2 - 2);
    check_close(place.motion, kStill, 0.3);
}

TEST_CASE("nothing of the head is found where it is not") {
    const Crop first = crop_of(kStill);
    const HeadPatches patches(pixels(first), kPoints);
    CHECK(patches.find(pixels(Crop(kCropPixels, 90.0F)), kStill).agreeing == 0);
    std::mt19937 random(1);
    std::normal_distribution<float> level(100, 40);
    Crop noise(kCropPixels);
    for (float& pixel : noise) pixel = level(random);
    CHECK(patches.find(pixels(noise), kStill).agreeing < 3);
}

TEST_CASE("points and guesses that are no numbers are refused") {
    const Crop first = crop_of(kStill);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<float> points{std::numeric_limits<float>::quiet_NaN(), 3};
    CHECK_THROWS_AS(HeadPatches(pixels(first), points), ArrayError);
    const HeadPatches patches(pixels(first), kPoints);
    CHECK_THROWS_AS(patches.find(pixels(first), {1, 0, nan, 0, 1, 0}), ArrayError);
}

}  // namespace
}  // namespace mol_edge
