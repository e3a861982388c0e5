#include "linear.h"

#include "map.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mol_edge::network {
namespace {

constexpr int kUnit = 8;

/// Where a column's byte lies in a row.
std::ptrdiff_t place_of(int column) {
    constexpr int word = kByteBlock / 4;
    const int within = column % kByteBlock;
    return column - within + within % word * 4 + within / word;
}

/// Inputs of one task.
constexpr int kTaskInputs = 256;

}  // namespace

Linear::Linear(const Weight& weight, const Weight& bias, const Weight* steps)
    : inputs_(weight.shape[1]),
      outputs_(weight.shape[0]),
      columns_(rounded_up(outputs_, steps == nullptr ? kUnit : kByteBlock)),
      rows_(static_cast<std::size_t>(inputs_) * static_cast<std::size_t>(columns_) /
            (steps == nullptr ? 1 : sizeof(float))),
      in_bytes_(steps != nullptr),
      steps_(static_cast<std::size_t>(outputs_), 1.0F),
      bias_(bias.values.begin(), bias.values.end()),
      indices_(static_cast<std::size_t>(inputs_)),
      values_(indices_.size()) {
    if (in_bytes_) steps_.assign(steps->values.begin(), steps->values.end());
    auto* const bytes = reinterpret_cast<std::int8_t*>(rows_.data());
    for (int o = 0; o < outputs_; ++o) {
        const float step = steps_[static_cast<std::size_t>(o)];
        for (int i = 0; i < inputs_; ++i) {
            const float value =
                weight.values[static_cast<std::size_t>(o) * static_cast<std::size_t>(inputs_) +
                              static_cast<std::size_t>(i)];
            const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(i) * columns_;
            if (in_bytes_) {
                bytes[row + place_of(o)] = static_cast<std::int8_t>(
                    std::clamp(std::nearbyintf(value / step), -127.0F, 127.0F));
            } else {
                rows_.data()[row + o] = value;
            }
        }
    }
    const int tasks = (inputs_ + kTaskInputs - 1) / kTaskInputs;
    sums_.resize(static_cast<std::size_t>(tasks * columns_));
}

void Linear::run(Team& team, const Kernels& kernels, const float* from, float slope, float* to) {
    std::size_t count = 0;
    for (int i = 0; i < inputs_; ++i) {
        indices_[count] = i;
        values_[count] = from[i];
        count += from[i] != 0 ? 1 : 0;
    }
    const int used = static_cast<int>(count);
    const int tasks = (used + kTaskInputs - 1) / kTaskInputs;
    team.run(tasks, [&](int task) {
        const int first = task * kTaskInputs;
        float* const sums = sums_.data() + task * columns_;
        std::fill_n(sums, columns_, 0.0F);
        const int rows = std::min(kTaskInputs, used - first);
        const int* const indices = indices_.data() + first;
        const float* const values = values_.data() + first;
        if (in_bytes_) {
            kernels.add_byte_rows(reinterpret_cast<const std::int8_t*>(rows_.data()), columns_,
                                  indices, values, rows, sums);
        } else {
            kernels.add_rows(rows_.data(), columns_, indices, values, rows, sums);
        }
    });
    for (int o = 0; o < outputs_; ++o) {
        float sum = 0;
        for (int task = 0; task < tasks; ++task) {
            sum += sums_[static_cast<std::size_t>(task * columns_ + o)];
        }
        sum = sum * steps_[static_cast<std::size_t>(o)] + bias_[static_cast<std::size_t>(o)];
        to[o] = sum > 0 ? sum : slope * sum;
    }
}

}  // namespace mol_edge::network
