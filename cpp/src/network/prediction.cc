#include "prediction.h"

#include <algorithm>
#include <cstddef>

namespace mol_edge::network {
namespace {

/// Multiplications of one task, some tens of microseconds: rows are read by their neighbours too.
constexpr int kTaskProducts = 200'000;
/// Pixels that one task puts where they belong.
constexpr int kTaskPixels = 512;

}  // namespace

Prediction::Prediction(const Filter& filter, const View& in)
    : in_(in), channels_((filter.inputs + kPredictUnit - 1) / kPredictUnit * kPredictUnit) {
    weights_ = Buffer(static_cast<std::size_t>(kPredictTaps * kPredictTaps * channels_ * kFlow));
    float* to = weights_.data();
    for (int y = 0; y < kPredictTaps; ++y) {
        for (int first = 0; first < channels_; first += kPredictUnit) {
            for (int x = 0; x < kPredictTaps; ++x) {
                for (int o = 0; o < kFlow; ++o, to += kPredictUnit) {
                    for (int i = first; i < std::min(filter.inputs, first + kPredictUnit); ++i) {
                        to[i - first] = filter.at(o, i, y, x);
                    }
                }
            }
        }
    }
}

void Prediction::run(Team& team, const Kernels& kernels, const Target& target) const {
    constexpr int products = kPredictTaps * kPredictTaps * kFlow;
    const int side = in_.side;
    const int tasks = std::min(side, side * side * channels_ * products / kTaskProducts + 1);
    const int rows = (side + tasks - 1) / tasks;
    team.run(tasks, [&](int task) {
        for (int y = task * rows; y < std::min(side, (task + 1) * rows); ++y) {
            kernels.predict({{in_.at(y - 1, -1), in_.at(y, -1), in_.at(y + 1, -1)},
                             in_.pixel_step,
                             side,
                             channels_,
                             weights_.data(),
                             target.to + y * target.row_step,
                             target.pixel_step,
                             target.part_step});
        }
    });
}

Upsampling::Upsampling(const Filter& filter, const View& in, const View& out)
    : out_(out), phases_(in.side + 1, filter.outputs, 0, 0) {
    layer_ = Layer::convolution(filter, 1, 1, 1, in, phases_.view());
}

void Upsampling::run(Team& team, const Kernels& kernels, const float* beside) {
    run_layers(team, kernels, {&layer_});
    const int side = phases_.view().side;
    const int rows = kTaskPixels / side;
    team.run((side + rows - 1) / rows, [&](int task) {
        const int end = std::min(side, (task + 1) * rows);
        for (int row = task * rows; row < end; ++row) place(row, beside);
    });
}

void Upsampling::place(int row, const float* beside) const {
    const View phases = phases_.view();
    for (int a = 0; a < 2; ++a) {
        const int y = 2 * row - 1 + a;
        if (y < 0 || y >= out_.side) continue;
        for (int b = 0; b < 2; ++b) {
            const float* from = phases.at(row, 1 - b) + (2 * a + b) * kFlow;
            float* to = out_.at(y, 1 - b);
            for (int x = 1 - b; x < out_.side; x += 2) {
                to[0] = from[0];
                to[1] = from[1];
                if (beside != nullptr) to[2] = beside[y * out_.side + x];
                from += phases.pixel_step;
                to += 2 * out_.pixel_step;
            }
        }
    }
}

}  // namespace mol_edge::network
