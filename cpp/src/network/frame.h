#pragma once

#include "map.h"

namespace mol_edge::network {

/// Side of a frame.
inline constexpr int kFrame = 128;
/// Factor of values below 0 in the flow head.
inline constexpr float kSlope = 0.1F;

/// Copies a frame into the first channel of a map.
inline void copy_frame(const float* frame, const View& map) {
    for (int y = 0; y < kFrame; ++y) {
        float* to = map.at(y, 0);
        for (int x = 0; x < kFrame; ++x, to += map.pixel_step) *to = *frame++;
    }
}

}  // namespace mol_edge::network
