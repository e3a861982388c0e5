#include "weights.h"

#include "mol_edge/error.h"

#include "byte_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace mol_edge::network {
namespace {

bool fits(const std::vector<int>& shape, const std::vector<int>& wanted) {
    if (shape.size() != wanted.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (wanted[i] == kAnySize ? shape[i] < 1 : shape[i] != wanted[i]) return false;
    }
    return true;
}

std::string text(const std::vector<int>& shape) {
    std::string all;
    for (const int size : shape) {
        all += (all.empty() ? "" : ", ") + (size == kAnySize ? "any" : std::to_string(size));
    }
    return "(" + all + (shape.size() == 1 ? ",)" : ")");
}

/// Products of one sum, which must fit 32 bits.
constexpr int kMostProducts = 1 << 18;

bool all_finite(const float* values, std::ptrdiff_t count) {
    return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
}

void check_steps(const std::string& name, const float* steps, int count) {
    for (int i = 0; i < count; ++i) {
        if (std::isnormal(steps[i]) && steps[i] > 0) continue;
        throw ArrayError(name + " must be above 0, got " + std::to_string(steps[i]) + ".");
    }
}

/// What is asked here a file may lack, and bytes would make no sense then: of weights that are no
/// numbers they make numbers.
void check_bytes(const std::string& name, const Filter& filter) {
    const std::ptrdiff_t products =
        static_cast<std::ptrdiff_t>(filter.inputs) * filter.height * filter.width;
    if (products > kMostProducts) {
        throw ArrayError("One output of " + name + " must take at most " +
                         std::to_string(kMostProducts) + " products in bytes, got " +
                         std::to_string(products) + ".");
    }
    if (!all_finite(filter.weight, products * filter.outputs) ||
        (filter.bias != nullptr && !all_finite(filter.bias, filter.outputs))) {
        throw ArrayError("The weights and the bias of " + name + " must be finite, got others.");
    }
    check_steps("The steps of " + name, filter.steps, filter.inputs);
    if (filter.zero >= 0 && filter.zero <= kMostByte && filter.zero == std::floor(filter.zero)) {
        return;
    }
    throw ArrayError("The zero of " + name + " must be a whole number from 0 to " +
                     std::to_string(kMostByte) + ", got " + std::to_string(filter.zero) + ".");
}

}  // namespace

const Weight& find(const Weights& weights, std::string_view name, const std::vector<int>& shape) {
    const auto found = weights.find(name);
    const std::string wanted = std::string(name) + " must be of shape " + text(shape);
    if (found == weights.end()) {
        throw ArrayError("The weight " + wanted + ", and the graph has none of that name.");
    }
    if (!fits(found->second.shape, shape)) {
        throw ArrayError("The weight " + wanted + ", got " + text(found->second.shape) + ".");
    }
    return found->second;
}

void check_channels(const std::string& name, int channels) {
    constexpr int unit = 8;
    if (channels % unit == 0) return;
    throw ArrayError("The channels of " + name + " must come in multiples of " +
                     std::to_string(unit) + ", got " + std::to_string(channels) + ".");
}

Filter find_filter(const Weights& weights, const std::string& name, int inputs, int side,
                   bool with_bias) {
    const Weight& weight = find(weights, name + ".weight", {kAnySize, inputs, side, side});
    Filter filter{weight.values.data(), nullptr,         weight.shape[0],
                  weight.shape[1],      weight.shape[2], weight.shape[3]};
    if (with_bias) {
        filter.bias = find(weights, name + ".bias", {filter.outputs}).values.data();
    }
    if (weights.find(name + ".steps") != weights.end()) {
        filter.steps = find(weights, name + ".steps", {filter.inputs}).values.data();
        filter.zero = find(weights, name + ".zero", {1}).values[0];
        check_bytes(name, filter);
    }
    return filter;
}

const Weight* find_weight_steps(const Weights& weights, const std::string& name,
                                const Weight& matrix) {
    if (weights.find(name + ".weight_steps") == weights.end()) return nullptr;
    const Weight& steps = find(weights, name + ".weight_steps", {matrix.shape[0]});
    check_steps("The weight_steps of " + name, steps.values.data(), matrix.shape[0]);
    if (!all_finite(matrix.values.data(), static_cast<std::ptrdiff_t>(matrix.values.size()))) {
        throw ArrayError("The weights of " + name + " must be finite, got others.");
    }
    return &steps;
}

}  // namespace mol_edge::network
