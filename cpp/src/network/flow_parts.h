#pragma once

#include "mol_edge/network.h"

#include "convolution.h"
#include "correlation.h"
#include "f5c.h"
#include "frame.h"
#include "kernels.h"
#include "layer.h"
#include "map.h"
#include "prediction.h"

#include <vector>

namespace mol_edge {
namespace network {

/// Levels of the decoder; level n has maps of 128 >> n pixels.
inline constexpr int kLevels = 6;
/// From this level on, all items of a batch are computed together: maps are small there and weights
/// large, so that what is read for one serves all.
inline constexpr int kShared = 3;
inline constexpr int kBatch = 8;

/// Where the members of a level's map begin.
struct Members {
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
    Convolution deconv;
    std::vector<Raise> raises;
};

/// A step of the contraction: to half the size, and a convolution there.
struct Fall {
    std::vector<Map> between;
    Convolution halve;
    Convolution convolve;
};

}  // namespace network

/// The layers of the flow head and the maps between them.
struct FlowGraph::Parts {
    explicit Parts(const Weights& weights);

    void contract(const Weights& weights);
    void expand(const Weights& weights);
    /// The map of a level with its skip of so many channels; what rises to it is known by then.
    void join(const Weights& weights, int level, int skip);
    /// The maps of a level from a channel on, of each item where these are computed together.
    [[nodiscard]] network::Views member(int level, int channel) const {
        network::Views views;
        for (const network::Map& map : levels[level]) views.push_back(map.view().from(channel));
        return views;
    }

    void begin(Team& team, const network::Kernels& kernels, const Inputs& inputs, int item);
    void share(Team& team, const network::Kernels& kernels, int count);
    /// `beside`: what follows flow at this level, see `Upsampling::run`.
    void rise(Team& team, const network::Kernels& kernels, int level, network::Items items,
              const float* beside = nullptr);
    void end(Team& team, const network::Kernels& kernels, const Inputs& inputs, float* flow,
             int item);

    int channels2 = 0;
    int channels3 = 0;
    network::Map frame{network::kFrame, 1, 2, 2};
    network::Map map3;
    network::Map matched;
    std::vector<network::Map> levels[network::kLevels + 1];
    network::Members members[network::kLevels + 1];
    network::Layer to_map1;
    network::Layer redirect;
    network::Correlation correlation;
    network::Convolution conv3_1;
    /// By the level that they lead to.
    network::Fall falls[network::kLevels + 1];
    network::Rise rises[network::kLevels];
    network::Prediction finest;
    int features = 0;
};

}  // namespace mol_edge
