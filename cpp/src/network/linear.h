#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "weights.h"

#include <vector>

namespace mol_edge::network {

/// One vector times a matrix, plus bias. It takes as long as the weights need from memory, so
/// those that meet a 0, which follows a ReLU for half of them, are not read, and those that eight
/// bits hold lie in memory so.
class Linear {
  public:
    Linear() = default;
    /// `weight` [outputs][inputs]. `steps`: by output, what the weights are whole multiples of, up
    /// to 127; or null.
    Linear(const Weight& weight, const Weight& bias, const Weight* steps = nullptr);

    [[nodiscard]] int inputs() const { return inputs_; }
    [[nodiscard]] int outputs() const { return outputs_; }

    /// To `outputs` values; below 0 they become `slope` times as large.
    void run(Team& team, const Kernels& kernels, const float* from, float slope, float* to);

  private:
    int inputs_ = 0;
    int outputs_ = 0;
    int columns_ = 0;
    /// By input, floats or bytes.
    Buffer rows_;
    bool in_bytes_ = false;
    std::vector<float> steps_;
    std::vector<float> bias_;
    std::vector<int> indices_;
    std::vector<float> values_;
    std::vector<float> sums_;
};

}  // namespace mol_edge::network
