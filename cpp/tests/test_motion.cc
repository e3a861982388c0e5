#include "mol_edge/error.h"
#include "mol_edge/isa.h"
#include "mol_edge/motion.h"

#include "catch.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace mol_edge {
namespace {

using Crop = std::vector<float>;

/// A crop whose brightness at (x, y) is `level(x, y)`.
template <class Level>
Crop crop_of(Level level) {
    Crop crop(kCropPixels);
    for (std::size_t i = 0; i < kCropPixels; ++i) {
        crop[i] = level(static_cast<float>(i % kCropSize), static_cast<float>(i / kCropSize));
    }
    return crop;
}

float waves(float x, float y) {
    return std::sin(0.31F * x + 0.1F * y) + std::sin(0.27F * y - 0.08F * x);
}

std::vector<PatchMotion> motion_of(const Crop& from, const Crop& to, std::span<const float> points,
                                   std::span<const float> start = {}) {
    std::vector<PatchMotion> out(points.size() / 2);
    patch_motion(std::span(from).first<kCropPixels>(), std::span(to).first<kCropPixels>(), points,
                 start, out);
    return out;
}

/// Sets an instruction set for as long as it lives.
class UsingIsa {
  public:
    explicit UsingIsa(Isa isa) { use_isa(isa); }
    ~UsingIsa() { use_isa(available_isas().back()); }
    UsingIsa(const UsingIsa&) = delete;
    UsingIsa& operator=(const UsingIsa&) = delete;
};

const std::array<float, 6> kPoints{40, 50, 64.4F, 80.7F, 90, 30};

TEST_CASE("a shift is found under another gain and offset") {
    for (const Isa isa : available_isas()) {
        const UsingIsa using_isa(isa);
        for (const float shift : {0.05F, 0.4F, 1.3F, 3.0F, 4.5F}) {
            const Crop from = crop_of(waves);
            const Crop to = crop_of(
                [&](float x, float y) { return 1.3F * waves(x - shift, y + 0.5F * shift) + 0.4F; });
            for (const PatchMotion& patch : motion_of(from, to, kPoints)) {
                CHECK(std::abs(patch.x - shift) < 0.02F);
                CHECK(std::abs(patch.y + 0.5F * shift) < 0.02F);
                CHECK(patch.across < 0.2F);
            }
        }
    }
}

TEST_CASE("of an edge only the normal is reported") {
    const auto edge = [](float x, float y) { return std::tanh(0.4F * (0.8F * x + 0.6F * y - 78)); };
    const Crop to = crop_of([&](float x, float y) { return edge(x - 1, y); });
    const std::array<float, 2> point{60, 50};
    const PatchMotion patch = motion_of(crop_of(edge), to, point)[0];
    CHECK(std::isinf(patch.across));
    CHECK(std::abs(std::abs(patch.axis_x) - 0.8F) < 0.01F);
    CHECK(std::abs(patch.x - 0.64F) < 0.03F);
    CHECK(std::abs(patch.y - 0.48F) < 0.03F);
}

TEST_CASE("flat, distant and damaged patches are not seen") {
    const Crop from = crop_of(waves);
    const Crop flat(kCropPixels, 0.5F);
    const Crop broken(kCropPixels, std::numeric_limits<float>::quiet_NaN());
    CHECK(std::isinf(motion_of(flat, from, kPoints)[0].along));
    CHECK(std::isinf(motion_of(from, flat, kPoints)[0].along));
    CHECK(std::isinf(motion_of(from, broken, kPoints)[0].along));
    CHECK(std::isinf(motion_of(broken, from, kPoints)[0].along));
    const std::array<float, 4> outside{-9, 50, 60, 140};
    for (const PatchMotion& patch : motion_of(from, from, outside)) CHECK(std::isinf(patch.along));
}

TEST_CASE("patches at the border stay within the crop") {
    const Crop from = crop_of(waves);
    const Crop to = crop_of([](float x, float y) { return waves(x - 2, y - 2); });
    const std::array<float, 8> corners{0, 0, 127, 0, 0, 127, 127, 127};
    const std::array<float, 8> far{-300, -300, 300, -300, -300, 300, 300, 300};
    for (const PatchMotion& patch : motion_of(from, to, corners, far)) {
        CHECK((std::isinf(patch.along) || std::abs(patch.x) < 128));
    }
}

TEST_CASE("instruction sets agree") {
    const Crop from = crop_of(waves);
    const Crop to = crop_of([](float x, float y) { return waves(x - 0.7F, y - 0.2F); });
    use_isa(Isa::kPortable);
    const auto expected = motion_of(from, to, kPoints);
    for (const Isa isa : available_isas()) {
        const UsingIsa using_isa(isa);
        const auto got = motion_of(from, to, kPoints);
        for (std::size_t i = 0; i < got.size(); ++i) {
            CHECK(std::abs(got[i].x - expected[i].x) < 1e-3F);
            CHECK(std::abs(got[i].y - expected[i].y) < 1e-3F);
            CHECK(std::abs(got[i].along - expected[i].along) < 1e-2F * expected[i].along);
        }
    }
}

TEST_CASE("the head's similarity is found among points that move on their own") {
    const std::vector<float> points{30, 30, 90, 30, 60, 50, 60,  70,
                                    40, 90, 80, 90, 20, 60, 100, 60};
    const Transform head{1.02, -0.01, 0.6, 0.01, 1.02, -0.3};
    std::vector<PatchMotion> patches;
    for (std::size_t i = 0; i < points.size(); i += 2) {
        const Point to = apply(head, {points[i], points[i + 1]});
        patches.push_back({static_cast<float>(to.x) - points[i],
                           static_cast<float>(to.y) - points[i + 1], 1, 0, 0.01F, 0.01F});
    }
    patches[4].x += 3;
    patches[5].y -= 2;
    const std::vector<float> weights(patches.size(), 1);
    const Transform found = head_motion(points, patches, weights);
    for (const Point at : {Point{20, 20}, Point{100, 100}}) {
        CHECK(std::abs(apply(found, at).x - apply(head, at).x) < 0.06);
        CHECK(std::abs(apply(found, at).y - apply(head, at).y) < 0.06);
    }
    std::vector<float> rest(points.size());
    remove_head(points, patches, found, rest);
    CHECK(std::abs(rest[8] - 3) < 0.06F);
    CHECK(std::abs(rest[11] + 2) < 0.06F);
    CHECK(std::abs(rest[0]) < 0.06F);
}

TEST_CASE("a head without a steady point stands still") {
    const std::vector<PatchMotion> patches(3, {1, 1, 1, 0, 0.01F, 0.01F});
    const std::vector<float> weights(3, 0);
    const Transform head = head_motion(kPoints, patches, weights);
    CHECK(head.x0 == 0);
    CHECK(head.xx == 1);
}

TEST_CASE("spans that do not fit are refused") {
    const Crop crop = crop_of(waves);
    const std::span<const float, kCropPixels> pixels = std::span(crop).first<kCropPixels>();
    std::vector<PatchMotion> out(2);
    CHECK_THROWS_AS(patch_motion(pixels, pixels, kPoints, {}, out), ArrayError);
    const std::vector<float> nan(4, std::numeric_limits<float>::quiet_NaN());
    CHECK_THROWS_AS(patch_motion(pixels, pixels, nan, {}, out), ArrayError);
    CHECK_THROWS_AS(head_motion(kPoints, out, std::vector<float>(3)), ArrayError);
    std::vector<float> few(2);
    CHECK_THROWS_AS(remove_head(kPoints, std::vector<PatchMotion>(3), {}, few), ArrayError);
}

}  // namespace
}  // namespace mol_edge
