#include "maybe_tiled.h"

namespace mol_edge::network {
namespace {

/// Fewer channels than these are transformed for longer than it saves.
constexpr int kFewestInputs = 48;
/// On smaller maps there are too few tiles for weights that grow to up to four times their size.
constexpr int kSmallestSide = 8;

/// `parts`: groups of outputs, each of which must fill whole vectors.
bool pays(const Filter& filter, int side, int parts) {
    return filter.inputs >= kFewestInputs && side >= kSmallestSide &&
           filter.outputs % (parts * kPanel) == 0;
}

}  // namespace

MaybeTiled MaybeTiled::convolution(const Filter& filter, float slope, const Views& in,
                                   const Views& out) {
    MaybeTiled layer;
    if (pays(filter, out.front().side, 1)) {
        layer.tiled_ = TiledLayer::convolution(filter, slope, in, out);
    } else {
        layer.plain_.push_back(Layer::convolution(filter, 1, 1, slope, in, out));
    }
    return layer;
}

MaybeTiled MaybeTiled::halving(const Filter& filter, float slope, const Views& in,
                               const Views& out) {
    MaybeTiled layer;
    if (pays(filter, out.front().side, 1)) {
        layer.tiled_ = TiledLayer::halving(filter, slope, in, out);
    } else {
        layer.plain_.push_back(Layer::convolution(filter, 2, 1, slope, in, out));
    }
    return layer;
}

MaybeTiled MaybeTiled::rising(const Filter& filter, float slope, const Views& in,
                              const Views& out) {
    MaybeTiled layer;
    if (pays(filter, in.front().side, 4)) {
        layer.tiled_ = TiledLayer::rising(filter, slope, in, out);
    } else {
        for (int phase = 0; phase < 4; ++phase) {
            layer.plain_.push_back(Layer::phase(filter, phase, slope, in, out));
        }
    }
    return layer;
}

void MaybeTiled::run(Team& team, const Kernels& kernels, Items items) {
    if (tiled_) {
        tiled_->run(team, kernels, items);
    } else {
        run_layers(team, kernels, plain_, items);
    }
}

}  // namespace mol_edge::network
