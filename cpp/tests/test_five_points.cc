#include "mol_edge/five_points.h"

#include "catch.h"

#include <array>
#include <cmath>

namespace mol_edge {
namespace {

constexpr std::array<Point, 5> kFace{{{40, 40}, {80, 40}, {60, 62.4}, {45, 80}, {75, 80}}};

std::array<Point, 5> taken(const Transform& transform) {
    std::array<Point, 5> to;
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = apply(transform, kFace[i]);
    return to;
}

TEST_CASE("the size of a face is that of its longer side") {
    CHECK(std::abs(eye_distance(kFace) - 40) < 1e-9);
    CHECK(std::abs(eye_distance(taken({0.5, 0, 0, 0, 1, 0})) - 40) < 1e-9);
    CHECK(std::abs(eye_distance(taken({0, -1, 7, 1, 0, 3})) - 40) < 1e-9);
}

TEST_CASE("a head is turned as far as its nose has gone") {
    CHECK(head_turn(kFace) < 1e-9);
    std::array<Point, 5> turned = kFace;
    turned[2].x += 12;
    CHECK(std::abs(head_turn(turned) - 0.3) < 1e-9);
    const std::array<Point, 5> nowhere{};
    CHECK(std::isinf(head_turn(nowhere)));
}

TEST_CASE("the farthest of five points tells how far a face has gone") {
    std::array<Point, 5> later = kFace;
    later[1].x += 1;
    later[3] = {later[3].x + 3, later[3].y + 4};
    CHECK(std::abs(farthest_way({2, 0, 99, 0, 2, 99}, kFace, later) - 10) < 1e-9);
    CHECK(farthest_way({}, kFace, kFace) == 0);
}

TEST_CASE("a box moves and grows with the points in it") {
    const Box box = carried_box({30, 20, 60, 80}, kFace, taken({1.5, 0, 4, 0, 1.5, -6}));
    const Box expected{49, 24, 90, 120};
    for (std::size_t i = 0; i < box.size(); ++i) CHECK(std::abs(box[i] - expected[i]) < 1e-9);
}

}  // namespace
}  // namespace mol_edge
