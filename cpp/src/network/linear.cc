#include "linear.h"

#include <algorithm>

namespace mol_edge::network {
namespace {

constexpr int kUnit = 8;
/// Inputs of one task.
constexpr int kTaskInputs = 512;

}  // namespace

Linear::Linear(const Weight& weight, const Weight& bias)
    : inputs_(weight.shape[1]),
      outputs_(weight.shape[0]),
      columns_((outputs_ + kUnit - 1) / kUnit * kUnit),
      rows_(static_cast<std::size_t>(inputs_) * static_cast<std::size_t>(columns_)),
      bias_(bias.values.begin(), bias.values.end()),
      indices_(static_cast<std::size_t>(inputs_)),
      values_(indices_.size()) {
    for (int o = 0; o < outputs_; ++o) {
        for (int i = 0; i < inputs_; ++i) {
            rows_.data()[static_cast<std::ptrdiff_t>(i) * columns_ + o] =
                weight.values[static_cast<std::size_t>(o) * static_cast<std::size_t>(inputs_) +
                              static_cast<std::size_t>(i)];
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
        kernels.add_rows(rows_.data(), columns_, indices_.data() + first, values_.data() + first,
                         std::min(kTaskInputs, used - first), sums);
    });
    for (int o = 0; o < outputs_; ++o) {
        float sum = bias_[static_cast<std::size_t>(o)];
        for (int task = 0; task < tasks; ++task) {
            sum += sums_[static_cast<std::size_t>(task * columns_ + o)];
        }
        to[o] = sum > 0 ? sum : slope * sum;
    }
}

}  // namespace mol_edge::network
