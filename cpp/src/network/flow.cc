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

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace mol_edge {

using namespace network;

namespace {

/// Levels of the decoder; level n has maps of 128 >> n pixels.
constexpr int kLevels = 6;
/// From this level on, all items of a batch are computed together: maps are small there and weights
/// large, so that what is read for one serves all.
constexpr int kShared = 3;
constexpr int kBatch = 8;

/// Where the members of a level's map begin.
struct Members {
    int skip = 0;
    int deconv = 0;
    int flow = 0;
    int channels = 0;
};

/// The parts of a step of the decoder that are no large convolution, of one item.
struct Raise {
    Prediction predict;
    Map flow;
    Upsampling upsample;
};

/// A step of the decoder: features and flow to twice the size.
struct Rise {
    MaybeTiled deconv;
    std::vector<Raise> raises;
};

/// A step of the contraction: to half the size, and a convolution there.
struct Fall {
    std::vector<Map> between;
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
    /// The maps of a level from a channel on, of each item where these are computed together.
    [[nodiscard]] Views member(int level, int channel) const {
        Views views;
        for (const Map& map : levels[level]) views.push_back(map.view().from(channel));
        return views;
    }

    void begin(Team& team, const Kernels& kernels, const Inputs& inputs, int item);
    void share(Team& team, const Kernels& kernels, int count);
    void rise(Team& team, const Kernels& kernels, int level, Items items);
    void end(Team& team, const Kernels& kernels, const Inputs& inputs, float* flow, int item);

    int channels2 = 0;
    int channels3 = 0;
    Map frame{kFrame, 1, 2, 2};
    Map map3;
    Map matched;
    std::vector<Map> levels[kLevels + 1];
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
    for (int item = 0; item < (level < kShared ? 1 : kBatch); ++item) {
        levels[level].emplace_back(kFrame >> level, m.channels + (level == 0 ? 1 : 0), 1, 2);
    }
}

void FlowGraph::Parts::contract(const Weights& weights) {
    const Filter third =
        find_filter(weights, "flow.conv3_1", features + kSets * kChannels, 3, true);
    join(weights, 3, third.outputs);
    const Views level3 = member(3, 0);
    conv3_1 = MaybeTiled::convolution(third, kSlope, Views(level3.size(), matched.view()), level3);
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
        fall.halve = Layer::convolution(half, 2, 1, kSlope, member(level - 1, 0), between);
        fall.convolve = MaybeTiled::convolution(same, kSlope, between, member(level, 0));
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
        if (predict.outputs != kFlow || upsample.outputs != 4 * kFlow) {
            throw ArrayError("Flow must have two components at level " + std::to_string(level + 1) +
                             ", got " + std::to_string(predict.outputs) + ".");
        }
        const Views to = member(level, members[level].deconv);
        const bool many = to.size() == from.size();
        rise.deconv =
            MaybeTiled::rising(deconv, kSlope, from, many ? to : Views(from.size(), to.front()));
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

FlowGraph::FlowGraph(const Weights& weights) : parts_(std::make_unique<Parts>(weights)) {}
FlowGraph::~FlowGraph() = default;
FlowGraph::FlowGraph(FlowGraph&&) noexcept = default;

int FlowGraph::channels2() const {
    return parts_->channels2;
}

int FlowGraph::channels3() const {
    return parts_->channels3;
}

void FlowGraph::Parts::begin(Team& team, const Kernels& k, const Inputs& inputs, int item) {
    from_planes(team, k,
                {{inputs.enc3, channels3, map3.view()},
                 {inputs.first, kChannels, matched.view().from(features)},
                 {inputs.second_next, kChannels, matched.view().from(features + kChannels)}});
    run_layers(team, k, {&redirect});
    correlation.run(team, k, inputs.enc3_next);
    conv3_1.run(team, k, {item, 1});
}

void FlowGraph::Parts::share(Team& team, const Kernels& k, int count) {
    for (int level = kShared + 1; level <= kLevels; ++level) {
        run_layers(team, k, {&falls[level].halve}, {0, count});
        falls[level].convolve.run(team, k, {0, count});
    }
    for (int level = kLevels - 1; level >= kShared; --level) rise(team, k, level, {0, count});
}

void FlowGraph::Parts::rise(Team& team, const Kernels& k, int level, Items items) {
    Rise& step = rises[level];
    step.deconv.run(team, k, items);
    for (int item = items.first; item < items.first + items.count; ++item) {
        Raise& raise = step.raises[static_cast<std::size_t>(item)];
        const View coarse = raise.flow.view();
        raise.predict.run(team, k, {coarse.origin, coarse.row_step, coarse.pixel_step, 1});
        raise.upsample.run(team, k);
    }
}

void FlowGraph::Parts::end(Team& team, const Kernels& k, const Inputs& inputs, float* flow,
                           int item) {
    copy_frame(inputs.frame, frame.view());
    copy_frame(inputs.frame, member(0, members[0].channels).front());
    from_planes(team, k, {{inputs.enc2, channels2, member(2, 0).front()}});
    run_layers(team, k, {&to_map1});
    rise(team, k, kShared - 1, {item, 1});
    for (int level = kShared - 2; level >= 0; --level) rise(team, k, level, {0, 1});
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
