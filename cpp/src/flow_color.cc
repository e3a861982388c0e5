#include "mol_edge/flow_color.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>

namespace mol_edge {
namespace {

struct Color {
    float b, g, r;
};

/// Steps of the wheel from red over yellow, green, cyan, blue and magenta back to red.
constexpr std::array<int, 6> kSteps{15, 6, 4, 11, 13, 6};
constexpr std::size_t kWheelSize = 55;
constexpr std::array<Color, 7> kCorners{{
    {0, 0, 1},
    {0, 1, 1},
    {0, 1, 0},
    {1, 1, 0},
    {1, 0, 0},
    {1, 0, 1},
    {0, 0, 1},
}};

Color mix(const Color& from, const Color& to, float share) {
    return {from.b + share * (to.b - from.b), from.g + share * (to.g - from.g),
            from.r + share * (to.r - from.r)};
}

/// Channels are whole levels of 255, as the published wheel has them.
Color whole_levels(const Color& color) {
    const auto floored = [](float v) { return std::floor(255 * v + 1e-3F) / 255; };
    return {floored(color.b), floored(color.g), floored(color.r)};
}

std::array<Color, kWheelSize> make_wheel() {
    std::array<Color, kWheelSize> wheel{};
    std::size_t next = 0;
    for (std::size_t corner = 0; corner < kSteps.size(); ++corner) {
        const bool rises = corner % 2 == 0;
        for (int step = 0; step < kSteps[corner]; ++step) {
            const float share = static_cast<float>(step) / static_cast<float>(kSteps[corner]);
            // A falling channel is 255 minus the floored rise, so it is the rise that is floored.
            const Color risen = whole_levels(
                mix(kCorners[corner + (rises ? 0 : 1)], kCorners[corner + (rises ? 1 : 0)], share));
            const Color& from = kCorners[corner];
            const Color& to = kCorners[corner + 1];
            wheel[next++] = rises ? risen
                                  : Color{from.b + to.b - risen.b, from.g + to.g - risen.g,
                                          from.r + to.r - risen.r};
        }
    }
    return wheel;
}

/// Length of a vector; in double, since squares of large floats overflow.
float magnitude(float x, float y) {
    const double wide_x = x, wide_y = y;
    return static_cast<float>(std::sqrt(wide_x * wide_x + wide_y * wide_y));
}

float largest_magnitude(std::span<const float> xs, std::span<const float> ys) {
    float largest = 0;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        const float size = magnitude(xs[i], ys[i]);
        largest = size <= std::numeric_limits<float>::max() ? std::max(largest, size) : largest;
    }
    return largest;
}

/// atan(sqrt(s)) / sqrt(s) for s of 0 to 1, interpolated at Chebyshev's points: off by 5e-10.
constexpr std::array<double, 11> kArcTangent{0.999999999554,    -0.333333224889,  0.199995580999,
                                             -0.142785760195,   0.110507712442,   -0.0878504317056,
                                             0.0668528127274,   -0.0439284073621, 0.0219129430387,
                                             -0.00703066814987, 0.00105760717468};

/// atan2(y, x) / pi, -1 to 1. Without a branch or a call, so that compilers do several at once.
float turn_of(float y, float x) {
    const double wide_x = std::abs(x), wide_y = std::abs(y);
    const double longer = std::max(wide_x, wide_y), shorter = std::min(wide_x, wide_y);
    const double slope = shorter / std::max(longer, std::numeric_limits<double>::min());
    const double square = slope * slope;
    double series = 0;
    for (std::size_t i = kArcTangent.size(); i-- > 0;) series = series * square + kArcTangent[i];
    const double angle = series * slope / std::numbers::pi;
    const double from_axis = 0.25 - std::copysign(1.0, wide_x - wide_y) * (0.25 - angle);
    const double turn = 0.5 - std::copysign(1.0, static_cast<double>(x)) * (0.5 - from_axis);
    return std::copysign(static_cast<float>(turn), y);
}

/// What is computed for many vectors at once.
constexpr std::size_t kBlock = 128;
struct Polar {
    alignas(32) std::array<float, kBlock> radius, turn;

    void take(std::span<const float> xs, std::span<const float> ys, float factor) {
        for (std::size_t i = 0; i < xs.size(); ++i) radius[i] = magnitude(xs[i], ys[i]) * factor;
        for (std::size_t i = 0; i < xs.size(); ++i) turn[i] = turn_of(-ys[i], -xs[i]);
    }
};

Color color_of(float turn, float radius, const std::array<Color, kWheelSize>& wheel) {
    const float place = (turn + 1) / 2 * static_cast<float>(kWheelSize - 1);
    const auto index = std::min(static_cast<std::size_t>(place), kWheelSize - 1);
    const Color hue =
        mix(wheel[index], wheel[(index + 1) % kWheelSize], place - static_cast<float>(index));
    if (radius > 1) return mix({0, 0, 0}, hue, 0.75F);
    return mix({1, 1, 1}, hue, radius);
}

std::uint8_t to_byte(float channel) {
    return static_cast<std::uint8_t>(std::clamp(255 * channel, 0.0F, 255.0F));
}

}  // namespace

void flow_to_color(std::span<const float> flow, float max_magnitude, std::span<std::uint8_t> bgr) {
    const std::size_t count = flow.size() / 2;
    if (flow.size() % 2 != 0 || bgr.size() != 3 * count) {
        throw ArrayError(
            "flow must be pairs of x and y with three bytes of picture for each, got " +
            std::to_string(flow.size()) + " values and " + std::to_string(bgr.size()) + " bytes.");
    }
    if (!(max_magnitude >= 0) || !std::isfinite(max_magnitude)) {
        throw OptionError("max_magnitude must be finite and 0 (the field's own) or more, got " +
                          std::to_string(max_magnitude) + ".");
    }
    static const std::array<Color, kWheelSize> wheel = make_wheel();
    const auto xs = flow.first(count);
    const auto ys = flow.last(count);
    const float largest = max_magnitude > 0 ? max_magnitude : largest_magnitude(xs, ys);
    const float factor = largest > 0 ? 1 / largest : 0;
    Polar polar;
    for (std::size_t first = 0; first < count; first += kBlock) {
        const std::size_t size = std::min(kBlock, count - first);
        polar.take(xs.subspan(first, size), ys.subspan(first, size), factor);
        for (std::size_t i = 0; i < size; ++i) {
            const float radius = polar.radius[i];
            const Color color =
                std::isfinite(radius) ? color_of(polar.turn[i], radius, wheel) : Color{};
            std::uint8_t* const to = bgr.data() + 3 * (first + i);
            to[0] = to_byte(color.b);
            to[1] = to_byte(color.g);
            to[2] = to_byte(color.r);
        }
    }
}

}  // namespace mol_edge
