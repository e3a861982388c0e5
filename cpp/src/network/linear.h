#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "weights.h"

#include <vector>

namespace mol_edge::network {

/// One vector times a matrix, plus bias. It takes as long as the weights need from memory, so
/// those that meet a 0, which follows a ReLU for half of them, are not read.
class Linear {
  public:
    Linear() = default;
    /// `weight` [outputs][inputs].
    Linear(const Weight& weight, const Weight& bias);

    [[nodiscard]] int inputs() const { return inputs_; }
    [[nodiscard]] int outputs() const { return outputs_; }

    /// To `outputs` values; below 0 they become `slope` times as large.
    void run(Team& team, const Kernels& kernels, const float* from, float slope, float* to);

  private:
    int inputs_ = 0;
    int outputs_ = 0;
    int columns_ = 0;
    Buffer rows_;
    std::vector<float> bias_;
    std::vector<int> indices_;
    std::vector<float> values_;
    std::vector<float> sums_;
};

}  // namespace mol_edge::network
