#include "linear.h"

#include "fixed_panels.h"
#include "map.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

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
      columns_(rounded_up(outputs_, kUnit)),
      steps_(static_cast<std::size_t>(outputs_), 1.0F),
      bias_(bias.values.begin(), bias.values.end()),
      indices_(static_cast<std::size_t>(inputs_)),
      values_(indices_.size()) {
    if (steps != nullptr) {
        form_ = Form::kBytes;
        columns_ = rounded_up(outputs_, kByteBlock);
        steps_.assign(steps->values.begin(), steps->values.end());
    } else if (auto fixed = fixed_steps(weight)) {
        form_ = Form::kFixed;
        columns_ = rounded_up(outputs_, kFixedBlock);
        steps_ = std::move(*fixed);
    }
    rows_ = Buffer(static_cast<std::size_t>(inputs_) * row_size());
    if (form_ == Form::kFixed) {
        pack_fixed(weight);
    } else {
        for (int o = 0; o < outputs_; ++o) {
            pack(o, weight.values.data() + static_cast<std::ptrdiff_t>(o) * inputs_);
        }
    }
    const int tasks = (inputs_ + kTaskInputs - 1) / kTaskInputs;
    sums_.resize(static_cast<std::size_t>(tasks * columns_));
}

std::optional<std::vector<float>> Linear::fixed_steps(const Weight& weight) const {
    if (static_cast<std::ptrdiff_t>(weight.values.size()) < kFewestFixedWeights) return {};
    std::vector<float> steps;
    for (std::ptrdiff_t o = 0; o < outputs_; ++o) {
        const auto step = fixed_step(weight.values.data() + o * inputs_, 1, inputs_);
        if (!step) return {};
        steps.push_back(static_cast<float>(*step / kFixedUnit));
    }
    return steps;
}

std::size_t Linear::row_size() const {
    const auto columns = static_cast<std::size_t>(columns_);
    if (form_ == Form::kBytes) return columns / sizeof(float);
    return form_ == Form::kFixed ? columns / kFixedGroup * kFixedWords : columns;
}

void Linear::pack(int output, const float* weights) {
    auto* const bytes = reinterpret_cast<std::int8_t*>(rows_.data());
    const float step = steps_[static_cast<std::size_t>(output)];
    for (std::ptrdiff_t i = 0; i < inputs_; ++i) {
        if (form_ == Form::kBytes) {
            bytes[i * columns_ + place_of(output)] = static_cast<std::int8_t>(
                std::clamp(std::nearbyintf(weights[i] / step), -127.0F, 127.0F));
        } else {
            rows_.data()[i * columns_ + output] = weights[i];
        }
    }
}

void Linear::pack_fixed(const Weight& weight) {
    for (int o = 0; o < columns_; ++o) {
        // The first column of a group packs it.
        if (o % kFixedBlock >= kPanel) continue;
        float* words = rows_.data() + o / kFixedBlock * kFixedWords * kPanel + o % kPanel;
        for (std::ptrdiff_t i = 0; i < inputs_; ++i, words += row_size()) {
            std::int32_t group[kFixedGroup] = {};
            for (int j = 0; j < kFixedGroup; ++j) {
                const int column = o + j * kPanel;
                if (column >= outputs_) continue;
                const double step = steps_[static_cast<std::size_t>(column)];
                const double value = weight.values[static_cast<std::size_t>(column) *
                                                       static_cast<std::size_t>(inputs_) +
                                                   static_cast<std::size_t>(i)];
                group[j] = fixed_of(value, step * kFixedUnit);
            }
            put_fixed(group, words);
        }
    }
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
        if (form_ == Form::kBytes) {
            kernels.add_byte_rows(reinterpret_cast<const std::int8_t*>(rows_.data()), columns_,
                                  indices, values, rows, sums);
        } else if (form_ == Form::kFixed) {
            kernels.add_fixed_rows(rows_.data(), columns_, indices, values, rows, sums);
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
