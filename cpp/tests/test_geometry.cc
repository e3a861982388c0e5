#include "mol_edge/error.h"
#include "mol_edge/geometry.h"

#include "catch.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace mol_edge {
namespace {

using Points = std::array<Point, 5>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Points upright() {
    return {{{40, 50}, {60, 50}, {50, 60}, {42, 70}, {58, 70}}};
}

TEST_CASE("alignment puts 2.5 times the box over the whole face") {
    const Transform t = alignment_transform(upright());
    // The box is 20 x 20 around (50, 60), so 25 pixels each way span 0 to 143.
    const Point low = apply(t, {25, 35});
    const Point high = apply(t, {75, 85});
    CHECK(std::abs(low.x) < 1e-9);
    CHECK(std::abs(low.y) < 1e-9);
    CHECK(std::abs(high.x - 143) < 1e-9);
    CHECK(std::abs(high.y - 143) < 1e-9);
}

TEST_CASE("alignment makes the eyes level, whichever way the head is turned") {
    const Transform turn{0.6, -0.8, 300, 0.8, 0.6, -20};
    Points points = upright();
    const Transform straight = alignment_transform(points);
    std::array<Point, 5> expected{};
    for (std::size_t i = 0; i < 5; ++i) expected[i] = apply(straight, points[i]);
    for (Point& point : points) point = apply(turn, point);
    const Transform t = alignment_transform(points);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(std::abs(apply(t, points[i]).x - expected[i].x) < 1e-9);
        CHECK(std::abs(apply(t, points[i]).y - expected[i].y) < 1e-9);
    }
}

TEST_CASE("alignment refuses points that make no face") {
    Points points = upright();
    points[3].x = kNan;
    CHECK_THROWS_AS(alignment_transform(points), ArrayError);
    points = upright();
    points[1] = points[0];
    CHECK_THROWS_AS(alignment_transform(points), ArrayError);
    points[1].x = 1e308;
    points[0].x = -1e308;
    CHECK_THROWS_AS(alignment_transform(points), ArrayError);
}

TEST_CASE("the inverse undoes a transform") {
    const Transform t{1.5, 0.3, -700, -0.2, 1.1, 12};
    const Point back = apply(invert(t), apply(t, {640, 361}));
    CHECK(std::abs(back.x - 640) < 1e-9);
    CHECK(std::abs(back.y - 361) < 1e-9);
    CHECK_THROWS_AS(invert({1, 2, 0, 2, 4, 0}), ArrayError);
    CHECK_THROWS_AS(invert({1, 0, kNan, 0, 1, 0}), ArrayError);
}

TEST_CASE("points and vectors of the crop go to the image") {
    const Transform t{2, 0, 10, 0, 2, 20};
    std::vector<float> points{2, 12, 12, 32};
    points_to_image(points, t, points);
    CHECK(points == std::vector<float>{0, 0, 5, 10});
    std::vector<float> vectors{1, 2, -3, 4};
    vectors_to_image(vectors, t, vectors);
    CHECK(vectors == std::vector<float>{0.5F, 1, -1.5F, 2});
    CHECK_THROWS_AS(points_to_image(std::span(points).first(3), t, points), ArrayError);
    CHECK_THROWS_AS(vectors_to_image(vectors, t, std::span(vectors).first(2)), ArrayError);
}

}  // namespace
}  // namespace mol_edge
