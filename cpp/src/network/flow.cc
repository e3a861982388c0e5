#include "mol_edge/error.h"
#include "mol_edge/network.h"

#include "correlation.h"
#include "f5c.h"
#include "flow_sizes.h"
#include "kernels.h"
#include "layer.h"
#include "map.h"
#include "maybe_tiled.h"
#include "planes.h"
#include "prediction.h"

#include <string>
#include <vector>

namespace mol_edge {

using namespace network;

namespace {

/// Levels of the decoder; level n has maps of 128 >> n pixels.
constexpr int kLevels = 6;

/// Where the members of a level's map begin.
struct Members {
    int skip = 0;
    int deconv = 0;
    int flow = 0;
    int channels = 0;
};

/// A step of the decoder: features and flow to twice the size.
struct Rise {
    Prediction predict;
    Map flow;
    MaybeTiled deconv;
    Upsampling upsample;
};

/// A step of the contraction: to half the size, and a convolution there.
struct Fall {
    Map between;
    Layer halve;
    MaybeTiled convolve;
};

std::string at_level(const std::string& name, int level) {
    return "flow." + name + std::to_string(level);
}

}  // namespace

struct FlowGraph::Parts {
    explicit Parts(const Weights& weights);

    void match(const Weights& weights);
    void contract(const Weights& weights);
    void expand(const Weights& weights);
    /// The map of a level with its skip of so many channels; what rises to it is known by then.
    void join(const Weights& weights, int level, int skip);
    [[nodiscard]] View member(int level, int channel) const {
        return levels[level].view().from(channel);
    }

    int channels2 = 0;
    int channels3 = 0;
    Map frame{kFrame, 1, 2, 2};
    Map map3;
    Map matched;
    Map levels[kLevels + 1];
    Members members[kLevels + 1];
    Layer to_map1;
    Layer redirect;
    Correlation correlation;
    MaybeTiled conv3_1;
    /// By the level that they lead to.
    Fall falls[kLevels + 1];
    Rise rises[kLevels];
    Prediction finest;
    int features = 0;
};

FlowGraph::Parts::Parts(const Weights& weights) {
    const Filter conv1 = find_filter(weights, "flow.conv1", 1, 6, true);
    const Filter redir = find_filter(weights, "flow.conv_redir", kAnySize, 1, true);
    channels3 = redir.inputs;
    map3 = Map(kSide, channels3, 0, 0);
    features = redir.outputs + Correlation::kOutputs;
    matched = Map(kSide, features + kSets * kChannels, 1, 1);
    redirect = Layer::convolution(redir, 1, 0, kSlope, map3.view(), matched.view());
    correlation = Correlation(map3.view(), channels3, matched.view().from(redir.outputs));
    contract(weights);
    channels2 = find_filter(weights, "flow.deconv1", kAnySize, 2, false).inputs - kFlow -
                find_filter(weights, "flow.deconv2", kAnySize, 2, false).outputs / 4;
    join(weights, 2, channels2);
    join(weights, 1, conv1.outputs);
    to_map1 = Layer::convolution(conv1, 2, 2, kSlope, frame.view(), member(1, 0));
    join(weights, 0, 0);
    expand(weights);
}

void FlowGraph::Parts::join(const Weights& weights, int level, int skip) {
    Members& m = members[level];
    m.deconv = skip;
    m.flow = skip;
    if (level < kLevels) {
        m.flow += find_filter(weights, at_level("deconv", level), kAnySize, 2, false).outputs / 4;
        m.channels = m.flow + kFlow;
    } else {
        m.channels = skip;
    }
    // The frame is the finest level's skip, and comes last, so that vectors stay aligned.
    levels[level] = Map(kFrame >> level, m.channels + (level == 0 ? 1 : 0), 1, 2);
}

void FlowGraph::Parts::contract(const Weights& weights) {
    const Filter third =
        find_filter(weights, "flow.conv3_1", features + kSets * kChannels, 3, true);
    join(weights, 3, third.outputs);
    conv3_1 = MaybeTiled::convolution(third, kSlope, matched.view(), member(3, 0));
    int inputs = third.outputs;
    for (int level = 4; level <= kLevels; ++level) {
        Fall& fall = falls[level];
        const Filter half = find_filter(weights, at_level("conv", level), inputs, 3, true);
        const Filter same =
            find_filter(weights, at_level("conv", level) + "_1", half.outputs, 3, true);
        fall.between = Map(kFrame >> level, half.outputs, 1, 1);
        join(weights, level, same.outputs);
        fall.halve =
            Layer::convolution(half, 2, 1, kSlope, member(level - 1, 0), fall.between.view());
        fall.convolve =
            MaybeTiled::convolution(same, kSlope, fall.between.view(), member(level, 0));
        inputs = same.outputs;
    }
}

void FlowGraph::Parts::expand(const Weights& weights) {
    for (int level = kLevels - 1; level >= 0; --level) {
        Rise& rise = rises[level];
        const View from = levels[level + 1].view();
        const int inputs = members[level + 1].channels;
        const Filter deconv = find_filter(weights, at_level("deconv", level), inputs, 2, false);
        const Filter predict =
            find_filter(weights, at_level("predict_flow", level + 1), inputs, 3, false);
        const Filter upsample = find_filter(
            weights, at_level("upsampled_flow" + std::to_string(level + 1) + "_to_", level), kFlow,
            2, false);
        if (predict.outputs != kFlow || upsample.outputs != 4 * kFlow) {
            throw ArrayError("Flow must have two components at level " + std::to_string(level + 1) +
                             ", got " + std::to_string(predict.outputs) + ".");
        }
        rise.flow = Map(from.side, kFlow, 1, 1);
        rise.predict = Prediction(predict, from);
        rise.deconv =
            MaybeTiled::rising(deconv, kSlope, from, member(level, members[level].deconv));
        rise.upsample = Upsampling(upsample, rise.flow.view(), member(level, members[level].flow));
    }
    // The export has the frame first.
    const Filter stored =
        find_filter(weights, "flow.predict_flow0", members[0].channels + 1, 3, false);
    std::vector<float> values;
    for (int o = 0; o < stored.outputs; ++o) {
        const float* const kernel = stored.weight + o * stored.inputs * 9;
        values.insert(values.end(), kernel + 9, kernel + stored.inputs * 9);
        values.insert(values.end(), kernel, kernel + 9);
    }
    Filter last = stored;
    last.weight = values.data();
    finest = Prediction(last, levels[0].view());
}

FlowGraph::FlowGraph(const Weights& weights) : parts_(std::make_unique<Parts>(weights)) {}
FlowGraph::~FlowGraph() = default;
FlowGraph::FlowGraph(FlowGraph&&) noexcept = default;

int FlowGraph::channels2() const {
    return parts_->channels2;
}

int FlowGraph::channels3() const {
    return parts_->channels3;
}

void FlowGraph::run(Team& team, const Inputs& inputs, float* flow) {
    Parts& p = *parts_;
    const Kernels& k = kernels(current_isa());
    copy_frame(inputs.frame, p.frame.view());
    copy_frame(inputs.frame, p.member(0, p.members[0].channels));
    from_planes(team, k,
                {{inputs.enc2, p.channels2, p.member(2, 0)},
                 {inputs.enc3, p.channels3, p.map3.view()},
                 {inputs.first, kChannels, p.matched.view().from(p.features)},
                 {inputs.second_next, kChannels, p.matched.view().from(p.features + kChannels)}});
    run_layers(team, k, {&p.to_map1, &p.redirect});
    p.correlation.run(team, k, inputs.enc3_next);
    p.conv3_1.run(team, k);
    for (int level = 4; level <= kLevels; ++level) {
        run_layers(team, k, {&p.falls[level].halve});
        p.falls[level].convolve.run(team, k);
    }
    for (int level = kLevels - 1; level >= 0; --level) {
        Rise& rise = p.rises[level];
        rise.deconv.run(team, k);
        const View coarse = rise.flow.view();
        rise.predict.run(team, k, {coarse.origin, coarse.row_step, coarse.pixel_step, 1});
        rise.upsample.run(team, k);
    }
    p.finest.run(team, k, {flow, kFrame, 1, kFrame * kFrame});
}

}  // namespace mol_edge
