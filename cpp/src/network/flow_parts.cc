#include "flow_parts.h"

#include "mol_edge/error.h"

#include "weights.h"

#include <string>
#include <vector>

namespace mol_edge {

using namespace network;

namespace {

std::string at_level(const std::string& name, int level) {
    return "flow." + name + std::to_string(level);
}

void check_flow(const Filter& predict, int level) {
    if (predict.outputs == kFlow) return;
    throw ArrayError("Flow must have two components at level " + std::to_string(level) + ", got " +
                     std::to_string(predict.outputs) + ".");
}

}  // namespace

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
    check_channels("enc2", channels2);
    check_channels("enc3", channels3);
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
    for (int item = 0; item < (level < kShared ? 1 : kBatch); ++item) {
        levels[level].emplace_back(kFrame >> level, m.channels + (level == 0 ? 1 : 0), 1, 2);
    }
}

void FlowGraph::Parts::contract(const Weights& weights) {
    const Filter third =
        find_filter(weights, "flow.conv3_1", features + kSets * kChannels, 3, true);
    join(weights, 3, third.outputs);
    const Views level3 = member(3, 0);
    conv3_1 = Convolution::same(third, kSlope, Views(level3.size(), matched.view()), level3);
    int inputs = third.outputs;
    for (int level = 4; level <= kLevels; ++level) {
        Fall& fall = falls[level];
        const Filter half = find_filter(weights, at_level("conv", level), inputs, 3, true);
        const Filter same =
            find_filter(weights, at_level("conv", level) + "_1", half.outputs, 3, true);
        Views between;
        for (int item = 0; item < kBatch; ++item) {
            fall.between.emplace_back(kFrame >> level, half.outputs, 1, 1);
            between.push_back(fall.between.back().view());
        }
        join(weights, level, same.outputs);
        fall.halve = Convolution::strided(half, 2, 1, kSlope, member(level - 1, 0), between);
        fall.convolve = Convolution::same(same, kSlope, between, member(level, 0));
        inputs = same.outputs;
    }
}

void FlowGraph::Parts::expand(const Weights& weights) {
    for (int level = kLevels - 1; level >= 0; --level) {
        Rise& rise = rises[level];
        const Views from = member(level + 1, 0);
        const int inputs = members[level + 1].channels;
        const Filter deconv = find_filter(weights, at_level("deconv", level), inputs, 2, false);
        const Filter predict =
            find_filter(weights, at_level("predict_flow", level + 1), inputs, 3, false);
        const Filter upsample = find_filter(
            weights, at_level("upsampled_flow" + std::to_string(level + 1) + "_to_", level), kFlow,
            2, false);
        check_flow(predict, level + 1);
        if (upsample.outputs != 4 * kFlow) {
            throw ArrayError("Flow must be raised to level " + std::to_string(level) +
                             " in 8 parts, got " + std::to_string(upsample.outputs) + ".");
        }
        const Views to = member(level, members[level].deconv);
        const bool many = to.size() == from.size();
        rise.deconv =
            Convolution::rising(deconv, kSlope, from, many ? to : Views(from.size(), to.front()));
        for (std::size_t item = 0; item < from.size(); ++item) {
            const View up = member(level, members[level].flow)[many ? item : 0];
            Raise& raise = rise.raises.emplace_back();
            raise.flow = Map(from.front().side, kFlow, 1, 1);
            raise.predict = Prediction(predict, from[item]);
            raise.upsample = Upsampling(upsample, raise.flow.view(), up);
        }
    }
    // The export has the frame first.
    const Filter stored =
        find_filter(weights, "flow.predict_flow0", members[0].channels + 1, 3, false);
    check_flow(stored, 0);
    std::vector<float> values;
    for (int o = 0; o < stored.outputs; ++o) {
        const float* const kernel = stored.weight + o * stored.inputs * 9;
        values.insert(values.end(), kernel + 9, kernel + stored.inputs * 9);
        values.insert(values.end(), kernel, kernel + 9);
    }
    Filter last = stored;
    last.weight = values.data();
    finest = Prediction(last, member(0, 0).front());
}

}  // namespace mol_edge
