#include "mol_edge/network.h"

#include "flow_parts.h"
#include "handed_maps.h"

#include <algorithm>
#include <cstddef>

namespace mol_edge {

using namespace network;

FlowGraph::FlowGraph(const Weights& weights) : parts_(std::make_unique<Parts>(weights)) {}
FlowGraph::~FlowGraph() = default;
FlowGraph::FlowGraph(FlowGraph&&) noexcept = default;

int FlowGraph::channels2() const {
    return parts_->channels2;
}

int FlowGraph::channels3() const {
    return parts_->channels3;
}

int FlowGraph::layers_in_bytes() const {
    int count = static_cast<int>(parts_->conv3_1.in_bytes());
    for (const Fall& fall : parts_->falls) {
        count +=
            static_cast<int>(fall.halve.in_bytes()) + static_cast<int>(fall.convolve.in_bytes());
    }
    for (const Rise& rise : parts_->rises) count += static_cast<int>(rise.deconv.in_bytes());
    return count;
}

void FlowGraph::Parts::begin(Team& team, const Kernels& k, const Inputs& inputs, int item) {
    take_in(team, k,
            {{inputs.enc3, channels3, map3.view()},
             {inputs.first, kChannels, matched.view().from(features)},
             {inputs.second_next, kChannels, matched.view().from(features + kChannels)}});
    run_layers(team, k, {&redirect});
    correlation.run(team, k, inputs.enc3_next);
    conv3_1.run(team, k, {item, 1});
}

void FlowGraph::Parts::share(Team& team, const Kernels& k, int count) {
    for (int level = kShared + 1; level <= kLevels; ++level) {
        falls[level].halve.run(team, k, {0, count});
        falls[level].convolve.run(team, k, {0, count});
    }
    for (int level = kLevels - 1; level >= kShared; --level) rise(team, k, level, {0, count});
}

void FlowGraph::Parts::rise(Team& team, const Kernels& k, int level, Items items,
                            const float* beside) {
    Rise& step = rises[level];
    step.deconv.run(team, k, items);
    for (int item = items.first; item < items.first + items.count; ++item) {
        Raise& raise = step.raises[static_cast<std::size_t>(item)];
        const View coarse = raise.flow.view();
        raise.predict.run(team, k, {coarse.origin, coarse.row_step, coarse.pixel_step, 1});
        raise.upsample.run(team, k, beside);
    }
}

void FlowGraph::Parts::end(Team& team, const Kernels& k, const Inputs& inputs, float* flow,
                           int item) {
    copy_frame(team, inputs.frame, frame.view());
    take_in(team, k, {{inputs.enc2, channels2, member(2, 0).front()}});
    run_layers(team, k, {&to_map1});
    rise(team, k, kShared - 1, {item, 1});
    for (int level = kShared - 2; level > 0; --level) rise(team, k, level, {0, 1});
    rise(team, k, 0, {0, 1}, inputs.frame);
    finest.run(team, k, {flow, kFrame, 1, kFrame * kFrame});
}

void FlowGraph::run(Team& team, std::span<const Inputs> pairs, float* flow) {
    const Kernels& k = kernels(current_isa());
    constexpr std::size_t size = 2 * kFrame * kFrame;
    for (std::size_t first = 0; first < pairs.size(); first += kBatch) {
        const auto batch =
            pairs.subspan(first, std::min<std::size_t>(kBatch, pairs.size() - first));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            parts_->begin(team, k, batch[i], static_cast<int>(i));
        }
        parts_->share(team, k, static_cast<int>(batch.size()));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            parts_->end(team, k, batch[i], flow + (first + i) * size, static_cast<int>(i));
        }
    }
}

}  // namespace mol_edge
