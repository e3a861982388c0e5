#include "byte_tiled_layer.h"

#include <algorithm>

namespace mol_edge::network {
namespace {

/// Multiplications of one task, some tens of microseconds.
constexpr std::ptrdiff_t kTaskProducts = 4'000'000;
/// Fewer tiles than these would read weights too often.
constexpr int kFewestTiles = 12;

}  // namespace

int ByteTiledLayer::tasks(Items items) const {
    const int tiles = tiles_of_item() * items.count;
    return groups() * ((tiles + tiles_of_task() - 1) / tiles_of_task());
}

int ByteTiledLayer::tiles_of_item() const {
    return rows_ * rows_;
}

int ByteTiledLayer::tiles_of_task() const {
    const auto wanted = static_cast<int>(kTaskProducts / panel_size());
    const int most = std::clamp(wanted, kFewestTiles, kMostTiles);
    return std::max(1, most / kernels_.rows) * kernels_.rows;
}

int ByteTiledLayer::groups() const {
    return static_cast<int>(parts_.size()) * parts_.front().panels();
}

bool ByteTiledLayer::keeps_pixels() const {
    return 4 * maps_.plane() > groups() * panel_size();
}

ByteTask ByteTiledLayer::in_group(int group, int first, int count) const {
    const int panels = parts_.front().panels();
    return {&parts_[static_cast<std::size_t>(group / panels)], group % panels, first, count};
}

ByteTask ByteTiledLayer::task_of(int task, Items items) const {
    const int tiles = tiles_of_item() * items.count;
    const int chunks = tasks(items) / groups();
    const int group = keeps_pixels() ? task % groups() : task / chunks;
    const int chunk = keeps_pixels() ? task / groups() : task % chunks;
    const int begin = chunk * tiles_of_task();
    return in_group(group, tiles_of_item() * items.first + begin,
                    std::min(tiles_of_task(), tiles - begin));
}

void ByteTiledLayer::multiply(const ByteTask& task, const std::uint8_t* bytes,
                              const ByteTask& next) const {
    const BytePart& part = *task.part;
    const int column = task.panel * part.panel;
    alignas(64) std::int32_t sums[kPoints * kMostTiles * kMostBytePanel];
    const std::ptrdiff_t of_point = static_cast<std::ptrdiff_t>(task.count) * part.panel;
    const std::uint8_t* pixels[kMostTiles];
    float* outs[kMostTiles];
    for (int t = 0; t < task.count; ++t) {
        pixels[t] = bytes + part.pixels[static_cast<std::size_t>(task.first + t)];
    }
    for (int point = 0; point < kPoints; ++point) {
        const std::int32_t* const start =
            part.start.data() + (task.panel * kPoints + point) * part.panel;
        kernels_.product({.rows = pixels,
                          .row_count = task.count,
                          .taps = places_[point].data(),
                          .tap_count = static_cast<int>(places_[point].size()),
                          .run = maps_.step(),
                          .panel = weights_of(part, task.panel, point),
                          .start = start,
                          .next = point + 1 < kPoints ? weights_of(part, task.panel, point + 1)
                                                      : weights_of(*next.part, next.panel, 0),
                          .sums = sums + point * of_point});
    }
    for (int t = 0; t < task.count; ++t) {
        outs[t] = part.outs[static_cast<std::size_t>(task.first + t)] + column;
    }
    kernels_.tiles({sums, of_point, task.count,
                    part.scale.data() + task.panel * kPoints * part.panel,
                    part.bias.data() + column, slope_, outs, out_row_, out_pixel_,
                    std::min(part.panel, part.outputs - column)});
}

void ByteTiledLayer::run_strip(int strip, int thread) {
    const int tiles = tiles_of_item() / maps_.strips();
    int lines = 0;
    for (int begin = 0; begin < tiles; begin += tiles_of_task()) {
        const int count = std::min(tiles_of_task(), tiles - begin);
        const int rows = (begin + count - 1) / rows_ + 1;
        // What the last row of these tiles reads.
        const int end = rows * lines_of_row_ + kRim;
        maps_.fill_strip(thread, strip, lines, end);
        lines = end;
        for (int group = 0; group < groups(); ++group) {
            const ByteTask next = in_group((group + 1) % groups(), strip * tiles + begin, count);
            multiply(in_group(group, strip * tiles + begin, count), maps_.bytes_of(thread), next);
        }
    }
}

void ByteTiledLayer::run(Team& team, Items items) {
    if (maps_.strips() > 1) {
        maps_.make_room(team.threads());
        team.run(maps_.strips(), [&](int strip, int thread) { run_strip(strip, thread); });
        return;
    }
    maps_.fill(team, items);
    const int all = tasks(items);
    team.run(all, [&](int task) {
        const ByteTask mine = task_of(task, items);
        const int following = task + 1;
        multiply(mine, maps_.bytes(), following < all ? task_of(following, items) : mine);
    });
}

}  // namespace mol_edge::network
