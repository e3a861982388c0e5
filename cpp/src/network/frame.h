#pragma once

#include "mol_edge/team.h"

#include "map.h"

namespace mol_edge::network {

/// Side of a frame.
inline constexpr int kFrame = 128;
/// Factor of values below 0 in the flow head.
inline constexpr float kSlope = 0.1F;

/// Copies a frame into the first channel of a map.
inline void copy_frame(Team& team, const float* frame, const View& map) {
    constexpr int rows = 16;
    team.run(kFrame / rows, [&](int task) {
        const float* from = frame + task * rows * kFrame;
        for (int y = task * rows; y < (task + 1) * rows; ++y) {
            float* to = map.at(y, 0);
            for (int x = 0; x < kFrame; ++x, to += map.pixel_step) *to = *from++;
        }
    });
}

}  // namespace mol_edge::network
