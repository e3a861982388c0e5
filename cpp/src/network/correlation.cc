#include "correlation.h"

#include "frame.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mol_edge::network {
namespace {

/// Displacements along one axis.
constexpr int kSteps = 15;

}  // namespace

Correlation::Correlation(const View& first, int channels, const View& out)
    : channels_(channels),
      out_(out),
      panels_(static_cast<std::size_t>(kClasses * kClass * channels)),
      products_(static_cast<std::size_t>(kClasses * kClass * kClass)) {
    for (int parity = 0; parity < kClasses; ++parity) {
        std::vector<const float*> rows;
        std::vector<float*> outs;
        for (int at = 0; at < kClass; ++at) {
            const int y = at / kHalf * 2 + parity / 2;
            const int x = at % kHalf * 2 + parity % 2;
            rows.push_back(first.at(y, x));
            outs.push_back(products_.data() + (parity * kClass + at) * kClass);
        }
        layers_.push_back(Layer::product(std::move(rows), std::move(outs), channels, kClass));
        layers_.back().set_panels(panels_.data() +
                                  static_cast<std::ptrdiff_t>(parity) * kClass * channels);
    }
}

void Correlation::run(Team& team, const Kernels& kernels, const MapIn& second) {
    team.run(kClasses * kClass / kPanel, [&](int task) { pack(kernels, second, task); });
    run_layers(team, kernels, layers_);
    constexpr int together = 32;
    team.run(kPositions / together, [&](int task) {
        for (int at = task * together; at < (task + 1) * together; ++at) place(at);
    });
}

/// Sixteen positions of one parity, two rows of eight.
void Correlation::pack(const Kernels& kernels, const MapIn& second, int task) {
    constexpr int panels = kClass / kPanel;
    const int parity = task / panels;
    const int first_row = task % panels * 2;
    float* to = panels_.data() + static_cast<std::ptrdiff_t>(task) * kPanel * channels_;
    if (second.by_pixels) {
        for (int row = 0; row < 2; ++row) {
            const int y = (first_row + row) * 2 + parity / 2;
            kernels.transpose(second.values + (y * kSide + parity % 2) * channels_, 2 * channels_,
                              kHalf, channels_, to + row * kHalf, kPanel);
        }
        return;
    }
    for (int c = 0; c < channels_; ++c, to += kPanel) {
        for (int row = 0; row < 2; ++row) {
            const int y = (first_row + row) * 2 + parity / 2;
            const float* const from = second.values + c * kPositions + y * kSide + parity % 2;
            for (int i = 0; i < kHalf; ++i) to[row * kHalf + i] = from[2 * i];
        }
    }
}

/// Puts the products of one position where the displacements between both positions belong.
void Correlation::place(int position) const {
    const int y = position / kSide;
    const int x = position % kSide;
    const int parity = y % 2 * 2 + x % 2;
    const int at = y / 2 * kHalf + x / 2;
    const float* from = products_.data() + (parity * kClass + at) * kClass;
    float* const out = out_.at(y, x);
    std::fill_n(out, kOutputs, 0.0F);
    const float mean = 1.0F / static_cast<float>(channels_);
    for (int row = 0; row < kHalf; ++row) {
        float* const to = out + (row - y / 2 + kHalf - 1) * kSteps + kHalf - 1 - x / 2;
        for (int i = 0; i < kHalf; ++i, ++from) {
            const float value = *from * mean;
            to[i] = value > 0 ? value : kSlope * value;
        }
    }
}

}  // namespace mol_edge::network
