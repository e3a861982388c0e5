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

/// The step of column `n` of a panel, or nothing where it would be too large.
std::optional<double> step_of(const float* panel, std::ptrdiff_t inputs, int n) {
    double largest = 0;
    double squares = 0;
    for (std::ptrdiff_t k = 0; k < inputs; ++k) {
        const double weight = panel[k * kPanel + n];
        largest = std::max(largest, std::fabs(weight));
        squares += weight * weight;
    }
    const double mean = std::sqrt(squares / static_cast<double>(inputs));
    if (!std::isfinite(mean) || largest > kMostAbove * mean) return std::nullopt;
    return largest > 0 ? largest / kMost : 1;
}

/// Four weights of a column, each in 24 bits, into three words `kPanel` apart: the upper 24 bits of
/// these are three of them, the lower eight the fourth, its upper byte first.
void put(const std::uint32_t (&weights)[kFixedGroup], float* words) {
    for (int word = 0; word < kFixedWords; ++word) {
        const std::uint32_t part = weights[kFixedGroup - 1] >> (8 * (2 - word)) & 0xFFU;
        const std::uint32_t whole = weights[word] << 8U | part;
        std::memcpy(words + word * kPanel, &whole, sizeof whole);
    }
}

}  // namespace

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
            const auto step = step_of(panels, inputs, n);
            if (!step) return std::nullopt;
            steps[n] = *step;
            // Words have a byte below the 24 bits.
            fixed.steps.push_back(static_cast<float>(*step / 256));
        }
        for (int tap = 0; tap < taps; ++tap) {
            for (int first = 0; first < run; first += kFixedGroup) {
                for (int n = 0; n < kPanel; ++n) {
                    std::uint32_t group[kFixedGroup] = {};
                    for (int k = first; k < std::min(run, first + kFixedGroup); ++k) {
                        const double weight =
                            panels[(static_cast<std::ptrdiff_t>(tap) * run + k) * kPanel + n];
                        group[k - first] = static_cast<std::uint32_t>(
                            static_cast<std::int32_t>(std::nearbyint(weight / steps[n])));
                    }
                    put(group, to + n);
                }
                to += kFixedWords * kPanel;
            }
        }
    }
    return fixed;
}

}  // namespace mol_edge::network
