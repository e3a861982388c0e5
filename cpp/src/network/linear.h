#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "weights.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace mol_edge::network {

/// One vector times a matrix, plus bias. It takes as long as the weights need from memory, so
/// those that meet a 0, which follows a ReLU for half of them, are not read, those that eight bits
/// hold lie in memory so, and others, where they are many, in fixed point (see `FixedPanels`).
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
    enum class Form { kFloats, kFixed, kBytes };

    /// Steps of weights in fixed point, or nothing where they stay floats.
    [[nodiscard]] std::optional<std::vector<float>> fixed_steps(const Weight& weight) const;
    /// Floats that the row of an input takes.
    [[nodiscard]] std::size_t row_size() const;
    /// Brings the weights of an output, one for each input, to their places.
    void pack(int output, const float* weights);
    void pack_fixed(const Weight& weight);

    int inputs_ = 0;
    int outputs_ = 0;
    int columns_ = 0;
    /// By input.
    Buffer rows_;
    Form form_ = Form::kFloats;
    std::vector<float> steps_;
    std::vector<float> bias_;
    std::vector<int> indices_;
    std::vector<float> values_;
    std::vector<float> sums_;
};

}  // namespace mol_edge::network
