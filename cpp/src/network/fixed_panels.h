#pragma once

#include "buffer.h"
#include "kernels.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mol_edge::network {

/// Panels of weights in fixed point of 24 bits, three quarters of the memory of floats: for layers
/// of so few pixels that weights are what they wait for. A float has 24 bits too, but of its own
/// size each, so small weights lose some here: a column whose largest weight is 5 times its root
/// mean square is off by 2e-7 of that, less than float sums of its length are.
struct FixedPanels {
    /// As `Product::panel` with `steps` has them.
    Buffer words;
    /// By column of all panels.
    std::vector<float> steps;

    /// Of panels of floats, [panels][taps][run][kPanel]; none where a column's largest weight is so
    /// far above the others that these would be off by more than floats' sums.
    static std::optional<FixedPanels> of(const float* panels, int panel_count, int taps, int run);
};

/// Words hold 24 bits and a byte below them.
inline constexpr double kFixedUnit = 256;

/// A weight in such steps.
std::int32_t fixed_of(double weight, double step);

/// What a column's weights, `apart` from each other, are whole multiples of in 24 bits, or nothing
/// where one of them is too far above the others, or no number.
std::optional<double> fixed_step(const float* weights, std::ptrdiff_t apart, std::ptrdiff_t count);

/// Weights of as many steps into words `kPanel` apart: the upper 24 bits of each word are one of
/// the first, the lower eight of all are the last one, its upper byte first.
void put_fixed(const std::int32_t (&weights)[kFixedGroup], float* words);

/// Layers of more pixels, or of fewer weights, do not wait for weights.
inline constexpr int kMostFixedRows = 16;
inline constexpr std::ptrdiff_t kFewestFixedWeights = 500'000;

/// Words of a panel in fixed point.
std::ptrdiff_t fixed_panel_size(int taps, int run);

}  // namespace mol_edge::network
