#include "f5c.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>

namespace mol_edge::network {
namespace {

constexpr int kPanelSize = kPositions * kPanel;
constexpr float kTiny = 1e-12F;
/// Floats from one row of similarities to the next: no power of 2, whose lines would meet in the
/// same places of a cache.
constexpr int kRowStep = kPositions + kPanel;

/// [sets][128][16][16] to [set][panel][16][16][16 channels].
Buffer by_panels(const Weight& weight) {
    Buffer packed(weight.values.size());
    for (std::size_t at = 0; at < weight.values.size(); ++at) {
        const std::size_t place = at % kPositions;
        const std::size_t channel = at / kPositions;
        packed.data()[(channel / kPanel * kPositions + place) * kPanel + channel % kPanel] =
            weight.values[at];
    }
    return packed;
}

/// Matrices [sets][256][256] to [set][block][256][kRows].
Buffer by_blocks(std::span<const float> values, int blocks) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(blocks) * kPositions * kRows;
    Buffer packed(static_cast<std::size_t>(kSets * size));
    const float* from = values.data();
    for (int set = 0; set < kSets; ++set) {
        for (int row = 0; row < kPositions; ++row) {
            float* to = packed.data() + set * size +
                        static_cast<std::ptrdiff_t>(row / kRows) * kPositions * kRows + row % kRows;
            for (int column = 0; column < kPositions; ++column, to += kRows) *to = *from++;
        }
    }
    return packed;
}

}  // namespace

F5c::F5c(const Weights& weights, int neighbours) : neighbours_(neighbours) {
    const auto of_channels = [&](const char* name) -> const Weight& {
        return find(weights, name, {kSets, kChannels, kSide, kSide});
    };
    const auto of_positions = [&](const char* name) -> const Weight& {
        return find(weights, name, {kSets, kPositions, kPositions});
    };
    left_ = by_panels(of_channels("first.second.fcc.left"));
    right_ = by_panels(of_channels("first.second.fcc.right"));
    constant_ = by_panels(of_channels("first.second.fcc.constant"));
    const std::span<const float> own = of_positions("first.second.ccc.own").values;
    const std::span<const float> other = of_positions("first.second.ccc.other").values;
    std::vector<float> both(own.size());
    std::transform(own.begin(), own.end(), other.begin(), both.begin(), std::plus<>());
    both_ = by_blocks(both, kBlocks);
    other_ = by_blocks(other, kBlocks);
    const Weight& bias = find(weights, "first.second.ccc.bias", {kSets, kPositions, 1});
    bias_.assign(bias.values.begin(), bias.values.end());
    y_ = Buffer(static_cast<std::size_t>(kSets * kChannels * kPositions));
    similarities_ = Buffer(static_cast<std::size_t>(kSets * kPositions * kRowStep));
    squares_.resize(static_cast<std::size_t>(kSets * kPanels * kPositions));
    scales_.resize(static_cast<std::size_t>(kSets * kPositions));
    index_.resize(static_cast<std::size_t>(kSets * neighbours * kPositions));
}

void F5c::run(Team& team, const Kernels& kernels, const View& in, const View& out) {
    team.run(kSets * kPanels, [&](int task) { mix(kernels, in, task); });
    for (int at = 0; at < kSets * kPositions; ++at) {
        const float* const of_panels = &squares_[static_cast<std::size_t>(
            at / kPositions * kPanels * kPositions + at % kPositions)];
        float sum = 0;
        for (int panel = 0; panel < kPanels; ++panel) sum += of_panels[panel * kPositions];
        scales_[static_cast<std::size_t>(at)] = 1 / std::max(std::sqrt(sum), kTiny);
    }
    // The largest tasks first, so that threads end together.
    team.run(kSets * kPositionPanels,
             [&](int task) { compare(kernels, task % kSets, task / kSets); });
    team.run(kSets * kPositionPanels, [&](int task) { find_neighbours(kernels, task); });
    team.run(kSets * kPanels / kernels.edge_panels,
             [&](int task) { add_edges(kernels, out, task * kernels.edge_panels); });
}

float* F5c::y(int set, int panel) const {
    return y_.data() + static_cast<std::ptrdiff_t>(set * kPanels + panel) * kPanelSize;
}

float* F5c::similarity(int set, int row) const {
    return similarities_.data() + static_cast<std::ptrdiff_t>(set * kPositions + row) * kRowStep;
}

void F5c::mix(const Kernels& kernels, const View& in, int task) {
    const int set = task / kPanels;
    const int panel = task % kPanels;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(task) * kPanelSize;
    float scratch[kPanelSize];
    kernels.mix({in.origin + panel * kPanel, in.pixel_step, left_.data() + at, right_.data() + at,
                 constant_.data() + at, scratch, y(set, panel),
                 &squares_[static_cast<std::size_t>(task * kPositions)]});
}

void F5c::compare(const Kernels& kernels, int set, int panel) {
    const int first = panel * kPanel;
    const float* const scales = &scales_[static_cast<std::size_t>(set * kPositions)];
    float columns[kChannels * kPanel];
    const float* rows[kPositions];
    float* outs[kPositions];
    std::ptrdiff_t taps[kPanels];
    for (int p = 0; p < kPanels; ++p) {
        taps[p] = static_cast<std::ptrdiff_t>(p) * kPanelSize;
        const float* const from = y(set, p) + first * kPanel;
        for (int i = 0; i < kPanel; ++i) {
            for (int c = 0; c < kPanel; ++c) {
                columns[(p * kPanel + c) * kPanel + i] = from[i * kPanel + c] * scales[first + i];
            }
        }
    }
    for (int row = first; row < kPositions; ++row) {
        rows[row] = y(set, 0) + row * kPanel;
        outs[row] = similarity(set, row) + first;
    }
    const float none[kPanel] = {};
    for (int row = first; row < kPositions; row += kMostRows) {
        const int count = std::min(kMostRows, kPositions - row);
        kernels.product({rows + row, outs + row, count, taps, kPanels, kPanel, columns, none, 1.0F,
                         kPanel, false, columns});
    }
    for (int row = first; row < kPositions; ++row) {
        for (int i = 0; i < kPanel; ++i) outs[row][i] *= scales[row];
    }
    // What a position is to another, the other is to it.
    const int after = first + kPanel;
    kernels.transpose(similarity(set, after) + first, kRowStep, kPositions - after, kPanel,
                      similarity(set, first) + after, kRowStep);
}

void F5c::find_neighbours(const Kernels& kernels, int task) {
    const int set = task / kPositionPanels;
    const int first = task % kPositionPanels * kPanel;
    kernels.nearest({similarity(set, 0) + first, kRowStep, neighbours_,
                     &index_[static_cast<std::size_t>(set * neighbours_ * kPositions + first)]});
}

void F5c::add_edges(const Kernels& kernels, const View& out, int task) {
    const int set = task / kPanels;
    const int panel = task % kPanels;
    const std::ptrdiff_t matrix = static_cast<std::ptrdiff_t>(set) * kBlocks * kPositions * kRows;
    kernels.edges({y(set, panel), kPanelSize, both_.data() + matrix, other_.data() + matrix,
                   &bias_[static_cast<std::size_t>(set * kPositions)],
                   &index_[static_cast<std::size_t>(set * neighbours_ * kPositions)], neighbours_,
                   out.origin + set * kChannels + panel * kPanel, out.pixel_step});
}

}  // namespace mol_edge::network
