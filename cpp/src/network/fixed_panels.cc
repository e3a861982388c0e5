#include "fixed_panels.h"

#include "map.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace mol_edge::network {
namespace {

/// The largest magnitude of 24 bits.
constexpr double kMost = (1 << 23) - 1;
/// How far the largest weight of a column may be above its root mean square: weights are then off
/// by 1e-6 of this at most, as root mean square.
constexpr double kMostAbove = 32;
/// A column of no larger weights is one of zeros: a float holds no step of theirs.
constexpr double kNone = 1e-25;

}  // namespace

std::optional<double> fixed_step(const float* weights, std::ptrdiff_t apart, std::ptrdiff_t count) {
    double largest = 0;
    double squares = 0;
    for (std::ptrdiff_t k = 0; k < count; ++k) {
        const double weight = weights[k * apart];
        largest = std::max(largest, std::fabs(weight));
        squares += weight * weight;
    }
    const double mean = std::sqrt(squares / static_cast<double>(count));
    if (!std::isfinite(mean) || largest > kMostAbove * mean) return std::nullopt;
    return largest > kNone ? largest / kMost : 1;
}

std::int32_t fixed_of(double weight, double step) {
    return static_cast<std::int32_t>(std::clamp(std::nearbyint(weight / step), -kMost, kMost));
}

void put_fixed(const std::int32_t (&weights)[kFixedGroup], float* words) {
    const auto last = static_cast<std::uint32_t>(weights[kFixedWords]);
    for (int word = 0; word < kFixedWords; ++word) {
        const std::uint32_t part = last >> (8 * (kFixedWords - 1 - word)) & 0xFFU;
        const std::uint32_t whole = static_cast<std::uint32_t>(weights[word]) << 8U | part;
        std::memcpy(words + word * kPanel, &whole, sizeof whole);
    }
}

std::ptrdiff_t fixed_panel_size(int taps, int run) {
    return static_cast<std::ptrdiff_t>(taps) * rounded_up(run, kFixedGroup) / kFixedGroup *
           kFixedWords * kPanel;
}

std::optional<FixedPanels> FixedPanels::of(const float* panels, int panel_count, int taps,
                                           int run) {
    const std::ptrdiff_t inputs = static_cast<std::ptrdiff_t>(taps) * run;
    FixedPanels fixed{Buffer(static_cast<std::size_t>(panel_count * fixed_panel_size(taps, run))),
                      {}};
    float* to = fixed.words.data();
    for (int panel = 0; panel < panel_count; ++panel, panels += inputs * kPanel) {
        double steps[kPanel];
        for (int n = 0; n < kPanel; ++n) {
            const auto step = fixed_step(panels + n, kPanel, inputs);
            if (!step) return std::nullopt;
            steps[n] = *step;
            fixed.steps.push_back(static_cast<float>(*step / kFixedUnit));
        }
        for (int tap = 0; tap < taps; ++tap) {
            for (int first = 0; first < run; first += kFixedGroup) {
                for (int n = 0; n < kPanel; ++n) {
                    std::int32_t group[kFixedGroup] = {};
                    for (int k = first; k < std::min(run, first + kFixedGroup); ++k) {
                        const double weight =
                            panels[(static_cast<std::ptrdiff_t>(tap) * run + k) * kPanel + n];
                        group[k - first] = fixed_of(weight, steps[n]);
                    }
                    put_fixed(group, to + n);
                }
                to += kFixedWords * kPanel;
            }
        }
    }
    return fixed;
}

}  // namespace mol_edge::network
