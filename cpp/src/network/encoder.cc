#include "mol_edge/network.h"

#include "convolution.h"
#include "frame.h"
#include "handed_maps.h"
#include "kernels.h"
#include "map.h"

#include <algorithm>

namespace mol_edge {

using namespace network;

struct EncoderGraph::Parts {
    explicit Parts(const Weights& weights);

    Map frame{kFrame, 1, 2, 2};
    Map map1;
    Map map2;
    Map map3;
    Layer to_map1;
    Convolution to_map2;
    Convolution to_map3;
    int channels2 = 0;
    int channels3 = 0;
};

EncoderGraph::Parts::Parts(const Weights& weights) {
    const Filter first = find_filter(weights, "flow.conv1", 1, 6, true);
    const Filter second = find_filter(weights, "flow.conv2", first.outputs, 4, true);
    const Filter third = find_filter(weights, "flow.conv3", second.outputs, 2, true);
    channels2 = second.outputs;
    channels3 = third.outputs;
    check_channels("enc2", channels2);
    check_channels("enc3", channels3);
    map1 = Map(kFrame / 2, first.outputs, 1, 3);
    map2 = Map(kFrame / 4, channels2, 0, 0);
    map3 = Map(kFrame / 8, channels3, 0, 0);
    to_map1 = Layer::convolution(first, 2, 2, kSlope, frame.view(), map1.view());
    to_map2 = Convolution::halving(second, kSlope, map1.view(), map2.view());
    to_map3 = Convolution::strided(third, 2, 0, kSlope, map2.view(), map3.view());
}

EncoderGraph::EncoderGraph(const Weights& weights) : parts_(std::make_unique<Parts>(weights)) {}
EncoderGraph::~EncoderGraph() = default;
EncoderGraph::EncoderGraph(EncoderGraph&&) noexcept = default;

int EncoderGraph::channels2() const {
    return parts_->channels2;
}

int EncoderGraph::channels3() const {
    return parts_->channels3;
}

int EncoderGraph::layers_in_bytes() const {
    return static_cast<int>(parts_->to_map2.in_bytes()) +
           static_cast<int>(parts_->to_map3.in_bytes());
}

void EncoderGraph::run(Team& team, const float* frame, const MapOut& enc2, const MapOut& enc3) {
    Parts& p = *parts_;
    const Kernels& k = kernels(current_isa());
    copy_frame(team, frame, p.frame.view());
    run_layers(team, k, {&p.to_map1});
    p.to_map2.run(team, k);
    p.to_map3.run(team, k);
    hand_out(team, k, {{p.map2.view(), p.channels2, enc2}, {p.map3.view(), p.channels3, enc3}});
}

}  // namespace mol_edge
