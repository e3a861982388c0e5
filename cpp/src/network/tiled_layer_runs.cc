#include "fixed_panels.h"
#include "tiled_layer.h"

#include <algorithm>

namespace mol_edge::network {
namespace {

/// Outputs of a band that are brought back to pixels at once, if whole targets can be: of one panel
/// at a time, and of several.
constexpr int kGroup = 2 * kPanel;
constexpr int kGroupOfPanels = 4 * kPanel;
/// More weights do not stay in a processor's own caches from band to band.
constexpr std::size_t kOwnWeights = 400'000;
/// Tiles of one task that reads or writes.
constexpr int kTaskTiles = 4;

/// Calls `act(i)` for all i below `count`, some in each task.
template <class Act>
void share(Team& team, int count, const Act& act) {
    team.run((count + kTaskTiles - 1) / kTaskTiles, [&](int task) {
        const int end = std::min(count, (task + 1) * kTaskTiles);
        for (int i = task * kTaskTiles; i < end; ++i) act(i);
    });
}

}  // namespace

TiledLayer::Place TiledLayer::place_of(int tile) const {
    const int of_item = row_tiles_ * row_tiles_;
    const int at = tile % of_item;
    return {static_cast<std::size_t>(tile / of_item), at / row_tiles_ * size_,
            at % row_tiles_ * size_};
}

TiledLayer::Bench TiledLayer::bench_in(Team& team, int thread, int tiles, int outputs) const {
    // Both begin on a cache line.
    const std::size_t points =
        static_cast<std::size_t>(kTileArea * tiles) * static_cast<std::size_t>(inputs_);
    const std::size_t products =
        static_cast<std::size_t>(kTileArea * tiles) * static_cast<std::size_t>(outputs);
    float* const room = team.room(thread, points + products);
    return {tiles, outputs, room, room + points};
}

std::ptrdiff_t TiledLayer::panel_size() const {
    return steps_.empty() ? static_cast<std::ptrdiff_t>(inputs_) * kPanel
                          : fixed_panel_size(1, inputs_);
}

const float* TiledLayer::weights_of(int matrix, int panel) const {
    return packed_.data() +
           static_cast<std::ptrdiff_t>(matrix * (outputs_ / kPanel) + panel) * panel_size();
}

void TiledLayer::run(Team& team, const Kernels& kernels, Items items) {
    const int of_item = row_tiles_ * row_tiles_;
    if (in_bands()) {
        run_in_bands(team, kernels, of_item * items.first, of_item * items.count);
    } else {
        run_in_steps(team, kernels, of_item * items.first, of_item * items.count);
    }
}

void TiledLayer::run_in_steps(Team& team, const Kernels& kernels, int begin, int tiles) {
    const Bench bench = bench_in(team, team.threads(), std::min(at_once_, tiles), outputs_);
    for (int first = 0; first < tiles; first += bench.tiles) {
        const int count = std::min(bench.tiles, tiles - first);
        share(team, count, [&](int i) { read(kernels, bench, begin + first + i, i); });
        const int panels = outputs_ / kPanel;
        const int groups = (panels + kernels.panels - 1) / kernels.panels;
        const int chunks = (count + chunk_ - 1) / chunk_;
        const int tasks = kTileArea * groups * chunks;
        const auto panels_of = [&](int task) {
            const int group = task / chunks % groups;
            return Panels{panels * group / groups, panels * (group + 1) / groups};
        };
        team.run(tasks, [&](int task) {
            const int next = std::min(task + 1, tasks - 1);
            const int row = task % chunks * chunk_;
            multiply(kernels, bench, task / (groups * chunks), 0, panels_of(task),
                     {row, std::min(chunk_, count - row)},
                     weights_of(next / (groups * chunks), panels_of(next).first));
        });
        share(team, count, [&](int i) { write(kernels, bench, begin + first + i, i, 0); });
    }
}

int TiledLayer::band_of(const Kernels& kernels) const {
    // Processors that take several panels have room for twice as many points.
    return kernels.panels > 1 && packed_.size() > kOwnWeights ? 2 * band_ : band_;
}

int TiledLayer::group_of(const Kernels& kernels) const {
    const int wanted = kernels.panels > 1 ? kGroupOfPanels : kGroup;
    for (int group = wanted; group > kPanel; group /= 2) {
        const bool whole = target_channels_ % group == 0 || group % target_channels_ == 0;
        if (whole && outputs_ % group == 0) return group;
    }
    return kPanel;
}

void TiledLayer::run_in_bands(Team& team, const Kernels& kernels, int begin, int tiles) {
    const int threads = team.threads();
    const int group = group_of(kernels);
    // As many for each thread, of nearly the same size.
    const int most = band_of(kernels);
    const int wanted = (tiles + most - 1) / most;
    const int bands = (wanted + threads - 1) / threads * threads;
    team.run(bands, [&](int band, int thread) {
        run_band(kernels, bench_in(team, thread, most, group), begin + tiles * band / bands,
                 begin + tiles * (band + 1) / bands);
    });
}

void TiledLayer::run_band(const Kernels& kernels, const Bench& bench, int begin, int end) const {
    for (int tile = begin; tile < end; ++tile) read(kernels, bench, tile, tile - begin);
    const int panels = bench.outputs / kPanel;
    const int groups = (panels + kernels.panels - 1) / kernels.panels;
    for (int first = 0; first < outputs_; first += bench.outputs) {
        for (int matrix = 0; matrix < kTileArea; ++matrix) {
            for (int group = 0; group < groups; ++group) {
                const Panels taken{panels * group / groups, panels * (group + 1) / groups};
                const float* next = weights_of(matrix, first / kPanel + taken.end);
                if (taken.end == panels) {
                    next = matrix + 1 < kTileArea
                               ? weights_of(matrix + 1, first / kPanel)
                               : weights_of(0, (first + bench.outputs) % outputs_ / kPanel);
                }
                multiply(kernels, bench, matrix, first, taken, {0, end - begin}, next);
            }
        }
        for (int tile = begin; tile < end; ++tile) {
            write(kernels, bench, tile, tile - begin, first);
        }
    }
}

void TiledLayer::read(const Kernels& kernels, const Bench& bench, int tile, int row) const {
    const auto [item, y, x] = place_of(tile);
    float* to = bench.points + static_cast<std::ptrdiff_t>(row) * inputs_;
    for (const Source& source : sources_[item]) {
        kernels.tile_in({source.origin + y * source.row_step + x * source.pixel_step,
                         source.row_step, source.pixel_step, source.channels, to,
                         static_cast<std::ptrdiff_t>(bench.tiles) * inputs_});
        to += source.channels;
    }
}

void TiledLayer::multiply(const Kernels& kernels, const Bench& bench, int matrix, int first,
                          Panels panels, Rows rows, const float* next) const {
    const float* from[kMostRows];
    float* outs[kMostRows];
    const std::ptrdiff_t tap = 0;
    const float none[kMostPanels * kPanel] = {};
    const int columns = (panels.end - panels.first) * kPanel;
    const int panel = first / kPanel + panels.first;
    const float* const weights = weights_of(matrix, panel);
    const float* const steps =
        steps_.empty() ? nullptr : steps_.data() + (matrix * (outputs_ / kPanel) + panel) * kPanel;
    for (int done = 0; done < rows.count; done += kMostRows) {
        const int block = std::min(kMostRows, rows.count - done);
        for (int r = 0; r < block; ++r) {
            const std::ptrdiff_t row = matrix * bench.tiles + rows.first + done + r;
            from[r] = bench.points + row * inputs_;
            outs[r] = bench.products + row * bench.outputs + panels.first * kPanel;
        }
        kernels.product({from, outs, block, &tap, 1, inputs_, weights, none, 1.0F, columns, false,
                         done + block == rows.count ? next : weights, panel_size(), steps});
    }
}

void TiledLayer::write(const Kernels& kernels, const Bench& bench, int tile, int row,
                       int first) const {
    const auto [item, y, x] = place_of(tile);
    const float* from = bench.products + static_cast<std::ptrdiff_t>(row) * bench.outputs;
    const int channels = std::min(bench.outputs, target_channels_);
    for (int output = first; output < first + bench.outputs; output += channels) {
        const Target& target = targets_[item][static_cast<std::size_t>(output / target_channels_)];
        const TileOut out{
            from + output - first,
            static_cast<std::ptrdiff_t>(bench.tiles) * bench.outputs,
            channels,
            target.origin + y * target.row_step + x * target.pixel_step + output % target_channels_,
            target.row_step,
            target.pixel_step,
            target.first_row - y,
            target.end_row - y,
            target.first_column - x,
            target.end_column - x,
            bias_.data() + output,
            slope_};
        if (size_ == 2) {
            kernels.tile_out_2(out);
        } else {
            kernels.tile_out_3(out);
        }
    }
}

}  // namespace mol_edge::network
