#include "mol_edge/flow_color.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
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

float largest_magnitude(std::span<const float> xs, std::span<const float> ys) {
    float largest = 0;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        const float magnitude = std::hypot(xs[i], ys[i]);
        if (std::isfinite(magnitude)) largest = std::max(largest, magnitude);
    }
    return largest;
}

Color color_of(float x, float y, float radius, const std::array<Color, kWheelSize>& wheel) {
    const float turn = std::atan2(-y, -x) / std::numbers::pi_v<float>;  // -1 to 1
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
    for (std::size_t i = 0; i < count; ++i) {
        const float radius = std::hypot(xs[i], ys[i]) * factor;
        const Color color = std::isfinite(radius) ? color_of(xs[i], ys[i], radius, wheel) : Color{};
        bgr[3 * i] = to_byte(color.b);
        bgr[3 * i + 1] = to_byte(color.g);
        bgr[3 * i + 2] = to_byte(color.r);
    }
}

}  // namespace mol_edge
