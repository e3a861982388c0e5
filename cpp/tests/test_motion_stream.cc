#include "mol_edge/error.h"
#include "mol_edge/motion_stream.h"

#include "catch.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace mol_edge {
namespace {

constexpr std::int64_t kPeriod = 20'000'000;

/// Waves that have moved to the right; those of the lower third have moved by `lower` more.
std::vector<float> crop_at(float shift, float lower = 0) {
    std::vector<float> crop(kCropPixels);
    for (std::size_t i = 0; i < kCropPixels; ++i) {
        const auto row = static_cast<float>(i / kCropSize);
        const float x = static_cast<float>(i % kCropSize) - shift - (row > 80 ? lower : 0);
        crop[i] = std::sin(0.31F * x + 0.1F * row) + std::sin(0.27F * row - 0.08F * x);
    }
    return crop;
}

/// The last 20 landmarks, those of the mouth, lie in the lower third.
LandmarkPoints landmarks() {
    LandmarkPoints points;
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        points[2 * i] = 20 + 9 * static_cast<float>(i % 10);
        points[2 * i + 1] = i < 48 ? 14 + 11 * static_cast<float>(i / 10) : 100;
    }
    return points;
}

MotionStream stream() {
    MotionStreamOptions options;
    for (std::size_t i = 0; i < 48; ++i) options.weights[i] = 1;
    options.regions = {{20, 21}, {50, 55, 60}};
    return MotionStream(options);
}

std::optional<LandmarkMotion> push(MotionStream& stream, int frame,
                                   const std::vector<float>& crop) {
    return stream.push(frame * kPeriod, std::span(crop).first<kCropPixels>(), landmarks());
}

TEST_CASE("the head's motion is told apart from the mouth's") {
    MotionStream following = stream();
    CHECK_FALSE(push(following, 0, crop_at(0)));
    const auto motion = push(following, 1, crop_at(0.4F, 0.3F));
    REQUIRE(motion);
    CHECK(std::abs(motion->head.x0 - 0.4) < 0.1);
    CHECK(std::abs(motion->vectors[2 * 55] - 0.3F) < 0.08F);
    CHECK(std::abs(motion->vectors[2 * 25]) < 0.08F);
    CHECK(motion->since_ns == 0);
}

TEST_CASE("motion is told over the span, however many frames that are") {
    MotionStream following = stream();
    std::optional<LandmarkMotion> motion;
    for (int frame = 0; frame <= 20; ++frame) {
        motion = push(following, frame, crop_at(0, 0.02F * static_cast<float>(frame)));
    }
    CHECK(motion->since_ns == 15 * kPeriod);
    CHECK(std::abs(motion->vectors[2 * 55] - 0.1F) < 0.03F);
}

TEST_CASE("of a region the strongest patch is told, as far as it is trusted") {
    MotionStream following = stream();
    push(following, 0, crop_at(0));
    const auto motion = push(following, 1, crop_at(0.4F, 0.3F));
    float most = 0;
    for (const std::size_t i : {50U, 55U, 60U}) {
        most = std::max(most, motion->strength[i] * motion->confidence[i]);
    }
    const std::vector<float> strongest = following.strongest(*motion);
    REQUIRE(strongest.size() == 2);
    CHECK(strongest[1] == most);
    CHECK(strongest[0] < 0.5F * strongest[1]);
}

TEST_CASE("regions of landmarks that are not there are refused") {
    MotionStreamOptions options;
    options.regions = {{3, 68}};
    CHECK_THROWS_AS(MotionStream(options), ArrayError);
}

TEST_CASE("time that steps back starts anew") {
    MotionStream following = stream();
    push(following, 5, crop_at(0));
    CHECK_FALSE(push(following, 5, crop_at(0)));
    CHECK(push(following, 6, crop_at(0)));
}

TEST_CASE("landmarks that are not finite are refused and leave no trace") {
    MotionStream following = stream();
    push(following, 0, crop_at(0));
    LandmarkPoints broken = landmarks();
    broken[7] = std::numeric_limits<float>::quiet_NaN();
    const auto crop = crop_at(0);
    CHECK_THROWS_AS(following.push(kPeriod, std::span(crop).first<kCropPixels>(), broken),
                    ArrayError);
    const auto motion = push(following, 2, crop_at(0));
    REQUIRE(motion);
    CHECK(motion->strength[30] < 0.01F);
}

}  // namespace
}  // namespace mol_edge
