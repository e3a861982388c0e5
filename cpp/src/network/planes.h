#pragma once

#include "mol_edge/team.h"

#include "kernels.h"
#include "map.h"

#include <initializer_list>

namespace mol_edge::network {

/// The first channels of a map, and the same as planes [channels, height, width].
struct ToPlanes {
    View map;
    int channels;
    float* planes;
};

struct FromPlanes {
    const float* planes;
    int channels;
    View map;
};

/// Copies maps, whose channels come in multiples of 8, to planes.
void to_planes(Team& team, const Kernels& kernels, std::initializer_list<ToPlanes> copies);

/// Copies planes to maps.
void from_planes(Team& team, const Kernels& kernels, std::initializer_list<FromPlanes> copies);

}  // namespace mol_edge::network
