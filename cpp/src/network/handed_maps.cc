#include "handed_maps.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace mol_edge::network {
namespace {

/// Channels of planes that one task copies: a cache line of each pixel.
constexpr int kTaskChannels = 16;

/// Of planes a task takes some channels, of pixels a row.
int tasks_of(int channels, const View& map, bool by_pixels) {
    return by_pixels ? map.side : (channels + kTaskChannels - 1) / kTaskChannels;
}

bool by_pixels(const HandedOut& copy) {
    return copy.to.by_pixels;
}

bool by_pixels(const TakenIn& copy) {
    return copy.from.by_pixels;
}

/// Calls `copy_row(copy, row)` or `copy_channels(copy, first, count)` for all of all copies.
template <class Copy, class CopyRow, class CopyChannels>
void share(Team& team, std::initializer_list<Copy> copies, const CopyRow& copy_row,
           const CopyChannels& copy_channels) {
    const auto tasks = [](const Copy& copy) {
        return tasks_of(copy.channels, copy.map, by_pixels(copy));
    };
    int total = 0;
    for (const Copy& copy : copies) total += tasks(copy);
    team.run(total, [&](int task) {
        const Copy* copy = copies.begin();
        while (task >= tasks(*copy)) task -= tasks(*copy++);
        if (by_pixels(*copy)) {
            copy_row(*copy, task);
        } else {
            const int first = task * kTaskChannels;
            copy_channels(*copy, first, std::min(kTaskChannels, copy->channels - first));
        }
    });
}

}  // namespace

void hand_out(Team& team, const Kernels& kernels, std::initializer_list<HandedOut> copies) {
    share(
        team, copies,
        [](const HandedOut& copy, int row) {
            const auto channels = static_cast<std::size_t>(copy.channels);
            float* to = copy.to.values + static_cast<std::size_t>(row * copy.map.side) * channels;
            for (int x = 0; x < copy.map.side; ++x, to += channels) {
                std::memcpy(to, copy.map.at(row, x), channels * sizeof(float));
            }
        },
        [&](const HandedOut& copy, int first, int count) {
            const View& map = copy.map;
            const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(map.side) * map.side;
            for (int row = 0; row < map.side; ++row) {
                kernels.transpose(map.at(row, 0) + first, map.pixel_step, map.side, count,
                                  copy.to.values + first * plane + row * map.side, plane);
            }
        });
}

void take_in(Team& team, const Kernels& kernels, std::initializer_list<TakenIn> copies) {
    share(
        team, copies,
        [](const TakenIn& copy, int row) {
            const auto channels = static_cast<std::size_t>(copy.channels);
            const float* from =
                copy.from.values + static_cast<std::size_t>(row * copy.map.side) * channels;
            for (int x = 0; x < copy.map.side; ++x, from += channels) {
                std::memcpy(copy.map.at(row, x), from, channels * sizeof(float));
            }
        },
        [&](const TakenIn& copy, int first, int count) {
            const View& map = copy.map;
            const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(map.side) * map.side;
            for (int row = 0; row < map.side; ++row) {
                kernels.transpose(copy.from.values + first * plane + row * map.side, plane, count,
                                  map.side, map.at(row, 0) + first, map.pixel_step);
            }
        });
}

}  // namespace mol_edge::network
