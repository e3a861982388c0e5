#include "mol_edge/error.h"
#include "mol_edge/similarity.h"

#include "catch.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace mol_edge {
namespace {

const std::array<double, 12> kSquare{0, 0, 9, 0, 9, 9, 0, 9, 4, 5, 2, 7};
const Transform kTurned{0.8, -0.6, 4, 0.6, 0.8, -2};

std::vector<double> moved(const Transform& transform) {
    std::vector<double> to(kSquare.size());
    transform_points(transform, kSquare, to);
    return to;
}

TEST_CASE("a similarity is found exactly") {
    const Transform found = fit_similarity(kSquare, moved(kTurned));
    CHECK(std::abs(found.xx - 0.8) < 1e-12);
    CHECK(std::abs(found.yx - 0.6) < 1e-12);
    CHECK(std::abs(found.x0 - 4) < 1e-12);
    CHECK(std::abs(found.y0 + 2) < 1e-12);
}

TEST_CASE("a point that moves by itself does not count") {
    std::vector<double> to = moved(kTurned);
    to[8] += 7;
    std::array<bool, 6> keep{};
    const Transform found = fit_robustly(kSquare, to, 0.5, keep);
    CHECK(std::abs(found.x0 - 4) < 1e-9);
    for (std::size_t i = 0; i < keep.size(); ++i) CHECK(keep[i] == (i != 4));
}

TEST_CASE("points in one place give a shift") {
    const std::array<double, 4> from{1, 1, 1, 1}, to{5, 5, 5, 5};
    const Transform found = fit_similarity(from, to);
    CHECK(found.xx == 1);
    CHECK(found.x0 == 4);
}

TEST_CASE("points that do not fit each other are refused") {
    CHECK_THROWS_AS(fit_similarity(kSquare, std::span(kSquare).first(4)), ArrayError);
    CHECK_THROWS_AS(fit_similarity({}, {}), ArrayError);
}

TEST_CASE("a shape lies in the crop where its marks say") {
    const std::array<double, 4> shape{1, 1, 5, 2};
    std::array<float, 4> out{};
    place_shape(shape, kSquare, moved(kTurned), {2, 0, 10, 0, 2, 20}, out);
    // In the image (4.2, -0.6) and (6.8, 2.6), twice as large and shifted in the aligned face.
    const std::array<float, 4> expected{10.4F, 10.8F, 15.6F, 17.2F};
    for (std::size_t i = 0; i < out.size(); ++i) CHECK(std::abs(out[i] - expected[i]) < 1e-5F);
}

TEST_CASE("a similarity tells how it enlarges and where it takes the middle of the crop") {
    CHECK(std::abs(scale_of({2.4, -1.8, 0, 1.8, 2.4, 0}) - 3) < 1e-12);
    CHECK(std::abs(way_of_middle({1, 0, 3, 0, 1, -4}) - 5) < 1e-12);
    CHECK(std::abs(way_of_middle({0, -1, 127, 1, 0, 0})) < 1e-12);
}

}  // namespace
}  // namespace mol_edge
