#include "convolution.h"

#include "byte_kernels.h"

namespace mol_edge::network {
namespace {

/// Fewer channels than these are transformed for longer than it saves.
constexpr int kFewestInputs = 48;
/// The same of each point of a tile in bytes, whose sums have to be made floats.
constexpr int kFewestOfPoint = 128;
/// On smaller maps there are too few tiles for weights that grow to 16/9 of their size, or, of a
/// transposed convolution, to four times that.
constexpr int kSmallestSide = 8;
constexpr int kSmallestRaised = 16;

/// `parts`: groups of outputs, each of which must fill whole vectors.
bool tiles_pay(const Filter& filter, int side, int smallest, int parts) {
    return filter.inputs >= kFewestInputs && side >= smallest && !filter.in_bytes() &&
           filter.outputs % (parts * kPanel) == 0;
}

/// `inputs`: of each point.
bool byte_tiles_pay(const Filter& filter, int inputs, int side) {
    return filter.in_bytes() && byte_kernels().back().tiles_pay && inputs >= kFewestOfPoint &&
           side >= kSmallestSide && ByteTiledLayer::fits(side);
}

}  // namespace

Convolution Convolution::same(const Filter& filter, float slope, const Views& in,
                              const Views& out) {
    Convolution layer;
    if (byte_tiles_pay(filter, filter.inputs, out.front().side)) {
        layer.byte_tiles_ =
            ByteTiledLayer::convolution(byte_kernels().back(), filter, slope, in, out);
        return layer;
    }
    if (!tiles_pay(filter, out.front().side, kSmallestSide, 1)) {
        return strided(filter, 1, 1, slope, in, out);
    }
    layer.tiled_ = TiledLayer::convolution(filter, slope, in, out);
    return layer;
}

Convolution Convolution::halving(const Filter& filter, float slope, const Views& in,
                                 const Views& out) {
    Convolution layer;
    // Four phases of the pixels are multiplied at once.
    if (byte_tiles_pay(filter, 4 * filter.inputs, out.front().side)) {
        layer.byte_tiles_ =
            ByteTiledLayer::convolution(byte_kernels().back(), filter, slope, in, out);
        return layer;
    }
    if (!tiles_pay(filter, out.front().side, kSmallestSide, 1)) {
        return strided(filter, 2, 1, slope, in, out);
    }
    layer.tiled_ = TiledLayer::halving(filter, slope, in, out);
    return layer;
}

Convolution Convolution::strided(const Filter& filter, int stride, int pad, float slope,
                                 const Views& in, const Views& out) {
    Convolution layer;
    if (filter.in_bytes()) {
        layer.bytes_ =
            ByteLayer::convolution(byte_kernels().back(), filter, stride, pad, slope, in, out);
    } else {
        layer.plain_.push_back(Layer::convolution(filter, stride, pad, slope, in, out));
    }
    return layer;
}

Convolution Convolution::rising(const Filter& filter, float slope, const Views& in,
                                const Views& out) {
    Convolution layer;
    if (byte_tiles_pay(filter, filter.inputs, in.front().side)) {
        layer.byte_tiles_ = ByteTiledLayer::rising(byte_kernels().back(), filter, slope, in, out);
    } else if (filter.in_bytes()) {
        layer.bytes_ = ByteLayer::rising(byte_kernels().back(), filter, slope, in, out);
    } else if (tiles_pay(filter, in.front().side, kSmallestRaised, 4)) {
        layer.tiled_ = TiledLayer::rising(filter, slope, in, out);
    } else {
        for (int phase = 0; phase < 4; ++phase) {
            layer.plain_.push_back(Layer::phase(filter, phase, slope, in, out));
        }
    }
    return layer;
}

void Convolution::run(Team& team, const Kernels& kernels, Items items) {
    if (byte_tiles_) {
        byte_tiles_->run(team, items);
    } else if (bytes_) {
        bytes_->run(team, items);
    } else if (tiled_) {
        tiled_->run(team, kernels, items);
    } else {
        run_layers(team, kernels, plain_, items);
    }
}

}  // namespace mol_edge::network
