#include "byte_column.h"

#include "byte_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

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

/// A number of at most 22 bits to the nearest whole one, in a way that fills vectors.
float rounded(float value) {
    constexpr float whole = 12'582'912.0F;
    return (value + whole) - whole;
}

float nibble(float weight, float scale) {
    constexpr float most = kMostNibbleWeight;
    return std::clamp(rounded(weight / scale), -most, most);
}

/// Steps that are tried, from that which the largest weight needs, and what each is of the last.
constexpr int kSteps = 8;
constexpr float kFiner = 0.85F;

float nibble_scale_of(const std::vector<float>& weights) {
    float largest = 0;
    for (const float weight : weights) largest = std::max(largest, std::fabs(weight));
    float best = 0;
    float least = std::numeric_limits<float>::max();
    float scale = largest / kMostNibbleWeight;
    for (int i = 0; i < kSteps && std::isnormal(scale); ++i, scale *= kFiner) {
        float error = 0;
        for (const float weight : weights) {
            const float off = nibble(weight, scale) * scale - weight;
            error += off * off;
        }
        if (error < least) best = scale;
        least = std::min(least, error);
    }
    return best;
}

/// Weights of a step to the bytes of a column.
template <class Round>
ByteColumn stored(const std::vector<float>& weights, float scale, const Round& round, int panel,
                  std::int8_t* to) {
    if (!(scale > 0)) return {0, 0};
    ByteColumn column{scale, 0};
    const std::size_t four = 4 * static_cast<std::size_t>(panel);
    for (std::size_t k = 0; k < weights.size(); ++k) {
        const auto byte = static_cast<std::int8_t>(round(weights[k]));
        to[k / 4 * four + k % 4] = byte;
        column.sum += byte;
    }
    return column;
}

}  // namespace

ByteColumn byte_column(const std::vector<float>& weights, int panel, std::int8_t* to) {
    const float scale = scale_of(weights);
    return stored(
        weights, scale, [=](float weight) { return std::nearbyintf(weight / scale); }, panel, to);
}

ByteColumn nibble_column(const std::vector<float>& weights, int panel, std::int8_t* to) {
    const float scale = nibble_scale_of(weights);
    return stored(weights, scale, [=](float weight) { return nibble(weight, scale); }, panel, to);
}

void to_nibbles(std::int8_t* bytes, std::ptrdiff_t count) {
    std::int8_t* to = bytes;
    for (std::ptrdiff_t first = 0; first < count; first += 2 * kNibbleBlock) {
        for (int i = 0; i < kNibbleBlock; ++i) {
            const int low = bytes[first + i] + kNibbleZero;
            const int high = bytes[first + kNibbleBlock + i] + kNibbleZero;
            *to++ = static_cast<std::int8_t>(low | high << 4);
        }
    }
}

}  // namespace mol_edge::network
