#pragma once

#include "mol_edge/network.h"
#include "mol_edge/team.h"

#include "kernels.h"
#include "map.h"

#include <initializer_list>

namespace mol_edge::network {

/// The first channels of a map, and where a graph hands them to its caller.
struct HandedOut {
    View map;
    int channels;
    MapOut to;
};

/// What a graph's caller hands to it, and the map whose first channels it becomes.
struct TakenIn {
    MapIn from;
    int channels;
    View map;
};

/// Copies maps, whose channels come in multiples of 8, to the caller's.
void hand_out(Team& team, const Kernels& kernels, std::initializer_list<HandedOut> copies);

/// Copies the caller's maps.
void take_in(Team& team, const Kernels& kernels, std::initializer_list<TakenIn> copies);

}  // namespace mol_edge::network
