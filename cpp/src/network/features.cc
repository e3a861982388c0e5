#include "mol_edge/error.h"
#include "mol_edge/network.h"

#include "convolution.h"
#include "f5c.h"
#include "frame.h"
#include "handed_maps.h"
#include "kernels.h"
#include "layer.h"
#include "linear.h"
#include "map.h"

#include <string>
#include <vector>

namespace mol_edge {

using namespace network;

namespace {

constexpr int kStem1 = 63;
constexpr int kStem2 = 31;
constexpr int kParts = 6 * 32;
constexpr int kPartsSide = 8;
constexpr int kLandmarks = 136;
constexpr int kLandmarkSide = 14;

/// The landmark head reads its maps channel by channel, here they lie pixel by pixel.
Linear pixels_first(const Weights& weights, int channels) {
    constexpr int pixels = kLandmarkSide * kLandmarkSide;
    const Weight& stored = find(weights, "landmark.fc1.weight", {kAnySize, channels * pixels});
    std::vector<float> values(stored.values.size());
    const std::size_t row = static_cast<std::size_t>(channels) * pixels;
    for (std::size_t at = 0; at < values.size(); ++at) {
        const std::size_t channel = at % row / pixels;
        const std::size_t pixel = at % pixels;
        values[at / row * row + pixel * static_cast<std::size_t>(channels) + channel] =
            stored.values[at];
    }
    return {{stored.shape, values},
            find(weights, "landmark.fc1.bias", {stored.shape[0]}),
            find_weight_steps(weights, "landmark.fc1", stored)};
}

}  // namespace

struct FeaturesGraph::Parts {
    Parts(const Weights& weights, int neighbours);

    Map frame{kFrame, 1, 0, 0};
    Map stem1;
    Map stem2;
    Map stem{kSide, kChannels, 0, 0};
    Map features{kSide, kSets * kChannels, 0, 0};
    Map columns{kPartsSide, kParts, 0, 0};
    Map landmark;
    Layer to_stem1;
    Layer to_stem2;
    Layer to_stem;
    F5c f5c;
    Convolution to_columns;
    Convolution to_landmark;
    Linear hidden;
    Linear points;
    std::vector<float> hidden_values;
};

FeaturesGraph::Parts::Parts(const Weights& weights, int neighbours) : f5c(weights, neighbours) {
    const Filter first = find_filter(weights, "stem1", 1, 4, true);
    const Filter second = find_filter(weights, "stem2", first.outputs, 3, true);
    const Filter third = find_filter(weights, "stem3", second.outputs, 2, true);
    stem1 = Map(kStem1, first.outputs, 0, 0);
    stem2 = Map(kStem2, second.outputs, 1, 1);
    to_stem1 = Layer::convolution(first, 2, 0, 1, frame.view(), stem1.view());
    to_stem2 = Layer::convolution(second, 2, 0, 1, stem1.view(), stem2.view());
    to_stem = Layer::convolution(third, 2, 1, 1, stem2.view(), stem.view());
    const Filter of_columns = find_filter(weights, "column.parts", kSets * kChannels, 2, true);
    to_columns = Convolution::strided(of_columns, 2, 0, 1, features.view(), columns.view());
    const Filter of_landmark = find_filter(weights, "landmark.conv", kChannels, 3, true);
    landmark = Map(kLandmarkSide, of_landmark.outputs, 0, 0);
    to_landmark = Convolution::strided(of_landmark, 1, 0, 0, features.view().from(kChannels),
                                       landmark.view());
    hidden = pixels_first(weights, of_landmark.outputs);
    points = Linear(find(weights, "landmark.fc2.weight", {kLandmarks, hidden.outputs()}),
                    find(weights, "landmark.fc2.bias", {kLandmarks}));
    hidden_values.resize(static_cast<std::size_t>(hidden.outputs()));
    const bool fits = third.outputs == kChannels && of_columns.outputs == kParts &&
                      of_landmark.outputs % kPanel == 0;
    if (!fits) {
        throw ArrayError(
            "The features must have 128 channels, 192 parts and landmark maps in multiples of 16, "
            "got " +
            std::to_string(third.outputs) + ", " + std::to_string(of_columns.outputs) + " and " +
            std::to_string(of_landmark.outputs) + ".");
    }
}

FeaturesGraph::FeaturesGraph(const Weights& weights, int neighbours) {
    if (neighbours < 1 || neighbours > kMostNeighbours) {
        throw OptionError("neighbours must be from 1 to " + std::to_string(kMostNeighbours) +
                          ", got " + std::to_string(neighbours) + ".");
    }
    parts_ = std::make_unique<Parts>(weights, neighbours);
}

FeaturesGraph::~FeaturesGraph() = default;
FeaturesGraph::FeaturesGraph(FeaturesGraph&&) noexcept = default;

int FeaturesGraph::layers_in_bytes() const {
    return static_cast<int>(parts_->to_columns.in_bytes()) +
           static_cast<int>(parts_->to_landmark.in_bytes());
}

void FeaturesGraph::run(Team& team, const float* frame, const MapOut& first, const MapOut& second,
                        float* parts, float* landmarks) {
    Parts& p = *parts_;
    const Kernels& k = kernels(current_isa());
    copy_frame(team, frame, p.frame.view());
    run_layers(team, k, {&p.to_stem1});
    run_layers(team, k, {&p.to_stem2});
    run_layers(team, k, {&p.to_stem});
    p.f5c.run(team, k, p.stem.view(), p.features.view());
    p.to_columns.run(team, k);
    p.to_landmark.run(team, k);
    const View features = p.features.view();
    hand_out(team, k,
             {{features, kChannels, first},
              {features.from(kChannels), kChannels, second},
              {p.columns.view(), kParts, {parts}}});
    p.hidden.run(team, k, p.landmark.view().origin, 0, p.hidden_values.data());
    p.points.run(team, k, p.hidden_values.data(), 1, landmarks);
}

}  // namespace mol_edge
