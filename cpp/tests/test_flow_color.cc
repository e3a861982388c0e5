#include "mol_edge/error.h"
#include "mol_edge/flow_color.h"

#include "catch.h"

#include <limits>
#include <vector>

namespace mol_edge {
namespace {

std::vector<int> colors(const std::vector<float>& flow, float max_magnitude) {
    std::vector<std::uint8_t> bgr(flow.size() / 2 * 3);
    flow_to_color(flow, max_magnitude, bgr);
    return {bgr.begin(), bgr.end()};
}

TEST_CASE("direction gives the hue of the wheel") {
    CHECK(colors({1, 0}, 1) == std::vector<int>{0, 0, 255});     // right: red
    CHECK(colors({-1, 0}, 1) == std::vector<int>{255, 209, 0});  // left: cyan to blue
    CHECK(colors({0, 0}, 1) == std::vector<int>{255, 255, 255});
}

TEST_CASE("size gives the saturation, up to the largest") {
    CHECK(colors({0.5F, 0}, 1) == std::vector<int>{127, 127, 255});
    CHECK(colors({2, 0}, 1) == std::vector<int>{0, 0, 191});
    CHECK(colors({2, 1, 0, 0}, 0) == std::vector<int>{0, 0, 255, 127, 127, 255});
    CHECK(colors({0, 0}, 0) == std::vector<int>{255, 255, 255});
}

TEST_CASE("flow that is not finite is black and sets no scale") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();
    CHECK(colors({nan, infinity, 3, 0, 0, 0}, 0) == std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 255});
}

TEST_CASE("bad settings and lengths are refused") {
    std::vector<std::uint8_t> bgr(3);
    const std::vector<float> flow(2);
    CHECK_THROWS_AS(flow_to_color(flow, -1, bgr), OptionError);
    CHECK_THROWS_AS(flow_to_color(flow, std::numeric_limits<float>::infinity(), bgr), OptionError);
    CHECK_THROWS_AS(flow_to_color(std::span(flow).first(1), 0, bgr), ArrayError);
    CHECK_THROWS_AS(flow_to_color(flow, 0, std::span(bgr).first(2)), ArrayError);
}

}  // namespace
}  // namespace mol_edge
