#include "byte_column.h"

#include "byte_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mol_edge::network {
namespace {

/// By how much steps grow where rounding has brought a sum above its limit.
constexpr float kCoarser = 1.01F;

/// Where a unit's input is summed: which pair of its four, and on which side of 0.
std::size_t sum_of(std::size_t k, bool negative) {
    return k % 4 / 2 + (negative ? 2 : 0);
}

/// The largest sum of 16 bits of any unit, of weights divided by `scale` and rounded, or, where it
/// is 0, of the weights themselves.
float largest_sum(const std::vector<float>& weights, float scale) {
    float largest = 0;
    for (std::size_t unit = 0; unit < weights.size(); unit += kByteUnit) {
        float sums[4] = {};
        for (std::size_t k = 0; k < kByteUnit; ++k) {
            const float weight = weights[unit + k];
            const float size = std::fabs(weight);
            sums[sum_of(k, weight < 0)] += scale == 0 ? size : std::nearbyintf(size / scale);
        }
        largest = std::max(largest, *std::max_element(sums, sums + 4));
    }
    return largest;
}

float scale_of(const std::vector<float>& weights) {
    float largest = 0;
    for (const float weight : weights) largest = std::max(largest, std::fabs(weight));
    float scale = std::max(largest / kMostByteWeight, largest_sum(weights, 0) / kMostByteSum);
    // A step too small for a float of full precision is none.
    if (!std::isnormal(scale)) return 0;
    while (largest_sum(weights, scale) > kMostByteSum) scale *= kCoarser;
    return scale;
}

}  // namespace

ByteColumn byte_column(const std::vector<float>& weights, std::int8_t* to) {
    ByteColumn column{scale_of(weights), 0};
    if (!(column.scale > 0)) return {0, 0};
    for (std::size_t k = 0; k < weights.size(); ++k) {
        const auto byte = static_cast<std::int8_t>(std::nearbyintf(weights[k] / column.scale));
        to[k / 4 * 4 * kBytePanel + k % 4] = byte;
        column.sum += byte;
    }
    return column;
}

}  // namespace mol_edge::network
