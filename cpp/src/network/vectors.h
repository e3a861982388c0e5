#pragma once

#include <cstring>
#include <type_traits>

/// The kernels in vectors of a width that a target has registers for, compiled once per instruction
/// set: whoever includes this says in MOL_EDGE_NETWORK_TARGET for which. The functions bear the
/// target themselves, since what is inlined from a function without it has had its vectors taken
/// apart before. Hence a namespace without a name: each target has functions of its own.
#define MOL_EDGE_NETWORK_INLINE [[gnu::always_inline]] MOL_EDGE_NETWORK_TARGET inline

namespace mol_edge::network {
namespace {

using Four = float __attribute__((vector_size(16)));
using Eight = float __attribute__((vector_size(32)));
using Sixteen = float __attribute__((vector_size(64)));

template <class Vector>
inline constexpr int kLanes = static_cast<int>(sizeof(Vector) / sizeof(float));

/// For what comes in multiples of 8 values.
template <class Vector>
using OfEights = std::conditional_t<(kLanes<Vector> > kLanes<Eight>), Eight, Vector>;

template <class Vector>
MOL_EDGE_NETWORK_INLINE void load(const float* from, Vector& to) {
    std::memcpy(&to, from, sizeof to);
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void store(const Vector& from, float* to) {
    std::memcpy(to, &from, sizeof from);
}

/// By a difference, since adding 0 would turn -0 to 0, and so be done.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void spread(float value, Vector& to) {
    to = value - Vector{};
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void keep_larger(const Vector& other, Vector& value) {
    value = value > other ? value : other;
}

/// x where it is above 0, else slope * x, for slopes of at most 1.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void activate(float slope, Vector& x) {
    const Vector less = x * slope;
    x = x > less ? x : less;
}

}  // namespace
}  // namespace mol_edge::network
