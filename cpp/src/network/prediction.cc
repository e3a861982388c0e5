#include "prediction.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace mol_edge::network {
namespace {

constexpr int kTaps = 3;
/// Sums of a pixel: of two rows, three columns of taps and two components, filled up to a panel.
constexpr int kSums = 2 * kTaps * kFlow;
/// Pixels of one task.
constexpr int kTaskPixels = 2048;

int rows_of_task(int side) {
    return std::max(2, kTaskPixels / side / 2 * 2);
}

}  // namespace

Prediction::Prediction(const Filter& filter, const View& in) : side_(in.side) {
    // A kernel of four rows and one column: the upper output takes the first three, the lower one
    // the last three.
    std::vector<float> kernel(static_cast<std::size_t>(kPanel * filter.inputs * 4));
    for (int row = 0; row < 2; ++row) {
        for (int x = 0; x < kTaps; ++x) {
            for (int o = 0; o < kFlow; ++o) {
                const int output = (row * kTaps + x) * kFlow + o;
                for (int i = 0; i < filter.inputs; ++i) {
                    float* const to =
                        &kernel[static_cast<std::size_t>((output * filter.inputs + i) * 4 + row)];
                    for (int y = 0; y < kTaps; ++y) to[y] = filter.at(o, i, y, x);
                }
            }
        }
    }
    static_assert(kSums <= kPanel);
    // A column of zeros on both sides, for the neighbours of those at the rim.
    const int step = (side_ + 2) * kPanel;
    sums_ = Buffer(static_cast<std::size_t>(side_ / 2 * step));
    std::vector<const float*> rows;
    std::vector<float*> outs;
    for (int y = 0; y < side_; y += 2) {
        for (int x = 0; x < side_; ++x) {
            rows.push_back(in.at(y - 1, x));
            outs.push_back(sums_.data() + y / 2 * step + (x + 1) * kPanel);
        }
    }
    const Filter column{kernel.data(), nullptr, kPanel, filter.inputs, 4, 1};
    layer_ = Layer::filtered(std::move(rows), std::move(outs), column, in);
}

void Prediction::run(Team& team, const Kernels& kernels, const Target& target) {
    run_layers(team, kernels, {&layer_});
    const int rows = rows_of_task(side_);
    team.run((side_ + rows - 1) / rows, [&](int task) {
        const int end = std::min(side_, (task + 1) * rows);
        for (int y = task * rows; y < end; ++y) {
            const float* at = sums_.data() + (y / 2 * (side_ + 2)) * kPanel + y % 2 * kTaps * kFlow;
            float* to = target.to + y * target.row_step;
            for (int x = 0; x < side_; ++x, at += kPanel, to += target.pixel_step) {
                const float* const here = at + kPanel + kFlow;
                const float* const right = at + 2 * kPanel + 2 * kFlow;
                to[0] = at[0] + here[0] + right[0];
                to[target.part_step] = at[1] + here[1] + right[1];
            }
        }
    });
}

Upsampling::Upsampling(const Filter& filter, const View& in, const View& out)
    : out_(out), phases_(in.side + 1, filter.outputs, 0, 0) {
    layer_ = Layer::convolution(filter, 1, 1, 1, in, phases_.view());
}

void Upsampling::run(Team& team, const Kernels& kernels) {
    run_layers(team, kernels, {&layer_});
    const int side = phases_.view().side;
    const int rows = rows_of_task(side);
    team.run((side + rows - 1) / rows, [&](int task) {
        const int end = std::min(side, (task + 1) * rows);
        for (int row = task * rows; row < end; ++row) place(row);
    });
}

void Upsampling::place(int row) const {
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
                from += phases.pixel_step;
                to += 2 * out_.pixel_step;
            }
        }
    }
}

}  // namespace mol_edge::network
