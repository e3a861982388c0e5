#include "tiled_layer.h"

#include "fixed_panels.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace mol_edge::network {
namespace {

/// So many weights stay in the caches that processors share.
constexpr std::ptrdiff_t kCachedWeights = 1'500'000;
/// So many points stay in a processor's own caches, beside what they are multiplied with.
constexpr std::ptrdiff_t kCachedPoints = 80'000;
/// Multiplications of one task of a layer that is computed in steps.
constexpr std::ptrdiff_t kTaskProducts = 300'000;

/// What a line of taps is at the points 0, 1, -1 and infinity.
void to_points(const float* taps, std::ptrdiff_t step, int count, double* points) {
    const double first = taps[0];
    const double middle = taps[step];
    const double last = count == 3 ? taps[2 * step] : 0.0;
    points[0] = first;
    points[1] = (first + middle + last) / 2;
    points[2] = (first - middle + last) / 2;
    points[3] = count == 3 ? last : middle;
}

}  // namespace

TiledLayer::TiledLayer(int size, int outputs_side, float slope)
    : size_(size), row_tiles_((outputs_side + size - 1) / size), slope_(slope) {}

TiledLayer TiledLayer::convolution(const Filter& filter, float slope, const Views& in,
                                   const Views& out) {
    TiledLayer layer(2, out.front().side, slope);
    layer.check_rim(in.front(), 1);
    const int step = static_cast<int>(in.front().pixel_step);
    for (const View& map : in) {
        layer.sources_.push_back({{map.at(-1, -1), map.row_step, map.pixel_step, step}});
    }
    layer.set_whole_targets(out);
    layer.set_kernels(step, filter.outputs, filter.bias);
    for (int o = 0; o < filter.outputs; ++o) {
        for (int i = 0; i < filter.inputs; ++i) {
            layer.pack(i, o, &filter.weight[(o * filter.inputs + i) * 9], 3);
        }
    }
    layer.plan();
    return layer;
}

TiledLayer TiledLayer::halving(const Filter& filter, float slope, const Views& in,
                               const Views& out) {
    TiledLayer layer(3, out.front().side, slope);
    layer.check_rim(in.front(), 2);
    const int step = static_cast<int>(in.front().pixel_step);
    // Every other row and column of taps meets every other row and column of pixels.
    for (const View& map : in) {
        layer.sources_.emplace_back();
        for (int phase = 0; phase < 4; ++phase) {
            layer.sources_.back().push_back(
                {map.at(phase / 2 - 1, phase % 2 - 1), 2 * map.row_step, 2 * map.pixel_step, step});
        }
    }
    layer.set_whole_targets(out);
    layer.set_kernels(4 * step, filter.outputs, filter.bias);
    for (int phase = 0; phase < 4; ++phase) {
        const int a = phase / 2;
        const int b = phase % 2;
        for (int o = 0; o < filter.outputs; ++o) {
            for (int i = 0; i < filter.inputs; ++i) {
                const float kernel[4] = {filter.at(o, i, a, b), filter.at(o, i, a, b + 2),
                                         filter.at(o, i, a + 2, b), filter.at(o, i, a + 2, b + 2)};
                layer.pack(phase * step + i, o, kernel, 2);
            }
        }
    }
    layer.plan();
    return layer;
}

TiledLayer TiledLayer::rising(const Filter& filter, float slope, const Views& in,
                              const Views& out) {
    const int side = in.front().side;
    TiledLayer layer(3, side + 1, slope);
    layer.check_rim(in.front(), 1);
    const int step = static_cast<int>(in.front().pixel_step);
    for (const View& map : in) {
        layer.sources_.push_back({{map.at(-1, -1), map.row_step, map.pixel_step, step}});
    }
    for (const View& map : out) {
        layer.targets_.emplace_back();
        for (int phase = 0; phase < 4; ++phase) {
            const int a = phase / 2;
            const int b = phase % 2;
            layer.targets_.back().push_back({map.at(a - 1, b - 1), 2 * map.row_step,
                                             2 * map.pixel_step, phase * filter.outputs / 4, 1 - a,
                                             side + 1 - a, 1 - b, side + 1 - b});
        }
    }
    layer.set_kernels(step, filter.outputs, nullptr);
    for (int o = 0; o < filter.outputs; ++o) {
        for (int i = 0; i < filter.inputs; ++i) {
            layer.pack(i, o, &filter.weight[(o * filter.inputs + i) * 4], 2);
        }
    }
    layer.plan();
    return layer;
}

void TiledLayer::set_whole_targets(const Views& out) {
    for (const View& map : out) {
        targets_.push_back(
            {{map.origin, map.row_step, map.pixel_step, 0, 0, map.side, 0, map.side}});
    }
}

void TiledLayer::check_rim(const View& in, int stride) const {
    // Tiles begin a row and a column before the map.
    const int last = stride * ((row_tiles_ - 1) * size_ + kTile) - 1 - 1;
    if (last >= in.side + in.after) {
        throw std::logic_error("The rim of a map must reach as far as its last tile.");
    }
}

void TiledLayer::set_kernels(int inputs, int outputs, const float* bias) {
    inputs_ = inputs;
    outputs_ = outputs;
    target_channels_ = outputs / static_cast<int>(targets_.front().size());
    items_ = static_cast<int>(targets_.size());
    bias_.assign(static_cast<std::size_t>(outputs), 0.0F);
    if (bias != nullptr) std::copy_n(bias, outputs, bias_.begin());
    packed_ = Buffer(static_cast<std::size_t>(kTileArea * inputs * outputs));
}

void TiledLayer::pack(int input, int output, const float* kernel, int side) {
    double columns[3][kTile];
    for (int x = 0; x < side; ++x) to_points(kernel + x, side, side, columns[x]);
    for (int y = 0; y < kTile; ++y) {
        float row[3] = {};
        for (int x = 0; x < side; ++x) row[x] = static_cast<float>(columns[x][y]);
        double points[kTile];
        to_points(row, 1, side, points);
        for (int x = 0; x < kTile; ++x) {
            const int matrix = y * kTile + x;
            const int panel = matrix * (outputs_ / kPanel) + output / kPanel;
            packed_.data()[(static_cast<std::ptrdiff_t>(panel) * inputs_ + input) * kPanel +
                           output % kPanel] = static_cast<float>(points[x]);
        }
    }
}

void TiledLayer::plan() {
    // Items that share a map come one at a time.
    const bool apart = sources_.front()[0].origin != sources_.back()[0].origin &&
                       targets_.front()[0].origin != targets_.back()[0].origin;
    const int of_item = row_tiles_ * row_tiles_;
    const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(inputs_) * kPanel * kRows;
    chunk_ = static_cast<int>(std::max<std::ptrdiff_t>(1, kTaskProducts / block)) * kRows;
    if (static_cast<std::ptrdiff_t>(packed_.size()) <= kCachedWeights) {
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(kTileArea) * inputs_ * kRows;
        band_ = static_cast<int>(std::max<std::ptrdiff_t>(1, kCachedPoints / row)) * kRows;
        return;
    }
    at_once_ = of_item * (apart ? items_ : 1);
    if (of_item > kMostFixedRows) return;
    if (auto fixed = FixedPanels::of(packed_.data(), kTileArea * outputs_ / kPanel, 1, inputs_)) {
        packed_ = std::move(fixed->words);
        steps_ = std::move(fixed->steps);
    }
}

}  // namespace mol_edge::network
