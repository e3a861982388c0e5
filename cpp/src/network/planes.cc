#include "planes.h"

#include <algorithm>
#include <cstddef>

namespace mol_edge::network {
namespace {

/// Channels that one task copies: a cache line of each pixel.
constexpr int kTaskChannels = 16;

int tasks_of(int channels) {
    return (channels + kTaskChannels - 1) / kTaskChannels;
}

/// Calls `act(copy, first channel, count)` for all channels of all copies.
template <class Copy, class Act>
void share(Team& team, std::initializer_list<Copy> copies, const Act& act) {
    int total = 0;
    for (const Copy& copy : copies) total += tasks_of(copy.channels);
    team.run(total, [&](int task) {
        const Copy* copy = copies.begin();
        while (task >= tasks_of(copy->channels)) task -= tasks_of((copy++)->channels);
        const int first = task * kTaskChannels;
        act(*copy, first, std::min(kTaskChannels, copy->channels - first));
    });
}

}  // namespace

void to_planes(Team& team, const Kernels& kernels, std::initializer_list<ToPlanes> copies) {
    share(team, copies, [&](const ToPlanes& copy, int first, int count) {
        const View& map = copy.map;
        const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(map.side) * map.side;
        for (int row = 0; row < map.side; ++row) {
            kernels.transpose(map.at(row, 0) + first, map.pixel_step, map.side, count,
                              copy.planes + first * plane + row * map.side, plane);
        }
    });
}

void from_planes(Team& team, const Kernels& kernels, std::initializer_list<FromPlanes> copies) {
    share(team, copies, [&](const FromPlanes& copy, int first, int count) {
        const View& map = copy.map;
        const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(map.side) * map.side;
        for (int row = 0; row < map.side; ++row) {
            kernels.transpose(copy.planes + first * plane + row * map.side, plane, count, map.side,
                              map.at(row, 0) + first, map.pixel_step);
        }
    });
}

}  // namespace mol_edge::network
