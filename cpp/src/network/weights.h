#pragma once

#include "mol_edge/network.h"

#include <string_view>
#include <vector>

namespace mol_edge::network {

/// Stands for any size in an expected shape.
inline constexpr int kAnySize = -1;

/// The weight of that name. Throws ArrayError where there is none of that shape.
const Weight& find(const Weights& weights, std::string_view name, const std::vector<int>& shape);

/// A convolution's kernel [outputs, inputs, height, width] and its bias, which may be absent.
struct Filter {
    const float* weight = nullptr;
    const float* bias = nullptr;
    int outputs = 0;
    int inputs = 0;
    int height = 0;
    int width = 0;
    /// By input channel, what one step of a pixel's byte is worth, and the byte of 0; null where
    /// the convolution is computed in floats.
    const float* steps = nullptr;
    float zero = 0;

    [[nodiscard]] bool in_bytes() const { return steps != nullptr; }
    [[nodiscard]] float at(int output, int input, int y, int x) const {
        return weight[((static_cast<std::ptrdiff_t>(output) * inputs + input) * height + y) *
                          width +
                      x];
    }
};

/// Throws ArrayError unless so many channels of a map fill whole vectors.
void check_channels(const std::string& name, int channels);

/// `name`.weight of any number of outputs, `name`.bias where `with_bias`, and, where the table has
/// them, `name`.steps [inputs] and `name`.zero [1] of a convolution in bytes.
Filter find_filter(const Weights& weights, const std::string& name, int inputs, int side,
                   bool with_bias);

/// `name`.weight_steps [outputs] of a matrix whose weights are whole multiples of them, see
/// `Linear`, or null where the table has none.
const Weight* find_weight_steps(const Weights& weights, const std::string& name,
                                const Weight& matrix);

}  // namespace mol_edge::network
