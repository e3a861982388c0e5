#pragma once

#include "network/map.h"
#include "network/weights.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// The same noise for the same seed, in [-1, 1).
inline std::vector<float> noise(std::size_t size, std::uint32_t seed) {
    std::vector<float> values(size);
    std::uint32_t state = seed * 2654435761U + 1;
    for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(state >> 8) / 8388608.0F - 1;
    }
    return values;
}

/// A kernel of noise, scaled so that sums stay near 1.
struct Kernel {
    Kernel(int outputs, int inputs, int side, bool with_bias, std::uint32_t seed)
        : weight(noise(static_cast<std::size_t>(outputs * inputs * side * side), seed)),
          bias(noise(static_cast<std::size_t>(outputs), seed + 1)),
          filter{weight.data(), with_bias ? bias.data() : nullptr, outputs, inputs, side, side} {
        for (float& value : weight) value /= std::sqrt(static_cast<float>(inputs * side * side));
    }

    std::vector<float> weight;
    std::vector<float> bias;
    Filter filter;
};

/// A kernel in bytes, whose steps differ from channel to channel.
struct InBytes : Kernel {
    InBytes(int outputs, int inputs, int side, std::uint32_t seed, float zero)
        : Kernel(outputs, inputs, side, true, seed) {
        for (int i = 0; i < inputs; ++i) {
            // So that 0 to 255 are what noise from -1 to 1 needs.
            const float share = 1 + 0.01F * static_cast<float>(i % 5);
            steps.push_back(zero == 0 ? 1.0F / 255 : share / 120);
        }
        filter.steps = steps.data();
        filter.zero = zero;
    }

    std::vector<float> steps;
};

/// Fills the channels of a map, which may be some of a wider one.
inline void fill(const View& map, int channels, std::uint32_t seed) {
    const auto values = noise(static_cast<std::size_t>(map.side * map.side * channels), seed);
    const float* from = values.data();
    for (int y = 0; y < map.side; ++y) {
        for (int x = 0; x < map.side; ++x) {
            for (int c = 0; c < channels; ++c) map.at(y, x)[c] = *from++;
        }
    }
}

inline float pixel(const View& map, int y, int x, int channel) {
    const bool inside = y >= 0 && x >= 0 && y < map.side && x < map.side;
    return inside ? map.at(y, x)[channel] : 0.0F;
}

inline float leaky(double value, float slope) {
    return static_cast<float>(value > 0 ? value : slope * value);
}

/// One output of a convolution, by its definition.
inline float convolved(const Filter& filter, const View& in, int stride, int pad, int y, int x,
                       int output, float slope) {
    double sum = filter.bias == nullptr ? 0.0 : filter.bias[output];
    for (int ky = 0; ky < filter.height; ++ky) {
        for (int kx = 0; kx < filter.width; ++kx) {
            for (int i = 0; i < filter.inputs; ++i) {
                sum += static_cast<double>(filter.at(output, i, ky, kx)) *
                       pixel(in, y * stride - pad + ky, x * stride - pad + kx, i);
            }
        }
    }
    return leaky(sum, slope);
}

/// One output of a transposed convolution of kernel 4 and stride 2, whose four 2 x 2 kernels lie
/// one after the other in `filter`.
inline float raised(const Filter& filter, const View& in, int y, int x, int output, float slope) {
    const int a = (y + 1) % 2;
    const int b = (x + 1) % 2;
    const int i = (y + 1 - a) / 2;
    const int j = (x + 1 - b) / 2;
    const int row = (2 * a + b) * filter.outputs / 4 + output;
    double sum = 0;
    for (int ky = 0; ky < 2; ++ky) {
        for (int kx = 0; kx < 2; ++kx) {
            for (int c = 0; c < filter.inputs; ++c) {
                sum += static_cast<double>(filter.at(row, c, ky, kx)) *
                       pixel(in, i - 1 + ky, j - 1 + kx, c);
            }
        }
    }
    return leaky(sum, slope);
}

/// The largest difference of a map's channels from what `wanted(y, x, channel)` says.
template <class Wanted>
float largest_difference(const View& map, int channels, const Wanted& wanted) {
    float largest = 0;
    for (int y = 0; y < map.side; ++y) {
        for (int x = 0; x < map.side; ++x) {
            for (int c = 0; c < channels; ++c) {
                largest = std::fmax(largest, std::fabs(map.at(y, x)[c] - wanted(y, x, c)));
            }
        }
    }
    return largest;
}

}  // namespace mol_edge::network
